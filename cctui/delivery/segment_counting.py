"""Segments are counted after the profiles were looked at and before exports run: a step of every refresh.

A count of millions takes a while and cannot be broken off, so it is done in a thread of its own, one segment after the
other; the worker's rounds write down what came of it. Only numbers are kept, never members. What a worker that died had
counted of the same data is not counted again.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from queue import Empty, SimpleQueue

from msgspec import Struct, structs

from cctui.definitions.model import SegmentState
from cctui.delivery.firings import Refresh, SegmentCount
from cctui.delivery.schedule_ledger import ScheduleLedger
from cctui.delivery.states import Status
from cctui.errors import CctuiError
from cctui.host.clock import Clock
from cctui.masking import harmless, printable
from cctui.profiles.source import Segment, Source, SourceError

_LOG = logging.getLogger("cctui.worker")

_MOST_GOES = 3
"""So often segments are counted anew because the profiles changed meanwhile; then the refresh goes on all the same."""

Begin = Callable[[Callable[[], None]], object]
"""Does some work, now or beside everything else."""
Names = frozenset[str] | None
"""Segments by their names; ``None`` for all there are."""


def in_background(work: Callable[[], None]) -> None:
    """Do ``work`` in a thread that keeps no process from leaving."""
    threading.Thread(target=work, name="segments", daemon=True).start()


class Counted(Struct, frozen=True):
    """How counting ended. ``again`` says that the profiles changed or went meanwhile, ``problem`` what was seen.

    ``refreshes`` are the numbers of those that it was done for, ``names`` what was counted, ``failed`` what could not
    be.
    """

    refreshes: frozenset[int]
    names: Names
    failed: Mapping[str, SegmentCount]
    again: bool = False
    problem: str = ""

    def covers(self, refresh: Refresh, names: Names) -> bool:
        """Whether ``refresh``, which needs ``names``, has all it needs: one asked for meanwhile may have, too."""
        if refresh.number in self.refreshes or self.names is None:
            return True
        return names is not None and names <= self.names


class SegmentCounting:
    """The counting of one worker. ``begin`` is replaced by tests that want it done at once."""

    def __init__(self, open_profiles: Callable[[], Source], clock: Clock, begin: Begin = in_background) -> None:
        self._open = open_profiles
        self._clock = clock
        self._begin = begin
        self._count: _Count | None = None
        self._goes = 0

    @property
    def busy(self) -> bool:
        """Whether something is being counted at this moment."""
        return self._count is not None and not self._count.over.is_set()

    def forget(self) -> None:
        """Nobody waits for it any more."""
        if self._count is not None:
            self._count.stopped.set()
        self._count = None
        self._goes = 0

    def go_on(
        self, ledger: ScheduleLedger, waiting: Sequence[Refresh], names_of: Callable[[Refresh], Names]
    ) -> Counted | None:
        """Write down what has been counted; returns how it ended, ``None`` while it goes on."""
        if self._count is None:
            self._goes += 1
            self._count = self._new(ledger, waiting, names_of)
            self._begin(self._count)
        ended = self._count.write_down(ledger)
        if ended is not None:
            self._count = None
        return ended

    def _new(self, ledger: ScheduleLedger, waiting: Sequence[Refresh], names_of: Callable[[Refresh], Names]) -> _Count:
        names: set[str] = set()
        every = False
        for refresh in waiting:
            of_this = names_of(refresh)
            every = every or of_this is None
            names |= of_this or frozenset()
        numbers = frozenset(refresh.number for refresh in waiting)
        return _Count(
            self._open,
            self._clock,
            numbers,
            None if every else frozenset(names),
            ledger.segment_counts(),
            last=self._goes >= _MOST_GOES,
        )


class _Listed(Struct, frozen=True):
    """What is going to be counted, all at once; others are gone where ``whole``."""

    counts: list[SegmentCount]
    whole: bool


class _Ended(Struct, frozen=True):
    again: bool = False
    problem: str = ""


class _Count:
    """One go through the segments: the work of the thread, and what it has told so far."""

    def __init__(
        self,
        open_profiles: Callable[[], Source],
        clock: Clock,
        refreshes: frozenset[int],
        names: Names,
        former: Mapping[str, SegmentCount],
        *,
        last: bool,
    ) -> None:
        self.stopped = threading.Event()
        self.over = threading.Event()
        self._open = open_profiles
        self._clock = clock
        self._refreshes = refreshes
        self._names = names
        self._former = former
        self._last = last
        self._told: SimpleQueue[_Listed | SegmentCount | _Ended] = SimpleQueue()
        self._failed: dict[str, SegmentCount] = {}

    # In the thread

    def __call__(self) -> None:
        """Count. However it goes, the last that is told is its end."""
        try:
            self._told.put(self._go())
        except SourceError as problem:
            self._told.put(_Ended(again=not self._last, problem=problem.happened))
        except Exception as problem:  # noqa: BLE001 - a fault of ours costs the numbers and not the runs
            _LOG.error("segments cannot be counted: %s", "".join(traceback.format_exception(problem)))
            self._told.put(_Ended())
        finally:
            self.over.set()

    def _go(self) -> _Ended:
        if self._names is not None and not self._names:
            return _Ended()
        try:
            opened = self._open()
        except CctuiError:
            return _Ended()  # each run says itself what is wrong with the definitions
        with closing(opened) as source:
            version = source.version()
            listed = [(segment, self._listed(segment, version)) for segment in source.segments()]
            wanted = [pair for pair in listed if self._names is None or pair[0].name in self._names]
            self._told.put(_Listed([count for _segment, count in wanted], self._names is None))
            for segment, count in wanted:
                if count.status is not Status.QUEUED:
                    continue
                if self.stopped.is_set():
                    return _Ended()
                self._told.put(structs.replace(count, status=Status.REFRESHING))
                self._told.put(self._counted(source, segment, count))
            return _Ended(again=not self._last and source.version() != version)

    def _listed(self, segment: Segment, version: str) -> SegmentCount:
        """A segment before it is counted: to be, or inactive, broken, or counted by a worker that died."""
        former = self._former.get(segment.name)
        count = SegmentCount(
            segment=segment.name,
            refresh=max(self._refreshes),
            status=Status.QUEUED,
            version=version,
            members=former.members if former else None,
            counted_at=former.counted_at if former else None,
        )
        if segment.state is SegmentState.INACTIVE:
            return self._now(count, status=Status.SKIPPED, members=0)
        if segment.problem:
            return self._now(count, status=Status.FAILED, members=None, problem=segment.problem)
        if former and former.status is Status.SUCCESSFUL and former.version == version:
            return structs.replace(count, status=former.status) if former.refresh >= min(self._refreshes) else count
        return count

    def _counted(self, source: Source, segment: Segment, count: SegmentCount) -> SegmentCount:
        try:
            return self._now(count, status=Status.SUCCESSFUL, members=source.count(segment.name))
        except SourceError as problem:
            return self._now(count, status=Status.FAILED, members=None, problem=problem.happened, do_next=problem.do)

    def _now(self, count: SegmentCount, **facts: object) -> SegmentCount:
        return structs.replace(count, counted_at=self._clock.now(), **facts)

    # In the worker's rounds

    def write_down(self, ledger: ScheduleLedger) -> Counted | None:
        """Keep everything that was told since the last time, in one commit; returns the end as soon as it is told."""
        counts: dict[str, SegmentCount] = {}
        whole, ended = False, None
        for told in self._so_far():
            if isinstance(told, _Ended):
                ended = told
                continue
            listed = told.counts if isinstance(told, _Listed) else [told]
            whole = whole or (isinstance(told, _Listed) and told.whole)
            counts.update((count.segment, count) for count in listed)
        if counts or whole:
            ledger.keep_segment_counts([*counts.values()], whole=whole)
        for count in counts.values():
            if count.status is Status.FAILED:
                self._failed[count.segment] = count
                _LOG.warning("segment %s cannot be counted: %s", printable(count.segment), harmless(count.problem))
        if ended is None:
            return None
        return Counted(self._refreshes, self._names, self._failed, ended.again, ended.problem)

    def _so_far(self) -> Iterator[_Listed | SegmentCount | _Ended]:
        while True:
            try:
                yield self._told.get_nowait()
            except Empty:
                return
