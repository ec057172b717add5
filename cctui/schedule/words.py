"""Moments to come, in words."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from cctui.definitions.model import WEEKDAYS
from cctui.locales import _, date_time, day_and_time, weekday


def moment_in_words(moment: datetime, zone: tzinfo, now: datetime) -> str:
    """``moment`` as people say it at ``now``: today 06:30, tomorrow 06:30, Thu, Nov 26 06:30; the year if another."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return _("today {time}").format(time=f"{local:%H:%M}")
    if local.date() == today + timedelta(days=1):
        return _("tomorrow {time}").format(time=f"{local:%H:%M}")
    told = day_and_time(moment, zone) if local.year == today.year else date_time(moment, zone)
    return _("{weekday}, {date}").format(weekday=weekday(WEEKDAYS[local.weekday()]), date=told)
