"""The spool of a run: its folder ``state/runs/<run id>`` with everything that is too big for the ledger.

``definition.json`` is what the run was started with, ``bodies/`` the request bodies, ``contacts.parquet`` who is on
which line, ``rejected.csv`` and ``refused/`` who did not make it, ``log.jsonl`` what happened. Files are whole and on
the disk before the ledger speaks of them.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import msgspec
from msgspec import Struct

from cctui.definitions.environment import Environment
from cctui.definitions.model import ConnectionDefinition, ExportDefinition, ProfilesSection, SegmentDefinition
from cctui.delivery.run_log import RunLog
from cctui.delivery.states import Batch, RunId
from cctui.errors import CctuiError
from cctui.host import files
from cctui.locales import _, byte_size

LEAST_FREE_BYTES = 64_000_000
"""A plan is not begun with less room: a ledger that cannot be written is worse than a run that does not start."""


class DiskFull(CctuiError):
    """There is no room for the run's files."""


class BodyDamaged(CctuiError):
    """A request body is not what was planned; it is never sent."""


class Snapshot(Struct, frozen=True):
    """What a run was started with: later edits of the definitions do not change a run that is under way."""

    export: ExportDefinition
    connection: ConnectionDefinition
    profiles: ProfilesSection | None
    segments: list[SegmentDefinition]


class Spool:
    """The files of one run."""

    def __init__(self, environment: Environment, run_id: RunId) -> None:
        self.folder = environment.runs_folder / run_id
        self.bodies = self.folder / "bodies"
        self.contacts = self.folder / "contacts.parquet"
        self.rejected = self.folder / "rejected.csv"
        self.refused = self.folder / "refused"
        self.snapshot_path = self.folder / "definition.json"
        self.log = RunLog(self.folder / "log.jsonl")

    def make(self) -> None:
        """Make the folder where it is missing."""
        files.private_folder(self.folder.parent)
        files.private_folder(self.folder)

    def clear_plan(self) -> None:
        """Take away what a plan that was cut short has left; definition and log stay."""
        for folder in [*self.folder.iterdir()]:
            if folder.is_dir():
                shutil.rmtree(folder, ignore_errors=True)
        for path in [*self.folder.iterdir()]:
            if path not in {self.snapshot_path, self.log.path} and path.is_file():
                path.unlink()

    def require_room(self) -> None:
        """Raises :class:`DiskFull` where the disk has less than :data:`LEAST_FREE_BYTES`."""
        free = shutil.disk_usage(self.folder).free
        if free < LEAST_FREE_BYTES:
            raise DiskFull(
                _("The disk is nearly full: {free} free in {folder}.").format(
                    free=byte_size(free), folder=self.folder.parent
                ),
                do=_("Free at least {size} and run again.").format(size=byte_size(LEAST_FREE_BYTES)),
            )

    def sync_names(self) -> None:
        """Return when the names in the run's folder and in all the folders it lies in are on the disk.

        Matching syncs the files. A folder whose maker was killed before it could sync is as good as any other here.
        """
        runs = self.folder.parent
        for folder in (self.folder, runs, runs.parent, runs.parent.parent):
            files.disk.sync_folder(folder)

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Write down, durably, what the run is started with."""
        files.save(self.snapshot_path, msgspec.json.encode(snapshot), mode=0o600, keep_mode=False)

    def snapshot(self) -> Snapshot | None:
        """What the run was started with; ``None`` where that was not written down or cannot be read."""
        try:
            return msgspec.json.decode(self.snapshot_path.read_bytes(), type=Snapshot)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def body(self, number: int) -> Path:
        """The file of a batch's request body."""
        return self.bodies / f"{number}.csv"

    def verify(self, batch: Batch) -> Path:
        """The body of ``batch``, read again and compared with its hash. Raises :class:`BodyDamaged`."""
        path = self.body(batch.number)
        try:
            with path.open("rb") as body:
                found = hashlib.file_digest(body, "sha256").hexdigest()
        except OSError as problem:
            raise BodyDamaged(
                _("The request body {path} cannot be read.").format(path=path), why=problem.strerror or ""
            ) from problem
        if found != batch.sha256:
            raise BodyDamaged(
                _("The request body {path} is not what was planned; it is not sent.").format(path=path),
                do=_("Run the export again. Check the disk."),
            )
        return path

    def refused_path(self, number: int) -> Path:
        """Where the rows of a batch that Constant Contact refused are written."""
        return self.refused / f"{number}.csv"

    def remove(self) -> None:
        """Take the whole folder away."""
        shutil.rmtree(self.folder, ignore_errors=True)
