"""Which runs have ended since somebody last looked, also while nobody did.

What was seen going on is remembered in ``state/seen/<operator>.json``; losing that file loses a notice, nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cctui.delivery.states import Run, RunId, Status
from cctui.errors import CctuiError
from cctui.host import files
from cctui.locales import ngettext, number
from cctui.tui import glyphs
from cctui.tui.parts import Tone, shown
from cctui.tui.run_rows import outcome

if TYPE_CHECKING:
    from cctui.delivery.ledger import Ledger

_BY_WEIGHT = (Tone.GOOD, Tone.WARNING, Tone.BAD)


class RunWatcher:
    """Tells each run that ended once, to this operator.

    Give it the runs that go on at every change of the ledger (:meth:`ended`); the first time it also finds those that
    ended while the operator was away.
    """

    def __init__(self, state_folder: Path, operator: str) -> None:
        name = hashlib.sha256(operator.encode()).hexdigest()[:16]
        self._path = state_folder / "seen" / f"{name}.json"
        self._going_on: set[RunId] = set(self._remembered())
        self._written = frozenset(self._going_on)

    def ended(self, going_on: Iterable[Run], ledger: Ledger) -> list[Run]:
        """The runs that were going on the last time and are over now, in the order they ended."""
        now = {run.id for run in going_on}
        over = []
        for run_id in self._going_on - now:
            with contextlib.suppress(CctuiError):  # pruned meanwhile: nothing to tell
                run = ledger.run(run_id)
                if run.id == run_id and run.status.ended:
                    over.append(run)
        self._going_on = now
        self._remember()
        return sorted(over, key=lambda run: (run.ended_at is None, run.ended_at))

    def _remembered(self) -> list[RunId]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[RunId])
        except (OSError, msgspec.MsgspecError):
            return []

    def _remember(self) -> None:
        if self._written == self._going_on:
            return
        self._written = frozenset(self._going_on)
        with contextlib.suppress(OSError):  # a read-only state folder: notices of this session still come
            files.private_folder(self._path.parent)
            files.save(self._path, msgspec.json.encode(sorted(self._going_on)), mode=0o600)


def ended_notice(ended: Sequence[Run]) -> tuple[str, Tone]:
    """One line on the runs that ended, and its tone: that of the one that went worst."""
    worst = max((notice_tone(run) for run in ended), key=_BY_WEIGHT.index)
    if len(ended) == 1:
        return f"{glyphs.status_sign(ended[0].status)} {outcome(ended[0])}", worst
    runs = ", ".join(
        f"{glyphs.status_sign(run.status)} {shown(run.export_name, 30)}"
        for run in sorted(ended, key=lambda run: -_BY_WEIGHT.index(notice_tone(run)))
    )
    return ngettext("{count} run has ended: {runs}", "{count} runs have ended: {runs}", len(ended)).format(
        count=number(len(ended)), runs=runs
    ), worst


def notice_tone(run: Run) -> Tone:
    """How a notice about a run that ended is shown."""
    match run.status:
        case Status.SUCCESSFUL:
            return Tone.GOOD
        case Status.FAILED:
            return Tone.BAD
        case _:
            return Tone.WARNING
