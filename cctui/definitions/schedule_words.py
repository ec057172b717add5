"""A schedule in words, as lists show it: the shortest sentence that says when."""

from __future__ import annotations

from cctui.definitions.model import ExportSchedule
from cctui.locales import _, listed, number, weekday


def schedule_in_words(schedule: ExportSchedule) -> str:
    """When an export runs by itself: ``Off``, ``System refresh``, ``Mon, Thu 06:30``."""
    if schedule.run == "off":
        return _("Off")
    if schedule.run == "system-refresh":
        return _("System refresh")
    if schedule.repeat == "cron" or schedule.cron:
        return schedule.cron or _("Custom")
    times = listed(schedule.times)
    if schedule.repeat == "weekly" and schedule.days:
        days = listed([weekday(day) for day in schedule.days])
        return f"{days} {times}".strip()
    if schedule.repeat == "monthly" and schedule.days_of_month:
        days = listed([number(day) for day in schedule.days_of_month])
        return _("On day {days} {times}").format(days=days, times=times).strip()
    if schedule.repeat == "daily":
        return _("Every day {times}").format(times=times).strip()
    return times or _("Custom")
