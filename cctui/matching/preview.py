"""What a run would do, shown while an export is being set up: the same rules, no files."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cctui.matching.mapping import Matching
from cctui.matching.packing import header_row
from cctui.matching.results import Cancelled, Limits, Preview
from cctui.matching.selection import SPILL_FOLDER, Selection, disk_faults, go_on
from cctui.profiles.source import SegmentName, Source

_NO_LIMITS = Limits()


def preview(
    source: Source,
    segments: Sequence[SegmentName],
    matching: Matching,
    *,
    rows: int = 5,
    cancelled: Cancelled | None = None,
    limits: Limits = _NO_LIMITS,
) -> Preview:
    """What :func:`match` would do, from the same rules, without writing a body. Raises as it does."""
    with (
        tempfile.TemporaryDirectory(prefix="cctui-") as folder,
        disk_faults(Path(folder)),
        Selection(matching, Path(folder) / SPILL_FOLDER) as selection,
    ):
        selection.read(source, segments, max_profiles=limits.max_profiles, cancelled=cancelled)
        selection.settle()
        go_on(cancelled)
        tally = selection.tally()
        size = selection.size()
        room = limits.max_bytes - limits.frame_bytes - len(header_row(matching.headings))
        return Preview(
            selected=tally.selected,
            duplicate=tally.duplicate,
            invalid=tally.invalid,
            suppressed=tally.suppressed,
            sent=tally.sent,
            rejected=tally.rejected,
            cut=tally.cut,
            dropped=tally.dropped,
            headings=matching.headings,
            rows=tuple(selection.first_contacts(rows)),
            size=size,
            requests=max(math.ceil(tally.sent / limits.max_rows), math.ceil(size / room)),
        )
