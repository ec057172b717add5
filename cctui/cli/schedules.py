"""``cctui exports schedule``: when exports run by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cctui.cli import completion
from cctui.cli.session import Session, in_session, print_facts
from cctui.locales import _
from cctui.masking import printable

if TYPE_CHECKING:
    from cctui.definitions.environment import Environment
    from cctui.definitions.model import ExportDefinition, ExportSchedule, Weekday


@click.command("schedule", help=_("When exports run by themselves; without an option, what is set and the next runs."))
@click.argument("export", nargs=-1, required=True, shell_complete=completion.exports)
@click.option("--on", "switch", flag_value="on", help=_("Schedule run: on, as it was before."))
@click.option("--off", "switch", flag_value="off", help=_("Schedule run: off, only by hand."))
@click.option("--system-refresh", is_flag=True, help=_("With every system refresh."))
@click.option("--daily", is_flag=True, help=_("Every day, at the times given with --at."))
@click.option("--weekly", metavar="DAYS", help=_("Every week on these days, such as mon,thu."))
@click.option("--monthly", metavar="DAYS", help=_("Every month on these days, such as 1,15; 31 is also the last day."))
@click.option("--cron", metavar="EXPRESSION", help=_('Five fields for experts, such as "30 6 * * 1-5".'))
@click.option("--at", "times", multiple=True, metavar="HH:MM", help=_("A time of day; repeatable."))
@in_session
def schedule(
    session: Session,
    export: tuple[str, ...],
    switch: str | None,
    system_refresh: bool,
    daily: bool,
    weekly: str | None,
    monthly: str | None,
    cron: str | None,
    times: tuple[str, ...],
) -> None:
    from cctui.definitions import changes

    environment = session.environment
    found = [environment.export(one).definition for one in export]
    asked = [bool(switch), system_refresh, daily, weekly is not None, monthly is not None, cron is not None]
    if sum(asked) > 1 or (times and not (daily or weekly or monthly)):
        raise click.UsageError(_("These options do not go together."))
    if any(asked):
        new = _new_schedule(daily, weekly, monthly, cron, times)
        schedules = {one.id: changes.switched(one.schedule, on=switch == "on") if switch else new for one in found}
        saved = changes.schedule_exports(environment, session.operator, schedules)
        found = [stored.definition for stored in saved]
    if session.as_json:
        session.emit([{"export": one.id, "schedule": one.schedule, "next": _next(environment, one)} for one in found])
        return
    for one in found:
        _show(environment, one)


def _new_schedule(
    daily: bool,
    weekly: str | None,
    monthly: str | None,
    cron: str | None,
    times: tuple[str, ...],
) -> ExportSchedule:
    from cctui.definitions.model import ExportSchedule

    if cron is not None:
        return ExportSchedule(run="custom", repeat="cron", cron=cron)
    if weekly is not None:
        return ExportSchedule(run="custom", repeat="weekly", days=_days(weekly), times=list(times))
    if monthly is not None:
        return ExportSchedule(run="custom", repeat="monthly", days_of_month=_numbers(monthly), times=list(times))
    if daily:
        return ExportSchedule(run="custom", repeat="daily", times=list(times))
    return ExportSchedule()


def _days(text: str) -> list[Weekday]:
    from cctui.definitions.model import WEEKDAYS

    words = [word.strip().lower() for word in text.split(",")]
    if unknown := [word for word in words if word not in WEEKDAYS]:
        raise click.BadParameter(
            _("{word} is none of {days}.").format(word=printable(unknown[0], 20), days=", ".join(WEEKDAYS)),
            param_hint="--weekly",
        )
    return [day for day in WEEKDAYS if day in words]


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise click.BadParameter(_("Days of the month are numbers, such as 1,15."), param_hint="--monthly") from None


def _next(environment: Environment, export: ExportDefinition) -> list[str]:
    from cctui.host.clock import SystemClock
    from cctui.schedule.due import in_force
    from cctui.schedule.recurrence import upcoming

    following = in_force(export.schedule, environment.read().definition.schedule)
    if following is None:
        return []
    return [moment.isoformat() for moment in upcoming(following, environment.zone(), SystemClock().now())]


def _show(environment: Environment, export: ExportDefinition) -> None:
    from datetime import datetime

    from cctui.definitions.schedule_words import schedule_in_words
    from cctui.host.clock import SystemClock
    from cctui.schedule.words import moment_in_words

    zone, now = environment.zone(), SystemClock().now()
    moments = [moment_in_words(datetime.fromisoformat(text), zone, now) for text in _next(environment, export)]
    print_facts(
        [
            (_("Export"), printable(export.display_name)),
            (_("Schedule"), schedule_in_words(export.schedule)),
            (_("Time zone"), str(zone)),
            (_("Next runs"), " · ".join(moments) or _("none by itself")),
        ]
    )
