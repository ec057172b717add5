"""When a schedule comes due: moments in UTC from days and times of day in a time zone.

A schedule speaks of the clock on the wall. Each time of day that it names comes due once on its day, whatever the clock
does: a time that is skipped when summer time begins comes due at the moment the clocks are put forward, together with
others of the same gap; a time that occurs twice when summer time ends counts the first time. Where a month is too short
for a day of the month, its last day stands in. Cron expressions are read by cronsim, under the same two rules.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice

from cctui.definitions.model import WEEKDAYS, ExportSchedule, RefreshSchedule

Schedule = RefreshSchedule | ExportSchedule

_WIDEST_GAP = timedelta(days=2)
"""More than any zone ever put its clocks forward at once (Samoa left out a whole day)."""


def moments(schedule: Schedule, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """Every moment (UTC) later than the aware ``after`` at which ``schedule`` comes due in ``zone``, in their order.

    A schedule that is incomplete, or can never come due, has none. Whether it is switched on is not looked at.
    """
    last = after.astimezone(UTC)
    for wall in _wall_times(schedule, after.astimezone(zone).replace(tzinfo=None) - _WIDEST_GAP):
        try:
            moment = _moment(wall, zone)
        except OverflowError:
            return
        if moment > last:
            last = moment
            yield moment


def upcoming(schedule: Schedule, zone: tzinfo, now: datetime, count: int = 5) -> list[datetime]:
    """The next ``count`` moments (UTC) after ``now``; fewer where the schedule has no more."""
    return list(islice(moments(schedule, zone, now), count))


def _wall_times(schedule: Schedule, begin: datetime) -> Iterator[datetime]:
    """What the clock on the wall shows when the schedule comes due, from about ``begin`` on, ascending."""
    if schedule.repeat == "cron":
        yield from _cron_times(schedule.cron or "", begin)
        return
    times = sorted(time.fromisoformat(text) for text in set(schedule.times))
    if not times or not _has_days(schedule):
        return
    day = begin.date()
    while day < date.max:
        if _is_day(schedule, day):
            for clock in times:
                yield datetime.combine(day, clock)
        day += timedelta(days=1)


def _cron_times(expression: str, begin: datetime) -> Iterator[datetime]:
    from cronsim import CronSim, CronSimError

    try:
        yield from CronSim(expression, begin)
    except CronSimError:
        return


def _has_days(schedule: Schedule) -> bool:
    match schedule.repeat:
        case "daily":
            return True
        case "weekly":
            return bool(schedule.days)
        case "monthly":
            return bool(schedule.days_of_month)
    return False


def _is_day(schedule: Schedule, day: date) -> bool:
    if schedule.repeat == "weekly":
        return WEEKDAYS[day.weekday()] in schedule.days
    if isinstance(schedule, ExportSchedule) and schedule.repeat == "monthly":
        length = monthrange(day.year, day.month)[1]
        return any(min(wanted, length) == day.day for wanted in schedule.days_of_month)
    return True


def _moment(wall: datetime, zone: tzinfo) -> datetime:
    """The moment at which the clocks of ``zone`` first show ``wall``, or jump over it."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return moment
    # PEP 495: in a gap, fold=0 counts with the offset before it and lands after the jump, fold=1 the other way round.
    return _jump(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment, zone)


def _jump(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The moment between the two at which the clocks of ``zone`` are put forward, to the second."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
