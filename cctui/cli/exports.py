"""``cctui exports``: which segments go to which list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from cctui.access.confinement import Reach
from cctui.cli import completion
from cctui.cli.schedules import schedule
from cctui.cli.session import Session, confirm, in_session, print_facts, print_table
from cctui.errors import CctuiError, UsageError
from cctui.locales import _, ngettext, number, relative_time
from cctui.masking import printable

if TYPE_CHECKING:
    from cctui.definitions.model import AttributeMapping, ExportDefinition


@click.group("exports", help=_("Exports: which segments go to which list."))
def exports() -> None:
    pass


exports.add_command(schedule)


@exports.command("list", help=_("All exports with the status of their last run."))
@in_session
def list_exports(session: Session) -> None:
    from cctui.definitions.environment import Broken
    from cctui.definitions.model import ExportId
    from cctui.definitions.schedule_words import schedule_in_words
    from cctui.delivery import runs as operations
    from cctui.delivery.states import STATUS_TITLES

    environment = session.environment
    entries = environment.exports()
    last = operations.last_runs(environment)
    if session.as_json:
        session.emit(
            [
                {"id": entry.id, "problem": str(entry.problem)}
                if isinstance(entry, Broken)
                else {"definition": entry.definition, "last_run": last.get(ExportId(entry.definition.id))}
                for entry in entries
            ]
        )
        return
    names = _connection_names(session)
    rows = []
    for entry in entries:
        if isinstance(entry, Broken):
            rows.append([entry.id, printable(str(entry.problem)), "", "", "", ""])
            continue
        export = entry.definition
        run = last.get(ExportId(export.id))
        rows.append(
            [
                export.id,
                printable(export.display_name),
                _(STATUS_TITLES[run.status]) if run else _("Not started"),
                relative_time((run.ended_at or run.started_at or run.queued_at) if run else None),
                schedule_in_words(export.schedule),
                names.get(export.connection or "", _("No Connection")),
            ]
        )
    print_table(
        [_("Export"), _("Display name"), _("Status"), _("Refreshed"), _("Schedule"), _("Connection used")],
        rows,
        _("There is no export yet. Make one: cctui exports add"),
    )


@exports.command("show", help=_("One export, as it is defined."))
@click.argument("export", shell_complete=completion.exports)
@in_session
def show_export(session: Session, export: str) -> None:
    from cctui.definitions.schedule_words import schedule_in_words

    environment = session.environment
    definition = environment.export(export).definition
    if session.as_json:
        session.emit(definition)
        return
    names = _connection_names(session)
    print_facts(
        [
            (_("Export"), definition.id),
            (_("Display name"), printable(definition.display_name)),
            (_("Connection for export"), names.get(definition.connection or "", _("No Connection"))),
            (_("Constant Contact List ID"), definition.list_id),
            (_("Select segments"), ", ".join(printable(segment) for segment in definition.segments)),
            (_("Email"), printable(definition.data_matching.email)),
            *((printable(mapping.attribute), printable(mapping.field)) for mapping in definition.attributes),
            (_("Schedule"), schedule_in_words(definition.schedule)),
            (
                _("Opted-out profiles"),
                _("left out") if definition.suppress_opted_out else _("sent like all others"),
            ),
        ]
    )


def _content_options(command: Any) -> Any:
    """The options that say what an export sends, shared by ``add`` and ``edit``."""
    for option in reversed(
        [
            click.option("--name", help=_("Display name.")),
            click.option(
                "--connection", metavar="ID", shell_complete=completion.connections, help=_("Connection for export.")
            ),
            click.option("--list", "list_id", metavar="LIST", help=_("List ID, or the list's address in a browser.")),
            click.option(
                "--segment",
                "segments",
                multiple=True,
                metavar="NAME",
                shell_complete=completion.segments,
                help=_("A segment; repeatable."),
            ),
            click.option("--email", metavar="FIELD", help=_("The field that holds the e-mail address.")),
            click.option(
                "--attribute",
                "attributes",
                multiple=True,
                metavar="ATTRIBUTE=FIELD",
                help=_("A further attribute, such as first_name=FirstName; repeatable."),
            ),
            click.option(
                "--opted-out/--no-opted-out",
                "send_opted_out",
                default=None,
                help=_("Send profiles that opted out too, or leave them out (the default)."),
            ),
            click.option("--edit", "in_editor", is_flag=True, help=_("Write it in an editor.")),
        ]
    ):
        command = option(command)
    return command


@exports.command("add", help=_("Add an export. Saving never runs it."))
@click.option("--id", "export_id", metavar="ID", help=_("Its id; made from the name where absent."))
@_content_options
@in_session
def add_export(session: Session, export_id: str | None, in_editor: bool, **content: Any) -> None:
    from cctui.definitions import changes
    from cctui.definitions.environment import new_id
    from cctui.definitions.model import DataMatching, ExportDefinition

    environment = session.environment
    taken = {entry.path.stem for entry in environment.exports()}
    if in_editor:
        session.stay_within(Reach.EDITOR)
        definition = _edited(_template(session, export_id or new_id("export", taken)))
    else:
        missing = [
            option
            for option, given in (
                ("--name", content["name"]),
                ("--list", content["list_id"]),
                ("--segment", content["segments"]),
                ("--email", content["email"]),
            )
            if not given
        ]
        if missing:
            raise click.UsageError(_("Say also {options}, or --edit.").format(options=", ".join(missing)))
        definition = _with_content(
            ExportDefinition(
                id=export_id or new_id(content["name"], taken),
                display_name=content["name"],
                list_id="",
                segments=[],
                data_matching=DataMatching(email=content["email"]),
            ),
            content,
        )
    saved = changes.add_export(environment, session.operator, definition)
    _say_saved(session, saved.definition)


@exports.command("edit", help=_("Change what is given, keep the rest."))
@click.argument("export", shell_complete=completion.exports)
@_content_options
@in_session
def edit_export(session: Session, export: str, in_editor: bool, **content: Any) -> None:
    from cctui.definitions import changes

    environment = session.environment
    stored = environment.export(export)
    if in_editor:
        session.stay_within(Reach.EDITOR)
        definition = _edited(stored.path.read_text(encoding="utf-8"))
    else:
        definition = _with_content(stored.definition, content)
    saved = changes.edit_export(environment, session.operator, definition, stored.fingerprint)
    _say_saved(session, saved.definition)


@exports.command("duplicate", help=_("Create a duplicate under another name."))
@click.argument("export", shell_complete=completion.exports)
@click.option("--name", required=True, help=_("Display name of the duplicate."))
@in_session
def duplicate_export(session: Session, export: str, name: str) -> None:
    from cctui.definitions import changes

    environment = session.environment
    draft = changes.duplicate_export(environment, session.operator, export, name)
    saved = changes.add_export(environment, session.operator, draft)
    _say_saved(session, saved.definition)


@exports.command("detach", help=_("Detach the connection. The export keeps its configuration and does not run."))
@click.argument("export", nargs=-1, required=True, shell_complete=completion.exports)
@in_session
def detach(session: Session, export: tuple[str, ...]) -> None:
    from cctui.definitions import changes

    changes.detach_exports(session.environment, session.operator, list(export))
    click.echo(
        ngettext("{count} export is detached.", "{count} exports are detached.", len(export)).format(
            count=number(len(export))
        )
    )


@exports.command("attach", help=_("Give a detached export a connection again."))
@click.argument("export", shell_complete=completion.exports)
@click.argument("connection", shell_complete=completion.connections)
@in_session
def attach(session: Session, export: str, connection: str) -> None:
    from cctui.definitions import changes

    saved = changes.attach_export(session.environment, session.operator, export, connection)
    _say_saved(session, saved.definition)


@exports.command("remove", help=_("Remove exports. Their runs stay in the history."))
@click.argument("export", nargs=-1, required=True, shell_complete=completion.exports)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@in_session
def remove(session: Session, export: tuple[str, ...], yes: bool) -> None:
    from cctui.definitions import changes

    environment = session.environment
    names = [printable(environment.export(one).definition.display_name) for one in export]
    confirm(_("Remove {exports}?").format(exports=", ".join(names)), yes=yes)
    for one in export:
        changes.remove_export(environment, session.operator, one)
    click.echo(_("Removed: {exports}").format(exports=", ".join(names)))


def _with_content(definition: ExportDefinition, content: dict[str, Any]) -> ExportDefinition:
    from cctui.definitions.list_ids import list_id_from
    from cctui.definitions.model import DataMatching

    changed: dict[str, Any] = {}
    if content["name"]:
        changed["display_name"] = content["name"]
    if content["connection"]:
        changed["connection"] = content["connection"]
    if content["list_id"]:
        changed["list_id"] = list_id_from(content["list_id"])
    if content["segments"]:
        changed["segments"] = list(content["segments"])
    if content["email"]:
        changed["data_matching"] = DataMatching(email=content["email"])
    if content["attributes"]:
        changed["attributes"] = [_mapping(text) for text in content["attributes"]]
    if content["send_opted_out"] is not None:
        changed["suppress_opted_out"] = not content["send_opted_out"]
    return structs.replace(definition, **changed)


def _mapping(text: str) -> AttributeMapping:
    from cctui.definitions.model import AttributeMapping

    attribute, equals, field = text.partition("=")
    if not (attribute and equals and field):
        raise UsageError(
            _("{text} is no mapping of an attribute.").format(text=printable(text)),
            do=_("Write it as ATTRIBUTE=FIELD, for example first_name=FirstName."),
        )
    return AttributeMapping(attribute=attribute, field=field)


def _template(session: Session, export_id: str) -> str:
    """An export to be filled in, with what the environment offers named in comments."""
    connections = ", ".join(sorted(_connection_names(session))) or "-"
    return "\n".join(
        [
            f'id = "{export_id}"',
            'display_name = ""',
            f"# {_('Connections: {names}').format(names=connections)}",
            '# connection = ""',
            'list_id = ""',
            f"# {_('Segments: see cctui segments list')}",
            "segments = []",
            "",
            "[data_matching]",
            'email = "EMail"',
            "",
            "[[attributes]]",
            'attribute = "first_name"',
            'field = "FirstName"',
            "",
        ]
    )


def _edited(text: str) -> ExportDefinition:
    """What the operator makes of ``text`` in an editor; a text that does not fit is shown again with the reason."""
    from cctui.definitions.toml_files import parse_export

    while True:
        written = click.edit(text, extension=".toml", require_save=True)
        if written is None:
            raise UsageError(_("Nothing was saved."))
        try:
            return parse_export(written)
        except CctuiError as problem:
            click.echo(str(problem), err=True)
            click.confirm(_("Edit it again?"), default=True, abort=True)
            text = written


def _connection_names(session: Session) -> dict[str, str]:
    """The names of connections by id, as far as the caller may know them."""
    from cctui.definitions.changes import as_known
    from cctui.definitions.environment import Broken

    operator = session.operator
    return {
        entry.definition.id: printable(as_known(operator, entry.definition).display_name)
        for entry in session.environment.connections()
        if not isinstance(entry, Broken)
    }


def _say_saved(session: Session, definition: ExportDefinition) -> None:
    if session.as_json:
        session.emit(definition)
        return
    click.echo(_("Saved: {name}").format(name=printable(definition.display_name)))
    click.echo(_("Saving does not run the export. To run it: cctui run {export}").format(export=definition.id))
