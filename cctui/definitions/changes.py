"""What operators do to connections and exports, each after asking :mod:`cctui.access.roles` whether they may.

Screens and commands call these and nothing below them. Rows in brackets are those of the documented checklist.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, structs

from cctui.access.roles import Action, Operator, Role, Sharing, may, require
from cctui.definitions import audit, toml_files
from cctui.definitions.audit import Deed
from cctui.definitions.environment import Broken, Environment, NotFound, Removed, Stored, new_id
from cctui.definitions.model import CONSTANT_CONTACT, ConnectionDefinition, ExportDefinition, ExportSchedule
from cctui.definitions.toml_files import DefinitionError
from cctui.errors import UsageError
from cctui.locales import _, ngettext, number
from cctui.masking import harmless

D = TypeVar("D", bound=Struct)


class ConnectionInUse(UsageError):
    """A connection that exports use cannot be removed (C20); ``exports`` are those."""

    def __init__(self, connection: str, exports: list[ExportDefinition]) -> None:
        count = len(exports)
        super().__init__(
            ngettext(
                "{connection} is used by {count} export and cannot be removed.",
                "{connection} is used by {count} exports and cannot be removed.",
                count,
            ).format(connection=f'"{harmless(connection)}"', count=number(count)),
            why=_("Used by: {exports}.").format(exports=", ".join(harmless(one.display_name, 60) for one in exports)),
            do=_("Remove these exports or detach their connection, then remove it again."),
        )
        self.exports = exports


def usable_connections(environment: Environment, operator: Operator) -> list[ConnectionDefinition]:
    """The connections that ``operator`` may choose for an export, by display name (C7, F2)."""
    return [
        entry.definition
        for entry in environment.connections()
        if isinstance(entry, Stored) and may(operator, Action.CHANGE_EXPORT, entry.definition.shared_with)
    ]


def as_known(operator: Operator, connection: ConnectionDefinition) -> ConnectionDefinition:
    """A connection as ``operator`` may know it (C7): one that is not theirs to use has no name but its type's."""
    if may(operator, Action.SEE_CONNECTIONS) or may(operator, Action.CHANGE_EXPORT, connection.shared_with):
        return connection
    return structs.replace(connection, display_name=CONSTANT_CONTACT, account=None, export_user=None)


def sharing_of(environment: Environment, export: ExportDefinition) -> Sharing | None:
    """Who may use the connection of ``export``; ``None`` where it is detached or its connection is gone.

    A connection that cannot be read counts as kept for administrators.
    """
    if export.connection is None:
        return None
    try:
        return environment.connection(export.connection).definition.shared_with
    except NotFound:
        return None
    except DefinitionError:
        return Sharing.ADMINISTRATORS


def add_connection(
    environment: Environment, operator: Operator, definition: ConnectionDefinition
) -> Stored[ConnectionDefinition]:
    """Save a new connection (C14, C23). Raises :class:`UsageError` where its name is taken (C6)."""
    require(operator, Action.CHANGE_CONNECTIONS)
    _require_own_name(environment, definition)
    saved = environment.save_connection(definition, None)
    audit.record(environment, operator, Deed.CONNECTION_ADDED, definition.id, after=saved.definition)
    return saved


def edit_connection(
    environment: Environment, operator: Operator, definition: ConnectionDefinition, expected: str
) -> Stored[ConnectionDefinition]:
    """Save a changed connection, sharing included (C18). Unsharing leaves the exports of contributors as they are."""
    require(operator, Action.CHANGE_CONNECTIONS)
    _require_own_name(environment, definition)
    before = _readable(lambda: environment.connection(definition.id))
    saved = environment.save_connection(definition, expected)
    audit.record(environment, operator, Deed.CONNECTION_CHANGED, definition.id, before=before, after=saved.definition)
    return saved


def remove_connection(environment: Environment, operator: Operator, connection_id: str) -> Removed:
    """Remove a connection (C19). Raises :class:`ConnectionInUse` while an export has it."""
    require(operator, Action.CHANGE_CONNECTIONS)
    used_by = exports_of(environment, connection_id)
    if used_by:
        raise ConnectionInUse(_shown_name(environment, connection_id), used_by)
    before = _readable(lambda: environment.connection(connection_id))
    removed = environment.remove_connection(connection_id)
    audit.record(environment, operator, Deed.CONNECTION_REMOVED, connection_id, before=before)
    return removed


def exports_of(environment: Environment, connection_id: str) -> list[ExportDefinition]:
    """The exports that use a connection, by display name (C20)."""
    return [
        entry.definition
        for entry in environment.exports()
        if isinstance(entry, Stored) and entry.definition.connection == connection_id
    ]


def add_export(environment: Environment, operator: Operator, definition: ExportDefinition) -> Stored[ExportDefinition]:
    """Save a new export; it is not run (F11). Raises :class:`NotFound` where its connection does not exist."""
    _require_use(environment, operator, definition.connection)
    saved = environment.save_export(definition, None)
    audit.record(environment, operator, Deed.EXPORT_ADDED, definition.id, after=saved.definition)
    return saved


def edit_export(
    environment: Environment, operator: Operator, definition: ExportDefinition, expected: str
) -> Stored[ExportDefinition]:
    """Save a changed export (F14): both its old and its new connection must be the operator's to use."""
    with contextlib.suppress(NotFound):
        old = environment.export(definition.id).definition
        require(operator, Action.CHANGE_EXPORT, sharing_of(environment, old))
        if old.connection is not None and definition.connection is None:
            require(operator, Action.DETACH_EXPORT)
        if old.connection == definition.connection:
            return _save_export(environment, operator, definition, expected)
    _require_use(environment, operator, definition.connection)
    return _save_export(environment, operator, definition, expected)


