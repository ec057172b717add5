"""Lines below a field that are broken between words where the pane is narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events

from cctui.tui.line_breaks import wrapped_lines
from cctui.tui.parts import Line
from cctui.tui.widgets.line_block import LineBlock


class FactLines(LineBlock):
    """Says something about the field above it; as high as what it says, and nothing where there is nothing."""

    DEFAULT_CSS = """
    FactLines { margin: 0 1 0 0; }
    FactLines.-beside { margin-left: 29; }
    """

    def __init__(self, *, id: str, beside: bool = True) -> None:  # noqa: A002
        super().__init__(id=id, classes="-beside" if beside else None)
        self._make: Callable[[int], Sequence[Line]] = lambda _width: ()

    def say(self, lines: Sequence[Line]) -> None:
        """Show ``lines`` from now on."""
        self.draw_with(lambda _width: lines)

    def draw_with(self, make: Callable[[int], Sequence[Line]]) -> None:
        """Show what ``make`` gives for the width at hand, now and after every change of it."""
        self._make = make
        self._draw()

    def _draw(self) -> None:
        width = self.size.width
        if width:
            self.show(wrapped_lines(self._make(width), width))

    def on_resize(self, _event: events.Resize) -> None:
        """Break the lines anew."""
        self._draw()
