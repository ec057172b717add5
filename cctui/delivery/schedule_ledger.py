"""The part of the ledger that is about schedules and refreshes: what is dealt with, what waits, what was counted.

Firing is one commit: the mark of the schedule moves on and its refresh is there, or neither. Turning a refresh into
runs is one commit too. So a crash at any point leaves each moment either due or fired, never both and never neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import structs

from cctui.delivery.firings import Mark, Refresh, SegmentCount
from cctui.delivery.ledger import Ledger
from cctui.delivery.ledger_tables import COUNT_COLUMNS, MARK_COLUMNS, REFRESH_COLUMNS, marks, values
from cctui.delivery.states import Run, Status, Trigger

_KEPT_REFRESHES = 200
_ACTIVE = (Status.QUEUED, Status.REFRESHING, Status.PAUSED)


class ScheduleLedger(Ledger):
    """The ledger, with schedules and refreshes."""

    def schedules(self) -> dict[str, Mark]:
        """How far each schedule has been dealt with."""
        rows = self._rows("SELECT * FROM schedules")
        found = [self._typed(self._sealed(row, MARK_COLUMNS), Mark, json=()) for row in rows]
        return {mark.schedule: mark for mark in found}

    def keep_schedules(self, begun: Sequence[Mark], ended: Sequence[str]) -> None:
        """Begin schedules, or begin them anew, and forget others."""
        with self._writing("schedules"):
            self._put_marks(begun)
            self._db.executemany("DELETE FROM schedules WHERE schedule = ?", [(schedule,) for schedule in ended])

    def fire(self, before: Mark, after: Mark, refresh: Refresh) -> Refresh | None:
        """Move a schedule on and ask for its refresh; ``None`` where somebody has moved it on already."""
        with self._writing("fire"):
            if self.schedules().get(before.schedule) != before:
                return None
            self._put_marks([after])
            return self._add_refresh(refresh)

    def ask_refresh(self, refresh: Refresh) -> Refresh:
        """Ask for a refresh by hand. While one like it waits, that one takes the exports along."""
        with self._writing("ask-refresh"):
            for waiting in self.waiting_refreshes():
                if waiting.trigger is refresh.trigger and waiting.asked_by == refresh.asked_by:
                    together = list(dict.fromkeys([*waiting.exports, *refresh.exports]))
                    return self._put_refresh(structs.replace(waiting, exports=together))
            return self._add_refresh(refresh)

    def refresh(self, number: int) -> Refresh | None:
        """One refresh; ``None`` where it is long over and forgotten."""
        found = self._refreshes("WHERE number = ?", (number,))
        return found[0] if found else None

    def refreshes(self, limit: int = 20) -> list[Refresh]:
        """Refreshes, newest first."""
        return self._refreshes("ORDER BY number DESC LIMIT ?", (limit,))

    def waiting_refreshes(self) -> list[Refresh]:
        """Refreshes that are not runs yet, oldest first."""
        return self._refreshes("WHERE waiting = 1 ORDER BY number")

    def note_refresh(self, number: int, problem: str) -> None:
        """Write down what a refresh waits for."""
        with self._writing("note-refresh"):
            found = self.refresh(number)
            if found is not None and found.waiting and found.problem != problem:
                self._put_refresh(structs.replace(found, problem=problem))

    def segment_counts(self) -> dict[str, SegmentCount]:
        """What refreshes found out about segments, in the order of the source."""
        rows = self._rows("SELECT * FROM segment_counts ORDER BY rowid")
        found = [self._typed(self._sealed(row, COUNT_COLUMNS), SegmentCount, json=()) for row in rows]
        return {count.segment: count for count in found}

    def keep_segment_counts(self, counts: Sequence[SegmentCount], *, whole: bool = False) -> None:
        """Keep ``counts`` in place of earlier ones; where they are the ``whole`` list, forget all others."""
        with self._writing("segment-counts"):
            if whole:
                self._db.execute("DELETE FROM segment_counts")
            self._put_counts(counts)

    def carry_out(self, refresh: Refresh, runs: Sequence[Run]) -> tuple[list[Run], list[Run]]:
        """Turn a refresh into ``runs``, and end it. Returns the runs that are in the ledger now.

        The second list are runs that are not over yet, of exports that should have run: nothing is added for these.
        Both are empty where somebody has turned this refresh into runs already.
        """
        with self._writing("carry-out"):
            now = self.refresh(refresh.number)
            if now is None or not now.waiting:
                return [], []
            active = self._active()
            added = [run for run in runs if run.export not in active]
            busy = [active[run.export] for run in runs if run.export in active]
            self._insert("runs", *added)
            self._put_refresh(
                structs.replace(
                    now,
                    waiting=False,
                    problem=refresh.problem,
                    ended_at=self._clock.now(),
                    runs=[run.id for run in added],
                )
            )
            self._put_counts(
                structs.replace(count, status=Status.SKIPPED, problem=refresh.problem)
                for count in self.segment_counts().values()
                if count.refresh <= refresh.number and not count.status.ended
            )
            self._db.execute(
                "DELETE FROM refreshes WHERE waiting = 0 AND number <= (SELECT max(number) FROM refreshes) - ?",
                (_KEPT_REFRESHES,),
            )
            return added, busy

    def _active(self) -> dict[str, Run]:
        rows = self._rows(f"SELECT * FROM runs WHERE status IN ({marks(_ACTIVE)})", _ACTIVE)
        return {run.export: run for run in map(self._as_run, rows)}

    def _refreshes(self, which: str, given: Sequence[Any] = ()) -> list[Refresh]:
        rows = self._rows(f"SELECT * FROM refreshes {which}", given)
        return [self._typed(self._sealed(row, REFRESH_COLUMNS), Refresh, json=("exports", "runs")) for row in rows]

    def _add_refresh(self, refresh: Refresh) -> Refresh:
        ((last,),) = self._rows("SELECT coalesce(max(number), 0) FROM refreshes", plain=True)
        numbered = structs.replace(refresh, number=last + 1)
        self._insert("refreshes", numbered)
        return numbered

    def _put_refresh(self, refresh: Refresh) -> Refresh:
        assignments = ", ".join(f"{column} = ?" for column in (*REFRESH_COLUMNS, "seal"))
        self._db.execute(
            f"UPDATE refreshes SET {assignments} WHERE number = ?", (*values(refresh, REFRESH_COLUMNS), refresh.number)
        )
        return refresh

    def _put_counts(self, counts: Iterable[SegmentCount]) -> None:
        columns = (*COUNT_COLUMNS, "seal")
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
        self._db.executemany(
            f"INSERT INTO segment_counts ({', '.join(columns)}) VALUES ({marks(columns)}) "
            f"ON CONFLICT (segment) DO UPDATE SET {changes}",
            [values(count, COUNT_COLUMNS) for count in counts],
        )

    def _put_marks(self, of: Sequence[Mark]) -> None:
        columns = (*MARK_COLUMNS, "seal")
        self._db.executemany(
            f"INSERT OR REPLACE INTO schedules ({', '.join(columns)}) VALUES ({marks(columns)})",
            [values(mark, MARK_COLUMNS) for mark in of],
        )


def new_refresh(trigger: Trigger, **facts: Any) -> Refresh:
    """A refresh that waits to be carried out; ``facts`` are the fields of :class:`Refresh` that its caller knows."""
    return Refresh(number=0, trigger=trigger, **facts)
