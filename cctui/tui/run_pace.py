"""How fast a run goes and how long it will take, from what its batches really did.

Where the facts do not tell, nothing is told: no rate from one request, no time left while nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from cctui.delivery.states import Batch, BatchState, Run, Stage, Status

_LATEST = 12
_BREAK = 60.0
"""Seconds without a batch after which what came before says nothing about what comes next."""

SETTLED = frozenset({BatchState.COMPLETED, BatchState.FAILED})
ON_THE_WIRE = SETTLED | {BatchState.SENT}


class Pace(Struct, frozen=True):
    """Batches and contacts per second."""

    batches: float
    contacts: float


def sending_pace(batches: Iterable[Batch], now: datetime) -> Pace | None:
    """How fast request bodies are accepted now; ``None`` where it cannot be known."""
    return _pace([(batch.sent_at, batch.contacts) for batch in batches if batch.sent_at is not None], now)


def settling_pace(batches: Iterable[Batch], now: datetime) -> Pace | None:
    """How fast the service works them off now; ``None`` where it cannot be known."""
    return _pace([(batch.settled_at, batch.contacts) for batch in batches if batch.settled_at is not None], now)


def settled_contacts(batches: Iterable[Batch]) -> int:
    """Contacts in batches whose activity has ended."""
    return sum(batch.contacts for batch in batches if batch.state in SETTLED)


def seconds_left(run: Run, batches: Sequence[Batch], now: datetime, requests_today: int | None = None) -> float | None:
    """How long the run still takes at its present pace.

    ``requests_today`` is what the key's quota still has; where it does not suffice for the rest, or no pace is known,
    the answer is ``None``.
    """
    if run.status is not Status.REFRESHING or run.stage not in {Stage.SEND, Stage.SETTLE} or run.wish:
        return None
    unsent = [batch for batch in batches if batch.state in {BatchState.PLANNED, BatchState.SENDING}]
    if requests_today is not None and len(unsent) > requests_today:
        return None
    parts: list[float] = []
    to_send = sum(batch.contacts for batch in unsent)
    if to_send:
        sending = sending_pace(batches, now)
        if sending is None:
            return None
        parts.append(to_send / sending.contacts)
    to_settle = run.totals.sent - settled_contacts(batches)
    if to_settle > 0:
        settling = settling_pace(batches, now)
        if settling is None:
            return None
        parts.append(to_settle / settling.contacts)
    return max(parts) if parts else None


def coarse(seconds: float) -> float:
    """A time left in steps that do not pretend to be exact: 5 s within a minute, 15 s within five, then minutes."""
    step = 5 if seconds < 60 else 15 if seconds < 300 else 60
    return max(step, round(seconds / step) * step)


def _pace(moments: list[tuple[datetime, int]], now: datetime) -> Pace | None:
    moments.sort(key=lambda moment: moment[0])
    stretch = moments[-1:]
    for moment in reversed(moments[:-1]):
        if len(stretch) == _LATEST or (stretch[0][0] - moment[0]).total_seconds() > _BREAK:
            break
        stretch.insert(0, moment)
    if len(stretch) < 2:
        return None
    length = (stretch[-1][0] - stretch[0][0]).total_seconds()
    if length <= 0:
        return None
    gap = length / (len(stretch) - 1)
    if (now - stretch[-1][0]).total_seconds() > max(5.0, 4 * gap):
        return None
    return Pace(batches=1 / gap, contacts=sum(contacts for _, contacts in stretch[1:]) / length)
