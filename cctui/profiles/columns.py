"""Columns found by name, and batches put into the shape that every source gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from cctui.locales import _
from cctui.masking import printable
from cctui.profiles.source import SourceError

if TYPE_CHECKING:
    import pyarrow as pa


def position_of(name: str, names: Sequence[str]) -> int | None:
    """Where ``name`` is among ``names``: spelled the same, else the only one that differs in letter case alone."""
    if name in names:
        return names.index(name)
    alike = [position for position, other in enumerate(names) if other.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def no_such_field(name: str, names: Sequence[str], where: str) -> SourceError:
    """What to tell where ``names``, the columns of ``where``, do not hold ``name``."""
    return SourceError(
        _("There is no column {name} in {where}.").format(name=printable(name, 80), where=where),
        why=_("There are: {names}.").format(names=printable(", ".join(names), 300)),
        do=_("Choose another column, or add it to the data."),
    )


def text_reader(
    names: Sequence[str], order: Sequence[int], files: Iterable[Iterator[pa.RecordBatch]]
) -> pa.RecordBatchReader:
    """The batches of ``files``, one after the other, as text columns ``names`` taken from their columns ``order``."""
    import pyarrow as pa

    schema = pa.schema([pa.field(name, pa.string()) for name in names])

    def batches() -> Iterator[pa.RecordBatch]:
        for file in files:
            for batch in file:
                yield pa.RecordBatch.from_arrays([batch.column(position) for position in order], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())
