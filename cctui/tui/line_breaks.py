"""Where a text may be broken to fit: between words, between full-width characters, in a path behind a slash.

A word is cut in the middle only where it alone is wider than the line. Closing punctuation never begins a line and
opening punctuation never ends one (the prohibitions of UAX 14 that Chinese needs).
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from cctui.tui.parts import Line, Part

_NEVER_FIRST = frozenset("，。、；：！？）」』》”’…％,.;:!?)]}")
_NEVER_LAST = frozenset("（「『《“‘([{")


def wrapped(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells."""
    lines = [""]
    for piece in pieces(" ".join(text.split()), width):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece
    return lines


def wrapped_lines(lines: Sequence[Line], width: int) -> list[Line]:
    """``lines`` with those that are too long broken; signs and tones stay with their text."""
    return [row for line in lines for row in _wrapped_line(line, max(10, width))]


def _wrapped_line(line: Line, width: int) -> list[Line]:
    rows: list[list[Part]] = [[]]
    taken = 0
    for part in line:
        for piece in pieces(part.text, width):
            if taken and taken + cell_len(piece.rstrip()) > width:
                rows.append([])
                taken = 0
                piece = piece.lstrip()
            if rows[-1] and rows[-1][-1].tone is part.tone and rows[-1][-1].action == part.action:
                rows[-1][-1] = Part(rows[-1][-1].text + piece, part.tone, part.action)
            else:
                rows[-1].append(Part(piece, part.tone, part.action))
            taken += cell_len(piece)
    # A line that is full to its last cell has no room for the blank behind it.
    return [(*row[:-1], Part(row[-1].text.rstrip(), row[-1].tone, row[-1].action)) if row else () for row in rows]


def pieces(text: str, width: int) -> list[str]:
    """``text`` cut at every place where a line may end; no piece is wider than ``width``, put together they are it."""
    found: list[str] = []
    begin = 0
    for index in range(1, len(text)):
        if _may_break(text[index - 1], text[index]):
            found.append(text[begin:index])
            begin = index
    if text[begin:]:
        found.append(text[begin:])
    return [part for piece in found for part in _narrow(piece, width)]


def _may_break(before: str, after: str) -> bool:
    if after == " " or cell_len(after) == 0:
        return False
    if before == " ":
        return True
    wide = cell_len(before) == 2 or cell_len(after) == 2
    return wide and after not in _NEVER_FIRST and before not in _NEVER_LAST


def _narrow(piece: str, width: int) -> list[str]:
    """A piece that is wider than a line, in parts: behind slashes where it has some, else wherever the line is full."""
    if cell_len(piece.rstrip()) <= width:
        return [piece]
    parts: list[str] = []
    for name in piece.replace("/", "/\0").split("\0"):
        if parts and cell_len(parts[-1] + name) <= width:
            parts[-1] += name
            continue
        parts.append("")
        for char in name:
            if cell_len(parts[-1] + char) > width:
                parts.append("")
            parts[-1] += char
    return parts
