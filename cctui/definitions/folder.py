"""The folder of an environment as bytes: one definition file read, replaced or taken away, safely.

What leads out of the environment is neither read nor written; what is written is whole and durable or not there; and
two programs never write at once.
"""

from __future__ import annotations

import contextlib
import glob
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cctui.definitions.toml_files import LARGEST_FILE, DefinitionError, file_name
from cctui.errors import CctuiError
from cctui.host import files, locks
from cctui.locales import _
from cctui.masking import harmless

_IGNORED = ("secrets/", "state/")
_PATIENCE = 10.0


class SaveFailed(CctuiError):
    """The disk did not take a definition. The old file is whole."""


class DefinitionFolder:
    """The files under ``root``; tokens and state in its private folders are no definitions and out of bounds."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._private = (root / "secrets", root / "state")
        self._lock_path = root / "state" / "definitions.lock"

    def content(self, path: Path) -> bytes | None:
        """The bytes of ``path``, ``None`` where there is no such file. Raises :class:`DefinitionError`."""
        try:
            # Opened without blocking and looked at afterwards: a pipe in the place of a file must not hold us up.
            descriptor = os.open(self._real(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb", closefd=True) as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise DefinitionError(path, None, "", _("This is not a file."))
                return file.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise unreadable(path, problem) from None

    def replace(self, path: Path, data: bytes, *, mode: int = 0o644) -> None:
        """Make ``data`` the content of ``path``, which keeps its permissions or gets ``mode``. Hold the lock.

        Raises :class:`SaveFailed` or :class:`DefinitionError`.
        """
        real = self._real(path)
        with saving(path):
            self._protect_secrets()
            real.parent.mkdir(exist_ok=True)
            # Whatever a save that was killed has left; nobody else is saving while we hold the lock.
            for rest in real.parent.glob(f".{glob.escape(real.name)}.*.part"):
                rest.unlink(missing_ok=True)
            files.save(real, data, mode=mode)

    def take_away(self, path: Path) -> int:
        """Remove ``path``, or the link in its place; its permissions. Hold the lock. Raises :class:`SaveFailed`."""
        with saving(path):
            mode = stat.S_IMODE(path.stat().st_mode)
            path.unlink()
            files.disk.sync_folder(path.parent)
            return mode

    @contextlib.contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        """Keep other processes of ours from writing in between, on behalf of ``path``. Raises :class:`SaveFailed`."""
        with saving(path):
            files.private_folder(self._lock_path.parent)
            lock = locks.HeldLock(self._lock_path)
            try:
                lock.acquire(timeout=_PATIENCE)
            except locks.LockHeld as held:
                raise SaveFailed(
                    _("{file} could not be saved.").format(file=file_name(path)),
                    why=_("Another program is saving definitions (process {process}).").format(
                        process=harmless(held.holder) or "?"
                    ),
                    do=_("Try again in a moment."),
                ) from None
            except OSError:
                lock.release()
                raise
        try:
            yield
        finally:
            lock.release()

    def _real(self, path: Path) -> Path:
        """Where ``path`` leads through symbolic links; never out of the environment and never to a secret."""
        try:
            real, root = path.resolve(), self._root.resolve()
            private = [root / folder.name for folder in self._private]
            leaves = not real.is_relative_to(root) or any(real.is_relative_to(folder) for folder in private)
        except RuntimeError:  # a link that leads to itself
            leaves = True
        if leaves:
            raise DefinitionError(
                path,
                None,
                "",
                _("This is a link that leads out of the environment's definitions."),
                do=_("Put the file itself there."),
            )
        return real

    def _protect_secrets(self) -> None:
        """Make the private folders, and keep them out of git."""
        for folder in self._private:
            files.private_folder(folder)
        path = self._root / ".gitignore"
        if path.is_symlink():
            return
        kept = path.read_bytes() if path.exists() else b""
        missing = [line for line in _IGNORED if line.encode() not in kept.splitlines()]
        if missing:
            gap = b"\n" if kept and not kept.endswith(b"\n") else b""
            files.save(path, kept + gap + "".join(f"{line}\n" for line in missing).encode())


def definition_paths(folder: Path) -> list[Path]:
    """The definition files in ``folder`` by name, none where it is missing. Raises :class:`DefinitionError`."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml" and path.name[0] != ".")
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise unreadable(folder, problem) from None


def unreadable(path: Path, problem: OSError) -> DefinitionError:
    """What the operating system says against reading ``path``."""
    return DefinitionError(
        path,
        None,
        "",
        _("It cannot be read."),
        why=_("The system says: {reason}.").format(reason=harmless(problem.strerror or str(problem))),
        do=_("See to its permissions, then look again."),
    )


@contextlib.contextmanager
def saving(path: Path) -> Iterator[None]:
    """Turn what the operating system says against a save or a removal into :class:`SaveFailed`."""
    try:
        yield
    except OSError as problem:
        raise SaveFailed(
            _("{file} could not be saved.").format(file=file_name(path)),
            why=_("The system says: {reason}.").format(reason=harmless(problem.strerror or str(problem))),
            do=_("What was there before is still there. See to the disk or the permissions, then save again."),
        ) from problem
