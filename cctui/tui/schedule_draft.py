"""A schedule as it is being entered, what is wrong with it, and the schedule that it makes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from msgspec import Struct

from cctui.definitions.model import WEEKDAYS, ExportSchedule, RefreshSchedule, Weekday
from cctui.locales import N_, _, number
from cctui.schedule.recurrence import Schedule, upcoming
from cctui.schedule.words import moment_in_words

MOST_TIMES = 4
"""Times a day of the system refresh (checklist R15)."""

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_BETWEEN = re.compile(r"[\s,;]+")


class Recurrence(StrEnum):
    """How a schedule repeats, in the order it is offered (R3, R4)."""

    SYSTEM_REFRESH = "system-refresh"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    CRON = "cron"


RECURRENCE_TITLES = {
    Recurrence.SYSTEM_REFRESH: N_("System refresh"),
    Recurrence.DAILY: N_("Every day"),
    Recurrence.WEEKLY: N_("Every week"),
    Recurrence.MONTHLY: N_("Every month"),
    Recurrence.CRON: N_("Cron expression, for experts"),
}
REFRESH_TITLES = {Recurrence.WEEKLY: N_("Weekly"), Recurrence.DAILY: N_("Daily")}
"""What the system refresh offers, the default first (R15)."""


class ScheduleDraft(Struct, frozen=True):
    """What stands in the fields. ``times`` and ``month_days`` are text as it was typed."""

    on: bool = True
    recurrence: Recurrence = Recurrence.SYSTEM_REFRESH
    days: tuple[Weekday, ...] = ()
    month_days: str = ""
    times: str = ""
    cron: str = ""

    def problem(self, most_times: int | None = None) -> tuple[str, str]:
        """The field that keeps the schedule from being saved, and why; two empty texts where nothing does."""
        if not self.on:
            return "", ""
        match self.recurrence:
            case Recurrence.SYSTEM_REFRESH:
                return "", ""
            case Recurrence.CRON:
                return ("", "") if self._fires() else ("cron", _("This is not a cron expression that comes due."))
            case Recurrence.WEEKLY if not self.days:
                return "days", _("Choose at least one day.")
            case Recurrence.MONTHLY if not _numbers(self.month_days):
                return "month-days", _("Say the days of the month as numbers, such as 1, 15.")
        times = _times(self.times)
        if not times:
            return "times", _("Say a time with 24 hours, such as 06:30.")
        if most_times is not None and len(times) > most_times:
            return "times", _("At most {count} times a day.").format(count=number(most_times))
        return "", ""

    def of_export(self) -> ExportSchedule:
        """The schedule of an export; what does not belong to the recurrence is left away."""
        if self.recurrence is Recurrence.SYSTEM_REFRESH:
            return ExportSchedule(run="system-refresh" if self.on else "off")
        run, repeat = "custom" if self.on else "off", self.recurrence
        if repeat is Recurrence.CRON:
            return ExportSchedule(run=run, repeat="cron", cron=self.cron.strip())  # type: ignore[arg-type]
        return ExportSchedule(
            run=run,  # type: ignore[arg-type]
            repeat=repeat.value,  # type: ignore[arg-type]
            days=list(self.days) if repeat is Recurrence.WEEKLY else [],
            days_of_month=_numbers(self.month_days) if repeat is Recurrence.MONTHLY else [],
            times=_times(self.times),
        )

    def of_refresh(self) -> RefreshSchedule:
        """The schedule of the system refresh."""
        weekly = self.recurrence is Recurrence.WEEKLY
        return RefreshSchedule(
            run=self.on,
            repeat="weekly" if weekly else "daily",
            days=list(self.days) if weekly else [],
            times=_times(self.times),
        )

    def _fires(self) -> bool:
        return len(self.cron.split()) == 5 and bool(
            upcoming(ExportSchedule(repeat="cron", cron=self.cron), UTC, datetime(2000, 1, 1, tzinfo=UTC), 1)
        )


def draft_of_export(schedule: ExportSchedule) -> ScheduleDraft:
    """The fields for an export's schedule; one that is off keeps what it had."""
    return ScheduleDraft(
        on=schedule.run != "off",
        recurrence=Recurrence(schedule.repeat)
        if schedule.repeat and schedule.run != "system-refresh"
        else Recurrence.SYSTEM_REFRESH,
        days=tuple(day for day in WEEKDAYS if day in schedule.days),
        month_days=", ".join(str(day) for day in schedule.days_of_month),
        times=", ".join(schedule.times),
        cron=schedule.cron or "",
    )


def draft_of_refresh(schedule: RefreshSchedule) -> ScheduleDraft:
    """The fields for the system refresh."""
    return ScheduleDraft(
        on=schedule.run,
        recurrence=Recurrence(schedule.repeat),
        days=tuple(day for day in WEEKDAYS if day in schedule.days),
        times=", ".join(schedule.times),
    )


def next_runs(schedule: Schedule | None, zone: tzinfo, now: datetime, count: int = 5) -> list[str]:
    """The next runs in words; none for a schedule that is not there."""
    moments = [] if schedule is None else upcoming(schedule, zone, now, count)
    return [moment_in_words(moment, zone, now) for moment in moments]


def _times(text: str) -> list[str]:
    """The times of a text, in order; none where a word of it is no time."""
    words = [word for word in _BETWEEN.split(text) if word]
    found = [_TIME.fullmatch(word) for word in words]
    if not all(found):
        return []
    return sorted({f"{int(match[1]):02}:{match[2]}" for match in found if match})


def _numbers(text: str) -> list[int]:
    words: Sequence[str] = [word for word in _BETWEEN.split(text) if word]
    if not all(word.isascii() and word.isdigit() and 1 <= int(word) <= 31 for word in words):
        return []
    return sorted({int(word) for word in words})
