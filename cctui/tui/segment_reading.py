"""Reading segments in the background: their list, their counts, their first members.

One daemon thread owns the profile source, because a source serves one thread at a time and a count of millions cannot
be broken off: with Textual's own thread workers the application would not close before the count is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from itertools import islice

from msgspec import Struct, structs

from cctui.definitions.environment import Environment
from cctui.delivery.firings import SegmentCount
from cctui.delivery.states import Status
from cctui.errors import CctuiError
from cctui.profiles.source import Attribute, Segment, SegmentName, Source

PREVIEW_ROWS = 100
"""How many members the detail of a segment shows (checklist G5)."""

_PREVIEW_FIELDS = 12


class SegmentList(Struct, frozen=True):
    """What is known so far. ``reading`` tells that more is on its way, ``version`` of which data this is."""

    segments: tuple[Segment, ...] = ()
    reading: bool = True
    problem: CctuiError | None = None
    version: str = ""


class SegmentDetail(Struct, frozen=True):
    """The inside of one segment: its attributes, and rows of the first members, the profile's id first."""

    attributes: tuple[Attribute, ...] = ()
    fields: tuple[str, ...] = ()
    members: tuple[tuple[str, ...], ...] = ()
    reading: bool = True
    problem: CctuiError | None = None


class SegmentReader:
    """Answers at once with what it knows, reads the rest, and calls ``changed`` from its thread.

    What a refresh has ``counted`` of the data as they are is not counted again.
    """

    def __init__(
        self,
        environment: Environment,
        changed: Callable[[], object],
        counted: Callable[[], Mapping[str, SegmentCount]] = dict,
    ) -> None:
        self._environment = environment
        self._changed = changed
        self._counted = counted
        self._wake = threading.Condition()
        self._wanted: list[SegmentName | None] = []
        self._reading = False
        self._stopped = False
        self._list = SegmentList()
        self._details: dict[SegmentName, SegmentDetail] = {}
        self._counts: dict[SegmentName, int] = {}
        self._version = ""
        self._thread: threading.Thread | None = None

    def known(self) -> SegmentList:
        """The segments as far as they are known."""
        return self._list

    def detail(self, name: SegmentName) -> SegmentDetail:
        """A segment's inside as far as it is known."""
        return self._details.get(name, SegmentDetail())

    def look(self, name: SegmentName | None = None) -> None:
        """Read the list (or the inside of ``name``) again if the data have changed since."""
        with self._wake:
            if name not in self._wanted:
                self._wanted.append(name)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="segments", daemon=True)
                self._thread.start()
            self._wake.notify()

    @property
    def busy(self) -> bool:
        """Whether something is being read."""
        return self._reading or bool(self._wanted)

    def stop(self) -> None:
        """Begin nothing more."""
        with self._wake:
            self._stopped = True
            self._wake.notify()

    def _serve(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._wanted or self._stopped)
                if self._stopped:
                    return
                # What is asked for again from now on is read again: the definitions may be others.
                name = self._wanted.pop(0)
                self._reading = True
            try:
                self._read(name)
            except CctuiError as problem:
                self._refuse(name, problem)
            self._reading = False
            if not self._stopped:
                self._changed()

    def _read(self, name: SegmentName | None) -> None:
        source = self._open()
        try:
            version = source.version()
            if version != self._version:
                self._version = version
                self._counts.clear()
                self._details.clear()
            if name is None:
                self._read_list(source)
            elif name not in self._details or self._details[name].problem:
                self._details[name] = _detail(source, name)
        finally:
            source.close()

    def _read_list(self, source: Source) -> None:
        self._counts.update(
            (SegmentName(count.segment), count.members)
            for count in self._counted().values()
            if count.status is Status.SUCCESSFUL and count.version == self._version and count.members is not None
        )
        segments = [
            structs.replace(segment, members=self._counts.get(segment.name, segment.members))
            for segment in source.segments()
        ]
        for index, segment in enumerate(segments):
            if self._stopped:
                return
            if segment.members is not None or segment.problem:
                continue
            self._publish(segments)
            try:
                self._counts[segment.name] = count = source.count(segment.name)
                segments[index] = structs.replace(segment, members=count)
            except CctuiError as problem:
                segments[index] = structs.replace(segment, problem=str(problem))
        self._list = SegmentList(tuple(segments), reading=False, version=self._version)

    def _publish(self, segments: list[Segment]) -> None:
        self._list = SegmentList(tuple(segments), version=self._version)
        self._changed()

    def _refuse(self, name: SegmentName | None, problem: CctuiError) -> None:
        if name is None:
            self._list = SegmentList(reading=False, problem=problem)
        else:
            self._details[name] = SegmentDetail(reading=False, problem=problem)

    def _open(self) -> Source:
        from cctui.profiles.opening import open_source

        definition = self._environment.read().definition
        return open_source(self._environment.root, definition.profiles, definition.segments)


def _detail(source: Source, name: SegmentName) -> SegmentDetail:
    attributes = tuple(source.attributes(name))
    fields = tuple(attribute.name for attribute in attributes[:_PREVIEW_FIELDS])
    rows: list[tuple[str, ...]] = []
    with source.members(name, fields) as reader:
        for batch in reader:
            columns = [column.to_pylist() for column in batch.slice(0, PREVIEW_ROWS).columns]
            rows += [tuple(value or "" for value in row) for row in zip(*columns, strict=True)]
            if len(rows) >= PREVIEW_ROWS:
                break
    return SegmentDetail(attributes, fields, tuple(islice(rows, PREVIEW_ROWS)), reading=False)
