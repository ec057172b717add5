"""Data > Exports: every export, the status of its last run, and what can be done with it."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.message import Message

from cctui.access.roles import Action, may
from cctui.definitions.environment import Broken
from cctui.definitions.model import ExportDefinition, ExportId
from cctui.delivery.states import Run
from cctui.errors import CctuiError
from cctui.locales import N_, _, ngettext, number
from cctui.tui import glyphs, rows
from cctui.tui.commands import Choice, Command
from cctui.tui.errands import Errand
from cctui.tui.export_commands import COMMANDS, ExportFacts
from cctui.tui.export_health import SourceNames, gone, marked, source_names
from cctui.tui.list_page import ListPage
from cctui.tui.listing import Column, Row
from cctui.tui.parts import Part, Tone, shown
from cctui.tui.reading import identity


class ExportsPage(ListPage):
    """The list of exports."""

    PLACE = "exports"
    HEADING = N_("Exports")
    EXPLANATION = N_("Exports send segments of unified customer profiles to Constant Contact.")
    COMMANDS: ClassVar[tuple[Command, ...]] = COMMANDS
    COLUMNS: ClassVar[tuple[Column, ...]] = rows.EXPORT_COLUMNS

    class NamesRead(Message):
        """What segments and fields there are is known."""

        def __init__(self, names: SourceNames) -> None:
            super().__init__()
            self.names = names

    def __init__(self) -> None:
        super().__init__()
        self._names = SourceNames()
        self._reading = Errand[SourceNames]("names", lambda names: self.post_message(self.NamesRead(names)))

    def on_screen_resume(self) -> None:
        """Look again what there is: it takes no counting."""
        self._reading.ask(lambda _canceled: source_names(self.face.environment))

    def on_unmount(self) -> None:
        """Read no further."""
        self._reading.stop()

    def on_exports_page_names_read(self, message: NamesRead) -> None:
        """Mark what uses something that is gone."""
        self._names = message.names
        self.reload()
        self.moved()
        self.draw()

    def empty_text(self) -> str:
        """What to do first."""
        first = _("No exports yet.")
        if not may(self.face.operator, Action.CHANGE_EXPORT):
            return f"{first}\n{_('Administrators and contributors can add one.')}"
        if not self.face.snapshot.connections:
            return f"{first}\n{_('It needs a connection first: press g, then c, and set one up.')}"
        return f"{first}\n{_('Press a to add one: choose a connection, a list and segments.')}"

    def rows(self) -> list[Row]:
        """One row for each definition, the broken ones too."""
        face = self.face
        now = face.clock.now()
        made = []
        for stored in face.snapshot.exports:
            row = rows.export_row(stored, face.snapshot, face.operator, now)
            made.append(row if isinstance(stored, Broken) else marked(row, self._gone(stored.definition)))
        return made

    def _gone(self, export: ExportDefinition) -> list[str]:
        return gone(export, self.face.snapshot, self._names)

    def facts(self) -> ExportFacts:
        """What is chosen, and what is known about it."""
        face = self.face
        current = self.table.current if self.is_mounted else None
        last = face.snapshot.last_runs.get(ExportId(current)) if current else None
        return ExportFacts(
            operator=face.operator,
            chosen=self._choices(),
            total=len(face.snapshot.exports),
            last_run=last.id if last else "",
            removed=len(face.removed),
        )

    def _choices(self) -> tuple[Choice, ...]:
        if not self.is_mounted:
            return ()
        by_id = {identity(stored): stored for stored in self.face.snapshot.exports}
        return tuple(rows.export_choice(by_id[key], self.face.snapshot) for key in self.table.chosen if key in by_id)

    def moved(self) -> None:
        """What is gone, or the columns that have no room, stand under the table."""
        self.say_hidden_columns()
        export = self.face.snapshot.export(self.table.current or "")
        texts = self._gone(export) if export is not None else []
        if texts:
            self.detail = (Part(f"{glyphs.WARNING} {texts[0]} {_('Press Enter to mend the export.')}", Tone.WARNING),)

    def open_object(self, name: str) -> None:
        """Open the export with this id."""
        self.call_after_refresh(self._open_named, name)

    def _open_named(self, name: str) -> None:
        if self.table.move_to_key(name) or self.table.current == name:
            self.do_open()
        else:
            self.notice(_("There is no export {name}.").format(name=shown(name)), Tone.WARNING)

    # Commands

    def do_add(self) -> None:
        """Open an empty pane."""
        from cctui.tui.screens.export_pane import ExportPane

        self.app.push_screen(ExportPane(None))

    def do_open(self) -> None:
        """Open the export under the cursor, or the error that keeps it from being read."""
        current = self.table.current
        for stored in self.face.snapshot.exports:
            if identity(stored) != current:
                continue
            if isinstance(stored, Broken):
                self.face.show_error(stored.problem)
                return
            from cctui.tui.screens.export_pane import ExportPane

            self.app.push_screen(ExportPane(stored.definition.id))

    async def do_run(self) -> None:
        """Queue the chosen exports; a single one is watched at once."""
        chosen = self._choices()
        started = await self._start([choice.id for choice in chosen])
        if started and len(chosen) == 1:
            self.face.open_run(started[0].id)

    async def do_run_all(self) -> None:
        """Ask, then run every export with an active schedule (R8)."""
        from cctui.tui.run_all import confirm_and_refresh

        await confirm_and_refresh(self, _("Run all"))

    async def _start(self, ids: list[str]) -> list[Run]:
        from cctui.delivery import runs

        face = self.face
        started: list[Run] = []
        problems: list[CctuiError] = []

        def start() -> None:
            for export in ids:
                try:
                    started.append(runs.start(face.environment, face.operator, ExportId(export)))
                except CctuiError as problem:
                    problems.append(problem)

        await asyncio.to_thread(start)
        face.refresh_now()
        self.table.clear_marks()
        if started:
            text = ngettext("{count} export is queued.", "{count} exports are queued.", len(started))
            self.notice(text.format(count=number(len(started))), Tone.GOOD)
        if problems:
            face.show_error(problems[0])
        return started

    def do_watch(self) -> None:
        """Open the last run."""
        run = self.face.snapshot.last_runs.get(ExportId(self.table.current or ""))
        if run is not None:
            self.face.open_run(run.id)

    def do_history(self) -> None:
        """Open every run of the export."""
        from cctui.tui.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen(ExportId(self.table.current or "")))

    def do_duplicate(self) -> None:
        """Open a pane that is filled like this export."""
        from cctui.definitions import changes
        from cctui.tui.screens.export_pane import ExportPane

        face = self.face
        choice = self._choices()[0]
        name = _("{name} (copy)").format(name=choice.title)
        draft = changes.duplicate_export(face.environment, face.operator, ExportId(choice.id), name)
        self.app.push_screen(ExportPane(None, draft=draft))

    def do_schedule(self) -> None:
        """Say when the chosen exports run by themselves (R2, R5)."""
        from cctui.tui.screens.export_schedule import ExportSchedulePane

        self.app.push_screen(ExportSchedulePane([ExportId(choice.id) for choice in self._choices()]))

    async def do_detach(self) -> None:
        """Ask, then take the connection from the chosen exports."""
        from cctui.definitions import changes

        face = self.face
        chosen = [choice for choice in self._choices() if choice.attached]
        lines = [
            *(choice.title for choice in chosen),
            "",
            _("They keep their settings and do not run until they have a connection again."),
        ]
        if await face.confirm(_("Detach connection?"), lines, _("Detach connection")):
            changes.detach_exports(face.environment, face.operator, [ExportId(choice.id) for choice in chosen])
            face.refresh_now()
            self.table.clear_marks()
            self.notice(
                ngettext("{count} export is detached.", "{count} exports are detached.", len(chosen)).format(
                    count=number(len(chosen))
                )
            )

    async def do_remove(self) -> None:
        """Ask, then remove the chosen exports; they can be brought back."""
        from cctui.definitions import changes

        face = self.face
        chosen = self._choices()
        question = ngettext("Remove {count} export?", "Remove {count} exports?", len(chosen)).format(
            count=number(len(chosen))
        )
        if await face.confirm(question, [choice.title for choice in chosen], _("Remove")):
            for choice in chosen:
                face.removed.append(changes.remove_export(face.environment, face.operator, ExportId(choice.id)))
            face.refresh_now()
            self.notice(_("Removed. Press u to undo."))

    def do_undo(self) -> None:
        """Bring back what was removed last."""
        from cctui.definitions import changes

        face = self.face
        changes.restore(face.environment, face.operator, face.removed[-1])
        face.removed.pop()
        face.refresh_now()
        self.notice(_("It is back."), Tone.GOOD)
