"""Bulk activities: what was asked, how far it is, and what is told about it (API guide, activity status)."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct, field

from cctui.sandbox.faults import FaultKind
from cctui.sandbox.imports import Reading
from cctui.sandbox.records import Records, Shelf
from cctui.sandbox.settings import Settings

Json = dict[str, object]

_DAY = 86_400.0
_FINAL = {FaultKind.FAILED: "failed", FaultKind.TIMED_OUT: "timed_out", FaultKind.CANCELLED: "cancelled"}


class ActivityRecord(Struct, kw_only=True):
    """One job. Times are seconds since 1970 by the service's clock; ``created_at`` is shown moved by ``shown_offset``.

    ``fate`` is what a fault has in store for it; ``counters`` are those of the answer's ``status``.
    """

    number: int
    activity_id: str
    kind: str
    created_at: float
    list_ids: list[str]
    source_file_name: str | None = None
    fate: FaultKind | None = None
    part: float = 1.0
    shown_offset: float = 0.0
    done: bool = False
    counters: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    bytes: int = 0
    rows: int = 0
    cut: bool = False
    sha256: str = ""
    client_id: str = ""


class Activities:
    """All jobs of the account, oldest first. ``settings`` is read anew at each look."""

    def __init__(self, records: Records) -> None:
        self._shelf = Shelf(records, "activity", ActivityRecord)
        self._by_number = sorted(self._shelf, key=lambda activity: activity.number)

    def __iter__(self) -> Iterator[ActivityRecord]:
        return iter(list(self._by_number))

    def clear(self) -> None:
        """Forget all of them."""
        self._shelf.clear()
        self._by_number.clear()

    def create(self, kind: str, now: float, list_ids: list[str], *, client_id: str = "") -> ActivityRecord:
        """A new job; it is kept once it is saved."""
        number = self._by_number[-1].number + 1 if self._by_number else 1
        return ActivityRecord(
            number=number,
            activity_id=str(uuid.uuid4()),
            kind=kind,
            created_at=now,
            list_ids=list_ids,
            client_id=client_id,
        )

    def save(self, activity: ActivityRecord) -> None:
        """Keep a job, new or changed."""
        if self._shelf.get(activity.activity_id) is None:
            self._by_number.append(activity)
        self._shelf.put(activity.activity_id, activity)

    def find(self, name: str) -> ActivityRecord | None:
        """A job by its id or its file name, the newest first, forgotten or not."""
        return next((a for a in reversed(self._by_number) if name in (a.activity_id, a.source_file_name)), None)

    def visible(self, activity_id: str, now: float, settings: Settings) -> ActivityRecord | None:
        """A job by its id, unless it is forgotten."""
        activity = self._shelf.get(activity_id)
        return activity if activity and is_remembered(activity, now, settings) else None

    def page(
        self, now: float, settings: Settings, *, limit: int, before: int | None, state: str
    ) -> tuple[list[ActivityRecord], int | None]:
        """At most ``limit`` jobs, newest first, older than number ``before``; and where the next page begins."""
        found: list[ActivityRecord] = []
        for activity in reversed(self._by_number):
            if before is not None and activity.number >= before:
                continue
            if not is_remembered(activity, now, settings):
                continue
            if state and state_of(activity, now, settings) != state:
                continue
            if len(found) == limit:
                return found, found[-1].number
            found.append(activity)
        return found, None

    def unfinished(self, now: float, settings: Settings) -> int:
        """How many jobs are queued or in work."""
        return sum(state_of(activity, now, settings) in {"initialized", "processing"} for activity in self._by_number)


def is_remembered(activity: ActivityRecord, now: float, settings: Settings) -> bool:
    """Whether the service still tells about a job: ten days, and no fault made it vanish."""
    return activity.fate is not FaultKind.VANISHED and now - activity.created_at <= settings.activity_days * _DAY


def state_of(activity: ActivityRecord, now: float, settings: Settings) -> str:
    """The state that is told at ``now``."""
    age = now - activity.created_at
    if age < settings.initialized_seconds:
        return "initialized"
    if activity.fate is FaultKind.STUCK or not activity.done:
        return "processing"
    if age < settings.initialized_seconds + settings.processing_seconds:
        return "processing"
    return _FINAL.get(activity.fate, "completed") if activity.fate else "completed"


def finish_import(activity: ActivityRecord, reading: Reading, left_out: int, settings: Settings) -> None:
    """Write down what an import came to."""
    header = 1 if activity.kind == "contacts_file_import" else 0
    activity.counters = {
        "items_total_count": reading.persons + header,
        "person_count": reading.persons,
        "error_count": reading.errors,
        "correctable_count": reading.correctable,
        "cannot_add_to_list_count": left_out,
    }
    activity.errors = reading.texts(settings.error_texts)
    activity.rows = reading.persons
    activity.done = True


def shown(activity: ActivityRecord, now: float, settings: Settings, *, fresh: bool = False) -> Json:
    """A job as the API tells it; ``fresh`` is the answer to the request that made it."""
    state = "initialized" if fresh else state_of(activity, now, settings)
    created = activity.created_at + activity.shown_offset
    begun = created + settings.initialized_seconds
    answer: Json = {
        "activity_id": activity.activity_id,
        "state": state,
        "created_at": moment(created),
        "updated_at": moment(now + activity.shown_offset),
        "percent_done": _percent(activity, now, settings, state),
        "activity_errors": [],
        "_links": {"self": {"href": f"/v3/activities/{activity.activity_id}"}},
    }
    if activity.source_file_name is not None and activity.fate is not FaultKind.NO_FILE_NAME:
        answer["source_file_name"] = activity.source_file_name
    if state != "initialized":
        answer["started_at"] = moment(begun)
    if state not in {"initialized", "processing"}:
        answer["completed_at"] = moment(begun + settings.processing_seconds)
        answer["activity_errors"] = activity.errors
        answer["status"] = dict(activity.counters)
        if activity.fate is FaultKind.MISSING_COUNTERS:
            answer["status"] = {"items_total_count": activity.counters.get("items_total_count", 0)}
    return answer


def moment(seconds: float) -> str:
    """A time as the API writes it: ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cursor(value: int | str) -> str:
    """The opaque text of a next link that leads to ``value``."""
    return base64.urlsafe_b64encode(f"next={value}".encode()).decode().rstrip("=")


def cursor_value(text: str) -> str | None:
    """What a cursor leads to; ``None`` where it was never given out."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return None
    return plain.removeprefix("next=") if plain.startswith("next=") else None


def _percent(activity: ActivityRecord, now: float, settings: Settings, state: str) -> int:
    if state == "initialized":
        return 0
    if state == "completed":
        return 100
    if settings.processing_seconds <= 0:
        return 50
    share = (now - activity.created_at - settings.initialized_seconds) / settings.processing_seconds
    return max(1, min(99, int(share * 100)))
