"""A run in the hands of its worker: what the ledger holds of it, what is told to its log, what is asked of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cctui.delivery.events import Event, Level, Problem, StageEnded, StageStarted
from cctui.delivery.ledger import Ledger
from cctui.delivery.spool import Spool
from cctui.delivery.states import Batch, BatchState, PauseReason, Run, RunId, Stage, Status, Totals, Wish
from cctui.errors import CctuiError
from cctui.host.clock import Clock

_LOOK_EVERY = 0.5
"""Seconds between two looks for a wish while something else is waited for."""


class Stopped(Exception):
    """The worker was asked to leave: the run stays as it is, for the next worker."""


class Ending(Exception):
    """The run is over with ``status``; raised, or kept until what was sent has been watched to its end."""

    def __init__(self, status: Status, problem: str = "", do_next: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.problem = problem
        self.do_next = do_next

    @classmethod
    def failed(cls, error: CctuiError) -> Ending:
        """The end that an error makes, in its own words."""
        return cls(Status.FAILED, error.happened, error.do)


class Pause(Exception):
    """The run waits, for ``reason``, until ``resume_at`` or until somebody resumes it."""

    def __init__(
        self, reason: PauseReason, resume_at: datetime | None = None, problem: str = "", do_next: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.resume_at = resume_at
        self.problem = problem
        self.do_next = do_next


class Journal:
    """The run's row and batches as they are in the ledger, its log, its clock, and the wishes for it."""

    def __init__(self, ledger: Ledger, spool: Spool, clock: Clock, stop: threading.Event, run_id: RunId) -> None:
        self.ledger = ledger
        self.spool = spool
        self.clock = clock
        self.stop = stop
        self.run: Run = ledger.claim(run_id)
        self.batches: dict[int, Batch] = {batch.number: batch for batch in ledger.batches(run_id)}
        self.calls: Callable[[], int] = lambda: 0
        self._calls_before = self.run.requests
        self._stage_began = clock.monotonic()
        self._change = -1
        self._wish = self.run.wish

    def record(self, what: str, *batches: Batch, replayed: int = 0, calls_ahead: int = 0, **changes: Any) -> None:
        """Make a step durable: batches and fields of the run, with the calls made so far, in one commit.

        ``calls_ahead`` counts calls that are about to be made, so that a crash in the middle of one does not lose it.
        """
        requests = self._calls_before + self.calls() + calls_ahead
        self.run = self.ledger.record(
            what, self.run.id, batches=batches, replayed=replayed, requests=requests, **changes
        )
        self.batches.update((batch.number, batch) for batch in batches)

    def planned(self, totals: Totals, batches: Sequence[Batch], **changes: Any) -> None:
        """Make the plan durable, in one commit."""
        self.run = self.ledger.plan(
            self.run.id, totals, batches=batches, requests=self._calls_before + self.calls(), **changes
        )
        self.batches = {batch.number: batch for batch in batches}

    def pause(self, **changes: Any) -> None:
        """Let go of the run until it is resumed."""
        self.run = self.ledger.pause(self.run.id, requests=self._calls_before + self.calls(), **changes)

    def in_state(self, *states: BatchState) -> list[Batch]:
        """The batches in one of ``states``, in the order they are sent."""
        return [batch for _number, batch in sorted(self.batches.items()) if batch.state in states]

    def tell(self, kind: Callable[..., Event], **facts: Any) -> None:
        """Add an event to the log."""
        self.spool.log.write(kind(at=self.clock.now(), **facts))

    def tell_problem(self, error: CctuiError, batch: int | None = None, level: Level = Level.ERROR) -> None:
        """Add an error to the log, in its own words."""
        self.tell(Problem, level=level, what=error.happened, do=error.do, batch=batch)

    def enter(self, stage: Stage) -> None:
        """Begin a stage."""
        self._stage_began = self.clock.monotonic()
        if self.run.stage is not stage:
            self.record("stage", stage=stage)
        self.tell(StageStarted, stage=stage)

    def stage_seconds(self) -> dict[str, float]:
        """The seconds of each stage, the present one among them; what an earlier worker spent is kept."""
        seconds = self.clock.monotonic() - self._stage_began
        known = self.run.stage_seconds
        return {**known, self.run.stage: round(known.get(self.run.stage, 0.0) + seconds, 3)}

    def leave(self, count: int) -> None:
        """End the present stage, which has dealt with ``count``."""
        seconds = self.clock.monotonic() - self._stage_began
        self.record("stage-end", stage_seconds=self.stage_seconds())
        self._stage_began = self.clock.monotonic()
        self.tell(StageEnded, stage=self.run.stage, seconds=round(seconds, 3), count=count)

    def wish(self) -> Wish:
        """What an operator wishes of the run now; asks the ledger only after something changed in it."""
        change = self.ledger.change()
        if change != self._change:
            self._change = change
            self._wish = self.ledger.run(self.run.id).wish
        return self._wish

    def disturbed(self) -> bool:
        """Whether the worker shall leave or an operator wishes something: long work stops for that."""
        return self.stop.is_set() or self.wish() is not Wish.NONE

    def wait(self, seconds: float) -> None:
        """Wait, but not beyond a new wish. Raises :class:`Stopped`."""
        wish = self.wish()
        until = self.clock.monotonic() + seconds
        while (left := until - self.clock.monotonic()) > 0:
            self.clock.wait(min(left, _LOOK_EVERY), self.stop)
            self.require_worker()
            if self.wish() is not wish:
                return

    def require_worker(self) -> None:
        """Raises :class:`Stopped` where the worker was asked to leave."""
        if self.stop.is_set():
            raise Stopped
