"""Set up, edit, duplicate or view an export: what is entered, chosen, saved and tried (checklist F1 to F16)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import structs
from textual.widgets import Button

from cctui.access.roles import Action, may
from cctui.definitions import changes
from cctui.definitions.environment import Environment, NotFound, Stored, new_id
from cctui.definitions.model import CONSTANT_CONTACT, ExportDefinition, ExportId
from cctui.definitions.toml_files import ChangedElsewhere, DefinitionError
from cctui.delivery import runs
from cctui.locales import _
from cctui.matching.field_guesses import preselect_field
from cctui.matching.mapping import attribute_title
from cctui.tui import export_draft as drafts
from cctui.tui.export_draft import Draft, PaneField
from cctui.tui.export_facts import ListRead
from cctui.tui.export_pane_commands import COMMANDS
from cctui.tui.list_page import ListPage
from cctui.tui.parts import Tone, shown
from cctui.tui.screens.attribute_picker import AttributePicker
from cctui.tui.screens.changed_elsewhere import ChangedElsewhereDialog, Kept
from cctui.tui.screens.export_sheet import ExportSheet
from cctui.tui.screens.list_picker import ListPicker
from cctui.tui.screens.picker import Option, Picker
from cctui.tui.widgets.choice import ChoiceField
from cctui.tui.widgets.export_form import ExportForm
from cctui.tui.widgets.form import FormFooter
from cctui.tui.widgets.form_fields import Tick
from cctui.tui.widgets.segment_checks import SegmentChecks

if TYPE_CHECKING:
    from cctui.tui.app import CctuiApp

_ADD_CONNECTION = "+"


class ExportPane(ExportSheet):
    """The pane of a new export (``draft`` and ``segment`` fill it beforehand), or of the one with ``export_id``."""

    # What is entered

    def on_export_form_edited(self, message: ExportForm.Edited) -> None:
        """A text is being typed."""
        name = "display_name" if message.field is PaneField.NAME else "list_text"
        if getattr(self._draft, name) != message.text:
            self._set(structs.replace(self._draft, **{name: message.text}))

    def on_segment_checks_turned(self, message: SegmentChecks.Turned) -> None:
        """Segments were ticked (F8)."""
        draft = self._draft
        for name in message.names:
            if (name in draft.segments) != message.chosen:
                draft = drafts.with_segment(draft, name, chosen=message.chosen)
        self._set(draft)

    def on_tick_changed(self, message: Tick.Changed) -> None:
        """Opted-out people are left out, or not."""
        self._set(structs.replace(self._draft, suppress_opted_out=message.tick.ticked))

    def on_choice_field_asked(self, message: ChoiceField.Asked) -> None:
        """A list is wanted: of connections, or of fields."""
        if self._viewing:
            return
        name = message.field.choice
        ask = self._choose_connection if name == PaneField.CONNECTION else self._choose_field
        self.run_worker(ask(name), group="command", exit_on_error=False)

    def on_choice_field_removed(self, message: ChoiceField.Removed) -> None:
        """An attribute is not wanted any more."""
        self._remove_attribute(message.field.choice)

    def action_remove_attribute(self, serial: int) -> None:
        """The same with the pointer."""
        name = self.query_one(ExportForm).attribute_of(serial)
        if name is not None:
            self._remove_attribute(name)

    def _remove_attribute(self, name: str) -> None:
        self.query_one("#add-attribute").focus()
        self._set(drafts.without_attribute(self._draft, name))

    async def _choose_connection(self, _name: str) -> None:
        options = [
            Option(one.id, shown(one.display_name), shown(one.account.name) if one.account else "", CONSTANT_CONTACT)
            for one in self._usable()
        ]
        if may(self.face.operator, Action.CHANGE_CONNECTIONS):
            options.append(Option(_ADD_CONNECTION, _("+ Add connection"), tone=Tone.ACCENT, always=True))
        chosen = await self.app.push_screen_wait(Picker(_("Connection for export"), options, self._draft.connection))
        if chosen == _ADD_CONNECTION:
            self._add_connection()
        elif chosen:
            self._set(structs.replace(self._draft, connection=chosen))

    def _add_connection(self) -> None:
        from cctui.tui.screens.connection_pane import ConnectionPane

        self._adding_connection = True
        self.app.push_screen(ConnectionPane(None))

    async def _choose_field(self, name: str) -> None:
        chosen = await self._pick_field(name)
        if chosen is None:
            return
        if name == PaneField.EMAIL:
            self._set(structs.replace(self._draft, email=chosen))
        else:
            self._set(drafts.with_attribute(self._draft, name, chosen))

    async def _pick_field(self, name: str) -> str | None:
        draft, source = self._draft, self._watch.source if self._watch else None
        title = _("Email") if name == PaneField.EMAIL else shown(attribute_title(name), 60)
        mapped = {mapping.attribute: mapping.field for mapping in draft.attributes}
        options = [
            Option(field.name, shown(field.name), shown(field.semantic_type or field.data_type))
            for field in (source.attributes if source else ())
        ]
        present = draft.email if name == PaneField.EMAIL else mapped.get(name, "")
        return await self.app.push_screen_wait(Picker(_("Field for {name}").format(name=title), options, present))

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Every button does what a key does."""
        if event.button.id == "close":
            self.do_back()
        elif event.button.id == "add-connection":
            self._add_connection()
        elif event.button.id == "add-attribute":
            await self._perform_named("attribute")

    async def on_form_footer_chosen(self, message: FormFooter.Chosen) -> None:
        """Save, or Cancel."""
        if message.save:
            await self._perform_named("save")
        else:
            self.do_back()

    async def _perform_named(self, name: str) -> None:
        await self.perform(next(command for command in COMMANDS if command.name == name))

    # Commands

    async def do_lists(self) -> None:
        """Choose the list by its name (F5)."""
        connection = self._connection()
        if connection is None or self._watch is None:
            return
        picker = ListPicker(self.face.environment, connection, self.face.clock, self._draft.list_id or "")
        if await self.app.push_screen_wait(picker) and picker.picked is not None:
            found = picker.picked
            self._watch.know_list(ListRead(connection.id, found.list_id, found))
            self._set(structs.replace(self._draft, list_text=found.list_id))
            self.query_one(ExportForm).fill(self._draft)
            self.query_one("#list").focus()

    async def do_attribute(self) -> None:
        """Choose an attribute; its field is guessed, and asked for where nothing fits (F7)."""
        watch = self._watch
        if watch is None:
            return
        custom = watch.custom.fields if watch.custom else ()
        taken = [mapping.attribute for mapping in self._draft.attributes]
        name = await self.app.push_screen_wait(AttributePicker(taken, custom, self._custom_hint()))
        if not name:
            return
        field = preselect_field(name, watch.source.attributes if watch.source else ()) or await self._pick_field(name)
        if field:
            self._set(drafts.with_attribute(self._draft, name, field))

    def do_unmask(self) -> None:
        """Show the addresses of the preview, or hide them again."""
        self._unmasked = not self._unmasked
        self._show_state()

    def do_read_again(self) -> None:
        """Read everything anew."""
        if self._watch is not None:
            self._watch.look_again()
            self.face.segments.look()
            self._follow()

    async def do_save(self) -> None:
        """Save and close; nothing runs (F11)."""
        saved = await self._save()
        if saved is not None:
            self._export_id = ExportId(saved.definition.id)
            self._close(_("Saved. Saving does not run it; press r to run it now."))

    async def do_dry_run(self) -> None:
        """Everything but sending, for the export as it is saved; what is not saved is asked about."""
        face = self.face
        if self._stored is None or self._draft != self._first:
            lines = [
                _("A dry run does everything but send. It works on the saved export."),
                _("Saving does not run it."),
            ]
            if not await face.confirm(_("Save the export first?"), lines, _("Save"), _("Keep editing")):
                return
            saved = await self._save()
            if saved is None:
                return
            self._adopt(saved)
            face.refresh_now()
        if self._export_id is not None:
            run = await asyncio.to_thread(runs.start, face.environment, face.operator, self._export_id, dry_run=True)
            face.refresh_now()
            face.open_run(run.id)

    async def _save(self) -> Stored[ExportDefinition] | None:
        """The export as it is saved now; ``None`` where something is wrong, which is then shown at its field."""
        self._judged = True
        self._errors = drafts.problems(self._draft)
        if self._errors:
            self._point_at_errors()
            return None
        environment, operator = self.face.environment, self.face.operator
        definition = drafts.definition_of(
            self._draft, self._export_id or _free_id(environment, self._draft), self._base
        )
        try:
            if self._stored is None:
                return changes.add_export(environment, operator, definition)
            return changes.edit_export(environment, operator, definition, self._stored.fingerprint)
        except ChangedElsewhere as problem:
            return await self._settle(problem, definition)
        except NotFound as problem:
            self._errors = {PaneField.CONNECTION: problem.what}
        except DefinitionError as problem:
            field = drafts.field_of(problem.key)
            if field is None:
                raise
            self._errors = {field: " ".join(part for part in (problem.what, problem.why) if part)}
        self._point_at_errors()
        return None

    def _point_at_errors(self) -> None:
        self._show_state()
        self.query_one(ExportForm).focus_field(next(field for field in PaneField if field in self._errors))
        self.notice(_("Not saved: see the marked fields."), Tone.WARNING)

    async def _settle(self, problem: ChangedElsewhere, definition: ExportDefinition) -> Stored[ExportDefinition] | None:
        """Ask whose text stays; the export as saved where it is mine."""
        face = self.face
        kept = await self.app.push_screen_wait(ChangedElsewhereDialog(problem))
        if kept is Kept.THEIRS:
            self._close(_("Theirs was kept; nothing of yours was saved."))
        if kept is not Kept.MINE:
            return None
        if problem.fingerprint is None:
            return changes.add_export(face.environment, face.operator, definition)
        return changes.edit_export(face.environment, face.operator, definition, problem.fingerprint)

    # Leaving

    def loses(self) -> bool:
        """Whether the draft is no longer what it was when the pane opened."""
        return self._draft != self._first

    def do_back(self) -> None:
        """Close; asks where something would be lost."""
        self.face.leave([self], self._close)

    def _close(self, told: str = "") -> None:
        face = self.face
        self.dismiss()
        face.call_later(_after, face, self._export_id, told)


def _free_id(environment: Environment, draft: Draft) -> str:
    return new_id(draft.display_name, {entry.path.stem for entry in environment.exports()})


def _after(face: CctuiApp, export: ExportId | None, told: str) -> None:
    """On the page below, once the pane is gone: the export is under the cursor, so that Run means this one."""
    face.refresh_now()
    if export is not None and isinstance(face.screen, ListPage):
        face.screen.table.move_to_key(export)
    if told:
        face.notify(told)
