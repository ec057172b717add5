"""The command line with a fault in it: ``python application_with_faults.py FAULT ARGUMENTS…``.

``handler``: F2 fails. ``command``: so does a command that a worker carries out. ``mount`` and ``driver``: the start
fails, with the terminal half taken in the second case. ``stuck``: F2 never comes back.
"""

from __future__ import annotations

import sys
import threading
from typing import Any, NoReturn

from textual.drivers.linux_driver import LinuxDriver

from cctui.cli import main
from cctui.tui.app import CctuiApp
from cctui.tui.page import Page


def fail(*_anything: Any) -> NoReturn:
    """What nobody foresaw, with an address in it that is nobody's business."""
    address = "mette.hansen@contoso.example"
    raise RuntimeError(f"cannot place {address}\x1b[31m")


async def fail_later(*_anything: Any) -> None:
    """The same in a worker."""
    fail()


def never_come_back(*_anything: Any) -> None:
    """Wait for something that does not happen."""
    threading.Event().wait()


FAULTS = {
    "handler": (Page, "do_theme", fail),
    "command": (Page, "do_theme", fail_later),
    "mount": (CctuiApp, "on_mount", fail),
    "driver": (LinuxDriver, "_request_terminal_sync_mode_support", fail),
    "stuck": (Page, "do_theme", never_come_back),
}

if __name__ == "__main__":
    owner, name, replacement = FAULTS[sys.argv[1]]
    setattr(owner, name, replacement)
    sys.exit(main(sys.argv[2:]))
