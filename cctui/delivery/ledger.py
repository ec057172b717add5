"""The ledger: what every run is and has done, durable before anything goes on the wire.

``state/ledger.sqlite`` (WAL, full sync). Every SQL statement about runs is in this module, those about schedules in
``schedule_ledger``, the tables in ``ledger_tables``, so that another database can follow.
A write is one transaction that reads whole rows, changes them and writes them back with a seal over their content; a
read checks the seal, so a row that rotted is found and never acted on. What the numbers mean is in ``states``; what
happens when is in ``execution``.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec
from msgspec import Struct, structs

from cctui.definitions.model import ExportId
from cctui.delivery.ledger_tables import (
    BATCH_COLUMNS,
    RUN_COLUMNS,
    SCHEMA_VERSION,
    SENTENCES,
    TABLES,
    TOTALS,
    bring_up_to_date,
    marks,
    seal,
    values,
    version,
)
from cctui.delivery.states import Batch, BatchState, Run, RunId, Stage, Status, Totals, Wish
from cctui.delivery.wishes import answer
from cctui.errors import CctuiError, ExitCode, UsageError
from cctui.host.clock import Clock, SystemClock
from cctui.host.databases import keep_ahead_log
from cctui.host.files import private_folder
from cctui.locales import _, said
from cctui.masking import printable

_BUSY_MILLISECONDS = 15_000

_Fact = TypeVar("_Fact", bound=Struct)
_ACTIVE = (Status.QUEUED, Status.REFRESHING, Status.PAUSED)
_ON_THE_WIRE = {BatchState.SENT, BatchState.COMPLETED, BatchState.FAILED}
_FINAL = {BatchState.COMPLETED, BatchState.FAILED}


class LedgerError(CctuiError):
    """The ledger cannot be read or written: which file, why, what to do. The run stays where it was."""


class LedgerDamaged(LedgerError):
    """The ledger's content is not what was written."""


class RunNotFound(UsageError):
    """No run has this id, or several have ids that start so."""


class AlreadyRunning(CctuiError):
    """The export has a run that is not over; :attr:`run` is it."""

    exit_code = ExitCode.ALREADY_RUNNING

    def __init__(self, run: Run) -> None:
        super().__init__(
            _("{export} is already running (run {run}).").format(export=printable(run.export_name), run=run.id),
            do=_("Watch that run, or cancel it first."),
        )
        self.run = run


