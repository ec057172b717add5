"""The audit log: who did what when, one JSON object a line in ``state/audit.jsonl``, only ever added to.

A line has ``v`` (1), ``at`` (UTC), ``who``, ``role``, ``deed``, ``about`` (the id of a definition, run or user), and
for changes ``before`` and ``after``: the keys that differ, or the whole definition. Addresses and secrets in them are
masked. A line is on the disk when the deed returns. Fields are only ever added.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from cctui.access.roles import Operator, Role
from cctui.definitions.environment import Environment
from cctui.errors import CctuiError
from cctui.host import files
from cctui.host.clock import Clock, SystemClock
from cctui.locales import N_, _
from cctui.masking import harmless, mask

_VERSION = 1
_READ_AT_ONCE = 1 << 16


class Deed(StrEnum):
    """What is written down."""

    CONNECTION_ADDED = "connection-added"
    CONNECTION_CHANGED = "connection-changed"
    CONNECTION_REMOVED = "connection-removed"
    EXPORT_ADDED = "export-added"
    EXPORT_CHANGED = "export-changed"
    EXPORT_REMOVED = "export-removed"
    REMOVAL_UNDONE = "removal-undone"
    SYSTEM_CHANGED = "system-changed"
    USER_ADDED = "user-added"
    USER_CHANGED = "user-changed"
    USER_REMOVED = "user-removed"
    KEY_GIVEN = "key-given"
    KEY_REMOVED = "key-removed"
    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    SIGN_IN_MOVED = "sign-in-moved"
    ALERT_ADDED = "alert-added"
    ALERT_REMOVED = "alert-removed"
    REFRESH_STARTED = "refresh-started"
    RUN_STARTED = "run-started"
    RUN_CANCELED = "run-canceled"
    RUN_PAUSED = "run-paused"
    RUN_RESUMED = "run-resumed"
    REJECTED_ROWS_TAKEN = "rejected-rows-taken"


DEED_TITLES = {
    Deed.CONNECTION_ADDED: N_("Connection added"),
    Deed.CONNECTION_CHANGED: N_("Connection changed"),
    Deed.CONNECTION_REMOVED: N_("Connection removed"),
    Deed.EXPORT_ADDED: N_("Export added"),
    Deed.EXPORT_CHANGED: N_("Export changed"),
    Deed.EXPORT_REMOVED: N_("Export removed"),
    Deed.REMOVAL_UNDONE: N_("Removal undone"),
    Deed.SYSTEM_CHANGED: N_("System changed"),
    Deed.USER_ADDED: N_("User added"),
    Deed.USER_CHANGED: N_("User changed"),
    Deed.USER_REMOVED: N_("User removed"),
    Deed.KEY_GIVEN: N_("Key given"),
    Deed.KEY_REMOVED: N_("Key removed"),
    Deed.SIGNED_IN: N_("Signed in"),
    Deed.SIGNED_OUT: N_("Signed out"),
    Deed.SIGN_IN_MOVED: N_("Sign-in moved"),
    Deed.ALERT_ADDED: N_("Alert added"),
    Deed.ALERT_REMOVED: N_("Alert removed"),
    Deed.REFRESH_STARTED: N_("Refresh started"),
    Deed.RUN_STARTED: N_("Run started"),
    Deed.RUN_CANCELED: N_("Run canceled"),
    Deed.RUN_PAUSED: N_("Run paused"),
    Deed.RUN_RESUMED: N_("Run resumed"),
    Deed.REJECTED_ROWS_TAKEN: N_("Rejected rows taken"),
}
"""What was done, as it is shown; translate with ``_``."""


class AuditFailed(CctuiError):
    """The deed is done, but the audit log did not take it."""


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the log."""

    v: int = _VERSION
    at: datetime
    who: str
    role: Role
    deed: Deed
    about: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


_ENCODER = msgspec.json.Encoder(enc_hook=str)
_DECODER: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def path_of(environment: Environment) -> Path:
    """The file of the log."""
    return environment.state_folder / "audit.jsonl"


def record(
    environment: Environment,
    operator: Operator,
    deed: Deed,
    about: str,
    *,
    before: Struct | None = None,
    after: Struct | None = None,
    clock: Clock | None = None,
) -> None:
    """Add a line, on the disk when this returns. Of two definitions only what differs is written.

    Raises :class:`AuditFailed`: the deed itself is done by then.
    """
    was, now = _facts(before), _facts(after)
    if was is not None and now is not None:
        differing = [key for key in {**was, **now} if was.get(key) != now.get(key)]
        was, now = ({key: facts.get(key) for key in differing} for facts in (was, now))
    entry = Entry(
        at=(clock or SystemClock()).now(),
        who=harmless(operator.name),
        role=operator.role,
        deed=deed,
        about=harmless(about),
        before=was,
        after=now,
    )
    path = path_of(environment)
    try:
        files.private_folder(path.parent)
        _append(path, _ENCODER.encode(entry) + b"\n")
    except OSError as problem:
        raise AuditFailed(
            _("It is done, but the audit log {path} did not take it.").format(path=path),
            why=problem.strerror or "",
            do=_("Free space or mend the folder."),
        ) from problem


def newest(environment: Environment, limit: int = 200) -> list[Entry]:
    """The last entries, newest first; torn lines and those of newer versions are left out."""
    found: list[Entry] = []
    for line in _lines_backwards(path_of(environment)):
        with contextlib.suppress(msgspec.MsgspecError):
            found.append(_DECODER.decode(line))
        if len(found) == limit:
            break
    return found


def _facts(definition: Struct | None) -> dict[str, Any] | None:
    if definition is None:
        return None
    facts: dict[str, Any] = _masked(msgspec.to_builtins(definition))
    return facts


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_masked(one) for one in value]
    if isinstance(value, dict):
        return {key: _masked(one) for key, one in value.items()}
    return value


def _append(path: Path, line: bytes) -> None:
    """Add a line in one write, after closing one that a crash tore, and see it on the disk."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        files.write_all(descriptor, line)
        files.disk.sync(descriptor)
    finally:
        os.close(descriptor)
    if not size:
        files.disk.sync_folder(path.parent)


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """The whole lines of a file from its end on, without reading more of it than is asked for."""
    try:
        log = path.open("rb")
    except FileNotFoundError:
        return
    with log:
        place = log.seek(0, os.SEEK_END)
        rest = b""
        while place:
            step = min(_READ_AT_ONCE, place)
            place -= step
            log.seek(place)
            first, *lines = (log.read(step) + rest).split(b"\n")
            yield from (line for line in reversed(lines) if line)
            rest = first
        if rest:
            yield rest
