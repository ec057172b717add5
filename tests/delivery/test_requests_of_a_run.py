"""A run asks no more of the service than it needs: 4 requests a second are all there are. It ends when it can."""

from __future__ import annotations

from delivery_stand_ins import QUICK, Story

from cctui.delivery.states import Status


def test_a_run_asks_for_account_and_list_sends_each_body_and_looks_once_at_all_jobs(story: Story) -> None:
    story.start("nightly-1")
    run = story.go()
    assert run.status is Status.SUCCESSFUL
    assert run.requests == story.service.calls == 2 + run.batches + 1


def test_a_run_whose_jobs_are_all_over_does_not_wait_for_another_look(story: Story) -> None:
    story.start("nightly-1")
    assert story.go().status is Status.SUCCESSFUL
    assert story.clock.elapsed < 2 * QUICK.first_poll


def test_jobs_that_take_their_time_are_looked_at_ever_less_often(story: Story) -> None:
    story.service.polls = 20
    story.start("nightly-1")
    run = story.go()
    assert run.status is Status.SUCCESSFUL
    assert run.requests == 2 + run.batches + 20
    assert story.clock.elapsed > 10 * QUICK.longest_poll
