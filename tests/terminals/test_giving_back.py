"""However the application ends, the terminal is as it was, byte by byte."""

from __future__ import annotations

import signal
import stat
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal, plain_environment

from cctui.definitions.environment import Environment

FAULTS = str(Path(__file__).with_name("application_with_faults.py"))
MODERN = {b"\x1b[?2048$p": b"\x1b[?2048;2$y", b"\x1b[?2026$p": b"\x1b[?2026;2$y"}
"""What a terminal answers that knows sizes in the line of keys and drawing at one go."""

USUAL = {"25", "1004", "1049"}
F2 = "\x1bOQ"


def on_terminal(bare: Environment, home: Path, *words: str, fault: str = "", **more: str) -> PseudoTerminal:
    start = [FAULTS, fault] if fault else ["-m", "cctui"]
    return PseudoTerminal(
        [*start, "--environment", str(bare.root), *words], plain_environment(home, **more), answers=MODERN
    )


def is_as_before(terminal: PseudoTerminal) -> bool:
    assert terminal.switched() >= USUAL
    assert terminal.left_on() == set()
    return bool(terminal.child_attributes() == terminal.attributes)


def test_after_leaving(bare: Environment, own_home: Path) -> None:
    with on_terminal(bare, own_home) as terminal:
        terminal.until("Contoso Coffee")
        assert terminal.child_attributes() != terminal.attributes
        terminal.press("q")
        assert terminal.ended() == 0
        assert is_as_before(terminal)
        assert {"2004", "1000", "1003", "1006", "1015", "1016", "2048"} <= terminal.switched()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_after_a_signal(bare: Environment, own_home: Path, number: int, code: int) -> None:
    with on_terminal(bare, own_home) as terminal:
        terminal.until("Contoso Coffee")
        terminal.send(number)
        assert terminal.ended() == code
        assert is_as_before(terminal)


def test_after_a_fault_of_our_own(bare: Environment, own_home: Path) -> None:
    with on_terminal(bare, own_home, fault="handler") as terminal:
        terminal.until("Contoso Coffee")
        terminal.press(F2)
        assert terminal.ended() == 1
        assert is_as_before(terminal)
        said = terminal.bytes.rpartition(b"\x1b[?1004l")[2].decode()
    (report,) = (bare.state_folder / "crashes").iterdir()
    assert "fault of its own: RuntimeError" in said
    assert str(report) in said
    assert "Traceback" not in said
    assert "contoso.example" not in said
    text = report.read_text()
    assert "in fail" in text
    assert "cannot place m…@contoso.example?[31m" in text
    assert "mette" not in text
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("fault", ["mount", "driver"])
def test_after_a_start_that_fails(bare: Environment, own_home: Path, fault: str) -> None:
    with on_terminal(bare, own_home, fault=fault) as terminal:
        assert terminal.ended() == 1
        assert is_as_before(terminal)
        assert b"Traceback" not in terminal.bytes
        assert b"The report lies in" in terminal.bytes


def test_a_start_that_cannot_be_touches_nothing(own_home: Path, tmp_path: Path) -> None:
    (tmp_path / "environment.toml").write_text("[environment")
    with PseudoTerminal(["-m", "cctui", "--environment", str(tmp_path)], plain_environment(own_home)) as terminal:
        assert terminal.ended() == 2
        assert b"environment.toml" in terminal.bytes
        assert b"\x1b" not in terminal.bytes
        assert terminal.child_attributes() == terminal.attributes


def test_a_command_that_fails_leaves_the_application_open(bare: Environment, own_home: Path) -> None:
    with on_terminal(bare, own_home, fault="command") as terminal:
        terminal.until("Contoso Coffee")
        terminal.press(F2)
        terminal.until("fault of its own")
        terminal.press("\r")
        terminal.until(lambda text: "fault of its own" not in text)
        terminal.press("q")
        assert terminal.ended() == 0
        assert is_as_before(terminal)
    assert len(list((bare.state_folder / "crashes").iterdir())) == 1


@pytest.mark.slow
def test_after_a_signal_that_the_application_cannot_hear(bare: Environment, own_home: Path) -> None:
    with on_terminal(bare, own_home, fault="stuck") as terminal:
        terminal.until("Contoso Coffee")
        terminal.press(F2)
        terminal.send(signal.SIGTERM)
        assert terminal.ended() == 143
        assert is_as_before(terminal)


@pytest.mark.slow
def test_while_it_is_stopped_and_after_it_goes_on(bare: Environment, own_home: Path) -> None:
    with on_terminal(bare, own_home) as terminal:
        terminal.until("Contoso Coffee")
        terminal.send(signal.SIGTSTP)
        terminal.drained()
        assert terminal.left_on() == set()
        assert terminal.child_attributes() == terminal.attributes
        terminal.send(signal.SIGCONT)
        terminal.until("Contoso Coffee")
        terminal.press("q")
        assert terminal.ended() == 0
        assert is_as_before(terminal)


@pytest.mark.slow
@pytest.mark.parametrize(
    "term", ["vt100", "linux", "screen", "tmux-256color", "xterm", "xterm-256color", "xterm-kitty"]
)
@pytest.mark.parametrize("fault", ["", "handler", "mount"])
@pytest.mark.parametrize("place", ["home/", "exports/", "connections/"])
def test_in_every_terminal(bare: Environment, own_home: Path, term: str, fault: str, place: str) -> None:
    with on_terminal(bare, own_home, place, fault=fault, TERM=term) as terminal:
        if fault != "mount":
            terminal.until("Contoso Coffee")
            terminal.press("?")
            terminal.until("╭")
            terminal.press("\x1b")
            terminal.until(lambda text: "╭" not in text)
            terminal.press(F2 if fault else "q")
        assert terminal.ended() == (1 if fault else 0)
        assert is_as_before(terminal)


@pytest.mark.parametrize("program", ["-m cctui", "-c import sys; from cctui.cli import main; sys.exit(main())"])
def test_when_the_terminal_vanishes(bare: Environment, own_home: Path, program: str) -> None:
    """The installed command, which ends as Python does, left with 120: the rest of the screen could not be written."""
    option, _space, what = program.partition(" ")
    words = [option, what, "--environment", str(bare.root)]
    with PseudoTerminal(words, plain_environment(own_home), answers=MODERN) as terminal:
        terminal.until("Contoso Coffee")
        assert terminal.hung_up() == 129
    assert not (bare.state_folder / "crashes").exists()


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_without_a_cursor_is_refused_with_the_way_that_works(
    bare: Environment, own_home: Path, term: str
) -> None:
    with on_terminal(bare, own_home, TERM=term) as terminal:
        assert terminal.ended() == 2
        assert b"cctui --plain" in terminal.bytes
        assert b"\x1b" not in terminal.bytes
