"""What alerts tell: which exports and sign-ins are in trouble at this moment, and what changed since it was last told.

Pure decisions over plain facts. Sending is the business of ``alerting``, remembering that of ``alert_ledger``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct, structs

from cctui.definitions.model import AlertDefinition, AlertEvent
from cctui.delivery.states import Run, Status
from cctui.locales import N_, _, date_time, number
from cctui.masking import harmless
from cctui.schedule.due import late

DIES_SOON = timedelta(days=14)
"""A sign-in that dies within this, unless it is used, is told."""
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(hours=1)

EVENT_TITLES = {
    AlertEvent.FAILED: N_("failed"),
    AlertEvent.ERRORS: N_("errors"),
    AlertEvent.LATE: N_("late"),
    AlertEvent.SIGN_IN: N_("sign-in"),
}
"""What an alert is about, in a list; translate with ``_``."""


class Case(Struct, frozen=True):
    """How it stands with one thing that can be in trouble; ``subject`` names it for good.

    ``share`` is the percentage of rejected profiles, ``title_below`` what is said of one that an alert does not mind.
    """

    subject: str
    event: AlertEvent
    trouble: bool
    title: str
    text: str = ""
    share: float = 0.0
    title_below: str = ""


class AlertState(Struct, frozen=True):
    """What one alert has told about one subject, and what it still has to tell.

    ``told_at`` is the last time anything was told; ``pending``: the present state was not told yet. ``sending`` is set
    before a message leaves and taken away after it: found by a new worker, the message may have arrived.
    """

    alert: str
    subject: str
    trouble: bool
    title: str
    text: str
    since: datetime
    pending: bool = True
    sending: bool = False
    tries: int = 0
    next_try: datetime | None = None
    told_at: datetime | None = None
    problem: str = ""


def cases_of_runs(ended: Iterable[Run]) -> list[Case]:
    """What the newest run of each export that is over says; ``ended`` is newest first, canceled runs say nothing."""
    found: dict[str, Case] = {}
    for run in ended:
        name = harmless(run.export_name, 80)
        if run.status is Status.CANCELED or run.dry_run:
            continue
        failed = run.status in {Status.FAILED, Status.SKIPPED}
        found.setdefault(f"failed:{run.export}", _failure(run, name, failed))
        if not failed:
            found.setdefault(f"errors:{run.export}", _errors(run, name))
        if run.due_at is not None:
            found.setdefault(f"late:{run.export}", _lateness(run, name))
    return list(found.values())


def _failure(run: Run, name: str, failed: bool) -> Case:
    if not failed:
        return Case(f"failed:{run.export}", AlertEvent.FAILED, False, _("{export} runs again").format(export=name))
    title = _("{export} failed") if run.status is Status.FAILED else _("{export} was skipped")
    told = " ".join(part for part in (run.problem, run.do_next) if part)
    text = _("Run {run}: {reason}").format(run=run.id, reason=harmless(told, 400))
    return Case(f"failed:{run.export}", AlertEvent.FAILED, True, title.format(export=name), text)


def _errors(run: Run, name: str) -> Case:
    totals = run.totals
    rejected = totals.invalid + totals.refused
    text = _("Run {run}: {rejected} of {selected} profiles were rejected.").format(
        run=run.id, rejected=number(rejected), selected=number(totals.selected)
    )
    share = 100 * rejected / totals.selected if totals.selected else 0.0
    title = _("{export} completed with errors").format(export=name)
    below = _("{export} runs without many errors again").format(export=name)
    return Case(f"errors:{run.export}", AlertEvent.ERRORS, True, title, text, share, below)


def _lateness(run: Run, name: str) -> Case:
    due_at = run.due_at or run.queued_at
    subject = f"late:{run.export}"
    if not late(due_at, run.queued_at):
        return Case(subject, AlertEvent.LATE, False, _("{export} runs on time again").format(export=name))
    text = _("Run {run} was due at {due} UTC and began at {began} UTC.").format(
        run=run.id, due=date_time(due_at, UTC), began=date_time(run.queued_at, UTC)
    )
    return Case(subject, AlertEvent.LATE, True, _("{export} ran late").format(export=name), text)


def case_of_sign_in(connection: str, name: str, problem: str, dies_at: datetime | None, now: datetime) -> Case:
    """How it stands with the sign-in of a connection: ``problem`` says why it is no use, ``dies_at`` when it dies."""
    subject, name = f"sign-in:{connection}", harmless(name, 80)
    if problem:
        title = _("{connection} needs a new sign-in").format(connection=name)
        return Case(subject, AlertEvent.SIGN_IN, True, title, harmless(problem, 400))
    if dies_at is not None and dies_at - now <= DIES_SOON:
        title = _("The sign-in of {connection} is about to die").format(connection=name)
        text = _("It dies at {moment} UTC unless it is used before.").format(moment=date_time(dies_at, UTC))
        return Case(subject, AlertEvent.SIGN_IN, True, title, text)
    return Case(subject, AlertEvent.SIGN_IN, False, _("{connection} is signed in again").format(connection=name))


def judged(case: Case, alert: AlertDefinition) -> Case:
    """``case`` as ``alert`` sees it: rejected rows are trouble only above its share."""
    if case.event is not AlertEvent.ERRORS or case.share > alert.share:
        return case
    return structs.replace(case, trouble=False, title=case.title_below)


def followed(
    alerts: Sequence[AlertDefinition], cases: Sequence[Case], known: Mapping[tuple[str, str], AlertState], now: datetime
) -> tuple[list[AlertState], list[tuple[str, str]]]:
    """The states that are new or changed at ``now``, and those that are of no use any more.

    A state is told once when trouble begins and once when it is over. Trouble that was over before it could be told
    is told no more; neither is what an alert is no longer about, nor what has gone.
    """
    changed: list[AlertState] = []
    wanted: set[tuple[str, str]] = set()
    for alert in alerts:
        for one in cases:
            if one.event not in alert.events:
                continue
            case, key = judged(one, alert), (alert.secret, one.subject)
            before = known.get(key)
            if before is None and not case.trouble:
                continue
            wanted.add(key)
            if before is None or before.trouble is not case.trouble:
                told_at = before.told_at if before else None
                untold = before is not None and before.pending and before.tries == 0 and not before.sending
                if untold and told_at is None:
                    wanted.discard(key)  # nobody heard of what is over by now
                    continue
                state = AlertState(*key, case.trouble, case.title, case.text, now, told_at=told_at, pending=not untold)
                changed.append(state)
    return changed, [key for key in known if key not in wanted]


def may_be_told(state: AlertState, now: datetime) -> bool:
    """Whether the present state is to be told now: it was not, and the last try is long enough ago."""
    return state.pending and (state.next_try is None or state.next_try <= now)


def told(state: AlertState, now: datetime) -> AlertState:
    """``state`` after its message arrived."""
    return structs.replace(state, pending=False, sending=False, tries=0, next_try=None, told_at=now, problem="")


def not_told(state: AlertState, problem: str, now: datetime) -> AlertState:
    """``state`` after its message was not taken: tried again later, and later each time."""
    rest = min(FIRST_REST * 2 ** min(state.tries, 10), LONGEST_REST)
    return structs.replace(
        state, sending=False, tries=state.tries + 1, next_try=now + rest, problem=harmless(problem, 200)
    )
