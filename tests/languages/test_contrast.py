"""Text stands out from its ground on every screen as it is drawn, in every theme that brings colours of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from run_stories import Story
from scenes import EMPTY, FEW, SCENES, Scene, rest, show
from textual.color import Color
from textual.filter import dim_style
from world import face

from cctui.definitions.environment import Environment
from cctui.tui.app import CctuiApp
from cctui.tui.themes import THEMES

_COLORED = [theme.name for theme in THEMES if not theme.ansi]
_ENOUGH = 4.5


def ratio(ink: Color, ground: Color) -> float:
    """The contrast of two colours after WCAG 2.2."""
    lights = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def _luminance(color: Color) -> float:
    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)


def faint(app: CctuiApp) -> Iterator[str]:
    """Texts that are drawn with too little contrast, or in a colour that the theme does not know."""
    for strip in app.screen._compositor.render_strips(app.screen.size):
        for segment in strip:
            style = segment.style
            # Bars and frames are no text; they end, they do not say.
            if not any(sign.isalnum() for sign in segment.text):
                continue
            if style is None or style.color is None or style.bgcolor is None:
                yield f"{segment.text.strip()!r} has no colours"
                continue
            if style.dim:
                style = dim_style(style)
            pair = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
            ink, ground = reversed(pair) if style.reverse else pair
            if ratio(ink, ground) < _ENOUGH:
                yield f"{segment.text.strip()!r}: {ink.hex} on {ground.hex} is {ratio(ink, ground):.2f}"


async def all_faint(environment: Environment, story: Story, scenes: Sequence[Scene]) -> list[str]:
    """The same on every screen of ``scenes``, in every theme."""
    app = face(environment, story.clock.now())
    found: set[str] = set()
    async with app.run_test(size=(120, 36)) as pilot:
        await rest(pilot)
        for scene in scenes:
            await show(pilot, scene)
            for name in _COLORED:
                app.theme = name
                await pilot.pause()
                found |= {f"{name}, {scene.name}: {fault}" for fault in faint(app)}
    return sorted(found)


@pytest.fixture(autouse=True)
def _colours(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


async def test_text_of_the_usual_widgets_has_enough_contrast(told: Story) -> None:
    assert not await all_faint(told.environment, told, FEW)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_text_on_every_screen_has_enough_contrast(told: Story, bare: Environment) -> None:
    assert not await all_faint(told.environment, told, SCENES)
    assert not await all_faint(bare, told, EMPTY)
