"""Single moments: both nights when the clocks change, short months, and schedules that never come due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cctui.definitions.model import ExportSchedule, RefreshSchedule
from cctui.schedule.due import MOST_COUNTED, Due, due, in_force, late, next_moment
from cctui.schedule.recurrence import moments, upcoming
from cctui.schedule.words import moment_in_words

OSLO = ZoneInfo("Europe/Oslo")


def daily(*times: str) -> ExportSchedule:
    return ExportSchedule(run="custom", repeat="daily", times=list(times))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_skipped_hour_comes_due_once_when_the_clocks_are_put_forward() -> None:
    spring = upcoming(daily("02:10", "02:50", "03:00"), OSLO, utc("2026-03-28T12:00"), 2)
    assert spring == [utc("2026-03-29T01:00"), utc("2026-03-30T00:10")]


def test_a_doubled_hour_comes_due_once_the_first_time() -> None:
    autumn = upcoming(daily("02:30"), OSLO, utc("2026-10-24T12:00"), 2)
    assert autumn == [utc("2026-10-25T00:30"), utc("2026-10-26T01:30")]


def test_inside_the_doubled_hour_nothing_comes_due_again() -> None:
    between = utc("2026-10-25T00:45")
    assert next_moment(daily("02:30"), OSLO, between) == utc("2026-10-26T01:30")


def test_a_day_that_never_was_comes_due_when_it_was_left_out() -> None:
    apia = ZoneInfo("Pacific/Apia")
    assert upcoming(daily("12:00"), apia, utc("2011-12-29T00:00"), 3) == [
        utc("2011-12-29T22:00"),
        utc("2011-12-30T10:00"),
        utc("2011-12-30T22:00"),
    ]


@pytest.mark.parametrize(
    ("year", "last"),
    [(2026, 28), (2028, 29)],
)
def test_in_short_months_the_last_day_stands_in_once(year: int, last: int) -> None:
    schedule = ExportSchedule(run="custom", repeat="monthly", days_of_month=[29, 30, 31], times=["06:00"])
    found = [
        moment.day for moment in islice(moments(schedule, ZoneInfo("UTC"), datetime(year, 1, 31, 12, tzinfo=UTC)), 4)
    ]
    assert found == ([28, 29, 30, 31] if last == 28 else [29, 29, 30, 31])


@pytest.mark.parametrize(
    "schedule",
    [
        RefreshSchedule(run=True),
        RefreshSchedule(run=True, times=["06:30"]),
        ExportSchedule(run="custom", repeat="monthly", times=["06:30"]),
        ExportSchedule(run="custom", repeat="cron"),
        ExportSchedule(run="custom", repeat="cron", cron="every day"),
        ExportSchedule(run="custom", repeat="cron", cron="0 0 31 2 *"),
        ExportSchedule(run="custom", times=["06:30"]),
    ],
)
def test_incomplete_and_impossible_schedules_never_come_due(schedule: RefreshSchedule | ExportSchedule) -> None:
    assert upcoming(schedule, OSLO, utc("2026-11-23T05:00")) == []


def test_many_missed_moments_are_one_due_run() -> None:
    schedule = daily("06:30", "18:00")
    assert due(schedule, OSLO, utc("2026-11-20T12:00"), utc("2026-11-23T05:00")) == Due(utc("2026-11-20T17:00"), 5)
    assert due(schedule, OSLO, utc("2026-11-23T05:30"), utc("2026-11-23T16:59")) is None
    assert due(schedule, OSLO, utc("2026-11-23T05:29"), utc("2026-11-23T05:30")) == Due(utc("2026-11-23T05:30"), 1)


def test_a_schedule_of_every_minute_is_not_counted_for_a_whole_year() -> None:
    minutely = ExportSchedule(run="custom", repeat="cron", cron="* * * * *")
    missed = due(minutely, OSLO, utc("2025-11-23T05:00"), utc("2026-11-23T05:00"))
    assert missed == Due(utc("2025-11-23T05:01"), MOST_COUNTED)


def test_two_minutes_are_late() -> None:
    moment = utc("2026-11-23T05:30")
    assert not late(moment, moment + timedelta(seconds=119))
    assert late(moment, moment + timedelta(seconds=121))
    assert not late(None, moment)


def test_an_export_follows_its_own_schedule_the_system_refresh_or_none() -> None:
    refresh = RefreshSchedule(run=True, repeat="daily", times=["06:30"])
    own = daily("07:00")
    assert in_force(own, refresh) is own
    assert in_force(ExportSchedule(), refresh) is refresh
    assert in_force(ExportSchedule(), RefreshSchedule()) is None
    assert in_force(ExportSchedule(run="off"), refresh) is None


def test_moments_to_come_are_told_as_people_say_them() -> None:
    now = utc("2026-12-29T05:00")
    told = [moment_in_words(moment, OSLO, now) for moment in upcoming(daily("06:30"), OSLO, now, 5)]
    assert told[:2] == ["today 06:30", "tomorrow 06:30"]
    assert told[2].replace("\u202f", " ") == "Thu, Dec 31 06:30"
    assert "2027" in told[3]


@settings(deadline=None)
@given(
    st.integers(0, 3650 * 86_400),
    st.sampled_from(["Europe/Oslo", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham"]),
    st.lists(st.times().map(lambda one: f"{one:%H:%M}"), min_size=1, max_size=4, unique=True),
)
def test_moments_ascend_and_going_on_from_one_gives_the_next(seconds: int, zone: str, times: list[str]) -> None:
    there = ZoneInfo(zone)
    start = utc("2020-01-01T00:00") + timedelta(seconds=seconds)
    found = upcoming(daily(*times), there, start, 8)
    assert len(found) == 8
    assert all(earlier < later for earlier, later in zip([start, *found], found, strict=False))
    assert [next_moment(daily(*times), there, moment) for moment in found[:-1]] == found[1:]
