"""What the stand-in remembers beside the contacts: lists, custom fields, activities and grants, in one small file.

Each thing is kept as JSON under its key; the whole is small and lives in memory, so that no request waits for a disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

S = TypeVar("S", bound=Struct)


class Records:
    """The file. One thread uses it."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS record"
            " (shelf TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (shelf, key)) WITHOUT ROWID"
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def put(self, shelf: str, key: str, value: bytes) -> None:
        """Keep a value."""
        self._connection.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (shelf, key, value))

    def drop(self, shelf: str, key: str) -> None:
        """Forget a value."""
        self._connection.execute("DELETE FROM record WHERE shelf = ? AND key = ?", (shelf, key))

    def clear(self, shelf: str) -> None:
        """Forget every value of a shelf."""
        self._connection.execute("DELETE FROM record WHERE shelf = ?", (shelf,))

    def all(self, shelf: str) -> list[tuple[str, bytes]]:
        """Keys and values of a shelf."""
        return self._connection.execute("SELECT key, value FROM record WHERE shelf = ?", (shelf,)).fetchall()


class Shelf(Generic[S]):
    """Structs of one kind by key, in memory and in the file. A changed struct is put again."""

    def __init__(self, records: Records, name: str, kind: type[S]) -> None:
        self._records = records
        self._name = name
        self._held: dict[str, S] = {key: msgspec.json.decode(value, type=kind) for key, value in records.all(name)}

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[S]:
        return iter(list(self._held.values()))

    def items(self) -> list[tuple[str, S]]:
        """Keys and structs."""
        return list(self._held.items())

    def get(self, key: str) -> S | None:
        """The struct under ``key``."""
        return self._held.get(key)

    def put(self, key: str, value: S) -> S:
        """Keep a struct under ``key``, new or changed."""
        self._held[key] = value
        self._records.put(self._name, key, msgspec.json.encode(value))
        return value

    def drop(self, key: str) -> None:
        """Forget what is under ``key``."""
        if self._held.pop(key, None) is not None:
            self._records.drop(self._name, key)

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
        self._records.clear(self._name)
