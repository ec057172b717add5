"""What is kept of a fault of our own: a masked report in a file, and the sentence that says where it lies."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from cctui import __version__
from cctui.errors import CctuiError
from cctui.host.files import private_folder, save
from cctui.locales import _
from cctui.masking import harmless, mask

KEPT = 10
"""How many reports of a folder stay; older ones go."""


class Fault(CctuiError):
    """Something that nobody foresaw. The report is for whoever mends it."""


def keep(error: BaseException, folder: Path, *, now: datetime | None = None) -> Fault:
    """Write a report of ``error`` into ``folder/crashes`` and return what to say about it.

    The report has the lines of the program that led there, never the values in them, and is for its owner only.
    """
    moment = now or datetime.now(UTC)
    path = folder / "crashes" / f"{moment:%Y%m%d-%H%M%S-%f}-{os.getpid()}.txt"
    try:
        private_folder(folder)
        private_folder(path.parent)
        save(path, _text(error, moment).encode(), mode=0o600)
        for old in sorted(path.parent.glob("*.txt"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError as problem:
        return Fault(
            _("cctui came upon a fault of its own: {kind}.").format(kind=type(error).__name__),
            why=_("No report could be written: {reason}").format(reason=harmless(str(problem))),
            do=_("Runs are not touched by it. Start cctui again."),
        )
    return Fault(
        _("cctui came upon a fault of its own: {kind}.").format(kind=type(error).__name__),
        why=_("The report lies in {file}.").format(file=harmless(str(path), 4096)),
        do=_(
            "Runs are not touched by it. Start cctui again; if it happens again, hand the report on. "
            "Addresses and secrets are masked in it."
        ),
    )


def _text(error: BaseException, moment: datetime) -> str:
    facts = [
        f"cctui {__version__}",
        f"Python {platform.python_version()}, {platform.platform()}",
        f"at {moment.isoformat(timespec='seconds')}",
        f"command {' '.join(sys.argv[1:])}",
        *(f"{name} {os.environ[name]}" for name in ("TERM", "COLORTERM", "LANG", "LC_ALL") if name in os.environ),
        "",
    ]
    lines = [*facts, *"".join(traceback.format_exception(error)).splitlines()]
    # Line by line: what drives a terminal must not do so when the report is looked at.
    return mask("\n".join("".join(char if char.isprintable() else "?" for char in line) for line in lines)) + "\n"
