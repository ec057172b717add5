"""A program on a pseudo-terminal: what it writes byte by byte, what a person would see, what it leaves on."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pexpect
import pyte

_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_KEYBOARD = re.compile(rb"\x1b\[([<>])\d*u")
_TITLE = re.compile(rb"\x1b\][012];")
_POINTER = re.compile(rb"\x1b\]22;(\w+)")
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][\d;]*[a-zA-Z]|\x1b\[\?[\d;]*\$p")

ON_BY_DEFAULT = {7, 25}
"""Modes that a terminal has on: long lines wrap, the cursor is shown."""


def plain_environment(home: Path, **more: str) -> dict[str, str]:
    """The variables of a login on another machine: nothing of the developer's terminal."""
    kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
    return {**kept, "HOME": str(home), "TZ": "UTC", "LANG": "C.UTF-8", "TERM": "xterm-256color", **more}


class PseudoTerminal:
    """``python arguments``, or another ``program``, on a terminal of its own; killed when the test ends."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        size: tuple[int, int] = (80, 24),
        answers: Mapping[bytes, bytes] | None = None,
        program: str = sys.executable,
    ) -> None:
        self.written = io.BytesIO()
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self._answers = dict(answers or {})
        self._gone = False
        columns, lines = size
        self.child = pexpect.spawn(
            program, [*arguments], env=dict(environment), dimensions=(lines, columns), timeout=60, echo=True
        )
        self.child.delaybeforesend = None
        self.child.ptyproc.delayafterterminate = 0.1

    def __enter__(self) -> Self:
        self.attributes = self.child_attributes()
        return self

    def __exit__(self, *_error: object) -> None:
        if not self._gone:
            self.child.close(force=True)

    # What a person does

    def press(self, *keys: str) -> None:
        """Type ``keys``, each as its bytes."""
        for key in keys:
            self.child.send(key.encode())

    def send(self, number: int) -> None:
        """A signal from outside."""
        self.child.kill(number)

    def resize(self, columns: int, lines: int) -> None:
        """Another size of the window."""
        self.screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    # What a person sees

    @property
    def text(self) -> str:
        """The screen as text."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, seen: str | Callable[[str], bool], seconds: float = 15) -> str:
        """Read until ``seen`` is on the screen; returns the screen. Fails with the screen when it does not come."""
        wanted = seen if callable(seen) else lambda text: seen in text
        while not wanted(self.text):
            try:
                self._take(self.child.read_nonblocking(65536, timeout=seconds))
            except pexpect.EOF:
                if wanted(self.text):
                    break
                raise AssertionError(f"the program has ended before {seen!r} was seen:\n{self.text}") from None
            except pexpect.TIMEOUT:
                raise AssertionError(f"{seen!r} was not seen:\n{self.text}") from None
        return self.text

    def ended(self, seconds: float = 20) -> int:
        """Read to the end of the program; returns its exit code, 128 and more for a signal as a shell says it."""
        # As a shell does, before it looks at the terminal: wait for the end.
        while True:
            try:
                self._take(self.child.read_nonblocking(65536, timeout=seconds))
            except pexpect.EOF:
                break
            except pexpect.TIMEOUT:
                raise AssertionError(f"the program does not end:\n{self.text}") from None
        self.child.wait()
        signal = self.child.signalstatus
        return int(self.child.exitstatus) if signal is None else 128 + int(signal)

    def drained(self, seconds: float = 2) -> None:
        """Read until nothing comes for so long."""
        with contextlib.suppress(pexpect.TIMEOUT):
            while True:
                self._take(self.child.read_nonblocking(65536, timeout=seconds))

    def hung_up(self) -> int:
        """Take the terminal away; returns the exit code of the program."""
        self._gone = True
        self.child.ptyproc.fileobj.close()
        _pid, status = os.waitpid(self.child.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _take(self, data: bytes) -> None:
        self.written.write(data)
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))
        for question, answer in self._answers.items():
            if question in data:
                self.child.send(answer)

    # What it leaves

    def child_attributes(self) -> list[Any]:
        """The line settings of the terminal."""
        return termios.tcgetattr(self.child.child_fd)

    @property
    def bytes(self) -> bytes:
        """Everything that was written."""
        return self.written.getvalue()

    def switched(self) -> set[str]:
        """Every mode that was ever switched."""
        return {mode for found in _MODE.finditer(self.bytes) for mode in found[1].decode().split(";")}

    def left_on(self) -> set[str]:
        """What is not as a terminal has it: modes by number, ``keyboard``, ``title``, ``pointer``."""
        modes: dict[int, bool] = {}
        for found in _MODE.finditer(self.bytes):
            for mode in found[1].split(b";"):
                modes[int(mode)] = found[2] == b"h"
        wrong = {str(mode) for mode, on in modes.items() if on != (mode in ON_BY_DEFAULT)}
        depth = 0
        for found in _KEYBOARD.finditer(self.bytes):
            depth += 1 if found[1] == b">" else -1
        if depth:
            wrong.add("keyboard")
        if _TITLE.search(self.bytes):
            wrong.add("title")
        if (shapes := _POINTER.findall(self.bytes)) and shapes[-1] != b"default":
            wrong.add("pointer")
        return wrong
