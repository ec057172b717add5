"""Text in pieces, each with a tone: what pure functions make and widgets draw.

Data is never markup here: a piece is drawn as it is, after :func:`shown` has taken out what a terminal might obey.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct
from rich.cells import cell_len, set_cell_size

from cctui.masking import printable
from cctui.tui import glyphs


class Tone(StrEnum):
    """What a piece of text means. Colour follows from it in the styles; words and signs carry the meaning too."""

    PLAIN = "plain"
    STRONG = "strong"
    QUIET = "quiet"
    ACCENT = "accent"
    KEY = "key"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    RULE = "rule"


class Part(Struct, frozen=True):
    """A piece of a line. ``action`` is a Textual action for a click, empty for none."""

    text: str
    tone: Tone = Tone.PLAIN
    action: str = ""


Line = tuple[Part, ...]
"""Pieces that stand side by side."""


def shown(text: str, limit: int = 200) -> str:
    """Data made fit for a cell: one line, no controls, no variation selectors or joiners that shift a row."""
    cleaned = "".join(char for char in text if char not in "\u200c\u200d\ufe0e\ufe0f")
    return printable(cleaned, limit)


def width_of(parts: Iterable[Part]) -> int:
    """The cells that ``parts`` take side by side."""
    return sum(cell_len(part.text) for part in parts)


def clip(text: str, width: int, more: str = "…") -> str:
    """``text`` in at most ``width`` cells; what is cut is shown by ``more``."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + more


def fill(text: str, width: int, *, right: bool = False, more: str = "…") -> str:
    """``text`` in exactly ``width`` cells."""
    text = clip(text, width, more)
    blank = " " * (width - cell_len(text))
    return blank + text if right else text + blank


def plain(parts: Iterable[Part]) -> str:
    """The text of ``parts`` alone."""
    return "".join(part.text for part in parts)


def spread(left: Sequence[Part], right: Sequence[Part], width: int) -> Line:
    """``left`` and ``right`` at the ends of a line of ``width`` cells; ``left`` is cut where both do not fit."""
    room = width - width_of(right)
    taken = width_of(left)
    if taken <= room:
        return (*left, Part(" " * (room - taken)), *right)
    return (*clipped(left, max(0, room - 1)), Part(" " * min(1, max(0, room))), *right)


def clipped(parts: Sequence[Part], width: int) -> Line:
    """``parts`` cut to ``width`` cells."""
    kept: list[Part] = []
    for part in parts:
        size = cell_len(part.text)
        if size <= width:
            kept.append(part)
            width -= size
        else:
            kept.append(Part(fill(part.text, width), part.tone, part.action))
            break
    return tuple(kept)


def gauge(share: float, width: int, action: str = "") -> Line:
    """A bar of ``width`` cells, filled to ``share`` (0 to 1); the empty part is a faint line."""
    filled = round(max(0.0, min(1.0, share)) * width)
    return (
        Part(glyphs.FULL * filled, Tone.ACCENT, action),
        Part(glyphs.EMPTY * (width - filled), Tone.RULE, action),
    )
