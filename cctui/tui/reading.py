"""What the face has read: definitions and runs at one moment, as frozen facts that pages make rows from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cctui.access.roles import Sharing
from cctui.definitions.environment import Broken, Environment, Stored
from cctui.definitions.model import (
    ConnectionDefinition,
    Endpoints,
    EnvironmentDefinition,
    ExportDefinition,
    ExportId,
)
from cctui.delivery.states import Run
from cctui.errors import CctuiError

if TYPE_CHECKING:
    from cctui.delivery.ledger import Ledger


Definition = Stored[ConnectionDefinition] | Stored[ExportDefinition] | Broken
"""A definition of a list, whether it can be read or not."""


class Snapshot(Struct, frozen=True):
    """Everything that lists show. ``problem`` is why the environment or the ledger could not be read."""

    environment: EnvironmentDefinition | None = None
    connections: tuple[Stored[ConnectionDefinition] | Broken, ...] = ()
    exports: tuple[Stored[ExportDefinition] | Broken, ...] = ()
    signed_in: frozenset[str] = frozenset()
    last_runs: dict[ExportId, Run] = {}
    unfinished: tuple[Run, ...] = ()
    worker_alive: bool = True
    problem: CctuiError | None = None

    def connection(self, connection_id: str | None) -> ConnectionDefinition | None:
        """The connection with this id, where it can be read."""
        for stored in self.connections:
            if isinstance(stored, Stored) and stored.definition.id == connection_id:
                return stored.definition
        return None

    def export(self, export_id: str) -> ExportDefinition | None:
        """The export with this id, where it can be read."""
        for stored in self.exports:
            if isinstance(stored, Stored) and stored.definition.id == export_id:
                return stored.definition
        return None

    def sharing(self, export: ExportDefinition) -> Sharing | None:
        """Who can use the export's connection; ``None`` where it is detached or its connection is gone."""
        connection = self.connection(export.connection)
        return connection.shared_with if connection else None

    def exports_of(self, connection_id: str) -> list[ExportDefinition]:
        """The exports that use a connection."""
        return [
            stored.definition
            for stored in self.exports
            if isinstance(stored, Stored) and stored.definition.connection == connection_id
        ]

    def exports_with(self, segment: str) -> list[ExportDefinition]:
        """The exports that contain a segment."""
        return [
            stored.definition
            for stored in self.exports
            if isinstance(stored, Stored) and segment in stored.definition.segments
        ]

    def run_of(self, export_id: str) -> Run | None:
        """The export's run that is not over."""
        return next((run for run in self.unfinished if run.export == export_id), None)

    @property
    def demo(self) -> bool:
        """Whether every connection leads to a stand-in instead of the real service."""
        definitions = [stored.definition for stored in self.connections if isinstance(stored, Stored)]
        return bool(definitions) and all(definition.endpoints != Endpoints() for definition in definitions)


def read(environment: Environment, ledger: Ledger | None) -> Snapshot:
    """Read everything anew. What cannot be read becomes ``problem``; the rest is still there."""
    from cctui.delivery.launch import worker_alive

    problem: CctuiError | None = None
    definition = None
    try:
        definition = environment.read().definition
    except CctuiError as found:
        problem = found
    connections = tuple(environment.connections())
    last_runs: dict[ExportId, Run] = {}
    unfinished: tuple[Run, ...] = ()
    if ledger is not None:
        try:
            last_runs = ledger.last_runs()
            unfinished = tuple(ledger.unfinished())
        except CctuiError as found:
            problem = problem or found
    return Snapshot(
        environment=definition,
        connections=connections,
        exports=tuple(environment.exports()),
        signed_in=frozenset(
            stored.definition.id
            for stored in connections
            if isinstance(stored, Stored) and (environment.secrets_folder / f"{stored.definition.id}.json").exists()
        ),
        last_runs=last_runs,
        unfinished=unfinished,
        worker_alive=not unfinished or worker_alive(environment),
        problem=problem,
    )


def identity(definition: Definition) -> str:
    """The id of a definition, whether it can be read or not."""
    return definition.id if isinstance(definition, Broken) else definition.definition.id


def title(definition: Definition) -> str:
    """The display name, or the file's name where it cannot be read."""
    return Path(definition.path).name if isinstance(definition, Broken) else definition.definition.display_name
