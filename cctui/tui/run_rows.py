"""What the screen of a run knows, and its head in lines: the export and its status, who, when, why it stands still.

Pure functions from facts to text in pieces; nothing here draws or reads.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from cctui.constant_contact.answers import Usage
from cctui.delivery.only_rejected import limited_to, missing_sentences
from cctui.delivery.states import (
    PAUSE_REASON_TITLES,
    STATUS_TITLES,
    TRIGGER_TITLES,
    Batch,
    PauseReason,
    Run,
    Stage,
    Status,
    Trigger,
    Wish,
)
from cctui.locales import _, date_time, duration, enumeration, ngettext, number, time_of_day
from cctui.tui import glyphs
from cctui.tui.line_breaks import wrapped
from cctui.tui.parts import Line, Part, Tone, clipped, shown, spread

_MOST_LINES = 3


class RunView(Struct, frozen=True):
    """Everything the screen of a run shows, at one moment.

    ``interrupted``: the run should be going on but its worker is dead. ``progress`` is how far a stage that reads
    profiles is, as its worker last told: done and total.
    """

    run: Run
    now: datetime
    zone: tzinfo
    batches: tuple[Batch, ...] = ()
    interrupted: bool = False
    usage: Usage | None = None
    progress: dict[Stage, tuple[int, int]] = {}


def status_parts(run: Run, *, interrupted: bool = False) -> Line:
    """The status as a sign and a word, with the wish that is not yet fulfilled."""
    if interrupted:
        return (Part(f"{glyphs.WARNING} {_('Interrupted')}", Tone.WARNING),)
    word = _(STATUS_TITLES[run.status])
    if run.wish is Wish.CANCEL and not run.status.ended:
        word = _("Canceling")
    elif run.wish is Wish.PAUSE and run.status is Status.REFRESHING:
        word = _("Pausing")
    return (Part(f"{glyphs.status_sign(run.status)} {word}".lstrip(), status_tone(run.status)),)


def status_tone(status: Status) -> Tone:
    """The tone of a status; its word and sign say the same."""
    match status:
        case Status.SUCCESSFUL:
            return Tone.GOOD
        case Status.FAILED:
            return Tone.BAD
        case Status.COMPLETED_WITH_ERRORS | Status.SKIPPED | Status.PAUSED:
            return Tone.WARNING
        case Status.REFRESHING | Status.QUEUED:
            return Tone.ACCENT
        case _:
            return Tone.PLAIN


def started_by(run: Run) -> str:
    """Who or what started a run."""
    return shown(run.started_by, 40) if run.trigger is Trigger.OPERATOR else _(TRIGGER_TITLES[run.trigger])


def moment(at: datetime, now: datetime, zone: tzinfo) -> str:
    """A moment of today, or within the next day, as time of day; any other with its date."""
    same_day = at.astimezone(zone).date() == now.astimezone(zone).date()
    soon = timedelta() < at - now <= timedelta(days=1)
    return time_of_day(at, zone) if same_day or soon else date_time(at, zone)


def title_line(view: RunView, width: int) -> Line:
    """The export at one end, the status at the other."""
    status = status_parts(view.run, interrupted=view.interrupted)
    return spread([Part(shown(view.run.export_name), Tone.STRONG)], status, width)


def facts_line(view: RunView, width: int) -> Line:
    """Run id, who or what started it and when, how long it took."""
    run = view.run
    facts = [
        _("run {run}").format(run=run.id),
        _("started by {who} {when}").format(
            who=started_by(run), when=moment(run.started_at or run.queued_at, view.now, view.zone)
        ),
    ]
    if run.only_rejected_of is not None:
        facts.insert(1, limited_to(run))
    if run.dry_run:
        facts.append(_("without sending"))
    if run.seconds is not None:
        facts.append(_("took {time}").format(time=duration(run.seconds)))
    if run.resumed:
        facts.append(
            ngettext("taken over {count} time", "taken over {count} times", run.resumed).format(
                count=number(run.resumed)
            )
        )
    return clipped([Part(" · ".join(facts), Tone.QUIET)], width)


def standing_rows(view: RunView, width: int) -> list[Line]:
    """Why the run stands still or how it ended, as lines; none where all is well."""
    return [(Part(line, tone),) for text, tone in standing(view) for line in wrapped(text, width)[:_MOST_LINES]]


def standing(view: RunView) -> list[tuple[str, Tone]]:
    """Why a run stands still or ended so, and what can be done: at most two sentences, none where all is well."""
    run = view.run
    if view.interrupted:
        return [(_("The worker that did this run is gone. Nothing is lost: Resume goes on from here."), Tone.WARNING)]
    if run.status is Status.PAUSED:
        # When it goes on is said once, in the zone of the environment.
        do_next = "" if run.resume_at is not None else shown(run.do_next, 300)
        return [(_pause(view), Tone.WARNING)] + ([(do_next, Tone.PLAIN)] if do_next else [])
    if run.status is Status.QUEUED:
        return [(_("Waits for the worker."), Tone.QUIET)]
    if run.problem and (run.status.ended or run.stage in {Stage.SEND, Stage.SETTLE}):
        tone = Tone.BAD if run.status is Status.FAILED else Tone.WARNING
        return [(shown(run.problem, 300), tone)] + ([(shown(run.do_next, 300), Tone.PLAIN)] if run.do_next else [])
    return [(sentence, Tone.WARNING) for sentence in missing_sentences(run.absent, run.untraced)]


def _pause(view: RunView) -> str:
    run = view.run
    if run.pause_reason is PauseReason.OPERATOR or run.pause_reason is None:
        return _("Paused by an operator. Resume goes on with what is left.")
    reason = _(PAUSE_REASON_TITLES[run.pause_reason])
    if run.resume_at is not None:
        return _("Paused until {time}: {reason}.").format(
            reason=reason, time=moment(run.resume_at, view.now, view.zone)
        )
    return _("Paused: {reason}.").format(reason=reason)


def outcome(run: Run) -> str:
    """One sentence on a run that ended, for a notice."""
    name = shown(run.export_name, 60)
    status = _(STATUS_TITLES[run.status])
    if run.status in {Status.FAILED, Status.SKIPPED} and run.problem:
        return _("{export}: {status}. {problem}").format(export=name, status=status, problem=shown(run.problem))
    totals = run.totals
    rejected = totals.invalid + totals.refused
    if run.dry_run:
        parts = [_("dry run"), _("{count} to send").format(count=number(totals.sent))]
    else:
        parts = [_("{count} accepted").format(count=number(totals.accepted))]
    if rejected:
        parts.append(_("{count} rejected").format(count=number(rejected)))
    if totals.waiting and not run.dry_run:
        parts.append(_("{count} waiting").format(count=number(totals.waiting)))
    return _("{export}: {status}, {counts}").format(export=name, status=status, counts=enumeration(parts))
