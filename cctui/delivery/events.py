"""What happens in a run, one small fact at a time: the lines of ``log.jsonl`` and of ``run --events``.

A line is one JSON object, format version 1: ``event`` (the kind), ``v``, ``at`` (UTC), ``level``, and the fields of
its kind below. Fields are only ever added. No event holds an address or a secret. The words are made where they are
read, by :func:`sentence`; only reasons and problems, which come from errors, are text, in the language of whoever wrote
the line. ``words``, where it is there, holds by their fields how these texts were said, so that viewers say them in
their own. Text of the service is masked before it gets in.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, get_args

import msgspec
from msgspec import Struct, structs

from cctui.delivery.only_rejected import missing_sentences
from cctui.delivery.states import (
    PAUSE_REASON_TITLES,
    STAGE_TITLES,
    STATUS_TITLES,
    TRIGGER_TITLES,
    PauseReason,
    Stage,
    Status,
    Totals,
    Trigger,
    activity_state,
)
from cctui.locales import _, byte_size, date_time, duration, enumeration, ngettext, number
from cctui.locales.said import Said, retell
from cctui.masking import printable

VERSION = 1

_TEXTS = ("what", "do", "reason")
"""Fields with text that somebody made; the reason of a pause is none."""


class Level(StrEnum):
    """How much an event matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class _Event(Struct, frozen=True, kw_only=True, tag_field="event"):
    at: datetime
    level: Level = Level.INFO
    v: int = VERSION
    words: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class RunQueued(_Event, frozen=True, kw_only=True, tag="run-queued"):
    run: str
    export: str
    export_name: str
    started_by: str
    trigger: Trigger
    dry_run: bool


class RanLate(_Event, frozen=True, kw_only=True, tag="ran-late"):
    """The run begins later than its schedule meant: it was due at ``due_at``, and ``missed`` times by now."""

    due_at: datetime
    missed: int


class CameDueAgain(_Event, frozen=True, kw_only=True, tag="came-due-again"):
    """The export came due, or was asked for with others, while this run was not over; no second one is queued."""

    trigger: Trigger
    asked_by: str


class StageStarted(_Event, frozen=True, kw_only=True, tag="stage-started"):
    stage: Stage


class StageEnded(_Event, frozen=True, kw_only=True, tag="stage-ended"):
    """``count`` is what the stage dealt with: profiles selected, contacts matched or sent, bodies settled."""

    stage: Stage
    seconds: float
    count: int


class Progress(_Event, frozen=True, kw_only=True, tag="progress"):
    """How far a long stage is; at most one a second."""

    stage: Stage
    done: int
    total: int


class OnlyRejected(_Event, frozen=True, kw_only=True, tag="only-rejected"):
    """The run takes only profiles that run ``of`` rejected: ``wanted`` of them, of which ``absent`` are gone.

    ``untraced`` are rejected rows that name no profile.
    """

    of: str
    wanted: int
    absent: int
    untraced: int


class Planned(_Event, frozen=True, kw_only=True, tag="planned"):
    totals: Totals
    cut: int
    dropped: int
    batches: int


class Checked(_Event, frozen=True, kw_only=True, tag="account-checked"):
    """The account and the list of the run are the expected ones. The list's name is made harmless."""

    list_name: str


class BatchSent(_Event, frozen=True, kw_only=True, tag="batch-sent"):
    batch: int
    contacts: int
    size: int
    activity: str
    request: str
    milliseconds: int


class BatchSettled(_Event, frozen=True, kw_only=True, tag="batch-settled"):
    """``state`` is the activity's last; ``waiting`` are contacts that its counters did not account for."""

    batch: int
    state: str
    accepted: int
    not_added: int
    refused: int
    waiting: int


class BatchRetry(_Event, frozen=True, kw_only=True, tag="batch-retry"):
    """A body that surely did not arrive is sent again after ``wait`` seconds."""

    batch: int
    reason: str
    wait: float


class Throttled(_Event, frozen=True, kw_only=True, tag="throttled"):
    """The service asked for a slower pace; ``request`` is what was asked of it."""

    request: str


class Waiting(_Event, frozen=True, kw_only=True, tag="waiting"):
    """The service cannot be used at this moment; the next try is after ``wait`` seconds."""

    reason: str
    wait: float


class Unclear(_Event, frozen=True, kw_only=True, tag="unclear"):
    """Nobody knows whether this body arrived: it is looked up before anything is sent again."""

    batch: int
    reason: str


class Adopted(_Event, frozen=True, kw_only=True, tag="adopted"):
    """An unclear body was found at the service under its file name."""

    batch: int
    activity: str


