"""The terminal while the application holds it: taken at the start, given back however the application ends.

Textual gives it back when it ends by itself. What it does not cover is here: a start that fails half way, a signal,
an output that nobody reads any more, and the modes that it forgets.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import signal
import sys
import termios
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from textual.drivers.linux_driver import LinuxDriver

from cctui.masking import printable
from cctui.tui.frame import product

if TYPE_CHECKING:
    from cctui.tui.app import CctuiApp

_FORGOTTEN = "\x1b[?2048l\x1b[?1016l\x1b]22;default\x07"
"""What Textual may leave: sizes among the keys (where the terminal answers late), the mouse in pixels, the pointer."""

_PLAIN = ("linux", "vt", "ansi", "cons")
"""Beginnings of the names of terminals that know neither a pointer nor another way to report keys."""

_LATER_THAN_THEM = re.compile(r"\x1b\][^\x07]*\x07|\x1b\[[<>]\d*u|\x1b\[2[23];0t")

_KEEP_TITLE = "\x1b[22;0t"
"""The title that was there before is put aside (xterm, tmux, and those that follow them)."""

_FORMER_TITLE = "\x1b]2;\x07\x1b[23;0t"
"""No title of ours, and the one that was put aside where the terminal can."""

_FIRST = "\x1b[H\x1b[1m{product}\x1b[0m"
"""The first words of the header, at their place."""

_GIVEN_BACK = (
    "\x1b[?2026l"  # drawing is shown at once
    "\x1b[?2004l"  # pasted text is plain
    "\x1b[?7h"  # long lines wrap
    "\x1b[?2048l"  # a new size is not reported
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # the mouse is not reported
    "\x1b]22;default\x07"  # the pointer has its usual shape
    "\x1b[?1004l"  # nor is the focus
    "\x1b[<u"  # keys are the plain ones; before the other screen, which has keys of its own
    "\x1b[?1049l"
    "\x1b[?25h"  # the cursor is there
    "\x1b[0m"
)

PATIENCE = 5.0
"""Seconds that the application has to leave after a signal, before it is made to."""


class TerminalDriver(LinuxDriver):
    """Textual's driver, that knows whether it holds the terminal."""

    holding: ClassVar[TerminalDriver | None] = None

    def __init__(self, app: CctuiApp, *, debug: bool = False, mouse: bool = True, size: Any = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._screen = 2 if self._file is None else self._file.fileno()
        self._plain = os.environ.get("TERM", "").startswith(_PLAIN)
        self._stopped = False
        self._title = ""
        self._found: list[Any] | None = None
        with contextlib.suppress(termios.error):
            self._found = termios.tcgetattr(self.fileno)

    def start_application_mode(self) -> None:
        """Take the terminal."""
        # Whoever used it before (ssh) may have left it so that a write fails where the line is slow.
        os.set_blocking(self._screen, True)
        TerminalDriver.holding, self._stopped = self, False
        super().start_application_mode()  # type: ignore[no-untyped-call]
        # Styles and pages take a tenth of a second from here: whoever waits sees that it comes.
        self.write(_FIRST.format(product=product()))
        if self._title:
            self.write(_KEEP_TITLE + _as_title(self._title))

    def show_title(self, title: str) -> None:
        """Say ``title`` in the terminal's title; empty gives back the one that was there before."""
        if title == self._title:
            return
        kept, self._title = bool(self._title), title
        if title:
            self.write(("" if kept else _KEEP_TITLE) + _as_title(title))
        else:
            self.write(_FORMER_TITLE)

    def write(self, data: str) -> None:
        """Write to the terminal, without what it would take for text."""
        super().write(_LATER_THAN_THEM.sub("", data) if self._plain else data)

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        if self._title:
            self.write(_FORMER_TITLE)
        super().stop_application_mode()
        # Only now has the thread ended that reads what the terminal answers, and switches something on then.
        self.write(_FORGOTTEN)
        self._stopped = True

    def close(self) -> None:
        """Return when everything is written; from then on the terminal is not ours."""
        super().close()
        if self._stopped:
            TerminalDriver.holding = None

    def run_input_thread(self) -> None:
        """Read keys. The end of the line is no fault of ours."""
        try:
            super().run_input_thread()
        except OSError:
            self._app.call_later(self._app.exit, None, 128 + signal.SIGHUP)

    def give_back(self) -> None:
        """Give the terminal back without the help of the application, which cannot or does not do it any more."""
        TerminalDriver.holding = None
        if self._found is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._found)
        with contextlib.suppress(OSError, ValueError):
            # Where nobody reads, a write would wait for ever.
            if select.select([], [self._screen], [], 0.5)[1]:
                told = _GIVEN_BACK + (_FORMER_TITLE if self._title else "")
                os.write(self._screen, (_LATER_THAN_THEM.sub("", told) if self._plain else told).encode())


def _as_title(title: str) -> str:
    return f"\x1b]2;{printable(title)}\x07"


def give_back() -> None:
    """Give the terminal back if the application still holds it."""
    if TerminalDriver.holding is not None:
        TerminalDriver.holding.give_back()


def gone() -> bool:
    """Whether the terminal is no more: hung up, without a word to this process."""
    return sys.__stdin__ is None or not os.isatty(sys.__stdin__.fileno())


def let_go() -> None:
    """Give up a stream that leads nowhere any more. Python writes what is left in it once again at its end, and where
    that fails the exit code becomes 120, whatever it was."""
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError, AttributeError):
            setattr(sys, name, None)


@contextlib.contextmanager
def leaving_on_signals(app: CctuiApp, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let the application leave in order on SIGTERM and SIGHUP, and make it leave where it does not."""

    def leave(number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(app.exit, None, 128 + number)
        guard = threading.Timer(PATIENCE, _leave_now, (128 + number,))
        guard.daemon = True
        guard.start()

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_now(code: int) -> None:
    give_back()
    os._exit(code)
