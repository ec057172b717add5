"""The way of a source's rows to contacts: read ahead, made contacts on two cores, counted, stopped when somebody asks.

DuckDB pulls the batches; what goes wrong while it does comes out as it was raised, not as DuckDB tells it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from cctui.matching.read_ahead import ReadAhead, in_order
from cctui.matching.results import Cancelled, MatchingCanceled, Progress
from cctui.profiles.source import SegmentName, Source

if TYPE_CHECKING:
    import pyarrow as pa

    from cctui.matching.contact_rows import ContactRows
    from cctui.matching.named_profiles import NamedProfiles

_Item = TypeVar("_Item")
_MOST_ROWS = 40_000
_MOST_VALUES = 400_000
_TIDY_EVERY = 100_000
_THREADS = 2


class MoreRowsThanLimit(Exception):
    """More rows were read than distinct profiles are allowed; they may still be fewer profiles."""


class Intake:
    """Counts the rows of all segments of a selection; one reading at a time."""

    def __init__(self, max_rows: int | None, on_progress: Progress | None, cancelled: Cancelled | None) -> None:
        self._max_rows = max_rows
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._rows = 0
        self._problem: BaseException | None = None

    @contextlib.contextmanager
    def contacts(
        self,
        source: Source,
        segment: SegmentName,
        fields: Sequence[str],
        make: Callable[[pa.RecordBatch], ContactRows],
        keep: Callable[[ContactRows], pa.RecordBatch],
        schema: pa.Schema,
        named: NamedProfiles | None = None,
    ) -> Iterator[pa.RecordBatchReader]:
        """The members of ``segment`` made contacts and given to ``keep``, which says what of them DuckDB gets.

        Where profiles are ``named``, ``make`` gets the rows numbered by them. ``make`` runs in threads of its own, for
        several batches at a time; ``keep`` gets them in their order. What is raised meanwhile, also by the source,
        leaves this context as it is.
        """
        members = source.members(segment, fields)
        parts = _parts(members)
        made = in_order(make, parts if named is None else named.numbered(parts), _THREADS)

        def batches(ready: ReadAhead[ContactRows]) -> Iterator[pa.RecordBatch]:
            for rows in ready:
                self._look(rows.read)
                yield keep(rows)

        with self._reading(members, made, batches, schema) as reader:
            yield reader

    @contextlib.contextmanager
    def ids(self, source: Source, segment: SegmentName) -> Iterator[pa.RecordBatchReader]:
        """The ids of the members of ``segment``. What is raised meanwhile leaves this context as it is."""
        members = source.members(segment, ())

        def batches(ready: ReadAhead[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in ready:
                self._look(batch.num_rows)
                yield batch

        with self._reading(members, _parts(members), batches, members.schema) as reader:
            yield reader

    @contextlib.contextmanager
    def _reading(
        self,
        members: pa.RecordBatchReader,
        items: Iterator[_Item],
        batches: Callable[[ReadAhead[_Item]], Iterator[pa.RecordBatch]],
        schema: pa.Schema,
    ) -> Iterator[pa.RecordBatchReader]:
        import duckdb
        import pyarrow as pa

        # Arrow's own allocator keeps what is freed: some 40 MB at a million rows. The system's gives it back.
        pa.set_memory_pool(pa.system_memory_pool())
        try:
            with contextlib.closing(ReadAhead(items)) as ready:
                yield pa.RecordBatchReader.from_batches(schema, self._watched(batches(ready)))
        except duckdb.Error:
            if self._problem is None:
                raise
            raise self._problem from None
        finally:
            members.close()

    def _watched(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
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


def _parts(members: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The batches of ``members``, none so large that a few of them weigh much."""
    import pyarrow as pa

    most = max(1_000, min(_MOST_ROWS, _MOST_VALUES // max(1, len(members.schema))))
    untidied = 0
    for batch in members:
        if untidied >= _TIDY_EVERY:
            pa.default_memory_pool().release_unused()
            untidied = 0
        untidied += batch.num_rows
        for start in range(0, batch.num_rows, most):
            yield batch.slice(start, most)
