"""The segments of an export: a box to tick for each, and one for all of them (checklist F8, F9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cctui.locales import _, number
from cctui.tui import glyphs
from cctui.tui.listing import GAP, Column, Row, Slot, fit, found
from cctui.tui.parts import Line, Part, Tone, fill
from cctui.tui.widgets.form import Form
from cctui.tui.widgets.lines import TONES, strip_of

_GUTTER = 6
_HEAD = 1
_MOST_LINES = 10


class SegmentChecks(ScrollView, can_focus=True, inherit_bindings=False):
    """Space or Enter ticks, ``*`` ticks all. Arrows go on to the fields around it at both ends.

    While ``locked`` it is only read.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | {"table--cursor", "table--head"}
    DEFAULT_CSS = "SegmentChecks { height: 3; scrollbar-size-vertical: 1; overflow-x: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("pageup", "jump(-8)", show=False),
        Binding("pagedown", "jump(8)", show=False),
        Binding("home", "jump(-100000)", show=False),
        Binding("end", "jump(100000)", show=False),
        Binding("space,enter", "turn", show=False),
        Binding("asterisk", "turn_all", show=False),
    ]

    class Turned(Message):
        """Segments were ticked, or are no longer. ``names`` are those, in their order."""

        def __init__(self, names: tuple[str, ...], *, chosen: bool) -> None:
            super().__init__()
            self.names = names
            self.chosen = chosen

    def __init__(self, columns: Sequence[Column], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._all: list[Row] = []
        self._rows: list[Row] = []
        self._chosen: frozenset[str] = frozenset()
        self._slots: list[Slot] = []
        self._typed = ""
        self._empty = ""
        self._cursor = 0
        self.locked = False

    @property
    def rows(self) -> list[Row]:
        """The rows that the filter leaves."""
        return self._rows

    @property
    def cursor(self) -> int:
        """The line under the cursor: 0 is the one for all."""
        return self._cursor

    def show(self, rows: Sequence[Row], chosen: Sequence[str], empty: str) -> None:
        """Show ``rows``, those of ``chosen`` ticked; ``empty`` stands there while there are none."""
        if (list(rows), frozenset(chosen), empty) == (self._all, self._chosen, self._empty):
            return
        key = self._key
        self._all, self._chosen, self._empty = list(rows), frozenset(chosen), empty
        self._arrange(key)

    def search(self, typed: str) -> None:
        """Show only the segments that hold ``typed``."""
        self._typed = typed
        self._arrange(self._key)

    @property
    def _key(self) -> str | None:
        return self._rows[self._cursor - 1].key if 0 < self._cursor <= len(self._rows) else None

    def _arrange(self, key: str | None) -> None:
        self._rows = found(self._all, self._typed)
        self._fit()
        keys = [row.key for row in self._rows]
        self._cursor = keys.index(key) + 1 if key in keys else min(self._cursor, len(keys))
        height = _HEAD + min(_MOST_LINES, 1 + len(self._rows)) if self._all else 1
        self.styles.height = height
        self.virtual_size = Size(self._width, _HEAD + 1 + len(self._rows) if self._all else 1)
        self.refresh()

    def _fit(self) -> None:
        self._slots = fit(self._columns, self._all, max(1, self._width - _GUTTER - 1))

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _page(self) -> int:
        return max(1, self.scrollable_content_region.height - _HEAD)

    def action_step(self, by: int) -> None:
        """One line up or down; beyond the ends to the next field."""
        there = self._cursor + by
        if 0 <= there <= len(self._rows) and self._all:
            self._move_to(there)
        elif by < 0:
            self.screen.focus_previous()
        else:
            self.screen.focus_next()

    def action_jump(self, by: int) -> None:
        """Several lines up or down."""
        self._move_to(max(0, min(len(self._rows), self._cursor + by)))

    def _move_to(self, line: int) -> None:
        before, self._cursor = self._cursor, line
        top = int(self.scroll_y)
        if line < top:
            self.scroll_to(y=line, animate=False, force=True)
        elif line >= top + self._page:
            self.scroll_to(y=line - self._page + 1, animate=False, force=True)
        for changed in (before, line):
            self._repaint(changed)
        self._keep_in_sight()

    def _repaint(self, line: int) -> None:
        self.refresh(Region(0, line - int(self.scroll_y) + _HEAD, self._width, 1))

    def _keep_in_sight(self) -> None:
        """Scroll the pane too: on a low terminal it may be lower than this."""
        line = self._cursor - int(self.scroll_y) + _HEAD
        body = next((widget for widget in self.ancestors if isinstance(widget, Form)), None)
        if body is not None:
            body.scroll_to_region(Region(0, self.virtual_region.y + line, 1, 1), animate=False, force=True)

    def action_turn(self) -> None:
        """Tick the line under the cursor, or take its tick away."""
        if self.locked:
            return
        if self._cursor == 0:
            self.action_turn_all()
        elif self._key is not None:
            self.post_message(self.Turned((self._key,), chosen=self._key not in self._chosen))

    def action_turn_all(self) -> None:
        """Tick everything that is shown; where all is ticked, nothing."""
        names = tuple(row.key for row in self._rows)
        if names and not self.locked:
            self.post_message(self.Turned(names, chosen=not self._all_chosen))

    @property
    def _all_chosen(self) -> bool:
        return bool(self._rows) and all(row.key in self._chosen for row in self._rows)

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the columns to the new width."""
        self._fit()
        self.virtual_size = Size(self._width, self.virtual_size.height)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Tick the line under the pointer."""
        line = event.y - _HEAD + int(self.scroll_y)
        if event.y >= _HEAD and line <= len(self._rows):
            self._move_to(line)
            self.action_turn()

    def render_line(self, y: int) -> Strip:
        """Titles, the line for all, or a segment."""
        width, base = self._width, self.rich_style
        if not self._all:
            here = self.has_focus and y == 0
            if here:
                base += self.get_component_rich_style("table--cursor")
            toned = not (here and self.app.native_ansi_color)
            return strip_of(self, (Part(self._empty, Tone.QUIET),) if y == 0 else (), width, base, toned=toned)
        if y < _HEAD:
            style = self.get_component_rich_style("table--head")
            return Strip([Segment(" " * _GUTTER + self._titles(), style)]).adjust_cell_length(width, base)
        line = y - _HEAD + int(self.scroll_y)
        if line > len(self._rows):
            return Strip.blank(width, base)
        here = self.has_focus and line == self._cursor
        if here:
            base += self.get_component_rich_style("table--cursor")
        parts = self._line_for_all() if line == 0 else self._line_of(self._rows[line - 1])
        gutter = Part((glyphs.BAR if here else " ") + " ", Tone.ACCENT)
        return strip_of(self, (gutter, *parts), width, base, toned=not (here and self.app.native_ansi_color))

    def _titles(self) -> str:
        return (" " * GAP).join(
            fill(_(self._columns[slot.column].title), slot.width, right=self._columns[slot.column].right)
            for slot in self._slots
        )

    def _line_for_all(self) -> Line:
        count = sum(row.key in self._chosen for row in self._all)
        text = _("{chosen} of {count} selected").format(chosen=number(count), count=number(len(self._all)))
        title = _("All") if not self._typed else _("All that are shown")
        return (_box(ticked=self._all_chosen), Part(title), Part(f"   {text}", Tone.QUIET))

    def _line_of(self, row: Row) -> Line:
        parts = [_box(ticked=row.key in self._chosen)]
        for number_of, slot in enumerate(self._slots):
            cell = row.cells[slot.column]
            if number_of:
                parts.append(Part(" " * GAP))
            parts.append(Part(fill(cell.text, slot.width, right=self._columns[slot.column].right), cell.tone))
        return tuple(parts)


def _box(*, ticked: bool) -> Part:
    return Part("[x] " if ticked else "[ ] ", Tone.ACCENT if ticked else Tone.QUIET)
