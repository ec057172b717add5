"""The profiles that a selection is narrowed to, and which of them were met.

Ids are compared as ``rejected.csv`` shows them, since that is where they are read from; 128 bits of them (MD5) take
less memory than the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cctui.matching.cleaning import text
from cctui.matching.contact_rows import SHOWN_VALUE, for_spreadsheets
from cctui.profiles.conditions import NO_PROGRESS_BAR

if TYPE_CHECKING:
    import pyarrow as pa

NUMBER: Final = "number"
"""The column that says which of the named profiles a row is, from 0; null where it is none of them."""

_MEMORY: Final = "64MB"
_BATCH_ROWS: Final = 20_000


class NamedProfiles:
    """Profiles by their ids. ``folder`` is for spilling. Close it."""

    def __init__(self, profiles: Iterable[str], folder: Path) -> None:
        import duckdb

        self._database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": _MEMORY,
                "temp_directory": str(folder),
                "threads": 1,
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        self._database.execute(NO_PROGRESS_BAR)
        # A join whose sides are changed does not keep the order of the rows.
        self._database.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        self._database.register("incoming", _names(profiles))
        self._database.execute(
            f"CREATE TABLE named AS SELECT key, (row_number() OVER () - 1)::UINTEGER AS {NUMBER} "
            f"FROM (SELECT DISTINCT {_key('shown')} AS key FROM incoming WHERE shown <> '')"
        )
        self._database.unregister("incoming")
        ((count,),) = self._database.execute("SELECT count(*) FROM named").fetchall()
        self.count = int(count)
        self._met = bytearray(self.count)

    @property
    def absent(self) -> int:
        """How many were not met."""
        return self._met.count(0)

    def close(self) -> None:
        """Let go of DuckDB."""
        self._database.close()

    def numbered(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The ``batches`` of a source, in their order, with the column :data:`NUMBER`; raises what they raise."""
        import duckdb
        import pyarrow as pa

        first = next(batches, None)
        if first is None:
            return
        failures: list[BaseException] = []

        def shown() -> Iterator[pa.RecordBatch]:
            yield _shown(first)
            try:
                for batch in batches:
                    yield _shown(batch)
            except BaseException as problem:
                failures.append(problem)
                raise

        self._database.register("rows", pa.RecordBatchReader.from_batches(_shown(first).schema, shown()))
        try:
            yield from self._database.sql(
                f"SELECT rows.* EXCLUDE (shown), {NUMBER} FROM rows LEFT JOIN named ON {_key('shown')} = named.key"
            ).to_arrow_reader(_BATCH_ROWS)
        except (duckdb.Error, pa.ArrowException, OSError):
            if failures:
                raise failures[0] from None
            raise
        finally:
            self._database.unregister("rows")

    def meet(self, numbers: pa.Array) -> None:
        """These have been met."""
        for number in numbers.drop_null().to_pylist():
            self._met[number] = 1


def _names(profiles: Iterable[str]) -> pa.RecordBatchReader:
    import pyarrow as pa

    schema = pa.schema([("shown", pa.string())])
    names = iter(profiles)

    def batches() -> Iterator[pa.RecordBatch]:
        while part := list(islice(names, _BATCH_ROWS)):
            yield pa.RecordBatch.from_arrays([pa.array(part, pa.string())], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _shown(batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow as pa

    ids = batch.column(0).cast(pa.string()).fill_null(text(""))
    return batch.append_column("shown", for_spreadsheets(ids))


def _key(column: str) -> str:
    return f"md5_number(left({column}, {SHOWN_VALUE}))"