def duplicate_export(
    environment: Environment, operator: Operator, export_id: str, display_name: str
) -> ExportDefinition:
    """A copy of an export under another name, with an id of its own, not saved yet (F13)."""
    export = environment.export(export_id).definition
    require(operator, Action.CHANGE_EXPORT, sharing_of(environment, export))
    taken = {entry.path.stem for entry in environment.exports()}
    return structs.replace(export, id=new_id(display_name, taken), display_name=display_name)


def detach_exports(
    environment: Environment, operator: Operator, export_ids: Sequence[str]
) -> list[Stored[ExportDefinition]]:
    """Take the connection from exports, which keep everything else and no longer run (C21, C22, F16).

    All of them are looked up before the first one is changed.
    """
    require(operator, Action.DETACH_EXPORT)
    found = [environment.export(export_id) for export_id in dict.fromkeys(export_ids)]
    return [
        _save_export(environment, operator, structs.replace(stored.definition, connection=None), stored.fingerprint)
        for stored in found
    ]


def attach_export(
    environment: Environment, operator: Operator, export_id: str, connection_id: str
) -> Stored[ExportDefinition]:
    """Give an export a connection (C22)."""
    stored = environment.export(export_id)
    require(operator, Action.CHANGE_EXPORT, sharing_of(environment, stored.definition))
    _require_use(environment, operator, connection_id)
    attached = structs.replace(stored.definition, connection=connection_id)
    return _save_export(environment, operator, attached, stored.fingerprint)


def schedule_exports(
    environment: Environment, operator: Operator, schedules: Mapping[str, ExportSchedule]
) -> list[Stored[ExportDefinition]]:
    """Give exports their schedules (R2, R5); who may edit an export may schedule it (R6).

    All of them are looked up and asked for before the first one is changed.
    """
    found = [environment.export(export_id) for export_id in schedules]
    for stored in found:
        require(operator, Action.CHANGE_EXPORT, sharing_of(environment, stored.definition))
    changed = [structs.replace(stored.definition, schedule=schedules[stored.definition.id]) for stored in found]
    for stored, definition in zip(found, changed, strict=True):
        toml_files.require_sound(definition, stored.path)
    return [
        _save_export(environment, operator, definition, stored.fingerprint)
        for stored, definition in zip(found, changed, strict=True)
    ]


def switched(schedule: ExportSchedule, on: bool) -> ExportSchedule:
    """The same schedule, on or off: what was chosen is kept while it is off (Keep individual schedules, R5)."""
    if not on:
        return structs.replace(schedule, run="off")
    if schedule.run != "off":
        return schedule
    return structs.replace(schedule, run="system-refresh" if schedule.repeat is None else "custom")


def remove_export(environment: Environment, operator: Operator, export_id: str) -> Removed:
    """Remove an export, sound or not (F15). One that cannot be read is for administrators to remove."""
    before: ExportDefinition | None = None
    try:
        before = environment.export(export_id).definition
        sharing = sharing_of(environment, before)
    except DefinitionError:
        sharing = Sharing.ADMINISTRATORS
    require(operator, Action.CHANGE_EXPORT, sharing)
    removed = environment.remove_export(export_id)
    audit.record(environment, operator, Deed.EXPORT_REMOVED, export_id, before=before)
    return removed


def restore(environment: Environment, operator: Operator, removed: Removed) -> None:
    """Undo a removal; asks for the same right. Raises :class:`ChangedElsewhere` where the name is taken again."""
    if removed.path.parent == environment.connections_folder:
        require(operator, Action.CHANGE_CONNECTIONS)
    else:
        try:
            export = toml_files.parse(removed.data, removed.path, ExportDefinition)
            sharing = sharing_of(environment, export)
        except DefinitionError:
            sharing = Sharing.ADMINISTRATORS
        require(operator, Action.CHANGE_EXPORT, sharing)
    environment.restore(removed)
    audit.record(environment, operator, Deed.REMOVAL_UNDONE, removed.path.stem)


def _save_export(
    environment: Environment, operator: Operator, definition: ExportDefinition, expected: str | None
) -> Stored[ExportDefinition]:
    before = _readable(lambda: environment.export(definition.id))
    saved = environment.save_export(definition, expected)
    audit.record(environment, operator, Deed.EXPORT_CHANGED, definition.id, before=before, after=saved.definition)
    return saved


def _readable(read: Callable[[], Stored[D]]) -> D | None:
    """The definition as it was before a change, where it could be read."""
    try:
        return read().definition
    except (DefinitionError, NotFound):
        return None


def _require_use(environment: Environment, operator: Operator, connection_id: str | None) -> None:
    """Return where ``operator`` may let an export use the connection, or none."""
    if operator.role is Role.VIEWER or connection_id is None:
        require(operator, Action.CHANGE_EXPORT)
        return
    try:
        sharing = environment.connection(connection_id).definition.shared_with
    except DefinitionError:
        require(operator, Action.CHANGE_EXPORT, Sharing.ADMINISTRATORS)
        raise
    require(operator, Action.CHANGE_EXPORT, sharing)


def _require_own_name(environment: Environment, definition: ConnectionDefinition) -> None:
    for entry in environment.connections():
        if isinstance(entry, Broken) or entry.definition.id == definition.id:
            continue
        if entry.definition.display_name.strip().casefold() == definition.display_name.strip().casefold():
            raise UsageError(
                _("There is a connection of this name already: {name}.").format(
                    name=harmless(entry.definition.display_name)
                ),
                do=_("Name its purpose and its target, so that people can tell them apart."),
            )


def _shown_name(environment: Environment, connection_id: str) -> str:
    try:
        return environment.connection(connection_id).definition.display_name
    except (DefinitionError, NotFound):
        return connection_id
