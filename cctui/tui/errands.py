"""Work that a pane asks for and does not wait for: the newest request wins, an older one is canceled.

The threads are daemons: a count of millions or a call that hangs would keep the application from closing if they were
Textual's own thread workers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")

Canceled = Callable[[], bool]
"""Asked by the work, as often as it can, whether to stop."""


class Errand(Generic[Result]):
    """One kind of work, done one after the other in a thread of its own.

    ``tell`` is called from that thread with what came of the newest request, and with nothing else.
    """

    def __init__(self, name: str, tell: Callable[[Result], object]) -> None:
        self._name = name
        self._tell = tell
        self._guard = threading.Condition()
        self._wanted: tuple[int, Callable[[Canceled], Result]] | None = None
        self._newest = 0
        self._done = 0
        self._stopped = False
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether something that was asked for has not been told yet."""
        return self._done != self._newest

    def ask(self, work: Callable[[Canceled], Result]) -> None:
        """Do ``work`` next, in the place of everything that was asked for before."""
        with self._guard:
            self._newest += 1
            self._wanted = (self._newest, work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
                self._thread.start()
            self._guard.notify()

    def cancel(self) -> None:
        """Nothing that was asked for is wanted any more."""
        with self._guard:
            self._newest += 1
            self._done = self._newest
            self._wanted = None

    def stop(self) -> None:
        """Cancel, and end the thread."""
        with self._guard:
            self.cancel()
            self._stopped = True
            self._guard.notify()

    def _serve(self) -> None:
        while True:
            with self._guard:
                self._guard.wait_for(lambda: self._wanted is not None or self._stopped)
                if self._wanted is None:
                    return
                number, work = self._wanted
                self._wanted = None
            self._do(number, work)

    def _do(self, number: int, work: Callable[[Canceled], Result]) -> None:
        result = work(lambda: self._newest != number)
        with self._guard:
            wanted = self._newest == number
            if wanted:
                self._done = number
        if wanted:
            self._tell(result)
