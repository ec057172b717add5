"""Lines and places of everything in a TOML text, held against what the TOML library reads."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from cctui.definitions.outline import KeyPath, outline

ODD = '''\
# a comment = "with" [brackets]
plain = 1 # = 2
"quoted key" . 'literal'.bare = """
three
lines \\""" " "" """ # done
raw = \'\'\'it's ''[x] = 1\'\'\'\'
list = [ # [[no]]
    "a]", 'b#', # c
    [1, [2]], {x = [3], "y".z = 4},
] # end
when = 1979-05-27 07:32:00
inline = { a.b = "}", c = [ {d = 1} ] }

  [ table . "sub" ]
  k=true

[[entries]]
n = 1
[entries.more]
m = 1
[[entries.deep]]
x = 1
[[entries.deep]]
x = 2

[[entries]] # second
n = 2
last = 'no newline at the end\''''


def paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """Every way into what the library has read."""
    found = {path} if path else set()
    if isinstance(value, dict):
        for key, part in value.items():
            found |= paths(part, (*path, key))
    if isinstance(value, list):
        for position, part in enumerate(value):
            found |= paths(part, (*path, position))
    return found


def at(raw: Any, path: KeyPath) -> Any:
    for part in path:
        raw = raw[part]
    return raw


@pytest.mark.parametrize("text", [ODD, ODD.replace("\n", "\r\n")], ids=["unix", "windows"])
def test_every_key_of_an_odd_text_has_its_line_and_its_value(text: str) -> None:
    raw = tomllib.loads(text)
    found = outline(text)
    assert set(found.lines) == paths(raw)
    for statement in found.statements:
        if not statement.header:
            snippet = text[statement.value_start : statement.value_end]
            assert tomllib.loads(f"x = {snippet}")["x"] == at(raw, statement.path)
    assert found.lines["quoted key", "literal", "bare"] == 3
    assert found.lines["list", 2, 1, 0] == 9
    assert found.lines["inline", "c", 0, "d"] == 12
    assert found.lines["entries", 0, "deep", 1, "x"] == 24
    assert found.lines["entries", 1] == 26
    assert found.line(("entries", 1, "missing")) == 26
    assert found.line(("nowhere",)) is None


def test_statements_cover_the_text_but_comments_and_blank_lines() -> None:
    rest = ODD
    for statement in reversed(outline(ODD).statements):
        rest = rest[: statement.start] + rest[statement.end :]
    assert [line for line in rest.splitlines() if line.strip()] == ['# a comment = "with" [brackets]']


SCALARS = st.one_of(
    st.text(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.datetimes(), st.floats(allow_nan=False)
)
VALUES = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(), part, max_size=4), max_leaves=12
)


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_whatever_the_library_writes_has_its_places_found(raw: dict[str, Any]) -> None:
    text = tomlkit.dumps(raw)
    read = tomllib.loads(text)
    found = outline(text)
    assert paths(read) - set(found.lines) == set()
    for statement in found.statements:
        if not statement.header:
            snippet = text[statement.value_start : statement.value_end]
            assert tomllib.loads(f"x = {snippet}")["x"] == at(read, statement.path)
