"""Progress details: the stages of a run in lines, with counts, rates, the day of the key and the time left."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from cctui.constant_contact.answers import Usage
from cctui.delivery.states import STAGE_TITLES, Run, Stage, Status, Totals
from cctui.locales import N_, _, duration, enumeration, ngettext, number
from cctui.tui import glyphs
from cctui.tui.parts import Line, Part, Tone, clipped, fill, gauge, spread, width_of
from cctui.tui.run_pace import coarse, seconds_left, sending_pace, settled_contacts
from cctui.tui.run_rows import RunView, moment

_STAGES = tuple(Stage)
_TITLE = 20
_NARROW_TITLE = 18
_LONGEST_TITLE = 24
_FEW_SECONDS = 8.0
_GAUGE = 24
_NARROW_GAUGE = 12
_NARROW = 96
"""Cells below which the short forms are used."""


def stage_rows(view: RunView, width: int) -> list[Line]:
    """Progress details: one line for each stage, and one for the key's day and the time left."""
    return [*(_stage_row(view, stage, width) for stage in _STAGES), key_row(view, width)]


def _stage_row(view: RunView, stage: Stage, width: int) -> Line:
    sign, tone = _stage_sign(view, stage)
    took = view.run.stage_seconds.get(stage)
    right = [Part(duration(took), Tone.QUIET)] if took is not None and stage_done(view.run, stage) else []
    title = _title_width(width)
    left = [Part(f"{sign} ", tone), Part(fill(_(STAGE_TITLES[stage]), title), Tone.PLAIN), Part("  ")]
    room = width - width_of(left) - (width_of(right) + 2 if right else 0)
    return spread([*left, *_widest(_stage_texts(view, stage, width), room)], right, width)


def _stage_sign(view: RunView, stage: Stage) -> tuple[str, Tone]:
    run = view.run
    if stage_done(run, stage):
        if stage is Stage.CHECK and not run.totals.adds_up:
            return glyphs.BAD, Tone.BAD
        return glyphs.GOOD, Tone.GOOD
    if not stage_begun(run, stage):
        return glyphs.WAITING, Tone.QUIET
    if run.status.ended:
        return (glyphs.BAD, Tone.BAD) if run.status is Status.FAILED else (glyphs.STOPPED, Tone.WARNING)
    if view.interrupted:
        return glyphs.WARNING, Tone.WARNING
    if run.status is Status.PAUSED:
        return glyphs.PAUSED, Tone.WARNING
    return glyphs.RUNNING, Tone.ACCENT


def stage_begun(run: Run, stage: Stage) -> bool:
    """Whether anything of a stage has happened. Settling begins with the first body sent, beside sending."""
    if stage is Stage.SETTLE and run.batches_sent and not run.dry_run:
        return True
    return run.started_at is not None and _STAGES.index(stage) <= _STAGES.index(run.stage)


def stage_done(run: Run, stage: Stage) -> bool:
    """Whether a stage is behind the run."""
    if run.dry_run and stage in {Stage.SEND, Stage.SETTLE}:
        return False
    if run.status in {Status.SUCCESSFUL, Status.COMPLETED_WITH_ERRORS}:
        return True
    if stage is Stage.SEND and run.planned and run.batches:
        return run.batches_sent == run.batches
    return run.started_at is not None and _STAGES.index(stage) < _STAGES.index(run.stage)


def _stage_texts(view: RunView, stage: Stage, width: int) -> list[Line]:
    """What can be said of a stage, the longest form first."""
    run = view.run
    if run.dry_run and stage in {Stage.SEND, Stage.SETTLE}:
        return [(Part(_("nothing is sent in a rehearsal"), Tone.QUIET),)] if stage_begun(run, stage) else [()]
    if not stage_begun(run, stage):
        return [(Part(_("the sums"), Tone.QUIET),)] if stage is Stage.CHECK else [()]
    match stage:
        case Stage.SELECT:
            return _select_texts(view)
        case Stage.MATCH:
            return _match_texts(view, width)
        case Stage.SEND:
            return _send_texts(view, width)
        case Stage.SETTLE:
            return _settle_texts(view, width)
        case Stage.CHECK:
            return _check_texts(run)


def _select_texts(view: RunView) -> list[Line]:
    # The ledger learns the number with the plan; until then the log knows how many members the segments have.
    known = 0 if view.run.only_rejected_of else view.progress.get(Stage.SELECT, (0, 0))[0]
    selected = view.run.totals.selected or known
    return [(Part(_profiles(selected)),)] if selected or view.run.planned else [()]


def _profiles(count: int) -> str:
    return ngettext("{count} profile", "{count} profiles", count).format(count=number(count))


def _match_texts(view: RunView, width: int) -> list[Line]:
    run = view.run
    if not run.planned:
        done, total = view.progress.get(Stage.MATCH, (0, 0))
        return _gauged(done, total, [f"{number(done)} / {number(total)}"], width) if total else [()]
    totals = run.totals
    send = _("{count} to send").format(count=number(totals.sent))
    aside = [(text, count) for text, count in _set_aside(totals) if count]
    if not aside:
        return [(Part(send),)]
    texts = [text.format(count=number(count)) for text, count in aside]
    short = _("{count} set aside").format(count=number(sum(count for _text, count in aside)))
    return [(Part(" · ".join([send, *texts])),), (Part(f"{send} · {short}"),), (Part(send),)]


