"""Rows that Constant Contact refused, traced back to their profiles: ``refused/<batch>.csv`` of a run's spool.

Here is also who all the rejected of a run are, those of matching among them.

The service names rows as ``Line N`` in its texts, the header being line 1 (facts of the service, what happens to rows).
Files are for the operator's eyes, so the value stands as it was sent; they are written whole, before the ledger counts
the rows, and writing them again gives the same.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

from cctui.delivery.spool import Spool
from cctui.delivery.states import Batch
from cctui.errors import CctuiError
from cctui.host import files
from cctui.locales import _
from cctui.masking import printable

REFUSED = "refused-by-constant-contact"
"""The reason code of these rows, beside those of ``matching``."""

COLUMNS = ("profile_id", "reason", "value", "message")

_LINE = re.compile(r"\bline\s*#?\s*(\d{1,6})\b", re.IGNORECASE)
_FIRST_LINE = 2
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def lines_of(texts: Iterable[str]) -> dict[int, str]:
    """The line numbers that the service's texts name, each with the first text about it."""
    found: dict[int, str] = {}
    for text in texts:
        for line in _LINE.findall(text):
            found.setdefault(int(line), text)
    return found


class RejectedProfiles:
    """The profiles of the rejected rows of a run, one id after the other as the rows show them.

    ``traced`` counts the rows that name a profile, once all have been read.
    """

    def __init__(self, spool: Spool) -> None:
        self._parts = rejected_parts(spool)
        self.traced = 0

    def __iter__(self) -> Iterator[str]:
        """Read the rows. Raises :class:`CctuiError` where they cannot be read."""
        self.traced = 0
        try:
            for path in self._parts:
                with path.open(encoding="utf-8", newline="") as rows:
                    for row in csv.DictReader(rows):
                        if row["profile_id"]:
                            self.traced += 1
                            yield row["profile_id"]
        except (OSError, ValueError, KeyError, csv.Error) as problem:
            why = problem.strerror if isinstance(problem, OSError) and problem.strerror else printable(str(problem))
            raise CctuiError(
                _("The rejected rows of the earlier run cannot be read."), why=why, do=_("Run the whole export.")
            ) from problem


def write_refusals(spool: Spool, batch: Batch, texts: Iterable[str], *, all_rows: str = "") -> None:
    """Write down the rows of ``batch`` that ``texts`` name, or all of them with the text ``all_rows``."""
    named = lines_of(texts)
    last = batch.contacts + _FIRST_LINE
    lines = {line: named.get(line, all_rows) for line in (range(_FIRST_LINE, last) if all_rows else sorted(named))}
    lines = {line: text for line, text in lines.items() if _FIRST_LINE <= line < last}
    if not lines:
        return
    profiles = _profiles(spool, batch)
    values = _values(spool, batch, max(lines))
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line, message in lines.items():
        row = line - _FIRST_LINE
        writer.writerow((_safe(profiles[row]), REFUSED, _safe(values[row]), _safe(printable(message))))
    files.private_folder(spool.refused)
    files.save(spool.refused_path(batch.number), text.getvalue().encode(), mode=0o600, keep_mode=False)


def rejected_parts(spool: Spool) -> list[Path]:
    """The files with the rejected rows of a run: matching's, then those of each batch."""
    refused = sorted(spool.refused.glob("*.csv"), key=lambda path: int(path.stem)) if spool.refused.exists() else []
    return [path for path in (spool.rejected, *refused) if path.exists()]


def _profiles(spool: Spool, batch: Batch) -> list[str]:
    """The ids of the profiles of a batch, in the order of its lines."""
    import pyarrow.parquet as pq

    first, after = batch.first_position, batch.first_position + batch.contacts
    table = pq.read_table(
        spool.contacts,
        columns=["position", "profile_id"],
        filters=[("position", ">=", first), ("position", "<", after)],
    ).sort_by("position")
    return [str(value) for value in table.column("profile_id").to_pylist()]


def _values(spool: Spool, batch: Batch, last_line: int) -> list[str]:
    """The addresses of a body's contacts up to ``last_line``: its first column."""
    found: list[str] = []
    with spool.body(batch.number).open(encoding="utf-8", newline="") as body:
        rows = csv.reader(body)
        next(rows, None)
        for row in rows:
            found.append(row[0] if row else "")
            if len(found) + 1 >= last_line:
                break
    return found


def _safe(value: str) -> str:
    """``value`` so that a spreadsheet takes it for text, never for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
