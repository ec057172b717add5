"""The way of a source's batches into DuckDB: counted, judged, and stopped when somebody asks.

DuckDB pulls the batches; what goes wrong while it does comes out as it was raised, not as DuckDB tells it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cctui.matching.email_rules import judged
from cctui.matching.read_ahead import ReadAhead
from cctui.matching.results import Cancelled, MatchingCanceled, Progress
from cctui.profiles.source import PROFILE_ID, SegmentName, Source

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 10_000
_TIDY_EVERY = 50_000


class MoreRowsThanLimit(Exception):
    """More rows were read than distinct profiles are allowed; they may still be fewer profiles."""


def field_column(number: int) -> str:
    """The name of the source's field ``number`` in the batches, whatever the field is called."""
    return f"field{number}"


class Intake:
    """Counts the rows of all segments of a selection; one reading at a time."""

    def __init__(self, max_rows: int | None, on_progress: Progress | None, cancelled: Cancelled | None) -> None:
        self._max_rows = max_rows
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._rows = 0
        self._problem: BaseException | None = None

    @contextlib.contextmanager
    def reading(
        self, source: Source, segment: SegmentName, fields: Sequence[str], email: int | None = None
    ) -> Iterator[pa.RecordBatchReader]:
        """The members of ``segment``: ``profile_id``, a :func:`field_column` per field, ``address``, ``reason``.

        The last two are there where ``email`` says which field to judge. What is raised while the batches are read,
        also by the source, leaves this context as it is.
        """
        import duckdb
        import pyarrow as pa

        text = pa.string()
        names = [PROFILE_ID, *(field_column(number) for number in range(len(fields)))]
        judgement = [] if email is None else ["address", "reason"]
        schema = pa.schema([(name, text) for name in (*names, *judgement)])
        # Arrow's own allocator keeps what is freed: some 40 MB at a million rows. The system's gives it back.
        pa.set_memory_pool(pa.system_memory_pool())
        members = source.members(segment, fields)
        try:
            with contextlib.closing(ReadAhead(_judged_parts(members, schema, email))) as parts:
                yield pa.RecordBatchReader.from_batches(schema, self._watched(parts))
        except duckdb.Error:
            if self._problem is None:
                raise
            raise self._problem from None
        finally:
            members.close()

    def _watched(self, parts: ReadAhead[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            for part in parts:
                self._look(part.num_rows)
                yield part
        except BaseException as problem:
            self._problem = problem
            raise

    def _look(self, rows: int) -> None:
        if self._cancelled is not None and self._cancelled():
            raise MatchingCanceled
        self._rows += rows
        if self._max_rows is not None and self._rows > self._max_rows:
            raise MoreRowsThanLimit
        if self._on_progress is not None:
            self._on_progress(self._rows)


def _judged_parts(members: pa.RecordBatchReader, schema: pa.Schema, email: int | None) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    untidied = 0
    for batch in members:
        if untidied >= _TIDY_EVERY:
            pa.default_memory_pool().release_unused()
            untidied = 0
        untidied += batch.num_rows
        for start in range(0, batch.num_rows, _BATCH_ROWS):
            columns = [column.cast(pa.string()) for column in batch.slice(start, _BATCH_ROWS).columns]
            if email is not None:
                columns += judged(columns[email + 1])
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
