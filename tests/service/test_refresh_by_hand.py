"""Run all and cctui refresh: what runs, what is skipped and why, and who may."""

from __future__ import annotations

import pytest
from msgspec import structs
from scheduler_stand_ins import DAILY, DUE, OPS, Box

from cctui.access.roles import Operator, Role, Sharing
from cctui.definitions import changes
from cctui.definitions.audit import Deed, newest
from cctui.definitions.model import ExportId, ExportSchedule, RefreshSchedule
from cctui.delivery import refresh, runs
from cctui.delivery.schedule_ledger import ScheduleLedger
from cctui.delivery.states import Status, Trigger
from cctui.errors import NotPermitted, UsageError

CONTRIBUTOR = Operator("mette", Role.CONTRIBUTOR)
VIEWER = Operator("olav", Role.VIEWER)


def ask(box: Box, operator: Operator = OPS) -> refresh.Refresh:
    return refresh.ask(box.environment, operator, clock=box.clock)


def test_r8_run_all_runs_exports_with_an_active_schedule_only(box: Box) -> None:
    box.export("newsletter", ExportSchedule())
    box.export("own", DAILY)
    box.export("winback", ExportSchedule(run="off"))
    asked = ask(box)
    box.rounds()
    assert {run.export for run in box.runs()} == {"newsletter", "own"}
    assert {(run.trigger, run.started_by, run.due_at) for run in box.runs()} == {(Trigger.SYSTEM_REFRESH, "ops1", None)}
    over = refresh.find(box.environment, asked.number)
    assert over is not None
    assert over.runs == [run.id for run in box.runs()]


def test_r9_a_single_run_does_not_ask_for_a_schedule(box: Box) -> None:
    box.export("winback", ExportSchedule(run="off"))
    assert runs.start(box.environment, OPS, ExportId("winback"), clock=box.clock).status is Status.QUEUED


def test_r10_an_export_without_a_working_connection_is_skipped_with_the_reason(box: Box) -> None:
    box.export("old", ExportSchedule(), connection=None)
    box.connect("gone")
    box.export("lost", ExportSchedule(), connection="gone")
    (box.environment.connections_folder / "gone.toml").unlink()
    box.connect("torn")
    box.export("torn", ExportSchedule(), connection="torn")
    (box.environment.connections_folder / "torn.toml").write_text("id = 5\n")
    (box.environment.exports_folder / "broken.toml").write_text('id = "broken"\n')
    ask(box)
    box.rounds()
    said = {run.export: run for run in box.runs()}
    assert {run.status for run in said.values()} == {Status.SKIPPED}
    assert said["old"].problem == "The export has no connection."
    assert said["old"].do_next == "Edit the export and choose a connection."
    assert "gone" in said["lost"].problem
    assert "torn.toml" in said["torn"].problem
    assert "broken.toml" in said["broken"].problem
    assert all(run.ended_at is not None for run in said.values())
    assert box.told(said["old"]) == ["run-queued", "problem", "run-ended"]


def test_r16_asked_for_twice_it_runs_once(box: Box) -> None:
    box.export("newsletter", ExportSchedule())
    assert ask(box).number == ask(box).number
    box.rounds()
    ask(box)
    box.rounds()
    (run,) = box.runs()
    assert box.told(run) == ["run-queued", "came-due-again"]


def test_an_export_removed_meanwhile_is_left_out(box: Box) -> None:
    box.export("newsletter", ExportSchedule())
    box.export("winback", ExportSchedule())
    ask(box)
    changes.remove_export(box.environment, OPS, "winback")
    box.rounds()
    assert [run.export for run in box.runs()] == ["newsletter"]


def test_contributors_refresh_what_is_theirs_and_viewers_nothing(box: Box) -> None:
    box.connect("private", Sharing.ADMINISTRATORS)
    box.export("newsletter", ExportSchedule())
    box.export("secret", ExportSchedule(), connection="private")
    plan = refresh.plan(box.environment, CONTRIBUTOR)
    assert (plan.exports, plan.left_out) == (("newsletter",), ("Secret",))
    assert ask(box, CONTRIBUTOR).exports == ["newsletter"]
    with pytest.raises(NotPermitted):
        ask(box, VIEWER)


