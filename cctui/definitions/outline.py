"""Where things stand in a TOML text: the line of every key and the place of every statement.

The libraries that read TOML keep no positions. This reads texts that :mod:`tomllib` has already accepted, so it only
has to find where things begin and end, never to judge them (TOML 1.0.0).
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

from msgspec import Struct

KeyPath = tuple[str | int, ...]
"""The way to a value: names of tables and keys, and positions in lists, from 0."""

_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_KEY_PART = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_BARE_VALUE = re.compile(r"[^,\]}#\r\n]+")
_BETWEEN = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANKS = re.compile(r"[ \t]*")


class Statement(Struct, frozen=True):
    """A header, or a key with its value.

    ``path`` is what it declares, ``table`` the path of the header above it. ``start`` is the first character of its
    first line and ``end`` the one after its last line; ``value_start`` and ``value_end`` bound the value alone and
    are equal for a header.
    """

    path: KeyPath
    table: KeyPath
    header: bool
    start: int
    end: int
    value_start: int
    value_end: int

    def within(self, path: KeyPath) -> bool:
        """Whether this declares ``path`` or something in it."""
        return self.path[: len(path)] == path


class Outline(Struct, frozen=True):
    """All statements of a text in their order, and the line (from 1) of every key, list entry and table."""

    statements: list[Statement]
    lines: dict[KeyPath, int]

    def line(self, path: KeyPath) -> int | None:
        """The line of ``path``, or of the closest table around it that is written down."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def value(self, path: KeyPath) -> Statement | None:
        """The statement that gives ``path`` its value in one piece."""
        return next((one for one in self.statements if one.path == path and not one.header), None)

    def header(self, path: KeyPath) -> Statement | None:
        """The header that opens ``path``."""
        return next((one for one in self.statements if one.path == path and one.header), None)

    def within(self, path: KeyPath) -> list[Statement]:
        """Every statement that declares ``path`` or something in it."""
        return [one for one in self.statements if one.within(path)]


def outline(text: str) -> Outline:
    """The outline of ``text``, which must be valid TOML."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._statements: list[Statement] = []
        self._entries: dict[KeyPath, int] = {}

    def read(self) -> Outline:
        table: KeyPath = ()
        at = self._skip(_BETWEEN, 0)
        while at < len(self._text):
            begin = at
            if self._text[at] == "[":
                table, at = self._header(at)
                self._lines.setdefault(table, self._line(begin))
                self._state(table, table, begin, at, at, header=True)
            else:
                names, at = self._key(at)
                path = (*table, *names)
                value_start = self._skip(_BLANKS, at + 1)
                at = self._value(value_start, path, begin)
                self._state(path, table, begin, value_start, at, header=False)
            at = self._skip(_BETWEEN, at)
        return Outline(self._statements, self._lines)

    def _state(self, path: KeyPath, table: KeyPath, begin: int, start: int, stop: int, *, header: bool) -> None:
        end = self._text.find("\n", stop) + 1 or len(self._text)
        self._statements.append(
            Statement(path, table, header, self._line_starts[self._line(begin) - 1], end, start, stop)
        )

    def _line(self, at: int) -> int:
        return bisect_right(self._line_starts, at)

    def _skip(self, pattern: re.Pattern[str], at: int) -> int:
        match = pattern.match(self._text, at)
        return match.end() if match else at

    def _key(self, at: int) -> tuple[list[str], int]:
        names = []
        while match := _KEY_PART.match(self._text, self._skip(_BLANKS, at)):
            names.append(_name(match.group()))
            at = self._skip(_BLANKS, match.end())
            if self._text[at] != ".":
                break
            at += 1
        return names, at

    def _header(self, at: int) -> tuple[KeyPath, int]:
        double = self._text.startswith("[[", at)
        names, at = self._key(at + 1 + double)
        path: KeyPath = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if double and position == len(names) - 1:
                self._entries[path] = self._entries.get(path, -1) + 1
            self._lines.setdefault(path, self._line(at))
            if path in self._entries:
                path = (*path, self._entries[path])
        return path, at + 1 + double

    def _value(self, at: int, path: KeyPath, begin: int) -> int:
        self._lines[path] = self._line(begin)
        for length in range(1, len(path)):
            self._lines.setdefault(path[:length], self._line(begin))
        opening = self._text[at]
        if opening == "[":
            return self._list(at, path)
        if opening == "{":
            return self._inline_table(at, path)
        pattern = _STRING if opening in "\"'" else _BARE_VALUE
        match = pattern.match(self._text, at)
        if match is None:
            return at
        return at + len(match.group().rstrip(" \t"))

    def _list(self, at: int, path: KeyPath) -> int:
        at = self._skip(_BETWEEN, at + 1)
        position = 0
        while self._text[at] != "]":
            at = self._skip(_BETWEEN, self._value(at, (*path, position), at))
            position += 1
            if self._text[at] == ",":
                at = self._skip(_BETWEEN, at + 1)
        return at + 1

    def _inline_table(self, at: int, path: KeyPath) -> int:
        at = self._skip(_BETWEEN, at + 1)
        while self._text[at] != "}":
            begin = at
            names, at = self._key(at)
            at = self._skip(_BETWEEN, self._value(self._skip(_BLANKS, at + 1), (*path, *names), begin))
            if self._text[at] == ",":
                at = self._skip(_BETWEEN, at + 1)
        return at + 1


def _name(written: str) -> str:
    return next(iter(tomllib.loads(f"{written} = 0"))) if written[0] in "\"'" else written
