"""The colours: a light and a dark theme, one of high contrast, and one that leaves colours to the terminal.

The styles use only the names given here, so that a test can hold every pair of text and ground against 4.5 to 1
(WCAG 2.2, 1.4.3). Colour is never the only carrier of a meaning.
"""

from __future__ import annotations

from textual.theme import Theme

from cctui.locales import N_

INKS = ("foreground", "quiet", "key", "good", "warn", "bad")
"""Names of colours that text is written in."""

GROUNDS = ("background", "surface", "cursor", "button", "bar-ground")
"""Names of colours that text is written on."""


def _theme(
    name: str,
    *,
    dark: bool,
    ink: str,
    ground: str,
    surface: str,
    bar: str,
    quiet: str,
    rule: str,
    button: str,
    accent: str,
    good: str,
    warn: str,
    bad: str,
    cursor: str,
    cursor_text: str,
) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=accent,
        secondary=accent,
        accent=accent,
        warning=warn,
        error=bad,
        success=good,
        foreground=ink,
        background=ground,
        surface=surface,
        panel=surface,
        boost=surface,
        text_alpha=1.0,
        variables={
            "quiet": quiet,
            "rule": rule,
            "button": button,
            "key": accent,
            "good": good,
            "warn": warn,
            "bad": bad,
            "cursor": cursor,
            "cursor-text": cursor_text,
            "bar-ground": bar,
            "block-cursor-foreground": cursor_text,
            "block-cursor-background": cursor,
            "block-cursor-text-style": "none",
            "block-cursor-blurred-foreground": ink,
            "block-cursor-blurred-background": surface,
            "input-cursor-background": ink,
            "input-cursor-foreground": ground,
            "input-selection-background": cursor,
            "border": accent,
            "border-blurred": rule,
            "scrollbar": rule,
            "scrollbar-hover": quiet,
            "scrollbar-active": accent,
            "scrollbar-background": ground,
            "scrollbar-background-hover": ground,
            "scrollbar-background-active": ground,
            "scrollbar-corner-color": ground,
        },
    )


DARK = _theme(
    "cctui-dark",
    dark=True,
    ink="#dde3ec",
    ground="#11151c",
    surface="#181e28",
    bar="#0b0e14",
    quiet="#94a0b3",
    rule="#2b3442",
    button="#2b3442",
    accent="#74b3ff",
    good="#7fd6a0",
    warn="#ecbf62",
    bad="#ff9a94",
    cursor="#203450",
    cursor_text="#ffffff",
)
LIGHT = _theme(
    "cctui-light",
    dark=False,
    ink="#1c2128",
    ground="#ffffff",
    surface="#f4f6f9",
    bar="#eceff4",
    quiet="#565f6d",
    rule="#d3d9e2",
    button="#d3d9e2",
    accent="#0a58a8",
    good="#17632f",
    warn="#7d4b00",
    bad="#a8201a",
    cursor="#dbe8f8",
    cursor_text="#0b1c30",
)
CONTRAST = _theme(
    "high-contrast",
    dark=True,
    ink="#ffffff",
    ground="#000000",
    surface="#000000",
    bar="#000000",
    quiet="#e6e6e6",
    rule="#8c8c8c",
    button="#333333",
    accent="#ffe14d",
    good="#5dffa0",
    warn="#ffc24d",
    bad="#ffb3ad",
    cursor="#00407a",
    cursor_text="#ffffff",
)
ANSI = Theme(
    name="terminal",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "quiet": "ansi_default",
        "rule": "ansi_default",
        "button": "ansi_default",
        "key": "ansi_default",
        "good": "ansi_green",
        "warn": "ansi_yellow",
        "bad": "ansi_red",
        "cursor": "ansi_default",
        "cursor-text": "ansi_default",
        "bar-ground": "ansi_default",
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "border": "ansi_default",
        "border-blurred": "ansi_default",
        "scrollbar": "ansi_default",
        "scrollbar-background": "ansi_default",
        "input-selection-background": "ansi_blue",
    },
)
"""For 16 colours and for ``NO_COLOR``: the terminal's own palette; the cursor row is shown in reverse."""

THEMES = (DARK, LIGHT, CONTRAST, ANSI)

TITLES = {
    DARK.name: N_("Dark"),
    LIGHT.name: N_("Light"),
    CONTRAST.name: N_("High contrast"),
    ANSI.name: N_("The terminal's own colours"),
}
"""What people read, by the theme's name."""
