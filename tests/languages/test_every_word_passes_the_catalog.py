"""Every word that people see passes the catalog: in a made-up language no run of plain letters is left but data."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from disguise import Disguise, undisguised
from run_stories import Story
from scenes import EMPTY, SCENES, Scene, walk
from world import LISTS, NAMES, face

from cctui import cli, locales
from cctui.cli.language import PARSER_PLURALS, PARSER_WORDS
from cctui.definitions.environment import Environment
from cctui.tui.system_lines import LANGUAGE_NAMES

_DATA = (
    # Names of products, libraries, and languages in their own words.
    "Constant Contact", "cctui", "Python", "linux", "English", *LANGUAGE_NAMES.values(), *LISTS,
    "textual", "rich", "httpx", "authlib", "duckdb", "pyarrow", "msgspec", "tomlkit", "babel", "cronsim",
    # What the company called things.
    *NAMES.values(), "Family 👨👩👧👦 and ❤", "Contoso Coffee", "Newsletter, high value", "Reactivation", "marketing",
    "High value customers", "HighValueSegment", "Combining", "Emoji", "RightToLeft", "Wide", "Broken", "Sandbox",
    "CustomerId", "EMail", "FirstName", "LastName", "LifetimeSpend", "DoNotEMail", "Locale", "NoSuchField", "loyalty",
    "ops1", "anna", "vera", "mkt", "group:mkt", "string", "number", "Mette", "Hansen", "tier", "winback", "old",
    "spring", "reactivation", "newsletter", "UTC", "yes", "no", "en",
    # What a worker or the service said at the time.
    "The list is not in this account any more", "Choose another list in the export",
    "The e-mail address", "is not valid",
    "ola@example.com", "POST import", "EL", "anniversary", "activate", "Newsletter, high", "exports",
    "a07e1n5andb0x", "a07e1n5", "files", "operator", "admin",
    # Keys as they are printed on keyboards.
    "Esc", "Del", "Tab", "PgUp", "PgDn", "Home", "End",
)  # fmt: skip
_WORDS = "|".join(re.escape(text) for text in sorted(_DATA, key=len, reverse=True))
_CUT = "|".join(re.escape(text[:end]) + "…" for text in _DATA for end in range(len(text) - 1, 1, -1))
_DATUM = re.compile(
    r"https?://\S+|/[\w./-]*[\w…]|[\w…]*@[\w.,]+|\b[\w-]+\.(?:toml|csv|py|json|log)\b|\b[0-9a-f]{6,}\b|\b[0-9a-f]+-[0-9a-f-]+\b"
    r"|\b[a-z]+_[a-z]+\b|\b0therrun\b|\breq-\d+|\b[PR]\d{6}\b|\^\w|\bF\d+\b"
    rf"|(?<!\w)(?:{_CUT})|(?<!\w)(?:{_WORDS})(?!\w)"
)


@pytest.fixture
def disguise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is said in disguise; dates and times as Greeks write them, whose letters are no plain ones either."""
    monkeypatch.setattr(locales._Current, "language", "el")
    monkeypatch.setattr(locales._Current, "translations", Disguise())
    monkeypatch.setattr(locales, "use", lambda _language: None)


async def test_every_screen(told: Story, bare: Environment, at_once: None, disguise: None) -> None:
    escaped: list[str] = []

    def see(scene: Scene, lines: list[str]) -> None:
        for line in lines:
            words = undisguised(line, _DATUM)
            if words:
                escaped.append(f"{scene.name}: {' '.join(words)}   in: {line.strip()}")

    await walk(face(told.environment, told.clock.now()), SCENES, (80, 24), see)
    await walk(face(bare, told.clock.now()), EMPTY, (80, 24), see)
    assert not escaped, "\n".join(escaped)


# The command line


def _paths(command: click.Command, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield names
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _paths(below, (*names, name))


_WRONG = [
    ["runz"],
    ["exports", "liszt"],
    ["exports", "list", "--colour"],
    ["exports", "list", "2019"],
    ["runs", "show"],
    ["runs", "list", "--limit", "0"],
    ["runs", "list", "--limit", "77x"],
    ["users", "add", "1", "--role", "2"],
    ["users", "add", "1"],
    ["--json=1", "exports"],
    ["sandbox", "--data", __file__],
    ["connections", "remove", "1"],
    ["--language", "xx", "exports", "list"],
]
_IDENTIFIERS = (
    *("administrator", "contributor", "viewer", "systemd-user", "systemd", "cron", "container", "root"),
    *locales.LANGUAGES,
    "xx",
    # What click calls its types and DuckDB an error, each in its own words.
    "integer range",
    *("Referenced column", "not found in", "clause"),
)
_OPTION = re.compile(r"--[a-z-]+")
_SHELL = re.compile(r"systemctl|loginctl|pip install|FROM ")
_CALLS = [
    ["exports", "list"],
    ["exports", "show", "reactivation"],
    ["exports", "schedule", "tier"],
    ["exports", "remove", "old"],
    ["connections", "list"],
    ["segments", "list"],
    ["segments", "show", "HighValueSegment"],
    ["runs", "list"],
    ["runs", "show", "5d1e9c40"],
    ["runs", "show", "7f3a2b6c"],
    ["runs", "show", "0000"],
    ["users", "list"],
    ["service"],
    ["refresh", "--detach", "--json"],
    ["doctor", "--offline"],
]


def test_every_command(told: Story) -> None:
    helps = [[*names, "--help"] for names in _paths(cli.root)]
    calls = [*helps, *_WRONG, *(["--environment", str(told.environment.root), *words] for words in _CALLS)]
    folder = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, str(folder / "disguised_commands.py")],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(folder.parents[1])]), "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    known = {word for words in _paths(cli.root) for word in words} | set(_choices(cli.root)) | set(_IDENTIFIERS)
    names = "|".join(sorted(known, key=len)[::-1])
    syntax = re.compile(rf"\b[A-Z][A-Z:_ ]*[A-Z]\b|(?<![\w-])(?:{names})(?![\w-])|'[\w]+'")
    escaped = []
    for call, told_there in json.loads(done.stdout).items():
        lines = told_there.splitlines()
        if "service" in call.split() and "--help" not in call:
            lines = [line for line in lines if line.startswith("# ") and not _SHELL.search(line)]
        for line in lines:
            words = undisguised(syntax.sub(" ", _DATUM.sub(" ", _OPTION.sub(" ", line))), _DATUM)
            if words:
                escaped.append(f"{call}: {' '.join(words)}   in: {line.strip()}")
    assert not escaped, "\n".join(escaped)


def _choices(command: click.Command) -> Iterator[str]:
    """What the options and arguments of all commands take word by word."""
    for parameter in command.params:
        if isinstance(parameter.type, click.Choice):
            yield from parameter.type.choices
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _choices(found)


def test_what_the_parser_says_is_what_click_says() -> None:
    literals = {
        node.value
        for path in Path(click.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Constant)
    }
    for message in (*PARSER_WORDS, *(one for pair in PARSER_PLURALS for one in pair)):
        assert message in literals
