"""A refresh counts segments as a step of its own: after the profiles, before exports run, and each of them once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from scheduler_stand_ins import DAILY, DUE, OPS, Box, Crash

from cctui.definitions.model import ExportSchedule, RefreshSchedule
from cctui.delivery import refresh
from cctui.delivery.firings import SegmentCount
from cctui.delivery.scheduling import PATIENCE
from cctui.delivery.states import Status, Trigger


class Slow:
    """Counting in a thread that stops at each segment until it is told to go on."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._go = threading.Semaphore(0)
        self._stands = threading.Semaphore(0)
        self._free = False
        self._thread: threading.Thread | None = None
        box.begin = self._begin
        box.profiles.on_count = self._stop
        box.worker = box.new_worker()

    def step(self) -> None:
        """Let the segment be counted that it stands at."""
        self._go.release()
        self._stands.acquire()

    def finish(self) -> None:
        """Let all be counted."""
        self._free = True
        self._go.release()
        if self._thread is not None:
            self._thread.join()

    def _begin(self, work: Callable[[], None]) -> None:
        def told() -> None:
            work()
            self._stands.release()

        self._thread = threading.Thread(target=told, daemon=True)
        self._thread.start()
        if self._free:
            self._thread.join()
        else:
            self._stands.acquire()

    def _stop(self, _segment: str) -> None:
        if not self._free:
            self._stands.release()
            self._go.acquire()


def counts(box: Box) -> dict[str, tuple[Status, int | None]]:
    return {name: (count.status, count.members) for name, count in refresh.segment_counts(box.environment).items()}


def ask(box: Box) -> int:
    return refresh.ask(box.environment, OPS, clock=box.clock).number


@pytest.fixture
def company(box: Box) -> Box:
    """Three segments, and an export for each of them."""
    box.profiles.members = {"high": 500, "low": 70, "gone": 0}
    for name in box.profiles.members:
        box.export(f"to-{name}", ExportSchedule(), segments=[name])
    return box


@pytest.fixture
def slow(company: Box) -> Iterator[Slow]:
    """From here on counting is slow; nothing of it is left at the end."""
    counting = Slow(company)
    yield counting
    counting.finish()


def test_r16_segments_are_counted_before_exports_run(company: Box) -> None:
    seen: list[tuple[str, int]] = []
    company.profiles.on_count = lambda segment: seen.append((segment, len(company.runs())))
    number = ask(company)
    company.rounds()
    assert seen == [("high", 0), ("low", 0), ("gone", 0)], "no run while they are counted"
    assert counts(company) == {
        "high": (Status.SUCCESSFUL, 500),
        "low": (Status.SUCCESSFUL, 70),
        "gone": (Status.SUCCESSFUL, 0),
    }
    assert {count.refresh for count in refresh.segment_counts(company.environment).values()} == {number}
    assert [run.status for run in company.runs()] == [Status.QUEUED] * 3


def test_s2_a_segment_that_cannot_be_counted_skips_its_exports_and_no_others(company: Box) -> None:
    company.profiles.members["low"] = "The file low.csv is cut."
    company.export("both", ExportSchedule(), segments=["high", "low"])
    ask(company)
    company.rounds()
    said = {run.export: (run.status, run.problem, run.do_next) for run in company.runs()}
    skipped = (
        Status.SKIPPED,
        "The segment low cannot be counted. The file low.csv is cut.",
        "Mend the file.",
    )
    assert said == {
        "both": skipped,
        "to-gone": (Status.QUEUED, "", ""),
        "to-high": (Status.QUEUED, "", ""),
        "to-low": skipped,
    }
    assert counts(company)["low"] == (Status.FAILED, None)


def test_an_inactive_segment_is_skipped_and_not_counted(company: Box) -> None:
    company.profiles.inactive = {"gone"}
    ask(company)
    company.rounds()
    assert company.profiles.counted == ["high", "low"]
    assert counts(company)["gone"] == (Status.SKIPPED, 0)
    assert len(company.runs(Status.QUEUED)) == 3


