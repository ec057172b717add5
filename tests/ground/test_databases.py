"""Two processes that open a new database at the same moment both get it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from cctui.host import databases


def connected(path: Path) -> sqlite3.Connection:
    """Without any patience of its own, as SQLite is where two change the kind of journal at once."""
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def test_who_comes_second_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under load the first look at the quota or the first run failed with "database is locked"."""
    first, second = connected(tmp_path / "new.sqlite"), connected(tmp_path / "new.sqlite")
    first.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        second.execute("PRAGMA journal_mode = WAL")
    pauses = iter((lambda: None, lambda: first.execute("COMMIT")))
    monkeypatch.setattr(databases, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: next(pauses)()))
    databases.keep_ahead_log(second)
    assert second.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    first.close()
    second.close()


def test_a_file_that_stays_locked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_PATIENCE", 0.0)
    first, second = connected(tmp_path / "new.sqlite"), connected(tmp_path / "new.sqlite")
    first.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        databases.keep_ahead_log(second)
    first.close()
    second.close()
