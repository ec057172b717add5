"""What Home says, as lines made from plain facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from msgspec import Struct

from cctui.delivery.states import Run, Status
from cctui.locales import N_, _, duration, number, relative_time, time_of_day
from cctui.tui import glyphs
from cctui.tui.frame import seconds_left
from cctui.tui.key_use import KeyUse
from cctui.tui.parts import Line, Part, Tone, clip, fill, gauge, shown
from cctui.tui.rows import status_cell
from cctui.tui.run_pace import coarse
from cctui.tui.widgets.lines import BoardLine

_NAME = 28
_STATUS = 24


class HomeFacts(Struct, frozen=True):
    """Everything Home tells."""

    now: datetime
    zone: tzinfo
    unfinished: tuple[Run, ...] = ()
    worker_alive: bool = True
    ended_away: tuple[Run, ...] = ()
    troubled: tuple[Run, ...] = ()
    keys: tuple[KeyUse, ...] = ()
    connected: bool = False
    segments: bool = False
    exports: bool = False
    ran: bool = False


_STEPS = (
    (
        N_("Set up a connection"),
        N_("Sign in to the Constant Contact account that receives the contacts."),
        "connections",
    ),
    (N_("Look at your segments"), N_("See who is in them before you send anything."), "segments"),
    (N_("Add an export"), N_("Choose connection, list, e-mail field and segments."), "exports"),
    (N_("Run it"), N_("Watch every profile arrive, and see what was rejected and why."), "exports"),
)


def home_lines(facts: HomeFacts, width: int) -> list[BoardLine]:
    """The blocks of Home in their order; a block that has nothing to say is left out."""
    lines: list[BoardLine] = []
    if not facts.ran:
        lines += _block(_("First steps"), list(_steps(facts)))
    running = [BoardLine(_running(run, facts, width), f"runs/{run.id}") for run in facts.unfinished]
    lines += _block(_("Running now"), running or [BoardLine((Part("  " + _("Nothing is running."), Tone.QUIET),))])
    lines += _block(_("Ended while you were away"), [_ended(run, facts, width) for run in facts.ended_away])
    lines += _block(_("Needs a look"), [_ended(run, facts, width) for run in facts.troubled])
    lines += _block(_("Requests today"), [BoardLine(_key(key, facts, width)) for key in facts.keys])
    return lines[:-1]


def _block(title: str, lines: Sequence[BoardLine]) -> list[BoardLine]:
    if not lines:
        return []
    return [BoardLine((Part(title, Tone.STRONG),)), *lines, BoardLine()]


def _steps(facts: HomeFacts) -> Iterable[BoardLine]:
    done = (facts.connected, facts.segments and facts.connected, facts.exports, facts.ran)
    following = next((index for index, ready in enumerate(done) if not ready), 0)
    for index, (title, about, target) in enumerate(_STEPS):
        sign = Part(f"{glyphs.GOOD} ", Tone.GOOD) if done[index] else Part(f"{index + 1} ", Tone.KEY)
        tone = Tone.STRONG if index == following else Tone.PLAIN
        yield (
            BoardLine((sign, Part(fill(_(title), 26), tone), Part(_(about), Tone.QUIET)), target, index == following)
        )


def _running(run: Run, facts: HomeFacts, width: int) -> Line:
    cell = status_cell(run, worker_alive=facts.worker_alive)
    texts = []
    if run.totals.sent:
        texts.append(_("{sent} of {all} sent").format(sent=number(run.contacts_sent), all=number(run.totals.sent)))
    left = seconds_left(run, facts.now)
    if left is not None:
        texts.append(_("about {time} left").format(time=duration(coarse(left))))
    if run.status is Status.PAUSED and run.resume_at is not None:
        texts.append(_("goes on at {time}").format(time=time_of_day(run.resume_at, facts.zone)))
    name = _name_width(width)
    return (
        Part(fill(shown(run.export_name), name) + "  ", Tone.PLAIN),
        Part(fill(cell.text, _STATUS), cell.tone),
        Part(clip("   ".join(texts), max(0, width - name - _STATUS - 5)), Tone.QUIET),
    )


def _ended(run: Run, facts: HomeFacts, width: int) -> BoardLine:
    cell = status_cell(run)
    when = relative_time(run.ended_at or run.queued_at, facts.now)
    about = shown(run.problem) or _("{accepted} accepted").format(accepted=number(run.totals.accepted))
    name = _name_width(width)
    room = max(0, width - name - _STATUS - 16)
    return BoardLine(
        (
            Part(fill(shown(run.export_name), name) + "  "),
            Part(fill(cell.text, _STATUS), cell.tone),
            Part(fill(when, 14), Tone.QUIET),
            Part(clip(about, room), Tone.QUIET),
        ),
        f"runs/{run.id}",
    )


def _key(key: KeyUse, facts: HomeFacts, width: int) -> Line:
    usage = key.usage
    name = _name_width(width)
    text = _("{used} of {limit}").format(used=number(usage.used), limit=number(usage.limit))
    tone = Tone.BAD if usage.exhausted else Tone.PLAIN
    room = min(24, max(0, width - name - _STATUS - 22))
    share = usage.used / usage.limit if usage.limit else 1.0
    bar = (*gauge(share, room), Part("   ")) if room >= 8 else ()
    return (
        Part(fill(", ".join(shown(name) for name in key.names), name) + "  "),
        Part(fill(text, _STATUS), tone),
        *bar,
        Part(_("resets {time}").format(time=time_of_day(usage.resets_at, facts.zone)), Tone.QUIET),
    )


def _name_width(width: int) -> int:
    return _NAME if width >= 90 else 20
