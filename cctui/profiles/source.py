"""The one small interface of a profile source, and the facts it gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NewType, Protocol

from msgspec import Struct, structs

from cctui.definitions.model import SegmentKind, SegmentState
from cctui.errors import CctuiError

if TYPE_CHECKING:
    import pyarrow as pa

SegmentName = NewType("SegmentName", str)
"""The unique name of a segment in its source, as an export's ``segments`` lists it."""

PROFILE_ID = "profile_id"
"""The name of the first column of :meth:`Source.members`, whatever the id is called in the source."""


class SourceError(CctuiError):
    """Profiles cannot be read: which file, why, and what to do."""


class Segment(Struct, frozen=True):
    """A segment as lists show it. ``members`` is ``None`` while it has not been counted.

    ``problem`` is a sentence where the segment cannot be read, empty otherwise.
    """

    name: SegmentName
    display_name: str
    kind: SegmentKind = SegmentKind.DYNAMIC
    state: SegmentState = SegmentState.ACTIVE
    members: int | None = None
    last_refreshed: datetime | None = None
    problem: str = ""


class Attribute(Struct, frozen=True):
    """A field of the profile. ``data_type`` is the Common Data Model's (``string``, ``boolean``, ``int64`` …).

    ``semantic_type`` is what the source says about the meaning (``email``), empty where it says nothing.
    """

    name: str
    data_type: str = "string"
    semantic_type: str = ""


class Source(Protocol):
    """Profiles and their segments. Implementations are safe to use from one thread at a time."""

    def segments(self) -> list[Segment]:
        """All segments in the source's order, without counting members. Raises :class:`SourceError`."""
        ...

    def attributes(self, segment: SegmentName | None = None) -> list[Attribute]:
        """Fields of the profiles of ``segment``, or of all profiles. Raises :class:`SourceError`."""
        ...

    def count(self, segment: SegmentName) -> int:
        """The number of members of ``segment``, read from the data. Raises :class:`SourceError`."""
        ...

    def members(self, segment: SegmentName, fields: Sequence[str]) -> pa.RecordBatchReader:
        """The members of ``segment`` in the source's stable order, as batches of text columns.

        Columns are :data:`PROFILE_ID` and then ``fields`` in their order, all of Arrow type string, nullable. Memory
        stays bounded whatever the size. Raises :class:`SourceError`, also while the batches are read.
        """
        ...

    def version(self) -> str:
        """A short text that changes when the data does (newest file's time and size); for caches of counts."""
        ...

    def close(self) -> None:
        """Let go of files and memory."""
        ...


def counted(source: Source, segment: Segment) -> Segment:
    """``segment`` with its members counted, or with the problem that stands in the way."""
    try:
        return structs.replace(segment, members=source.count(segment.name))
    except SourceError as problem:
        return structs.replace(segment, problem=str(problem))


def first_members(source: Source, segment: SegmentName, fields: Sequence[str], rows: int) -> list[tuple[str, ...]]:
    """The first ``rows`` members of ``segment``: the id and then ``fields``; an absent value is empty text."""
    found: list[tuple[str, ...]] = []
    with source.members(segment, fields) as reader:
        for batch in reader:
            for member in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if len(found) == rows:
                    return found
                found.append(tuple(value or "" for value in member))
    return found
