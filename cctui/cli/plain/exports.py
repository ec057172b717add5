"""Exports in the plain mode: look at, run, schedule, duplicate, detach, remove."""

from __future__ import annotations

from functools import partial

from cctui.cli.plain.conversation import CLOSES, Conversation, Entries, Entry
from cctui.cli.plain.export_questions import fill_in, show_preview
from cctui.cli.plain.runs import history, start
from cctui.cli.plain.schedules import fill_in_schedule
from cctui.cli.plain.work import Work
from cctui.definitions import changes
from cctui.definitions.environment import Broken, NotFound, new_id
from cctui.definitions.model import ExportDefinition, ExportId
from cctui.definitions.schedule_words import schedule_in_words
from cctui.delivery import runs as operations
from cctui.delivery.states import STATUS_TITLES
from cctui.locales import _
from cctui.masking import harmless, printable
from cctui.tui.export_draft import Draft, definition_of, draft_of
from cctui.tui.schedule_draft import Recurrence, draft_of_export


def exports(talk: Conversation, work: Work) -> None:
    """Choose an export, or add one."""
    talk.menu(_("Exports"), partial(_listed, talk, work), _("Back"))


def _listed(talk: Conversation, work: Work) -> Entries:
    last = operations.last_runs(work.environment)
    found: list[Entry] = []
    for entry in work.environment.exports():
        if isinstance(entry, Broken):
            label = _("{name}, cannot be read").format(name=harmless(entry.id, 64))
            found.append((label, partial(talk.problem, entry.problem)))
            continue
        one = entry.definition
        run = last.get(ExportId(one.id))
        status = _(STATUS_TITLES[run.status]) if run else _("Not started")
        found.append((f"{printable(one.display_name)}, {status}", partial(export, talk, work, one.id)))
    return [*found, (_("Add export"), partial(add, talk, work))]


def export(talk: Conversation, work: Work, export_id: str) -> None:
    """One export: how it is defined, and what can be done with it."""
    definition = work.environment.export(export_id).definition
    tell(talk, work, definition)
    talk.menu(
        printable(definition.display_name),
        lambda: [
            (_("Run"), partial(start, talk, work, export_id, dry_run=False)),
            (_("Dry run"), partial(start, talk, work, export_id, dry_run=True)),
            (_("Preview"), partial(_preview, talk, work, export_id)),
            (_("Edit"), partial(_edit, talk, work, export_id)),
            (_("Schedule"), partial(_schedule, talk, work, export_id)),
            (_("History"), partial(history, talk, work, export_id)),
            (_("Create duplicate"), partial(_duplicate, talk, work, export_id)),
            (_("Detach connection"), partial(_detach, talk, work, export_id)),
            (_("Remove"), partial(_remove, talk, work, export_id)),
        ],
        _("Back"),
    )


def tell(talk: Conversation, work: Work, definition: ExportDefinition) -> None:
    """An export as it is defined, one fact a line."""
    talk.facts(
        [
            (_("Display name"), printable(definition.display_name)),
            (_("Connection for export"), _connection_name(work, definition)),
            (_("Constant Contact List ID"), definition.list_id),
            (_("Email"), printable(definition.data_matching.email)),
            *((printable(mapping.attribute), printable(mapping.field)) for mapping in definition.attributes),
            (_("Select segments"), ", ".join(printable(segment) for segment in definition.segments)),
            (_("Schedule"), schedule_in_words(definition.schedule)),
            (_("Opted-out profiles"), _("left out") if definition.suppress_opted_out else _("sent like all others")),
        ]
    )


def add(talk: Conversation, work: Work) -> None:
    """Set up an export; it is not run, only offered to be."""
    taken = {entry.path.stem for entry in work.environment.exports()}
    draft = fill_in(talk, work, Draft())
    definition = definition_of(draft, new_id(draft.display_name, taken), None)
    tell(talk, work, definition)
    if not talk.sure(_("Save"), default=True):
        talk.say(_("Nothing was saved."))
        return
    changes.add_export(work.environment, work.operator, definition)
    talk.say(_("Saved: {name}").format(name=printable(definition.display_name)), _("Saving does not run it."))
    export(talk, work, definition.id)


def _edit(talk: Conversation, work: Work, export_id: str) -> None:
    stored = work.environment.export(export_id)
    draft = fill_in(talk, work, draft_of(stored.definition))
    definition = definition_of(draft, export_id, stored.definition)
    tell(talk, work, definition)
    if talk.sure(_("Save"), default=True):
        changes.edit_export(work.environment, work.operator, definition, stored.fingerprint)
        talk.say(_("Saved: {name}").format(name=printable(definition.display_name)))
    else:
        talk.say(_("Nothing was saved."))


def _preview(talk: Conversation, work: Work, export_id: str) -> None:
    show_preview(talk, work, draft_of(work.environment.export(export_id).definition))


def _schedule(talk: Conversation, work: Work, export_id: str) -> None:
    present = work.environment.export(export_id).definition.schedule
    talk.say(_("Schedule") + ": " + schedule_in_words(present))
    draft = fill_in_schedule(talk, work, draft_of_export(present), list(Recurrence), None)
    changes.schedule_exports(work.environment, work.operator, {export_id: draft.of_export()})
    talk.say(_("The schedule is saved."))


def _duplicate(talk: Conversation, work: Work, export_id: str) -> None:
    name = talk.text(
        _("Display name of the duplicate."),
        why_not=lambda text: "" if text else _("Give the export a name."),
    )
    draft = changes.duplicate_export(work.environment, work.operator, export_id, name)
    saved = changes.add_export(work.environment, work.operator, draft)
    talk.say(_("Saved: {name}").format(name=printable(saved.definition.display_name)))


def _detach(talk: Conversation, work: Work, export_id: str) -> None:
    if work.environment.export(export_id).definition.connection is None:
        talk.say(_("There is no connection to detach."))
    elif talk.sure(_("Detach connection?"), default=False):
        changes.detach_exports(work.environment, work.operator, [export_id])
        talk.say(_("It is detached; it does not run."))


def _remove(talk: Conversation, work: Work, export_id: str) -> object:
    name = printable(work.environment.export(export_id).definition.display_name)
    if not talk.sure(_("Remove {exports}?").format(exports=name), default=False):
        return None
    changes.remove_export(work.environment, work.operator, export_id)
    talk.say(_("Removed: {name}").format(name=name))
    return CLOSES


def _connection_name(work: Work, definition: ExportDefinition) -> str:
    if definition.connection is None:
        return _("No Connection")
    try:
        return printable(work.environment.connection(definition.connection).definition.display_name)
    except NotFound:
        return _("No Connection")
