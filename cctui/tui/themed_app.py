"""The colours of the application: which theme is shown, and what a terminal that has none or only ASCII gets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import structs
from rich.console import Console

from cctui.access.roles import Operator
from cctui.definitions.environment import Environment
from cctui.definitions.preferences import Preferences
from cctui.errors import UsageError
from cctui.locales import _
from cctui.tui import glyphs
from cctui.tui.confined_app import ConfinedApp
from cctui.tui.own_choices import OwnChoices
from cctui.tui.themes import ANSI, DARK, THEMES, TITLES

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.filter import LineFilter

ColorSystem = Literal["standard", "256", "truecolor"]
"""How many colours a terminal has, in Rich's words."""


class ThemedApp(ConfinedApp):
    """An application in the colours that its operator and the terminal want."""

    def __init__(
        self,
        environment: Environment,
        operator: Operator,
        *,
        asked_language: str | None = None,
        ascii_only: bool | None = None,
        color_system: ColorSystem | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(operator, driver_class=driver_class)
        if color_system is not None:
            self.console = _console(self.console, color_system)
        self.environment = environment
        self.choices = OwnChoices(environment, operator.name, asked_language)
        self._ascii = glyphs.AsciiOnly() if (glyphs.ascii_only() if ascii_only is None else ascii_only) else None
        self.animation_level = "none"
        built_in = list(self.available_themes)
        for theme in THEMES:
            self.register_theme(theme)
        self.set_reactive(ThemedApp.theme, DARK.name)
        for name in built_in:
            self.unregister_theme(name)
        self.stylesheet.set_variables(self.get_css_variables())

    @property
    def preferences(self) -> Preferences:
        """What the operator has chosen for themselves."""
        return self.choices.preferences

    def prefer(self, chosen: Preferences) -> None:
        """Do what the operator wants of the terminal from now on, and keep it. Raises :class:`CctuiError`."""
        self.choices.keep(chosen)

    def next_theme(self) -> str:
        """Change to the next theme; returns what it is called. Raises :class:`CctuiError`."""
        names = tuple(TITLES)
        self.choose_theme(names[(names.index(self.theme) + 1) % len(names)])
        return _(TITLES[self.theme])

    def choose_theme(self, name: str | None) -> None:
        """Show a theme and remember it; without a name the terminal decides. Raises :class:`CctuiError`."""
        if self.no_color:
            raise UsageError(
                _("There are no colours to choose."),
                why=_("NO_COLOR is set in the environment."),
                do=_("Start again without NO_COLOR."),
            )
        self.choices.preferences = structs.replace(self.preferences, theme=name)
        self._show_theme(name or self._first_theme())
        self.prefer(self.preferences)

    def _first_theme(self) -> str:
        """What the environment variable says, else the terminal where it has few colours, else the operator."""
        asked = os.environ.get("CCTUI_THEME", "")
        if asked in TITLES:
            return asked
        if not self.is_headless and self.console.color_system in {None, "standard"}:
            return ANSI.name
        return self.preferences.theme or DARK.name

    def _show_theme(self, name: str) -> None:
        # Whoever sets NO_COLOR has said so for every program.
        name = ANSI.name if self.no_color else name if name in TITLES else DARK.name
        if name != self.theme:
            self.theme = name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Names that the styles use, for Textual's own themes, which are in use until ours are registered."""
        return {**super().get_theme_variable_defaults(), **DARK.variables}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colours nothing but bold and reverse; without Unicode nothing but ASCII."""
        filters = super().get_line_filters()
        if self.no_color:
            from textual.filter import NoColor

            filters = [NoColor()]
        return [*filters, self._ascii] if self._ascii else filters


def _console(present: Console, color_system: ColorSystem) -> Console:
    return Console(
        color_system=color_system,
        file=present.file,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        force_terminal=True,
        no_color=False,
        safe_box=False,
    )
