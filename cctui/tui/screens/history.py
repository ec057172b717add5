"""Runs of one export or of all, newest first: who started them, how they ended, what they changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from cctui.definitions.model import ExportId
from cctui.delivery.states import Run, RunId
from cctui.locales import N_, _
from cctui.tui.commands import Choice, Command, Facts
from cctui.tui.history_rows import (
    HISTORY_COLUMNS,
    STARTED,
    STATUS_FILTERS,
    before,
    change_line,
    filter_title,
    history_row,
)
from cctui.tui.list_page import ListPage
from cctui.tui.listing import Column, Row
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.run_commands import HISTORY_COMMANDS

PAGE = 200
"""Runs that are read at once; the next ones come when the cursor gets near the end."""

NEAR = 40
"""Rows before the last one that is read, at which the next page is."""


class HistoryScreen(ListPage):
    """The history."""

    HEADING = N_("History")
    EXPLANATION = N_("Every run of the last 90 days, newest first.")
    EMPTY = N_("Nothing has run yet.\nOpen Exports and press r to run one.")
    MENU = False
    COMMANDS: ClassVar[tuple[Command, ...]] = HISTORY_COMMANDS
    COLUMNS: ClassVar[tuple[Column, ...]] = HISTORY_COLUMNS

    def __init__(self, export_id: ExportId | None = None) -> None:
        super().__init__()
        self.export_id = export_id
        self._filter = 0
        self._runs: list[Run] = []
        self._whole = False
        self._earlier: dict[RunId, Run] = {}
        self._made: dict[RunId, tuple[Run, Run | None, Row]] = {}

    def on_mount(self) -> None:
        """Newest first."""
        self.table.sort_column, self.table.descending = STARTED, True

    # Reading

    def reload(self) -> None:
        """Read the newest runs again; older ones do not change any more."""
        fresh = self._read(0, PAGE)
        known = {run.id for run in fresh}
        older = [run for run in self._runs if run.id not in known] if len(fresh) == PAGE else []
        self._take([*fresh, *older], whole=len(fresh) < PAGE or self._whole)

    def language_changed(self) -> None:
        """No row is as it was."""
        self._made.clear()
        super().language_changed()

    def _read(self, offset: int, limit: int) -> list[Run]:
        ledger = self.face.ledger
        if ledger is None:
            return []
        return ledger.runs(export=self.export_id, statuses=STATUS_FILTERS[self._filter], limit=limit, offset=offset)

    def _take(self, found: Sequence[Run], *, whole: bool) -> None:
        self._runs, self._whole = list(found), whole
        self._earlier = before(self._runs)
        super().reload()
        self.draw()

    def _more(self) -> None:
        page = self._read(len(self._runs), PAGE)
        known = {run.id for run in self._runs}
        self._take([*self._runs, *(run for run in page if run.id not in known)], whole=len(page) < PAGE)

    def rows(self) -> list[Row]:
        """One row for each run; rows of runs that did not change are kept."""
        face = self.face
        now = face.clock.now()
        rows = []
        for run in self._runs:
            earlier = self._earlier.get(run.id)
            made = self._made.get(run.id)
            if made is None or made[0] != run or made[1] != earlier or not run.status.ended:
                alive = face.snapshot.worker_alive
                made = (run, earlier, history_row(run, earlier, now, face.zone, worker_alive=alive))
                self._made[run.id] = made
            rows.append(made[2])
        return rows

    # Showing

    def heading_line(self) -> Line:
        """The title and whose history it is."""
        name = ""
        if self.export_id is not None:
            export = self.face.snapshot.export(self.export_id)
            name = shown(export.display_name if export else self.export_id)
        return (Part(_("History"), Tone.STRONG), Part(f"   {name}", Tone.QUIET))

    def count(self) -> str:
        """The filter, and how many there are as far as they are read."""
        text = super().count()
        if not self._whole and self._runs:
            text += "+"
        words = filter_title(STATUS_FILTERS[self._filter])
        return _("{filter}, {count}").format(filter=words, count=text)

    def _run_of(self, run_id: str | None) -> Run | None:
        return next((run for run in self._runs if run.id == run_id), None)

    def moved(self) -> None:
        """The run in words; further runs as the end comes near."""
        run = self._run_of(self.table.current)
        self.detail = change_line(run, self._earlier.get(run.id)) if run is not None else ()
        if not self._whole and self.table.position >= len(self.table.rows) - NEAR and self._runs:
            self.call_later(self._more)

    def facts(self) -> Facts:
        """What is chosen."""
        run = self._run_of(self.table.current) if self.is_mounted else None
        chosen = (Choice(run.id, shown(run.export_name)),) if run is not None else ()
        return Facts(self.face.operator, chosen=chosen, total=len(self._runs))

    # Commands

    def do_open(self) -> None:
        """Open the run under the cursor."""
        if self.table.current is not None:
            self.face.open_run(RunId(self.table.current))

    def do_status(self) -> None:
        """The next filter."""
        self._filter = (self._filter + 1) % len(STATUS_FILTERS)
        self._runs, self._whole = [], False
        self.reload()

    def empty_text(self) -> str:
        """Nothing has run, or nothing of this status."""
        if self._filter:
            words = filter_title(STATUS_FILTERS[self._filter])
            return _("No run here: {filter}.\nPress s for other ones.").format(filter=words)
        return _(self.EMPTY)

    def do_sort(self) -> None:
        """Sort every run by the next column."""
        self._with_all(super().do_sort)

    def do_reverse(self) -> None:
        """Turn the order of every run round."""
        self._with_all(super().do_reverse)

    def do_search(self) -> None:
        """Search in every run."""
        super().do_search()
        self._with_all(self.draw)

    def do_last(self) -> None:
        """To the first run there was."""
        self._with_all(super().do_last)

    def _with_all(self, then: Callable[[], None]) -> None:
        """Read what is not read yet, then go on: to search or to sort, every run has to be there."""
        if self._whole:
            then()
        else:
            self.run_worker(self._all(then), exclusive=True, group="history", exit_on_error=False)

    async def _all(self, then: Callable[[], None]) -> None:
        self.notice(_("Reading all runs."))
        everything = await asyncio.to_thread(self._read, 0, 1_000_000)
        self._take(everything, whole=True)
        self.notice("")
        then()
