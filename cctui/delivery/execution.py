"""A run in the hands of a worker, from where it stands to its end, a pause, or the worker's leave.

The order is: snapshot, account and list, plan, bodies whose outcome is unclear, then sending and settling in turns,
then the check. Any crash leaves the ledger at one of these points, and the next worker goes on from there.
"""

from __future__ import annotations

import threading

from msgspec import structs

from cctui.constant_contact.answers import Call, CallOutcome
from cctui.constant_contact.errors import AccountChanged, NotThere, Refused
from cctui.definitions.environment import Environment, NotFound
from cctui.definitions.model import ConnectionDefinition
from cctui.definitions.toml_files import DefinitionError
from cctui.delivery.check import verdict
from cctui.delivery.destination import Destination, OpenDestination, Patience
from cctui.delivery.events import Checked, Level, Paused, Problem, Recovered, Resumed, RunEnded, Throttled
from cctui.delivery.journal import Ending, Journal, Pause, Stopped
from cctui.delivery.lane import Lane
from cctui.delivery.ledger import Ledger, LedgerError
from cctui.delivery.plan import get_ready, make_plan, take_snapshot
from cctui.delivery.setbacks import Setbacks
from cctui.delivery.settle import Settlement
from cctui.delivery.spool import Snapshot, Spool
from cctui.delivery.states import BatchState, PauseReason, Run, RunId, Stage, Status, Wish
from cctui.delivery.wishes import not_sent
from cctui.errors import CctuiError
from cctui.host.clock import Clock
from cctui.locales import _
from cctui.locales.said import joined
from cctui.masking import harmless, printable
from cctui.matching.results import Limits, MatchingCanceled


