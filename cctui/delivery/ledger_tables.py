"""The tables of the ledger: how facts become rows and back, the seal over a row, and older files brought up to date.

A seal is a hash over the values of a row. Statements that create and change tables are here, all others in ``ledger``,
``schedule_ledger`` and ``alert_ledger``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct, structs

from cctui.delivery.alerts import AlertState
from cctui.delivery.firings import Mark, Refresh, SegmentCount
from cctui.delivery.states import Batch, Run, Totals
from cctui.locales import said

SCHEMA_VERSION = 5

TOTALS = tuple(field.name for field in structs.fields(Totals))
RUN_COLUMNS = tuple(
    column for field in structs.fields(Run) for column in (TOTALS if field.name == "totals" else (field.name,))
)
BATCH_COLUMNS = tuple(field.name for field in structs.fields(Batch))
MARK_COLUMNS = tuple(field.name for field in structs.fields(Mark))
REFRESH_COLUMNS = tuple(field.name for field in structs.fields(Refresh))
COUNT_COLUMNS = tuple(field.name for field in structs.fields(SegmentCount))
ALERT_COLUMNS = tuple(field.name for field in structs.fields(AlertState))
TABLES = {
    "runs": RUN_COLUMNS,
    "batches": BATCH_COLUMNS,
    "schedules": MARK_COLUMNS,
    "refreshes": REFRESH_COLUMNS,
    "segment_counts": COUNT_COLUMNS,
    "alerts": ALERT_COLUMNS,
}
"""The columns of each table that its seal covers."""
SENTENCES = ("problem", "do_next")
"""Columns with sentences, kept so that each viewer reads them in a language of its own."""

_SINCE_VERSION_1 = """
CREATE TABLE runs (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, export TEXT NOT NULL, export_name TEXT NOT NULL, connection TEXT,
  list_id TEXT NOT NULL, status TEXT NOT NULL, stage TEXT NOT NULL, wish TEXT NOT NULL, trigger TEXT NOT NULL,
  started_by TEXT NOT NULL, queued_at TEXT NOT NULL, started_at TEXT, ended_at TEXT, pause_reason TEXT, resume_at TEXT,
  dry_run INTEGER NOT NULL, selected INTEGER NOT NULL, duplicate INTEGER NOT NULL, invalid INTEGER NOT NULL,
  suppressed INTEGER NOT NULL, unchanged INTEGER NOT NULL, sent INTEGER NOT NULL, accepted INTEGER NOT NULL,
  not_added INTEGER NOT NULL, refused INTEGER NOT NULL, waiting INTEGER NOT NULL, cut INTEGER NOT NULL,
  dropped INTEGER NOT NULL,
  batches INTEGER NOT NULL, batches_sent INTEGER NOT NULL, batches_settled INTEGER NOT NULL,
  contacts_sent INTEGER NOT NULL, requests INTEGER NOT NULL, replayed INTEGER NOT NULL, resumed INTEGER NOT NULL,
  stage_seconds TEXT NOT NULL, planned INTEGER NOT NULL, problem TEXT NOT NULL, do_next TEXT NOT NULL,
  seal TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_active_run ON runs (export) WHERE status IN ('queued', 'refreshing', 'paused');
CREATE INDEX runs_of_export ON runs (export, number);
CREATE TABLE batches (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, number INTEGER NOT NULL, first_position INTEGER NOT NULL,
  contacts INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL, activity_id TEXT NOT NULL, activity_state TEXT NOT NULL, request_id TEXT NOT NULL,
  sent_at TEXT, settled_at TEXT, milliseconds INTEGER, accepted INTEGER NOT NULL, not_added INTEGER NOT NULL,
  refused INTEGER NOT NULL, errors TEXT NOT NULL, former TEXT NOT NULL, problem TEXT NOT NULL, seal TEXT NOT NULL,
  PRIMARY KEY (run, number)
) STRICT
"""
_SINCE_VERSION_2 = """
ALTER TABLE runs ADD COLUMN due_at TEXT;
CREATE TABLE schedules (
  schedule TEXT PRIMARY KEY, rule TEXT NOT NULL, dealt_with TEXT NOT NULL, seal TEXT NOT NULL
) STRICT;
CREATE TABLE refreshes (
  number INTEGER PRIMARY KEY, trigger TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at TEXT NOT NULL, due_at TEXT,
  missed INTEGER NOT NULL, exports TEXT NOT NULL, waiting INTEGER NOT NULL, problem TEXT NOT NULL, ended_at TEXT,
  runs TEXT NOT NULL, seal TEXT NOT NULL
) STRICT
"""
_SINCE_VERSION_3 = """
ALTER TABLE runs ADD COLUMN only_rejected_of TEXT;
ALTER TABLE runs ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN absent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN untraced INTEGER NOT NULL DEFAULT 0
"""
_SINCE_VERSION_4 = """
CREATE TABLE alerts (
  alert TEXT NOT NULL, subject TEXT NOT NULL, trouble INTEGER NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
  since TEXT NOT NULL, pending INTEGER NOT NULL, sending INTEGER NOT NULL, tries INTEGER NOT NULL, next_try TEXT,
  told_at TEXT, problem TEXT NOT NULL, seal TEXT NOT NULL, PRIMARY KEY (alert, subject)
) STRICT
"""
_SINCE_VERSION_5 = """
CREATE TABLE segment_counts (
  segment TEXT PRIMARY KEY, refresh INTEGER NOT NULL, status TEXT NOT NULL, version TEXT NOT NULL, members INTEGER,
  counted_at TEXT, problem TEXT NOT NULL, do_next TEXT NOT NULL, seal TEXT NOT NULL
) STRICT
"""
_SINCE = (_SINCE_VERSION_1, _SINCE_VERSION_2, _SINCE_VERSION_3, _SINCE_VERSION_4, _SINCE_VERSION_5)
_NEW_COLUMNS = {1: ("due_at",), 2: ("only_rejected_of", "wanted", "absent", "untraced")}
"""The columns of runs that a ledger of this version does not have yet."""


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Make the tables, or change those of an older version, all in one transaction."""
    if version(db) >= SCHEMA_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        found = version(db)
        for since, statements in enumerate(_SINCE, start=1):
            if found < since:
                _execute(db, statements)
        new = {column for before, columns in _NEW_COLUMNS.items() if before >= found for column in columns}
        _seal_again(db, tuple(column for column in RUN_COLUMNS if column not in new))
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def version(db: sqlite3.Connection) -> int:
    """The version of the tables; 0 for a new file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def values(fact: Struct, columns: Sequence[str]) -> tuple[Any, ...]:
    """What is stored of ``fact``: the values of ``columns`` and the seal over them."""
    built = msgspec.to_builtins(fact, enc_hook=str)
    flat = {**built, **built.pop("totals", {})}
    flat.update((name, said.stored(getattr(fact, name))) for name in SENTENCES if name in flat)
    stored = tuple(_stored(flat[column]) for column in columns)
    return (*stored, seal(stored))


def seal(stored: Sequence[Any]) -> str:
    """The seal over the stored values of a row, in the order of its columns."""
    return blake2b(msgspec.json.encode(stored), digest_size=8).hexdigest()


def marks(of: Sequence[object], start: int = 0) -> str:
    """Question marks for as many values, numbered from ``start`` where it is given."""
    return ", ".join(f"?{start + index}" if start else "?" for index in range(len(of)))


def _stored(value: Any) -> str | int | None:
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    return int(value) if isinstance(value, bool) else value


def _execute(db: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";\n"):
        db.execute(statement)


def _seal_again(db: sqlite3.Connection, former: Sequence[str]) -> None:
    """Seal the runs with their new columns; a row whose seal over the ``former`` ones is broken stays broken."""
    for row in db.execute("SELECT * FROM runs").fetchall():
        if seal(tuple(row[column] for column in former)) == row["seal"]:
            now = seal(tuple(row[column] for column in RUN_COLUMNS))
            db.execute("UPDATE runs SET seal = ? WHERE id = ?", (now, row["id"]))