def test_nothing_to_refresh_is_said(box: Box) -> None:
    box.export("winback", ExportSchedule(run="off"))
    with pytest.raises(UsageError, match="active schedule"):
        ask(box)


def test_a_refresh_that_waits_keeps_a_worker_wanted(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(runs.launch, "ensure_worker", started.append)
    runs.keep_going(box.environment)
    assert started == []
    box.export("newsletter", ExportSchedule())
    ask(box)
    runs.keep_going(box.environment)
    assert len(started) == 2


def test_old_refreshes_are_forgotten(box: Box) -> None:
    box.export("newsletter", ExportSchedule())
    for _time in range(205):
        ask(box)
        with ScheduleLedger(box.environment.ledger_path, box.clock) as ledger:
            for waiting in ledger.waiting_refreshes():
                ledger.carry_out(waiting, [])
    found = refresh.recent(box.environment, limit=1000)
    assert [one.number for one in found] == list(range(205, 5, -1))
    assert refresh.find(box.environment, 1) is None


def test_r3_one_time_for_all_days_and_r4_weeks_and_months(box: Box) -> None:
    schedule = ExportSchedule(run="custom", repeat="weekly", days=["mon", "thu"], times=["06:30"])
    saved = changes.schedule_exports(box.environment, OPS, {})
    assert saved == []
    box.export("newsletter", ExportSchedule())
    changes.schedule_exports(box.environment, OPS, {"newsletter": schedule})
    assert box.environment.export("newsletter").definition.schedule == schedule
    monthly = ExportSchedule(run="custom", repeat="monthly", days_of_month=[10], times=["06:30"])
    changes.schedule_exports(box.environment, OPS, {"newsletter": monthly})
    assert box.environment.export("newsletter").definition.schedule == monthly


def test_r5_several_keep_their_schedules_or_get_a_new_one(box: Box) -> None:
    box.export("own", DAILY)
    box.export("newsletter", ExportSchedule())
    exports = {name: box.environment.export(name).definition.schedule for name in ("own", "newsletter")}
    off = {name: changes.switched(schedule, on=False) for name, schedule in exports.items()}
    changes.schedule_exports(box.environment, OPS, off)
    assert {one.definition.schedule.run for one in map(box.environment.export, exports)} == {"off"}
    now = {name: box.environment.export(name).definition.schedule for name in exports}
    on = {name: changes.switched(schedule, on=True) for name, schedule in now.items()}
    changes.schedule_exports(box.environment, OPS, on)
    assert {name: box.environment.export(name).definition.schedule for name in exports} == exports
    changes.schedule_exports(box.environment, OPS, dict.fromkeys(exports, DAILY))
    assert [box.environment.export(name).definition.schedule for name in exports] == [DAILY, DAILY]


def test_r6_who_may_edit_an_export_may_schedule_it(box: Box) -> None:
    box.connect("private", Sharing.ADMINISTRATORS)
    box.export("newsletter", ExportSchedule())
    box.export("secret", ExportSchedule(), connection="private")
    changes.schedule_exports(box.environment, CONTRIBUTOR, {"newsletter": DAILY})
    with pytest.raises(NotPermitted):
        changes.schedule_exports(box.environment, CONTRIBUTOR, {"newsletter": ExportSchedule(), "secret": DAILY})
    assert box.environment.export("newsletter").definition.schedule == DAILY, "none of them was changed"
    with pytest.raises(NotPermitted):
        changes.schedule_exports(box.environment, VIEWER, {"newsletter": ExportSchedule()})


def test_r12_starts_can_be_spread_by_schedules_of_their_own(box: Box) -> None:
    box.export("first", DAILY)
    box.export("second", structs.replace(DAILY, times=["07:15"]))
    box.system_refresh(RefreshSchedule(run=True, repeat="daily", times=["06:00"]))
    box.pass_until(DUE.replace(hour=7), step=20)
    assert [run.export for run in box.runs()] == ["first", "second"]


def test_what_is_asked_for_is_in_the_audit_log(box: Box) -> None:
    box.export("newsletter", ExportSchedule())
    ask(box)
    (entry,) = newest(box.environment)
    assert (entry.who, entry.deed, entry.about) == ("ops1", Deed.REFRESH_STARTED, "newsletter")
