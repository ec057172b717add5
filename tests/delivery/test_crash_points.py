"""The process is killed at every write of the ledger, write of a file and call of a run: nothing is lost or hidden."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from delivery_stand_ins import PASSING, Crash, Fault, Points, Story

from cctui.delivery.states import BatchState, Run, Status


def survive(story: Story, crash_at: int, second: int = 0) -> tuple[Run, int]:
    """Run to the end through one or two crashes; returns the run and how many crashes there were."""
    crashes = 0
    for point in (crash_at, second, 0):
        try:
            return story.go(Points(point)), crashes
        except Crash:
            crashes += 1
        if story.run.status.ended:
            return story.run, crashes
    raise AssertionError("the last go cannot crash")


def account_for(story: Story, run: Run) -> None:
    """Everybody arrived; whoever arrived twice was in a body that the run says it replayed."""
    service, wanted = story.service, [email for email in story.people.emails if "@" in email]
    assert run.totals.adds_up
    assert run.status is Status.SUCCESSFUL
    assert run.totals.accepted == len(wanted)
    assert set(service.arrived) == set(wanted)
    surplus = len(service.posts) - len(set(service.posts))
    assert surplus <= run.replayed
    assert set(story.service.posts) == {batch.file_name for batch in story.batches}
    assert [batch.state for batch in story.batches] == [BatchState.COMPLETED] * run.batches


def test_every_point_of_a_run(new_story: Callable[[], Story]) -> None:
    """The points are found by counting them, so a new write is covered by itself."""
    undisturbed = new_story()
    undisturbed.start("a-run")
    points = Points()
    undisturbed.go(points)
    assert len(points.passed) > 80
    for point in range(1, len(points.passed) + 1):
        story = new_story()
        story.start("a-run")
        run, crashes = survive(story, point)
        where = f"point {point}, {points.passed[point - 1]}"
        account_for(story, run)
        assert crashes == 1, where
        taken_over = 1 < point <= points.passed.index("before end") + 1
        assert run.resumed == int(taken_over), where
        assert run.replayed == 0 or points.passed[point - 1] in {"after sending", "before call import"}, where
        assert story.service.arrived == undisturbed.service.arrived or run.replayed, where


def test_a_crash_never_plans_twice_after_the_plan(new_story: Callable[[], Story]) -> None:
    story = new_story()
    story.start("a-run")
    points = Points()
    story.go(points)
    after = points.passed.index("after plan") + 1
    other = new_story()
    other.start("a-run")
    with pytest.raises(Crash):
        other.go(Points(after))
    other.people.emails.append("late@contoso.com")
    run = other.go()
    assert (run.status, run.totals.selected) == (Status.SUCCESSFUL, 30)
    early = new_story()
    early.start("a-run")
    with pytest.raises(Crash):
        early.go(Points(after - 1))
    early.people.emails.append("late@contoso.com")
    run = early.go()
    assert (run.status, run.totals.selected, run.batches) == (Status.SUCCESSFUL, 31, 4)


@pytest.mark.parametrize("kind", PASSING)
def test_every_passing_fault_at_every_call(new_story: Callable[[], Story], kind: str) -> None:
    for call in range(1, 9):
        story = new_story()
        story.service.faults = {call: kind}
        story.start("a-run")
        run = story.go()
        account_for(story, run)
        if kind == Fault.DONE_UNKNOWN:
            assert run.replayed == 0
            assert len(story.service.posts) == 3


@pytest.mark.parametrize("kind", [Fault.DONE_UNKNOWN, Fault.LOST_UNKNOWN])
def test_an_unclear_post_is_looked_up_before_it_is_sent_again(new_story: Callable[[], Story], kind: str) -> None:
    story = new_story()
    story.service.faults = {4: kind}
    story.start()
    run = story.go()
    account_for(story, run)
    lost = kind == Fault.LOST_UNKNOWN
    assert run.replayed == int(lost)
    assert "unclear" in story.events()
    assert ("replayed" in story.events()) is lost
    assert ("adopted" in story.events()) is not lost


def test_without_the_look_up_an_unclear_post_would_be_doubled(
    new_story: Callable[[], Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The protection taken out makes the check fail, so the check sees it."""
    from cctui.delivery.lane import Lane

    monkeypatch.setattr(Lane, "_find", lambda _self, _batch: None)
    story = new_story()
    story.service.faults = {4: Fault.DONE_UNKNOWN}
    story.start()
    story.go()
    assert max(story.service.arrived.values()) == 2


@pytest.mark.parametrize("seed", range(60))
def test_seeded_faults_and_crashes_together(new_story: Callable[[], Story], seed: int) -> None:
    """Whatever happens and in whatever status the run is: the sums hold and nothing arrives unseen."""
    chance = random.Random(seed)
    story = new_story()
    kinds = (*PASSING, Fault.QUOTA, Fault.SIGN_IN)
    story.service.faults = {chance.randrange(1, 40): chance.choice(kinds) for _fault in range(chance.randrange(1, 8))}
    story.service.polls = chance.randrange(3)
    story.start()
    for _go in range(60):
        try:
            run = story.go(Points(chance.choice([0, 0, chance.randrange(1, 160)])))
        except Crash:
            run = story.run
        assert run.totals.adds_up
        assert run.totals == story.run.totals
        if run.status is Status.PAUSED:
            story.clock.elapsed += 24 * 3600
        if run.status.ended:
            break
    account_for(story, run)
