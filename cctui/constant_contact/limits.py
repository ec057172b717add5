"""The pace and the day's count of each application key, shared by every process of this box.

The service allows 4 requests a second and 10,000 a day (00:00 to 24:00 UTC) to an application key, whoever uses it
(API guide, rate limits), and tells nobody how many are left. So each call first takes a slot here, in one SQLite
transaction: the slot's moment is at least one gap after the key's last one, and the day's count has risen by one
before the request leaves. Both survive a crash; neither is ever set by an environment variable.

Slots are moments of the monotonic clock, which no change of the time of day can move; it starts anew with the box, so
the boot is written beside it. Counts are kept per UTC day, so a clock that jumps over midnight and back finds the
count it left.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cctui.constant_contact.answers import Usage
from cctui.constant_contact.errors import LimitsUnusable, QuotaExceeded
from cctui.host.clock import Clock, SystemClock
from cctui.host.databases import keep_ahead_log
from cctui.host.files import private_folder
from cctui.locales import _

CALLS_PER_SECOND = 4.0
CALLS_PER_DAY = 10_000

_MARGIN = 1.04
"""The gap is this much longer than the rate allows, so that requests which dawdle on their way differently
still arrive no more than 4 in a second."""

_CLOCKS_DIFFER = timedelta(minutes=15)
"""A used-up quota reported this soon after our midnight is yesterday's, as clocks differ. Asked again after as long."""

_LONGEST_QUEUE = 600.0
"""Seconds; a slot further ahead than this was written by a clock that is not ours."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    client_id TEXT PRIMARY KEY,
    per_second REAL NOT NULL,
    per_day INTEGER NOT NULL,
    boot TEXT NOT NULL DEFAULT '',
    next_slot REAL NOT NULL DEFAULT 0,
    next_wall REAL NOT NULL DEFAULT 0,
    exhausted_until REAL NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS calls (
    client_id TEXT NOT NULL,
    day TEXT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (client_id, day)
) STRICT, WITHOUT ROWID;
"""
_VERSION = 1


class Limits:
    """The pace and the counts in ``path``. Safe for threads and processes; cheap: one small transaction per call."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._boot = _boot()
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def take(self, client_id: str) -> float:
        """Reserve the key's next slot and count the call. Returns the seconds to wait before the request is sent.

        Raises :class:`QuotaExceeded`, :class:`LimitsUnusable`; nothing is counted then.
        """
        return max(0.0, self.reserve(client_id) - self._clock.monotonic())

    def reserve(self, client_id: str) -> float:
        """As :meth:`take`, but returns the slot itself, a moment of the monotonic clock (seconds)."""
        with self._transaction() as connection:
            now, monotonic = self._clock.now(), self._clock.monotonic()
            per_second, per_day, boot, next_slot, next_wall, exhausted_until = _key(connection, client_id)
            day = now.date().isoformat()
            used = _used(connection, client_id, day)
            resets_at = _blocked_until(now, used, per_day, exhausted_until)
            if resets_at is not None:
                raise QuotaExceeded(resets_at)
            ahead = next_slot - monotonic if boot == self._boot else next_wall - now.timestamp()
            wait = ahead if 0.0 < ahead <= _LONGEST_QUEUE else 0.0
            gap = _MARGIN / per_second
            connection.execute(
                "UPDATE keys SET boot = ?, next_slot = ?, next_wall = ? WHERE client_id = ?",
                (self._boot, monotonic + wait + gap, now.timestamp() + wait + gap, client_id),
            )
            connection.execute(
                "INSERT INTO calls (client_id, day, used) VALUES (?, ?, 1) "
                "ON CONFLICT (client_id, day) DO UPDATE SET used = used + 1",
                (client_id, day),
            )
        return monotonic + wait

    def delayed(self, client_id: str, seconds: float) -> None:
        """A request left ``seconds`` after its slot, as where a connection had to be made: later slots keep the gap."""
        with self._transaction() as connection:
            _key(connection, client_id)
            connection.execute(
                "UPDATE keys SET next_slot = next_slot + ?, next_wall = next_wall + ? WHERE client_id = ?",
                (seconds, seconds, client_id),
            )

    def exhausted(self, client_id: str) -> datetime:
        """The service said that the day's calls are used up. Returns when calls are possible again (UTC)."""
        now = self._clock.now()
        until = _next_midnight(now)
        if now - (until - timedelta(days=1)) < _CLOCKS_DIFFER:
            until = now + _CLOCKS_DIFFER
        with self._transaction() as connection:
            _key(connection, client_id)
            connection.execute(
                "UPDATE keys SET exhausted_until = ? WHERE client_id = ?", (until.timestamp(), client_id)
            )
        return until

    def allow(self, client_id: str, *, per_second: float, per_day: int) -> None:
        """Write down what the service grants this key: partner keys have 10 a second and 250,000 a day on request."""
        if per_second <= 0 or per_day <= 0:
            raise ValueError("a key without calls")
        with self._transaction() as connection:
            _key(connection, client_id)
            connection.execute(
                "UPDATE keys SET per_second = ?, per_day = ? WHERE client_id = ?", (per_second, per_day, client_id)
            )

    def usage(self, client_id: str) -> Usage:
        """The key's calls of the present UTC day. Raises :class:`LimitsUnusable`."""
        with self._transaction() as connection:
            return _usage(connection, client_id, self._clock.now())

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guard:
            problem: sqlite3.Error | OSError | None = None
            try:
                if self._connection is None:
                    self._connection = _open(self._path)
                connection = self._connection
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    with contextlib.suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, OSError) as error:
                problem = error
            if problem is not None:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                raise _unusable(self._path, problem) from problem


