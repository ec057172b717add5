"""Whether a schedule has come due, and how late that is noticed."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from itertools import islice, takewhile

from msgspec import Struct

from cctui.definitions.model import ExportSchedule, RefreshSchedule
from cctui.schedule.recurrence import Schedule, moments

LATE_AFTER = timedelta(minutes=2)
"""A run that begins later than this after its moment ran late, and says so."""
MOST_COUNTED = 1000
"""Missed moments are counted up to here: a schedule of every minute and a box that was off for a year."""
WRONG_CLOCK = timedelta(days=2)
"""A clock that goes back by more was wrong before: its schedules begin anew. Smaller steps repeat nothing."""


class Due(Struct, frozen=True):
    """A schedule that has come due: since when, and how often by now (at most :data:`MOST_COUNTED`)."""

    since: datetime
    times: int


def due(schedule: Schedule, zone: tzinfo, dealt_with: datetime, now: datetime) -> Due | None:
    """What of ``schedule`` came due after ``dealt_with`` and not after ``now``; many missed moments are one due run."""
    missed = list(islice(takewhile(lambda moment: moment <= now, moments(schedule, zone, dealt_with)), MOST_COUNTED))
    return Due(missed[0], len(missed)) if missed else None


def next_moment(schedule: Schedule, zone: tzinfo, after: datetime) -> datetime | None:
    """The first moment (UTC) later than ``after``, or ``None``."""
    return next(moments(schedule, zone, after), None)


def late(due_at: datetime | None, began: datetime) -> bool:
    """Whether what was due at ``due_at`` (``None``: at no moment) began late."""
    return due_at is not None and began - due_at > LATE_AFTER


def in_force(schedule: ExportSchedule, refresh: RefreshSchedule) -> Schedule | None:
    """The schedule that an export follows by itself: its own, the system refresh, or none."""
    if schedule.run == "custom":
        return schedule
    if schedule.run == "system-refresh" and refresh.run:
        return refresh
    return None
