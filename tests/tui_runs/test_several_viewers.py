"""Several people look at one run: two applications and the command line say the same, a third is told that it runs."""

from __future__ import annotations

import pytest
from run_stories import EXPORT, Story, screen_text
from test_run_screen import NARROW
from textual.pilot import Pilot

from cctui.access.roles import Operator, Role
from cctui.delivery import launch, runs
from cctui.delivery.ledger import AlreadyRunning
from cctui.delivery.report import facts
from cctui.delivery.states import Run, Status
from cctui.errors import ExitCode
from cctui.locales import number
from cctui.tui.app import CctuiApp


@pytest.fixture(autouse=True)
def no_worker_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "ensure_worker", lambda _environment: False)


def said(run: Run) -> list[str]:
    """What every face says of a run in the middle of sending."""
    return [
        f"{number(run.contacts_sent)} / {number(run.totals.sent)}",
        f"{run.batches_sent} of {run.batches} requests",
        f"{run.batches_settled} of {run.batches_sent} jobs",
    ]


async def shows(pilot: Pilot[int], *facts: str) -> None:
    """Until the screen shows all of ``facts`` by itself; the time limit of a test ends the wait."""
    assert isinstance(pilot.app, CctuiApp)
    while not all(fact in screen_text(pilot.app) for fact in facts):
        await pilot.pause(0.05)


async def test_two_viewers_and_the_command_line_show_the_same_numbers(story: Story) -> None:
    run = story.running()
    first, second = story.app(run.id), story.app(run.id, role=Role.VIEWER)
    with story.worker():
        async with first.run_test(size=(120, 36)) as here, second.run_test(size=NARROW) as there:
            for _step in range(2):
                run = story.ledger.run(run.id)
                await shows(here, *said(run))
                await shows(there, *said(run))
                report = runs.report(story.environment, run.id)
                assert (report.sent, report.accepted, report.waiting) == (
                    run.totals.sent,
                    run.totals.accepted,
                    run.totals.waiting,
                )
                assert ("Accepted", number(run.totals.accepted)) in facts(report)
                run = story.settle(story.send(run, 1), 1)
            run = story.end(story.settle(story.send(run, 11), 11), Status.SUCCESSFUL)
            accepted = f"{number(run.totals.accepted)} accepted"
            await shows(here, accepted)
            await shows(there, accepted)


def test_whoever_starts_it_meanwhile_is_told_which_run_it_is(story: Story) -> None:
    run = story.running()
    with pytest.raises(AlreadyRunning) as refused:
        runs.start(story.environment, Operator("ops3", Role.ADMINISTRATOR), EXPORT)
    assert refused.value.run.id == run.id
    assert refused.value.exit_code == ExitCode.ALREADY_RUNNING
    assert str(refused.value) == (
        f"Newsletter, high value is already running (run {run.id}). Watch that run, or cancel it first."
    )
    assert story.ledger.runs() == [run]
