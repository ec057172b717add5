"""Every text of a theme can be read on every ground that it stands on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from cctui.tui import themes
from cctui.tui.glyphs import in_ascii

_COLORED = [theme for theme in themes.THEMES if not theme.ansi]


def _luminance(color: Color) -> float:
    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)


def _contrast(ink: str, ground: str) -> float:
    lights = sorted((_luminance(Color.parse(ink)), _luminance(Color.parse(ground))), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def _named(theme: Theme, name: str) -> str:
    value = theme.variables.get(name) or getattr(theme, name)
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize("theme", _COLORED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", themes.GROUNDS)
@pytest.mark.parametrize("ink", themes.INKS)
def test_text_has_enough_contrast(theme: Theme, ink: str, ground: str) -> None:
    assert _contrast(_named(theme, ink), _named(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", _COLORED, ids=lambda theme: theme.name)
def test_the_cursor_row_and_the_focused_button_have_enough_contrast(theme: Theme) -> None:
    assert _contrast(_named(theme, "cursor-text"), _named(theme, "cursor")) >= 4.5
    assert _contrast(_named(theme, "background"), _named(theme, "accent")) >= 4.5


def test_the_styles_use_only_colours_that_the_themes_name() -> None:
    styles = Path(themes.__file__).with_name("styles.tcss").read_text()
    used = set(re.findall(r"\$([\w-]+)", styles))
    for theme in themes.THEMES:
        known = set(theme.variables) | {"foreground", "background", "surface", "accent", "panel"}
        assert used <= known


def test_ascii_stands_in_for_every_sign_with_the_same_width() -> None:
    assert in_ascii("▌● Exports ↑ ✓ ▲ ✗ ◐ ○ ‖ ■ █░ ─ … · ›") == ">* Exports ^ + ! x ~ o = # #. - ~ - >"
    assert in_ascii("王a") == "??a"
