"""What is kept of schedules and refreshes, so that nothing that came due is lost and nothing fires twice.

What a refresh found out about segments is kept beside it.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from cctui.definitions.model import ExportId
from cctui.delivery.states import RunId, Status, Trigger

SYSTEM_REFRESH = "system-refresh"
"""The schedule of the system refresh, as marks name it."""
_EXPORT = "export:"


class Mark(Struct, frozen=True):
    """How far a schedule has been dealt with: everything that came due up to ``dealt_with`` (UTC) has been fired.

    ``rule`` is the schedule with its time zone, as JSON: another rule is another schedule.
    """

    schedule: str
    rule: str
    dealt_with: datetime


class Refresh(Struct, frozen=True):
    """A refresh of some exports: asked for, then, as soon as profiles are there and segments counted, turned into runs.

    ``due_at`` is the moment it was due at by a schedule, the first of ``missed`` ones; ``exports`` are those that shall
    run. While ``waiting`` the profiles are looked at, then segments are counted; ``problem`` says what is waited for,
    or what was given up for. ``runs`` are those that came of it, skipped ones among them.
    """

    number: int
    trigger: Trigger
    asked_by: str
    asked_at: datetime
    exports: list[ExportId]
    due_at: datetime | None = None
    missed: int = 0
    waiting: bool = True
    problem: str = ""
    ended_at: datetime | None = None
    runs: list[RunId] = []


class SegmentCount(Struct, frozen=True):
    """A segment as the last refresh found it, or is finding it: a task of that refresh, by its number.

    ``version`` is that of the profiles that were counted. ``counted_at`` is when that was over.
    """

    segment: str
    refresh: int
    status: Status
    version: str
    members: int | None = None
    counted_at: datetime | None = None
    problem: str = ""
    do_next: str = ""


def schedule_of(export: str) -> str:
    """What marks call the schedule of an export of its own."""
    return f"{_EXPORT}{export}"


def export_of(schedule: str) -> ExportId | None:
    """The export whose own schedule this is, ``None`` for the system refresh."""
    return ExportId(schedule.removeprefix(_EXPORT)) if schedule.startswith(_EXPORT) else None
