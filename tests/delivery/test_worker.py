"""The worker: it finds its work, takes turns, leaves when told, and is found dead when it is."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
from delivery_stand_ins import OPS, Caller, Crash, Fault, Points, StillClock, Story
from msgspec import structs

from cctui.definitions.model import ExportId
from cctui.delivery import launch, runs
from cctui.delivery.ledger import LedgerDamaged
from cctui.delivery.states import BatchState, Status
from cctui.delivery.worker import Pruning, Worker
from cctui.delivery.worker_log import open_log
from cctui.errors import ExitCode
from cctui.host.clock import SystemClock
from cctui.host.locks import HeldLock


class HurriedClock(SystemClock):
    """The clock of the box, for impatient people: waits are a hundredth as long, and count in full."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self._skipped += max(0.0, seconds)
        return super().wait(seconds / 100, wake)


def worker(story: Story, points: Points | None = None) -> Worker:
    counted = points or Points()
    return Worker(
        story.environment,
        clock=HurriedClock(),
        open_destination=lambda *_facts: Caller(story.service, counted),
        limits=story.limits,
        patience=story.patience,
    )


def test_a_worker_serves_the_queue_and_leaves(story: Story) -> None:
    story.start()
    assert worker(story).serve(until_idle=True) == ExitCode.SUCCESSFUL
    assert story.run.status is Status.SUCCESSFUL
    assert not runs.worker_alive(story.environment)


def test_a_worker_with_nothing_to_do_leaves_at_once(story: Story) -> None:
    assert worker(story).serve(until_idle=True) == ExitCode.SUCCESSFUL


def test_a_worker_leaves_when_its_environment_is_taken_away(story: Story) -> None:
    """A service must not spin over a folder that was removed, nor work in another one that took its place."""
    serving = worker(story)
    serving._duties = [lambda _now: bool(shutil.rmtree(story.environment.state_folder, ignore_errors=True))]
    assert serving.serve(until_idle=False) == ExitCode.SUCCESSFUL


def test_a_run_of_a_dead_worker_goes_on_by_itself(story: Story) -> None:
    story.start()
    with pytest.raises(Crash):
        story.go(Points(60))
    assert runs.interrupted(story.run, runs.worker_alive(story.environment))
    worker(story).serve(until_idle=True)
    assert (story.run.status, story.run.resumed) == (Status.SUCCESSFUL, 1)


def test_runs_of_one_key_take_turns(story: Story) -> None:
    other = structs.replace(story.export.definition, id="winback", display_name="Winback")
    story.environment.save_export(other, None)

    story.start("first")
    runs.start(story.environment, OPS, ExportId("winback"))
    at_once: list[int] = []
    opened = 0

    class Watched(Caller):
        def __enter__(self) -> Self:
            nonlocal opened
            opened += 1
            at_once.append(opened)
            return self

        def __exit__(self, *_exc: object) -> None:
            nonlocal opened
            opened -= 1

    Worker(
        story.environment,
        clock=HurriedClock(),
        open_destination=lambda *_facts: Watched(story.service, Points()),
        limits=story.limits,
        patience=story.patience,
    ).serve(until_idle=True)
    assert at_once == [1, 1]
    assert {run.status for run in runs.history(story.environment)} == {Status.SUCCESSFUL}


def test_a_worker_does_not_wait_for_tomorrows_quota_unless_it_serves(story: Story) -> None:
    story.clock.start = datetime.now(UTC)
    story.service.faults = {4: Fault.QUOTA}
    story.start()
    worker(story).serve(until_idle=True)
    assert story.run.status is Status.PAUSED


def test_a_serving_worker_goes_on_when_the_quota_is_back(story: Story) -> None:
    story.service.faults = {4: Fault.QUOTA}  # the service's midnight, which has passed for the box
    story.start()
    worker(story).serve(until_idle=True)
    assert story.run.status is Status.SUCCESSFUL
    assert "paused" in story.events()


