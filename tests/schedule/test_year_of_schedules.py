"""A year of every recurrence in three time zones, against a clock on the wall that is read minute by minute.

The independent computation knows nothing of transitions: it walks through UTC, looks at what the clock shows, and
fires when a time is shown for the first time or was jumped over.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from cctui.definitions.model import ExportSchedule, RefreshSchedule
from cctui.schedule.recurrence import Schedule, moments

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Oslo", "America/New_York", "Australia/Lord_Howe")
"""Two with an hour of summer time at other moments, and one in the south with half an hour."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NIGHT = ["01:15", "01:45", "02:00", "02:15", "02:45", "03:00", "06:30"]
"""Times around every transition of the three zones, and a plain one."""

Times = set[tuple[int, int]]
OnDay = Callable[[date], bool]


@cache
def shown(zone: str) -> dict[tuple[int, int], list[tuple[datetime, date]]]:
    """For each time of day the moments of the year at which the clock comes to it: first shown, or jumped over."""
    there = ZoneInfo(zone)
    found: dict[tuple[int, int], list[tuple[datetime, date]]] = defaultdict(list)
    before = FIRST.astimezone(there).replace(tzinfo=None, fold=0)
    furthest = before
    for minute in range(1, int((LAST - FIRST).total_seconds()) // 60 + 1):
        moment = FIRST + timedelta(minutes=minute)
        wall = moment.astimezone(there).replace(tzinfo=None, fold=0)
        while furthest < wall:
            furthest += timedelta(minutes=1)
            found[furthest.hour, furthest.minute].append((moment, furthest.date()))
    return found


def walked(zone: str, times: Times, on_day: OnDay) -> list[datetime]:
    """When a schedule comes due, found by walking."""
    return sorted({moment for clock in times for moment, day in shown(zone)[clock] if on_day(day)})


def at(*times: str) -> Times:
    return {(int(text[:2]), int(text[3:])) for text in times}


def any_day(_day: date) -> bool:
    return True


def on(*days: str) -> OnDay:
    return lambda day: DAYS[day.weekday()] in days


def of_month(*days: int) -> OnDay:
    def is_day(day: date) -> bool:
        last = monthrange(day.year, day.month)[1]
        return day.day in days or (day.day == last and any(wanted > last for wanted in days))

    return is_day


CASES: dict[str, tuple[Schedule, Times, OnDay]] = {
    "system refresh, daily, four times": (
        RefreshSchedule(run=True, repeat="daily", times=["00:00", "02:30", "12:00", "23:59"]),
        at("00:00", "02:30", "12:00", "23:59"),
        any_day,
    ),
    "system refresh, weekly": (
        RefreshSchedule(run=True, days=["sun", "wed"], times=["02:15", "06:30"]),
        at("02:15", "06:30"),
        on("sun", "wed"),
    ),
    "every day at night": (ExportSchedule(run="custom", repeat="daily", times=NIGHT), at(*NIGHT), any_day),
    "every week": (
        ExportSchedule(run="custom", repeat="weekly", days=["sun", "mon"], times=NIGHT),
        at(*NIGHT),
        on("sun", "mon"),
    ),
    "every month": (
        ExportSchedule(run="custom", repeat="monthly", days_of_month=[1, 10, 29], times=["02:30", "06:30"]),
        at("02:30", "06:30"),
        of_month(1, 10, 29),
    ),
    "every month on its last days": (
        ExportSchedule(run="custom", repeat="monthly", days_of_month=[30, 31], times=["06:30"]),
        at("06:30"),
        of_month(30, 31),
    ),
    "cron on weekdays": (
        ExportSchedule(run="custom", repeat="cron", cron="30 2,6 * * 1-5"),
        at("02:30", "06:30"),
        on(*DAYS[:5]),
    ),
    "cron on Sunday nights": (
        ExportSchedule(run="custom", repeat="cron", cron="*/15 1-3 * * sun"),
        {(hour, minute) for hour in (1, 2, 3) for minute in (0, 15, 30, 45)},
        on("sun"),
    ),
    "cron every third hour": (
        ExportSchedule(run="custom", repeat="cron", cron="5 */3 * * *"),
        {(hour, 5) for hour in range(0, 24, 3)},
        any_day,
    ),
    "cron on a day of the month or of the week": (
        ExportSchedule(run="custom", repeat="cron", cron="0 6 1,15 * fri"),
        at("06:00"),
        lambda day: day.day in {1, 15} or day.weekday() == 4,
    ),
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("case", CASES)
def test_a_year_comes_due_exactly_when_a_calendar_says(case: str, zone: str) -> None:
    schedule, times, on_day = CASES[case]
    found = []
    for moment in moments(schedule, ZoneInfo(zone), FIRST):
        if moment > LAST:
            break
        found.append(moment)
    assert found == walked(zone, times, on_day)
    assert len(found) > 11, "the year is not empty"


@pytest.mark.parametrize(
    ("zone", "skipped", "goes_on"),
    [("Europe/Oslo", 60, "03:00"), ("America/New_York", 60, "03:00"), ("Australia/Lord_Howe", 30, "02:30")],
)
def test_the_year_holds_a_gap_that_is_jumped_over_at_once(zone: str, skipped: int, goes_on: str) -> None:
    jumps = Counter(moment for entries in shown(zone).values() for moment, _day in entries)
    ((moment, minutes),) = [(moment, count) for moment, count in jumps.items() if count > 1]
    assert minutes == skipped + 1
    assert f"{moment.astimezone(ZoneInfo(zone)):%H:%M}" == goes_on
