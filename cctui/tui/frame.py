"""What the frame around every page says, as pieces of text made from plain facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from rich.cells import cell_len

from cctui.delivery.states import STATUS_TITLES, Run, Stage, Status
from cctui.locales import _, duration, number
from cctui.tui import glyphs
from cctui.tui.commands import GENERAL, Command, Facts, key_name
from cctui.tui.parts import Line, Part, Tone, clip, gauge, shown, spread, width_of
from cctui.tui.run_pace import coarse


class HeaderFacts(Struct, frozen=True):
    """What the header tells. ``time`` has no seconds, so that a resting screen sends nothing."""

    environment: str
    operator: str
    role: str
    language: str
    time: str
    demo: bool = False


class Place(Struct, frozen=True):
    """An entry of the menu. ``key`` is the letter that goes there from the opened menu."""

    id: str
    title: str
    key: str
    group: str = ""


def product() -> str:
    """What the header begins with."""
    return " " + _("Customer Insights")


def header(facts: HeaderFacts, width: int) -> Line:
    """Product, environment in the middle, and who is there; on a narrow line the less important ends leave."""
    environment = shown(facts.environment) + (f" · {_('demo')}" if facts.demo else "")
    named = product()
    person = _("{name}, {role}").format(name=shown(facts.operator), role=facts.role)
    right = f"{person}   {facts.language}   {facts.time} "
    if cell_len(named) + cell_len(environment) + cell_len(right) + 6 > width:
        right = f"{person}   {facts.time} "
    if cell_len(named) + cell_len(environment) + cell_len(right) + 6 > width:
        right = f"{shown(facts.operator)}   {facts.time} "
    room = width - cell_len(named) - cell_len(right)
    middle = clip(environment, max(0, room - 4))
    blank = room - cell_len(middle)
    before = max(2, min(blank - 2, width // 2 - cell_len(named) - cell_len(middle) // 2))
    return (
        Part(named, Tone.STRONG),
        Part(" " * before),
        Part(middle),
        Part(" " * max(0, blank - before)),
        Part(right, Tone.QUIET),
    )


def folded_menu(places: Sequence[Place], here: str, width: int) -> Line:
    """The menu on one line, for narrow screens: every page, the present one marked."""
    parts = [Part(" g ", Tone.KEY, "screen.command('general.menu')")]
    for place in places:
        title = _(place.title)
        if place.id == here:
            parts.append(Part(f" {glyphs.BAR}{title} ", Tone.ACCENT))
        else:
            parts.append(Part(f"  {title} ", Tone.QUIET, f"app.go('{place.id}')"))
    return spread(parts, (), width)


def pane_heading(title: str, width: int) -> Line:
    """The title of a pane, and how to close it."""
    return spread((Part(title, Tone.STRONG),), (Part(_("Esc closes"), Tone.QUIET),), width)


def command_bar(commands: Iterable[Command], facts: Facts, count: str, search: str | None, width: int) -> Line:
    """The page's own commands on the left, count and search on the right. Commands leave whole."""
    right: list[Part] = []
    if count:
        right.append(Part(count, Tone.QUIET))
    if search is not None:
        right += [
            Part("   "),
            Part("/", Tone.KEY, "screen.command('list.search')"),
            Part(" " + (shown(search) if search else _("Search")), Tone.PLAIN if search else Tone.QUIET),
        ]
    left: list[Part] = []
    room = width - width_of(right) - 2
    for command in commands:
        if not command.bar:
            continue
        piece = _hint(command, command.title_for(facts), facts)
        gap = [Part("   ")] if left else []
        if width_of(left) + width_of(gap) + width_of(piece) > room:
            continue
        left += [*gap, *piece]
    return spread(left, right, width)


