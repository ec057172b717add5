"""Tables as facts: columns, rows, their order and their widths. Drawing them is the business of the widget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from rich.cells import cell_len

from cctui.locales import _
from cctui.tui.parts import Tone

GAP = 2
"""Blank cells between two columns."""

_USUAL_NAME = 20

_ORDER = 2
"""Cells of the sign of the order behind a title."""


class Column(Struct, frozen=True):
    """A column. ``title`` is marked for translation.

    ``least`` and ``most`` bound its width in cells; ``leaves`` says when it goes where room is short (1 goes first,
    0 never goes); ``right`` is for numbers; ``data`` marks a title that is a name from data and never translated.
    """

    key: str
    title: str
    least: int = 6
    most: int = 40
    leaves: int = 0
    right: bool = False
    data: bool = False

    @property
    def heading(self) -> str:
        """The title in the operator's language."""
        return self.title if self.data else _(self.title)


class Cell(Struct, frozen=True):
    """What one cell shows. ``order`` sorts it where the text does not; it has one type in a column, or is ``None``."""

    text: str
    tone: Tone = Tone.PLAIN
    order: Any = None


class Row(Struct, frozen=True):
    """One row: the key of the object, a cell for every column, and further words that a search finds."""

    key: str
    cells: tuple[Cell, ...]
    words: str = ""


class Slot(Struct, frozen=True):
    """Where a column that is shown stands: its index among all columns and its width."""

    column: int
    width: int


def fit(columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[Slot]:
    """The columns that ``width`` cells have room for.

    Columns leave in their fixed order until the least widths fit. Room beyond that goes to the columns that
    lack least, up to what their content needs, and what is left over to the first column.
    """
    kept = list(range(len(columns)))
    leaving = sorted((column.leaves, index) for index, column in enumerate(columns) if column.leaves)
    wanted = [_wanted(columns[index], index, rows) for index in kept]
    while leaving and _total(kept, wanted, columns) > width:
        kept.remove(leaving.pop(0)[1])
    least = {index: min(wanted[index], _least(columns[index])) for index in kept}
    room = width - sum(least.values()) - GAP * (len(kept) - 1)
    widths = dict(least)
    # The first column holds names: they are shortened before the words of another column are.
    for index in sorted(kept, key=lambda index: (index == 0, wanted[index] - least[index])):
        more = max(0, min(wanted[index] - widths[index], room))
        widths[index] += more
        room -= more
    if kept and room > 0:
        widths[kept[0]] += min(room, max(0, columns[kept[0]].most - widths[kept[0]]))
    return [Slot(index, max(1, widths[index])) for index in kept]


def _total(kept: Sequence[int], wanted: Sequence[int], columns: Sequence[Column]) -> int:
    # A long name may be cut before another column has to leave for it; one of usual length may not.
    sizes = [
        wanted[index] if columns[index].leaves else max(_least(columns[index]), min(wanted[index], _USUAL_NAME))
        for index in kept
    ]
    return sum(sizes) + GAP * (len(kept) - 1)


def _wanted(column: Column, index: int, rows: Sequence[Row]) -> int:
    content = max((cell_len(row.cells[index].text) for row in rows), default=0)
    # Titles are longer in some languages than the column is wide: a title is not cut in the middle of a word.
    return max(_least(column), min(column.most, content))


def _least(column: Column) -> int:
    return max(column.least, cell_len(column.heading) + _ORDER)


def ordered(rows: Iterable[Row], column: int, *, descending: bool) -> list[Row]:
    """``rows`` sorted by a column; rows without a value come last either way, equal ones go by name."""
    rows = sorted(rows, key=_by_name)
    given = any(row.cells[column].order is not None for row in rows)
    known: list[tuple[Any, Row]] = []
    unknown: list[tuple[Any, Row]] = []
    for row in rows:
        order = row.cells[column].order if given else row.cells[column].text.casefold() or None
        (unknown if order is None else known).append((order, row))
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _order, row in (*known, *unknown)]


def _by_name(row: Row) -> str:
    return str(row.cells[0].order or row.cells[0].text.casefold())


def found(rows: Iterable[Row], query: str) -> list[Row]:
    """The rows that hold every word of ``query``, in whatever case."""
    words = query.casefold().split()
    return [row for row in rows if all(word in _text(row) for word in words)]


def _text(row: Row) -> str:
    return " ".join((*(cell.text for cell in row.cells), row.words)).casefold()