def test_a_second_worker_leaves_while_the_first_holds_the_lock(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cctui.delivery.worker._LOCK_PATIENCE", 0.05)
    story.start()
    with HeldLock(story.environment.worker_lock_path):
        assert runs.worker_alive(story.environment)
        assert worker(story).serve(until_idle=True) == ExitCode.SUCCESSFUL
        assert story.run.status is Status.QUEUED


def test_a_worker_told_to_stop_leaves_its_runs_resumable(story: Story) -> None:
    story.start()
    serving = worker(story)
    story.service.shape = lambda _job: serving.stop()
    serving.serve(until_idle=False)
    assert story.run.status is Status.REFRESHING
    assert [batch.state for batch in story.batches] == [BatchState.SENT, BatchState.PLANNED, BatchState.PLANNED]
    story.service.shape = lambda _job: None
    worker(story).serve(until_idle=True)
    assert (story.run.status, story.run.replayed) == (Status.SUCCESSFUL, 0)


def test_a_damaged_ledger_is_said_and_nothing_is_sent(story: Story) -> None:
    import sqlite3

    story.start()
    with sqlite3.connect(story.environment.ledger_path) as raw:
        raw.execute("UPDATE runs SET list_id = 'another'")
    with pytest.raises(LedgerDamaged):
        worker(story).serve(until_idle=True)
    assert story.service.calls == 0
    assert not runs.worker_alive(story.environment)


def test_a_fault_of_our_own_fails_that_run_and_is_logged(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_job: object) -> None:
        raise ZeroDivisionError("of ours")

    story.service.shape = broken
    story.start()
    with caplog.at_level(logging.ERROR):
        worker(story).serve(until_idle=True)
    assert story.run.status is Status.FAILED
    assert "ZeroDivisionError" in story.run.problem
    assert "of ours" in caplog.text


def test_a_box_that_fails_for_a_while_is_waited_for(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from cctui.delivery.spool import Spool

    story.service.shape = lambda job: setattr(job, "refused", 1) or setattr(job, "errors", ("Line 2: no",))
    failures = iter([OSError(28, "No space left on device")])
    from cctui.delivery import settle

    real = settle.write_refusals

    def write(spool: Spool, *facts: object, **more: object) -> None:
        for failure in failures:
            raise failure
        real(spool, *facts, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(settle, "write_refusals", write)
    story.start()
    worker(story).serve(until_idle=True)
    assert story.run.status is Status.COMPLETED_WITH_ERRORS
    assert (story.run.totals.refused, story.run.resumed) == (3, 1)


def test_duties_are_done_in_every_round(story: Story) -> None:
    seen: list[object] = []
    Worker(story.environment, clock=StillClock(), duties=[seen.append]).serve(until_idle=True)
    assert len(seen) == 1


def test_pruning_is_a_duty_of_once_a_day(story: Story) -> None:
    for name in ("first", "second"):
        story.start(name)
        story.go()
    story.clock.elapsed += 100 * 24 * 3600
    duty = Pruning(story.environment, story.clock)
    duty(story.clock.now())
    assert [run.id for run in runs.history(story.environment)] == ["second"]


def test_the_log_of_the_worker_is_masked_and_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "worker.log"
    open_log(path)
    log = logging.getLogger("cctui.worker")
    try:
        log.info("said mette.hansen@contoso.com with access_token=abcdefghijklmnop")
    finally:
        for handler in logging.getLogger("cctui").handlers:
            handler.close()
        logging.getLogger("cctui").handlers.clear()
        logging.getLogger("cctui").propagate = True
    text = path.read_text()
    assert "mette" not in text
    assert "abcdefghijklmnop" not in text
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("code", "held_up"),
    [("pass", False), ("raise SystemExit(1)", True), ("import os; os.kill(os.getpid(), 9)", True)],
    ids=["was idle", "failed", "was killed"],
)
def test_only_a_worker_that_failed_holds_up_the_next(
    story: Story, monkeypatch: pytest.MonkeyPatch, code: str, held_up: bool
) -> None:
    monkeypatch.undo()
    launch._Started.last.clear()
    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _command, **options: real([sys.executable, "-c", code], **options))
    assert launch.ensure_worker(story.environment)
    launch._Started.last[str(story.environment.root)].child.wait()
    assert launch.ensure_worker(story.environment) is not held_up
    launch._Started.last.pop(str(story.environment.root)).child.wait()


def test_a_worker_is_started_in_a_session_of_its_own(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    launch._Started.last.clear()
    started: list[tuple[list[str], dict[str, object]]] = []
    real = subprocess.Popen

    def watch(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        started.append((command, options))
        return real([sys.executable, "-c", "input()"], **{**options, "stdin": subprocess.PIPE})  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(subprocess, "Popen", watch)
    assert launch.ensure_worker(story.environment)
    assert not launch.ensure_worker(story.environment), "one is starting"
    ((command, options),) = started
    assert command[1:] == ["-m", "cctui", "--environment", str(story.environment.root), "worker", "--until-idle"]
    assert options["start_new_session"]
    assert options["stdin"] == subprocess.DEVNULL
    launch._Started.last.pop(str(story.environment.root)).child.communicate(b"\n")
    with HeldLock(story.environment.worker_lock_path):
        assert not launch.ensure_worker(story.environment), "one lives"
    assert story.environment.worker_log_path.stat().st_mode & 0o777 == 0o600
