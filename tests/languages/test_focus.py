"""Where keys go is seen without any colour: signs, weight or reverse tell it, for everything that takes the focus."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from run_stories import Story
from scenes import EMPTY, FEW, SCENES, Scene, rest, show
from textual.pilot import Pilot
from world import face

from cctui.definitions.environment import Environment
from cctui.tui import glyphs
from cctui.tui.app import CctuiApp

Cell = tuple[str, bool, bool]
"""A sign, whether it is bold, whether it is in reverse: the rest is colour."""


def cells(app: CctuiApp) -> list[list[Cell]]:
    """The screen as a terminal without colours shows it."""
    return [
        [
            (sign, bool(segment.style and segment.style.bold), bool(segment.style and segment.style.reverse))
            for segment in strip
            for sign in segment.text
        ]
        for strip in app.screen._compositor.render_strips(app.screen.size)
    ]


def marked(app: CctuiApp) -> bool:
    """Whether something is in reverse or has the bar of the cursor."""
    return any(reverse or sign == glyphs.BAR for row in cells(app) for sign, _bold, reverse in row)


async def unseen(pilot: Pilot[int], app: CctuiApp) -> list[str]:
    """What takes the focus on the screen in front without being seen to have it."""
    screen = app.screen
    chain = [widget for widget in screen.focus_chain if widget.region]
    before = screen.focused
    found = []
    if len(chain) == 1:
        # Keys cannot go anywhere else; the cursor's place in it is what has to be seen, where there is one.
        if getattr(chain[0], "current", "") and not marked(app):
            found.append(repr(chain[0]))
        return found
    for widget in chain:
        if getattr(widget, "current", widget) in {None, ""}:
            # A table or board in which there is no row for a cursor to stand on.
            continue
        screen.set_focus(widget)
        await pilot.pause()
        focused = cells(app)
        screen.set_focus(None)
        await pilot.pause()
        if focused == cells(app):
            found.append(repr(widget))
    screen.set_focus(before)
    await pilot.pause()
    return found


async def all_unseen(environment: Environment, story: Story, scenes: Sequence[Scene]) -> list[str]:
    """The same on every screen of ``scenes``."""
    app = face(environment, story.clock.now())
    found = []
    async with app.run_test(size=(120, 36)) as pilot:
        await rest(pilot)
        assert app.theme == "terminal"
        for scene in scenes:
            await show(pilot, scene)
            found += [f"{scene.name}: {widget}" for widget in await unseen(pilot, app)]
    return found


@pytest.fixture(autouse=True)
def _no_colours(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


async def test_the_focus_of_the_usual_widgets_is_seen(told: Story) -> None:
    assert not await all_unseen(told.environment, told, FEW)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_the_focus_is_seen_on_every_screen(told: Story, bare: Environment) -> None:
    assert not await all_unseen(told.environment, told, SCENES)
    assert not await all_unseen(bare, told, EMPTY)
