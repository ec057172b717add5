"""The part of the ledger that is about alerts: what was told to whom, and what has still to be told."""

from __future__ import annotations

from collections.abc import Sequence

from cctui.delivery.alerts import AlertState
from cctui.delivery.ledger import Ledger
from cctui.delivery.ledger_tables import ALERT_COLUMNS, marks, values
from cctui.delivery.states import Run


class AlertLedger(Ledger):
    """The ledger, with alerts."""

    def alerts(self) -> dict[tuple[str, str], AlertState]:
        """Every state by alert and subject."""
        rows = self._rows("SELECT * FROM alerts ORDER BY alert, since, subject")
        found = [self._typed(self._sealed(row, ALERT_COLUMNS), AlertState, json=()) for row in rows]
        return {(state.alert, state.subject): state for state in found}

    def keep_alerts(self, changed: Sequence[AlertState], gone: Sequence[tuple[str, str]] = ()) -> None:
        """Write states, new ones among them, and forget others, in one commit."""
        columns = (*ALERT_COLUMNS, "seal")
        with self._writing("alerts"):
            self._db.executemany(
                f"INSERT OR REPLACE INTO alerts ({', '.join(columns)}) VALUES ({marks(columns)})",
                [values(state, ALERT_COLUMNS) for state in changed],
            )
            self._db.executemany("DELETE FROM alerts WHERE alert = ? AND subject = ?", gone)

    def ended_lately(self, of_each: int = 20) -> list[Run]:
        """The newest runs of each export that are over, newest first."""
        rows = self._rows(
            "SELECT * FROM runs WHERE number IN (SELECT number FROM (SELECT number, row_number() OVER "
            "(PARTITION BY export ORDER BY number DESC) AS place FROM runs WHERE ended_at IS NOT NULL) "
            "WHERE place <= ?) ORDER BY number DESC",
            (of_each,),
        )
        return [self._as_run(row) for row in rows]
