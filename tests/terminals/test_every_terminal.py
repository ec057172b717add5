"""The main job with keys alone on every kind of terminal in tmux and in GNU screen (``make terminals``)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from multiplexed import Tmux, cctui, colours_in

from cctui.cli.demo import LISTS, prepare
from cctui.definitions.environment import Environment
from cctui.sandbox import running
from cctui.sandbox.lists import list_id_for
from cctui.sandbox.running import RunningSandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux"),
]

ASCII = {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
TERMINALS: dict[str, tuple[dict[str, str], set[str]]] = {
    "vt100": ({"TERM": "vt100"}, {"16"}),
    "linux": ({"TERM": "linux"}, {"16"}),
    "screen": ({"TERM": "screen"}, {"16"}),
    "xterm": ({"TERM": "xterm"}, {"16"}),
    "tmux-256color": ({"TERM": "tmux-256color"}, {"256"}),
    "xterm-256color": ({"TERM": "xterm-256color"}, {"256"}),
    "millions of colours": ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, {"256", "millions"}),
    "no colour": ({"TERM": "xterm-256color", "NO_COLOR": "1"}, set()),
    "monochrome": ({"TERM": "vt100", "NO_COLOR": "1"}, set()),
    "ascii": ({"TERM": "xterm-256color", **ASCII}, {"256"}),
    "ascii vt100 without colour": ({"TERM": "vt100", "NO_COLOR": "1", **ASCII}, set()),
    "high contrast": ({"TERM": "xterm-256color", "CCTUI_THEME": "high-contrast"}, {"256"}),
    "light": ({"TERM": "xterm-256color", "CCTUI_THEME": "cctui-light"}, {"256"}),
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    settings = {
        "lists": list(LISTS),
        "device_interval": 0,
        "token_rate": 0,
        "initialized_seconds": 0,
        "processing_seconds": 0,
    }
    with running.start(tmp_path_factory.mktemp("service"), settings=settings) as service:
        yield service


@pytest.fixture
def sample(tmp_path: Path, sandbox: RunningSandbox) -> Environment:
    """The sample environment, signed in."""
    return prepare(tmp_path / "sample", 300, sandbox)


def variables(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", **more}


def main_job(window: Tmux) -> None:
    """Add an export, try it, run it, look at what was rejected, leave."""
    window.until("Add export")
    window.press("a")
    window.until("Set up Constant Contact export")
    window.until("All customers")
    window.settled()
    window.type("Winter")
    window.until("Winter")
    window.settled()
    window.press("Tab")
    window.settled()
    window.type(list_id_for("Newsletter"))
    # The field shows the end of what was typed where the whole has no room.
    window.until(list_id_for("Newsletter")[1:8])
    window.settled()
    for _time in range(8):
        if re.search(r"[▌>] *\[ \] All ", window.text):
            break
        window.press("Tab")
        window.settled()
    window.press("Down", "Space")
    window.until(lambda text: re.search(r"\[x\] All customers", text))
    window.press("F8")
    window.until("Save the export first?")
    window.press("Left", "Enter")
    window.until("280 to send")
    window.until("Successful")
    # By the menu: a multiplexer may keep Esc for itself.
    window.settled()
    window.press("g")
    window.settled()
    window.press("e")
    window.until("Add export")
    window.settled()
    window.press("/")
    window.settled()
    window.type("Winter")
    window.until("1 of 6")
    window.press("Enter")
    window.settled()
    window.press("r")
    window.until("280 accepted")
    window.until("Completed with errors")
    window.press("e")
    window.until("No @ sign")
    window.settled()
    window.press("q")
    window.until("left with 0")


@pytest.mark.parametrize("name", TERMINALS)
def test_the_main_job(name: str, sample: Environment, own_home: Path, tmp_path: Path) -> None:
    more, colours = TERMINALS[name]
    words = cctui(sample.root, "exports/")
    with Tmux(tmp_path / "tmux", words, variables(own_home, **more), size=(100, 30)) as window:
        window.until("Add export")
        assert colours_in(window.drawn) <= colours | ({"16"} if "256" in colours else set())
        assert colours <= {"256", "millions"} or colours_in(window.drawn) == colours
        if "LC_ALL" in more:
            assert window.text.isascii()
            assert "\\u" not in window.text
        main_job(window)
        if "LC_ALL" in more:
            assert window.text.isascii()


@pytest.mark.skipif(shutil.which("screen") is None, reason="there is no GNU screen")
def test_the_main_job_in_gnu_screen(sample: Environment, own_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "screens"
    folder.mkdir(mode=0o700)
    start = [
        "screen",
        "-c",
        "/dev/null",
        "-U",
        "sh",
        "-c",
        f"{' '.join(cctui(sample.root, 'exports/'))}; echo left with $?; read w",
    ]
    more = variables(own_home, TERM="xterm-256color", SCREENDIR=str(folder))
    with Tmux(tmp_path / "tmux", start, more, size=(100, 30)) as window:
        window.until("Add export")
        main_job(window)


def test_the_screen_before_is_the_screen_after(sample: Environment, own_home: Path, tmp_path: Path) -> None:
    script = f"echo one; echo two; {' '.join(cctui(sample.root, 'exports/'))}; echo three"
    start = ["sh", "-c", script]
    with Tmux(tmp_path / "tmux", start, variables(own_home, TERM="tmux-256color"), size=(80, 24)) as window:
        window.until("Add export")
        window.press("q")
        lines = window.until("left with 0").split("\n")
        assert [line for line in lines if line] == ["one", "two", "three", "left with 0"]
