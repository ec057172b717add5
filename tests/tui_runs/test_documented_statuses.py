"""The documented rows on statuses, progress and history (S1 to S10), each by its number.

S9 is among the tests of the System page, S11 and S12 are among those of delivery.
"""

from __future__ import annotations

import pytest
from msgspec import structs
from run_stories import NOON, Story, screen_text
from test_run_screen import NARROW, settled, watching

from cctui.delivery import events
from cctui.delivery.spool import Spool
from cctui.delivery.states import STATUS_TITLES, Stage, Status, Trigger
from cctui.tui import glyphs
from cctui.tui.commands import Facts
from cctui.tui.rows import status_cell
from cctui.tui.run_commands import RUN_COMMANDS
from cctui.tui.screens.system import SystemPage


def test_s1_the_statuses_have_the_documented_names() -> None:
    documented = {"Canceled", "Failed", "Not started", "Refreshing", "Skipped", "Successful", "Queued"}
    assert documented < set(STATUS_TITLES.values())


def test_s2_what_runs_can_be_canceled_and_what_is_over_is_over() -> None:
    going_on = {Status.QUEUED, Status.REFRESHING, Status.PAUSED, Status.NOT_STARTED}
    assert {status for status in Status if not status.ended} == going_on


async def test_s3_completed_with_errors_is_seen_in_the_list_of_exports(story: Story) -> None:
    story.completed_with_errors()
    app = story.app()
    app.open_at = "exports"
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert "▲ Completed with errors" in screen_text(app)


@pytest.mark.parametrize(
    ("status", "sign"),
    [
        (Status.SUCCESSFUL, "✓"),
        (Status.COMPLETED_WITH_ERRORS, "▲"),
        (Status.SKIPPED, "▲"),
        (Status.FAILED, "✗"),
        (Status.NOT_STARTED, " "),
    ],
)
def test_s4_each_status_has_its_sign_beside_its_word(story: Story, status: Status, sign: str) -> None:
    assert glyphs.status_sign(status) == sign
    run = structs.replace(story.failed(), status=status)
    assert status_cell(run).text == f"{sign} {STATUS_TITLES[status]}"


async def test_s5_progress_details_list_the_stages_with_how_many_of_how_many(story: Story) -> None:
    with story.worker():
        async with watching(story, story.running()) as pilot:
            shown = screen_text(pilot.app)
    for stage in ("Select segments", "Match and clean", "Send", "Constant Contact", "Check"):
        assert stage in shown
    assert "7 of 11 requests" in shown
    assert "4 of 7 jobs done" in shown


async def test_s6_a_task_tells_its_times_and_its_errors(story: Story) -> None:
    run = story.completed_with_errors()
    async with watching(story, run) as pilot:
        assert "2.0 s" in screen_text(pilot.app)
        await pilot.press("b")
        await settled(pilot)
        shown = screen_text(pilot.app)
    for fact in ("412 ms", "12:00", "Line 7: The e-mail address is not valid."):
        assert fact in shown


def test_s7_the_command_is_called_cancel_job(story: Story) -> None:
    (command,) = (command for command in RUN_COMMANDS if command.id == "run.cancel")
    assert command.title_for(Facts(story.app().operator)) == "Cancel job"
    assert command.asks


async def test_s8_the_run_leads_to_the_status_of_the_system(story: Story) -> None:
    async with watching(story, story.completed_with_errors()) as pilot:
        await pilot.press("s")
        await settled(pilot)
        assert isinstance(pilot.app.screen, SystemPage)
        assert "Newsletter, high value" in screen_text(pilot.app)


def test_s10_the_log_tells_who_started_what_when_its_stages_and_its_result(story: Story) -> None:
    run = story.plan(story.queue(trigger=Trigger.SCHEDULE, started_by="schedule"))
    story.log(
        run,
        events.StageStarted(at=NOON, stage=Stage.SEND),
        events.StageEnded(at=NOON, stage=Stage.SEND, seconds=1.5, count=11),
    )
    story.end(run, Status.SUCCESSFUL)

    told, _offset = Spool(story.environment, run.id).log.read()
    queued, ended = told[0], told[-1]
    assert isinstance(queued, events.RunQueued)
    assert (queued.trigger, queued.started_by, queued.export, queued.export_name) == (
        Trigger.SCHEDULE,
        "schedule",
        "newsletter",
        "Newsletter, high value",
    )
    stage = next(event for event in told if isinstance(event, events.StageEnded) and event.stage is Stage.SEND)
    assert (stage.seconds, stage.count) == (1.5, 11)
    assert isinstance(ended, events.RunEnded)
    assert ended.status is Status.SUCCESSFUL
    assert all(event.at.tzinfo is not None for event in told)
