"""SQLite files that several processes open at the same moment, the first moment included."""

from __future__ import annotations

import random
import sqlite3
import time

_PATIENCE = 15.0
_PAUSE = 0.02


def keep_ahead_log(connection: sqlite3.Connection) -> None:
    """Let readers and one writer work beside each other (WAL), for good: the file remembers it.

    Where two processes make the change at once SQLite refuses one of them without waiting, whatever its patience
    is: each would wait for the other. So it is asked again. Raises ``sqlite3.OperationalError`` as SQLite does.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE * random.random())  # noqa: S311 - only so that two do not meet again
        else:
            return
