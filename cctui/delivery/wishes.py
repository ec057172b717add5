"""What an operator's wish does to a run: pure decisions; the ledger makes them in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from cctui.delivery.states import Batch, BatchState, PauseReason, Run, Status, Wish
from cctui.errors import UsageError
from cctui.locales import _

_OPEN = {BatchState.SENDING, BatchState.SENT}


def answer(run: Run, batches: Sequence[Batch], wish: Wish, now: datetime) -> tuple[Run, list[Batch]]:
    """``run`` and the batches that change when an operator wishes; ``Wish.NONE`` is: go on.

    A run that a worker holds keeps the wish for it. One that nobody holds is changed at once, unless bodies are on
    their way: then it goes back to the queue, so that a worker watches them to their end. Raises :class:`UsageError`
    where the run is over.
    """
    if run.status.ended:
        raise UsageError(_("Run {run} is over.").format(run=run.id))
    if run.wish is Wish.CANCEL:
        return run, []  # canceling is final: nobody else has to send what somebody stopped
    match wish:
        case Wish.CANCEL:
            return _cancel(run, batches, now)
        case Wish.PAUSE:
            return _pause(run), []
        case Wish.NONE:
            return _go_on(run), []


def not_sent(batches: Sequence[Batch]) -> list[Batch]:
    """The batches that are still planned, as not sent."""
    return [structs.replace(batch, state=BatchState.NOT_SENT) for batch in batches if batch.state is BatchState.PLANNED]


def _cancel(run: Run, batches: Sequence[Batch], now: datetime) -> tuple[Run, list[Batch]]:
    if run.status is Status.REFRESHING:
        return structs.replace(run, wish=Wish.CANCEL), []
    free = structs.replace(run, pause_reason=None, resume_at=None)
    if any(batch.state in _OPEN for batch in batches):
        return structs.replace(free, wish=Wish.CANCEL, status=Status.QUEUED), []
    return structs.replace(free, wish=Wish.NONE, status=Status.CANCELED, ended_at=now), not_sent(batches)


def _pause(run: Run) -> Run:
    if run.status is Status.REFRESHING:
        return structs.replace(run, wish=Wish.PAUSE)
    return structs.replace(run, status=Status.PAUSED, wish=Wish.NONE, pause_reason=PauseReason.OPERATOR, resume_at=None)


def _go_on(run: Run) -> Run:
    if run.status is Status.PAUSED:
        return structs.replace(run, status=Status.QUEUED, wish=Wish.NONE, pause_reason=None, resume_at=None)
    return structs.replace(run, wish=Wish.NONE)
