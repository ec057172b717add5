"""The log of a run as a list of lines to look at: a file and the offsets of its lines, read where it is shown.

Only offsets and levels are kept, so a log of a hundred thousand lines costs a megabyte and opens at once. Events of
progress are not listed: Progress details shows the newest of them.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

from cctui.delivery.events import Event, Level, Progress, StageEnded, decode, sentence
from cctui.delivery.states import Stage
from cctui.locales import time_of_day
from cctui.tui import glyphs
from cctui.tui.parts import Line, Part, Tone, plain, shown

READ_AT_ONCE = 4 << 20
"""Bytes that one :meth:`LogLines.grow` takes in: a tenth of a second at the very most."""

_SEARCHED_AT_ONCE = 512
_PROGRESS = b'{"event":"progress"'
_STAGE_ENDED = b'{"event":"stage-ended"'
_WARNING = b'"level":"warning"'
_ERROR = b'"level":"error"'
_LEVELS = (Level.INFO, Level.WARNING, Level.ERROR)
_TONES = {Level.INFO: Tone.PLAIN, Level.WARNING: Tone.WARNING, Level.ERROR: Tone.BAD}
_SIGNS = {Level.INFO: " ", Level.WARNING: glyphs.WARNING, Level.ERROR: glyphs.BAD}


class LogLines:
    """The lines of ``log.jsonl`` that are at least of :attr:`level`, by their index from 0."""

    def __init__(self, path: Path, zone: tzinfo) -> None:
        self.path = path
        self.zone = zone
        self.level = Level.INFO
        self.progress: dict[Stage, tuple[int, int]] = {}
        self._offsets = array("Q")
        self._sizes = array("L")
        self._levels = bytearray()
        self._chosen: array[int] | None = None
        self._end = 0

    def __len__(self) -> int:
        return len(self._offsets) if self._chosen is None else len(self._chosen)

    @property
    def total(self) -> int:
        """The lines of every level."""
        return len(self._offsets)

    def grow(self) -> bool:
        """Take in whole lines that the worker has added, at most 4 MB of them. Says whether there were any."""
        try:
            with self.path.open("rb", buffering=0) as log:
                if os.fstat(log.fileno()).st_size <= self._end:
                    return False
                log.seek(self._end)
                data = log.read(READ_AT_ONCE)
        except FileNotFoundError:
            return False
        end = data.rfind(b"\n") + 1
        offset = self._end
        for line in data[:end].splitlines(keepends=True):
            self._take(line, offset)
            offset += len(line)
        self._end += end
        return end > 0

    def _take(self, line: bytes, offset: int) -> None:
        if line.startswith(_PROGRESS):
            event = decode(line)
            if isinstance(event, Progress):
                self.progress[event.stage] = (event.done, event.total)
            return
        if line.startswith(_STAGE_ENDED):
            event = decode(line)
            if isinstance(event, StageEnded):
                self.progress[event.stage] = (event.count, event.count)
        if not line.startswith(b"{"):
            return  # a line that a crash tore
        level = 2 if _ERROR in line else 1 if _WARNING in line else 0
        if self._chosen is not None and _LEVELS[level] in self._wanted():
            self._chosen.append(len(self._offsets))
        self._offsets.append(offset)
        self._sizes.append(len(line))
        self._levels.append(level)

    def _wanted(self) -> Sequence[Level]:
        return _LEVELS[_LEVELS.index(self.level) :]

    def choose(self, level: Level) -> None:
        """List only lines of ``level`` and above from now on."""
        self.level = level
        least = _LEVELS.index(level)
        self._chosen = (
            None if least == 0 else array("L", (index for index, own in enumerate(self._levels) if own >= least))
        )

    def nearest(self, line: int) -> int:
        """The index among the lines listed of the line ``line`` of the file, or of the next one after it."""
        if self._chosen is None:
            return line
        from bisect import bisect_left

        return min(bisect_left(self._chosen, line), max(0, len(self._chosen) - 1))

    def line_of(self, index: int) -> int:
        """The line of the file at ``index`` of those listed."""
        return index if self._chosen is None else self._chosen[index]

    def events(self, first: int, count: int) -> list[Event | None]:
        """The events at ``first`` and after it; ``None`` for one that cannot be read."""
        last = min(len(self), first + count)
        try:
            log = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return [None] * max(0, last - first)
        try:
            return [decode(self._pread(log, self.line_of(index))) for index in range(first, last)]
        finally:
            os.close(log)

    def _pread(self, log: int, line: int) -> bytes:
        return os.pread(log, self._sizes[line], self._offsets[line])

    def lines(self, first: int, count: int) -> list[Line]:
        """What is shown of the lines at ``first`` and after it; nothing for one that cannot be read."""
        return [() if event is None else log_line(event, self.zone) for event in self.events(first, count)]

    def hits(self, needle: str, first: int, last: int, cancelled: Callable[[], bool] = bool) -> Iterator[int]:
        """The indexes from ``first`` to before ``last`` whose text holds ``needle``, in whatever case."""
        wanted = needle.casefold()
        for start in range(first, last, _SEARCHED_AT_ONCE):
            if cancelled():
                return
            for place, event in enumerate(self.events(start, min(_SEARCHED_AT_ONCE, last - start))):
                if event is not None and wanted in f"{self._time(event)} {sentence(event)}".casefold():
                    yield start + place

    def _time(self, event: Event) -> str:
        return time_of_day(event.at, self.zone, seconds=True)

    def text(self, first: int, count: int) -> str:
        """Lines as text, each with its line break."""
        return "".join(f"{plain(line)}\n" for line in self.lines(first, count) if line)


def log_line(event: Event, zone: tzinfo) -> Line:
    """An event as a line: time of day, a sign where it matters, the sentence."""
    return (
        Part(time_of_day(event.at, zone, seconds=True), Tone.QUIET),
        Part(f" {_SIGNS[event.level]} ", _TONES[event.level]),
        Part(shown(sentence(event), 400), _TONES[event.level]),
    )
