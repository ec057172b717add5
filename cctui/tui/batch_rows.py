"""The batches of a run as rows, and all that is known of one of them as lines."""

from __future__ import annotations

from datetime import datetime, tzinfo

from rich.cells import cell_len

from cctui.delivery.states import Batch, BatchState, activity_state
from cctui.locales import N_, NC_, _, byte_size, number, time_of_day
from cctui.tui import glyphs
from cctui.tui.listing import Cell, Column, Row
from cctui.tui.parts import Line, Part, Tone, clipped, fill, shown
from cctui.tui.run_rows import moment

BATCH_COLUMNS = (
    Column("number", N_("Batch"), least=7, most=9),
    Column("state", N_("State"), least=12, most=18),
    Column("contacts", N_("Contacts"), least=10, most=10, right=True),
    Column("size", N_("Size"), least=8, most=9, leaves=5, right=True),
    Column("attempts", N_("Tries"), least=7, most=7, leaves=3, right=True),
    Column("accepted", N_("Accepted"), least=10, most=10, right=True),
    Column("not_added", N_("Not added"), least=11, most=11, leaves=6, right=True),
    Column("refused", N_("Refused"), least=9, most=9, leaves=7, right=True),
    Column("sent", NC_("batch", "Sent"), least=8, most=8, leaves=4),
    Column("hash", N_("Hash"), least=12, most=12, leaves=1),
    Column("activity", N_("Activity"), least=10, most=10, leaves=2),
)

BATCH_STATE_TITLES = {
    BatchState.PLANNED: N_("Planned"),
    BatchState.SENDING: N_("Being sent"),
    BatchState.SENT: NC_("batch", "Sent"),
    BatchState.COMPLETED: N_("Completed"),
    BatchState.FAILED: N_("Failed"),
    BatchState.NOT_SENT: N_("Not sent"),
}
"""The state of a batch as it is shown; translate with ``_``."""

_LABEL = 10
_SIGNS = {
    BatchState.PLANNED: (glyphs.WAITING, Tone.QUIET),
    BatchState.SENDING: (glyphs.RUNNING, Tone.ACCENT),
    BatchState.SENT: (glyphs.RUNNING, Tone.ACCENT),
    BatchState.COMPLETED: (glyphs.GOOD, Tone.GOOD),
    BatchState.FAILED: (glyphs.BAD, Tone.BAD),
    BatchState.NOT_SENT: (glyphs.STOPPED, Tone.WARNING),
}


def batch_row(batch: Batch, zone: tzinfo) -> Row:
    """One batch. Counters stay empty until the service has told them."""
    sign, tone = _SIGNS[batch.state]
    settled = batch.settled_at is not None or batch.state is BatchState.COMPLETED

    def counter(count: int, worry: Tone = Tone.PLAIN) -> Cell:
        return Cell(number(count) if settled else "", worry if count else Tone.PLAIN, order=count)

    return Row(
        key=str(batch.number),
        cells=(
            Cell(f"{batch.number:04d}", order=batch.number),
            Cell(f"{sign} {_(BATCH_STATE_TITLES[batch.state])}", tone),
            Cell(number(batch.contacts), order=batch.contacts),
            Cell(byte_size(batch.size), order=batch.size),
            Cell(
                number(batch.attempts),
                Tone.WARNING if batch.attempts > 1 else Tone.PLAIN,
                order=batch.attempts,
            ),
            counter(batch.accepted),
            counter(batch.not_added),
            counter(batch.refused, Tone.WARNING),
            Cell(time_of_day(batch.sent_at, zone, seconds=True) if batch.sent_at else "", order=_when(batch.sent_at)),
            Cell(batch.sha256[:12], Tone.QUIET),
            Cell(shown(batch.activity_id)[:8], Tone.QUIET),
        ),
        words=f"{batch.sha256} {batch.activity_id} {batch.request_id}",
    )


def _when(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def batch_facts(batch: Batch, now: datetime, zone: tzinfo, width: int, *, whole: bool) -> list[Line]:
    """What the table has no room for: file, activity, request, times, what went wrong; the whole hash if asked."""
    took = _("{count} ms").format(count=number(batch.milliseconds)) if batch.milliseconds is not None else ""
    sent = moment(batch.sent_at, now, zone) if batch.sent_at else _("not sent yet")
    rows = [
        (_("File"), f"{batch.file_name}  {byte_size(batch.size)}"),
        (
            _("Activity"),
            "  ".join(filter(None, (shown(batch.activity_id), shown(activity_state(batch.activity_state))))) or "–",
        ),
        (_("Request"), "  ".join(filter(None, (shown(batch.request_id) or "–", took, sent)))),
    ]
    if whole:
        rows.insert(1, (_("Hash"), batch.sha256))
    said = _("Said")
    label = max(_LABEL, *(cell_len(title) + 2 for title in (said, *(title for title, _text in rows))))
    lines = [_fact(fill(title, label), text, Tone.PLAIN, width) for title, text in rows]
    trouble = shown(batch.problem or "; ".join(batch.errors[:3]), 400)
    lines.append(_fact(fill(said, label), trouble, Tone.WARNING, width) if trouble else ())
    return lines


def _fact(title: str, text: str, tone: Tone, width: int) -> Line:
    return clipped([Part(title, Tone.QUIET), Part(text, tone)], width)
