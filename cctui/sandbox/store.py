"""The contacts of the stand-in and their lists, in SQLite: one thread writes, any thread reads.

An import is one transaction of set-based statements; the interpreter is free while SQLite works, so that requests are
answered meanwhile. The file is a stand-in's: it survives a restart, not a power cut.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS list (number INTEGER PRIMARY KEY, list_id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS contact (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, first_name TEXT NOT NULL DEFAULT '',
    last_name TEXT NOT NULL DEFAULT '', fields TEXT, permission TEXT NOT NULL DEFAULT 'implicit',
    opt_out_source TEXT, opt_out_at REAL, created_at REAL NOT NULL, updated_at REAL NOT NULL, deleted_at REAL,
    times INTEGER NOT NULL DEFAULT 0, lists TEXT NOT NULL DEFAULT ','
);
CREATE INDEX IF NOT EXISTS unsubscribed ON contact (email) WHERE permission = 'unsubscribed';
"""
_ARRIVAL = """
CREATE TEMP TABLE IF NOT EXISTS arrival (
    line INTEGER PRIMARY KEY, email TEXT NOT NULL, first_name TEXT NOT NULL, last_name TEXT NOT NULL, fields TEXT
)
"""
_UPSERT = """
INSERT INTO contact (email, first_name, last_name, fields, created_at, updated_at, times, lists)
SELECT email, first_name, last_name, fields, :now, :now, 1, :lists FROM arrival WHERE true ORDER BY email, line
ON CONFLICT (email) DO UPDATE SET
    first_name = CASE WHEN excluded.first_name = '' THEN first_name ELSE excluded.first_name END,
    last_name = CASE WHEN excluded.last_name = '' THEN last_name ELSE excluded.last_name END,
    fields = CASE WHEN excluded.fields IS NULL THEN fields
                  ELSE json_patch(coalesce(fields, '{}'), excluded.fields) END,
    updated_at = excluded.updated_at, deleted_at = NULL, times = times + 1,
    lists = CASE WHEN instr(lists, :first) THEN lists ELSE lists || substr(:first, 2) END
"""
_JOIN_LIST = """
UPDATE contact SET lists = lists || ?2
WHERE email IN (SELECT email FROM arrival) AND NOT instr(lists, ?1)
"""


class StoredContact(Struct, frozen=True):
    """A contact as the store holds it. Times are seconds since 1970; ``times`` counts the rows that wrote it."""

    id: int
    email: str
    first_name: str
    last_name: str
    fields: dict[str, str]
    permission: str
    opt_out_source: str | None
    opt_out_at: float | None
    created_at: float
    updated_at: float
    deleted_at: float | None
    times: int
    list_ids: list[str]


_COLUMNS = (
    "c.id, c.email, c.first_name, c.last_name, c.fields, c.permission, c.opt_out_source, c.opt_out_at, c.created_at, "
    "c.updated_at, c.deleted_at, c.times, c.lists"
)


class ContactStore:
    """Contacts and memberships in ``path``. Close it to stop its thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._jobs: queue.SimpleQueue[tuple[Callable[[sqlite3.Connection], object], Future[object]] | None] = (
            queue.SimpleQueue()
        )
        self._writer = self._connect()
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA cache_size = -200000")
        self._writer.execute("PRAGMA wal_autocheckpoint = 20000")
        self._writer.executescript(_SCHEMA)
        self._writer.execute(_ARRIVAL)
        self.changes = 0
        """Grows with every write, so that counts can be kept until it does."""
        self._thread = threading.Thread(target=self._work, name="contacts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish what is queued and close the file."""
        self._jobs.put(None)
        self._thread.join()
        for connection in (self._writer, *self._readers):
            connection.close()

    def write(self, job: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Do ``job`` in the writing thread, in one transaction, after everything asked before."""
        future: Future[T] = Future()
        self._jobs.put((job, future))  # type: ignore[arg-type]
        return future

    @property
    def reader(self) -> sqlite3.Connection:
        """A connection for reading that belongs to the calling thread."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._readers.append(connection)
        return connection

    def new_reader(self) -> sqlite3.Connection:
        """A connection for one long reading, seen from one moment; whoever asked for it closes it."""
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=60)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    def _work(self) -> None:
        while (task := self._jobs.get()) is not None:
            job, future = task
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    result = job(self._writer)
                    self._writer.execute("COMMIT")
                except BaseException:
                    self._writer.execute("ROLLBACK")
                    raise
            except Exception as error:  # noqa: BLE001 - belongs to whoever waits for the future
                future.set_exception(error)
            else:
                self.changes += 1
                future.set_result(result)


