"""From the command line into the application, and back to a clean terminal."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from cctui.errors import UsageError
from cctui.host import crash_reports
from cctui.locales import _
from cctui.masking import harmless

if TYPE_CHECKING:
    from cctui.access.roles import Operator
    from cctui.definitions.environment import Environment
    from cctui.tui.themed_app import ColorSystem


def run_app(
    environment: Environment, operator: Operator, open_at: str | None = None, asked_language: str | None = None
) -> int:
    """Run the application until the operator leaves; returns the exit code.

    Raises :class:`cctui.errors.UsageError` where there is no terminal to draw on, and
    :class:`cctui.host.crash_reports.Fault` after a fault of our own, :class:`cctui.errors.NotPermitted` where the
    operator was removed meanwhile; the terminal is as before in any case.
    """
    refuse_without_terminal()
    from cctui.tui.app import CctuiApp
    from cctui.tui.terminal import TerminalDriver, give_back, leaving_on_signals, let_go

    app = CctuiApp(
        environment,
        operator,
        open_at=open_at,
        asked_language=asked_language,
        color_system=color_system(),
        driver_class=TerminalDriver,
    )
    try:
        with asyncio.Runner() as runner, leaving_on_signals(app, runner.get_loop()):
            # Over a slow line every cell that the pointer crosses would be reported and drawn (any-event mouse mode).
            runner.run(app.run_async(mouse=not over_ssh()))
    except Exception as error:  # noqa: BLE001 - whatever it is, the terminal comes first, then a sentence
        app.fault = app.fault or error
    finally:
        give_back()
        let_go()
    if app.fault is not None:
        raise crash_reports.keep(app.fault, environment.state_folder)
    if app.shown_out is not None:
        raise app.shown_out
    code = app.return_code or 0
    if app.segments_busy:
        # A count of millions of profiles cannot be broken off; nobody waits for its thread.
        sys.stdout.flush()
        os._exit(code)
    return code


def refuse_without_terminal() -> None:
    """Raise where input or the screen is no terminal. Textual draws on standard error."""
    screen = sys.__stderr__
    if not (sys.stdin and sys.stdin.isatty() and screen and screen.isatty()):
        raise UsageError(
            _("The application needs a terminal."),
            why=_("Input or screen is a file or a pipe."),
            do=_("Without one, use the command line: cctui --help."),
        )
    if os.environ.get("TERM", "") in {"", "dumb", "unknown"}:
        raise UsageError(
            _("The application cannot be drawn on this terminal (TERM={term}).").format(
                term=harmless(os.environ.get("TERM", ""), 20)
            ),
            why=_("Such a terminal has no cursor that could be moved."),
            do=_("Ask and be told line by line: cctui --plain. Or set TERM to what the terminal is, such as xterm."),
        )


def over_ssh() -> bool:
    """Whether the terminal is at the other end of a line."""
    return bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))


def color_system() -> ColorSystem | None:
    """What to tell Textual about colours; ``None`` leaves it to find out by itself.

    SSH does not pass ``COLORTERM`` on, and a modern terminal's own name (``alacritty``, ``xterm-ghostty``) is then
    taken for one with 16 colours; the terminal's description knows better. A dumb terminal is taken for one with
    millions.
    """
    if os.environ.get("COLORTERM") or os.environ.get("TEXTUAL_COLOR_SYSTEM"):
        return None
    term = os.environ.get("TERM", "")
    if term.endswith("256color"):
        return None
    return "256" if _described_colors() >= 256 else "standard"


def _described_colors() -> int:
    try:
        import curses
    except ImportError:
        return -1
    try:
        curses.setupterm(fd=2)
        return curses.tigetnum("colors")
    except curses.error:
        return -1
