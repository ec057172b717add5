"""Runs of several keys go on side by side, but are planned one after another: memory stays that of one plan."""

from __future__ import annotations

from delivery_stand_ins import OPS, Story

from cctui.delivery import plan, runs
from cctui.delivery.states import Status


def test_a_run_waits_while_another_is_planned_and_goes_on_after_it(story: Story) -> None:
    story.start("nightly-1")
    plan._PLANNING.acquire()

    story.when(3.0, plan._PLANNING.release)
    assert story.go().status is Status.SUCCESSFUL
    assert not plan._PLANNING.locked()


def test_a_run_that_waits_for_its_turn_hears_that_it_is_canceled(story: Story) -> None:
    run = story.start("nightly-1")
    story.when(1.0, lambda: runs.cancel(story.environment, OPS, run.id, clock=story.clock))
    with plan._PLANNING:
        assert story.go().status is Status.CANCELED
    assert not story.service.posts
