"""Rows chosen by a condition that an operator wrote, or by a list of ids: DuckDB, locked up.

The condition is SQL. DuckDB gets the rows as a stream and may open nothing: no file, no extension, no setting.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cctui.locales import _
from cctui.masking import harmless, printable
from cctui.profiles.source import SourceError
from cctui.profiles.tables import Table

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

NO_PROGRESS_BAR = "SET enable_progress_bar = false"
"""What every database is told first: else it draws on standard output when a statement takes more than 2 seconds."""

_MEMORY = "128MB"
_THREADS = 2
_ROWS = 20_480
_ORDER = "n"
_ANY_COLUMN = re.compile(r"\bcolumns\s*\(|\*", re.IGNORECASE)
_MEANINGS = (
    ("BOOLEAN", "(?i)true|false"),
    ("BIGINT", r"-?(0|[1-9]\d{0,17})"),
    ("DOUBLE", r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?"),
    ("DATE", r"\d{4}-\d\d-\d\d"),
    ("TIMESTAMP", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"),
)
"""What text can mean in a condition; numbers with leading zeros stay text, they are codes."""


def matching(
    table: Table, wanted: Sequence[int], *, segment: str, where: str | None = None, ids: Iterator[pa.RecordBatch] | None
) -> Iterator[pa.RecordBatch]:
    """The ``wanted`` columns (the id first) as text, of rows that meet ``where`` or whose id is in ``ids``.

    In the order of the table. ``ids`` are batches of one column. A column of text has in ``where`` the type that all
    its values in the first block have; values that do not fit later count as null. Raises :class:`SourceError`.
    """
    import duckdb
    import pyarrow as pa

    with contextlib.ExitStack() as stack:
        spill = stack.enter_context(tempfile.TemporaryDirectory(prefix="cctui-"))
        connection = stack.enter_context(contextlib.closing(_locked(spill)))
        named = _mentioned(where, table.names)
        meanings = _meanings(connection, table, named)
        rows = _Stream(_numbered(table.batches(sorted({*wanted, *named}))))
        listed = _Stream(ids) if ids is not None else None
        try:
            if listed is not None and not listed.empty:
                connection.register("listed", listed.reader)
                connection.execute("CREATE TEMP TABLE chosen AS SELECT DISTINCT id FROM listed WHERE id IS NOT NULL")
            if rows.empty or (listed is not None and listed.empty):
                return
            connection.register("stream", rows.reader)
            statement = _statement(table, wanted, named, meanings, where, listed=listed is not None)
            if len(duckdb.extract_statements(statement)) != 1:
                raise _wrong_condition(segment, _("It is more than one condition."))
            yield from connection.sql(statement).to_arrow_reader(_ROWS)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise (listed and listed.failure) or rows.failure or _explained(segment, error) from None


def check(table: Table, segment: str, where: str) -> None:
    """Raise :class:`SourceError` where ``where`` is no condition on the first rows of ``table``."""
    for _batch in matching(_FirstRows(table), [0], segment=segment, where=where, ids=None):
        pass


class _FirstRows:
    """A table that ends after its first batch."""

    def __init__(self, table: Table) -> None:
        self.names = table.names
        self.is_text = table.is_text
        self.attributes = table.attributes
        self.holds_text = table.holds_text
        self._table = table

    def batches(self, chosen: Sequence[int]) -> Iterator[pa.RecordBatch]:
        yield from itertools.islice(self._table.batches(chosen), 1)


class _Stream:
    """Batches as DuckDB reads them, once; keeps the error that stopped them, of which DuckDB keeps only words."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        import pyarrow as pa

        self.failure: SourceError | None = None
        self._batches = batches
        first = next(batches, None)
        self.empty = first is None
        schema = pa.schema([]) if first is None else first.schema
        self.reader = pa.RecordBatchReader.from_batches(schema, self._whole(first))

    def _whole(self, first: pa.RecordBatch | None) -> Iterator[pa.RecordBatch]:
        if first is not None:
            yield first
        try:
            yield from self._batches
        except SourceError as error:
            self.failure = error
            raise


