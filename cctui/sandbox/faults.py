"""Faults on demand: which request meets which one. How each is carried out is in the modules that meet them.

A fault waits for requests that match its method and path, and fires by number (``nth``), by rhythm (``every``), by a
seeded share (``share``, ``seed``) or at each of them; ``times`` bounds how often. The same seed and the same order of
requests fire the same faults.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from msgspec import Meta, Struct


class FaultKind(StrEnum):
    """Everything that can go wrong here."""

    REFUSE = "refuse"
    """The next connection is closed the moment it is accepted."""
    DOWN = "down"
    """Nothing listens for ``seconds``: connection refused by the system."""
    RESET_BEFORE_BODY = "reset-before-body"
    RESET_IN_BODY = "reset-in-body"
    BLACK_HOLE = "black-hole"
    """The body is taken, nothing is done, nothing is answered for ``seconds``, then the connection is cut."""
    NO_ANSWER = "no-answer"
    """Carried out, held for ``seconds``, then cut without an answer: the case that causes double sends."""
    CUT_ANSWER = "cut-answer"
    SLOW_DRIP = "slow-drip"
    """Carried out; the answer trickles over ``seconds``."""
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    THROTTLED = "throttled"
    QUOTA_EXCEEDED = "quota-exceeded"
    QUEUE_FULL = "queue-full"
    WRONG_JSON = "wrong-json"
    """Carried out; the answer stops in the middle of its JSON, with a length that fits."""
    WRONG_SHAPE = "wrong-shape"
    """Carried out; the answer is JSON of another shape."""
    EMPTY_BODY = "empty-body"
    LOOPING_NEXT = "looping-next"
    """The page's next link leads to the page itself."""
    CLOCK = "clock"
    """What this request creates carries times that are off by ``hours``."""
    SIGN_IN_ERROR = "sign-in-error"
    """The sign-in endpoint answers ``error`` (``slow_down``, ``access_denied``, ``invalid_grant`` …)."""
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    CANCELLED = "cancelled"
    STUCK = "stuck"
    VANISHED = "vanished"
    """The import is carried out and then forgotten: 404, and in no list."""
    MISSING_COUNTERS = "missing-counters"
    NO_FILE_NAME = "no-file-name"


FATES = frozenset(
    {
        FaultKind.FAILED,
        FaultKind.TIMED_OUT,
        FaultKind.CANCELLED,
        FaultKind.STUCK,
        FaultKind.VANISHED,
        FaultKind.MISSING_COUNTERS,
        FaultKind.NO_FILE_NAME,
    }
)
"""Faults that befall the activity that a request creates, not the request."""

CONNECTION_FAULTS = frozenset({FaultKind.REFUSE, FaultKind.DOWN})
"""Faults that befall a request before there is one: the answer to the request before it ends the connection."""

IMPORT_PATHS = "/v3/activities/*_import"


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault. ``path`` is a prefix or a glob of the path (``/v3/activities``, ``*_import``), empty for every one.

    ``seconds`` and ``hours`` mean what the kind says; ``carried_out`` makes 500, 502 and 503 answer *after* the work
    was done; ``part`` is the share of rows that a failed import had written.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    nth: Annotated[int, Meta(ge=1)] | None = None
    every: Annotated[int, Meta(ge=1)] | None = None
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int = 0
    times: Annotated[int, Meta(ge=0)] | None = None
    seconds: Annotated[float, Meta(ge=0)] = 0.0
    hours: float = 0.0
    error: str = ""
    carried_out: bool = False
    part: Annotated[float, Meta(ge=0, le=1)] = 0.5

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is one that this fault waits for."""
        if self.method and self.method.upper() != method:
            return False
        pattern = self.path or (IMPORT_PATHS if self.kind in FATES else "")
        return path.startswith(pattern) or fnmatchcase(path, pattern)

    def fires_at(self, count: int) -> bool:
        """Whether the ``count``-th matching request (from 1) meets it."""
        if self.nth is not None:
            return count == self.nth if self.times is None else self.nth <= count < self.nth + self.times
        if self.every is not None:
            return count % self.every == 0
        if self.share is not None:
            return random.Random(f"{self.seed}:{count}").random() < self.share  # noqa: S311 - replayed from its seed
        return True

    def is_exhausted(self, fired: int) -> bool:
        """Whether it has fired as often as it may."""
        limit = 1 if self.nth is not None and self.times is None else self.times
        return limit is not None and fired >= limit


class ArmedFault(Struct, kw_only=True):
    """A fault that is switched on, with how many requests matched and how many met it."""

    id: int
    fault: Fault
    matched: int = 0
    fired: int = 0


class Faults:
    """The faults that are switched on, in the order of switching; the first that fires wins, all of them count."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._next_id = 1
        self.armed: list[ArmedFault] = []
        for fault in faults:
            self.arm(fault)

    def arm(self, fault: Fault) -> ArmedFault:
        """Switch a fault on."""
        armed = ArmedFault(id=self._next_id, fault=fault)
        self._next_id += 1
        self.armed.append(armed)
        return armed

    def disarm(self, fault_id: int | None = None) -> None:
        """Switch one fault off, or all of them."""
        self.armed = [] if fault_id is None else [armed for armed in self.armed if armed.id != fault_id]

    def meet(self, method: str, path: str) -> Fault | None:
        """Count a request that arrived, and say which fault it meets."""
        met: Fault | None = None
        for armed in self.armed:
            fault = armed.fault
            if fault.kind in CONNECTION_FAULTS or not fault.matches(method, path):
                continue
            armed.matched += 1
            if met is None and not fault.is_exhausted(armed.fired) and fault.fires_at(armed.matched):
                armed.fired += 1
                met = fault
        return met

    def answered(self, method: str, path: str) -> None:
        """Count a request that had its answer, for the faults that come before there is a next one."""
        for armed in self.armed:
            if armed.fault.kind in CONNECTION_FAULTS and armed.fault.matches(method, path):
                armed.matched += 1

    def due(self) -> Fault | None:
        """The connection fault that the next request meets, whatever its method and path."""
        armed = self._due()
        return armed.fault if armed else None

    def meet_connection(self) -> Fault | None:
        """Take the connection fault that is due; the request that never came counts as one."""
        armed = self._due()
        if armed is None:
            return None
        armed.matched += 1
        armed.fired += 1
        return armed.fault

    def _due(self) -> ArmedFault | None:
        for armed in self.armed:
            fault = armed.fault
            if fault.kind not in CONNECTION_FAULTS or fault.is_exhausted(armed.fired):
                continue
            if fault.fires_at(armed.matched + 1):
                return armed
        return None
