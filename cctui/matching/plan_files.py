"""The files of a plan: what matching writes for delivery, whole and on the disk before anything is sent.

Rules: selected are all rows of the chosen segments, in the order of the export and then of the source. A row without
a usable address is invalid. Else, where an earlier row has the same address in lower case, it is a duplicate. The
remaining row is suppressed where any row with that address carries a do-not-mail flag, and is sent otherwise.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from cctui.host import files
from cctui.locales import _
from cctui.matching.drafts import Drafts
from cctui.matching.mapping import Matching
from cctui.matching.packing import Packer, header_row
from cctui.matching.read_ahead import ReadAhead
from cctui.matching.results import (
    Body,
    Cancelled,
    Limits,
    Matched,
    Progress,
    SumsDoNotAddUp,
)
from cctui.matching.selection import SPILL_FOLDER, Selection, disk_faults, go_on
from cctui.profiles.source import SegmentName, Source

_NO_LIMITS = Limits()
_Part = TypeVar("_Part")


def match(
    source: Source,
    segments: Sequence[SegmentName],
    matching: Matching,
    workspace: Path,
    *,
    only: Iterable[str] | None = None,
    on_progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    limits: Limits = _NO_LIMITS,
) -> Matched:
    """Write ``bodies/<number>.csv``, ``contacts.parquet`` and ``rejected.csv`` into ``workspace``, all on the disk.

    ``contacts.parquet`` has position, profile_id and segment of every contact in the order of the bodies. ``only``
    names the profiles to take, by the ids in the ``rejected.csv`` of an earlier run. What an earlier, unfinished call
    has left is replaced. Raises :class:`TooManyProfiles`, :class:`MatchingCanceled`, :class:`NotWritten`,
    :class:`SourceError`; nothing that has a name is left then.
    """
    with disk_faults(workspace):
        files.private_folder(workspace)
        _clear(workspace)
        with Selection(matching, workspace / SPILL_FOLDER) as selection, Drafts() as drafts:
            wanted = 0 if only is None else selection.narrow(only)
            selection.read(
                source, segments, max_profiles=limits.max_profiles, on_progress=on_progress, cancelled=cancelled
            )
            selection.settle()
            tally = selection.tally()
            bodies = _write_contacts(selection, matching, workspace, drafts, limits, cancelled)
            _write_rejected(selection, workspace, drafts, cancelled)
            matched = Matched(
                selected=tally.selected,
                duplicate=tally.duplicate,
                invalid=tally.invalid,
                suppressed=tally.suppressed,
                sent=tally.sent,
                profiles=tally.profiles,
                rejected=tally.rejected,
                cut=tally.cut,
                dropped=tally.dropped,
                bodies=bodies,
                wanted=wanted,
                absent=tally.absent,
            )
            if not matched.adds_up:
                raise SumsDoNotAddUp(_("The plan does not add up; nothing was sent."))
            drafts.publish()
        files.disk.sync_folder(workspace)
        return matched


def _write_contacts(
    selection: Selection,
    matching: Matching,
    workspace: Path,
    drafts: Drafts,
    limits: Limits,
    cancelled: Cancelled | None,
) -> tuple[Body, ...]:
    """Bodies and ``contacts.parquet`` in one pass, so that line and profile cannot part."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    schema = pa.schema([("position", pa.int64()), ("profile_id", pa.string()), ("segment", pa.string())])
    packer = Packer(workspace / "bodies", matching.headings, limits, drafts)
    index = drafts.new(workspace / "contacts.parquet")
    position = 0
    with (
        pq.ParquetWriter(
            index,
            schema,
            compression="zstd",
            use_dictionary=["segment"],
            column_encoding={"position": "DELTA_BINARY_PACKED", "profile_id": "DELTA_LENGTH_BYTE_ARRAY"},
            write_statistics=["position"],
        ) as writer,
        closing(ReadAhead(selection.contacts())) as ready,
        ThreadPoolExecutor(1, thread_name_prefix="index") as beside,
    ):
        indexed: Future[None] | None = None
        for batch in _until_cancelled(iter(ready), cancelled):
            ones = pa.repeat(pa.scalar(1, pa.int64()), batch.num_rows)
            positions = pc.cumulative_sum(ones, start=position - 1)
            columns = [positions, batch.column("profile_id"), batch.column("segment")]
            position += batch.num_rows
            if indexed is not None:
                indexed.result()
            indexed = beside.submit(writer.write_batch, pa.RecordBatch.from_arrays(columns, schema=schema))
            packer.add(batch.column("line"))
        if indexed is not None:
            indexed.result()
    return packer.finish()


def _write_rejected(selection: Selection, workspace: Path, drafts: Drafts, cancelled: Cancelled | None) -> None:
    rejected = drafts.new(workspace / "rejected.csv")
    rejected.write(header_row(("profile_id", "reason", "value")))
    for piece in _until_cancelled(selection.rejected(), cancelled):
        rejected.write(piece)


def _until_cancelled(parts: Iterator[_Part], cancelled: Cancelled | None) -> Iterator[_Part]:
    for part in parts:
        go_on(cancelled)
        yield part


def _clear(workspace: Path) -> None:
    """Take away what an earlier call has written or half written."""
    shutil.rmtree(workspace / "bodies", ignore_errors=True)
    shutil.rmtree(workspace / SPILL_FOLDER, ignore_errors=True)
    for name in ("contacts.parquet", "rejected.csv"):
        (workspace / name).unlink(missing_ok=True)
        (workspace / f".{name}.part").unlink(missing_ok=True)
