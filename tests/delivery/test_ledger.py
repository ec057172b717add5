"""The ledger keeps what it was told, tells everybody who looks, and notices when it rots."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from cctui.definitions.model import ConnectionId, ExportId, ListId
from cctui.delivery.ledger import (
    AlreadyRunning,
    Ledger,
    LedgerDamaged,
    LedgerError,
    RunNotFound,
    new_run,
)
from cctui.delivery.states import Batch, BatchState, PauseReason, Run, RunId, Stage, Status, Totals, Trigger, Wish
from cctui.errors import ExitCode, UsageError

NOON = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    return Ledger(path)


def a_run(run_id: str = "aaaa2222", export: str = "newsletter", **facts: Any) -> Run:
    return new_run(
        id=RunId(run_id),
        export=ExportId(export),
        export_name="Newsletter, high value",
        connection=ConnectionId("marketing"),
        list_id=ListId("3b1d6c1e-0000-4000-8000-000000000001"),
        trigger=Trigger.OPERATOR,
        started_by="ops1",
        queued_at=NOON,
        **facts,
    )


def some_batches(run_id: str = "aaaa2222", count: int = 3) -> list[Batch]:
    return [Batch(RunId(run_id), n, (n - 1) * 10, 10, 400, f"{n:064x}") for n in range(1, count + 1)]


def planned(ledger: Ledger, run_id: str = "aaaa2222") -> Run:
    ledger.queue(a_run(run_id))
    ledger.claim(RunId(run_id))
    return ledger.plan(RunId(run_id), Totals(selected=31, invalid=1, sent=30), cut=2, batches=some_batches(run_id))


def test_a_queued_run_is_what_everybody_reads(ledger: Ledger, path: Path) -> None:
    run = ledger.queue(a_run(dry_run=True))
    with Ledger(path) as viewer:
        assert viewer.run("aaaa2222") == run
        assert viewer.runs() == [run]
        assert viewer.unfinished() == [run]
        assert viewer.last_runs() == {ExportId("newsletter"): run}


def test_the_files_are_the_owners_only(ledger: Ledger, path: Path) -> None:
    ledger.queue(a_run())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("ledger.sqlite*")} == {0o600}


def test_a_second_run_of_an_export_is_told_about_the_first(ledger: Ledger) -> None:
    ledger.queue(a_run())
    with pytest.raises(AlreadyRunning) as told:
        ledger.queue(a_run("bbbb2222"))
    assert told.value.run.id == "aaaa2222"
    assert told.value.exit_code == ExitCode.ALREADY_RUNNING
    ledger.queue(a_run("cccc2222", "reactivation"))


def test_of_many_at_once_one_gets_the_export(path: Path) -> None:
    Ledger(path).close()
    won: list[str] = []

    def start(run_id: str) -> None:
        with Ledger(path) as own, contextlib.suppress(AlreadyRunning):
            won.append(own.queue(a_run(run_id)).id)

    threads = [threading.Thread(target=start, args=(f"run{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_the_same_id_again_is_the_same_run(ledger: Ledger) -> None:
    run = ledger.queue(a_run())
    assert ledger.queue(a_run(started_at=NOON)) == run
    ended = ledger.record("end", run.id, status=Status.SUCCESSFUL, ended_at=NOON)
    assert ledger.queue(a_run()) == ended
    with pytest.raises(UsageError):
        ledger.queue(a_run(export="reactivation"))


def test_a_run_is_found_by_a_unique_beginning(ledger: Ledger) -> None:
    ledger.queue(a_run("abcd2222"))
    ledger.queue(a_run("abce2222", "reactivation"))
    assert ledger.run("abcd").id == "abcd2222"
    for name in ("abc", "zz", "", "%", "abcd2222x"):
        with pytest.raises(RunNotFound):
            ledger.run(name)


def test_history_is_newest_first_and_paged(ledger: Ledger) -> None:
    for n in range(5):
        ledger.queue(a_run(f"run{n}", f"export{n % 2}"))
        ledger.record("end", RunId(f"run{n}"), status=Status.FAILED if n % 2 else Status.SUCCESSFUL, ended_at=NOON)
    assert [run.id for run in ledger.runs(limit=2, offset=1)] == ["run3", "run2"]
    assert [run.id for run in ledger.runs(export=ExportId("export1"))] == ["run3", "run1"]
    assert [run.id for run in ledger.runs(statuses=[Status.SUCCESSFUL])] == ["run4", "run2", "run0"]
    assert {run.id for run in ledger.last_runs().values()} == {"run3", "run4"}
    assert ledger.unfinished() == []


def test_a_dry_run_is_the_last_run_only_while_it_goes_on(ledger: Ledger) -> None:
    """It delivers nothing: the page of exports must not call an export refreshed by it."""
    ledger.queue(a_run("real2222"))
    ledger.record("end", RunId("real2222"), status=Status.FAILED, ended_at=NOON)
    dry = ledger.queue(a_run("dryr2222", dry_run=True))
    assert ledger.last_runs() == {ExportId("newsletter"): dry}
    ledger.record("end", dry.id, status=Status.SUCCESSFUL, ended_at=NOON)
    assert [run.id for run in ledger.last_runs().values()] == ["real2222"]


def test_claiming_counts_only_runs_taken_over(ledger: Ledger) -> None:
    ledger.queue(a_run())
    first = ledger.claim(RunId("aaaa2222"))
    assert (first.status, first.resumed) == (Status.REFRESHING, 0)
    second = ledger.claim(RunId("aaaa2222"))
    assert second.resumed == 1
    assert second.started_at == first.started_at
    ledger.record("pause", first.id, status=Status.PAUSED, pause_reason=PauseReason.QUOTA, resume_at=NOON)
    third = ledger.claim(first.id)
    assert (third.resumed, third.pause_reason, third.resume_at) == (1, None, None)
    ledger.record("end", first.id, status=Status.CANCELED, ended_at=NOON)
    with pytest.raises(UsageError):
        ledger.claim(first.id)


def test_sums_follow_the_batches(ledger: Ledger) -> None:
    run = planned(ledger)
    assert (run.planned, run.batches, run.totals.waiting, run.cut) == (True, 3, 30, 2)
    one, two, _three = ledger.batches(run.id)
    one = structs.replace(one, state=BatchState.COMPLETED, accepted=7, not_added=2, refused=1, errors=["Line 2: bad"])
    two = structs.replace(two, state=BatchState.SENT, activity_id="a2", sent_at=NOON, former=["a1"])
    run = ledger.record("sent", run.id, batches=[one, two], replayed=1, requests=9)
    assert ledger.batches(run.id)[:2] == [one, two]
    assert (run.batches_sent, run.batches_settled, run.contacts_sent) == (2, 1, 20)
    assert (run.requests, run.replayed) == (9, 1)
    assert run.totals == Totals(selected=31, invalid=1, sent=30, accepted=7, not_added=2, refused=1, waiting=20)
    assert run.totals.adds_up
    assert ledger.run(run.id) == run


def test_a_change_is_seen_by_everybody(ledger: Ledger, path: Path) -> None:
    with Ledger(path) as viewer:
        for look in (ledger, viewer):
            before = look.change()
            assert look.change() == before
            ledger.queue(a_run(f"run{before}", f"export{before}"))
            assert look.change() != before


class Cut(BaseException):
    """The process ends here."""


class CutLedger(Ledger):
    cut_before = ""
    cut_after = ""

    def commit(self, what: str) -> None:
        if what == self.cut_before:
            raise Cut
        super().commit(what)
        if what == self.cut_after:
            raise Cut


def test_a_write_is_whole_or_not_at_all(path: Path) -> None:
    ledger = CutLedger(path)
    planned(ledger)
    changed = structs.replace(some_batches()[0], state=BatchState.SENDING, attempts=1)
    ledger.cut_before = "sending"
    with pytest.raises(Cut):
        ledger.record("sending", RunId("aaaa2222"), batches=[changed], requests=5)
    with Ledger(path) as after:
        assert after.batches(RunId("aaaa2222")) == some_batches()
        assert after.run("aaaa2222").requests == 0
    ledger.cut_before, ledger.cut_after = "", "sending"
    with pytest.raises(Cut):
        ledger.record("sending", RunId("aaaa2222"), batches=[changed], requests=5)
    with Ledger(path) as after:
        assert after.batches(RunId("aaaa2222"))[0] == changed
        assert after.run("aaaa2222").requests == 5


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE runs SET sent = sent + 1",
        "UPDATE runs SET list_id = 'another'",
        "UPDATE runs SET seal = 'x'",
        "UPDATE batches SET sha256 = 'x' WHERE number = 2",
        "UPDATE batches SET activity_id = 'x' WHERE number = 3",
    ],
)
def test_a_row_that_rotted_is_never_acted_on(ledger: Ledger, path: Path, damage: str) -> None:
    planned(ledger)
    with sqlite3.connect(path) as raw:
        raw.execute(damage)
    with pytest.raises(LedgerDamaged):
        ledger.check()
        ledger.record("sending", RunId("aaaa2222"))


def test_a_file_that_is_no_ledger_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    before = path.read_bytes()
    with pytest.raises(LedgerDamaged):
        Ledger(path)
    assert path.read_bytes() == before


def test_flipped_bytes_are_found_or_do_no_harm(ledger: Ledger, path: Path, tmp_path: Path) -> None:
    run = planned(ledger)
    truth = (run, ledger.batches(run.id))
    ledger.close()
    data = path.read_bytes()
    harmless = 0
    for place in range(0, len(data), 97):
        copy = tmp_path / f"copy{place}" / "ledger.sqlite"
        copy.parent.mkdir()
        copy.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        try:
            with Ledger(copy) as damaged:
                damaged.check()
                assert (damaged.run(run.id), damaged.batches(run.id)) == truth
                harmless += 1
        except (LedgerError, RunNotFound):
            continue
    assert harmless < len(data) / 97


def test_a_newer_ledger_is_not_touched(ledger: Ledger, path: Path) -> None:
    ledger.close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError, match="newer"):
        Ledger(path)


def test_a_folder_that_takes_no_file_has_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(LedgerError):
        Ledger(tmp_path / "state" / "ledger.sqlite")


def test_old_runs_go_with_their_batches_and_active_ones_stay(ledger: Ledger) -> None:
    old = planned(ledger)
    ledger.record("end", old.id, status=Status.SUCCESSFUL, ended_at=NOON - timedelta(days=100))
    active = planned(ledger, "bbbb2222")
    assert [run.id for run in ledger.ended_before(NOON - timedelta(days=90))] == [old.id]
    ledger.remove([old.id, active.id])
    assert ledger.runs() == [active]
    assert ledger.batches(old.id) == []


@settings(max_examples=30, deadline=None)
@given(
    texts=st.tuples(*[st.text(alphabet=st.characters(exclude_categories=["Cs"]))] * 3),
    errors=st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]))),
    stages=st.dictionaries(st.sampled_from(list(Stage)), st.floats(0, 1e6)),
    moment=st.none() | st.datetimes(timezones=st.just(UTC)),
    wish=st.sampled_from(Wish),
)
def test_every_value_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    texts: tuple[str, str, str],
    errors: list[str],
    stages: dict[Stage, float],
    moment: datetime | None,
    wish: Wish,
) -> None:
    with Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite") as ledger:
        planned(ledger)
        batch = structs.replace(some_batches()[0], errors=errors, problem=texts[0], settled_at=moment, milliseconds=7)
        facts = {"problem": texts[1], "do_next": texts[2], "stage_seconds": {**stages}, "wish": wish}
        run = ledger.record("any", RunId("aaaa2222"), batches=[batch], resume_at=moment, **facts)
        assert ledger.run("aaaa2222") == run
        assert ledger.batches(RunId("aaaa2222"))[0] == batch
