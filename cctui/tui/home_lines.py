"""What Home says, as lines made from plain facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo

from msgspec import Struct
from rich.cells import cell_len

from cctui.delivery.states import Run, Status
from cctui.locales import N_, _, duration, number, relative_time, time_of_day
from cctui.tui import glyphs
from cctui.tui.frame import seconds_left
from cctui.tui.key_use import KeyUse
from cctui.tui.line_breaks import wrapped_lines
from cctui.tui.parts import Part, Tone, clip, fill, gauge, shown
from cctui.tui.rows import status_cell
from cctui.tui.run_pace import coarse
from cctui.tui.widgets.lines import BoardLine

_NAME = 30
_NAME_LEAST = 18
_STATUS = 24
_STEP = 26
_GAP = 3
_LAST = 16
"""Of a run's last fact at least so much is shown, or all of it; a problem's sentence may go on to the margin."""


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
        lines += _block(_("First steps"), list(_steps(facts, width)))
    running = list(_runs(facts.unfinished, facts, width, _progress))
    lines += _block(_("Running now"), running or [BoardLine((Part("  " + _("Nothing is running."), Tone.QUIET),))])
    lines += _block(_("Ended while you were away"), list(_runs(facts.ended_away, facts, width, _outcome)))
    lines += _block(_("Needs a look"), list(_runs(facts.troubled, facts, width, _outcome)))
    lines += _block(_("Requests today"), list(_keys(facts, width)))
    return lines[:-1]


def _block(title: str, lines: Sequence[BoardLine]) -> list[BoardLine]:
    if not lines:
        return []
    return [BoardLine((Part(title, Tone.STRONG),)), *lines, BoardLine()]


def _steps(facts: HomeFacts, width: int) -> Iterable[BoardLine]:
    """Each step with its sentence; where not all fit beside them, only the next step has one, below it."""
    done = (facts.connected, facts.segments and facts.connected, facts.exports, facts.ran)
    following = next((index for index, ready in enumerate(done) if not ready), 0)
    beside = max(cell_len(_(about)) for _title, about, _target in _STEPS) <= width - 2 - _STEP
    for index, (title, about, target) in enumerate(_STEPS):
        sign = Part(f"{glyphs.GOOD} ", Tone.GOOD) if done[index] else Part(f"{index + 1} ", Tone.KEY)
        tone = Tone.STRONG if index == following else Tone.PLAIN
        sentence = (Part(_(about), Tone.QUIET),)
        if beside:
            yield BoardLine((sign, Part(fill(_(title), _STEP), tone), *sentence), target, index == following)
            continue
        yield BoardLine((sign, Part(_(title), tone)), target, index == following)
        if index == following:
            yield from (BoardLine((Part("  "), *line)) for line in wrapped_lines([sentence], width - 2))


def _runs(
    runs: Sequence[Run], facts: HomeFacts, width: int, about: Callable[[Run, HomeFacts], tuple[str, str]]
) -> Iterable[BoardLine]:
    """Name, status and two more facts of each run; the last one is left out where nothing of it would be read."""
    told = [about(run, facts) for run in runs]
    first = max((cell_len(texts[0]) for texts in told), default=0) + _GAP
    name = _name_width([run.export_name for run in runs], width - _STATUS - first)
    room = width - name - _STATUS - first
    for run, texts in zip(runs, told, strict=True):
        cell = status_cell(run, worker_alive=facts.worker_alive)
        rest = clip(texts[1], room) if room >= min(_LAST, cell_len(texts[1])) else ""
        yield BoardLine(
            (
                Part(fill(shown(run.export_name), name - 2) + "  "),
                Part(fill(cell.text, _STATUS), cell.tone),
                Part(fill(texts[0], first), Tone.QUIET),
                Part(rest, Tone.QUIET),
            ),
            f"runs/{run.id}",
        )


def _progress(run: Run, facts: HomeFacts) -> tuple[str, str]:
    sent = ""
    if run.totals.sent:
        sent = _("{sent} of {all} sent").format(sent=number(run.contacts_sent), all=number(run.totals.sent))
    if run.status is Status.PAUSED and run.resume_at is not None:
        return sent, _("goes on at {time}").format(time=time_of_day(run.resume_at, facts.zone))
    left = seconds_left(run, facts.now)
    return sent, "" if left is None else _("about {time} left").format(time=duration(coarse(left)))


def _outcome(run: Run, facts: HomeFacts) -> tuple[str, str]:
    when = relative_time(run.ended_at or run.queued_at, facts.now)
    return when, shown(run.problem) or _("{accepted} accepted").format(accepted=number(run.totals.accepted))


def _keys(facts: HomeFacts, width: int) -> Iterable[BoardLine]:
    """What is used of each key's day; the bar is the first to leave."""
    names = [", ".join(shown(name) for name in key.names) for key in facts.keys]
    resets = [_("resets {time}").format(time=time_of_day(key.usage.resets_at, facts.zone)) for key in facts.keys]
    last = max((cell_len(text) for text in resets), default=0) + _GAP
    name = _name_width(names, width - _STATUS - last)
    room = min(24, width - name - _STATUS - last)
    for key, title, reset in zip(facts.keys, names, resets, strict=True):
        usage = key.usage
        text = _("{used} of {limit}").format(used=number(usage.used), limit=number(usage.limit))
        share = usage.used / usage.limit if usage.limit else 1.0
        bar = (*gauge(share, room), Part(" " * _GAP)) if room >= 8 else ()
        yield BoardLine(
            (
                Part(fill(title, name - 2) + "  "),
                Part(fill(text, _STATUS), Tone.BAD if usage.exhausted else Tone.PLAIN),
                *bar,
                Part(reset, Tone.QUIET),
            )
        )


def _name_width(names: Sequence[str], room: int) -> int:
    """Cells for the column of names and the gap behind it: what the longest needs, as far as there is room."""
    longest = max((cell_len(shown(name)) for name in names), default=0) + 2
    return max(_NAME_LEAST, min(max(longest, _NAME) if room >= _NAME + _LAST else min(longest, _NAME), room))
