"""Schedules in the plain mode: the questions of the schedule of an export and of the system refresh."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from cctui.cli.plain.conversation import Conversation
from cctui.cli.plain.work import Work
from cctui.definitions.model import WEEKDAYS
from cctui.host.clock import SystemClock
from cctui.locales import _, weekday
from cctui.schedule.due import in_force
from cctui.tui.schedule_draft import RECURRENCE_TITLES, Recurrence, ScheduleDraft, next_runs


def fill_in_schedule(
    talk: Conversation,
    work: Work,
    draft: ScheduleDraft,
    offered: Sequence[Recurrence],
    most_times: int | None,
) -> ScheduleDraft:
    """Every question of a schedule; what ``draft`` has is offered as the answer. Tells the next runs at the end."""
    draft = structs.replace(draft, on=talk.sure(_("Schedule run"), default=draft.on))
    if not draft.on:
        return draft
    recurrence = talk.choose(
        _("Recurrence"),
        [(_(RECURRENCE_TITLES[one]), one) for one in offered],
        default=draft.recurrence if draft.recurrence in offered else offered[0],
    )
    draft = structs.replace(draft, recurrence=recurrence)
    if recurrence is Recurrence.WEEKLY:
        days = talk.choose_many(_("Days of the week"), [(weekday(day), day) for day in WEEKDAYS], default=draft.days)
        draft = structs.replace(draft, days=tuple(day for day in WEEKDAYS if day in days))
    if recurrence is Recurrence.MONTHLY:
        draft = _text(talk, draft, "month_days", "month-days", _("Days of the month"), most_times)
    if recurrence is Recurrence.CRON:
        draft = _text(talk, draft, "cron", "cron", _("Cron expression"), most_times)
    elif recurrence is not Recurrence.SYSTEM_REFRESH:
        draft = _text(talk, draft, "times", "times", _("Times"), most_times)
    environment = work.environment
    definition = environment.read().definition
    following = next_runs(in_force(draft.of_export(), definition.schedule), environment.zone(), SystemClock().now(), 3)
    talk.say(_("Next runs") + ": " + ("; ".join(following) or _("none by itself")))
    return draft


def _text(
    talk: Conversation, draft: ScheduleDraft, key: str, place: str, question: str, most_times: int | None
) -> ScheduleDraft:
    """One field of the draft as text; only what is wrong with this field counts here."""

    def why_not(text: str) -> str:
        where, reason = structs.replace(draft, **{key: text}).problem(most_times)
        return reason if where == place else ""

    return structs.replace(
        draft, **{key: talk.text(question, default=getattr(draft, key), explanation=_hint(place), why_not=why_not)}
    )


def _hint(place: str) -> str:
    if place == "cron":
        return _('Five fields for experts, such as "30 6 * * 1-5".')
    if place == "times":
        return _("Say a time with 24 hours, such as 06:30.")
    return _("Say the days of the month as numbers, such as 1, 15.")
