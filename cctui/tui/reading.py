"""What the face has read: definitions and runs at one moment, as frozen facts that pages make rows from."""

from __future__ import annotations

from pathlib import Path

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
from cctui.delivery.firings import SegmentCount
from cctui.delivery.schedule_ledger import ScheduleLedger
from cctui.delivery.states import Run
from cctui.errors import CctuiError
from cctui.host.clock import Clock

_RECENT = 50


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
    segment_counts: dict[str, SegmentCount] = {}
    refresh_waits: bool = False
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


class Reader:
    """Reads the environment and its ledger, and knows cheaply whether either has changed since."""

    def __init__(self, environment: Environment, clock: Clock) -> None:
        self._environment = environment
        self._clock = clock
        self._ledger: ScheduleLedger | None = None
        self._problem: CctuiError | None = None
        self._version = ""

    @property
    def ledger(self) -> ScheduleLedger | None:
        """The ledger, as soon as anything has ever run here; ``None`` also where it cannot be used."""
        if self._ledger is None and self._problem is None and self._environment.ledger_path.exists():
            try:
                self._ledger = ScheduleLedger(self._environment.ledger_path, self._clock)
            except CctuiError as problem:
                self._problem = problem
        return self._ledger

    def changed(self) -> bool:
        """Whether a definition or a run is another than when this was asked last; reads no data."""
        before = self._version
        try:
            change = self.ledger.change() if self.ledger is not None else -1
        except CctuiError:
            return False
        self._version = f"{self._environment.version()} {change}"
        return before != self._version

    def read(self) -> Snapshot:
        """Read everything anew. What cannot be read becomes ``problem``; the rest is still there."""
        from cctui.delivery.launch import worker_alive

        environment, ledger = self._environment, self.ledger
        problem = self._problem
        definition = None
        try:
            definition = environment.read().definition
        except CctuiError as found:
            problem = found
        connections = tuple(environment.connections())
        last_runs: dict[ExportId, Run] = {}
        unfinished: tuple[Run, ...] = ()
        segment_counts: dict[str, SegmentCount] = {}
        refresh_waits = False
        if ledger is not None:
            try:
                last_runs = ledger.last_runs()
                unfinished = tuple(ledger.unfinished())
                segment_counts = ledger.segment_counts()
                refresh_waits = bool(ledger.waiting_refreshes())
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
            segment_counts=segment_counts,
            refresh_waits=refresh_waits,
            worker_alive=not unfinished or worker_alive(environment),
            problem=problem,
        )

    def recent(self) -> list[Run]:
        """The newest runs of all exports, newest first."""
        try:
            return self.ledger.runs(limit=_RECENT) if self.ledger is not None else []
        except CctuiError:
            return []

    def close(self) -> None:
        """Let go of the ledger."""
        if self._ledger is not None:
            self._ledger.close()


def identity(definition: Definition) -> str:
    """The id of a definition, whether it can be read or not."""
    return definition.id if isinstance(definition, Broken) else definition.definition.id


def title(definition: Definition) -> str:
    """The display name, or the file's name where it cannot be read."""
    return Path(definition.path).name if isinstance(definition, Broken) else definition.definition.display_name
