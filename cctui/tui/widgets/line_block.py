"""A block of lines that repaints only the cells that changed: what a live screen may cost over a slow connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cctui.tui.parts import Line, width_of
from cctui.tui.widgets.lines import TONES, strip_of


class LineBlock(Widget):
    """Lines of text, as high as there are lines."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES
    DEFAULT_CSS = "LineBlock { height: 0; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show ``lines`` from now on. Only another number of lines moves the widgets below."""
        before, self._lines = self._lines, tuple(tuple(line) for line in lines)
        if len(before) != len(self._lines):
            self.styles.height = len(self._lines)
            self.refresh()
            return
        changed = [
            Region(left, y, right - left, 1)
            for y, (old, new) in enumerate(zip(before, self._lines, strict=True))
            if old != new
            for left, right in [changed_cells(old, new)]
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """The line, or a blank one below the last."""
        width, base = self.size.width, self.rich_style
        if y >= len(self._lines):
            return Strip.blank(width, base)
        return strip_of(self, self._lines[y], width, base)


def changed_cells(old: Line, new: Line) -> tuple[int, int]:
    """From which cell to before which one two lines differ."""
    left = 0
    start = 0
    for before, after in zip(old, new, strict=False):
        if before != after:
            break
        left += cell_len(after.text)
        start += 1
    end = max(width_of(old), width_of(new))
    if width_of(old) == width_of(new):
        for before, after in zip(reversed(old[start:]), reversed(new[start:]), strict=False):
            if before != after:
                break
            end -= cell_len(after.text)
    return left, max(left + 1, end)
