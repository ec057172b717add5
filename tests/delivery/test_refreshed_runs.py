"""Refreshes carried out by a real worker, and what documented schedules promise about the runs themselves."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from delivery_stand_ins import OPS, Caller, Points, Story

from cctui.delivery import plan, refresh, runs, scheduling
from cctui.delivery.scheduling import Scheduling
from cctui.delivery.states import Status, Trigger
from cctui.delivery.worker import Worker
from cctui.errors import ExitCode
from cctui.host.clock import SystemClock
from cctui.matching.results import TooManyProfiles


class HurriedClock(SystemClock):
    """The clock of the box, for impatient people: waits are a hundredth as long, and count in full."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self._skipped += max(0.0, seconds)
        return super().wait(seconds / 100, wake)


class WholeProfiles:
    """A source that is there and does not change."""

    def segments(self) -> list[Any]:
        return []

    def version(self) -> str:
        return "1"

    def close(self) -> None:
        return None


def test_a_worker_that_leaves_when_idle_carries_a_refresh_out_first(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "open_source", lambda *_facts: WholeProfiles())
    clock = HurriedClock()
    asked = refresh.ask(story.environment, OPS, clock=clock)
    worker = Worker(
        story.environment,
        clock=clock,
        open_destination=lambda *_facts: Caller(story.service, Points()),
        limits=story.limits,
        patience=story.patience,
        duties=[Scheduling(story.environment, clock)],
    )
    assert worker.serve(until_idle=True) == ExitCode.SUCCESSFUL
    over = refresh.find(story.environment, asked.number)
    assert over is not None
    assert over.runs == [story.run.id]
    assert (story.run.status, story.run.trigger) == (Status.SUCCESSFUL, Trigger.SYSTEM_REFRESH)


def test_r14_a_run_that_would_exceed_the_targets_limits_is_skipped(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_facts: Any, **_options: Any) -> None:
        raise TooManyProfiles(1_200_000, 1_000_000)

    story.start()
    monkeypatch.setattr(plan, "match", too_many)
    run = story.go()
    assert run.status is Status.SKIPPED
    assert "1,200,000" in run.problem
    assert run.do_next
    assert story.service.posts == []
    assert runs.exit_code(run) is ExitCode.FAILED


def test_r17_every_run_sends_whole_segments_and_takes_nobody_off_the_list(story: Story) -> None:
    story.start()
    first = story.go()
    story.people.emails = story.people.emails[:10]
    story.start()
    second = story.go()
    assert (first.totals.sent, second.totals.sent) == (30, 10)
    assert second.totals.unchanged == 0, "who was sent before is sent again: the list is brought up to date"
    assert len(story.service.arrived) == 30, "who left the segment stays on the list"
