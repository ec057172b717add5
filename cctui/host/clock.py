"""Time as the program sees it. Everything that waits or writes down a moment gets a :class:`Clock`."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The time of day in UTC, a monotonic reading for lengths of time, and waiting."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back, whatever happens to the time of day."""
        ...

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        """Wait ``seconds``, or until ``wake`` is set. Returns whether it was woken."""
        ...


class SystemClock:
    """The clock of the box."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        if wake is None:
            time.sleep(max(0.0, seconds))
            return False
        return wake.wait(max(0.0, seconds))
