"""The terminal's title says what goes on where the operator wants that, and is as before when they leave."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal, plain_environment

from cctui.access.operators import current_operator
from cctui.definitions import preferences
from cctui.definitions.environment import Environment
from cctui.definitions.preferences import Preferences

TITLE = re.compile(rb"\x1b\]2;([^\x07]*)\x07")
PUT_ASIDE, TAKEN_BACK = b"\x1b[22;0t", b"\x1b[23;0t"


def on_terminal(bare: Environment, home: Path, **more: str) -> PseudoTerminal:
    return PseudoTerminal(["-m", "cctui", "--environment", str(bare.root)], plain_environment(home, **more))


@pytest.fixture
def wanted(bare: Environment) -> Environment:
    """An environment whose operator wants to see the title."""
    operator = current_operator(bare.read().definition.users, bare.root)
    preferences.write(bare, operator.name, Preferences(title=True))
    return bare


@pytest.mark.parametrize("leave", ["q", signal.SIGTERM])
def test_the_title_is_put_aside_and_given_back(wanted: Environment, own_home: Path, leave: str | int) -> None:
    with on_terminal(wanted, own_home) as terminal:
        terminal.until("Contoso Coffee")
        if isinstance(leave, str):
            terminal.press(leave)
        else:
            terminal.send(leave)
        terminal.ended()
    titles = TITLE.findall(terminal.bytes)
    assert titles[0].decode() == "Contoso Coffee – cctui"
    assert titles[-1] == b""
    assert terminal.bytes.count(PUT_ASIDE) == terminal.bytes.count(TAKEN_BACK) == 1
    assert terminal.bytes.index(PUT_ASIDE) < terminal.bytes.index(b"\x1b]2;")
    assert terminal.bytes.rindex(b"\x1b]2;") < terminal.bytes.index(TAKEN_BACK)


def test_nobody_who_did_not_ask_gets_a_title(bare: Environment, own_home: Path) -> None:
    with on_terminal(bare, own_home) as terminal:
        terminal.until("Contoso Coffee")
        terminal.press("q")
        assert terminal.ended() == 0
    assert TITLE.findall(terminal.bytes) == []
    assert PUT_ASIDE not in terminal.bytes


def test_a_console_without_titles_is_told_none(wanted: Environment, own_home: Path) -> None:
    with on_terminal(wanted, own_home, TERM="linux") as terminal:
        terminal.until("Contoso Coffee")
        terminal.press("q")
        assert terminal.ended() == 0
    assert TITLE.findall(terminal.bytes) == []
    assert PUT_ASIDE not in terminal.bytes