class Ledger:
    """One connection to the ledger, made where it is missing. Safe to share between the threads of a process."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        with self._explained():
            private_folder(path.parent)
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # What viewers ask

    def run(self, id_or_prefix: str) -> Run:
        """The run with this id, or the only one whose id starts so. Raises :class:`RunNotFound`."""
        asked = id_or_prefix.strip().lower()
        rows = self._rows("SELECT * FROM runs WHERE id = ?", (asked,))
        if not rows and asked:
            rows = self._rows("SELECT * FROM runs WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2", (asked,))
        if len(rows) == 1:
            return self._as_run(rows[0])
        name = printable(id_or_prefix, 64)
        if rows:
            raise RunNotFound(_("Several runs begin with {run}.").format(run=name), do=_("Give more of the id."))
        raise RunNotFound(_("There is no run {run}.").format(run=name), do=_("cctui runs list shows them."))

    def runs(
        self, *, export: ExportId | None = None, statuses: Sequence[Status] = (), limit: int = 100, offset: int = 0
    ) -> list[Run]:
        """Runs, newest first."""
        wanted = statuses or tuple(Status)
        rows = self._rows(
            f"SELECT * FROM runs WHERE (?1 IS NULL OR export = ?1) AND status IN ({marks(wanted, 4)}) "
            "ORDER BY number DESC LIMIT ?2 OFFSET ?3",
            (export, limit, offset, *wanted),
        )
        return [self._as_run(row) for row in rows]

    def last_runs(self) -> dict[ExportId, Run]:
        """The newest run of each export that ever ran. A dry run is one only while it goes on: it delivers nothing."""
        rows = self._rows(
            "SELECT * FROM runs WHERE number IN (SELECT max(number) FROM runs "
            f"WHERE dry_run = 0 OR status IN ({marks(_ACTIVE)}) GROUP BY export)",
            _ACTIVE,
        )
        return {run.export: run for run in map(self._as_run, rows)}

    def unfinished(self) -> list[Run]:
        """Runs that are queued, refreshing or paused, oldest first."""
        rows = self._rows(f"SELECT * FROM runs WHERE status IN ({marks(_ACTIVE)}) ORDER BY number", _ACTIVE)
        return [self._as_run(row) for row in rows]

    def batches(self, run_id: RunId) -> list[Batch]:
        """The batches of a run, in the order they are sent."""
        rows = self._rows("SELECT * FROM batches WHERE run = ? ORDER BY number", (run_id,))
        return [self._as_batch(row) for row in rows]

    def change(self) -> int:
        """A number that is another one after any commit by anybody; costs no read of data."""
        with self._lock, self._explained():
            (version,) = self._db.execute("PRAGMA data_version").fetchone()
            return int(version) + self._db.total_changes

    def ask(self, run_id: RunId, wish: Wish) -> Run:
        """Put an operator's wish to a run; ``Wish.NONE`` is: go on. Raises :class:`UsageError` when it is over."""
        with self._writing("ask"):
            run, batches = answer(self.run(run_id), self.batches(run_id), wish, self._clock.now())
            self._put_batches(batches)
            return self._put_run(run)

    # What starts, carries out and ends a run

    def queue(self, run: Run) -> Run:
        """Add a run. The same id and export again is the run that is there, whatever its status.

        Raises :class:`AlreadyRunning` when another run of the export is not over, :class:`UsageError` when the id
        belongs to a run of another export.
        """
        with self._writing("queue"):
            for row in self._rows("SELECT * FROM runs WHERE id = ?", (run.id,)):
                known = self._as_run(row)
                if known.export == run.export:
                    return known
                raise UsageError(
                    _("The run id {run} belongs to a run of {export}.").format(
                        run=run.id, export=printable(known.export_name)
                    ),
                    do=_("Choose another id."),
                )
            for row in self._rows(
                f"SELECT * FROM runs WHERE export = ? AND status IN ({marks(_ACTIVE)})", (run.export, *_ACTIVE)
            ):
                raise AlreadyRunning(self._as_run(row))
            self._insert("runs", run)
            return run

    def claim(self, run_id: RunId) -> Run:
        """Begin, or go on with, a run: refreshing from now on. Taking it over from a worker that died is counted."""
        with self._writing("claim"):
            run = self.run(run_id)
            if run.status not in _ACTIVE:
                raise UsageError(_("Run {run} is over.").format(run=run.id))
            return self._put_run(
                structs.replace(
                    run,
                    status=Status.REFRESHING,
                    started_at=run.started_at or self._clock.now(),
                    pause_reason=None,
                    resume_at=None,
                    problem="",
                    do_next="",
                    resumed=run.resumed + (run.status is Status.REFRESHING),
                )
            )

    def plan(self, run_id: RunId, totals: Totals, *, batches: Sequence[Batch], **changes: Any) -> Run:
        """The plan, in one commit: from here on it is durable and is never made again."""
        with self._writing("plan"):
            run = self.run(run_id)
            self._db.execute("DELETE FROM batches WHERE run = ?", (run.id,))
            self._insert("batches", *batches)
            return self._put_run(structs.replace(run, totals=totals, planned=True, **changes))

    def record(
        self, what: str, run_id: RunId, *, batches: Sequence[Batch] = (), replayed: int = 0, **changes: Any
    ) -> Run:
        """Write batches and fields of a run in one commit; the run's sums over its batches follow by themselves.

        ``what`` names the write for those who count or break writes; ``replayed`` is added to the run's.
        """
        with self._writing(what):
            self._put_batches(batches)
            run = self.run(run_id)
            return self._put_run(structs.replace(run, replayed=run.replayed + replayed, **changes))

    def pause(self, run_id: RunId, **changes: Any) -> Run:
        """Pause a run for its worker; where somebody has canceled it meanwhile it is queued, to be ended."""
        with self._writing("pause"):
            run = self.run(run_id)
            if run.wish is Wish.CANCEL:
                return self._put_run(structs.replace(run, status=Status.QUEUED))
            return self._put_run(structs.replace(run, status=Status.PAUSED, wish=Wish.NONE, **changes))

    def remove(self, run_ids: Sequence[RunId]) -> None:
        """Forget runs that are over, with their batches."""
        with self._writing("remove"):
            self._db.executemany(
                f"DELETE FROM runs WHERE id = ? AND status NOT IN ({marks(_ACTIVE)})",
                [(run_id, *_ACTIVE) for run_id in run_ids],
            )

    def ended_before(self, moment: datetime) -> list[Run]:
        """Runs that were over before ``moment``, oldest first."""
        rows = self._rows("SELECT * FROM runs WHERE ended_at IS NOT NULL ORDER BY number")
        return [run for run in map(self._as_run, rows) if run.ended_at is not None and run.ended_at < moment]

    def check(self) -> None:
        """Look the whole file over. Raises :class:`LedgerDamaged`."""
        found = [str(value) for (value,) in self._rows("PRAGMA quick_check", plain=True)]
        if found != ["ok"]:
            raise self._damaged("; ".join(found))
        for table, columns in TABLES.items():
            for row in self._rows(f"SELECT * FROM {table}"):
                self._sealed(row, columns)

    def commit(self, what: str) -> None:
        """Make a write durable: every write of the ledger passes here under its name. The seam for crash tests."""
        del what
        self._db.execute("COMMIT")

    # How

    def _prepare(self) -> None:
        db = self._db
        db.row_factory = sqlite3.Row
        db.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        keep_ahead_log(db)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        bring_up_to_date(db)
        if version(db) > SCHEMA_VERSION:
            raise LedgerError(
                _("The ledger {path} was written by a newer version of cctui.").format(path=self.path),
                do=_("Use that version, or move the file away."),
            )

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        with self._lock, self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.commit(what)
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as problem:
            text = str(problem)
            if "malformed" in text or "not a database" in text:
                raise self._damaged(text) from problem
            raise LedgerError(
                _("The ledger {path} cannot be used.").format(path=self.path),
                why=printable(text),
                do=_("Free space or mend the folder; the run goes on from where it was."),
            ) from problem
        except UnicodeDecodeError as problem:
            raise self._damaged(_("A row is not what was written.")) from problem
        except OSError as problem:
            raise LedgerError(
                _("The ledger {path} cannot be used.").format(path=self.path), why=problem.strerror or ""
            ) from problem

    def _damaged(self, detail: str) -> LedgerDamaged:
        return LedgerDamaged(
            _("The ledger {path} is damaged.").format(path=self.path),
            why=printable(detail),
            do=_("Nothing is sent from it. Keep a copy of the file, move it away, and run the exports again."),
        )

    def _rows(self, statement: str, values: Sequence[Any] = (), *, plain: bool = False) -> list[Any]:
        with self._lock, self._explained():
            rows = self._db.execute(statement, values).fetchall()
            return [tuple(row) for row in rows] if plain else rows

    def _insert(self, table: str, *facts: Struct) -> None:
        columns = (*TABLES[table], "seal")
        self._db.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks(columns)})",
            [values(fact, TABLES[table]) for fact in facts],
        )

    def _put_batches(self, batches: Sequence[Batch]) -> None:
        assignments = ", ".join(f"{column} = ?" for column in (*BATCH_COLUMNS, "seal"))
        self._db.executemany(
            f"UPDATE batches SET {assignments} WHERE run = ? AND number = ?",
            [(*values(batch, BATCH_COLUMNS), batch.run, batch.number) for batch in batches],
        )

    def _put_run(self, run: Run) -> Run:
        if run.planned:
            run = _summed(run, self.batches(run.id))
        assignments = ", ".join(f"{column} = ?" for column in (*RUN_COLUMNS, "seal"))
        self._db.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*values(run, RUN_COLUMNS), run.id))
        return run

    def _as_run(self, row: sqlite3.Row) -> Run:
        values = self._sealed(row, RUN_COLUMNS)
        totals = {name: values.pop(name) for name in TOTALS}
        return self._typed({**values, "totals": totals}, Run, json=("stage_seconds",))

    def _as_batch(self, row: sqlite3.Row) -> Batch:
        return self._typed(self._sealed(row, BATCH_COLUMNS), Batch, json=("errors", "former"))

    def _sealed(self, row: sqlite3.Row, columns: Sequence[str]) -> dict[str, Any]:
        values = {column: row[column] for column in columns}
        if seal(tuple(values.values())) != row["seal"]:
            raise self._damaged(_("A row is not what was written."))
        return values

    def _typed(self, values: dict[str, Any], kind: type[_Fact], json: Sequence[str]) -> _Fact:
        try:
            for name in json:
                values[name] = msgspec.json.decode(values[name])
            fact = msgspec.convert(values, kind, strict=False)
            return structs.replace(fact, **{name: said.retold(values[name]) for name in SENTENCES if name in values})
        except msgspec.MsgspecError as problem:
            raise self._damaged(str(problem)) from problem


def _summed(run: Run, batches: Sequence[Batch]) -> Run:
    accepted = sum(batch.accepted for batch in batches)
    not_added = sum(batch.not_added for batch in batches)
    refused = sum(batch.refused for batch in batches)
    return structs.replace(
        run,
        totals=structs.replace(
            run.totals,
            accepted=accepted,
            not_added=not_added,
            refused=refused,
            waiting=run.totals.sent - accepted - not_added - refused,
        ),
        batches=len(batches),
        batches_sent=sum(batch.state in _ON_THE_WIRE for batch in batches),
        batches_settled=sum(batch.state in _FINAL for batch in batches),
        contacts_sent=sum(batch.contacts for batch in batches if batch.state in _ON_THE_WIRE),
    )


def new_run(**facts: Any) -> Run:
    """A run that waits in the queue; ``facts`` are the fields of :class:`Run` that its caller knows."""
    return Run(status=Status.QUEUED, stage=Stage.SELECT, wish=Wish.NONE, **facts)
