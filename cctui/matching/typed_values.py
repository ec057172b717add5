"""Dates, birthdays and phones: values that have to be read before they can be sent, as expressions of DuckDB's SQL.

Dates become ``YYYY-MM-DD``, phones ``NNN-NNN-NNNN``, birthdays plain numbers; a value that is none is left out and
counted.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cctui.matching.attributes import AttributeKind, KnownAttribute

if TYPE_CHECKING:
    import pyarrow as pa

_READ = {AttributeKind.DATE, AttributeKind.MONTH, AttributeKind.DAY, AttributeKind.PHONE}
_MEMORY = "32MB"

_DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d", "%m-%d-%Y", "%d.%m.%Y", "%Y%m%d")
"""What the service documents for an anniversary, and two ways to write a date that cannot be misread."""


class TypedValues:
    """Reads the columns of those attributes of ``known`` that need it; safe for several threads. Close it."""

    def __init__(self, known: Sequence[KnownAttribute]) -> None:
        self._places = [place for place, attribute in enumerate(known) if attribute.kind in _READ]
        self._statement = _statement([known[place] for place in self._places])
        self._guard = threading.Lock()
        self._database: Any = None

    def fitted(self, columns: Sequence[pa.Array]) -> tuple[list[pa.Array], pa.Array | None]:
        """The cleaned ``columns`` of all attributes with these made fit, and how many values of a row were left out."""
        import pyarrow as pa

        fit = list(columns)
        if not self._places:
            return fit, None
        given = pa.table({f"c{number}": columns[place] for number, place in enumerate(self._places)})
        with self._guard:
            found = self._read(given)
        for number, place in enumerate(self._places):
            fit[place] = _whole(found.column(number).cast(pa.string()))
        return fit, _whole(found.column(len(self._places)).cast(pa.uint8()))

    def close(self) -> None:
        """Let go of DuckDB."""
        if self._database is not None:
            self._database.close()

    def _read(self, given: pa.Table) -> pa.Table:
        import duckdb

        if self._database is None:
            self._database = duckdb.connect(":memory:", config={"memory_limit": _MEMORY, "threads": 1})
        self._database.register("given", given)
        try:
            return self._database.sql(self._statement).to_arrow_table()
        finally:
            self._database.unregister("given")


def _whole(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    return pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0)


def _statement(known: Sequence[KnownAttribute]) -> str:
    """One row for each of ``given``: its values made fit, and how many are left out."""
    columns = [f"c{number}" for number in range(len(known))]
    both = " AND ".join(
        _month_or_day(known, columns, kind)
        for kind in (AttributeKind.MONTH, AttributeKind.DAY)
        if any(attribute.kind is kind for attribute in known)
    )
    values = [_value(attribute.kind, column, both) for attribute, column in zip(known, columns, strict=True)]
    lost = [f"({column} <> '' AND v{column} IS NULL)::INTEGER" for column in columns]
    named = ", ".join(f"{value} AS v{column}" for value, column in zip(values, columns, strict=True))
    shown = ", ".join(f"coalesce(v{column}, '')" for column in columns)
    return f"SELECT {shown}, {' + '.join(lost) or '0'} FROM (SELECT *, {named or '0'} FROM given)"


def _value(kind: AttributeKind, column: str, birthday: str) -> str:
    match kind:
        case AttributeKind.MONTH:
            return f"CASE WHEN {birthday} THEN {_month(column)}::VARCHAR END"
        case AttributeKind.DAY:
            return f"CASE WHEN {birthday} THEN {_day(column)}::VARCHAR END"
        case AttributeKind.PHONE:
            return _phone(column)
    return f"strftime({_date(column)}, '%Y-%m-%d')"


def _date(column: str) -> str:
    """The date in ``column``, with or without a time of day, from 1900 to ten years ahead (V2 import guide)."""
    formats = ", ".join(f"'{form}'" for form in _DATE_FORMATS)
    day = f"try_strptime(regexp_extract({column}, '^([0-9./-]+)([T ][0-9:.,+Z-]+)?$', 1), [{formats}])::DATE"
    return f"CASE WHEN year({day}) BETWEEN 1901 AND year(current_date) + 10 THEN {day} END"


def _month(column: str) -> str:
    """A month as a number, or that of a whole date."""
    return f"coalesce({_number(column, 12)}, month({_date(column)}))"


def _day(column: str) -> str:
    return f"coalesce({_number(column, 31)}, day({_date(column)}))"


def _number(column: str, most: int) -> str:
    number = f"try_cast(regexp_extract({column}, '^0?([0-9]{{1,2}})(\\.0+)?$', 1) AS INTEGER)"
    return f"CASE WHEN {number} BETWEEN 1 AND {most} THEN {number} END"


def _month_or_day(known: Sequence[KnownAttribute], columns: Sequence[str], kind: AttributeKind) -> str:
    """Half of the test for a whole birthday: this half is there, and with the month no day that never comes."""
    month, day = (
        next((column for attribute, column in zip(known, columns, strict=True) if attribute.kind is wanted), "''")
        for wanted in (AttributeKind.MONTH, AttributeKind.DAY)
    )
    if kind is AttributeKind.MONTH:
        return f"({_month(month)}) IS NOT NULL"
    longest = f"[31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][{_month(month)}]"
    return f"({_day(day)}) <= {longest}"


def _phone(column: str) -> str:
    """A number of the North American plan; others are not supported in an import (API description)."""
    digits = f"regexp_replace({column}, '[^0-9]', '', 'g')"
    area = r"^1?([2-9][0-9]{2})([2-9][0-9]{2})([0-9]{4})$"
    written = r"^([+]1)?[0-9 ()./-]+$"
    return (
        f"CASE WHEN regexp_matches({column}, '{written}') AND regexp_matches({digits}, '{area}') "
        f"THEN regexp_replace({digits}, '{area}', '\\1-\\2-\\3') END"
    )
