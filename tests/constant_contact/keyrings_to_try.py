"""Keyrings to try: one in a file that all processes share, and those that disappoint, each in its way."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

VARIABLE = "KEYRING_IN_FILE"
"""Names the file of :class:`InFile`."""


class InFile(KeyringBackend):
    """Entries in the file that the environment names; a reader sees it whole."""

    priority = 1

    @property
    def path(self) -> Path:
        return Path(os.environ[VARIABLE])

    def entries(self) -> dict[str, str]:
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def put(self, entries: dict[str, str]) -> None:
        new = self.path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        new.write_text(json.dumps(entries))
        new.replace(self.path)

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.put({**self.entries(), f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self.entries()
        if entries.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("not there")
        self.put(entries)


class Forgetful(InFile):
    """Says that it keeps, and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Locked(InFile):
    """Cannot be opened without its password."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("canary of a locked keyring")


class Silent(InFile):
    """Waits for a password that nobody types."""

    def get_password(self, service: str, username: str) -> str | None:
        threading.Event().wait()
        return None


class Talkative(InFile):
    """Fails to keep, and puts what it was given into its error."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"no room for {password}")
