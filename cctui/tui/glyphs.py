"""The few signs that stand beside words, and what becomes of them on a terminal that has only ASCII."""

from __future__ import annotations

import codecs
import os
import sys

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from cctui.delivery.states import Status

LINE = "─"
BAR = "▌"
UP = "↑"
DOWN = "↓"
MARK = "●"
GOOD = "✓"
WARNING = "▲"
BAD = "✗"
RUNNING = "◐"
WAITING = "○"
PAUSED = "‖"
STOPPED = "■"
FULL = "█"
EMPTY = "░"
OPENS = "▾"
REMOVES = "⌫"

_OF_STATUS = {
    Status.QUEUED: WAITING,
    Status.REFRESHING: RUNNING,
    Status.PAUSED: PAUSED,
    Status.SUCCESSFUL: GOOD,
    Status.COMPLETED_WITH_ERRORS: WARNING,
    Status.FAILED: BAD,
    Status.SKIPPED: WARNING,
    Status.CANCELED: STOPPED,
}


def status_sign(status: Status | None) -> str:
    """The sign of a run's status; a blank for an export that has never run."""
    return _OF_STATUS.get(status or Status.NOT_STARTED, " ")


def gauge(share: float, width: int) -> str:
    """A bar of ``width`` cells, filled to ``share`` (0 to 1)."""
    filled = round(max(0.0, min(1.0, share)) * width)
    return FULL * filled + EMPTY * (width - filled)


_IN_ASCII = str.maketrans(
    {
        LINE: "-",
        BAR: ">",
        UP: "^",
        DOWN: "v",
        MARK: "*",
        GOOD: "+",
        WARNING: "!",
        BAD: "x",
        RUNNING: "~",
        WAITING: "o",
        PAUSED: "=",
        STOPPED: "#",
        FULL: "#",
        EMPTY: ".",
        OPENS: "v",
        "①": "1",
        "②": "2",
        "…": "~",
        "·": "-",
        "›": ">",
        "→": ">",
        "⏎": "^",
        "⌫": "<",
        "│": "|",
        "┃": "|",
        "▎": "|",
        "▏": "|",
        "▕": "|",
        "▔": "-",
        "▁": "_",
        "▀": "-",
        "▄": "_",
        "┌": "+",
        "┐": "+",
        "└": "+",
        "┘": "+",
        "╭": "+",
        "╮": "+",
        "╰": "+",
        "╯": "+",
        "–": "-",
        "—": "-",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "\u00a0": " ",
        "\u202f": " ",
    }
)


class AsciiOnly(LineFilter):
    """Draws every character outside ASCII as one inside it, of the same width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(in_ascii(segment.text), segment.style, segment.control)
            for segment in segments
        ]


def in_ascii(text: str) -> str:
    """``text`` in ASCII with as many cells; what has no stand-in becomes question marks."""
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in text.translate(_IN_ASCII))


def ascii_only() -> bool:
    """Whether only ASCII may be drawn: asked for by ``CCTUI_ASCII``, or the encoding has no more.

    Textual draws on standard error, so the encoding of that stream decides.
    """
    if os.environ.get("CCTUI_ASCII"):
        return True
    encoding = getattr(sys.__stderr__, "encoding", None) or "utf-8"
    try:
        return codecs.lookup(encoding).name != "utf-8"
    except LookupError:
        return True
