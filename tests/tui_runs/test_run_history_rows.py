"""History and rejected rows as lists, and which runs ended while nobody looked."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from msgspec import structs
from run_stories import NOON, Story

from cctui.definitions.model import ExportId
from cctui.delivery import runs
from cctui.delivery.states import RunId, Status, Totals
from cctui.tui.history_rows import (
    HISTORY_COLUMNS,
    STATUS_FILTERS,
    before,
    change_line,
    filter_title,
    history_row,
    signed,
    started,
)
from cctui.tui.parts import Tone, plain
from cctui.tui.rejected_rows import ALL, RejectedRows, reason_rows, rejected_line
from cctui.tui.run_watch import RunWatcher, notice_tone


def totals(accepted: int) -> Totals:
    return Totals(selected=accepted + 10, duplicate=10, sent=accepted)


# History


def test_a_row_has_a_cell_for_every_column_in_every_status(story: Story) -> None:
    run = story.completed_with_errors()
    for status in Status:
        row = history_row(structs.replace(run, status=status), None, NOON, UTC)
        assert len(row.cells) == len(HISTORY_COLUMNS)


def test_changes_count_from_the_last_run_of_the_export_that_arrived(story: Story) -> None:
    first = story.successful("aaaa0001", totals(1_000))
    other = story.successful("bbbb0001", totals(77), export=ExportId("winback"))
    failed = story.failed()
    last = story.successful("aaaa0002", totals(1_250))
    newest_first = story.ledger.runs()
    assert [run.id for run in newest_first] == [last.id, failed.id, other.id, first.id]
    earlier = before(newest_first)
    assert earlier[last.id].id == first.id
    assert earlier[failed.id].id == first.id
    assert other.id not in earlier
    assert history_row(last, earlier[last.id], NOON, UTC).cells[-1].text == "+250"
    assert plain(change_line(last, earlier[last.id])) == (
        "run aaaa0002 · against the run before: selected +250, accepted +250, rejected ="
    )
    assert plain(change_line(failed, first)).endswith("The list is not in this account any more.")


def test_a_run_of_only_the_rejected_says_so_and_is_no_measure_for_changes(story: Story) -> None:
    whole = story.successful("aaaa0001", totals(1_000))
    part = story.successful("aaaa0002", totals(61), only_rejected_of=whole.id)
    part = story.ledger.record("wanted", part.id, wanted=71)
    last = story.successful("aaaa0003", totals(1_001))
    earlier = before(story.ledger.runs())
    assert earlier[last.id].id == whole.id
    row = history_row(part, earlier.get(part.id), NOON, UTC)
    assert row.cells[-1].text == "part"
    assert plain(change_line(part, earlier.get(part.id))) == "run aaaa0002 · only the 71 rejected of run aaaa0001"


def test_a_change_has_its_sign() -> None:
    assert [signed(change) for change in (1_200, -3, 0)] == ["+1,200", "−3", "="]


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(hours=2), "10:00"),
        (timedelta(days=2), "Nov 20 12:00"),
        (timedelta(days=365), "Nov 22, 2025 12:00"),
    ],
)
def test_moments_are_as_short_as_they_are_clear(ago: timedelta, words: str) -> None:
    assert started(NOON - ago, NOON, UTC) == words


def test_every_filter_has_a_name_of_its_own() -> None:
    names = [filter_title(statuses) for statuses in STATUS_FILTERS]
    assert names[:3] == ["all", "going on", "needs a look"]
    assert len(set(names)) == len(names)


# Rejected rows


@pytest.fixture
def rejected(story: Story) -> RejectedRows:
    run = story.completed_with_errors()
    rows = RejectedRows(runs.rejected_path(story.environment, run.id))
    rows.load()
    return rows


def test_reasons_are_counted_with_the_refusals_of_the_service(rejected: RejectedRows) -> None:
    assert len(rejected) == 864
    cells = [tuple(cell.text for cell in row.cells) for row in reason_rows(rejected.counts)]
    assert cells[0] == ("All rejected rows", "864", "100.0 %")
    assert ("No e-mail address", "287", "33.2 %") in cells
    assert cells[-1] == ("Refused by Constant Contact", "3", "0.3 %")


def test_a_reason_lists_its_own_rows_only(rejected: RejectedRows) -> None:
    rejected.choose("missing")
    assert len(rejected) == 287
    assert {record[1] for record in rejected.records(0, 1_000)} == {"missing"}
    rejected.choose(ALL)
    assert len(rejected) == 864


def test_addresses_are_masked_unless_asked(rejected: RejectedRows) -> None:
    rejected.choose("refused-by-constant-contact")
    masked = plain(rejected.lines(0, 1)[0])
    assert "o…@example.com" in masked
    assert "ola" not in masked
    rejected.masked = False
    shown = plain(rejected.lines(0, 1)[0])
    assert "ola.0@example.com" in shown
    assert "The e-mail address ola@example.com is not valid." in shown


def test_values_with_quotes_commas_and_line_breaks_stay_one_row(tmp_path: Path) -> None:
    path = tmp_path / "rejected.csv"
    told = [
        ("P1", "display-name", 'Anna "A" Berg <anna@contoso.com>', ""),
        ("P2", "control-character", "anna\r\n@contoso.com", ""),
        ("P3", "comma", "a,b;c", "said, that"),
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("profile_id", "reason", "value", "message"))
        writer.writerows(told)
    rows = RejectedRows(path)
    rows.load()
    assert [tuple(record) for record in rows.records(0, 9)] == told
    assert rows.counts == Counter({"display-name": 1, "control-character": 1, "comma": 1})
    assert "\n" not in plain(rows.lines(1, 1)[0])


def test_a_row_of_an_unknown_reason_is_shown_as_it_is() -> None:
    assert "lunar-phase" in plain(rejected_line(("P1", "lunar-phase", ""), masked=True))
    assert "(empty)" in plain(rejected_line(("P1", "missing", ""), masked=True))


def test_loading_can_be_given_up(story: Story) -> None:
    run = story.completed_with_errors()
    rows = RejectedRows(runs.rejected_path(story.environment, run.id))
    rows.load(lambda: True)
    assert len(rows) == 0


# Runs that ended


def test_a_run_that_ends_is_told_once(story: Story) -> None:
    watcher = RunWatcher(story.environment.state_folder, "ops1")
    run = story.running()
    assert watcher.ended(story.ledger.unfinished(), story.ledger) == []
    story.end(run, Status.SUCCESSFUL)
    (told,) = watcher.ended(story.ledger.unfinished(), story.ledger)
    assert (told.id, told.status) == (run.id, Status.SUCCESSFUL)
    assert watcher.ended(story.ledger.unfinished(), story.ledger) == []


def test_a_run_that_ended_while_away_is_told_at_the_next_start(story: Story) -> None:
    run = story.running()
    RunWatcher(story.environment.state_folder, "ops1").ended(story.ledger.unfinished(), story.ledger)
    story.end(run, Status.FAILED)
    colleague = RunWatcher(story.environment.state_folder, "ops2")
    assert colleague.ended(story.ledger.unfinished(), story.ledger) == []
    back = RunWatcher(story.environment.state_folder, "ops1")
    assert [told.id for told in back.ended(story.ledger.unfinished(), story.ledger)] == [run.id]
    again = RunWatcher(story.environment.state_folder, "ops1")
    assert again.ended(story.ledger.unfinished(), story.ledger) == []


def test_runs_are_told_in_the_order_they_ended(story: Story) -> None:
    watcher = RunWatcher(story.environment.state_folder, "ops1")
    first, second = story.running(), story.running_other()
    watcher.ended(story.ledger.unfinished(), story.ledger)
    story.end(second, Status.CANCELED)
    story.clock.moment += timedelta(seconds=1)
    story.end(first, Status.SUCCESSFUL)
    assert [told.id for told in watcher.ended([], story.ledger)] == [second.id, first.id]


def test_a_memory_that_rotted_or_a_run_that_was_pruned_loses_a_notice_only(story: Story) -> None:
    watcher = RunWatcher(story.environment.state_folder, "ops1")
    run = story.running()
    watcher.ended(story.ledger.unfinished(), story.ledger)
    story.end(run, Status.SUCCESSFUL)
    story.ledger.remove([RunId(run.id)])
    assert RunWatcher(story.environment.state_folder, "ops1").ended([], story.ledger) == []
    (memory,) = (story.environment.state_folder / "seen").iterdir()
    memory.write_text("{", encoding="ascii")
    assert RunWatcher(story.environment.state_folder, "ops1").ended([], story.ledger) == []


def test_the_tone_of_a_notice_follows_the_status(story: Story) -> None:
    run = story.completed_with_errors()
    assert notice_tone(run) is Tone.WARNING
    assert notice_tone(structs.replace(run, status=Status.SUCCESSFUL)) is Tone.GOOD
    assert notice_tone(structs.replace(run, status=Status.FAILED)) is Tone.BAD