def _set_aside(totals: Totals) -> tuple[tuple[str, int], ...]:
    return (
        (_("{count} duplicate"), totals.duplicate),
        (_("{count} invalid"), totals.invalid),
        (_("{count} suppressed"), totals.suppressed),
        (_("{count} unchanged"), totals.unchanged),
    )


def _send_texts(view: RunView, width: int) -> list[Line]:
    run = view.run
    requests = _("{done} of {count} requests").format(done=number(run.batches_sent), count=number(run.batches))
    if stage_done(run, Stage.SEND):
        text = ngettext("{sent} sent in {count} request", "{sent} sent in {count} requests", run.batches_sent)
        return [(Part(text.format(sent=number(run.contacts_sent), count=number(run.batches_sent))),)]
    sent = f"{number(run.contacts_sent)} / {number(run.totals.sent)}"
    short = f"{number(run.batches_sent)}/{number(run.batches)}"
    pace = None if view.interrupted or run.status is not Status.REFRESHING else sending_pace(view.batches, view.now)
    forms = [f"{sent}   {requests}", f"{sent}   {short}", sent]
    if pace is not None:
        rate = _("{count} requests/s").format(count=number(pace.batches, 1))
        forms = [f"{sent}   {requests}   {rate}", f"{sent}   {requests}", f"{sent}   {short}   {rate}", *forms]
    return _gauged(run.contacts_sent, run.totals.sent, forms, width)


def _settle_texts(view: RunView, width: int) -> list[Line]:
    run = view.run
    if stage_done(run, Stage.SETTLE):
        return _settled_texts(run.totals)
    processed = settled_contacts(view.batches)
    text = _("{count} processed").format(count=number(processed))
    jobs = _("{done} of {count} jobs done").format(done=number(run.batches_settled), count=number(run.batches_sent))
    short = f"{number(run.batches_settled)}/{number(run.batches_sent)}"
    return _gauged(processed, run.totals.sent, [f"{text}   {jobs}", f"{text}   {short}", text], width)


def _settled_texts(totals: Totals) -> list[Line]:
    parts = [_("{count} accepted").format(count=number(totals.accepted))]
    rest = (
        (_("{count} not added"), totals.not_added),
        (_("{count} refused"), totals.refused),
        (_("{count} waiting"), totals.waiting),
    )
    parts += [text.format(count=number(count)) for text, count in rest if count]
    return [(Part(" · ".join(parts)),), (Part(parts[0]),)]


def _check_texts(run: Run) -> list[Line]:
    if not stage_done(run, Stage.CHECK) and not run.status.ended:
        return [(Part(_("the sums")),)]
    if run.totals.adds_up:
        return [(Part(_("the sums add up")),)]
    return [(Part(_("the sums do not add up"), Tone.BAD),)]


def _gauged(done: int, total: int, forms: Sequence[str], width: int) -> list[Line]:
    cells = _GAUGE if width >= _NARROW else _NARROW_GAUGE
    bar = (*gauge(done / total if total else 0.0, cells), Part("  "))
    return [(*bar, Part(form)) for form in forms]


def _widest(forms: Sequence[Line], room: int) -> Line:
    for form in forms:
        if width_of(form) <= room:
            return form
    return clipped(forms[-1], max(0, room))


def key_row(view: RunView, width: int) -> Line:
    """The day's quota of the application key, and the time left where the facts tell it."""
    title = _title_width(width)
    right = time_left(view)
    left: list[Part] = []
    if view.usage is not None:
        used = _used(view.usage)
        resets = _("resets {time}").format(time=moment(view.usage.resets_at, view.now, view.zone))
        tone = Tone.QUIET if view.usage.left else Tone.WARNING
        left = [Part("  "), Part(fill(_("Key today"), title), Tone.QUIET), Part(f"  {used}", tone)]
        if width_of(left) + cell_len(resets) + 2 + (cell_len(right) + 3 if right else 0) <= width:
            left[-1] = Part("  " + enumeration([used, resets]), tone)
    return spread(left, [Part(right, Tone.ACCENT)] if right else [], width)


def _used(usage: Usage) -> str:
    """The requests of the day; the service may say that none is left although fewer went out from here."""
    if usage.exhausted and usage.used < usage.limit:
        return _("no requests left, {used} made here").format(used=number(usage.used))
    return _("{used} of {limit} requests").format(used=number(usage.used), limit=number(usage.limit))


def time_left(view: RunView) -> str:
    """How long it still takes, in words; empty where nobody can know."""
    if view.interrupted:
        return ""
    left = seconds_left(view.run, view.batches, view.now, view.usage.left if view.usage is not None else None)
    if left is None:
        return ""
    if left < _FEW_SECONDS:
        return _("a few seconds left")
    return _("about {time} left").format(time=duration(coarse(left)))


def _title_width(width: int) -> int:
    """Cells of the titles: those of English, more where the language has longer words."""
    longest = max(cell_len(_(title)) for title in (*STAGE_TITLES.values(), N_("Key today")))
    return min(_LONGEST_TITLE, max(longest, _NARROW_TITLE if width < _NARROW else _TITLE))