def _numbered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches with a column that keeps their order."""
    import pyarrow as pa

    done = 0
    for batch in batches:
        numbers = pa.array(range(done, done + batch.num_rows), pa.int64())
        done += batch.num_rows
        yield batch.append_column(_ORDER, numbers)


def _locked(spill: str) -> duckdb.DuckDBPyConnection:
    """A database in memory that may write to ``spill`` and to nothing else, and can change nothing of that."""
    import duckdb

    connection = duckdb.connect(
        config={
            "memory_limit": _MEMORY,
            "threads": _THREADS,
            "temp_directory": spill,
            "preserve_insertion_order": True,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute(NO_PROGRESS_BAR)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _mentioned(where: str | None, names: Sequence[str]) -> list[int]:
    """The columns whose names occur in ``where``: those it uses, and perhaps some more."""
    if where is None:
        return []
    if _ANY_COLUMN.search(where):
        return list(range(len(names)))
    text = where.lower()
    return [position for position, name in enumerate(names) if name.lower().replace('"', '""') in text]


def _meanings(connection: duckdb.DuckDBPyConnection, table: Table, named: Sequence[int]) -> dict[int, str]:
    """The types of columns of text in a condition, from their values in the first block."""
    if not table.is_text or not named:
        return {}
    first = next(table.batches(named), None)
    if first is None:
        return {}
    connection.register("sample", first)
    found: dict[int, str] = {}
    for position in named:
        tests = ", ".join(
            f"bool_and(regexp_full_match(trim(\"{position}\"), '{pattern}'))" for _name, pattern in _MEANINGS
        )
        filled = f"SELECT {tests} FROM sample WHERE trim(\"{position}\") <> ''"
        fits = connection.execute(filled).fetchall()[0]
        kind = next((name for (name, _pattern), all_fit in zip(_MEANINGS, fits, strict=True) if all_fit), None)
        if kind:
            found[position] = kind
    connection.unregister("sample")
    return found


def _statement(
    table: Table,
    wanted: Sequence[int],
    named: Sequence[int],
    meanings: dict[int, str],
    where: str | None,
    *,
    listed: bool,
) -> str:
    values = [f'"{position}" AS "value {position}"' for position in sorted(set(wanted))]
    visible = [
        f'TRY_CAST(trim("{position}") AS {meanings[position]}) AS {_quoted(table.names[position])}'
        if position in meanings
        else f'"{position}" AS {_quoted(table.names[position])}'
        for position in named
    ]
    shown = ", ".join(f'CAST("value {position}" AS VARCHAR)' for position in wanted)
    inner = f'SELECT {", ".join([*values, *visible])}, "{_ORDER}" AS "row order" FROM stream'
    if listed:
        choice = f'WHERE CAST("value {wanted[0]}" AS VARCHAR) IN (SELECT id FROM chosen) ORDER BY "row order"'
    else:
        choice = f"WHERE (\n{where}\n)" if where is not None else ""
    return f"SELECT {shown} FROM ({inner}) AS profiles {choice}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _explained(segment: str, error: Exception) -> SourceError:
    """DuckDB's complaint about a condition; one about a value is not repeated, it holds personal data."""
    kind, _colon, reason = str(error).partition(": ")
    if kind in {"Binder Error", "Parser Error", "Catalog Error"}:
        return _wrong_condition(segment, harmless(reason.splitlines()[0].partition("Candidate bindings")[0]))
    if kind == "Permission Error":
        return _wrong_condition(segment, _("A condition may use the columns of the profiles, but no files."))
    if kind in {"Conversion Error", "Out of Range Error", "Invalid Input Error"}:
        return _wrong_condition(segment, _("It makes a number or a date of a value that is none."))
    return _wrong_condition(segment, harmless(kind))


def _wrong_condition(segment: str, why: str) -> SourceError:
    return SourceError(
        _("The condition of segment {segment} cannot be used.").format(segment=printable(segment)),
        why=why,
        do=_("Correct where in environment.toml; text becomes a number with TRY_CAST(column AS DOUBLE)."),
    )
