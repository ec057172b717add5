"""Rejected rows as a list to look at: a CSV file, the offsets of its records, and only those on the screen are read."""

from __future__ import annotations

import csv
import os
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from cctui.delivery.refusals import REFUSED
from cctui.locales import N_, _, ngettext, number, percent
from cctui.masking import mask, mask_email
from cctui.matching.reasons import REASON_TITLES, Reason
from cctui.tui.listing import Cell, Column, Row
from cctui.tui.parts import Line, Part, Tone, fill, shown

ALL = ""
"""The choice of every reason."""

REASON_COLUMNS = (
    Column("reason", N_("Reason"), least=24, most=90),
    Column("rows", N_("Rows"), least=10, most=14, right=True),
    Column("share", N_("Share"), least=8, most=10, right=True),
)

_TOLD_EVERY = 50_000


class RejectedRows:
    """The records of a CSV with profile_id, reason, value and message, by their index from 0."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.masked = True
        self.narrow = False
        self.counts: Counter[str] = Counter()
        self._offsets = array("Q")
        self._sizes = array("L")
        self._reasons = array("H")
        self._codes: list[str] = []
        self._chosen: array[int] | None = None

    def __len__(self) -> int:
        return len(self._offsets) if self._chosen is None else len(self._chosen)

    def load(self, cancelled: Callable[[], bool] = bool) -> None:
        """Take in the whole file. Raises ``OSError``."""
        offset = 0
        record = b""
        with self.path.open("rb") as file:
            for index, line in enumerate(file):
                record += line
                if record.count(b'"') % 2:
                    continue  # a line break inside a quoted value
                if offset:
                    self._take(record, offset)
                offset += len(record)
                record = b""
                if index % _TOLD_EVERY == 0 and cancelled():
                    return

    def _take(self, record: bytes, offset: int) -> None:
        fields = _fields(record)
        reason = fields[1] if len(fields) > 1 else ""
        if not self.counts[reason]:
            self._codes.append(reason)
        self.counts[reason] += 1
        self._offsets.append(offset)
        self._sizes.append(len(record))
        self._reasons.append(self._codes.index(reason))

    def choose(self, reason: str) -> None:
        """List only rows with this reason from now on; :data:`ALL` for every row."""
        if reason == ALL or reason not in self._codes:
            self._chosen = None
            return
        code = self._codes.index(reason)
        self._chosen = array("L", (index for index, own in enumerate(self._reasons) if own == code))

    def records(self, first: int, count: int) -> list[list[str]]:
        """The fields of the records at ``first`` and after it."""
        last = min(len(self), first + count)
        file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            places = range(first, last) if self._chosen is None else self._chosen[first:last]
            return [_fields(os.pread(file, self._sizes[at], self._offsets[at])) for at in places]
        finally:
            os.close(file)

    def lines(self, first: int, count: int) -> list[Line]:
        """What is shown of the records at ``first`` and after it."""
        return [rejected_line(record, masked=self.masked, narrow=self.narrow) for record in self.records(first, count)]


def _fields(record: bytes) -> list[str]:
    text = record.decode("utf-8", "replace")
    if '"' not in text:
        return text.rstrip("\r\n").split(",")
    return next(csv.reader([text], strict=False), [])


def rejected_line(record: Sequence[str], *, masked: bool, narrow: bool = False) -> Line:
    """Profile, value, reason and what the service said; addresses masked unless asked."""
    profile, reason, value, message = (*record, "", "", "", "")[:4]
    if masked:
        value, message = mask_email(shown(value)), mask(message)
    id_width, value_width = (12, 24) if narrow else (24, 32)
    return (
        Part(fill(shown(profile), id_width), Tone.QUIET),
        Part("  "),
        Part(fill(shown(value) or _("(empty)"), value_width), Tone.PLAIN if value.strip() else Tone.QUIET),
        Part("  "),
        Part(reason_title(reason)),
        Part(f"  {shown(message, 300)}" if message else "", Tone.QUIET),
    )


def untraced_line(count: int) -> Line:
    """How many refused rows are not in the list; nothing where all of them are."""
    if count <= 0:
        return ()
    text = ngettext(
        "{count} more row was refused, and Constant Contact did not say which one.",
        "{count} more rows were refused, and Constant Contact did not say which ones.",
        count,
    )
    return (Part(text.format(count=number(count)), Tone.WARNING),)


def reason_title(reason: str) -> str:
    """A reason code in words."""
    if reason == REFUSED:
        return _("Refused by Constant Contact")
    try:
        return _(REASON_TITLES[Reason(reason)])
    except ValueError:
        return shown(reason, 60)


def reason_rows(counts: Counter[str]) -> list[Row]:
    """Every reason with its count, the most frequent first, under a row for all of them."""
    whole = counts.total()
    found = [(ALL, _("All rejected rows"), whole)]
    found += [(reason, reason_title(reason), count) for reason, count in counts.most_common()]
    return [
        Row(
            key=reason,
            cells=(
                Cell(title, Tone.STRONG if reason == ALL else Tone.PLAIN),
                Cell(number(count), order=count),
                Cell(percent(count / whole, 1) if whole else "", order=count),
            ),
        )
        for reason, title, count in found
    ]
