"""Runs as an operator meets them, written through the real ledger, log, limits and spool at a fixed moment."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import structs

from cctui.access.roles import Operator, Role, Sharing
from cctui.constant_contact.limits import Limits
from cctui.definitions.environment import Environment
from cctui.definitions.model import (
    Account,
    ConnectionDefinition,
    ConnectionId,
    Consent,
    DataMatching,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ExportId,
    ListId,
)
from cctui.delivery import events
from cctui.delivery.ledger import Ledger, new_run
from cctui.delivery.report import COLUMNS
from cctui.delivery.spool import Spool
from cctui.delivery.states import Batch, BatchState, PauseReason, Run, RunId, Stage, Status, Totals, Trigger, Wish
from cctui.host.locks import HeldLock
from cctui.tui.app import CctuiApp

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
KEY = "5a0c1f6e-1111-4222-8333-944445555666"
LIST = ListId("3b1d6c1e-0000-4000-8000-000000000001")
EXPORT = ExportId("newsletter")
TOTALS = Totals(selected=412_000, duplicate=1_903, invalid=861, suppressed=119, sent=409_117)


class FixedClock:
    """A clock that stands still until a story moves it."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self.moment += timedelta(seconds=seconds)
        return wake.is_set() if wake else False


class Story:
    """An environment with one connection and one export, and what runs have done there."""

    def __init__(self, root: Path) -> None:
        self.clock = FixedClock()
        section = EnvironmentSection(name="Contoso Coffee", language="en", time_zone="UTC")
        self.environment = Environment.create(root, EnvironmentDefinition(environment=section))
        self.environment.save_connection(
            ConnectionDefinition(
                id="marketing",
                display_name="Constant Contact, marketing",
                client_id=KEY,
                shared_with=Sharing.ADMINISTRATORS_AND_CONTRIBUTORS,
                created_by="ops1",
                created_at=NOON,
                account=Account(id="a07e1n5", name="Contoso Coffee"),
                export_user="ops1",
                consent=Consent(accepted_by="ops1", accepted_at=NOON),
            ),
            None,
        )
        self.environment.save_export(
            ExportDefinition(
                id=EXPORT,
                display_name="Newsletter, high value",
                connection="marketing",
                list_id=LIST,
                segments=["HighValueSegment"],
                data_matching=DataMatching(email="EMail"),
            ),
            None,
        )
        self.ledger = Ledger(self.environment.ledger_path, self.clock)

    def app(self, run_id: str = "", *, role: Role = Role.ADMINISTRATOR, **options: Any) -> CctuiApp:
        """The application, at a run if one is named."""
        return CctuiApp(
            self.environment,
            Operator("ops1", role),
            open_at=f"runs/{run_id}" if run_id else None,
            clock=self.clock,
            **options,
        )

    @contextmanager
    def worker(self) -> Iterator[None]:
        """While a worker lives."""
        lock = HeldLock(self.environment.worker_lock_path)
        lock.acquire()
        try:
            yield
        finally:
            lock.release()

    # One step of a run after the other

    def queue(self, run_id: str = "7f3a2b6c", *, at: datetime | None = None, **facts: Any) -> Run:
        """A run in the queue."""
        told: dict[str, Any] = {
            "export": EXPORT,
            "export_name": "Newsletter, high value",
            "connection": ConnectionId("marketing"),
            "list_id": LIST,
            "trigger": Trigger.OPERATOR,
            "started_by": "ops1",
            "queued_at": at or self.clock.now(),
        }
        run = self.ledger.queue(new_run(id=RunId(run_id), **{**told, **facts}))
        Spool(self.environment, run.id).make()
        self.log(
            run,
            events.RunQueued(
                at=run.queued_at,
                run=run.id,
                export=run.export,
                export_name=run.export_name,
                started_by=run.started_by,
                trigger=run.trigger,
                dry_run=run.dry_run,
            ),
        )
        return run

    def log(self, run: Run, *happened: events.Event) -> None:
        """Lines of the run's log."""
        log = Spool(self.environment, run.id).log
        for event in happened:
            log.write(event)

    def plan(self, run: Run, totals: Totals = TOTALS, *, batches: int = 11) -> Run:
        """A worker takes the run, selects, matches and plans it."""
        self.ledger.claim(run.id)
        each, rest = divmod(totals.sent, batches)
        bodies = [
            Batch(
                run=run.id,
                number=number,
                first_position=(number - 1) * each,
                contacts=each + (rest if number == batches else 0),
                size=2_610_000 + number,
                sha256=f"{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}" * 4,
            )
            for number in range(1, batches + 1)
        ]
        planned = structs.replace(totals, waiting=totals.sent)
        self.log(
            run,
            events.StageEnded(at=self.clock.now(), stage=Stage.SELECT, seconds=1.2, count=totals.selected),
            events.StageEnded(at=self.clock.now(), stage=Stage.MATCH, seconds=2.0, count=totals.sent),
            events.Planned(at=self.clock.now(), totals=planned, cut=0, dropped=0, batches=batches),
        )
        return self.ledger.plan(
            run.id, planned, cut=0, batches=bodies, stage=Stage.SEND, stage_seconds={"select": 1.2, "match": 2.0}
        )

    def send(self, run: Run, count: int) -> Run:
        """The next batches go out, four a second."""
        limits = Limits(self.environment.limits_path, self.clock)
        for batch in [batch for batch in self.ledger.batches(run.id) if batch.state is BatchState.PLANNED][:count]:
            limits.take(KEY)
            self.clock.moment += timedelta(milliseconds=260)
            sent = structs.replace(
                batch,
                state=BatchState.SENT,
                attempts=1,
                activity_id=f"1b6e{batch.number:04d}-0000-11f0-a1b2-fa163e5bc304",
                activity_state="processing",
                request_id=f"req-{batch.number:04d}",
                sent_at=self.clock.now(),
                milliseconds=412,
            )
            run = self.ledger.record("sent", run.id, batches=[sent], requests=run.requests + 1)
            self.log(
                run,
                events.BatchSent(
                    at=self.clock.now(),
                    batch=batch.number,
                    contacts=batch.contacts,
                    size=batch.size,
                    activity=sent.activity_id,
                    request=sent.request_id,
                    milliseconds=412,
                ),
            )
        limits.close()
        return run

    def settle(self, run: Run, count: int, *, not_added: int = 0, refused: int = 0) -> Run:
        """The oldest jobs of the service end; the first of them has the trouble."""
        sent = [batch for batch in self.ledger.batches(run.id) if batch.state is BatchState.SENT][:count]
        for batch in sent:
            self.clock.moment += timedelta(milliseconds=700)
            done = structs.replace(
                batch,
                state=BatchState.COMPLETED,
                activity_state="completed",
                settled_at=self.clock.now(),
                accepted=batch.contacts - not_added - refused,
                not_added=not_added,
                refused=refused,
                errors=["Line 7: The e-mail address is not valid."] if refused else [],
            )
            run = self.ledger.record("settled", run.id, batches=[done])
            self.log(
                run,
                events.BatchSettled(
                    at=self.clock.now(),
                    batch=batch.number,
                    state="completed",
                    accepted=done.accepted,
                    not_added=not_added,
                    refused=refused,
                    waiting=0,
                ),
            )
            if refused:
                self.log(
                    run,
                    events.RowsRefused(
                        at=self.clock.now(),
                        level=events.Level.WARNING,
                        batch=batch.number,
                        refused=refused,
                        texts=["Line 7: The e-mail address is not valid."],
                    ),
                )
            not_added = refused = 0
        return run

    def end(self, run: Run, status: Status, **facts: Any) -> Run:
        """The run is over."""
        run = self.ledger.record(
            "end",
            run.id,
            status=status,
            stage=facts.pop("stage", Stage.CHECK),
            ended_at=self.clock.now(),
            wish=Wish.NONE,
            stage_seconds={"select": 1.2, "match": 2.0, "send": 2.9, "settle": 8.1, "check": 0.1},
            **facts,
        )
        self.log(
            run,
            events.RunEnded(at=self.clock.now(), status=status, totals=run.totals, seconds=run.seconds or 0.0),
        )
        return run

    # Whole stories

    def running(self) -> Run:
        """Seven of eleven requests are out, four are worked off; one was throttled."""
        run = self.plan(self.queue())
        self.log(
            run,
            events.StageStarted(at=self.clock.now(), stage=Stage.SEND),
            events.Throttled(at=self.clock.now(), level=events.Level.WARNING, request="POST import"),
        )
        run = self.send(run, 5)
        run = self.settle(run, 3, not_added=18)
        run = self.send(run, 2)
        return self.settle(run, 1)

    def running_other(self) -> Run:
        """Another run, in the middle of sending."""
        return self.settle(self.send(self.plan(self.queue("0therrun", export=ExportId("winback"))), 3), 1)

    def paused_for_quota(self) -> Run:
        """The key has no requests left; the run goes on at midnight UTC."""
        run = self.running()
        limits = Limits(self.environment.limits_path, self.clock)
        resume_at = limits.exhausted(KEY)
        limits.close()
        self.log(
            run,
            events.Paused(
                at=self.clock.now(), level=events.Level.WARNING, reason=PauseReason.QUOTA, resume_at=resume_at
            ),
        )
        return self.ledger.record(
            "pause", run.id, status=Status.PAUSED, pause_reason=PauseReason.QUOTA, resume_at=resume_at
        )

    def paused_by_operator(self) -> Run:
        """Somebody pressed Pause."""
        run = self.running()
        return self.ledger.record("pause", run.id, status=Status.PAUSED, pause_reason=PauseReason.OPERATOR)

    def completed_with_errors(self, run_id: str = "7f3a2b6c") -> Run:
        """Everything went out; rows were invalid and some were refused."""
        run = self.send(self.plan(self.queue(run_id)), 11)
        run = self.settle(run, 11, not_added=18, refused=3)
        self.reject(run, 861)
        return self.end(run, Status.COMPLETED_WITH_ERRORS)

    def successful(self, run_id: str, totals: Totals, **facts: Any) -> Run:
        """A quiet run."""
        run = self.settle(self.send(self.plan(self.queue(run_id, **facts), totals, batches=2), 2), 2)
        return self.end(run, Status.SUCCESSFUL)

    def failed(self) -> Run:
        """The list was removed in Constant Contact."""
        run = self.queue()
        self.ledger.claim(run.id)
        self.log(
            run,
            events.Problem(
                at=self.clock.now(),
                level=events.Level.ERROR,
                what="The list is not in this account any more.",
                do="Choose another list in the export.",
            ),
        )
        return self.end(
            run,
            Status.FAILED,
            stage=Stage.SELECT,
            problem="The list is not in this account any more.",
            do_next="Choose another list in the export.",
        )

    def reject(self, run: Run, count: int) -> None:
        """Rows that matching refused, and three that the service refused."""
        spool = Spool(self.environment, run.id)
        spool.make()
        kinds: Sequence[tuple[str, str]] = (
            ("missing", ""),
            ("no-at-sign", "mette.hansen.example"),
            ("comma", "anna@contoso,com"),
        )
        with spool.rejected.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS[:3])
            for number in range(count):
                reason, value = kinds[0 if number % 3 == 0 else 1 + number % 2]
                writer.writerow((f"P{number:06d}", reason, value))
        spool.refused.mkdir(exist_ok=True)
        with spool.refused_path(1).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for number in range(3):
                writer.writerow(
                    (
                        f"R{number:06d}",
                        "refused-by-constant-contact",
                        f"ola.{number}@example.com",
                        "The e-mail address ola@example.com is not valid.",
                    )
                )


def screen_text(app: CctuiApp) -> str:
    """What the terminal would show now."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())
