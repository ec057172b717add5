"""A list of lines of any length, of which only those on the screen are ever read or drawn.

There is no scroll bar: its thumb would be one more thing to repaint, and the place in the list is said in words by
whoever owns the list. A move of the cursor repaints two lines, a page one frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cctui.tui import glyphs
from cctui.tui.line_breaks import wrapped
from cctui.tui.parts import Line, Tone
from cctui.tui.widgets.lines import TONES

_GUTTER = 3
_SIDEWAYS = 16


class LineSource(Protocol):
    """Where the lines come from."""

    def __len__(self) -> int: ...

    def lines(self, first: int, count: int) -> Sequence[Line]:
        """The lines from ``first`` on, fewer at the end."""
        ...


class LineList(Widget, can_focus=True):
    """Lines with a cursor. The owner says when the source has changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | {"table--cursor", "line-list--found"}
    DEFAULT_CSS = """
    LineList { height: 1fr; }
    LineList .line-list--found { text-style: reverse; }
    """

    class Moved(Message):
        """The cursor or the window is elsewhere."""

    class Opened(Message):
        """A line was clicked twice."""

    def __init__(self, source: LineSource, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.source = source
        self.empty = empty
        self.needle = ""
        self.cursor = 0
        self.top = 0
        self.left = 0
        self._window: dict[int, Line] = {}
        self._known = 0

    @property
    def page(self) -> int:
        """How many lines are visible at once."""
        return max(1, self.size.height)

    def source_changed(self) -> None:
        """Other lines than before: draw all of it anew, the cursor stays where it can."""
        self._window.clear()
        self._known = len(self.source)
        self.cursor = max(0, min(self.cursor, self._known - 1))
        self.top = self._inside(self.top)
        self.refresh()
        self.post_message(self.Moved())

    def source_grew(self, *, follow: bool) -> None:
        """Lines were added at the end. Nothing repaints unless they are visible, or the cursor goes with them."""
        before, self._known = self._known, len(self.source)
        if before == self._known:
            return
        if follow:
            self.move_to(self._known - 1)
        if before < self.top + self.page:
            first = max(0, before - self.top)
            self.refresh(Region(0, first, self.size.width, self.page - first))
        self.post_message(self.Moved())

    def find(self, needle: str) -> None:
        """Show where ``needle`` stands in the lines; empty shows none."""
        if needle != self.needle:
            self.needle = needle
            self.refresh()

    def move(self, by: int) -> None:
        """Move the cursor by so many lines."""
        self.move_to(self.cursor + by)

    def move_to(self, index: int) -> None:
        """Put the cursor on the line at ``index``, as far as there are lines, and show it."""
        index = max(0, min(len(self.source) - 1, index))
        if index == self.cursor and self.top <= index < self.top + self.page:
            return
        before, self.cursor = self.cursor, index
        top = self.top
        if index < top:
            self.top = index
        elif index >= top + self.page:
            self.top = index - self.page + 1
        if self.top != top:
            self.refresh()
        else:
            self._repaint(before)
            self._repaint(index)
        self.post_message(self.Moved())

    def sideways(self, steps: int) -> None:
        """Show what is further right or left of long lines."""
        left = max(0, self.left + steps * _SIDEWAYS)
        if left != self.left:
            self.left = left
            self.refresh()

    def _inside(self, top: int) -> int:
        return max(0, min(top, len(self.source) - self.page))

    def _repaint(self, index: int) -> None:
        y = index - self.top
        if 0 <= y < self.page:
            self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor in view and no blank lines above the end."""
        last = self.cursor >= len(self.source) - 1
        self.top = self._inside(self.cursor - self.page + 1 if last else min(self.top, self.cursor))
        if self.cursor >= self.top + self.page:
            self.top = self.cursor - self.page + 1
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there."""
        index = self.top + event.y
        if index < len(self.source):
            again = index == self.cursor
            self.move_to(index)
            if again and event.chain > 1:
                self.post_message(self.Opened())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor, as everywhere."""
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor, as everywhere."""
        event.stop()
        self.move(-3)

    def _line(self, index: int) -> Line:
        if index not in self._window:
            first, last = self.top, min(len(self.source), self.top + self.page)
            missing = [place for place in range(first, last) if place not in self._window]
            start = missing[0] if missing else index
            kept = {place: line for place, line in self._window.items() if first <= place < last}
            read = self.source.lines(start, (missing[-1] - start + 1) if missing else 1)
            self._window = {**kept, **{start + offset: line for offset, line in enumerate(read)}}
        return self._window.get(index, ())

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width, base = self.size.width, self.rich_style
        index = self.top + y
        if not len(self.source):
            said = [part for text in self.empty.split("\n") for part in wrapped(text, max(10, width - _GUTTER))]
            quiet = base + self.get_component_rich_style("tone--quiet", partial=True)
            text = " " * _GUTTER + said[y] if y < len(said) else ""
            return Strip([Segment(text, quiet)]).adjust_cell_length(width, base)
        if index >= len(self.source):
            return Strip.blank(width, base)
        here = index == self.cursor and self.has_focus
        if here:
            base += self.get_component_rich_style("table--cursor")
        accent = self.get_component_rich_style("tone--accent", partial=True)
        gutter = Segment((glyphs.BAR if index == self.cursor else " ") + "  ", base + accent)
        content = Strip(self._segments(self._line(index), base))
        room = max(0, width - _GUTTER)
        if self.left:
            content = content.crop(min(self.left, content.cell_length))
        if content.cell_length > room:
            content = Strip([*content.crop(0, max(0, room - 1)), Segment("…", base)])
        return Strip([gutter, *content.adjust_cell_length(room, base)])

    def _segments(self, line: Line, base: Style) -> list[Segment]:
        segments: list[Segment] = []
        for part in line:
            style = base
            if part.tone is not Tone.PLAIN:
                style += self.get_component_rich_style(f"tone--{part.tone}", partial=True)
            segments += self._marked(part.text, style)
        return segments

    def _marked(self, text: str, style: Style) -> list[Segment]:
        folded = text.casefold()
        needle = self.needle.casefold()
        if not needle or needle not in folded or len(folded) != len(text):
            return [Segment(text, style)]
        found = style + self.get_component_rich_style("line-list--found", partial=True)
        segments: list[Segment] = []
        start = 0
        while (at := folded.find(needle, start)) >= 0:
            segments += [Segment(text[start:at], style), Segment(text[at : at + len(needle)], found)]
            start = at + len(needle)
        return [segment for segment in (*segments, Segment(text[start:], style)) if segment.text]

    def on_focus(self) -> None:
        """The cursor shows where keys go."""
        self._repaint(self.cursor)

    def on_blur(self) -> None:
        """The cursor is quiet while keys go elsewhere."""
        self._repaint(self.cursor)
