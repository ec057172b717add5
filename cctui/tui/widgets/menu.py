"""The menu at the left of wide screens: groups and pages, the present one marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from cctui.locales import _
from cctui.tui import glyphs
from cctui.tui.frame import Place
from cctui.tui.parts import Part, Tone, fill
from cctui.tui.widgets.lines import TONES, strip_of

if TYPE_CHECKING:
    from cctui.tui.app import CctuiApp


class Menu(Widget):
    """Shows where one is and where one can go; a click goes there, ``g`` opens it for the keyboard."""

    COMPONENT_CLASSES = TONES

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here

    def _rows(self) -> list[Place | str]:
        rows: list[Place | str] = []
        group = ""
        for place in cast("CctuiApp", self.app).places():
            if place.group != group:
                group = place.group
                rows += ["", group]
            rows.append(place)
        return rows

    def render_line(self, y: int) -> Strip:
        """One entry, one group title, or a blank."""
        width, base = self.size.width, self.rich_style
        rows = self._rows()
        if y >= len(rows):
            return Strip([Segment(" " * width, base)], width)
        row = rows[y]
        if isinstance(row, str):
            return strip_of(self, (Part(fill(f"  {_(row) if row else ''}", width), Tone.QUIET),), width, base)
        here = row.id == self._here
        indent = "  " if row.group else ""
        parts = (
            Part(f"{glyphs.BAR if here else ' '} ", Tone.ACCENT),
            Part(indent + _(row.title), Tone.STRONG if here else Tone.PLAIN),
        )
        return strip_of(self, parts, width, base)

    def on_click(self, event: events.Click) -> None:
        """Go to the page under the pointer."""
        rows = self._rows()
        if event.y < len(rows) and isinstance(place := rows[event.y], Place):
            cast("CctuiApp", self.app).action_go(place.id)