def import_rows(
    connection: sqlite3.Connection,
    rows: Sequence[tuple[int, str, str, str, str | None]],
    list_ids: Sequence[str],
    now: float,
) -> int:
    """Add or update contacts by address and put them on lists; the later of two rows wins, blanks erase nothing.

    Returns how many unsubscribed people were left out.
    """
    connection.execute("DELETE FROM arrival")
    connection.executemany("INSERT INTO arrival VALUES (?, ?, ?, ?, ?)", rows)
    left_out: int = connection.execute(
        "SELECT count(DISTINCT email) FROM arrival"
        " WHERE email IN (SELECT email FROM contact WHERE permission = 'unsubscribed')"
    ).fetchone()[0]
    if left_out:
        connection.execute(
            "DELETE FROM arrival WHERE email IN (SELECT email FROM contact WHERE permission = 'unsubscribed')"
        )
    marks = [f",{number}," for number in _numbers(connection, list_ids)]
    first = marks[0] if marks else ","
    connection.execute(_UPSERT, {"now": now, "lists": first, "first": first})
    for mark in marks[1:]:
        connection.execute(_JOIN_LIST, (mark, mark[1:]))
    connection.execute("DELETE FROM arrival")
    return left_out


def unsubscribe(connection: sqlite3.Connection, emails: Sequence[str], source: str, now: float) -> int:
    """Mark people as unsubscribed, known or not. Returns how many."""
    connection.executemany(
        "INSERT INTO contact (email, permission, opt_out_source, opt_out_at, created_at, updated_at)"
        " VALUES (?1, 'unsubscribed', ?2, ?3, ?3, ?3) ON CONFLICT (email) DO UPDATE SET"
        " permission = 'unsubscribed', opt_out_source = excluded.opt_out_source, opt_out_at = excluded.opt_out_at",
        [(email.strip().lower(), source, now) for email in emails],
    )
    return len(emails)


def delete_contacts(connection: sqlite3.Connection, emails: Sequence[str], now: float) -> int:
    """Delete contacts as the service does: the record stays, without lists. Returns how many there were."""
    deleted = 0
    for email in emails:
        found = connection.execute("SELECT id FROM contact WHERE email = ?", (email.strip().lower(),)).fetchone()
        if found:
            deleted += 1
            connection.execute("UPDATE contact SET deleted_at = ?, lists = ',' WHERE id = ?", (now, found[0]))
    return deleted


def remove_members(
    connection: sqlite3.Connection,
    target_list_ids: Sequence[str],
    *,
    contacts: Sequence[int] | None = None,
    source_list_ids: Sequence[str] = (),
    excluded: Sequence[int] = (),
) -> int:
    """Take people off lists: these contacts, the members of other lists, or everybody (``contacts`` is ``None``).

    Returns how many people that concerns.
    """
    connection.execute("DELETE FROM arrival")
    chosen = "INSERT OR IGNORE INTO arrival SELECT id, '', '', '', NULL FROM contact WHERE "
    if contacts is not None:
        connection.executemany(chosen + "id = ?", [(number,) for number in contacts])
    elif source_list_ids:
        for number in _numbers(connection, source_list_ids):
            connection.execute(chosen + "instr(lists, ?)", (f",{number},",))
    else:
        connection.execute(chosen + "deleted_at IS NULL")
    connection.executemany("DELETE FROM arrival WHERE line = ?", [(number,) for number in excluded])
    concerned: int = connection.execute("SELECT count(*) FROM arrival").fetchone()[0]
    for number in _numbers(connection, target_list_ids):
        connection.execute(
            "UPDATE contact SET lists = replace(lists, ?1, ',')"
            " WHERE id IN (SELECT line FROM arrival) AND instr(lists, ?1)",
            (f",{number},",),
        )
    connection.execute("DELETE FROM arrival")
    return concerned


def empty_list(connection: sqlite3.Connection, list_id: str) -> int:
    """Take everybody off a list. Returns how many there were."""
    (number,) = _numbers(connection, [list_id])
    return connection.execute(
        "UPDATE contact SET lists = replace(lists, ?1, ',') WHERE instr(lists, ?1)", (f",{number},",)
    ).rowcount


def clear(connection: sqlite3.Connection) -> None:
    """Forget every contact."""
    for table in ("contact", "list", "arrival"):
        connection.execute(f"DELETE FROM {table}")


class Members(Struct, frozen=True):
    """How many are on a list, and how many of them may be mailed."""

    all: int = 0
    active: int = 0


def members_by_list(connection: sqlite3.Connection) -> dict[str, Members]:
    """The members of every list that anybody is on, in one pass over the contacts."""
    ids = dict(connection.execute("SELECT number, list_id FROM list"))
    everybody: Counter[str] = Counter()
    active: Counter[str] = Counter()
    for lists, unsubscribed, count in connection.execute(
        "SELECT lists, permission = 'unsubscribed', count(*) FROM contact GROUP BY 1, 2"
    ):
        for number in lists.strip(",").split(","):
            if number:
                everybody[ids[int(number)]] += count
                active[ids[int(number)]] += 0 if unsubscribed else count
    return {list_id: Members(all=count, active=active[list_id]) for list_id, count in everybody.items()}