def test_r7_an_export_with_its_own_schedule_waits_for_its_own_segments_only(company: Box) -> None:
    company.export("to-low", DAILY, segments=["low"])
    company.pass_until(DUE + timedelta(minutes=1), step=5)
    assert company.profiles.counted == ["low"]
    assert [(run.export, run.trigger) for run in company.runs()] == [("to-low", Trigger.SCHEDULE)]


def test_while_they_are_counted_the_state_of_each_can_be_seen(company: Box, slow: Slow) -> None:
    number = ask(company)
    company.rounds()
    assert counts(company) == {
        "high": (Status.REFRESHING, None),
        "low": (Status.QUEUED, None),
        "gone": (Status.QUEUED, None),
    }
    slow.step()
    company.rounds(1)
    assert [status for status, _members in counts(company).values()] == [
        Status.SUCCESSFUL,
        Status.REFRESHING,
        Status.QUEUED,
    ]
    waiting = refresh.find(company.environment, number)
    assert waiting is not None
    assert waiting.waiting
    assert company.worker(company.clock.now()), "a worker that leaves when idle does not leave yet"
    assert company.runs() == []
    slow.finish()
    company.rounds(1)
    assert len(company.runs()) == 3


def test_what_was_known_before_stays_known_until_it_is_counted_anew(company: Box) -> None:
    ask(company)
    company.rounds()
    company.end()
    before = refresh.segment_counts(company.environment)["high"].counted_at
    slow = Slow(company)
    ask(company)
    company.rounds()
    now = refresh.segment_counts(company.environment)
    slow.finish()
    assert [(count.status, count.members) for count in now.values()] == [
        (Status.REFRESHING, 500),
        (Status.QUEUED, 70),
        (Status.QUEUED, 0),
    ]
    assert {count.counted_at for count in now.values()} == {before}


def test_segments_that_are_gone_are_forgotten(company: Box) -> None:
    ask(company)
    company.rounds()
    company.end()
    del company.profiles.members["low"]
    ask(company)
    company.rounds()
    assert set(counts(company)) == {"high", "gone"}


def test_r11_profiles_that_change_while_they_are_counted_are_counted_again(company: Box) -> None:
    def grow(segment: str) -> None:
        company.profiles.on_count = lambda _segment: None
        company.profiles.members["high"] = 501

    company.profiles.on_count = grow
    number = ask(company)
    company.rounds(2)
    waiting = refresh.find(company.environment, number)
    assert waiting is not None
    assert waiting.problem == "The profiles are still being written."
    company.rounds(3)
    assert counts(company)["high"] == (Status.SUCCESSFUL, 501)
    assert len(company.runs()) == 3
    over = refresh.find(company.environment, number)
    assert over is not None
    assert over.problem == "", "what was waited for is over"


def test_profiles_that_change_whenever_they_are_counted_stop_no_export(company: Box) -> None:
    sizes = itertools.count(1000)
    company.profiles.on_count = lambda segment: company.profiles.members.update({segment: next(sizes)})
    ask(company)
    company.rounds(20)
    assert len(company.runs(Status.QUEUED)) == 3


def test_profiles_that_go_away_while_they_are_counted_are_waited_for(company: Box) -> None:
    def vanish(segment: str) -> None:
        company.profiles.problem = "The share is gone."
        company.profiles.on_count = lambda _segment: None
        company.profiles.members = dict.fromkeys(company.profiles.members, "The share is gone.")

    company.profiles.on_count = vanish
    number = ask(company)
    company.rounds(3)
    waiting = refresh.find(company.environment, number)
    assert waiting is not None
    assert (waiting.waiting, waiting.problem) == (True, "The share is gone.")
    company.pass_until(company.clock.now() + timedelta(seconds=PATIENCE + 60), step=10)
    assert {(run.status, run.problem) for run in company.runs()} == {(Status.SKIPPED, "The share is gone.")}
    assert {status for status, _members in counts(company).values()} <= {Status.FAILED, Status.SKIPPED}


