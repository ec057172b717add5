"""The log of a run: a file of events, appended by the worker and read from an offset by whoever watches."""

from __future__ import annotations

import contextlib
from pathlib import Path

from cctui.delivery.events import Event, decode, encode
from cctui.host import files

_READ_AT_ONCE = 1 << 20


class RunLog:
    """``log.jsonl`` of a run. A line that a crash tore is closed by the next writer and skipped by readers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._whole = False

    def write(self, event: Event) -> None:
        """Append ``event``. A disk that takes no more loses the line, never the run: the ledger is what counts."""
        with contextlib.suppress(OSError):
            if not self._whole:
                self._close_torn_line()
            files.append(self.path, encode(event))
            self._whole = True

    def read(self, from_offset: int = 0) -> tuple[list[Event], int]:
        """The events of whole lines from ``from_offset`` on (at most 1 MB of them), and the offset to read on from."""
        try:
            with self.path.open("rb") as log:
                log.seek(from_offset)
                data = log.read(_READ_AT_ONCE)
        except FileNotFoundError:
            return [], from_offset
        end = data.rfind(b"\n") + 1
        events = [event for line in data[:end].splitlines() if (event := decode(line)) is not None]
        return events, from_offset + end

    def _close_torn_line(self) -> None:
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as log:
            if log.seek(0, 2) == 0:
                return
            log.seek(-1, 2)
            if log.read(1) != b"\n":
                files.append(self.path, b"\n")
