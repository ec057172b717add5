"""Locks between processes that vanish with their holder: the kernel keeps them, a dead process cannot.

A :class:`HeldLock` writes who holds it into the lock file, so that a refusal can name the holder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout


class LockHeld(Exception):
    """Another process holds the lock. ``holder`` is what it wrote about itself, perhaps empty."""

    def __init__(self, path: Path, holder: str) -> None:
        super().__init__(f"{path} is held by {holder or 'another process'}")
        self.path = path
        self.holder = holder


class HeldLock:
    """An exclusive lock on ``path``, held from :meth:`acquire` to :meth:`release` or to the end of the process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = FileLock(path, mode=0o600, thread_local=False)
        self._inode = -1

    def acquire(self, timeout: float = 0.0) -> None:
        """Take the lock, waiting at most ``timeout`` seconds (-1: for ever). Raises :class:`LockHeld`."""
        try:
            self._lock.acquire(timeout=timeout, poll_interval=0.05)
        except Timeout:
            raise LockHeld(self._path, _holder(self._path)) from None
        self._inode = self._path.stat().st_ino
        _holder_file(self._path).write_text(f"{os.getpid()}\n", encoding="ascii")

    def still_stands(self) -> bool:
        """Whether the lock that was taken still guards ``path``: not after its folder was removed or replaced."""
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    def release(self) -> None:
        """Give the lock back; nothing happens where it is not held."""
        self._lock.release()

    def __enter__(self) -> Self:
        self.acquire(timeout=-1)
        return self

    def __exit__(self, *_exc: object) -> None:
        self.release()


def is_held(path: Path) -> bool:
    """Whether some process holds the lock on ``path`` at this moment."""
    if not path.exists():
        return False
    probe = FileLock(path, mode=0o600, thread_local=False)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    probe.release()
    return False


def _holder_file(path: Path) -> Path:
    return path.with_suffix(".pid")


def _holder(path: Path) -> str:
    try:
        return _holder_file(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""
