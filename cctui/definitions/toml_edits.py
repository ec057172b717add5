"""A definition as TOML text: written anew, or changed in a text that people keep, touching only what differs.

The editing works on the text itself: what is not part of a changed value stays byte for byte, comments, order, quotes
and blank lines included. Values are written by tomlkit. (tomlkit's own documents hang the comment above a table on the
table before it, so that removing one entry would take the comment of the next section along.)
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import tomlkit
from msgspec import NODEFAULT, Struct, structs
from tomlkit.items import Array

from cctui.definitions.outline import KeyPath, Outline, Statement, outline

_WIDEST = 100
_INLINE = {"account"}
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def written(definition: Struct) -> str:
    """``definition`` as the text of a new file."""
    return "\n".join(_blocks(definition)).removeprefix("\n") + "\n"


def edited(text: str, old: Struct, new: Struct) -> str:
    """``text``, which says ``old``, changed to say ``new``; both are of the same type."""
    pen = _Pen(text)
    pen.edit_table((), old, new)
    text = pen.result()
    for field in structs.fields(new):
        text = _in_order(text, field.encode_name, getattr(new, field.name))
    return text


def _blocks(definition: Struct) -> Iterator[str]:
    """The lines of a whole definition: its own keys, then a block for every table."""
    tables = []
    for name, value in _stated(definition):
        if (_is_table(value) and name not in _INLINE) or _is_tables(value):
            tables.append((name, value))
        else:
            yield _line(name, value)
    for name, value in tables:
        yield from _table_lines(name, value)


def _table_lines(name: str, value: Any) -> Iterator[str]:
    """A blank line, a header and keys, for a table or for every entry of a list of tables."""
    for entry in value if isinstance(value, list) else [value]:
        yield ""
        yield f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
        for key, part in _stated(entry, sparse=isinstance(value, list)):
            yield _line(key, part)


def _stated(table: Struct, *, sparse: bool = False) -> Iterator[tuple[str, Any]]:
    """What is written down for ``table``: nothing absent or empty, no table of defaults, and defaults unless sparse."""
    for field in structs.fields(table):
        value = getattr(table, field.name)
        default = _default(field)
        absent = value is None or (value == default and (sparse or isinstance(value, list | Struct)))
        if not absent:
            yield field.encode_name, value


def _default(field: structs.FieldInfo) -> Any:
    return field.default if field.default is not NODEFAULT else _made(field.default_factory)


def _made(factory: Any) -> Any:
    return factory() if factory is not NODEFAULT else NODEFAULT


def _is_table(value: object) -> bool:
    return isinstance(value, Struct)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and _is_table(value[0])


def _line(name: str, value: Any) -> str:
    return f"{_key(name)} = {_value(value)}"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else tomlkit.item(name).as_string()


def _value(value: Any) -> str:
    """``value`` in TOML, a long list on several lines."""
    if isinstance(value, Struct):
        return "{ " + ", ".join(_line(key, part) for key, part in _stated(value, sparse=True)) + " }"
    if isinstance(value, list):
        entries = [_value(entry) for entry in value]
        line = f"[{', '.join(entries)}]"
        return line if len(line) <= _WIDEST else _in_lines(entries, "    ")
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime):
        value = value.astimezone(UTC)
    return str(tomlkit.item(value).as_string())


def _in_lines(entries: Sequence[str], indent: str) -> str:
    lines = "".join(f"{indent}{entry},\n" for entry in entries)
    return f"[\n{lines}]"


class _Pen:
    """Collects changes of one text and makes them all at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._outline: Outline = outline(text)
        self._changes: list[tuple[int, int, str]] = []

    def result(self) -> str:
        """The text with all changes made; what was put in first at a place stands first."""
        parts = []
        done = 0
        for start, end, put in sorted(self._changes, key=lambda change: change[:2]):
            parts += [self._text[done:start], re.sub(r"(?<!\r)\n", self._newline, put)]
            done = max(done, end)
        return "".join([*parts, self._text[done:]])

    def edit_table(self, path: KeyPath, old: Struct, new: Struct) -> None:
        """Write down what differs between ``old`` and ``new``, the table at ``path``."""
        before: list[str] = []
        for field in structs.fields(new):
            name, was, wanted = field.encode_name, getattr(old, field.name), getattr(new, field.name)
            if was != wanted:
                self._edit_field((*path, name), was, wanted, _default(field), tuple(before))
            before.append(name)

    def _edit_field(self, path: KeyPath, was: Any, wanted: Any, default: Any, before: tuple[str, ...]) -> None:
        present = self._outline.within(path)
        whole = self._outline.value(path)
        if wanted is None or wanted == []:
            self._remove(present)
        elif whole is not None:
            self._replace(whole, was, wanted)
        elif present and _is_table(wanted):
            self.edit_table(path, was, wanted)
        elif present and _is_tables(wanted):
            self._edit_entries(path, was, wanted, before)
        elif wanted != default:
            self._add(path, wanted, before)

    def _replace(self, statement: Statement, was: Any, wanted: Any) -> None:
        start, end = statement.value_start, statement.value_end
        put = _value(wanted)
        if isinstance(wanted, list):
            put = _edited_list(self._text[start:end], was, wanted)
        self._changes.append((start, end, put))

    def _remove(self, statements: Sequence[Statement]) -> None:
        """Take out ``statements``; comments between a header and its keys go with them, all others stay."""
        for block in _connected(statements):
            start, end = block[0].start, block[-1].end
            blank_before = start == 0 or self._text[:start].endswith(("\n\n", "\n\r\n"))
            if blank_before and (blank := re.compile(r"[ \t]*\r?\n").match(self._text, end)):
                end = blank.end()
            self._changes.append((start, end, ""))

    def _edit_entries(self, path: KeyPath, was: list[Any], wanted: list[Any], before: tuple[str, ...]) -> None:
        """Change a list of tables; an entry keeps its place and its comments as long as its first field stays."""
        places = {_identity(entry): position for position, entry in enumerate(was)}
        kept = {_identity(entry) for entry in wanted} & set(places)
        for position, entry in enumerate(was):
            if _identity(entry) not in kept:
                self._remove(self._outline.within((*path, position)))
        at = self._after(before)
        for entry in wanted:
            place = places.get(_identity(entry))
            if place is None:
                self._insert(at, list(_table_lines(str(path[-1]), [entry])))
            else:
                at = self._outline.within((*path, place))[-1].end
                self.edit_table((*path, place), was[place], entry)

    def _add(self, path: KeyPath, wanted: Any, before: tuple[str, ...]) -> None:
        name = str(path[-1])
        if len(path) == 1 and ((_is_table(wanted) and name not in _INLINE) or _is_tables(wanted)):
            self._insert(self._past_comment(self._after(before)), list(_table_lines(name, wanted)))
            return
        anchor = self._anchor(path[:-1], before)
        if anchor is None:
            self._insert(0, [_line(name, wanted)])
            return
        names = path[len(anchor.path if anchor.header else anchor.table) :]
        key = ".".join(_key(str(part)) for part in names)
        self._insert(anchor.end, [f"{key} = {_value(wanted)}"])

    def _anchor(self, table: KeyPath, before: tuple[str, ...]) -> Statement | None:
        """The statement of ``table`` after which a key that comes after the keys ``before`` is added."""
        for name in reversed(before):
            found = [one for one in self._outline.within((*table, name)) if table or not one.table]
            if found and not found[-1].header:
                return found[-1]
        if not table:
            return None
        return self._outline.header(table) or next(iter(self._outline.within(table)), None)

    def _after(self, before: tuple[str, ...]) -> int:
        """Where a table may begin that comes after the tables and keys ``before``, and after every key of the top."""
        ends = [
            one.end for one in self._outline.statements if one.path[0] in before or (not one.table and not one.header)
        ]
        return max(ends, default=0)

    def _past_comment(self, at: int) -> int:
        """After the comment lines that follow ``at`` at once, if a blank line or the end parts them from what comes."""
        comments = re.compile(r"(?:[ \t]*#[^\n]*(?:\n|\Z))*(?=[ \t\r]*(?:\n|\Z))").match(self._text, at)
        return comments.end() if comments else at

    def _insert(self, at: int, lines: list[str]) -> None:
        put = "".join(f"{line}\n" for line in lines)
        if at and not self._text[:at].endswith("\n"):
            put = f"\n{put}"
        if lines[0] == "" and at < len(self._text) and not re.match(r"[ \t]*\r?\n", self._text[at:]):
            put += "\n"
        self._changes.append((at, at, put))


