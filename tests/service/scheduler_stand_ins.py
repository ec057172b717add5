"""An environment with exports, a clock that is moved by hand, and a scheduler that is a process of its own.

The profiles are a stand-in that is whole, changing or unreadable; runs are queued and never carried out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from cctui.access.roles import Operator, Role, Sharing
from cctui.definitions.environment import Environment
from cctui.definitions.model import (
    Account,
    ConnectionDefinition,
    DataMatching,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ExportSchedule,
    RefreshSchedule,
    SegmentState,
)
from cctui.delivery import launch, scheduling
from cctui.delivery.run_log import RunLog
from cctui.delivery.schedule_ledger import ScheduleLedger
from cctui.delivery.scheduling import Scheduling
from cctui.delivery.segment_counting import Begin
from cctui.delivery.states import Run, Status
from cctui.profiles.source import Segment, SegmentName, SourceError

MONDAY = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""Five in the morning in Oslo."""
DUE = MONDAY.replace(hour=5, minute=30)
"""06:30 in Oslo."""
OPS = Operator("ops1", Role.ADMINISTRATOR)
DAILY = ExportSchedule(run="custom", repeat="daily", times=["06:30"])
LIST_ID = "3b1d6c1e-0000-4000-8000-000000000001"


class Crash(BaseException):
    """The process ends here, as by SIGKILL."""


class HandClock:
    """A clock that somebody sets."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.time = now
        self.counted = 1000.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.counted

    def wait(self, seconds: float, wake: Any = None) -> bool:
        self.pass_by(seconds)
        return False

    def pass_by(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.counted += seconds

    def jump(self, by: timedelta) -> None:
        """Set the time of day, which no length of time notices."""
        self.time += by


class Profiles:
    """A source that is there, that changes from look to look, or that cannot be read.

    ``members`` are its segments with their counts, or with what is wrong with them; ``counted`` those asked for so far.
    """

    def __init__(self) -> None:
        self.problem = ""
        self.changes = False
        self.looks = 0
        self.members: dict[str, int | str] = {}
        self.inactive: set[str] = set()
        self.counted: list[str] = []
        self.on_count: Callable[[str], object] = lambda _segment: None

    def segments(self) -> list[Segment]:
        if self.problem:
            raise SourceError(self.problem)
        return [
            Segment(
                SegmentName(name),
                name.title(),
                state=SegmentState.INACTIVE if name in self.inactive else SegmentState.ACTIVE,
            )
            for name in self.members
        ]

    def count(self, segment: SegmentName) -> int:
        self.counted.append(segment)
        self.on_count(segment)
        found = self.members[segment]
        if isinstance(found, str):
            raise SourceError(found, do="Mend the file.")
        return found

    def version(self) -> str:
        self.looks += 1
        return str(self.looks) if self.changes else f"0 {self.members}"

    def close(self) -> None:
        return None


class CountedLedger(ScheduleLedger):
    """A ledger that ends the process before or after the n-th commit."""

    def __init__(self, *given: Any, crash_at: int = 0) -> None:
        self.crash_at = crash_at
        self.reached = 0
        super().__init__(*given)

    def commit(self, what: str) -> None:
        self._reach(f"before {what}")
        super().commit(what)
        self._reach(f"after {what}")

    def _reach(self, name: str) -> None:
        self.reached += 1
        if self.reached == self.crash_at:
            raise Crash(name)


class Box:
    """A box with an environment, and the scheduler of its worker."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = HandClock()
        self.profiles = Profiles()
        self.begin: Begin = lambda work: work()
        self.environment = Environment.create(
            folder, EnvironmentDefinition(environment=EnvironmentSection(name="Contoso", time_zone="Europe/Oslo"))
        )
        self._saved_at(self.environment.path)
        self.connect("marketing")
        monkeypatch.setattr(scheduling, "open_source", lambda *_facts: self.profiles)
        monkeypatch.setattr(launch, "ensure_worker", lambda _environment: False)
        self.worker = self.new_worker()

    def new_worker(self, crash_at: int = 0) -> Scheduling:
        """The scheduler of another process, which knows only what is on the disk."""
        self.ledger = CountedLedger(self.environment.ledger_path, self.clock, crash_at=crash_at)
        return Scheduling(self.environment, self.clock, self.ledger, self.begin)

    def connect(self, name: str, sharing: Sharing = Sharing.ADMINISTRATORS_AND_CONTRIBUTORS) -> None:
        self.environment.save_connection(
            ConnectionDefinition(
                id=name,
                display_name=f"Constant Contact, {name}",
                client_id=f"key of {name}".replace(" ", "-"),
                shared_with=sharing,
                account=Account(id="a07e1n5abc", name="Contoso Coffee"),
                created_by="ops1",
                created_at=MONDAY,
            ),
            None,
        )

    def export(
        self,
        name: str,
        schedule: ExportSchedule,
        connection: str | None = "marketing",
        segments: Sequence[str] = ("HighValueSegment",),
    ) -> None:
        """Save an export, or change its schedule, now."""
        definition = ExportDefinition(
            id=name,
            display_name=name.title(),
            connection=connection,
            list_id=LIST_ID,
            segments=[*segments],
            data_matching=DataMatching(email="EMail"),
            schedule=schedule,
        )
        path = self.environment.exports_folder / f"{name}.toml"
        expected = self.environment.export(name).fingerprint if path.exists() else None
        self._saved_at(self.environment.save_export(definition, expected).path)

    def system_refresh(self, schedule: RefreshSchedule, **section: str) -> None:
        stored = self.environment.read()
        changed = structs.replace(
            stored.definition,
            schedule=schedule,
            environment=structs.replace(stored.definition.environment, **section),
        )
        self._saved_at(self.environment.save_environment(changed, stored.fingerprint).path)

    def pass_until(self, moment: datetime, step: float = 60.0) -> None:
        """The worker goes round while time passes."""
        while self.clock.now() < moment:
            self.clock.pass_by(step)
            self.worker(self.clock.now())

    def rounds(self, count: int = 3, step: float = 5.0) -> None:
        """A few rounds: enough for whole profiles to be found whole."""
        for _round in range(count):
            self.worker(self.clock.now())
            self.clock.pass_by(step)

    def runs(self, status: Status | None = None) -> list[Run]:
        """Runs, oldest first."""
        with ScheduleLedger(self.environment.ledger_path) as ledger:
            found = ledger.runs(statuses=[status] if status else (), limit=10_000)
        return found[::-1]

    def end(self, runs: Sequence[Run] | None = None) -> None:
        """Every run that is not over ends well."""
        with ScheduleLedger(self.environment.ledger_path) as ledger:
            for run in ledger.unfinished() if runs is None else runs:
                ledger.record("end", run.id, status=Status.SUCCESSFUL, ended_at=self.clock.now())

    def told(self, run: Run) -> list[str]:
        """The kinds of the run's events."""
        events, _offset = RunLog(self.environment.runs_folder / run.id / "log.jsonl").read()
        return [str(event.__struct_config__.tag) for event in events]

    def _saved_at(self, path: Path) -> None:
        seconds = self.clock.now().timestamp()
        os.utime(path, (seconds, seconds))
