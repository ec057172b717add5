"""One run: Progress details by stage, its log or its batches, the sums at its end. The same for every run there is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from msgspec import structs
from textual.containers import Vertical
from textual.events import Resize
from textual.timer import Timer
from textual.widget import Widget

from cctui.constant_contact.answers import Usage
from cctui.delivery import runs
from cctui.delivery.spool import Spool
from cctui.delivery.states import Run, RunId, Status
from cctui.errors import CctuiError
from cctui.locales import N_, _
from cctui.tui import run_rows, stage_rows, sum_rows
from cctui.tui.batch_rows import BATCH_COLUMNS, batch_facts, batch_row
from cctui.tui.commands import Command
from cctui.tui.line_breaks import wrapped
from cctui.tui.log_lines import LogLines
from cctui.tui.page import Mover
from cctui.tui.parts import Line, Part, Tone, plain, shown
from cctui.tui.run_again import run_again
from cctui.tui.run_commands import RUN_COMMANDS, RunFacts, choice_of
from cctui.tui.run_rows import RunView
from cctui.tui.screens.run_log import LogPage
from cctui.tui.widgets.line_block import LineBlock
from cctui.tui.widgets.lines import Rule
from cctui.tui.widgets.prompt import Prompt
from cctui.tui.widgets.run_log_pane import RunLogPane
from cctui.tui.widgets.table import Table

POLL_SECONDS = 0.5
"""How often ledger and log are looked at: what a slow line can carry while a run goes on."""


_ROOM_FOR_ALL = 18

NO_BATCHES = N_("No batches yet.\nThey are there when every row is matched.")


class RunScreen(LogPage):
    """A run that goes on, stands still or is over, whoever started it."""

    HEADING = N_("Run")
    MENU = False
    COMMANDS: ClassVar[tuple[Command, ...]] = RUN_COMMANDS
    CSS = """
    RunScreen #explanation { margin-bottom: 0; }
    RunScreen #standing, RunScreen #progress, RunScreen #sums, RunScreen #batch-facts, RunScreen #lower-rule {
        padding: 0 1 0 3;
    }
    RunScreen.-high #progress, RunScreen.-high #sums.-there, RunScreen.-high #batch-facts { margin-top: 1; }
    RunScreen #batches-pane { height: 1fr; display: none; }
    RunScreen.-batches #batches-pane { display: block; }
    RunScreen.-batches #log, RunScreen.-low.-batches #sums { display: none; }
    """

    def __init__(self, run_id: RunId, *, told: str = "") -> None:
        super().__init__(run_id)
        self._told = told
        self._view: RunView | None = None
        self._change = -1
        self._timer: Timer | None = None

    # What is shown

    def body(self) -> Iterable[Widget]:
        """Why it stands still, the stages, then log or batches, then the sums."""
        log = Spool(self.face.environment, self.run_id).log.path
        yield LineBlock(id="standing")
        yield LineBlock(id="progress")
        yield Rule(id="lower-rule")
        yield RunLogPane(LogLines(log, self.face.zone), id="log")
        with Vertical(id="batches-pane"):
            yield Table(BATCH_COLUMNS, empty=_(NO_BATCHES))
            yield LineBlock(id="batch-facts")
        yield LineBlock(id="sums")
        yield Prompt()

    def on_mount(self) -> None:
        """Keys go to the log; look for changes from now on."""
        self.log_pane.lines_shown.focus()
        self._timer = self.set_interval(POLL_SECONDS, self.poll)
        if self._told:
            self.notice(self._told, Tone.WARNING)

    @property
    def batch_table(self) -> Table:
        """The batches."""
        return self.query_one(Table)

    @property
    def batches_in_front(self) -> bool:
        """Whether the batches are shown instead of the log."""
        return self.has_class("-batches")

    def reload(self) -> None:
        """Read the run anew, whether or not anything is known to have changed."""
        self._change = -1
        self.poll()

    def language_changed(self) -> None:
        """The log, the stages and the sums are said anew, also those of a run that is over."""
        self.batch_table.empty = _(NO_BATCHES)
        self.log_pane.lines_shown.source_changed()
        self.reload()
        self.show_view()
        super().language_changed()

    def tick(self, *, changed: bool) -> None:
        """Once a second: the frame, and news of a run that stood still."""
        if changed:
            self.poll()
        self.draw()

    def poll(self) -> None:
        """Show what has changed since the last time, in one repaint."""
        if not (self.is_there and self.is_current):
            return
        with self.app.batch_update():
            self.log_pane.poll()
            try:
                changed = self._look()
            except CctuiError as problem:
                self._refuse(problem)
                return
            if changed:
                self.show_view()
        self._rest_or_watch()

    def _rest_or_watch(self) -> None:
        """Look twice a second only while something can happen by itself."""
        if self._timer is None or self._view is None:
            return
        if runs.stopped(self._view.run):
            self._timer.pause()
        else:
            self._timer.resume()

    def _look(self) -> bool:
        """Read what may have changed. Says whether there is anything to draw."""
        ledger = self.face.ledger
        if ledger is None:
            return False
        before = self._view
        change = ledger.change()
        if before is not None and change == self._change and before.run.status.ended:
            return False
        now = self.face.clock.now()
        if before is None or change != self._change:
            self._change = change
            run = ledger.run(self.run_id)
            batches = tuple(ledger.batches(run.id))
        else:
            run, batches = before.run, before.batches
        alive = run.status is not Status.REFRESHING or runs.worker_alive(self.face.environment)
        self._view = RunView(
            run=run,
            now=now,
            zone=self.face.zone,
            batches=batches,
            interrupted=runs.interrupted(run, alive),
            usage=self._usage(run),
            progress=dict(self.log_pane.log_lines.progress),
        )
        return before is None or structs.replace(before, now=now) != self._view or not run.status.ended

    def _usage(self, run: Run) -> Usage | None:
        """The day of the key, where the connection of the run can still be read."""
        from cctui.constant_contact.limits import usage

        connection = self.face.snapshot.connection(run.connection)
        path = self.face.environment.limits_path
        return usage(path, connection.client_id, self.face.clock) if connection and path.exists() else None

    def _refuse(self, problem: CctuiError) -> None:
        told = ((problem.what, Tone.BAD), (problem.why, Tone.PLAIN), (problem.do, Tone.PLAIN))
        lines = [(Part(line, tone),) for text, tone in told if text for line in wrapped(shown(text, 300), self._width)]
        self.query_one("#standing", LineBlock).show(lines)

    def show_view(self) -> None:
        """Draw the run as it was last read; only cells that differ repaint."""
        view = self._view
        if view is None or not self.is_there:
            return
        width = self._width
        self.query_one("#standing", LineBlock).show(run_rows.standing_rows(view, width))
        self.query_one("#progress", LineBlock).show(stage_rows.stage_rows(view, width))
        sums = sum_rows.closing_rows(view.run, width)
        block = self.query_one("#sums", LineBlock)
        block.set_class(bool(sums), "-there")
        block.show(sums)
        # Over, and on the lowest screens, the sums say what the stages did; the log needs the lines. So do batches.
        told = bool(sums) and self.size.height <= _ROOM_FOR_ALL
        self.query_one("#progress").display = not told and not (self.batches_in_front and self.has_class("-low"))
        if self.batches_in_front:
            self._show_batches()
        self.draw()

    @property
    def _width(self) -> int:
        return max(20, self.size.width - 4)

    def _show_batches(self) -> None:
        if self._view is not None:
            self.batch_table.show([batch_row(batch, self.face.zone) for batch in self._view.batches])

    def on_table_moved(self) -> None:
        """The facts under the table are those of the batch under its cursor."""
        view = self._view
        if view is None:
            return
        current = next((batch for batch in view.batches if str(batch.number) == self.batch_table.current), None)
        facts: list[Line] = []
        if current is not None:
            whole = self.has_class("-high")
            facts = batch_facts(current, view.now, self.face.zone, self._width, whole=whole)
        self.query_one("#batch-facts", LineBlock).show(facts)

    def on_resize(self, _event: Resize) -> None:
        """Fit the lines to the new width; on the lowest screens the log needs the line of the rule."""
        self.query_one("#lower-rule").display = self.size.height > _ROOM_FOR_ALL
        self.call_after_refresh(self.show_view)

    def heading_line(self) -> Line:
        """The export and the status of the run."""
        if self._view is None:
            return (Part(self.run_id, Tone.STRONG),)
        return run_rows.title_line(self._view, self._width)

    def explanation_line(self) -> Line:
        """Run id, who started it, when, how long it took."""
        return run_rows.facts_line(self._view, self._width) if self._view is not None else ()

    def running_runs(self) -> tuple[Run, ...]:
        """The other runs that go on."""
        return tuple(run for run in self.face.running_runs() if run.id != self.run_id)

    def facts(self) -> RunFacts:
        """What commands look at."""
        face, view = self.face, self._view
        if view is None:
            return RunFacts(face.operator)
        return RunFacts(
            face.operator,
            chosen=(choice_of(view.run, face.snapshot),),
            total=1,
            run=view.run,
            interrupted=view.interrupted,
            batches=self.batches_in_front,
        )

    # Commands of the run

    @property
    def _run(self) -> Run:
        assert self._view is not None, "commands are disabled while there is no run"  # noqa: S101
        return self._view.run

    async def do_cancel(self) -> None:
        """Ask, then cancel."""
        run = self._run
        lines = [shown(run.export_name), "", *sum_rows.cancel_consequences(run)]
        if await self.face.confirm(_("Cancel this job?"), lines, _("Cancel job"), _("Let it run")):
            await asyncio.to_thread(runs.cancel, self.face.environment, self.face.operator, self.run_id)
            self.reload()

    async def do_pause(self) -> None:
        """Pause after the request that is under way."""
        await asyncio.to_thread(runs.pause, self.face.environment, self.face.operator, self.run_id)
        self.reload()

    async def do_resume(self) -> None:
        """Go on."""
        await asyncio.to_thread(runs.resume, self.face.environment, self.face.operator, self.run_id)
        self.reload()

    async def do_again(self) -> None:
        """Start a new run and watch that one."""
        await run_again(self, self._run)

    async def do_only_rejected(self) -> None:
        """Start a run of what was rejected in this one, and watch it."""
        await run_again(self, self._run, only_rejected=True)

    def do_rejected(self) -> None:
        """Open the rows that did not make it."""
        from cctui.tui.screens.rejected import RejectedScreen

        self.app.push_screen(RejectedScreen(self.run_id))

    def do_history(self) -> None:
        """Open every run of this export."""
        from cctui.tui.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen(self._run.export))

    def do_system(self) -> None:
        """Go to the status of everything."""
        self.face.action_go("system")

    def do_batches(self) -> None:
        """Batches instead of the log, or the log again."""
        self.toggle_class("-batches")
        if self.batches_in_front:
            self.batch_table.focus()
        else:
            self.log_pane.lines_shown.focus()
        self.show_view()

    # Moving and going back

    def mover(self) -> Mover:
        """What arrows and paging keys move in."""
        return self.batch_table if self.batches_in_front else self.log_pane

    def text_under_cursor(self) -> str:
        """The line of the log, or everything about the batch."""
        if not self.batches_in_front:
            return super().text_under_cursor()
        return "\n".join(plain(line).strip() for line in self.query_one("#batch-facts", LineBlock).lines)

    def do_back(self) -> None:
        """Undo one thing at a time: the question, the search, the batches, then the screen itself."""
        prompt = self.query_one(Prompt)
        if prompt.open:
            prompt.close()
            self.log_pane.lines_shown.focus()
        elif self.batches_in_front:
            self.do_batches()
        elif self.log_pane.needle:
            self.log_pane.search("")
        else:
            super().do_back()
