"""An environment: the folder with its definitions, read and saved one file at a time.

Nothing is remembered between two calls, so that an edit made in an editor or by ``git pull`` is seen at once.
Whether an operator may do what they ask is decided in :mod:`cctui.definitions.changes`.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import re
import unicodedata
from collections.abc import Container
from datetime import tzinfo
from pathlib import Path
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from cctui.definitions import toml_files
from cctui.definitions.folder import DefinitionFolder, definition_paths, saving
from cctui.definitions.model import ConnectionDefinition, EnvironmentDefinition, ExportDefinition
from cctui.definitions.toml_files import ChangedElsewhere, DefinitionError
from cctui.errors import UsageError
from cctui.locales import _
from cctui.masking import harmless

D = TypeVar("D", bound=msgspec.Struct)

VARIABLE = "CCTUI_ENVIRONMENT"
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "å": "a", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l"})
_LONGEST_ID = 64


class NotFound(UsageError):
    """There is no connection or export of that id."""


class EnvironmentMissing(UsageError):
    """The folder is no environment."""


class Stored(msgspec.Struct, Generic[D], frozen=True):
    """A definition as it is on the disk. ``fingerprint`` is the SHA-256 of the file in hexadecimal."""

    definition: D
    path: Path
    fingerprint: str


class Broken(msgspec.Struct, frozen=True):
    """A definition that cannot be used; ``id`` is the name of its file without the ending."""

    id: str
    path: Path
    problem: DefinitionError


class Removed(msgspec.Struct, frozen=True):
    """What a removal took away, enough to put it back. ``mode`` are the permissions of the file."""

    path: Path
    data: bytes
    mode: int


def new_id(display_name: str, taken: Container[str]) -> str:
    """An id for a definition named ``display_name`` that is not ``taken``: lower-case letters, digits, hyphens."""
    latin = unicodedata.normalize("NFKD", display_name.casefold().translate(_LETTERS))
    words = re.findall(r"[a-z0-9]+", "".join(char for char in latin if not unicodedata.combining(char)))
    stem = "-".join(words)[: _LONGEST_ID - 6].strip("-") or "untitled"
    found, count = stem, 1
    while found in taken:
        count += 1
        found = f"{stem}-{count}"
    return found


class Environment:
    """The environment in the folder ``root``, whether it exists yet or not."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()
        self.path = self.root / "environment.toml"
        self.connections_folder = self.root / "connections"
        self.exports_folder = self.root / "exports"
        self.secrets_folder = self.root / "secrets"
        self.state_folder = self.root / "state"
        self.ledger_path = self.state_folder / "ledger.sqlite"
        self.limits_path = self.state_folder / "limits.sqlite"
        self.runs_folder = self.state_folder / "runs"
        self.worker_lock_path = self.state_folder / "worker.lock"
        self.worker_log_path = self.state_folder / "worker.log"
        self._files = DefinitionFolder(self.root)

    def __repr__(self) -> str:
        return f"Environment({str(self.root)!r})"

    @staticmethod
    def locate(option: str | None) -> Path:
        """The folder that ``option`` names, else ``CCTUI_ENVIRONMENT``, else the user's configuration folder."""
        named = option or os.environ.get(VARIABLE)
        if named:
            return Path(named).expanduser().absolute()
        from platformdirs import user_config_path

        return user_config_path("cctui").absolute()

    @classmethod
    def create(cls, root: Path, definition: EnvironmentDefinition) -> Environment:
        """A new environment in ``root``, which may exist but must not be an environment.

        Raises :class:`UsageError`, :class:`DefinitionError` or :class:`SaveFailed`.
        """
        environment = cls(root)
        if environment.path.exists() or environment.path.is_symlink():
            raise UsageError(
                _("{folder} is an environment already.").format(folder=harmless(str(environment.root))),
                do=_("Choose another folder."),
            )
        toml_files.require_sound(definition, environment.path)
        with saving(environment.path):
            environment.root.mkdir(parents=True, exist_ok=True)
            for folder in (environment.connections_folder, environment.exports_folder):
                folder.mkdir(exist_ok=True)
        environment.save_environment(definition, None)
        return environment

    def exists(self) -> bool:
        """Whether the folder is an environment, sound or not."""
        return self.path.is_file()

    def read(self) -> Stored[EnvironmentDefinition]:
        """``environment.toml``. Raises :class:`EnvironmentMissing` or :class:`DefinitionError`."""
        try:
            return self._read(self.path, EnvironmentDefinition)
        except FileNotFoundError:
            raise EnvironmentMissing(
                _("There is no environment in {folder}.").format(folder=harmless(str(self.root))),
                do=_(
                    "Name its folder with --environment, or start cctui on a terminal: it asks for what it needs. "
                    "To look around first, try the sample: cctui demo"
                ),
            ) from None

    def zone(self) -> tzinfo:
        """The time zone in which times are shown and schedules are meant. Raises as :meth:`read`."""
        return ZoneInfo(self.read().definition.environment.time_zone)

    def connections(self) -> list[Stored[ConnectionDefinition] | Broken]:
        """All connections by display name, then those that do not fit. Raises :class:`DefinitionError`."""
        return self._all(self.connections_folder, ConnectionDefinition)

    def exports(self) -> list[Stored[ExportDefinition] | Broken]:
        """All exports by display name, then those that do not fit. Raises :class:`DefinitionError`."""
        return self._all(self.exports_folder, ExportDefinition)

    def connection(self, connection_id: str) -> Stored[ConnectionDefinition]:
        """One connection. Raises :class:`NotFound` or :class:`DefinitionError`."""
        try:
            return self._read(self._connection_path(connection_id), ConnectionDefinition)
        except FileNotFoundError:
            raise self._no_connection(connection_id) from None

    def export(self, export_id: str) -> Stored[ExportDefinition]:
        """One export. Raises :class:`NotFound` or :class:`DefinitionError`."""
        try:
            return self._read(self._export_path(export_id), ExportDefinition)
        except FileNotFoundError:
            raise self._no_export(export_id) from None

    def save_environment(
        self, definition: EnvironmentDefinition, expected: str | None
    ) -> Stored[EnvironmentDefinition]:
        """Save ``environment.toml``; see :meth:`save_export`."""
        return self._save(self.path, definition, expected)

    def save_connection(self, definition: ConnectionDefinition, expected: str | None) -> Stored[ConnectionDefinition]:
        """Save a connection; see :meth:`save_export`."""
        return self._save(self._connection_path(definition.id), definition, expected)

    def save_export(self, definition: ExportDefinition, expected: str | None) -> Stored[ExportDefinition]:
        """Save an export: durable and whole when this returns, comments and order of the file kept.

        ``expected`` is the fingerprint of the file as the caller opened it, ``None`` for a file that must not exist.
        Raises :class:`ChangedElsewhere`, :class:`DefinitionError` or :class:`SaveFailed`.
        """
        return self._save(self._export_path(definition.id), definition, expected)

    def remove_connection(self, connection_id: str) -> Removed:
        """Take away the file of a connection, sound or not. Raises :class:`NotFound` or :class:`SaveFailed`."""
        path = self._connection_path(connection_id)
        return self._remove(path, self._no_connection(connection_id))

    def remove_export(self, export_id: str) -> Removed:
        """Take away the file of an export, sound or not. Raises :class:`NotFound` or :class:`SaveFailed`."""
        path = self._export_path(export_id)
        return self._remove(path, self._no_export(export_id))

    def restore(self, removed: Removed) -> None:
        """Put back what a removal took away. Raises :class:`ChangedElsewhere` where there is a new file of the name."""
        with self._files.lock(removed.path):
            now = self._files.content(removed.path)
            if now is not None:
                raise _changed(removed.path, now, toml_files.text_of(removed.data))
            self._files.replace(removed.path, removed.data, mode=removed.mode)

    def version(self) -> str:
        """A short text that changes when a definition file does, appears or vanishes; only names and times are read."""
        paths = [self.path]
        for folder in (self.connections_folder, self.exports_folder):
            with contextlib.suppress(DefinitionError):
                paths += definition_paths(folder)
        seen = hashlib.sha256()
        for path in paths:
            with contextlib.suppress(OSError):
                facts = path.stat()
                seen.update(os.fsencode(path))
                seen.update(f"\0{facts.st_mtime_ns} {facts.st_size} {facts.st_ino}\n".encode())
        return seen.hexdigest()[:16]

    def _connection_path(self, connection_id: str) -> Path:
        if not _is_file_id(connection_id):
            raise self._no_connection(connection_id)
        return self.connections_folder / f"{connection_id}.toml"

    def _export_path(self, export_id: str) -> Path:
        if not _is_file_id(export_id):
            raise self._no_export(export_id)
        return self.exports_folder / f"{export_id}.toml"

    def _no_connection(self, connection_id: str) -> NotFound:
        return NotFound(
            _("There is no connection {id}.").format(id=f'"{harmless(connection_id, 64)}"'),
            do=_near(connection_id, self.connections_folder),
        )

    def _no_export(self, export_id: str) -> NotFound:
        return NotFound(
            _("There is no export {id}.").format(id=f'"{harmless(export_id, 64)}"'),
            do=_near(export_id, self.exports_folder),
        )

    def _all(self, folder: Path, kind: type[D]) -> list[Stored[D] | Broken]:
        sound: list[tuple[tuple[str, str], Stored[D]]] = []
        broken: list[Broken] = []
        for path in definition_paths(folder):
            # Files come and go between the listing and the reading.
            with contextlib.suppress(FileNotFoundError):
                try:
                    stored = self._read(path, kind)
                    name = getattr(stored.definition, "display_name", "")
                    sound.append(((name.casefold(), path.stem), stored))
                except DefinitionError as problem:
                    broken.append(Broken(path.stem, path, problem))
        return [*(stored for _name, stored in sorted(sound, key=lambda one: one[0])), *broken]

    def _read(self, path: Path, kind: type[D]) -> Stored[D]:
        data = self._files.content(path)
        if data is None:
            raise FileNotFoundError(path)
        return Stored(toml_files.parse(data, path, kind), path, toml_files.fingerprint(data))

    def _save(self, path: Path, definition: D, expected: str | None) -> Stored[D]:
        toml_files.require_sound(definition, path)
        with self._files.lock(path):
            now = self._files.content(path)
            if (toml_files.fingerprint(now) if now is not None else None) != expected:
                raise _changed(path, now, _mine(definition, path, now))
            data = toml_files.written(definition, path, now)
            if data != now:
                self._files.replace(path, data)
        return Stored(toml_files.parse(data, path, type(definition)), path, toml_files.fingerprint(data))

    def _remove(self, path: Path, missing: NotFound) -> Removed:
        with self._files.lock(path):
            data = self._files.content(path)
            if data is None:
                raise missing
            return Removed(path, data, self._files.take_away(path))


def _is_file_id(text: str) -> bool:
    return bool(text) and text[0] != "." and not any(char in text for char in "/\\\0") and len(text.encode()) < 200


def _near(wanted: str, folder: Path) -> str:
    known: list[str] = []
    with contextlib.suppress(DefinitionError):
        known = [path.stem for path in definition_paths(folder)]
    near = difflib.get_close_matches(wanted, known, 3, 0.5)
    return _("Did you mean {names}?").format(names=", ".join(map(harmless, near))) if near else ""


def _changed(path: Path, now: bytes | None, mine: str) -> ChangedElsewhere:
    theirs = "" if now is None else toml_files.text_of(now)
    return ChangedElsewhere(path, theirs, None if now is None else toml_files.fingerprint(now), mine)


def _mine(definition: msgspec.Struct, path: Path, now: bytes | None) -> str:
    try:
        return toml_files.text_of(toml_files.written(definition, path, now))
    except DefinitionError:
        return toml_files.text_of(toml_files.written(definition, path, None))
