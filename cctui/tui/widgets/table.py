"""A table of rows with a cursor, marks and a sorted column, drawn line by line.

A move of the cursor repaints two lines, a changed cell its own line: that keeps a slow SSH connection quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cctui.locales import _
from cctui.tui import glyphs
from cctui.tui.line_breaks import wrapped
from cctui.tui.listing import GAP, Column, Row, Slot, fit, found, ordered
from cctui.tui.parts import Tone, clip, fill
from cctui.tui.widgets.lines import joined

_GUTTER = 3
_HEAD = 2


class Table(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows to choose from. Focus stays here while a page is open."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--head",
        "table--rule",
        "table--cursor",
        *(f"tone--{tone}" for tone in Tone),
    }

    class Moved(Message):
        """The cursor stands on another row, or the marks have changed."""

    class Opened(Message):
        """A row was clicked twice."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Sorted(Message):
        """A column's title was clicked."""

        def __init__(self, column: int) -> None:
            super().__init__()
            self.column = column

    def __init__(self, columns: Sequence[Column], *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.empty = empty
        self.sort_column = 0
        self.descending = False
        self.query_text = ""
        self.marks: set[str] = set()
        self._all: list[Row] = []
        self._rows: list[Row] = []
        self._slots: list[Slot] = []
        self._cursor = 0

    @property
    def total(self) -> int:
        """All rows, whatever the search shows."""
        return len(self._all)

    @property
    def rows(self) -> list[Row]:
        """The rows shown, in their order."""
        return self._rows

    @property
    def current(self) -> str | None:
        """The key of the row under the cursor."""
        return self._rows[self._cursor].key if self._rows else None

    @property
    def position(self) -> int:
        """The index of the row under the cursor among those shown."""
        return self._cursor

    @property
    def chosen(self) -> list[str]:
        """The keys that a command acts on: the marked rows in the order shown, or the one under the cursor."""
        marked = [row.key for row in self._rows if row.key in self.marks]
        if marked:
            return marked
        return [self.current] if self.current is not None else []

    @property
    def hidden_columns(self) -> list[int]:
        """The columns that have no room now."""
        shown = {slot.column for slot in self._slots}
        return [index for index in range(len(self.columns)) if index not in shown]

    def show(self, rows: Sequence[Row]) -> None:
        """Show ``rows`` in the present order and search. The cursor stays on its object; only changed lines repaint."""
        self._all = list(rows)
        self.marks &= {row.key for row in rows}
        self._arrange(self.current)

    def sort_by(self, column: int, *, descending: bool) -> None:
        """Order the rows by ``column``."""
        self.sort_column, self.descending = column, descending
        self._arrange(self.current)
        self.refresh()

    def search(self, query: str) -> None:
        """Show only the rows that hold ``query``."""
        self.query_text = query
        self._arrange(self.current)
        self.refresh()

    def move(self, by: int) -> None:
        """Move the cursor by so many rows."""
        self.move_to(self._cursor + by)

    def move_to(self, index: int) -> None:
        """Put the cursor on the row at ``index``, as far as there are rows."""
        index = max(0, min(len(self._rows) - 1, index))
        if index == self._cursor or not self._rows:
            return
        before, self._cursor = self._cursor, index
        top = int(self.scroll_y)
        page = self.page
        if index < top:
            self.scroll_to(y=index, animate=False, force=True)
        elif index >= top + page:
            self.scroll_to(y=index - page + 1, animate=False, force=True)
        self._repaint(before)
        self._repaint(index)
        self.post_message(self.Moved())

    def move_to_key(self, key: str) -> bool:
        """Put the cursor on the object with this key; says whether it is there."""
        for index, row in enumerate(self._rows):
            if row.key == key:
                self.move_to(index)
                return True
        return False

    @property
    def page(self) -> int:
        """How many rows are visible at once."""
        return max(1, self._height - _HEAD)

    def mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go to the next row."""
        if self.current is None:
            return
        self.marks ^= {self.current}
        self._repaint(self._cursor)
        self.move(1)
        self.post_message(self.Moved())

    def mark_all(self) -> None:
        """Mark every row shown; where all are marked, none."""
        keys = {row.key for row in self._rows}
        self.marks = set() if keys and keys <= self.marks else self.marks | keys
        self.refresh()
        self.post_message(self.Moved())

    def clear_marks(self) -> None:
        """Take all marks away."""
        self.marks = set()
        self.refresh()
        self.post_message(self.Moved())

    def _arrange(self, key: str | None) -> None:
        before, slots, cursor = self._rows, self._slots, self._cursor
        rows = ordered(found(self._all, self.query_text), self.sort_column, descending=self.descending)
        self._rows = rows
        self._slots = fit(self.columns, self._all, max(1, self._width - _GUTTER - 1))
        keys = [row.key for row in rows]
        self._cursor = keys.index(key) if key in keys else max(0, min(self._cursor, len(rows) - 1))
        self.virtual_size = Size(self._width, len(rows) + _HEAD)
        if slots != self._slots or len(before) != len(rows):
            self.refresh()
        else:
            for index, (old, new) in enumerate(zip(before, rows, strict=True)):
                if old != new:
                    self._repaint(index)
            if cursor != self._cursor:
                self._repaint(cursor)
                self._repaint(self._cursor)
        self.post_message(self.Moved())

    def _repaint(self, index: int) -> None:
        y = index - int(self.scroll_y) + _HEAD
        if _HEAD <= y < self._height:
            self.refresh(Region(0, y, self._width, 1))

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the columns to the new width and keep the cursor in view."""
        self._arrange(self.current)
        self.refresh()
        bottom = int(self.scroll_y) + self.page
        if self._cursor >= bottom:
            self.scroll_to(y=self._cursor - self.page + 1, animate=False, force=True)

    def on_focus(self) -> None:
        """The row under the cursor shows where keys go."""
        self._repaint(self._cursor)

    def on_blur(self) -> None:
        """It is quiet while keys go elsewhere."""
        self._repaint(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """Choose a row; a second click opens it; a title sorts."""
        if event.y < _HEAD:
            left = _GUTTER
            for slot in self._slots:
                if left <= event.x < left + slot.width + GAP:
                    self.post_message(self.Sorted(slot.column))
                left += slot.width + GAP
            return
        index = event.y - _HEAD + int(self.scroll_y)
        if index < len(self._rows):
            again = index == self._cursor
            self.move_to(index)
            if again or event.chain > 1:
                self.post_message(self.Opened(self._rows[index].key))

    def render_line(self, y: int) -> Strip:
        """One line of the screen: titles, rule, or a row."""
        width = self._width
        base = self.rich_style
        if not self._all:
            return self._empty_line(y, width, base)
        if y == 0:
            return Strip(self._titles()).adjust_cell_length(width, base)
        if y == 1:
            rule = Segment(" " * (_GUTTER - 1) + glyphs.LINE * max(0, width - _GUTTER), self._style("table--rule"))
            return Strip([rule]).adjust_cell_length(width, base)
        index = y - _HEAD + int(self.scroll_y)
        if not self._rows and y == _HEAD:
            text = " " * _GUTTER + _("Nothing matches “{text}”. Esc clears the search.").format(text=self.query_text)
            return Strip([Segment(clip(text, width), self._style("tone--quiet"))]).adjust_cell_length(width, base)
        if index >= len(self._rows):
            return Strip.blank(width, base)
        return self._row(index, width)

    def _empty_line(self, y: int, width: int, base: Style) -> Strip:
        said = self.empty.split("\n")
        lines = [(row, part) for row, text in enumerate(said) for part in wrapped(text, max(10, width - _GUTTER))]
        if not 1 <= y <= len(lines):
            return Strip.blank(width, base)
        row, text = lines[y - 1]
        style = self._style("tone--quiet" if row else "tone--strong")
        return Strip([Segment(" " * _GUTTER + text, style)]).adjust_cell_length(width, base)

    def _titles(self) -> list[Segment]:
        style = self._style("table--head")
        segments = [Segment(" " * _GUTTER, style)]
        for slot in self._slots:
            column = self.columns[slot.column]
            title = column.heading
            if slot.column == self.sort_column:
                title = f"{clip(title, slot.width - 2)} {glyphs.DOWN if self.descending else glyphs.UP}"
            segments.append(Segment(fill(title, slot.width, right=column.right) + " " * GAP, style))
        return segments

    def _row(self, index: int, width: int) -> Strip:
        row = self._rows[index]
        here = index == self._cursor
        # Where keys go elsewhere only the bar is left, or two rows would look as if they went there.
        lit = here and self.has_focus
        cursor = self._style("table--cursor") if lit else Style.null()
        base = self.rich_style + cursor
        gutter = (glyphs.BAR if here else " ") + (glyphs.MARK if row.key in self.marks else " ") + " "
        # In the terminal's own colours the cursor row is shown in reverse, where a tone would become its ground.
        toned = not (lit and self.app.native_ansi_color)
        segments = [Segment(gutter, base + self._partial("tone--accent") if toned else base)]
        for slot in self._slots:
            cell = row.cells[slot.column]
            text = fill(cell.text, slot.width, right=self.columns[slot.column].right) + " " * GAP
            tone = self._partial(f"tone--{cell.tone}") if toned and cell.tone is not Tone.PLAIN else Style.null()
            segments.append(Segment(text, base + tone))
        return joined(Strip(segments).adjust_cell_length(width, base))

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _height(self) -> int:
        return self.scrollable_content_region.height

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name)

    def _partial(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)
