"""What a program costs on a terminal: a pseudo-terminal with a meter, that answers as modern terminals do.

Start, memory, work and bytes at rest, bytes and delay of a key, and how the program leaves. It knows nothing of the
program but what is on its screen when somebody could work with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

KEYS = {
    "down": b"\x1b[B",
    "up": b"\x1b[A",
    "pageup": b"\x1b[5~",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "enter": b"\r",
    "ctrl+q": b"\x11",
    "ctrl+c": b"\x03",
}
_COLUMNS, _ROWS = 80, 24
_PATIENCE = 60.0
_LEAVING_AT_MOST = 10.0
_SILENCE = 0.3
"""Seconds without a byte that end the answer to a key."""

_ESCAPES = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]")
_FRAME = b"\x1b[?2026h"
_MODES = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_QUESTIONS = (
    (re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"),
    (re.compile(rb"\x1b\[\?2048\$p"), b"\x1b[?2048;0$y"),
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\]11;\?"), b"\x1b]11;rgb:0000/0000/0000\x1b\\"),
)
_OF_THE_TERMINAL = ("COLORTERM", "TERM_PROGRAM", "LINES", "COLUMNS", "TMUX", "NO_COLOR")
_WELL = {0, 3}
"""Exit codes of a run that arrived: whole, or with rows that were rejected."""

_NORMALLY_ON = {"7", "25"}


class NeverReady(Exception):
    """The program did not show what was waited for."""


@dataclass
class Burst:
    """What a program wrote in answer to something; ``compressed`` is what ``ssh -C`` would send of it.

    ``frames`` are the screens that it announced (mode 2026), each of which a terminal shows at one go.
    """

    size: int = 0
    frames: int = 0
    compressed: int = 0
    first: float | None = None


@dataclass(frozen=True)
class Figures:
    """One program in one terminal: milliseconds, MB (10^6 bytes), percent of a core, bytes."""

    first_paint: float
    ready: float
    memory: float
    rest_cpu: float
    rest_bytes: float
    start_bytes: int
    start_compressed: int
    key_bytes: float
    key_delay: float
    leaving: float
    modes_left: list[str] = field(default_factory=list)


class Terminal:
    """A program on a pseudo-terminal of 80 by 24. Use as a context manager; the program is killed at its end."""

    def __init__(self, command: Sequence[str | Path], **environment: str) -> None:
        self._command = [str(word) for word in command]
        kept = {name: value for name, value in os.environ.items() if name not in _OF_THE_TERMINAL}
        self._environment = {**kept, "TERM": "xterm-256color", **environment}
        self._written = bytearray()
        self._asked = 0
        self._packer = zlib.compressobj(6)
        self.pid = 0
        self._descriptor = -1
        self.started = 0.0

    def __enter__(self) -> Self:
        self.started = time.perf_counter()
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            try:
                os.execvpe(self._command[0], self._command, self._environment)
            finally:
                os._exit(127)
        size = struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0)
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, size)
        return self

    def __exit__(self, *_exc: object) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._descriptor)

    def press(self, key: str) -> None:
        """Type a key by its name, or what it writes."""
        os.write(self._descriptor, KEYS.get(key, key.encode()))

    def wait_for(self, pattern: str) -> tuple[float, float]:
        """Milliseconds from the start to the first character, and to ``pattern``. Raises :class:`NeverReady`."""
        ready = re.compile(pattern)
        painted: float | None = None
        while True:
            now = (time.perf_counter() - self.started) * 1000
            text = self.text()
            if painted is None and text.strip():
                painted = now
            if ready.search(text):
                return painted or now, now
            if now > _PATIENCE * 1000 or not self._read(1.0, some=True):
                raise NeverReady(f"{self._command[0]} never showed {pattern!r}: {text[-200:]!r}")

    def watch(self, seconds: float, silence: float | None = None) -> Burst:
        """Count what is written for ``seconds``, or until nothing came for ``silence`` seconds."""
        burst = Burst()
        began = last = time.perf_counter()
        while (now := time.perf_counter()) - began < seconds and (silence is None or now - last < silence):
            data = self._read(0.01)
            if data:
                last = time.perf_counter()
                burst.size += len(data)
                burst.frames += data.count(_FRAME)
                burst.compressed += len(self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH))
                if burst.first is None:
                    burst.first = (last - began) * 1000
        return burst

    def delay_of(self, key: str) -> float:
        """Milliseconds from ``key`` to the first byte of its answer, a second at most."""
        began = time.perf_counter()
        self.press(key)
        while time.perf_counter() - began < 1.0 and not self._read(0.01):
            pass
        return (time.perf_counter() - began) * 1000

    def text(self) -> str:
        """All that was written, without control sequences."""
        return _ESCAPES.sub(b"", bytes(self._written)).decode("utf-8", "replace")

    def modes(self) -> set[str]:
        """Private modes that the program has switched on and not off."""
        on: set[str] = set()
        for match in _MODES.finditer(bytes(self._written)):
            for mode in match[1].decode().split(";"):
                (on.add if match[2] == b"h" else on.discard)(mode)
        return on

    def leave(self, key: str) -> float:
        """Milliseconds from the key that quits to the end of the process."""
        began = time.perf_counter()
        self.press(key)
        while time.perf_counter() - began < _LEAVING_AT_MOST:
            self._read(0.005)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
        return (time.perf_counter() - began) * 1000

    def _read(self, timeout: float, *, some: bool = False) -> bytes:
        """What is there within ``timeout``; with ``some`` an end of the program is told from silence by a space."""
        if not select.select([self._descriptor], [], [], timeout)[0]:
            return b" " if some else b""
        try:
            data = os.read(self._descriptor, 65_536)
        except OSError:
            return b""
        self._written += data
        for question, answer in _QUESTIONS:
            for match in question.finditer(self._written, max(0, self._asked - 32)):
                if match.end() > self._asked:
                    os.write(self._descriptor, answer)
        self._asked = len(self._written)
        return data


def figures(command: Sequence[str | Path], ready: str, quit_key: str, *, starts: int, **environment: str) -> Figures:
    """Measure ``command``: ``starts`` starts (the middle one counts, one more to warm up), then one look at rest."""
    paints, readies = [], []
    for number in range(starts + 1):
        with Terminal(command, **environment) as terminal:
            painted, useful = terminal.wait_for(ready)
        if number:
            paints.append(painted)
            readies.append(useful)
    with Terminal(command, **environment) as terminal:
        terminal.wait_for(ready)
        terminal.watch(1.5)
        written = bytes(terminal._written)
        before, began = cpu_seconds(terminal.pid), time.perf_counter()
        rest = terminal.watch(3.0)
        seconds = time.perf_counter() - began
        busy = (cpu_seconds(terminal.pid) - before) / seconds * 100
        answers = []
        for key in ("down", "down", "up", "down", "up"):
            terminal.press(key)
            answers.append(terminal.watch(2.0, silence=_SILENCE))
        memory = _memory(terminal.pid)
        leaving = terminal.leave(quit_key)
        left = sorted(terminal.modes() - _NORMALLY_ON, key=int)
    delays = sorted(answer.first for answer in answers if answer.first is not None)
    return Figures(
        first_paint=sorted(paints)[len(paints) // 2],
        ready=sorted(readies)[len(readies) // 2],
        memory=memory,
        rest_cpu=busy,
        rest_bytes=rest.size / seconds,
        start_bytes=len(written),
        start_compressed=len(zlib.compress(written, 6)),
        key_bytes=sorted(answer.size for answer in answers)[len(answers) // 2],
        key_delay=delays[len(delays) // 2] if delays else 0.0,
        leaving=leaving,
        modes_left=left,
    )


def key_delays(
    command: Sequence[str | Path], way: Sequence[tuple[str, str]], work: Sequence[str | Path]
) -> tuple[list[float], float]:
    """Milliseconds from each of many keys to its answer while ``work`` runs beside, and the percent of a core used.

    ``way`` are the screens to go through first: what is on each when it is ready, and the key to press then.
    """
    delays: list[float] = []
    with Terminal(command) as terminal:
        for shown, key in way:
            terminal.wait_for(shown)
            terminal.watch(2.0, silence=_SILENCE)
            terminal.delay_of(key)
            terminal.watch(2.0, silence=_SILENCE)
        beside = subprocess.Popen([str(word) for word in work], stdout=subprocess.DEVNULL)
        reaper = threading.Thread(target=beside.wait)
        reaper.start()
        before, began = cpu_seconds(terminal.pid), time.perf_counter()
        for number in range(10_000):
            if not reaper.is_alive():
                break
            terminal.watch(0.15)
            delays.append(terminal.delay_of("down" if number % 2 else "up"))
        busy = (cpu_seconds(terminal.pid) - before) / (time.perf_counter() - began) * 100
        if beside.returncode not in _WELL:
            raise NeverReady(f"{work[0]} left with {beside.returncode}")
    return delays, busy


def pane(
    command: Sequence[str | Path], open_it: tuple[str, str], shown: str, seconds: float
) -> tuple[float, list[float], float]:
    """Milliseconds from a key to the pane that it opens, to the answer of each key typed meanwhile, and MB at the end.

    ``open_it`` is what is on the screen before, and the key; ``shown`` is on the pane and was not there before.
    """
    delays: list[float] = []
    with Terminal(command) as terminal:
        terminal.wait_for(open_it[0])
        terminal.watch(2.0, silence=_SILENCE)
        seen = len(terminal.text())
        began = time.perf_counter()
        terminal.press(open_it[1])
        while shown not in terminal.text()[seen:]:
            if time.perf_counter() - began > _PATIENCE:
                raise NeverReady(f"{command[0]} never showed {shown!r}: {terminal.text()[-200:]!r}")
            terminal._read(0.01)
        opened = (time.perf_counter() - began) * 1000
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            delays.append(terminal.delay_of("x"))
            terminal.watch(0.15)
        return opened, delays, _memory(terminal.pid)


def start_seconds(command: Sequence[str | Path], times: int) -> list[float]:
    """Milliseconds of whole processes, one to warm up not counted."""
    taken = []
    for _time in range(times + 1):
        began = time.perf_counter()
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        taken.append((time.perf_counter() - began) * 1000)
    return taken[1:]


def modules_of(arguments: Sequence[str]) -> set[str]:
    """The packages that ``cctui`` with these arguments has loaded when it leaves."""
    program = (
        "import sys, io, contextlib\nfrom cctui.cli import main\n"
        f"with contextlib.redirect_stdout(io.StringIO()): main({list(arguments)!r})\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def cpu_seconds(pid: int) -> float:
    """Seconds that the threads of ``pid`` have computed so far."""
    nanoseconds = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            nanoseconds += int(task.read_text().split()[0])
    return nanoseconds / 1e9


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+)", status)
    return int(match[1]) * 1024 / 1e6 if match else 0.0
