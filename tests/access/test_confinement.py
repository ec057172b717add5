"""A key that opens cctui and nothing else: what it asks for beside that is taken apart by us and by no shell."""

from __future__ import annotations

import pytest

from cctui.access.confinement import ASKED, Reach, require_reach, why_out_of_reach, words_asked_for
from cctui.access.roles import Operator, Role
from cctui.errors import NotPermitted, UsageError


@pytest.mark.parametrize("reach", list(Reach))
def test_even_an_administrator_reaches_nothing_outside(reach: Reach) -> None:
    confined = Operator("ops1", Role.ADMINISTRATOR, confined=True)
    with pytest.raises(NotPermitted, match="session"):
        require_reach(confined, reach)
    require_reach(Operator("ops1", Role.VIEWER), reach)
    assert why_out_of_reach(confined, reach)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("", []),
        ("   ", []),
        ("cctui", []),
        ("runs list", ["runs", "list"]),
        ("cctui runs list --json", ["runs", "list", "--json"]),
        ("exports show 'new letter'", ["exports", "show", "new letter"]),
        ("runs list; cat secrets/marketing.json", ["runs", "list;", "cat", "secrets/marketing.json"]),
        ("runs list $(id) `id` > x", ["runs", "list", "$(id)", "`id`", ">", "x"]),
    ],
)
def test_words_are_words_and_never_more(asked: str, words: list[str]) -> None:
    assert words_asked_for({ASKED: asked}) == words


def test_without_a_wish_there_are_no_words() -> None:
    assert words_asked_for({}) == []


@pytest.mark.parametrize(
    "asked",
    [
        "--operator ops1 runs list",
        "cctui --operator ops1",
        "--environment /srv/other",
        "-h",
        "/bin/sh",
        "./run",
        "'unfinished",
        "\x1b[2J",
    ],
)
def test_options_paths_and_what_cannot_be_taken_apart_are_refused(asked: str) -> None:
    with pytest.raises(UsageError, match="This key cannot run") as refused:
        words_asked_for({ASKED: asked})
    assert "\x1b" not in str(refused.value)
