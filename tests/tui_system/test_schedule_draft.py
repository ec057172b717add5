"""What is typed about a schedule becomes the schedule, or says what is wrong."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from system_stories import DAILY, NOW

from cctui.definitions.model import WEEKDAYS, ExportSchedule, RefreshSchedule
from cctui.tui.schedule_draft import (
    MOST_TIMES,
    Recurrence,
    ScheduleDraft,
    draft_of_export,
    draft_of_refresh,
    next_runs,
)

DAYS = st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(
    lambda days: [day for day in WEEKDAYS if day in days]
)
TIMES = st.lists(st.times().map(lambda time: f"{time:%H:%M}"), min_size=1, max_size=4, unique=True).map(sorted)


@settings(deadline=None)
@given(
    st.one_of(
        st.builds(ExportSchedule, run=st.sampled_from(["system-refresh", "off"])),
        st.builds(ExportSchedule, run=st.sampled_from(["custom", "off"]), repeat=st.just("daily"), times=TIMES),
        st.builds(
            ExportSchedule, run=st.sampled_from(["custom", "off"]), repeat=st.just("weekly"), days=DAYS, times=TIMES
        ),
        st.builds(
            ExportSchedule,
            run=st.just("custom"),
            repeat=st.just("monthly"),
            days_of_month=st.lists(st.integers(1, 31), min_size=1, unique=True).map(sorted),
            times=TIMES,
        ),
        st.just(ExportSchedule(run="custom", repeat="cron", cron="30 6 * * 1-5")),
    )
)
def test_opening_and_saving_an_export_changes_nothing(schedule: ExportSchedule) -> None:
    draft = draft_of_export(schedule)
    assert draft.problem() == ("", "")
    assert draft.of_export() == schedule


@settings(deadline=None)
@given(st.builds(RefreshSchedule, run=st.booleans(), repeat=st.just("weekly"), days=DAYS, times=TIMES))
def test_opening_and_saving_the_system_refresh_changes_nothing(schedule: RefreshSchedule) -> None:
    draft = draft_of_refresh(schedule)
    assert draft.problem(MOST_TIMES) == ("", "")
    assert draft.of_refresh() == schedule


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (ScheduleDraft(recurrence=Recurrence.DAILY), "times"),
        (ScheduleDraft(recurrence=Recurrence.DAILY, times="25:00"), "times"),
        (ScheduleDraft(recurrence=Recurrence.DAILY, times="06:30, soon"), "times"),
        (ScheduleDraft(recurrence=Recurrence.WEEKLY, times="06:30"), "days"),
        (ScheduleDraft(recurrence=Recurrence.MONTHLY, times="06:30"), "month-days"),
        (ScheduleDraft(recurrence=Recurrence.MONTHLY, month_days="32", times="06:30"), "month-days"),
        (ScheduleDraft(recurrence=Recurrence.MONTHLY, month_days="¹", times="06:30"), "month-days"),
        (ScheduleDraft(recurrence=Recurrence.CRON, cron="every day"), "cron"),
        (ScheduleDraft(recurrence=Recurrence.CRON, cron="0 0 31 2 *"), "cron"),
        (ScheduleDraft(recurrence=Recurrence.CRON, cron="* * * * * *"), "cron"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_only_while_it_is_on(draft: ScheduleDraft, field: str) -> None:
    assert draft.problem()[0] == field
    assert draft.problem()[1].endswith(".")
    off = ScheduleDraft(on=False, recurrence=draft.recurrence, times=draft.times)
    assert off.problem() == ("", "")


def test_r15_at_most_four_times_a_day() -> None:
    draft = ScheduleDraft(recurrence=Recurrence.DAILY, times="1:00 2:00 3:00 4:00 5:00")
    assert draft.problem() == ("", "")
    assert draft.problem(MOST_TIMES)[0] == "times"


def test_times_and_days_are_brought_in_order() -> None:
    draft = ScheduleDraft(recurrence=Recurrence.MONTHLY, month_days="15 1;1", times="18:00,6:30")
    assert draft.of_export().times == ["06:30", "18:00"]
    assert draft.of_export().days_of_month == [1, 15]


def test_the_next_five_runs_are_in_words() -> None:
    runs = next_runs(DAILY, ZoneInfo("Europe/Oslo"), NOW)
    assert runs[0] == "tomorrow 06:30"
    assert len(runs) == 5
    assert next_runs(None, ZoneInfo("Europe/Oslo"), NOW) == []
