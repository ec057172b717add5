"""The application in tmux, as a person sees it there: keys go in, lines come out."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from cctui.host.clock import SystemClock


class Tmux:
    """A server of its own with one window, in which a command runs; the shell stays when the command has ended."""

    def __init__(
        self, socket: Path, words: list[str], environment: Mapping[str, str], *, size: tuple[int, int]
    ) -> None:
        self._base = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        self._clock = SystemClock()
        settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
        command = f"env -i {settings} {shlex.join(words)}; echo left with $?; read wait"
        columns, lines = size
        self._call("new-session", "-d", "-x", str(columns), "-y", str(lines), "sh", "-c", command)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._call("kill-server")

    def _call(self, *words: str) -> str:
        done = subprocess.run([*self._base, *words], capture_output=True, check=True)
        return done.stdout.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        """What is on the screen."""
        return self._call("capture-pane", "-p")

    @property
    def drawn(self) -> str:
        """What is on the screen, with the sequences for colours and styles."""
        return self._call("capture-pane", "-p", "-e")

    def press(self, *keys: str) -> None:
        """Keys by the names of tmux."""
        for key in keys:
            self._call("send-keys", key)

    def type(self, text: str) -> None:
        """Characters as they are."""
        self._call("send-keys", "-l", text)

    def settled(self) -> str:
        """Look until the screen stays the same; returns it."""
        before = ""
        while (text := self.text) != before:
            before = text
            self._clock.wait(0.3)
        return text

    def until(self, seen: str | Callable[[str], object], seconds: float = 25) -> str:
        """Look until ``seen`` is on the screen; returns the screen."""
        end = self._clock.monotonic() + seconds
        while True:
            text = self.text
            if seen in text if isinstance(seen, str) else seen(text):
                return text
            if self._clock.monotonic() > end:
                raise AssertionError(f"{seen!r} was not seen:\n{text}")
            self._clock.wait(0.05)


def cctui(folder: Path, *words: str) -> list[str]:
    """The words that start the application."""
    return [sys.executable, "-m", "cctui", "--environment", str(folder), *words]


def colours_in(drawn: str) -> set[str]:
    """What kinds of colours were used: ``16``, ``256``, ``millions``."""
    kinds = set()
    # 39 and 49 ask for the terminal's own colours.
    sixteen = {*range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)}
    for found in re.findall(r"\x1b\[([\d;:]*)m", drawn):
        codes = re.split("[;:]", found)
        if "38;2" in found or "48;2" in found or "38:2" in found:
            kinds.add("millions")
        elif "38;5" in found or "48;5" in found:
            kinds.add("256")
        elif any(code.isdigit() and int(code) in sixteen for code in codes):
            kinds.add("16")
    return kinds
