"""Durable files: what is written here is on the disk when the call returns, whole or not at all.

A save is one atomic replace in the same folder: temporary file, fsync of the file, rename, fsync of the folder.
Every step goes through :data:`disk`, the seam where tests make a full disk, a broken one or a power cut.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path


class Disk:
    """The few calls to the operating system that decide what survives a crash."""

    def open_new(self, path: Path, mode: int) -> int:
        """A descriptor of a file that did not exist, created with ``mode``."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)

    def open_append(self, path: Path, mode: int) -> int:
        """A descriptor that appends to ``path``, created with ``mode`` where it is missing."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, mode)

    def write(self, descriptor: int, data: bytes) -> int:
        """Write some of ``data``; returns how many bytes."""
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        """Return when everything written through ``descriptor`` is on the disk."""
        os.fsync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in ``folder`` are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Rename ``source`` over ``target`` in one step."""
        source.replace(target)


disk = Disk()
"""The disk in use. Tests replace it to make faults; the program never does."""


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of ``data`` to ``descriptor``. Raises ``OSError`` as the system does."""
    view = memoryview(data)
    while view:
        view = view[disk.write(descriptor, bytes(view)) :]


def save(path: Path, data: bytes, *, mode: int = 0o644, keep_mode: bool = True) -> None:
    """Replace ``path`` by ``data``, atomically and durably.

    An existing file keeps its permissions where ``keep_mode``; otherwise the file has ``mode`` from its first
    moment. A symbolic link is never followed: the link itself is replaced only if it does not exist, else the
    caller is told. Raises ``OSError``; the old content is then still whole.
    """
    if path.is_symlink():
        raise OSError(f"{path} is a symbolic link")
    if keep_mode:
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = disk.open_new(temporary, mode)
    try:
        try:
            os.fchmod(descriptor, mode)
            write_all(descriptor, data)
            disk.sync(descriptor)
        finally:
            os.close(descriptor)
        disk.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    disk.sync_folder(path.parent)


def append(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Append ``data`` to ``path`` in one write where the system allows; not synced (logs)."""
    descriptor = disk.open_append(path, mode)
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Return when the content of ``path``, written by whomever, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        disk.sync(descriptor)
    finally:
        os.close(descriptor)


def private_folder(path: Path) -> Path:
    """``path`` as a folder that only its owner can enter (0700), made, durably, with its parents where missing."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    for folder in missing:
        disk.sync_folder(folder.parent)
    return path


def readable_by_others(path: Path) -> bool:
    """Whether group or others may read or write ``path``."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