class Execution:
    """Carries out one run. Make a new one for every go at it."""

    def __init__(
        self,
        environment: Environment,
        ledger: Ledger,
        run_id: RunId,
        *,
        clock: Clock,
        stop: threading.Event,
        open_destination: OpenDestination,
        limits: Limits | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._open = open_destination
        self._limits = limits or Limits()
        self._patience = patience or Patience()
        spool = Spool(environment, run_id)
        spool.make()
        before = ledger.run(run_id)
        self._journal = Journal(ledger, spool, clock, stop, run_id)
        self._say_where_from(before)
        self._ending: Ending | None = None

    def carry_out(self) -> Run:
        """Go on with the run as far as it goes now; returns it as it is then.

        Raises :class:`LedgerError` and ``OSError`` where the box itself fails: the run stays where it was and can be
        gone on with.
        """
        journal = self._journal
        try:
            self._go()
        except Stopped:
            journal.record("stopped", stage_seconds=journal.stage_seconds())
        except Pause as pause:
            if self._ending is None:
                self._pause(pause)
            else:
                self._end(self._ending)
        except Ending as ending:
            self._end(ending)
        except LedgerError:
            raise
        except CctuiError as problem:
            self._end(Ending.failed(problem))
        except OSError as problem:
            if journal.run.planned:
                raise
            self._end(Ending.failed(self._not_written(problem)))
        return journal.run

    def _go(self) -> None:
        self._heed()
        snapshot = take_snapshot(self._environment, self._journal)
        with self._open(self._connection(snapshot), self._clock, self._on_call) as destination:
            self._journal.calls = lambda: destination.requests
            setbacks = Setbacks(self._journal, self._patience)
            self._check_destination(snapshot, destination, setbacks)
            if not self._journal.run.planned:
                self._plan(snapshot)
            if not self._journal.run.dry_run:
                self._deliver(destination, setbacks)
        self._check()

    def _connection(self, snapshot: Snapshot) -> ConnectionDefinition:
        """The connection as it is now, since tokens follow it, but pinned to the account the run was started with."""
        try:
            now = self._environment.connection(snapshot.connection.id).definition
        except (NotFound, DefinitionError):
            return snapshot.connection
        return structs.replace(now, account=snapshot.connection.account)

    def _check_destination(self, snapshot: Snapshot, destination: Destination, setbacks: Setbacks) -> None:
        """The account and the list, before anything is sent to them."""
        pinned = snapshot.connection.account
        account = setbacks.patiently(destination.account)
        if not self._journal.run.planned:
            get_ready()
        if pinned is not None and account.encoded_account_id != pinned.id:
            raise Ending.failed(
                AccountChanged(f"{pinned.name} ({pinned.id})", f"{account.name} ({account.encoded_account_id})")
            )
        list_id = self._journal.run.list_id

        def look() -> str:
            try:
                return destination.contact_list(list_id).name
            except (NotThere, Refused) as problem:
                raise Ending(
                    Status.FAILED,
                    joined(
                        _("The account {account} has no list {list}.").format(
                            account=harmless(account.name), list=printable(list_id, 40)
                        ),
                        problem.why,
                    ),
                    _("Edit the export and choose a list of this account. Nothing was sent."),
                ) from problem

        self._journal.tell(Checked, list_name=harmless(setbacks.patiently(look)))

    def _plan(self, snapshot: Snapshot) -> None:
        try:
            make_plan(self._environment, self._journal, snapshot, self._limits)
        except MatchingCanceled:
            self._heed()
            raise Stopped from None  # the wish was taken back: the next go plans again

    def _not_written(self, problem: OSError) -> CctuiError:
        return CctuiError(
            _("The run's files cannot be written in {folder}.").format(folder=self._journal.spool.folder),
            why=problem.strerror or "",
            do=_("Free space or mend the disk and run again. Nothing was sent."),
        )

    def _deliver(self, destination: Destination, setbacks: Setbacks) -> None:
        journal = self._journal
        lane = Lane(journal, destination, self._patience, setbacks)
        settlement = Settlement(journal, destination, self._patience, setbacks)
        if journal.in_state(BatchState.PLANNED, BatchState.SENDING):
            journal.enter(Stage.SEND)
        held_until = journal.clock.monotonic()
        while True:
            self._heed()
            settlement.give_up = self._ending is not None
            planned = [] if self._ending else journal.in_state(BatchState.PLANNED)
            unclear = journal.in_state(BatchState.SENDING)
            try:
                if unclear:
                    lane.settle_unclear(unclear[0])
                    continue
                if planned and journal.clock.monotonic() >= held_until:
                    held_until = self._send(lane, settlement, setbacks, planned[0].number)
                    planned = [] if self._ending else journal.in_state(BatchState.PLANNED)
                self._follow_stage(sending=bool(planned))
                if not planned and not journal.in_state(BatchState.SENT, BatchState.SENDING):
                    return
                if settlement.seconds_to_poll(sending=bool(planned)) <= 0:
                    settlement.poll()
                    continue
            except Ending as ending:
                self._ending = self._ending or ending
                return
            except Pause:
                if self._ending:
                    return  # nothing more is sent, and nobody can look: what is known is the report
                raise
            if settlement.standing_still() and not planned:
                self._ending = self._ending or Ending(
                    Status.COMPLETED_WITH_ERRORS,
                    _("Constant Contact has not worked off what was sent; the outcome is not known."),
                    _("Look at the activities in Constant Contact."),
                )
                return
            self._rest(settlement, held_until if planned else None, sending=bool(planned))

    def _send(self, lane: Lane, settlement: Settlement, setbacks: Setbacks, number: int) -> float:
        """Send one body; returns the moment from which on the next may be sent."""
        try:
            lane.send(self._journal.batches[number])
        except CctuiError as problem:
            if isinstance(problem, LedgerError):
                raise
            self._journal.tell_problem(problem, number, Level.WARNING)
            try:
                return self._journal.clock.monotonic() + setbacks.take(problem)
            except Ending as ending:
                # What was sent before is still watched to its end.
                self._ending = ending
        else:
            settlement.sent_now()
        return self._journal.clock.monotonic()

    def _follow_stage(self, *, sending: bool) -> None:
        journal = self._journal
        if journal.run.stage is Stage.SEND and not sending:
            journal.leave(journal.run.contacts_sent)
        if journal.run.stage is not Stage.SETTLE and not sending and journal.run.batches:
            journal.enter(Stage.SETTLE)

    def _rest(self, settlement: Settlement, held_until: float | None, *, sending: bool) -> None:
        """Wait for what comes next: the next poll, or the end of a setback."""
        seconds = settlement.seconds_to_poll(sending=sending)
        if held_until is not None:
            seconds = min(seconds, held_until - self._journal.clock.monotonic())
        if seconds > 0:
            self._journal.wait(seconds)

    def _heed(self) -> None:
        """Follow the operator's wish. Raises :class:`Pause`, :class:`Stopped`, :class:`Ending` before a plan."""
        self._journal.require_worker()
        wish = self._journal.wish()
        if wish is Wish.CANCEL and self._ending is None:
            self._ending = Ending(Status.CANCELED)
        if self._ending is not None and not self._journal.run.planned:
            raise self._ending
        if wish is Wish.PAUSE and self._ending is None:
            raise Pause(PauseReason.OPERATOR)

    def _check(self) -> None:
        journal = self._journal
        if journal.run.stage is Stage.SETTLE:
            journal.leave(journal.run.batches_settled)
        journal.enter(Stage.CHECK)
        raise self._ending or verdict(journal.run, [*journal.batches.values()])

    def _end(self, ending: Ending) -> None:
        journal = self._journal
        journal.record(
            "end",
            *not_sent([*journal.batches.values()]),
            status=ending.status,
            wish=Wish.NONE,
            ended_at=self._clock.now(),
            stage_seconds=journal.stage_seconds(),
            problem=ending.problem,
            do_next=ending.do_next,
        )
        run = journal.run
        level = Level.ERROR if run.status is Status.FAILED else Level.WARNING
        if ending.problem:
            journal.tell(Problem, level=level, what=ending.problem, do=ending.do_next)
        if run.status is Status.SUCCESSFUL:
            level = Level.INFO
        journal.tell(
            RunEnded,
            level=level,
            status=run.status,
            totals=run.totals,
            seconds=round(run.seconds or 0.0, 3),
            dry_run=run.dry_run,
        )

    def _pause(self, pause: Pause) -> None:
        journal = self._journal
        journal.pause(
            pause_reason=pause.reason,
            resume_at=pause.resume_at,
            stage_seconds=journal.stage_seconds(),
            problem=pause.problem,
            do_next=pause.do_next,
        )
        journal.tell(Paused, level=Level.WARNING, reason=pause.reason, resume_at=pause.resume_at)

    def _say_where_from(self, before: Run) -> None:
        journal = self._journal
        sent = len(journal.in_state(BatchState.SENT, BatchState.COMPLETED, BatchState.FAILED))
        if before.status is Status.REFRESHING:
            journal.tell(
                Recovered,
                level=Level.WARNING,
                stage=before.stage,
                batches_sent=sent,
                batches=len(journal.batches),
                unclear=len(journal.in_state(BatchState.SENDING)),
            )
        elif before.started_at is not None:
            journal.tell(Resumed, batches_sent=sent, batches=len(journal.batches))

    def _on_call(self, call: Call) -> None:
        if call.outcome is CallOutcome.THROTTLED:
            self._journal.tell(Throttled, level=Level.WARNING, request=f"{call.method} {call.path}")
