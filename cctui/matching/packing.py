"""Contacts as request bodies for ``POST /activities/contacts_file_import``: CSV within the service's limits.

RFC 4180 with CRLF, UTF-8 without a mark, a header row of attribute names. No value holds a line break, so lines and
contacts are the same count. A body is closed when the next contact would break a limit; contacts keep their order.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cctui.matching.drafts import Draft, Drafts
from cctui.matching.results import Body, Limits

if TYPE_CHECKING:
    import pyarrow as pa


def header_row(headings: Sequence[str]) -> bytes:
    """The first line of every body."""
    cells = (f'"{name.replace(chr(34), chr(34) * 2)}"' if any(c in name for c in ',"') else name for name in headings)
    return (",".join(cells) + "\r\n").encode()


def body_name(number: int) -> str:
    """The name of the file of body ``number`` in the folder ``bodies``."""
    return f"{number}.csv"


class Packer:
    """Takes lines and makes bodies of them in ``folder``, each a draft that is on the disk before the next begins."""

    def __init__(self, folder: Path, headings: Sequence[str], limits: Limits, drafts: Drafts) -> None:
        self._folder = folder
        self._header = header_row(headings)
        self._max_rows = limits.max_rows
        self._room = limits.max_bytes - limits.frame_bytes - len(self._header)
        self._drafts = drafts
        self._draft: Draft | None = None
        self._contacts = 0
        self._packed = 0
        self._bodies: list[Body] = []

    def add(self, lines: pa.Array) -> None:
        """Append whole CSV rows, each with its line end. Raises ``ValueError`` where a row fits in no body."""
        ends, text = _layout(lines)
        start = 0
        while start < len(lines):
            draft = self._open()
            used = draft.size - len(self._header)
            most = min(start + self._max_rows - self._contacts, len(lines))
            stop = bisect_right(ends, ends[start] + self._room - used, start, most + 1) - 1
            if stop > start:
                draft.write(text[ends[start] : ends[stop]])
                self._contacts += stop - start
            elif not self._contacts:
                raise ValueError(f"a row of {ends[start + 1] - ends[start]} bytes fits in no body of {self._room}")
            if stop < len(lines) or self._contacts == self._max_rows:
                self._finish()
            start = stop

    def finish(self) -> tuple[Body, ...]:
        """All bodies, the last one closed."""
        if self._contacts:
            self._finish()
        return tuple(self._bodies)

    def _open(self) -> Draft:
        if self._draft is None:
            self._draft = self._drafts.new(self._folder / body_name(len(self._bodies) + 1))
            self._draft.write(self._header)
        return self._draft

    def _finish(self) -> None:
        draft = self._open()
        draft.finish()
        self._bodies.append(Body(len(self._bodies) + 1, self._packed, self._contacts, draft.size, draft.sha256))
        self._packed += self._contacts
        self._contacts = 0
        self._draft = None


def text_of(lines: pa.Array) -> memoryview:
    """The bytes of all ``lines`` one after the other, not copied."""
    ends, text = _layout(lines)
    return text[ends[0] : ends[-1]]


def _layout(lines: pa.Array) -> tuple[memoryview, memoryview]:
    """Where each row of an Arrow string array begins and the last one ends, and the bytes: buffers, not copied."""
    import pyarrow as pa

    _validity, offsets, text = lines.cast(pa.string()).buffers()
    ends = memoryview(offsets).cast("B").cast("i")[lines.offset : lines.offset + len(lines) + 1]
    return ends, memoryview(text).cast("B")
