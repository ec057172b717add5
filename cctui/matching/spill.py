"""What a selection keeps on the disk while it is under way: contacts in columns, rejected rows as lines.

Nothing here is kept or synced; memory stays that of a batch, whatever is selected.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cctui.host import files
from cctui.matching.contact_rows import ContactRows, contacts_schema

if TYPE_CHECKING:
    import pyarrow as pa

_PIECE: Final = 1_000_000


class Spill:
    """The contacts and the rejected lines of a selection, written once, then read as often as needed."""

    def __init__(self, folder: Path) -> None:
        import pyarrow as pa

        files.private_folder(folder)
        self._contacts = folder / "contacts.arrow"
        self._rejected = folder / "rejected.csv"
        for path in (self._contacts, self._rejected):
            path.unlink(missing_ok=True)
        self._contacts_file = pa.OSFile(str(self._contacts), "wb")
        self._contacts_writer = pa.ipc.new_file(self._contacts_file, contacts_schema())
        self._rejected_file = self._rejected.open("xb", buffering=_PIECE)
        self._segments: list[int] = []
        self.rows = 0

    def add(self, rows: ContactRows, segment: int) -> None:
        """Keep ``rows``, of segment number ``segment``. Raises ``OSError``."""
        from cctui.matching.packing import text_of

        if rows.contacts.num_rows:
            self._contacts_writer.write_batch(rows.contacts)
            self._segments.append(segment)
            self.rows += rows.contacts.num_rows
        if len(rows.rejected):
            self._rejected_file.write(text_of(rows.rejected))

    def finish(self) -> None:
        """All has been added. Raises ``OSError``."""
        self._contacts_writer.close()
        self._contacts_file.close()
        self._rejected_file.close()

    def contacts(self, columns: Sequence[str]) -> Iterator[tuple[int, int, pa.RecordBatch]]:
        """Every batch with the place of its first row, the number of its segment, and these of its columns."""
        import pyarrow as pa

        schema = contacts_schema()
        options = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(name) for name in columns])
        place = 0
        with pa.OSFile(str(self._contacts), "rb") as file, pa.ipc.open_file(file, options=options) as reader:
            for number, segment in enumerate(self._segments):
                batch = reader.get_batch(number)
                yield place, segment, batch
                place += batch.num_rows

    def rejected(self) -> Iterator[bytes]:
        """The rejected lines in pieces."""
        with self._rejected.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    def close(self) -> None:
        """Let go of the files; they go with their folder."""
        if not self._contacts_file.closed:
            self._contacts_file.close()
        self._rejected_file.close()


class Places:
    """Rows by their number, ascending, as an Arrow array of 32 bits; asked for part by part."""

    def __init__(self, places: pa.Array) -> None:
        self._places = places
        buffer = places.buffers()[1]
        self._numbers = memoryview(buffer).cast("B").cast("I")[: len(places)] if len(places) else ()

    def __len__(self) -> int:
        return len(self._places)

    def within(self, start: int, rows: int) -> pa.Array:
        """Which of ``rows`` rows from ``start`` on are here, counted from ``start``."""
        import pyarrow as pa
        import pyarrow.compute as pc

        first = bisect_left(self._numbers, start)
        end = bisect_left(self._numbers, start + rows, first)
        return pc.subtract(self._places.slice(first, end - first), pa.scalar(start, pa.uint32()))


def without(batch: pa.RecordBatch, places: pa.Array) -> pa.RecordBatch:
    """``batch`` without the rows at ``places``."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(places):
        return batch
    ones = pa.repeat(pa.scalar(1, pa.uint32()), batch.num_rows)
    numbers = pc.subtract(pc.cumulative_sum(ones), pa.scalar(1, pa.uint32()))
    return batch.filter(pc.invert(pc.is_in(numbers, value_set=places)))
