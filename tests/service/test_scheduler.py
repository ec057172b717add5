"""The worker as scheduler: what is due fires once, whatever happens to the box, its clock and its processes."""

from __future__ import annotations

import itertools
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs
from scheduler_stand_ins import DAILY, DUE, MONDAY, Box, Crash

from cctui.definitions.model import ExportSchedule, RefreshSchedule
from cctui.delivery import refresh
from cctui.delivery.scheduling import PATIENCE
from cctui.delivery.states import Status, Trigger

DAY = timedelta(days=1)


def test_an_export_with_a_schedule_of_its_own_runs_at_its_time(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.pass_until(DUE - timedelta(minutes=1))
    assert box.runs() == []
    box.pass_until(DUE + timedelta(minutes=1), step=2)
    (run,) = box.runs()
    assert (run.status, run.trigger, run.due_at) == (Status.QUEUED, Trigger.SCHEDULE, DUE)
    assert box.told(run) == ["run-queued"], "on time, so nothing is said about being late"


def test_a_week_fires_once_a_day(box: Box) -> None:
    box.export("newsletter", DAILY)
    while box.clock.now() < MONDAY + 7 * DAY:
        box.pass_until(box.clock.now() + timedelta(hours=1), step=600)
        box.end()
    assert [run.due_at for run in box.runs()] == [DUE + n * DAY for n in range(7)]


def test_r1_every_export_runs_with_the_scheduled_system_refresh_by_default(box: Box) -> None:
    box.export("newsletter", ExportSchedule())
    box.export("winback", ExportSchedule(), connection="marketing")
    box.export("own", DAILY)
    box.export("off", ExportSchedule(run="off"))
    box.system_refresh(RefreshSchedule(run=True, days=["mon"], times=["06:00"]))
    box.pass_until(DUE - timedelta(minutes=10), step=10)
    assert {run.export: run.trigger for run in box.runs()} == {
        "newsletter": Trigger.SYSTEM_REFRESH,
        "winback": Trigger.SYSTEM_REFRESH,
    }


def test_r2_off_means_by_hand_only(box: Box) -> None:
    box.export("newsletter", structs.replace(DAILY, run="off"))
    box.pass_until(DUE + DAY, step=600)
    assert box.runs() == []


def test_r15_the_system_refresh_is_off_until_it_is_switched_on(box: Box) -> None:
    box.export("newsletter", ExportSchedule())
    box.system_refresh(RefreshSchedule(repeat="daily", times=["06:30"]))
    box.pass_until(DUE + timedelta(hours=1), step=600)
    assert box.runs() == []
    box.system_refresh(RefreshSchedule(run=True, repeat="daily", times=["06:30", "12:00", "18:00", "23:30"]))
    while box.clock.now() < DUE + DAY + timedelta(minutes=30):
        box.pass_until(box.clock.now() + timedelta(minutes=30), step=300)
        box.end()
    assert [f"{run.due_at:%H:%M}" for run in box.runs() if run.due_at] == ["11:00", "17:00", "22:30", "05:30"]


def test_r13_the_status_is_that_of_the_last_run_whatever_started_it(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.system_refresh(RefreshSchedule(run=True, repeat="daily", times=["07:00"]))
    box.pass_until(DUE + timedelta(hours=2), step=30)
    (run,) = box.runs()
    assert (run.trigger, run.status) == (Trigger.SCHEDULE, Status.QUEUED), "no system refresh calls it skipped"


def test_after_a_power_cut_missed_runs_are_made_up_once_and_say_so(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    box.clock.jump(3 * DAY)
    box.worker = box.new_worker()
    box.rounds()
    (run,) = box.runs()
    assert run.due_at == DUE
    assert box.told(run) == ["run-queued", "ran-late"]
    box.end()
    box.pass_until(DUE + 3 * DAY + timedelta(minutes=5))
    assert [one.due_at for one in box.runs()] == [DUE, DUE + 3 * DAY], "and then goes on as before"


def test_after_sleep_the_same_process_makes_it_up_once(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    box.clock.jump(timedelta(hours=5))
    box.rounds(10)
    assert len(box.runs()) == 1
    assert "ran-late" in box.told(box.runs()[0])


@pytest.mark.parametrize("back", [timedelta(minutes=10), timedelta(hours=1), DAY, 2 * DAY])
def test_a_moment_that_comes_twice_fires_once(box: Box, back: timedelta) -> None:
    box.export("newsletter", DAILY)
    box.pass_until(DUE + timedelta(minutes=5), step=30)
    box.end()
    box.clock.jump(-back)
    box.pass_until(DUE + timedelta(minutes=5), step=600)
    assert len(box.runs()) == 1
    box.pass_until(DUE + DAY + timedelta(minutes=5), step=600)
    box.rounds()
    assert [run.due_at for run in box.runs()] == [DUE, DUE + DAY]


def test_a_clock_that_was_years_ahead_does_not_silence_a_schedule(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.clock.jump(timedelta(days=3650))
    box.rounds()
    box.end()
    fired = len(box.runs())
    box.clock.jump(timedelta(days=-3650))
    box.pass_until(DUE + timedelta(minutes=5), step=60)
    assert [run.due_at for run in box.runs()[fired:]] == [DUE]


def test_schedules_changed_meanwhile_take_effect_without_a_restart(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    box.export("newsletter", structs.replace(DAILY, times=["08:15"]))
    box.pass_until(DUE + timedelta(minutes=30))
    assert box.runs() == [], "the old time is gone"
    box.pass_until(DUE + timedelta(hours=2), step=30)
    assert [run.due_at for run in box.runs()] == [DUE + timedelta(minutes=105)]
    box.system_refresh(RefreshSchedule(), time_zone="America/New_York")
    box.end()
    box.pass_until(MONDAY + DAY, step=600)
    assert [f"{run.due_at:%H:%M}" for run in box.runs() if run.due_at] == ["07:15", "13:15"]


def test_switching_on_at_noon_does_not_run_what_would_have_been_in_the_morning(box: Box) -> None:
    box.clock.jump(timedelta(hours=8))
    box.export("newsletter", DAILY)
    box.rounds()
    box.export("newsletter", structs.replace(DAILY, run="off"))
    box.rounds()
    box.clock.jump(3 * DAY)
    box.export("newsletter", DAILY)
    box.rounds()
    assert box.runs() == []


def test_a_schedule_saved_while_no_worker_lived_is_made_up_too(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.clock.jump(timedelta(hours=3))
    box.rounds()
    assert [run.due_at for run in box.runs()] == [DUE]


def test_a_state_that_was_deleted_starts_nothing(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.clock.jump(10 * DAY)
    box.rounds()
    assert box.runs() == []


def test_a_run_that_is_not_over_is_not_queued_twice_and_that_is_said(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.pass_until(DUE + timedelta(minutes=1), step=5)
    (run,) = box.runs()
    box.pass_until(DUE + DAY + timedelta(minutes=1), step=30)
    assert box.runs() == [run]
    assert box.told(run) == ["run-queued", "came-due-again"]


def test_two_workers_fire_once(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    second = box.new_worker()
    second(box.clock.now())
    while box.clock.now() < DUE + timedelta(minutes=2):
        box.clock.pass_by(5)
        box.worker(box.clock.now())
        second(box.clock.now())
    assert len(box.runs()) == 1


def test_killed_at_each_point_of_firing_it_fires_once(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    died = []
    for point in itertools.count(1):
        box = Box(memory / f"environment{point}", monkeypatch)
        box.export("newsletter", ExportSchedule())
        box.export("own", DAILY)
        box.export("old", ExportSchedule(), connection=None)
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
            ("newsletter", Status.QUEUED, DUE),
            ("old", Status.SKIPPED, DUE),
            ("own", Status.QUEUED, DUE),
        ], died[-1]
    assert {name.partition(" ")[2] for name in died} == {"schedules", "fire", "segment-counts", "carry-out"}
    assert len(died) == 12, "a begin, two schedules, the segments, two refreshes, each before and after its commit"


def test_killed_between_refresh_and_log_the_ledger_still_says_late(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    box.clock.jump(DAY)
    box.worker = box.new_worker(crash_at=4)
    with pytest.raises(Crash, match="after carry-out"):
        box.rounds()
    (run,) = box.runs()
    assert box.told(run) == []
    assert run.due_at == DUE


def test_r7_r11_the_profiles_are_waited_for_and_then_the_export_runs(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    box.profiles.changes = True
    box.pass_until(DUE + timedelta(minutes=5), step=5)
    assert box.runs() == []
    (waiting,) = refresh.recent(box.environment)
    assert waiting.problem == "The profiles are still being written."
    box.profiles.changes = False
    box.rounds()
    (run,) = box.runs()
    assert run.status is Status.QUEUED
    assert "ran-late" in box.told(run)


def test_profiles_that_never_become_whole_make_skipped_runs_with_the_reason(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.profiles.problem = "The model is cut."
    box.pass_until(DUE + timedelta(seconds=PATIENCE - 60), step=10)
    assert box.runs() == []
    box.pass_until(DUE + timedelta(seconds=PATIENCE + 60), step=10)
    (run,) = box.runs()
    assert (run.status, run.problem) == (Status.SKIPPED, "The model is cut.")
    box.rounds()
    assert len(box.runs()) == 1


def test_a_worker_that_leaves_when_idle_waits_for_the_profiles(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    box.profiles.changes = True
    box.clock.jump(DUE - box.clock.now())
    assert box.worker(box.clock.now())
    box.profiles.changes = False
    while box.worker(box.clock.now()):
        box.clock.pass_by(1)
    assert len(box.runs()) == 1


def test_definitions_that_cannot_be_read_are_made_up_when_they_can(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    sound = box.environment.path.read_text()
    box.environment.path.write_text("[environment\n")
    box.pass_until(DUE + timedelta(hours=1), step=30)
    assert box.runs() == []
    box.environment.path.write_text(sound)
    _saved_at(box.environment.path, MONDAY)
    box.rounds()
    assert [run.due_at for run in box.runs()] == [DUE]


def test_an_export_that_cannot_be_read_is_skipped_at_its_time_with_the_reason(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    (box.environment.exports_folder / "newsletter.toml").write_text('id = "newsletter"\nlist = 5\n')
    box.pass_until(DUE + timedelta(minutes=1), step=5)
    (run,) = box.runs()
    assert (run.status, run.due_at) == (Status.SKIPPED, DUE)
    assert "newsletter.toml" in run.problem


def test_an_export_that_was_removed_fires_no_more(box: Box) -> None:
    box.export("newsletter", DAILY)
    box.rounds()
    box.environment.remove_export("newsletter")
    box.pass_until(DUE + timedelta(minutes=1), step=5)
    assert box.runs() == []
    assert box.ledger.schedules() == {}


def _saved_at(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))