def usage(limits_path: Path, client_id: str, clock: Clock | None = None) -> Usage:
    """The key's calls of the present UTC day for a viewer: changes nothing, and needs no file to be there yet."""
    now = (clock or SystemClock()).now()
    try:
        if not limits_path.exists():
            return Usage(0, CALLS_PER_DAY, _next_midnight(now))
        with contextlib.closing(
            sqlite3.connect(f"{limits_path.absolute().as_uri()}?mode=ro", uri=True, timeout=10, isolation_level=None)
        ) as connection:
            if not _version(connection):  # another process is making it
                return Usage(0, CALLS_PER_DAY, _next_midnight(now))
            return _usage(connection, client_id, now)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(limits_path, error) from error


def _open(path: Path) -> sqlite3.Connection:
    private_folder(path.parent)
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        path.chmod(0o600)
        keep_ahead_log(connection)
        # A call that was counted stays counted after a power cut: what the service counted too is never asked twice.
        connection.execute("PRAGMA synchronous = FULL")
        version = _version(connection)
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"version {version} of the file is not known")
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _key(connection: sqlite3.Connection, client_id: str) -> tuple[float, int, str, float, float, float]:
    connection.execute(
        "INSERT OR IGNORE INTO keys (client_id, per_second, per_day) VALUES (?, ?, ?)",
        (client_id, CALLS_PER_SECOND, CALLS_PER_DAY),
    )
    row: tuple[float, int, str, float, float, float] = connection.execute(
        "SELECT per_second, per_day, boot, next_slot, next_wall, exhausted_until FROM keys WHERE client_id = ?",
        (client_id,),
    ).fetchone()
    return row


def _used(connection: sqlite3.Connection, client_id: str, day: str) -> int:
    row = connection.execute("SELECT used FROM calls WHERE client_id = ? AND day = ?", (client_id, day)).fetchone()
    return int(row[0]) if row else 0


def _usage(connection: sqlite3.Connection, client_id: str, now: datetime) -> Usage:
    row = connection.execute("SELECT per_day, exhausted_until FROM keys WHERE client_id = ?", (client_id,)).fetchone()
    per_day, exhausted_until = (int(row[0]), float(row[1])) if row else (CALLS_PER_DAY, 0.0)
    used = _used(connection, client_id, now.date().isoformat())
    resets_at = _blocked_until(now, used, per_day, exhausted_until)
    return Usage(used, per_day, resets_at or _next_midnight(now), exhausted=resets_at is not None)


def _blocked_until(now: datetime, used: int, per_day: int, exhausted_until: float) -> datetime | None:
    if used >= per_day:
        return _next_midnight(now)
    ahead = exhausted_until - now.timestamp()
    # A mark more than a day ahead was made by a clock that has been put back since.
    if 0.0 < ahead <= timedelta(days=1).total_seconds():
        return datetime.fromtimestamp(exhausted_until, UTC)
    return None


def _next_midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _boot() -> str:
    """Which start of the box the monotonic clock counts from; the same for all its processes."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


def _unusable(path: Path, error: sqlite3.Error | OSError) -> LimitsUnusable:
    text = str(error)
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        do = _(
            "The file is damaged and is not thrown away by itself. Move it aside with: mv {path} {path}.damaged - the "
            "count then starts at 0, so start no large run before 00:00 UTC."
        ).format(path=path)
    elif "full" in text or "disk I/O" in text:
        do = _("Make room on the disk that holds it, then try again. No call was made.")
    elif "locked" in text:
        do = _("Another process holds the file for long; look for a stopped cctui process, then try again.")
    else:
        do = _("Check that the folder exists and that this user may write in it.")
    return LimitsUnusable(path, text, do)
