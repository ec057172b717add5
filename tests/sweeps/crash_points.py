"""Every write of a process as a numbered point, and what of its files would outlive a power cut.

Lives in the child of ``crash_server`` only. Points are found where the process meets the system: Python's audit
events (open, rename, unlink, mkdir, chmod), ``os.write``, ``os.fsync``, files opened for writing, every statement of
SQLite that changes something, and the socket's connect, send and receive. So a new write of the product is a new point
by itself. Writes and sends are done in two halves with a point between: a torn write is a point too.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import random
import re
import signal
import socket
import sqlite3
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

KILL, POWER, TORN = "kill", "power", "torn"
KINDS = (KILL, POWER, TORN)
"""How a process ends at a point: SIGKILL; the power goes and all that was not synced with it; the power goes and
chance decides, file by file, how much of what was not synced has reached the disk all the same."""

_CHANGES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|CREATE|COMMIT|ROLLBACK|BEGIN IMMEDIATE;|PRAGMA (journal_mode|user_version) =)",
    re.IGNORECASE,
)
_FULL = 2
_EVENTS = {"os.rename": "rename", "os.remove": "unlink", "os.rmdir": "rmdir", "os.mkdir": "mkdir", "os.chmod": "chmod"}


class Points:
    """Counts the points that ``root`` and the network see; ends the process at number ``crash_at``, from 1.

    Two threads of a process do not always pass theirs in one order, so the points passed are told to a file.
    """

    def __init__(self, root: Path, crash_at: int, kind: str, seed: int, told: Path) -> None:
        self.root = str(root)
        self._told = told
        self.passed: list[str] = []
        self.lock = threading.RLock()
        self.disk = Durable(root)
        self._crash_at = crash_at
        self._kind = kind
        self._chance = random.Random(f"{seed}:{crash_at}")

    def reach(self, name: str) -> None:
        """Pass a point, or end here: no other thread gets any further."""
        with self.lock:
            self.passed.append(name)
            if len(self.passed) != self._crash_at:
                return
            self.disk.tell(self._told, self.passed)
            if self._kind != KILL:
                self.disk.cut_power(None if self._kind == POWER else self._chance)
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()

    def concerns(self, path: object) -> bool:
        """Whether a path of an audit event lies in the environment; an open file counts always."""
        if isinstance(path, int):
            return True
        return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(self.root)


class Durable:
    """What is on the disk: of each file its bytes at its last sync, of each folder its names at its last sync.

    Known by inode, and every inode is held open, so that none is used twice. A database is synced by each commit with
    ``synchronous = FULL`` (SQLite's documentation of WAL), and its folder by the first one, as SQLite syncs the folder
    of a log it has created. Permissions and the order of bytes within one unsynced write are not simulated.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._reader = 0
        self._bytes: dict[int, bytes] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._held: dict[int, int] = {}
        self._logs: set[int] = set()
        for folder, _folders, names in os.walk(root):
            self.synced_folder(folder)
            for name in names:
                self.synced_file(f"{folder}/{name}")

    @property
    def busy(self) -> bool:
        """Whether this thread is keeping the record, which is no point of the process."""
        return self._reader == threading.get_ident()

    def synced_file(self, path: str) -> None:
        with self._quietly():
            inode = self._hold(path)
            self._bytes[inode] = self._content(inode)

    def synced_folder(self, path: str) -> None:
        with self._quietly():
            inode = self._hold(path)
            self._names[inode] = self._listed(inode)

    def synced(self, descriptor: int) -> None:
        """An ``fsync`` of this descriptor has returned."""
        path = f"/proc/self/fd/{descriptor}"
        (self.synced_folder if stat.S_ISDIR(os.fstat(descriptor).st_mode) else self.synced_file)(path)

    def committed(self, database: str) -> None:
        """A commit with full sync has returned."""
        self.synced_file(database)
        log = Path(f"{database}-wal")
        if not log.exists():
            return
        self.synced_file(str(log))
        if log.stat().st_ino not in self._logs:
            self._logs.add(log.stat().st_ino)
            self.synced_folder(str(log.parent))

    def tell(self, path: Path, passed: list[str]) -> None:
        """Say how far the process has come, to a file outside the environment."""
        with self._quietly():
            path.write_text(json.dumps(passed), encoding="utf-8")

    def cut_power(self, chance: random.Random | None) -> None:
        """Put the environment as the disk has it in the place of the one that everybody saw."""
        self._reader = threading.get_ident()
        after = self.root.with_name(f"{self.root.name}.after")
        self._build(self._hold(str(self.root)), after, chance)
        self.root.rename(self.root.with_name(f"{self.root.name}.before-{os.getpid()}"))
        after.rename(self.root)

    def _build(self, inode: int, target: Path, chance: random.Random | None) -> None:
        target.mkdir(stat.S_IMODE(os.fstat(self._held[inode]).st_mode))
        names = self._names.get(inode, {})
        if chance is not None and chance.random() < 0.5:
            names = self._listed(inode)
        for name, child in names.items():
            mode = os.fstat(self._held[child]).st_mode
            if stat.S_ISDIR(mode):
                self._build(child, target / name, chance)
                continue
            (target / name).write_bytes(self._survivor(child, chance))
            (target / name).chmod(stat.S_IMODE(mode))

    def _survivor(self, inode: int, chance: random.Random | None) -> bytes:
        durable = self._bytes.get(inode, b"")
        if chance is None:
            return durable
        seen = self._content(inode)
        if chance.random() < 0.3:
            return durable
        if seen.startswith(durable):
            return seen[: chance.randint(len(durable), len(seen))]
        return seen

    def _hold(self, path: str) -> int:
        inode = Path(path).stat().st_ino
        if inode not in self._held:
            self._held[inode] = os.open(path, os.O_RDONLY)
        return inode

    def _content(self, inode: int) -> bytes:
        return os.pread(self._held[inode], 1 << 30, 0)

    def _listed(self, inode: int) -> dict[str, int]:
        folder = f"/proc/self/fd/{self._held[inode]}"
        return {name: self._hold(f"{folder}/{name}") for name in os.listdir(folder)}  # noqa: PTH208

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        before, self._reader = self._reader, threading.get_ident()
        try:
            yield
        finally:
            self._reader = before


def install(points: Points) -> None:
    """Watch this process from now on; there is no way back."""
    _watch_files(points)
    _watch_databases(points)
    _watch_sockets(points)
    sys.addaudithook(_listener(points))


def _listener(points: Points) -> Callable[[str, tuple[Any, ...]], None]:
    def hear(event: str, facts: tuple[Any, ...]) -> None:
        if points.disk.busy:
            return
        if event == "open":
            path, _mode, flags = facts
            changes = flags & (os.O_CREAT | os.O_TRUNC)
            if changes and not isinstance(path, int) and points.concerns(path):
                points.reach(f"open {_kind(path)}")
        elif event in _EVENTS and (points.concerns(facts[0]) or facts[-1] != -1):
            points.reach(f"{_EVENTS[event]} {_kind(facts[0])}")

    return hear


def _watch_files(points: Points) -> None:
    write, sync, opened = os.write, os.fsync, io.open

    def counted_write(descriptor: int, data: Any) -> int:
        return _halves(points, "write", bytes(data), lambda part: write(descriptor, part))

    def counted_sync(descriptor: int) -> None:
        with points.lock:
            points.reach("fsync")
            sync(descriptor)
            points.disk.synced(descriptor)

    class CountedFile(io.FileIO):
        def write(self, data: Any) -> int:
            return _halves(points, "write to a stream", bytes(data), super().write)

    def counted_open(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **more: Any) -> Any:
        writes = set(mode) & set("wax")
        if not writes or "+" in mode or points.disk.busy or not points.concerns(file):
            return opened(file, mode, buffering, *rest, **more)
        encoding, errors, newline, closefd, opener = (
            *rest,
            *(more.get(name, True if name == "closefd" else None) for name in _OPEN_ARGUMENTS[len(rest) :]),
        )
        raw = CountedFile(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        if "b" in mode:
            return raw if buffering == 0 else io.BufferedWriter(raw)
        text = io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, newline, line_buffering=buffering == 1)
        text.mode = mode
        return text

    os.write, os.fsync, os.fdatasync = counted_write, counted_sync, counted_sync
    io.open = builtins.open = counted_open


_OPEN_ARGUMENTS = ("encoding", "errors", "newline", "closefd", "opener")


def _watch_databases(points: Points) -> None:
    connect = sqlite3.connect

    class Counted(sqlite3.Connection):
        file = ""

        def execute(self, statement: str, *values: Any) -> Any:
            return self._counted(statement, lambda: super(Counted, self).execute(statement, *values))

        def executemany(self, statement: str, values: Any) -> Any:
            return self._counted(statement, lambda: super(Counted, self).executemany(statement, values))

        def executescript(self, statement: str) -> Any:
            return self._counted(statement, lambda: super(Counted, self).executescript(statement))

        def close(self) -> None:
            with points.lock:
                points.reach(f"sqlite close {_kind(self.file)}")
                synced = self._synced()
                super().close()
                if synced:
                    points.disk.committed(self.file)

        def _counted(self, statement: str, carry_out: Callable[[], Any]) -> Any:
            if not _CHANGES.match(statement):
                return carry_out()
            word = " ".join([word for word in statement.lower().split() if word not in {"into", "from", "or"}][:2])
            with points.lock:
                points.reach(f"sqlite {word.rstrip(';')} {_kind(self.file)}")
                result = carry_out()
                if not self.in_transaction and self._synced():
                    points.disk.committed(self.file)
            return result

        def _synced(self) -> bool:
            return bool(super().execute("PRAGMA synchronous").fetchone()[0] >= _FULL)

    def counted_connect(database: Any, *rest: Any, **more: Any) -> sqlite3.Connection:
        path = os.fspath(database)
        if not points.concerns(path):
            return connect(database, *rest, **more)
        points.reach(f"sqlite open {_kind(path)}")
        connection = connect(database, *rest, **{**more, "factory": Counted})
        connection.file = path
        return connection

    sqlite3.connect = counted_connect


def _watch_sockets(points: Points) -> None:
    send, receive, connect = socket.socket.send, socket.socket.recv, socket.socket.connect

    def counted_send(self: socket.socket, data: Any, *flags: int) -> int:
        return _halves(points, "send", bytes(data), lambda part: send(self, part, *flags), locked=False)

    def counted_send_all(self: socket.socket, data: Any, *flags: int) -> None:
        view = memoryview(bytes(data))
        while view:
            view = view[counted_send(self, view, *flags) :]

    def counted_receive(self: socket.socket, *facts: int) -> bytes:
        points.reach("receive")
        return receive(self, *facts)

    def counted_connect(self: socket.socket, address: Any) -> None:
        points.reach("connect")
        connect(self, address)

    socket.socket.send, socket.socket.sendall = counted_send, counted_send_all
    socket.socket.recv, socket.socket.connect = counted_receive, counted_connect


def _halves(points: Points, name: str, data: bytes, write: Callable[[bytes], int], *, locked: bool = True) -> int:
    """Write ``data`` in two parts with a point before each; how much went out in all."""
    with points.lock if locked else nullcontext():
        points.reach(name)
        if len(data) < 2 or points.disk.busy:
            return write(data)
        half = len(data) // 2
        done = write(data[:half])
        if done < half:
            return done
        points.reach(f"{name}, second half")
        return done + write(data[half:])


def _kind(path: Any) -> str:
    """What a path is, without the numbers and chance in its name."""
    if isinstance(path, int):
        return "open file"
    name = re.sub(r"\.[0-9a-f]{8}\.part$", ".part", Path(os.fsdecode(path)).name)
    return re.sub(r"\d+", "N", name)
