"""A ledger of an older version, from before there were schedules or runs of some profiles, goes on with its runs."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cctui.definitions.model import ConnectionId, ExportId, ListId
from cctui.delivery import ledger_tables
from cctui.delivery.ledger import LedgerDamaged, new_run
from cctui.delivery.ledger_tables import RUN_COLUMNS, marks, seal, values
from cctui.delivery.schedule_ledger import ScheduleLedger
from cctui.delivery.states import Run, RunId, Status, Trigger

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = {"due_at", "only_rejected_of", "wanted", "absent", "untraced"}
COLUMNS = tuple(column for column in RUN_COLUMNS if column not in LATER)


def a_run(run_id: str, export: str) -> Run:
    return new_run(
        id=RunId(run_id),
        export=ExportId(export),
        export_name="Newsletter",
        connection=ConnectionId("marketing"),
        list_id=ListId("3b1d6c1e-0000-4000-8000-000000000001"),
        trigger=Trigger.OPERATOR,
        started_by="ops1",
        queued_at=NOON,
    )


def old_ledger(path: Path, *runs: Run) -> None:
    with sqlite3.connect(path) as db:
        for statement in ledger_tables._SINCE_VERSION_1.split(";\n"):
            db.execute(statement)
        for run in runs:
            stored = values(run, COLUMNS)[:-1]
            db.execute(
                f"INSERT INTO runs ({', '.join(COLUMNS)}, seal) VALUES ({marks((*COLUMNS, 'seal'))})",
                (*stored, seal(stored)),
            )
        db.execute("PRAGMA user_version = 1")
    db.close()


def test_its_runs_come_along_and_go_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first, second = a_run("aaaa2222", "newsletter"), a_run("bbbb2222", "winback")
    old_ledger(path, first, second)
    with ScheduleLedger(path) as ledger:
        ledger.check()
        assert ledger.runs() == [second, first]
        assert ledger.claim(first.id).status is Status.REFRESHING
        assert ledger.schedules() == {}
        assert ledger.refreshes() == []
    with ScheduleLedger(path) as again:
        again.check()
        assert again.run(first.id).status is Status.REFRESHING


def test_a_row_that_rotted_before_is_not_sealed_as_sound(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    old_ledger(path, a_run("aaaa2222", "newsletter"))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE runs SET sent = 5")
    db.close()
    with ScheduleLedger(path) as ledger, pytest.raises(LedgerDamaged):
        ledger.runs()


def test_a_change_that_is_cut_short_leaves_the_old_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"
    run = a_run("aaaa2222", "newsletter")
    old_ledger(path, run)

    def cut(*_facts: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ledger_tables, "_seal_again", cut)
        with pytest.raises(KeyboardInterrupt):
            ScheduleLedger(path)
    with ScheduleLedger(path) as ledger:
        assert ledger.runs() == [run]
