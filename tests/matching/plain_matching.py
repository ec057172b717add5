"""Matching said once more in plain Python, slow and simple, and a source in memory: what the tests compare with."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from email_validator import EmailNotValidError, validate_email

from cctui.definitions.model import AttributeMapping
from cctui.matching.mapping import Matching
from cctui.matching.results import Body
from cctui.profiles.source import Attribute, Segment, SegmentName

Row = Mapping[str, str | None]
NAMES = Matching(
    "EMail",
    (
        AttributeMapping(attribute="first_name", field="FirstName"),
        AttributeMapping(attribute="cf:note", field="Note"),
    ),
    ("doNotEmail",),
)
FIELDS = ("EMail", "FirstName", "Note", "doNotEmail")
_INVISIBLE = "\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


class PeopleInMemory:
    """A source of some segments; batches are small so that every test crosses their ends."""

    def __init__(self, segments: Mapping[str, Sequence[Row]], *, batch: int = 3) -> None:
        self._segments = segments
        self._batch = batch
        self.before_batch: Callable[[int], None] = lambda _number: None
        self.readings: list[tuple[str, tuple[str, ...]]] = []

    def segments(self) -> list[Segment]:
        return [Segment(SegmentName(name), name, members=len(rows)) for name, rows in self._segments.items()]

    def attributes(self, segment: SegmentName | None = None) -> list[Attribute]:
        return [Attribute(name) for name in FIELDS]

    def count(self, segment: SegmentName) -> int:
        return len(self._segments[segment])

    def members(self, segment: SegmentName, fields: Sequence[str]) -> pa.RecordBatchReader:
        self.readings.append((segment, tuple(fields)))
        names = ["profile_id", *fields]
        schema = pa.schema([(name, pa.string()) for name in names])
        rows = self._segments[segment]

        def batches() -> Iterator[pa.RecordBatch]:
            for number, start in enumerate(range(0, len(rows), self._batch)):
                self.before_batch(number)
                part = rows[start : start + self._batch]
                columns = [pa.array([row.get(name) for row in part], pa.string()) for name in names]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def version(self) -> str:
        return "1"

    def close(self) -> None:
        return


def person(number: int, email: str | None, first: str | None = "Ada", note: str | None = "", no: str = "") -> Row:
    return {"profile_id": f"p{number}", "EMail": email, "FirstName": first, "Note": note, "doNotEmail": no}


def plain_address(value: str | None) -> str | None:
    """The address by the library alone, on every row; ``None`` where there is none."""
    text = (value or "").strip()
    text = text.strip(_INVISIBLE + " \t\r\n")
    try:
        found = validate_email(text, check_deliverability=False, strict=True, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    address = (found.ascii_email or "").lower()
    return address if 0 < len(address) <= 50 else None


def plain_value(value: str | None, limit: int) -> str:
    text = re.sub("[\t\n\v\f\r\x85\u2028\u2029]+", " ", value or "")
    text = "".join(char for char in text if unicodedata.category(char) != "Cc")
    text = _bare(unicodedata.normalize("NFC", text))
    return text if len(text) <= limit else _bare(text[:limit])


def _bare(text: str) -> str:
    ends = {char for char in text if unicodedata.category(char).startswith("Z")} | set(_INVISIBLE)
    return text.strip("".join(ends))


class Expected:
    """What must come out of ``segments``, in order, by the rules as they are written down."""

    def __init__(self, segments: Mapping[str, Sequence[Row]], chosen: Sequence[str]) -> None:
        rows = [(name, row, plain_address(row["EMail"])) for name in chosen for row in segments[name]]
        opted_out = {address for _name, row, address in rows if (row["doNotEmail"] or "").strip().lower() == "true"}
        self.contacts: list[list[str]] = []
        self.index: list[tuple[str, str]] = []
        self.rejected: list[str] = []
        self.states: Counter[str] = Counter()
        seen: set[str] = set()
        for name, row, address in rows:
            if address is None:
                state = "invalid"
                self.rejected.append(row["profile_id"] or "")
            elif address in seen:
                state = "duplicate"
            elif address in opted_out:
                state = "suppressed"
            else:
                state = "sent"
                self.contacts.append([address, plain_value(row["FirstName"], 50), plain_value(row["Note"], 255)])
                self.index.append((row["profile_id"] or "", name))
            if address is not None:
                seen.add(address)
            self.states[state] += 1


def read_bodies(workspace: Path, bodies: Sequence[Body]) -> list[list[list[str]]]:
    """The records of every body, without its header, by the csv module."""
    found = []
    for body in bodies:
        data = (workspace / "bodies" / f"{body.number}.csv").read_bytes()
        header, *records = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        assert header[0] == "email"
        assert all(len(record) == len(header) for record in records)
        found.append(records)
    return found


def read_index(workspace: Path) -> list[tuple[int, str, str]]:
    rows = pq.read_table(workspace / "contacts.parquet").to_pylist()
    return [(row["position"], row["profile_id"], row["segment"]) for row in rows]


def read_rejected(workspace: Path) -> list[dict[str, str]]:
    with (workspace / "rejected.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows, strict=True))
