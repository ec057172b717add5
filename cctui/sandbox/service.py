"""The stand-in as a whole: its state, and the work behind its endpoints."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from cctui.sandbox import store
from cctui.sandbox.activities import Activities, ActivityRecord, finish_import
from cctui.sandbox.faults import FaultKind, Faults
from cctui.sandbox.imports import Reading, read_csv, read_json
from cctui.sandbox.journal import Journal, Pace
from cctui.sandbox.lists import custom_field_id_for, list_id_for
from cctui.sandbox.records import Records, Shelf
from cctui.sandbox.settings import Settings
from cctui.sandbox.store import ContactStore, Members
from cctui.sandbox.tokens import Tokens


class ListRecord(Struct, kw_only=True):
    """A contact list. Times are seconds since 1970."""

    list_id: str
    name: str
    created_at: float
    updated_at: float
    description: str = ""
    favorite: bool = False
    deleted_at: float | None = None


class CustomFieldRecord(Struct, kw_only=True):
    """A custom field; ``name`` is what follows ``cf:`` in an import."""

    custom_field_id: str
    label: str
    name: str
    type: str
    created_at: float


class Imports(Struct, kw_only=True):
    """Figures over all imports that were taken."""

    count: int = 0
    bytes: int = 0
    rows: int = 0
    biggest_body: int = 0
    most_rows: int = 0
    cut: int = 0
    """Imports of which something was dropped because they were over a limit."""


class Service:
    """Everything behind the endpoints. Lives in one event loop; contacts are written by the store's thread.

    ``go_down`` and ``end_idle_connections`` are set by :mod:`cctui.sandbox.server`, which knows the listener.
    """

    def __init__(self, folder: Path, settings: Settings) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._bodies = folder / "imports"
        self._bodies.mkdir(exist_ok=True)
        self.first_settings = settings
        self.settings = settings
        self.faults = Faults(settings.faults)
        self.journal = Journal()
        self.pace = Pace()
        self._records = Records(folder / "service.sqlite")
        self.contacts = ContactStore(folder / "contacts.sqlite")
        self.lists = Shelf(self._records, "list", ListRecord)
        self.custom_fields = Shelf(self._records, "custom field", CustomFieldRecord)
        self.activities = Activities(self._records)
        self.tokens = Tokens(self._records)
        self.imports = Imports()
        self.go_down: Callable[[float], None] = lambda _seconds: None
        self.end_idle_connections: Callable[[], None] = lambda: None
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="imports")
        self._unprocessed = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._members: tuple[float, int, dict[str, Members]] = (0.0, -1, {})
        self._seed()

    def close(self) -> None:
        """Finish what is queued and close the files."""
        self._workers.shutdown()
        self.contacts.close()
        self._records.close()

    def change(self, changes: dict[str, Any]) -> None:
        """Change settings while it runs. Raises ``msgspec.ValidationError``."""
        self.settings = self.settings.changed(changes)
        self._seed()

    def now(self) -> float:
        """The service's clock, in seconds since 1970; it may be off by hours."""
        return time.time() + self.settings.clock_offset_hours * 3_600

    def today(self) -> str:
        """The day of the quota, which ends at 00:00 UTC."""
        return datetime.fromtimestamp(self.now(), UTC).date().isoformat()

    def resume(self) -> None:
        """Go on with the imports that were taken but not processed when the stand-in was stopped."""
        for activity in self.activities:
            if not activity.done and (self._bodies / activity.activity_id).exists():
                self._process(activity)

    async def reset(self, settings: Settings | None = None) -> None:
        """Forget everything and begin anew, with the settings of the start or others."""
        await self.idle()
        await asyncio.wrap_future(self.contacts.write(store.clear))
        self.activities.clear()
        self.tokens.clear()
        self.lists.clear()
        self.custom_fields.clear()
        self.settings = settings or self.first_settings
        self.faults = Faults(self.settings.faults)
        self.journal = Journal()
        self.pace = Pace()
        self.imports = Imports()
        self._seed()

    async def idle(self) -> None:
        """Return when every import that was taken is processed."""
        await self._idle.wait()

    def add_list(self, name: str, *, description: str = "", favorite: bool = False) -> ListRecord:
        """A new list; a name that a deleted list had gets another id."""
        list_id = list_id_for(name)
        tries = 0
        while self.lists.get(list_id) is not None:
            tries += 1
            list_id = list_id_for(f"{name} {tries}")
        now = self.now()
        record = ListRecord(
            list_id=list_id, name=name, created_at=now, updated_at=now, description=description, favorite=favorite
        )
        return self.lists.put(list_id, record)

    def active_list(self, list_id: str) -> ListRecord | None:
        """A list by its id, unless it is deleted."""
        found = self.lists.get(list_id.lower())
        return found if found and found.deleted_at is None else None

    def list_named(self, name: str) -> ListRecord | None:
        """A list by its full name, unless it is deleted."""
        return next((item for item in self.lists if item.name == name and item.deleted_at is None), None)

    def add_custom_field(self, label: str, kind: str = "string") -> CustomFieldRecord:
        """A new custom field; its name is the label with blanks turned into underscores."""
        name = label.replace(" ", "_")
        field_id = custom_field_id_for(name)
        return self.custom_fields.put(
            field_id,
            CustomFieldRecord(custom_field_id=field_id, label=label, name=name, type=kind, created_at=self.now()),
        )

    def custom_field_names(self) -> list[str]:
        """The names that may follow ``cf:``."""
        return [item.name for item in self.custom_fields]

    async def members(self) -> dict[str, Members]:
        """Members by list; they may lag behind, as set."""
        taken_at, changes, members = self._members
        now = time.monotonic()
        if changes == self.contacts.changes or (changes >= 0 and now - taken_at < self.settings.membership_lag):
            return members
        changes = self.contacts.changes
        members = await asyncio.to_thread(lambda: store.members_by_list(self.contacts.reader))
        self._members = (now, changes, members)
        return members

    def take_import(self, activity: ActivityRecord, body: bytes, kept: bytes, request_bytes: int) -> None:
        """Keep what the cut left of a body and its job, and process it in the background.

        ``request_bytes`` is the size of the whole request, frame included.
        """
        activity.bytes = len(body)
        activity.sha256 = hashlib.sha256(body).hexdigest()
        (self._bodies / activity.activity_id).write_bytes(kept)
        self.activities.save(activity)
        self.imports.count += 1
        self.imports.bytes += request_bytes
        self.imports.biggest_body = max(self.imports.biggest_body, request_bytes)
        self._process(activity)

    def take_job(self, activity: ActivityRecord, job: Callable[[], dict[str, int]]) -> None:
        """Keep a job that is not an import, and do it in the background."""
        self.activities.save(activity)
        self._start(activity, job)

    def _process(self, activity: ActivityRecord) -> None:
        settings = self.settings
        now = self.now()

        def work() -> dict[str, int]:
            reading = _read(activity, (self._bodies / activity.activity_id).read_bytes(), settings)
            activity.cut = activity.cut or reading.cut
            rows = reading.rows
            if activity.fate in {FaultKind.FAILED, FaultKind.TIMED_OUT, FaultKind.CANCELLED}:
                rows = rows[: int(len(rows) * activity.part)]
            writing = self.contacts.write(lambda db: store.import_rows(db, rows, activity.list_ids, now))
            finish_import(activity, reading, writing.result(), settings)
            return activity.counters

        self._start(activity, work)

    def _start(self, activity: ActivityRecord, job: Callable[[], dict[str, int]]) -> None:
        self._unprocessed += 1
        self._idle.clear()
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._workers, job)

        def finished(done: asyncio.Future[dict[str, int]]) -> None:
            try:
                activity.counters = done.result()
            except Exception as error:  # noqa: BLE001 - a job of the stand-in fails as a job of the service does
                activity.fate = FaultKind.FAILED
                activity.errors = [str(error)]
            activity.done = True
            self.activities.save(activity)
            (self._bodies / activity.activity_id).unlink(missing_ok=True)
            self.imports.rows += activity.rows
            self.imports.most_rows = max(self.imports.most_rows, activity.rows)
            self.imports.cut += activity.cut
            self._unprocessed -= 1
            if not self._unprocessed:
                self._idle.set()

        future.add_done_callback(finished)

    def _seed(self) -> None:
        for name in self.settings.lists:
            if self.list_named(name) is None:
                self.add_list(name)
        for label in self.settings.custom_fields:
            if label.replace(" ", "_") not in self.custom_field_names():
                self.add_custom_field(label)


class Rows(Struct, frozen=True):
    """A JSON import as it is kept: the file part is cut already, the rows are checked when it is processed."""

    import_data: list[dict[str, str | int]]


def _read(activity: ActivityRecord, body: bytes, settings: Settings) -> Reading:
    if activity.kind == "contacts_file_import":
        return read_csv(body, line_limit=settings.line_limit, email_limit=settings.email_limit)
    return read_json(msgspec.json.decode(body, type=Rows).import_data, email_limit=settings.email_limit)