def hints(commands: Sequence[Command], facts: Facts, width: int) -> Line:
    """The hints of the bottom line. None is ever cut: where not all fit there are fewer, and Help is always there."""
    shown_here = [command for command in commands if command.hint]
    own = [command for command in shown_here if command.group != GENERAL]
    general = [command for command in shown_here if command.group == GENERAL]
    # Help leads to everything else, so it is the last to leave; the menu has its own line or column.
    order = {"general.help": 0, "general.quit": 1, "general.commands": 2, "general.menu": 3}
    general.sort(key=lambda command: order.get(command.id, 9))
    kept: list[Command] = []
    taken = 1
    for command in (*general[:1], *own, *general[1:]):
        size = width_of(_hint(command, command.hint_for(facts), facts)) + 3
        if taken + size <= width:
            kept.append(command)
            taken += size
    parts = [Part(" ")]
    for command in sorted(kept, key=shown_here.index):
        parts += [*_hint(command, command.hint_for(facts), facts), Part("   ")]
    return tuple(parts[:-1])


def _hint(command: Command, text: str, facts: Facts) -> list[Part]:
    action = f"screen.command('{command.id}')"
    off = bool(command.why_disabled(facts))
    return [
        Part(key_name(command.keys[0]), Tone.QUIET if off else Tone.KEY, action),
        Part(f" {text}", Tone.QUIET if off else Tone.PLAIN, action),
    ]


def running(runs: Sequence[Run], now: datetime, width: int, *, worker_alive: bool = True) -> Line:
    """The run that is on, on one line; how many more there are is said, and when nobody carries it out."""
    if not runs:
        return ()
    run = next((run for run in runs if run.status is Status.REFRESHING), runs[0])
    action = "screen.open_running"
    name = clip(shown(run.export_name), max(12, width // 3))
    sign = Part(f"{glyphs.status_sign(run.status)} ", Tone.ACCENT, action)
    if run.status is Status.REFRESHING and not worker_alive:
        sign = Part(f"{glyphs.WARNING} {_('Interrupted')}  ", Tone.WARNING, action)
    parts = [
        sign,
        Part(name, Tone.STRONG, action),
        Part("  ·  " + _state(run), action=action),
    ]
    tail = [Part("  ·  " + text, Tone.QUIET, action) for text in _tail(runs, run, now)]
    room = width - width_of(parts) - width_of(tail) - 6
    if run.status is Status.REFRESHING and run.totals.sent and room >= 10:
        parts += [Part("  ·  ", Tone.QUIET, action), *gauge(share(run) or 0.0, min(24, room), action)]
    while tail and width_of(parts) + width_of(tail) > width:
        tail.pop(0)
    return (*parts, *tail)


def share(run: Run) -> float | None:
    """How much of a run's contacts are on their way, 0 to 1; ``None`` before that is known."""
    if run.stage not in {Stage.SEND, Stage.SETTLE, Stage.CHECK} or not run.totals.sent:
        return None
    return min(1.0, run.contacts_sent / run.totals.sent)


def seconds_left(run: Run, now: datetime) -> float | None:
    """A guess from the pace so far; ``None`` while there is nothing to guess from."""
    if run.status is not Status.REFRESHING or run.started_at is None or not run.contacts_sent:
        return None
    planning = sum(run.stage_seconds.get(stage, 0.0) for stage in (Stage.SELECT, Stage.MATCH))
    sending = (now - run.started_at).total_seconds() - planning
    left = run.totals.sent - run.contacts_sent
    return left * sending / run.contacts_sent if sending > 0 and left > 0 else None


def _state(run: Run) -> str:
    if run.status is Status.REFRESHING and run.totals.sent:
        return _("{sent} of {all} sent").format(sent=number(run.contacts_sent), all=number(run.totals.sent))
    return _(STATUS_TITLES[run.status])


def _tail(runs: Sequence[Run], run: Run, now: datetime) -> list[str]:
    texts = []
    if len(runs) > 1:
        texts.append(_("{count} more").format(count=number(len(runs) - 1)))
    left = seconds_left(run, now)
    if left is not None:
        texts.append(_("about {time} left").format(time=duration(coarse(left))))
    return texts
