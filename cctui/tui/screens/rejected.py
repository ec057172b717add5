"""The rows of a run that did not make it: how many for which reason, then the rows themselves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.events import Resize
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from cctui.delivery import runs
from cctui.delivery.refusals import REFUSED
from cctui.delivery.states import Run, RunId
from cctui.errors import CctuiError, UsageError
from cctui.locales import N_, _, number
from cctui.tui.commands import Command
from cctui.tui.page import Mover, Page
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.rejected_rows import REASON_COLUMNS, RejectedRows, reason_rows, untraced_line
from cctui.tui.run_again import run_again
from cctui.tui.run_commands import REJECTED_COMMANDS, RejectedFacts, choice_of
from cctui.tui.widgets.line_list import LineList
from cctui.tui.widgets.lines import Rule
from cctui.tui.widgets.prompt import Prompt
from cctui.tui.widgets.table import Table

_WIDE = 100


class RejectedScreen(Page):
    """Reasons above, rows below."""

    HEADING = N_("Rejected rows")
    EXPLANATION = N_("Mend these values in the source, then run only these again.")
    MENU = False
    COMMANDS: ClassVar[tuple[Command, ...]] = REJECTED_COMMANDS
    CSS = """
    RejectedScreen #reasons { height: 9; }
    RejectedScreen.-high #reasons { height: 12; }
    RejectedScreen #rows-rule { padding: 0 1 0 3; }
    """

    class Loaded(Message):
        """The rows have been found and counted, or why not."""

        def __init__(self, rows: RejectedRows | None, problem: CctuiError | None = None) -> None:
            super().__init__()
            self.rows = rows
            self.problem = problem

    def __init__(self, run_id: RunId) -> None:
        super().__init__()
        self.run_id = run_id
        self._rows: RejectedRows | None = None
        self._run: Run | None = None

    def body(self) -> Iterable[Widget]:
        """The reasons, the rows, the question for a file name."""
        reasons = Table(REASON_COLUMNS, empty=_("Counting the rows."), id="reasons")
        reasons.sort_column, reasons.descending = 1, True
        yield reasons
        yield Rule(id="rows-rule")
        yield LineList(RejectedRows(Path(os.devnull)), id="rows")
        yield Prompt()

    def on_mount(self) -> None:
        """Count in the background: there may be a million rows."""
        self.reasons.focus()
        self.run_worker(self._load, thread=True, exclusive=True, exit_on_error=False, group="rejected")

    @property
    def reasons(self) -> Table:
        """The reasons."""
        return self.query_one("#reasons", Table)

    @property
    def rows_shown(self) -> LineList:
        """The rows."""
        return self.query_one("#rows", LineList)

    def reload(self) -> None:
        """Read again whose rows these are: the run may have ended meanwhile."""
        if self.face.ledger is not None:
            with suppress(CctuiError):  # pruned meanwhile: the rows say so where they cannot be read
                self._run = self.face.ledger.run(self.run_id)

    def _load(self) -> None:
        worker = get_current_worker()
        try:
            rows = RejectedRows(runs.rejected_path(self.face.environment, self.run_id))
            rows.load(lambda: worker.is_cancelled)
        except CctuiError as problem:
            self.post_message(self.Loaded(None, problem))
        except OSError as problem:
            self.post_message(
                self.Loaded(None, CctuiError(_("The rejected rows cannot be read."), why=problem.strerror or ""))
            )
        else:
            self.post_message(self.Loaded(rows))

    def on_rejected_screen_loaded(self, message: Loaded) -> None:
        """Show what was found."""
        if message.problem is not None:
            self.reasons.empty = shown(message.problem.what)
            self.face.show_error(message.problem)
            return
        self._rows = message.rows
        if message.rows is None:
            return
        self.rows_shown.source = message.rows
        self._fit(self.size.width)
        self._show(message.rows)

    def _show(self, rows: RejectedRows) -> None:
        """Say what was found."""
        self.reasons.empty = _("No row was rejected in this run.")
        self.reasons.show(reason_rows(rows.counts) if rows.counts.total() else [])
        self.rows_shown.source_changed()
        untraced = 0 if self._run is None else self._run.totals.refused - rows.counts[REFUSED]
        self.detail = untraced_line(untraced)
        self.draw()

    def language_changed(self) -> None:
        """Reasons and rows are said anew."""
        if self._rows is not None:
            self._show(self._rows)
        super().language_changed()

    def on_table_moved(self) -> None:
        """The rows below are those of the reason under the cursor."""
        if self._rows is not None and self.reasons.current is not None:
            self._rows.choose(self.reasons.current)
            self.rows_shown.cursor = self.rows_shown.top = 0
            self.rows_shown.source_changed()

    def on_resize(self, event: Resize) -> None:
        """Narrow columns on a narrow screen."""
        self._fit(event.size.width)

    def _fit(self, width: int) -> None:
        narrow = width < _WIDE
        if self._rows is not None and self._rows.narrow != narrow:
            self._rows.narrow = narrow
            self.rows_shown.source_changed()

    def on_line_list_moved(self) -> None:
        """The command bar says where one is."""
        self.draw()

    def heading_line(self) -> Line:
        """The title, the export and the run."""
        name = [shown(self._run.export_name, 60)] if self._run is not None else []
        return (
            Part(_("Rejected rows"), Tone.STRONG),
            Part("   " + " · ".join([*name, _("run {run}").format(run=self.run_id)]), Tone.QUIET),
        )

    def count(self) -> str:
        """Where one is among the rows."""
        rows = self._rows
        if rows is None or not len(rows):
            return ""
        return _("{line} of {count}").format(line=number(self.rows_shown.cursor + 1), count=number(len(rows)))

    def facts(self) -> RejectedFacts:
        """What commands look at."""
        rows, run = self._rows, self._run
        return RejectedFacts(
            self.face.operator,
            chosen=(choice_of(run, self.face.snapshot),) if run is not None else (),
            total=rows.counts.total() if rows is not None else 0,
            run=run,
            unmasked=rows is not None and not rows.masked,
        )

    def mover(self) -> Mover:
        """What arrows and paging keys move in."""
        return self.rows_shown if self.rows_shown.has_focus else self.reasons

    def do_pane(self) -> None:
        """From the reasons to the rows, and back."""
        (self.reasons if self.rows_shown.has_focus else self.rows_shown).focus()

    def do_mask(self) -> None:
        """Whole addresses, or masked ones."""
        if self._rows is not None:
            self._rows.masked = not self._rows.masked
            self.rows_shown.source_changed()
            self.draw()

    async def do_only_rejected(self) -> None:
        """Start a run of these rows' profiles and watch it."""
        if self._run is not None:
            await run_again(self, self._run, only_rejected=True)

    def do_left(self) -> None:
        """The beginning of long lines."""
        self.rows_shown.sideways(-1)

    def do_right(self) -> None:
        """The end of long lines."""
        self.rows_shown.sideways(1)

    def do_write(self) -> None:
        """Ask for the name of the file."""
        here = Path.cwd() if os.access(Path.cwd(), os.W_OK) else Path.home()
        self.query_one(Prompt).ask("write", _("Write CSV as"), str(here / f"rejected-{self.run_id}.csv"))

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Write all rows, whatever reason is chosen."""
        self.reasons.focus()
        if message.text:
            path = Path(message.text).expanduser()
            self.run_worker(self._explained(partial(self._write, path)), group="command", exit_on_error=False)

    async def _write(self, path: Path) -> None:
        name = shown(str(path), 300)
        if path.exists():
            raise UsageError(_("{file} exists already.").format(file=name), do=_("Choose another name."))
        try:
            face = self.face
            await asyncio.to_thread(runs.write_rejected, face.environment, face.operator, self.run_id, path)
        except OSError as problem:
            raise CctuiError(
                _("{file} was not written.").format(file=name),
                why=problem.strerror or "",
                do=_("Choose another folder."),
            ) from problem
        self.notice(_("Written to {file}.").format(file=name), Tone.GOOD)

    def do_back(self) -> None:
        """Close the question, or go back."""
        prompt = self.query_one(Prompt)
        if prompt.open:
            prompt.close()
            self.reasons.focus()
        else:
            super().do_back()
