"""Every screen, pane and window, one after the other in one application: what a person can come to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from cctui.delivery.states import RunId
from cctui.tui.app import CctuiApp
from cctui.tui.screens.export_pane import ExportPane
from cctui.tui.screens.sign_in_panel import SignInPanel
from cctui.tui.widgets.form_fields import TextField


@dataclass(frozen=True)
class Scene:
    """A name, where it begins, the keys that lead there, and text to put into fields.

    ``place`` is a page, ``runs/ID`` a run; empty where the scene goes on from the one before it.
    """

    name: str
    place: str
    keys: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    then: tuple[str, ...] = ()


_ROUNDS = 3
"""How often in turn a screen has to be the same before it rests."""

GOING_ON, ENDED, FAILED = "0therrun", "5d1e9c40", "7f3a2b6c"

SCENES = (
    Scene("home", "home", ("down",)),
    Scene("menu", "", ("g",)),
    Scene("history", "", ("escape", "h")),
    Scene("history-filtered", "", ("s",)),
    Scene("exports", "exports", ("down",)),
    Scene("palette", "", ("ctrl+p",)),
    Scene("palette-nothing", "", ("1", "2", "1", "2")),
    Scene("exports-refused", "", ("escape", "u")),
    Scene("exports-help", "", ("question_mark",)),
    Scene("exports-detach", "", ("escape", "x")),
    Scene("exports-remove", "", ("escape", "home", "delete")),
    Scene("exports-run-all", "", ("escape", "R")),
    Scene("exports-marked", "", ("escape", "space", "space")),
    Scene("schedule-several", "", ("s",)),
    Scene("schedule-anew", "", ("down", "space")),
    Scene("schedule", "exports", ("down", "s")),
    Scene("exports-search", "", ("escape", "slash", "2", "0", "7")),
    Scene("exports-broken", "", ("escape", "end", "enter")),
    Scene("export-new", "exports", ("a",)),
    Scene("export-new-errors", "", ("f9",)),
    Scene("export", "exports", ("down", "enter")),
    Scene("export-bottom", "", ("pagedown", "pagedown", "pagedown")),
    Scene("export-list", "", ("ctrl+l",)),
    Scene("export-attributes", "", ("escape", "f6")),
    Scene("export-discard", "", ("escape",), (("#name", "2026"),), ("escape",)),
    Scene("segments", "segments", ("down",)),
    Scene("segment-exports", "", ("e",)),
    Scene("segment", "", ("escape", "enter")),
    Scene("segment-attributes", "", ("tab",)),
    Scene("connections", "connections", ("home",)),
    Scene("connections-discover", "", ("tab",)),
    Scene("connection-in-use", "", ("tab", "delete")),
    Scene("connections-remove", "", ("escape", "end", "delete")),
    Scene("connection-new", "connections", ("a",)),
    Scene("connection-key-help", "", ("f3",)),
    Scene("connection-filled", "", ("escape",), (("#name", "2026"), ("#key", "77")), ("tab", "tab", "tab")),
    Scene("connection-saved", "connections", ("home", "enter", "tab", "tab", "tab", "tab")),
    Scene("connection-sign-out", "", ("f8",)),
    Scene("connection-sign-in", "", ("escape", "f5")),
    Scene("system-status", "system"),
    Scene("system-refresh-all", "", ("R",)),
    Scene("system-schedule", "", ("escape", "tab")),
    Scene("system-general", "", ("tab",)),
    Scene("system-about", "", ("tab",)),
    Scene("system-audit", "", ("tab",)),
    Scene("refresh-schedule", "system", ("tab", "e", "up", "space")),
    Scene("general-settings", "system", ("tab", "tab", "e")),
    Scene("permissions", "permissions", ("down",)),
    Scene("permissions-remove", "", ("delete",)),
    Scene("permissions-roles", "", ("escape", "tab")),
    Scene("user-new", "permissions", ("a",)),
    Scene("user-edit", "permissions", ("enter",)),
    Scene("run", f"runs/{GOING_ON}"),
    Scene("run-help", "", ("question_mark",)),
    Scene("run-cancel", "", ("escape", "c")),
    Scene("run-search", "", ("escape", "slash", "2")),
    Scene("run-batches", "", ("escape", "b", "down")),
    Scene("run-failed", f"runs/{FAILED}"),
    Scene("run-ended", f"runs/{ENDED}"),
    Scene("rejected", "", ("e",)),
    Scene("rejected-rows", "", ("tab",)),
)
"""In an environment with something of everything."""

_QUICK = {"exports", "palette", "exports-detach", "connection-new", "refresh-schedule"}
FEW = tuple(scene for scene in SCENES if scene.name in _QUICK)
"""A page, a window, a pane, the palette: the usual widgets, for what would take too long on all."""

EMPTY = (
    Scene("home-empty", "home"),
    Scene("exports-empty", "exports"),
    Scene("export-new-empty", "exports", ("a",)),
    Scene("segments-empty", "segments"),
    Scene("connections-empty", "connections"),
    Scene("system-empty", "system"),
    Scene("schedule-empty", "system", ("tab",)),
    Scene("permissions-empty", "permissions"),
    Scene("history-empty", "home", ("h",)),
)
"""Where nothing is defined yet."""


async def walk(
    app: CctuiApp, scenes: Sequence[Scene], size: tuple[int, int], see: Callable[[Scene, list[str]], None]
) -> None:
    """Go to every scene in turn and let ``see`` have the lines of the screen."""
    async with app.run_test(size=size) as pilot:
        await rest(pilot)
        for scene in scenes:
            await show(pilot, scene)
            see(scene, lines(app))


async def show(pilot: Pilot[int], scene: Scene) -> None:
    """Come to a scene, whatever is open."""
    app = pilot.app
    assert isinstance(app, CctuiApp)
    place, _slash, run = scene.place.partition("/")
    if place:
        await app.go("home" if run else place)
    if run:
        app.open_run(RunId(run))
    await rest(pilot)
    for key in scene.keys:
        await pilot.press(key)
        await rest(pilot)
    for query, text in scene.fields:
        app.screen.query_one(query, TextField).value = text
    for key in scene.then:
        await pilot.press(key)
    await rest(pilot)


async def rest(pilot: Pilot[int]) -> None:
    """Let the application come to rest: nothing is being read, no timer runs, and drawing again changes nothing.

    How hard the process works tells nothing here: on a machine with other work it waits for its turn in the middle.
    """
    app = pilot.app
    assert isinstance(app, CctuiApp)
    before, the_same = lines(app), 0
    while the_same < _ROUNDS:
        await pilot.pause(0.001)
        now = lines(app)
        the_same = the_same + 1 if now == before and not busy(app) else 0
        before = now


def busy(app: CctuiApp) -> bool:
    """Whether something is still on its way to the screen."""
    screen = app.screen
    if app.segments_known and (app.segments_busy or app.segments.known().reading):
        return True
    if isinstance(screen, ExportPane) and screen.busy:
        return True
    if isinstance(screen, SignInPanel) and (screen.code is None or not screen.wait.pending):
        return True
    return awaited(screen) or any(
        worker.group in {"read", "rejected", "log-load", "log-search"} and not worker.is_finished
        for worker in app.workers
    )


def awaited(screen: Screen[Any]) -> bool:
    """Whether something has still to be laid out, or is to happen in a moment."""
    if screen._layout_required or screen._dirty_widgets or screen._callbacks:
        return True
    return any(
        timer._repeat == 0 and timer._task is not None and not timer._task.done()
        for node in screen.walk_children(with_self=True)
        for timer in node._timers
    )


def lines(app: App[Any]) -> list[str]:
    """The screen as a terminal shows it, line by line; the cursor of a text field is nothing to compare."""
    return [
        "".join(segment.text for segment in strip).rstrip()
        for strip in app.screen._compositor.render_strips(app.screen.size)
    ]


def fields(app: App[Any]) -> Iterator[str]:
    """What stands in text fields."""
    for field in app.screen.query(Input):
        yield field.value
