"""A run in lines: stages, paces, time left, sums and sentences, from facts alone."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from rich.cells import cell_len
from run_stories import NOON, TOTALS, Story

from cctui.constant_contact.answers import Usage
from cctui.delivery.states import Batch, BatchState, PauseReason, Run, RunId, Stage, Status, Totals, Trigger, Wish
from cctui.tui import run_pace
from cctui.tui.batch_rows import BATCH_COLUMNS, batch_facts, batch_row
from cctui.tui.line_breaks import wrapped
from cctui.tui.parts import Line, Part, Tone, plain, width_of
from cctui.tui.run_rows import RunView, facts_line, outcome, standing_rows, status_parts, title_line
from cctui.tui.stage_rows import stage_rows, time_left
from cctui.tui.sum_rows import cancel_consequences, closing_rows, sum_problem, sum_rows
from cctui.tui.widgets.line_block import changed_cells


def viewed(story: Story, run: Run, **facts: object) -> RunView:
    told = {"run": run, "now": story.clock.now(), "zone": UTC, "batches": tuple(story.ledger.batches(run.id))}
    return RunView(**{**told, **facts})  # type: ignore[arg-type]


def texts(lines: list[Line]) -> list[str]:
    return [plain(line).rstrip() for line in lines]


def sent_batches(*seconds: float, contacts: int = 40_000, planned: int = 0, settled: bool = True) -> list[Batch]:
    """Batches sent and worked off at these seconds before noon, and ``planned`` more."""
    done = [
        Batch(
            RunId("r"),
            number,
            0,
            contacts,
            1,
            "a" * 64,
            state=BatchState.COMPLETED if settled else BatchState.SENT,
            sent_at=NOON - timedelta(seconds=before),
            settled_at=NOON - timedelta(seconds=before) if settled else None,
        )
        for number, before in enumerate(seconds, 1)
    ]
    return done + [Batch(RunId("r"), 900 + number, 0, contacts, 1, "b" * 64) for number in range(planned)]


def going(run: Run, sent: int) -> Run:
    return structs.replace(
        run, status=Status.REFRESHING, stage=Stage.SEND, totals=Totals(selected=sent, sent=sent, waiting=sent)
    )


# Pace and time left


def test_the_pace_comes_from_the_last_batches() -> None:
    pace = run_pace.sending_pace(sent_batches(3, 2, 1, 0), NOON)
    assert pace == run_pace.Pace(batches=1.0, contacts=40_000.0)


def test_one_batch_or_none_tells_no_pace() -> None:
    assert run_pace.sending_pace([], NOON) is None
    assert run_pace.sending_pace(sent_batches(1), NOON) is None


def test_what_came_before_a_break_tells_nothing() -> None:
    assert run_pace.sending_pace(sent_batches(3_603, 3_602, 3_601, 0), NOON) is None


def test_a_run_that_stands_still_has_no_pace() -> None:
    assert run_pace.sending_pace(sent_batches(3, 2, 1, 0), NOON + timedelta(minutes=5)) is None


def test_the_time_left_follows_the_slower_of_sending_and_settling(story: Story) -> None:
    run = going(story.queue(), 400_000)
    batches = sent_batches(3, 2, 1, 0, planned=6)
    assert run_pace.seconds_left(run, batches, NOON) == pytest.approx(6.0)
    slow = [structs.replace(batch, settled_at=None, state=BatchState.SENT) for batch in batches[1:4]]
    assert run_pace.seconds_left(run, [batches[0], *slow, *batches[4:]], NOON) is None


def test_no_time_left_is_told_where_the_quota_does_not_suffice(story: Story) -> None:
    run = going(story.queue(), 400_000)
    batches = sent_batches(3, 2, 1, 0, planned=6)
    assert run_pace.seconds_left(run, batches, NOON, requests_today=5) is None
    assert run_pace.seconds_left(run, batches, NOON, requests_today=6) is not None


@pytest.mark.parametrize("status", [Status.PAUSED, Status.QUEUED, Status.SUCCESSFUL, Status.FAILED])
def test_only_a_run_that_goes_on_has_time_left(story: Story, status: Status) -> None:
    run = structs.replace(going(story.queue(), 400_000), status=status)
    assert run_pace.seconds_left(run, sent_batches(3, 2, 1, 0, planned=6), NOON) is None


@given(st.floats(min_value=0, max_value=1e6))
def test_a_coarse_time_is_never_nothing(seconds: float) -> None:
    assert run_pace.coarse(seconds) >= 5
    assert abs(run_pace.coarse(seconds) - seconds) <= 30 or seconds < 5


# Stages


def test_a_running_run_by_stage(story: Story) -> None:
    run = story.running()
    usage = Usage(61, 10_000, NOON.replace(hour=0) + timedelta(days=1))
    lines = texts(stage_rows(viewed(story, run, usage=usage), 116))
    assert lines[0].startswith("✓ Select segments       412,000 profiles")
    assert lines[0].endswith("1.2 s")
    assert "409,117 to send · 1,903 duplicate · 861 invalid · 119 suppressed" in lines[1]
    assert "260,344 / 409,117   7 of 11 requests   1.6 requests/s" in lines[2]
    assert "148,768 processed   4 of 7 jobs done" in lines[3]
    assert lines[4].split() == ["○", "Check", "the", "sums"]
    assert "61 of 10,000 requests, resets 00:00" in lines[5]
    assert lines[5].endswith("a few seconds left")


@pytest.mark.parametrize("width", [57, 60, 76, 96, 116, 200])
def test_no_stage_line_is_ever_too_long(story: Story, width: int) -> None:
    usage = Usage(9_999, 10_000, NOON + timedelta(hours=12))
    for run in (story.completed_with_errors(), story.running_other()):
        for line in stage_rows(viewed(story, run, usage=usage), width):
            assert width_of(line) <= width


def test_settling_shows_as_begun_while_sending_goes_on(story: Story) -> None:
    run = story.send(story.plan(story.queue()), 1)
    lines = texts(stage_rows(viewed(story, run), 116))
    assert lines[2].startswith("◐ Send")
    assert lines[3].startswith("◐ Constant Contact")


def test_matching_shows_how_far_it_is(story: Story) -> None:
    run = story.ledger.claim(story.queue().id)
    run = story.ledger.record("stage", run.id, stage=Stage.MATCH, totals=Totals(selected=412_000))
    lines = texts(stage_rows(viewed(story, run, progress={Stage.MATCH: (103_000, 412_000)}), 116))
    assert lines[1].startswith("◐ Match and clean")
    assert lines[1].endswith("103,000 / 412,000")


def test_what_was_selected_is_known_before_there_is_a_plan(story: Story) -> None:
    run = story.ledger.record("stage", story.ledger.claim(story.queue().id).id, stage=Stage.MATCH)
    assert texts(stage_rows(viewed(story, run), 116))[0] == "✓ Select segments"
    view = viewed(story, run, progress={Stage.SELECT: (300_000, 300_000)})
    assert texts(stage_rows(view, 116))[0] == "✓ Select segments       300,000 profiles"


def test_an_interrupted_run_has_no_rate_and_no_time_left(story: Story) -> None:
    view = viewed(story, story.running(), interrupted=True)
    lines = texts(stage_rows(view, 116))
    assert lines[2].startswith("▲ Send")
    assert "requests/s" not in lines[2]
    assert time_left(view) == ""


def test_a_rehearsal_says_that_it_sends_nothing(story: Story) -> None:
    run = story.plan(story.queue(dry_run=True))
    run = story.end(run, Status.SUCCESSFUL)
    lines = texts(stage_rows(viewed(story, run), 116))
    assert "nothing is sent in a rehearsal" in lines[2]
    assert "409,117 to send" in texts(sum_rows(run, 116))[0]
    assert len(sum_rows(run, 116)) == 1
    assert "dry run, 409,117 to send" in outcome(run)
    assert "waiting" not in outcome(run)


def test_a_failed_stage_is_marked_and_the_later_ones_never_began(story: Story) -> None:
    lines = texts(stage_rows(viewed(story, story.failed()), 116))
    assert lines[0].startswith("✗ Select segments")
    assert lines[1].strip() == "○ Match and clean"


# Head


def test_the_head_names_export_status_and_who_started_it(story: Story) -> None:
    view = viewed(story, story.running())
    assert plain(title_line(view, 76)).startswith("Newsletter, high value")
    assert plain(title_line(view, 76)).endswith("◐ Refreshing")
    assert plain(facts_line(view, 76)) == "run 7f3a2b6c · started by ops1 12:00"


def test_a_schedule_starts_runs_too(story: Story) -> None:
    view = viewed(story, story.queue(trigger=Trigger.SYSTEM_REFRESH, started_by="worker"))
    assert "started by system refresh 12:00" in plain(facts_line(view, 76))


def test_a_wish_shows_before_it_is_fulfilled(story: Story) -> None:
    run = story.running()
    assert plain(status_parts(structs.replace(run, wish=Wish.CANCEL))) == "◐ Canceling"
    assert plain(status_parts(structs.replace(run, wish=Wish.PAUSE))) == "◐ Pausing"
    assert plain(status_parts(run, interrupted=True)) == "▲ Interrupted"


def test_a_pause_says_why_and_when_it_goes_on(story: Story) -> None:
    (said,) = texts(standing_rows(viewed(story, story.paused_for_quota()), 116))
    assert said == "Paused until 00:00: the application key has no requests left today."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (PauseReason.OPERATOR, "Paused by an operator. Resume goes on with what is left."),
        (PauseReason.SIGN_IN, "Paused: the connection needs a new sign-in."),
    ],
)
def test_other_pauses_wait_for_somebody(story: Story, reason: PauseReason, words: str) -> None:
    run = structs.replace(story.running(), status=Status.PAUSED, pause_reason=reason)
    assert texts(standing_rows(viewed(story, run), 116)) == [words]


def test_a_failure_says_why_and_what_to_do(story: Story) -> None:
    lines = standing_rows(viewed(story, story.failed()), 116)
    assert texts(lines) == ["The list is not in this account any more.", "Choose another list in the export."]
    assert lines[0][0].tone is Tone.BAD


def test_a_control_sequence_in_a_name_never_reaches_the_terminal(story: Story) -> None:
    run = story.queue(export_name="Winback\x1b]52;c;AAAA\x07\u202e", started_by="ops1\x1b[2J")
    view = viewed(story, run)
    shown = plain(title_line(view, 116)) + plain(facts_line(view, 116)) + outcome(run)
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]), max_size=80), st.integers(4, 40))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())


# Sums


def test_the_sums_in_words_and_numbers(story: Story) -> None:
    run = story.completed_with_errors()
    assert texts(sum_rows(run, 116)) == [
        "412,000 selected = 1,903 duplicate + 861 invalid + 119 suppressed + 409,117 sent",
        "409,117 sent = 409,096 accepted + 18 not added + 3 refused + 0 waiting",
    ]
    assert {part.tone for line in sum_rows(run, 116) for part in line} == {Tone.PLAIN}
    assert texts(closing_rows(run, 116))[-1] == (
        "Next   e Rejected rows (864)   R Run only these   r Run again   Esc Back"
    )


def test_a_sum_that_does_not_add_up_is_red_and_told_in_words(story: Story) -> None:
    run = story.running()
    wrong = structs.replace(run, totals=structs.replace(run.totals, duplicate=1_902))
    rows = closing_rows(wrong, 116)
    assert rows[0][0].tone is Tone.BAD
    assert texts(rows)[-1] == (
        "The sums do not add up: 412,000 selected, but 411,999 accounted for. Keep the log of this run."
    )
    lost = structs.replace(run, totals=structs.replace(run.totals, waiting=0))
    assert "409,117 sent, but 148,768 accounted for" in sum_problem(lost)
    below = structs.replace(run, totals=structs.replace(run.totals, waiting=-1, accepted=409_100, not_added=18))
    assert "below zero" in sum_problem(below)


def test_sums_break_between_terms_on_narrow_screens(story: Story) -> None:
    run = story.completed_with_errors()
    for width in (40, 57, 70):
        rows = sum_rows(run, width)
        assert all(width_of(row) <= width for row in rows)
        joined = " ".join(text.strip() for text in texts(rows))
        assert "1,903 duplicate + 861 invalid + 119 suppressed + 409,117 sent" in joined


def test_a_run_of_only_the_rejected_says_what_it_is_and_who_is_missing(story: Story) -> None:
    first = story.completed_with_errors()
    run = story.plan(story.queue("0nlythem", only_rejected_of=first.id), Totals(selected=5, sent=5), batches=1)
    assert "only the rejected of run 7f3a2b6c" in plain(facts_line(RunView(run, NOON, UTC), 116))
    run = story.end(run, Status.SUCCESSFUL, wanted=864, absent=3, untraced=1)
    view = RunView(run, NOON, UTC)
    assert plain(facts_line(view, 116)).startswith("run 0nlythem · only the 864 rejected of run 7f3a2b6c · started by")
    assert texts(standing_rows(view, 116)) == [
        "3 profiles rejected then are in none of the segments any more.",
        "1 row refused then could not be traced to a profile and is not among them.",
    ]


def test_a_run_that_goes_on_has_no_closing_rows_while_all_adds_up(story: Story) -> None:
    assert closing_rows(story.running(), 116) == []


def test_canceling_tells_what_is_sent_and_what_is_not(story: Story) -> None:
    assert cancel_consequences(story.running()) == [
        "260,344 contacts were sent. What became of them is watched to its end.",
        "148,773 contacts are not sent and are reported as such.",
    ]


@pytest.mark.parametrize("waiting", [0, 7])
def test_a_notice_in_one_sentence(story: Story, waiting: int) -> None:
    run = story.completed_with_errors()
    run = structs.replace(run, totals=structs.replace(run.totals, waiting=waiting))
    words = "Newsletter, high value: Completed with errors, 409,096 accepted, 864 rejected"
    assert outcome(run) == words + (", 7 waiting" if waiting else "")


def test_a_failure_in_one_sentence(story: Story) -> None:
    words = "Newsletter, high value: Failed. The list is not in this account any more."
    assert outcome(story.failed()) == words


# Batches


def test_every_state_of_a_batch_is_a_row(story: Story) -> None:
    batch = story.ledger.batches(story.running().id)[0]
    for state in BatchState:
        row = batch_row(structs.replace(batch, state=state), UTC)
        assert len(row.cells) == len(BATCH_COLUMNS)
        assert row.cells[1].text.split()


def test_a_batch_tells_file_hash_activity_request_and_what_the_service_said(story: Story) -> None:
    run = story.settle(story.send(story.plan(story.queue()), 2), 1, refused=3)
    batch = story.ledger.batches(run.id)[0]
    told = "\n".join(texts(batch_facts(batch, NOON, UTC, 116, whole=True)))
    for fact in (batch.file_name, batch.sha256, batch.activity_id, "req-0001", "412 ms", "Line 7:"):
        assert fact in told


# What repaints


def test_only_the_cells_that_differ_repaint() -> None:
    old = (Part("Send "), Part("████", Tone.ACCENT), Part("░░░░", Tone.RULE), Part("  1 of 9"))
    new = (Part("Send "), Part("█████", Tone.ACCENT), Part("░░░", Tone.RULE), Part("  1 of 9"))
    assert changed_cells(old, new) == (5, 13)
    assert changed_cells((Part("abc"),), (Part("abcdef"),)) == (0, 6)


def test_totals_of_the_stories_add_up() -> None:
    assert TOTALS.plan_adds_up