class Replayed(_Event, frozen=True, kw_only=True, tag="replayed"):
    """A body goes out again although an earlier attempt may have been carried out."""

    batch: int
    attempt: int
    reason: str


class RowsRefused(_Event, frozen=True, kw_only=True, tag="rows-refused"):
    """``texts`` are the first of the service's reasons, masked."""

    batch: int
    refused: int
    texts: list[str]


class WishHeard(_Event, frozen=True, kw_only=True, tag="wish"):
    """The worker follows an operator's wish, ``cancel`` or ``pause``."""

    wish: str


class Paused(_Event, frozen=True, kw_only=True, tag="paused"):
    reason: PauseReason
    resume_at: datetime | None = None


class Resumed(_Event, frozen=True, kw_only=True, tag="resumed"):
    batches_sent: int
    batches: int


class Recovered(_Event, frozen=True, kw_only=True, tag="recovered"):
    """A worker goes on where the last one died or left."""

    stage: Stage
    batches_sent: int
    batches: int
    unclear: int


class Problem(_Event, frozen=True, kw_only=True, tag="problem"):
    """``what`` and ``do`` are sentences in the worker's language."""

    what: str
    do: str = ""
    batch: int | None = None


class RunEnded(_Event, frozen=True, kw_only=True, tag="run-ended"):
    """``dry_run``: nothing was sent, and ``totals.sent`` is what would have been."""

    status: Status
    totals: Totals
    seconds: float
    dry_run: bool = False


Event = (
    RunQueued
    | RanLate
    | CameDueAgain
    | StageStarted
    | StageEnded
    | Progress
    | OnlyRejected
    | Planned
    | Checked
    | BatchSent
    | BatchSettled
    | BatchRetry
    | Throttled
    | Waiting
    | Unclear
    | Adopted
    | Replayed
    | RowsRefused
    | WishHeard
    | Paused
    | Resumed
    | Recovered
    | Problem
    | RunEnded
)
EVENT_KINDS: tuple[type[Event], ...] = get_args(Event)

_ENCODER = msgspec.json.Encoder(enc_hook=str)
_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """One line of the log, with its line break."""
    texts = {name: getattr(event, name, "") for name in _TEXTS}
    words = {name: text.recipe for name, text in texts.items() if isinstance(text, Said)}
    return _ENCODER.encode(structs.replace(event, words=words) if words else event) + b"\n"


def decode(line: bytes) -> Event | None:
    """The event of a line; ``None`` for a torn line or a kind that this version does not know."""
    try:
        event = _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if not event.words:
        return event
    try:
        texts = {name: retell(recipe) for name, recipe in event.words.items() if name in _TEXTS}
        return structs.replace(event, words=msgspec.UNSET, **texts)
    except (ValueError, TypeError, KeyError):
        return event


def batch_of(event: Event) -> int | None:
    """The number of the batch that ``event`` is about, if it is about one."""
    found: Any = getattr(event, "batch", None)
    return found if isinstance(found, int) else None


def sentence(event: Event) -> str:
    """``event`` in words of the viewer's language, one harmless line."""
    return printable(_sentence(event), 400)


def _sentence(event: Event) -> str:
    match event:
        case RunQueued():
            words = (
                _("Queued by {who} ({trigger}), without sending.")
                if event.dry_run
                else _("Queued by {who} ({trigger}).")
            )
            return words.format(who=event.started_by, trigger=_(TRIGGER_TITLES[event.trigger]))
        case RanLate():
            return _ran_late(event)
        case CameDueAgain():
            return _("Came due again ({trigger}, {who}) while this run is not over; no second one is queued.").format(
                trigger=_(TRIGGER_TITLES[event.trigger]), who=event.asked_by
            )
        case StageStarted():
            return _("{stage}: started").format(stage=_(STAGE_TITLES[event.stage]))
        case StageEnded():
            return _("{stage}: done, {count} in {time}").format(
                stage=_(STAGE_TITLES[event.stage]), count=number(event.count), time=duration(event.seconds)
            )
        case Progress():
            return _("{stage}: {done} of {total}").format(
                stage=_(STAGE_TITLES[event.stage]), done=number(event.done), total=number(event.total)
            )
        case OnlyRejected():
            return _only_rejected(event)
        case Planned():
            return _planned(event)
        case Checked():
            return _("The account and the list {name} are the expected ones.").format(name=event.list_name)
        case Paused() if event.resume_at is not None:
            return _("Paused: {reason}. Goes on at {time} UTC.").format(
                reason=_(PAUSE_REASON_TITLES[event.reason]), time=date_time(event.resume_at, UTC)
            )
        case Paused():
            return _("Paused: {reason}.").format(reason=_(PAUSE_REASON_TITLES[event.reason]))
        case Resumed():
            return _("Goes on: {sent} of {all} requests were sent before.").format(
                sent=number(event.batches_sent), all=number(event.batches)
            )
        case Recovered():
            return _recovered(event)
        case WishHeard():
            return _("Canceling: nothing more is sent.") if event.wish == "cancel" else _("Pausing, as was asked.")
        case Throttled():
            return _("Throttled: Constant Contact asks for a slower pace ({request}).").format(request=event.request)
        case Waiting():
            return _("{reason} Next try in {time}.").format(reason=event.reason, time=duration(event.wait))
        case Problem():
            what = _about(event.batch, event.what) if event.batch is not None else event.what
            return f"{what} {event.do}".rstrip()
        case RunEnded(dry_run=True):
            return _("{status}: dry run, {sent} to send, in {time}").format(
                status=_(STATUS_TITLES[event.status]),
                sent=number(event.totals.sent),
                time=duration(event.seconds),
            )
        case RunEnded():
            return _("{status}: {accepted} accepted of {sent} sent, in {time}").format(
                status=_(STATUS_TITLES[event.status]),
                accepted=number(event.totals.accepted),
                sent=number(event.totals.sent),
                time=duration(event.seconds),
            )
        case _:
            return _about(event.batch, _of_batch(event))


