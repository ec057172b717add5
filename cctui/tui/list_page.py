"""A page around a table: moving, searching, sorting and marking are the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Input

from cctui.locales import _, ngettext, number
from cctui.tui.commands import LISTING, SEARCHING, Command
from cctui.tui.listing import Column, Row
from cctui.tui.page import Page
from cctui.tui.rows import hidden_cells
from cctui.tui.widgets.lines import Board
from cctui.tui.widgets.table import Table


class SearchInput(Input):
    """The search field: no blinking cursor, and arrows still move the rows below."""

    def __init__(self) -> None:
        super().__init__(id="search", select_on_focus=False)
        self.cursor_blink = False


class ListPage(Page):
    """A page of rows. Subclasses set ``COLUMNS`` and ``EMPTY``, and give :meth:`rows`."""

    COMMANDS: ClassVar[tuple[Command, ...]] = (*LISTING, *SEARCHING)
    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    EMPTY: ClassVar[str] = ""

    def body(self) -> Iterable[Widget]:
        """The search field, closed at first, and the table."""
        yield SearchInput()
        yield Table(self.COLUMNS, empty=self.empty_text(), id="table")

    def rows(self) -> list[Row]:
        """All rows, made from what the app has read."""
        return []

    def empty_text(self) -> str:
        """What stands on the page while there are no rows: what this is for and what to do next."""
        return _(self.EMPTY)

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one("#table", Table)

    def reload(self) -> None:
        """Make the rows again; cursor, marks, order and search stay."""
        empty = self.empty_text()
        if empty != self.table.empty:
            # The rows may be the same, none, while the reason has become another.
            self.table.empty = empty
            self.table.refresh()
        self.table.show(self.rows())

    def count(self) -> str:
        """Marked rows, or what the search leaves, or how many there are."""
        if not self.is_mounted:
            return ""
        table = self.table
        if table.marks:
            return ngettext("{count} selected", "{count} selected", len(table.marks)).format(
                count=number(len(table.marks))
            )
        if table.query_text:
            return _("{shown} of {all}").format(shown=number(len(table.rows)), all=number(table.total))
        return number(table.total)

    def searching(self) -> str | None:
        """The search in use."""
        return self.table.query_text if self.is_mounted else ""

    def on_mount(self) -> None:
        """Show the rows and let the keys go to the table."""
        self.table.focus()

    def on_table_moved(self) -> None:
        """Commands and detail follow the cursor."""
        self.moved()
        self.draw()

    def moved(self) -> None:
        """The cursor stands elsewhere: set :attr:`detail`."""

    def say_hidden_columns(self) -> None:
        """Put what has no room in the row under the cursor into the line under the table: nothing is lost."""
        table = self.table
        current = next((row for row in table.rows if row.key == table.current), None)
        self.detail = (
            hidden_cells(current, table.columns, table.hidden_columns, min(self.page_width, table.size.width))
            if current
            else ()
        )

    async def on_table_opened(self, _message: Table.Opened) -> None:
        """A click opens like Enter."""
        for command in self.commands:
            if "enter" in command.keys:
                await self.perform(command)

    def on_table_sorted(self, message: Table.Sorted) -> None:
        """A click on a title sorts; a second one turns the order round."""
        table = self.table
        table.sort_by(message.column, descending=table.sort_column == message.column and not table.descending)

    def mover(self) -> Table | Board:
        """The keys move in the table."""
        return self.table

    def do_mark(self) -> None:
        """Mark the row."""
        self.table.mark()

    def do_mark_all(self) -> None:
        """Mark all rows, or none."""
        self.table.mark_all()

    def do_sort(self) -> None:
        """Sort by the next column that is shown."""
        table = self.table
        visible = [index for index in range(len(self.COLUMNS)) if index not in table.hidden_columns]
        after = [index for index in visible if index > table.sort_column] or visible
        table.sort_by(after[0], descending=False)

    def do_reverse(self) -> None:
        """Turn the order round."""
        self.table.sort_by(self.table.sort_column, descending=not self.table.descending)

    def do_search(self) -> None:
        """Open the search field."""
        field = self.query_one("#search", SearchInput)
        field.add_class("-open")
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        if event.input.id == "search":
            self.table.search(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes back to the rows that were found."""
        if event.input.id == "search":
            event.stop()
            self._close_search()

    def _close_search(self) -> None:
        self.query_one("#search").remove_class("-open")
        self.table.focus()

    def do_back(self) -> None:
        """Undo one thing at a time: the search, then the marks, then the page itself."""
        field = self.query_one("#search", SearchInput)
        if field.has_class("-open") or self.table.query_text:
            field.value = ""
            self.table.search("")
            self._close_search()
        elif self.table.marks:
            self.table.clear_marks()
        else:
            super().do_back()