def test_one_asked_for_meanwhile_goes_along_where_all_it_needs_is_counted(company: Box, slow: Slow) -> None:
    ask(company)
    company.rounds()
    company.export("to-low", DAILY, segments=["low"])
    company.rounds(1)
    company.clock.jump(DUE - company.clock.now())
    company.rounds(1)
    slow.finish()
    company.rounds(1)
    assert refresh.recent(company.environment)[0].waiting is False
    assert company.profiles.counted == ["high", "low", "gone"], "and nothing is counted twice"


def test_one_that_needs_more_than_is_being_counted_gets_its_own_turn(company: Box) -> None:
    company.export("to-low", DAILY, segments=["low"])
    company.rounds(1)
    slow = Slow(company)
    company.clock.jump(DUE - company.clock.now())
    company.rounds(3)
    number = ask(company)
    slow.finish()
    company.rounds(1)
    assert [run.export for run in company.runs()] == ["to-low"]
    company.rounds()
    assert counts(company)["high"] == (Status.SUCCESSFUL, 500)
    over = refresh.find(company.environment, number)
    assert over is not None
    assert not over.waiting


def test_killed_at_each_point_of_counting_every_export_runs_once(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    died = []
    for point in itertools.count(1):
        box = Box(memory / f"environment{point}", monkeypatch)
        box.profiles.members = {"high": 500, "low": 70, "torn": "The file is cut."}
        for name in box.profiles.members:
            box.export(f"to-{name}", ExportSchedule(), segments=[name])
        box.system_refresh(RefreshSchedule(run=True, repeat="daily", times=["06:30"]))
        box.worker = box.new_worker(crash_at=point)
        try:
            box.pass_until(DUE + timedelta(minutes=1), step=5)
            break
        except Crash as crash:
            died.append(str(crash))
        box.worker = box.new_worker()
        box.pass_until(DUE + timedelta(minutes=5), step=5)
        assert sorted((run.export, run.status, run.due_at) for run in box.runs()) == [
            ("to-high", Status.QUEUED, DUE),
            ("to-low", Status.QUEUED, DUE),
            ("to-torn", Status.SKIPPED, DUE),
        ], died[-1]
        assert counts(box) == {
            "high": (Status.SUCCESSFUL, 500),
            "low": (Status.SUCCESSFUL, 70),
            "torn": (Status.FAILED, None),
        }, died[-1]
    assert {name.partition(" ")[2] for name in died} == {"schedules", "fire", "segment-counts", "carry-out"}


def test_what_a_worker_that_died_had_counted_is_not_counted_again(company: Box, slow: Slow) -> None:
    ask(company)
    company.rounds()
    slow.step()
    company.rounds(1)
    company.begin, company.profiles.on_count = (lambda work: work()), (lambda _segment: None)
    company.worker = company.new_worker()
    company.rounds()
    assert company.profiles.counted == ["high", "low", "low", "gone"]
    assert counts(company)["high"] == (Status.SUCCESSFUL, 500)
    assert len(company.runs()) == 3


def test_a_fault_of_ours_costs_the_numbers_and_not_the_runs(company: Box) -> None:
    def fail(_segment: str) -> None:
        raise ZeroDivisionError

    company.profiles.on_count = fail
    ask(company)
    company.rounds()
    assert len(company.runs(Status.QUEUED)) == 3


def test_a_refresh_that_nobody_waits_for_any_more_leaves_no_segment_open(company: Box, slow: Slow) -> None:
    ask(company)
    company.rounds()
    for waiting in company.ledger.waiting_refreshes():
        company.ledger.carry_out(structs.replace(waiting, problem="Given up."), [])
    found = refresh.segment_counts(company.environment).values()
    assert {(count.status, count.problem) for count in found} == {(Status.SKIPPED, "Given up.")}
    assert all(isinstance(count, SegmentCount) for count in found)