def _of_batch(
    event: BatchSent | BatchSettled | BatchRetry | Unclear | Adopted | Replayed | RowsRefused,
) -> str:
    match event:
        case BatchSent():
            return _("{contacts} contacts, {size}, activity {activity}, {milliseconds} ms").format(
                contacts=number(event.contacts),
                size=byte_size(event.size),
                activity=event.activity[:8],
                milliseconds=number(event.milliseconds),
            )
        case BatchSettled():
            return _settled(event)
        case BatchRetry():
            return _("did not arrive ({reason}); next try in {time}").format(
                reason=event.reason, time=duration(event.wait)
            )
        case Unclear():
            return _("it is not known whether it arrived ({reason}); looking it up").format(reason=event.reason)
        case Adopted():
            return _("had arrived: found as activity {activity}").format(activity=event.activity[:8])
        case Replayed():
            return _("is sent again, attempt {attempt} ({reason})").format(
                attempt=number(event.attempt), reason=event.reason
            )
        case RowsRefused():
            return _("Constant Contact refused {count}: {texts}").format(
                count=number(event.refused), texts="; ".join(event.texts)
            )


def _about(batch: int, words: str) -> str:
    return _("batch {batch}  {words}").format(batch=f"{batch:04d}", words=words)


def _settled(event: BatchSettled) -> str:
    parts = [_("{count} accepted").format(count=number(event.accepted))]
    if event.not_added:
        parts.append(_("{count} not added (unsubscribed)").format(count=number(event.not_added)))
    if event.refused:
        parts.append(_("{count} refused").format(count=number(event.refused)))
    if event.waiting:
        parts.append(_("{count} not accounted for").format(count=number(event.waiting)))
    return _("{state}: {counts}").format(state=activity_state(event.state), counts=enumeration(parts))


def _ran_late(event: RanLate) -> str:
    words = _("Ran late: it was due at {time} UTC.").format(time=date_time(event.due_at, UTC))
    if event.missed < 2:
        return words
    return f"{words} " + ngettext(
        "{count} missed time is this one run.", "{count} missed times are this one run.", event.missed
    ).format(count=number(event.missed))


def _only_rejected(event: OnlyRejected) -> str:
    words = ngettext(
        "Only the {count} profile that run {run} rejected.",
        "Only the {count} profiles that run {run} rejected.",
        event.wanted,
    ).format(count=number(event.wanted), run=event.of)
    return " ".join([words, *missing_sentences(event.absent, event.untraced)])


def _planned(event: Planned) -> str:
    totals = event.totals
    return ngettext(
        "{sent} to send in {batches} request, {duplicate} duplicate, {invalid} invalid, {suppressed} suppressed",
        "{sent} to send in {batches} requests, {duplicate} duplicate, {invalid} invalid, {suppressed} suppressed",
        event.batches,
    ).format(
        sent=number(totals.sent),
        batches=number(event.batches),
        duplicate=number(totals.duplicate),
        invalid=number(totals.invalid),
        suppressed=number(totals.suppressed),
    )


def _recovered(event: Recovered) -> str:
    words = _("Was interrupted and goes on: {sent} of {all} requests were sent before.").format(
        sent=number(event.batches_sent), all=number(event.batches)
    )
    if not event.unclear:
        return words
    return f"{words} " + ngettext("{count} is looked up first.", "{count} are looked up first.", event.unclear).format(
        count=number(event.unclear)
    )