def counts_by_permission(connection: sqlite3.Connection) -> dict[str, int]:
    """Contacts that are not deleted, by permission."""
    return dict(
        connection.execute("SELECT permission, count(*) FROM contact WHERE deleted_at IS NULL GROUP BY permission")
    )


def written_more_than_once(connection: sqlite3.Connection) -> int:
    """Contacts that more than one row of the imports wrote: the doubles and the replays."""
    found: int = connection.execute("SELECT count(*) FROM contact WHERE times > 1").fetchone()[0]
    return found


class Wanted(Struct, frozen=True, kw_only=True):
    """Which contacts a reader asks for; empty means no such condition."""

    email: str = ""
    statuses: frozenset[str] = frozenset()
    list_ids: tuple[str, ...] = ()
    updated_after: float | None = None
    optout_after: float | None = None
    optout_before: float | None = None

    def condition(self) -> tuple[str, list[object]]:
        """The condition in SQL, with its values."""
        parts: list[str] = []
        values: list[object] = []
        if self.email:
            parts.append("c.email = ?")
            values.append(self.email.strip().lower())
        if "all" not in self.statuses:
            permissions = sorted(self.statuses - {"active", "deleted"})
            kept = [f"(c.deleted_at IS NULL AND c.permission IN ({', '.join('?' * len(permissions))}))"]
            values += permissions
            if "active" in self.statuses:
                kept.append("(c.deleted_at IS NULL AND c.permission <> 'unsubscribed')")
            if "deleted" in self.statuses:
                kept.append("c.deleted_at IS NOT NULL")
            parts.append(f"({' OR '.join(kept)})" if self.statuses else "c.deleted_at IS NULL")
        if self.list_ids:
            marks = ", ".join("?" * len(self.list_ids))
            parts.append(
                f"EXISTS (SELECT 1 FROM list l WHERE l.list_id IN ({marks}) AND instr(c.lists, ',' || l.number || ','))"
            )
            values += self.list_ids
        for column, sign, moment in (
            ("c.updated_at", ">", self.updated_after),
            ("c.opt_out_at", ">", self.optout_after),
            ("c.opt_out_at", "<", self.optout_before),
        ):
            if moment is not None:
                parts.append(f"{column} {sign} ?")
                values.append(moment)
        return " AND ".join(parts) or "true", values


def count_contacts(connection: sqlite3.Connection, wanted: Wanted) -> int:
    """How many contacts fit."""
    condition, values = wanted.condition()
    found: int = connection.execute(f"SELECT count(*) FROM contact c WHERE {condition}", values).fetchone()[0]
    return found


def page_of_contacts(connection: sqlite3.Connection, wanted: Wanted, after: int, limit: int) -> list[StoredContact]:
    """At most ``limit`` contacts that fit, by number, from the one after ``after``."""
    condition, values = wanted.condition()
    return [
        _contact(connection, row)
        for row in connection.execute(
            f"SELECT {_COLUMNS} FROM contact c WHERE {condition} AND c.id > ? ORDER BY c.id LIMIT ?",
            [*values, after, limit],
        ).fetchall()
    ]


def every_contact(connection: sqlite3.Connection, list_id: str | None) -> Iterator[str]:
    """All contacts (of a list) by address as JSON lines, some thousand at a time."""
    mark = ""
    if list_id:
        found = connection.execute("SELECT number FROM list WHERE list_id = ?", (list_id,)).fetchone()
        if found is None:
            return
        mark = f",{found[0]},"
    cursor = connection.execute(
        "SELECT json_object('email', email, 'first_name', first_name, 'last_name', last_name,"
        " 'fields', json(coalesce(fields, '{}')), 'permission', permission,"
        " 'deleted', json(iif(deleted_at IS NULL, 'false', 'true')), 'times', times)"
        " FROM contact WHERE ? = '' OR instr(lists, ?) ORDER BY email",
        (mark, mark),
    )
    while rows := cursor.fetchmany(5_000):
        yield "\n".join(line for (line,) in rows) + "\n"


def _contact(connection: sqlite3.Connection, row: tuple[object, ...]) -> StoredContact:
    *facts, lists = row
    given = dict(zip(StoredContact.__struct_fields__, facts, strict=False))
    fields = given["fields"]
    given["fields"] = msgspec.json.decode(str(fields)) if fields else {}
    numbers = [int(number) for number in str(lists).strip(",").split(",") if number]
    found = [
        connection.execute("SELECT list_id FROM list WHERE number = ?", (number,)).fetchone() for number in numbers
    ]
    return msgspec.convert({**given, "list_ids": [list_id for (list_id,) in found]}, StoredContact)


def _numbers(connection: sqlite3.Connection, list_ids: Sequence[str]) -> list[int]:
    connection.executemany("INSERT OR IGNORE INTO list (list_id) VALUES (?)", [(list_id,) for list_id in list_ids])
    found = [connection.execute("SELECT number FROM list WHERE list_id = ?", (list_id,)) for list_id in list_ids]
    return [cursor.fetchone()[0] for cursor in found]
