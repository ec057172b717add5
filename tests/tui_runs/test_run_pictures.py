"""Pictures of the screens around runs at both sizes, at a fixed moment. Look at the difference before accepting one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from run_stories import Story
from textual.pilot import Pilot

from cctui.delivery.states import Totals
from cctui.tui.screens.history import HistoryScreen

Compare = Callable[..., bool]

sizes = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])


async def settled(pilot: Pilot[Any]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@sizes
@pytest.mark.parametrize("scene", ["running", "paused_for_quota", "completed_with_errors", "failed"])
def test_a_run(story: Story, snap_compare: Compare, scene: str, size: tuple[int, int]) -> None:
    run = getattr(story, scene)()
    with story.worker():
        assert snap_compare(story.app(run.id), terminal_size=size, run_before=settled)


@sizes
def test_an_interrupted_run(story: Story, snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(story.app(story.running().id), terminal_size=size, run_before=settled)


@sizes
def test_the_batches_of_a_run(story: Story, snap_compare: Compare, size: tuple[int, int]) -> None:
    run = story.running()
    with story.worker():
        assert snap_compare(story.app(run.id), press=["b", "down"], terminal_size=size, run_before=settled)


@sizes
def test_the_history(story: Story, snap_compare: Compare, size: tuple[int, int]) -> None:
    for number, accepted in enumerate((398_100, 399_100, 397_950), 1):
        story.successful(f"aaaa000{number}", Totals(selected=accepted + 1_900, duplicate=1_900, sent=accepted))
        story.clock.moment += timedelta(days=1)
    story.failed()
    story.clock.moment += timedelta(hours=1)
    story.completed_with_errors("5d1e9c40")

    async def open_history(pilot: Pilot[Any]) -> None:
        await pilot.app.push_screen(HistoryScreen())
        await settled(pilot)

    assert snap_compare(story.app(), terminal_size=size, run_before=open_history)


@sizes
def test_the_rejected_rows(story: Story, snap_compare: Compare, size: tuple[int, int]) -> None:
    run = story.completed_with_errors()

    async def open_rejected(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await pilot.press("e")
        await settled(pilot)

    assert snap_compare(story.app(run.id), terminal_size=size, run_before=open_rejected)


def test_a_run_in_ascii_only(story: Story, snap_compare: Compare) -> None:
    run = story.running()
    with story.worker():
        assert snap_compare(story.app(run.id, ascii_only=True), terminal_size=(80, 24), run_before=settled)
