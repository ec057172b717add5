"""Widgets that draw pieces of text: one line, or a board of lines with a cursor among those that lead somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import ClassVar

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from cctui.tui import glyphs
from cctui.tui.parts import Line, Part, Tone, clipped, width_of

TONES = {f"tone--{tone}" for tone in Tone}


def strip_of(widget: Widget, line: Sequence[Part], width: int, base: Style, *, toned: bool = True) -> Strip:
    """``line`` as Textual draws it: every piece in its tone over ``base``, in exactly ``width`` cells."""
    segments = []
    for part in clipped(line, width):
        style = base
        if toned and part.tone is not Tone.PLAIN:
            style += widget.get_component_rich_style(f"tone--{part.tone}", partial=True)
        if part.action:
            style += Style(meta={"@click": part.action})
        segments.append(Segment(part.text, style))
    return joined(Strip(segments).adjust_cell_length(width, base))


def joined(strip: Strip) -> Strip:
    """``strip`` with pieces of one style made one, which halves what goes over the line.

    A line with wide characters stays in pieces, each at its own place: pictures squeeze wide characters, and would move
    what follows.
    """
    return strip.simplify() if strip.cell_length == len(strip.text) else strip


class TextLine(Widget):
    """One line. It repaints only when its pieces change."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES
    DEFAULT_CSS = "TextLine { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._line: Line = ()

    @property
    def line(self) -> Line:
        """What is shown."""
        return self._line

    def show(self, line: Sequence[Part]) -> None:
        """Show ``line`` from now on. Only the cells between what is the same at both ends are sent."""
        before, now = self._line, tuple(line)
        if now == before:
            return
        self._line = now
        same = takewhile(lambda pair: pair[0] == pair[1], zip(before, now, strict=False))
        left = width_of(old for old, _new in same)
        right = max(width_of(before), width_of(now))
        if width_of(before) == width_of(now):
            tail = takewhile(lambda pair: pair[0] == pair[1], zip(reversed(before), reversed(now), strict=False))
            right -= width_of(old for old, _new in tail)
        inset = self.content_region.x - self.region.x
        self.refresh(Region(inset + left, 0, max(1, right - left), 1))

    def render_line(self, y: int) -> Strip:
        """The line, or a blank one below it."""
        width = self.content_size.width
        return strip_of(self, () if y else self._line, width, self.rich_style)


class Rule(Widget):
    """A thin line across."""

    DEFAULT_CSS = "Rule { height: 1; }"

    def render_line(self, y: int) -> Strip:
        """The rule."""
        return Strip([Segment(glyphs.LINE * self.size.width, self.rich_style)], self.size.width)


class BoardLine(Struct, frozen=True):
    """A line of a board. ``target`` is what Enter opens, empty for a line to read only. The cursor ``begins`` here."""

    parts: Line = ()
    target: str = ""
    begins: bool = False


class Board(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines to read; the cursor steps through those with a target, else the board scrolls."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | {"table--cursor"}

    class Opened(Message):
        """A line with a target was clicked."""

        def __init__(self, target: str) -> None:
            super().__init__()
            self.target = target

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: list[BoardLine] = []
        self._cursor = -1

    @property
    def current(self) -> str:
        """The target under the cursor, empty where there is none."""
        return self._lines[self._cursor].target if 0 <= self._cursor < len(self._lines) else ""

    @property
    def lines_shown(self) -> list[BoardLine]:
        """Everything on the board."""
        return self._lines

    def show(self, lines: Sequence[BoardLine]) -> None:
        """Show ``lines``; the cursor stays on its target, and only changed lines repaint."""
        before, target, was = self._lines, self.current, self._cursor
        self._lines = list(lines)
        targets = [index for index, line in enumerate(lines) if line.target]
        same = sorted((i for i in targets if lines[i].target == target), key=lambda i: i != self._cursor)
        begin = [index for index in targets if lines[index].begins]
        self._cursor = (same or begin or targets or [-1])[0]
        self.virtual_size = Size(self.scrollable_content_region.width, len(lines))
        if len(before) != len(lines):
            self.refresh()
            return
        for index, (old, new) in enumerate(zip(before, lines, strict=True)):
            if old != new or index in {was, self._cursor}:
                self._repaint(index)

    def move(self, by: int) -> None:
        """Go to the next target that way; without one, scroll."""
        targets = [index for index, line in enumerate(self._lines) if line.target]
        ahead = [index for index in targets if (index > self._cursor if by > 0 else index < self._cursor)]
        if not ahead or by == 0:
            self.scroll_to(y=self.scroll_y + by, animate=False, force=True)
            return
        before = self._cursor
        self._cursor = ahead[min(by, len(ahead)) - 1] if by > 0 else ahead[max(by, -len(ahead))]
        top, height = int(self.scroll_y), self.scrollable_content_region.height
        if self._cursor < top or self._cursor >= top + height:
            self.scroll_to(y=max(0, self._cursor - height // 2), animate=False, force=True)
        self._repaint(before)
        self._repaint(self._cursor)

    def move_to_target(self, target: str) -> None:
        """Put the cursor on a target, if it is there."""
        for index, line in enumerate(self._lines):
            if line.target == target:
                before, self._cursor = self._cursor, index
                self._repaint(before)
                self._repaint(index)

    @property
    def page(self) -> int:
        """How many lines are visible at once."""
        return max(1, self.scrollable_content_region.height - 1)

    def _repaint(self, index: int) -> None:
        self.refresh(Region(0, index - int(self.scroll_y), self.scrollable_content_region.width, 1))

    def on_resize(self, _event: events.Resize) -> None:
        """Draw anew at the new width."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._lines))
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Open the line under the pointer."""
        index = event.y + int(self.scroll_y)
        if index < len(self._lines) and self._lines[index].target:
            self.post_message(self.Opened(self._lines[index].target))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width, base = self.scrollable_content_region.width, self.rich_style
        index = y + int(self.scroll_y)
        if index >= len(self._lines):
            return Strip.blank(width, base)
        here = index == self._cursor
        if here:
            base += self.get_component_rich_style("table--cursor")
        gutter = Part((glyphs.BAR if here else " ") + "  ", Tone.ACCENT)
        toned = not (here and self.app.native_ansi_color)
        return strip_of(self, (gutter, *self._lines[index].parts), width, base, toned=toned)
