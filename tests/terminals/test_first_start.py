"""The first start: no environment yet, and somebody at the keyboard."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect

from cctui.definitions.environment import Environment
from cctui.definitions.model import SourceKind


def start(folder: Path, home: Path) -> pexpect.spawn[str]:
    return pexpect.spawn(
        sys.executable,
        ["-m", "cctui", "--environment", str(folder)],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color", "TZ": "UTC"},
        encoding="utf-8",
        timeout=60,
        dimensions=(24, 80),
    )


def test_it_asks_for_what_it_needs_and_opens_with_the_first_steps(tmp_path: Path, own_home: Path) -> None:
    folder = tmp_path / "coffee"
    terminal = start(folder, own_home)
    for question, answer in (
        ("Make one there?", "y"),
        ("Name", "Contoso Coffee"),
        ("Time zone", "Europe/Oslo"),
        ("Your choice", ""),
        ("Folder", "/srv/exports"),
    ):
        terminal.expect_exact(question)
        terminal.sendline(answer)
    terminal.expect_exact("First steps")
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    definition = Environment(folder).read().definition
    assert definition.environment.name == "Contoso Coffee"
    assert definition.environment.time_zone == "Europe/Oslo"
    assert definition.profiles is not None
    assert (definition.profiles.kind, definition.profiles.path) == (SourceKind.FOLDER, "/srv/exports")


def test_whoever_wants_none_gets_none(tmp_path: Path, own_home: Path) -> None:
    terminal = start(tmp_path / "coffee", own_home)
    terminal.expect_exact("Make one there?")
    terminal.sendline("")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert not (tmp_path / "coffee").exists()
