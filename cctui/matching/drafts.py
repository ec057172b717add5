"""Files of a plan while they are written: under a name that nobody takes for the file, private, then named at once.

A draft is whole and on the disk before it gets its name; drafts that are not published leave nothing behind.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Self

from cctui.host import files


class Draft:
    """A file for ``path`` (0600), written under ``.<name>.part`` until :meth:`publish`; also a sink for Arrow."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._part.unlink(missing_ok=True)
        self._descriptor: int | None = files.disk.open_new(self._part, 0o600)
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def closed(self) -> bool:
        """Whether everything has been written."""
        return self._descriptor is None

    @property
    def sha256(self) -> str:
        """The hash of what was written, in hexadecimal."""
        return self._digest.hexdigest()

    def write(self, data: bytes | memoryview) -> int:
        """Append ``data``. Raises ``OSError`` as the system does."""
        if self._descriptor is None:
            raise ValueError("the draft is closed")
        files.write_all(self._descriptor, data)
        self._digest.update(data)
        count = memoryview(data).nbytes
        self.size += count
        return count

    def flush(self) -> None:
        """Nothing is held back."""

    def finish(self) -> None:
        """Return when the content is on the disk; nothing can be written any more."""
        if self._descriptor is None:
            return
        try:
            files.disk.sync(self._descriptor)
        finally:
            self._close()

    def publish(self) -> None:
        """Give the finished file its name; the name is durable when its folder has been synced."""
        files.disk.replace(self._part, self._path)

    def discard(self) -> None:
        """Take the file away under whatever name it has."""
        self._close()
        self._part.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)


class Drafts:
    """The drafts of one plan, published together or not at all."""

    def __init__(self) -> None:
        self._drafts: list[Draft] = []
        self._folders: dict[Path, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_exc: object) -> None:
        if kind is not None:
            for draft in self._drafts:
                with contextlib.suppress(OSError):
                    draft.discard()

    def new(self, path: Path) -> Draft:
        """A draft for ``path``; its folder is made, private, where it is missing."""
        self._folders[files.private_folder(path.parent)] = None
        draft = Draft(path)
        self._drafts.append(draft)
        return draft

    def publish(self) -> None:
        """Return when all files are on the disk under their names."""
        for draft in self._drafts:
            draft.finish()
        for draft in self._drafts:
            draft.publish()
        for folder in self._folders:
            files.disk.sync_folder(folder)
