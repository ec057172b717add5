"""The least that an application on Textual can be: header, a table of 100 rows, footer. Others are read against it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header


class Floor(App[None]):
    """A table and nothing else."""

    TITLE = "floor"
    BINDINGS: ClassVar = [("q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable(cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("Name", "Status", "Rows", "Started")
        for number in range(100):
            table.add_row(f"export-{number:04}", "done", str(number * 17), "2026-01-01 00:00")


if __name__ == "__main__":
    Floor().run(mouse=False)