def _connected(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """``statements`` in blocks: a header with all its keys, or one key alone."""
    block: list[Statement] = []
    for statement in statements:
        if block and (statement.header or not block[0].header):
            yield block
            block = []
        block.append(statement)
    if block:
        yield block


def _identity(entry: Struct) -> Any:
    return getattr(entry, entry.__struct_fields__[0])


def _edited_list(snippet: str, was: list[Any], wanted: list[Any]) -> str:
    """The list in ``snippet`` with ``wanted`` in it, in the same style, with the comments of entries that stay."""
    if "\n" not in snippet:
        return _value(wanted)
    if "#" not in snippet:
        indent = re.search(r"\n([ \t]*)\S", snippet)
        return _in_lines([_value(entry) for entry in wanted], indent.group(1) if indent else "    ")
    array = tomlkit.parse(f"list = {snippet}")["list"]
    if not isinstance(array, Array):
        return _value(wanted)
    steps = difflib.SequenceMatcher(None, [_value(one) for one in was], [_value(one) for one in wanted]).get_opcodes()
    for step, first, last, new_first, new_last in reversed(steps):
        if step == "equal":
            continue
        for position in reversed(range(first, last)):
            del array[position]
        for position, entry in enumerate(wanted[new_first:new_last]):
            array.insert(first + position, tomlkit.value(_value(entry)))
    return array.as_string()


def _in_order(text: str, name: str, wanted: Any) -> str:
    """``text`` with the entries of the list of tables ``name`` in the order of ``wanted``; comments stay in place."""
    if not _is_tables(wanted):
        return text
    places = outline(text)
    blocks = [places.within((name, position)) for position in range(len(wanted))]
    if not all(block and block[0].header for block in blocks):
        return text
    key = structs.fields(wanted[0])[0].encode_name
    spans = [(block[0].start, block[-1].end) for block in blocks]
    found = [tomlkit.parse(text[start:end]).unwrap()[name][0][key] for start, end in spans]
    order = [found.index(_identity(entry)) for entry in wanted]
    if order == sorted(order):
        return text
    bodies = [text[start:end].rstrip("\r\n") for start, end in spans]
    for (start, end), source in reversed(list(zip(spans, order, strict=True))):
        body = text[start:end]
        text = text[:start] + bodies[source] + body[len(body.rstrip("\r\n")) :] + text[end:]
    return text
