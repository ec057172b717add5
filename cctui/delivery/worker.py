"""The worker: the process that carries out runs. One lives per environment; runs of one application key take turns.

It survives the terminal it was started from, leaves between two requests when it is told to, and loses nothing when it
is killed: its lock vanishes with it, and the next worker goes on with its runs. What else has to be done from time to
time (schedules, pruning) is a duty, called in every round.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cctui import locales
from cctui.constant_contact.answers import Call
from cctui.definitions.environment import Environment
from cctui.definitions.model import ConnectionDefinition
from cctui.delivery.alerting import Alerting
from cctui.delivery.destination import Destination, OpenDestination, Patience
from cctui.delivery.execution import Execution
from cctui.delivery.journal import Stopped
from cctui.delivery.launch import worker_alive as worker_alive
from cctui.delivery.ledger import Ledger, LedgerError
from cctui.delivery.runs import due, prune
from cctui.delivery.schedule_ledger import ScheduleLedger
from cctui.delivery.scheduling import Scheduling
from cctui.delivery.spool import Spool
from cctui.delivery.states import Run, RunId, Status
from cctui.delivery.worker_log import open_log
from cctui.errors import CctuiError, ExitCode, UsageError
from cctui.host.clock import Clock, SystemClock
from cctui.host.locks import HeldLock, LockHeld
from cctui.locales import _
from cctui.masking import harmless
from cctui.matching.results import Limits

_LOG = logging.getLogger("cctui.worker")
_ROUND = 0.25
_LOCK_PATIENCE = 2.0
_FIRST_REST, _LONGEST_REST = 5.0, 300.0
_LONG_WAIT = 1.0

Duty = Callable[[datetime], bool]
"""Something the worker does besides runs; called in every round with the present moment, and quick to return.

It says whether more is to be done soon, so that a worker which leaves when it is idle does not leave yet.
"""


class Worker:
    """Serves the queue of an environment. Limits, patience and destination are replaced by tests only."""

    def __init__(
        self,
        environment: Environment,
        *,
        clock: Clock | None = None,
        open_destination: OpenDestination | None = None,
        limits: Limits | None = None,
        patience: Patience | None = None,
        duties: Sequence[Duty] = (),
    ) -> None:
        self._environment = environment
        self._clock = clock or SystemClock()
        self._open = open_destination or self._open_client
        self._limits = limits
        self._patience = patience
        self._duties = duties
        self._stop = threading.Event()
        self._news = threading.Event()
        self._lanes: dict[str, threading.Thread] = {}
        self._runs: dict[RunId, threading.Thread] = {}
        self._rests: dict[RunId, tuple[float, float]] = {}
        self._guard = threading.Lock()

    def stop(self) -> None:
        """Leave between two requests; runs stay as they are for the next worker. Safe in a signal handler."""
        self._stop.set()
        self._news.set()

    def serve(self, *, until_idle: bool) -> int:
        """Carry out runs until stopped, or until nothing is to be done.

        While another worker holds the lock this one stands by; with ``until_idle`` it leaves instead. Returns the exit
        code. Raises :class:`LedgerError`.
        """
        while not self._stop.is_set():
            lock = HeldLock(self._environment.worker_lock_path)
            try:
                lock.acquire(timeout=_LOCK_PATIENCE)
            except LockHeld:
                if until_idle:
                    return ExitCode.SUCCESSFUL
                continue
            try:
                self._serve(lock, until_idle=until_idle)
            except BaseException:
                self._stop.set()
                raise
            finally:
                self._leave_lanes()
                lock.release()
            if until_idle and not self._stop.is_set() and not self._more():
                break
        return ExitCode.SUCCESSFUL

    def _serve(self, lock: HeldLock, *, until_idle: bool) -> None:
        _LOG.info("serving %s", self._environment.root)
        with Ledger(self._environment.ledger_path, self._clock) as ledger:
            ledger.check()
            while not self._stop.is_set():
                if not lock.still_stands():
                    # What runs in a folder that was taken away, or put anew, is nobody's any more.
                    _LOG.error("the environment was taken away; leaving")
                    self.stop()
                    return
                self._news.clear()
                at_rest = not self._busy()  # before the duties, so that they have seen how the last run ended
                busy = [duty(self._clock.now()) for duty in self._duties]
                waiting = [run for run in ledger.unfinished() if due(run, self._clock)]
                self._give_out(waiting)
                if until_idle and at_rest and not waiting and not self._busy() and not any(busy):
                    _LOG.info("nothing to do")
                    return
                self._clock.wait(_ROUND, self._news)

    def _more(self) -> bool:
        """Whether something was asked for while the lock was being let go: who asked saw this worker, started none."""
        with ScheduleLedger(self._environment.ledger_path, self._clock) as ledger:
            return any(due(run, self._clock) for run in ledger.unfinished()) or bool(
                self._duties and ledger.waiting_refreshes()
            )

    def _busy(self) -> bool:
        return any(lane.is_alive() for lane in self._lanes.values())

    def _leave_lanes(self) -> None:
        for lane in self._lanes.values():
            lane.join()
        self._lanes.clear()
        self._runs.clear()

    def _give_out(self, waiting: Sequence[Run]) -> None:
        """Give each application key that is free its oldest run."""
        for run in waiting:
            if _alive(self._runs.get(run.id)) or self._resting(run.id):
                continue
            key = self._key(run)
            if not _alive(self._lanes.get(key)):
                lane = threading.Thread(target=self._carry_out, args=(run.id,), name=f"run {run.id}")
                self._lanes[key] = self._runs[run.id] = lane
                lane.start()

    def _key(self, run: Run) -> str:
        """The application key whose lane a run takes; a run without a readable connection has one of its own."""
        snapshot = Spool(self._environment, run.id).snapshot()
        try:
            connection = self._environment.connection(run.connection).definition if run.connection else None
        except CctuiError:
            connection = snapshot.connection if snapshot else None
        return connection.client_id if connection else f"run {run.id}"

    def _carry_out(self, run_id: RunId) -> None:
        try:
            with Ledger(self._environment.ledger_path, self._clock) as ledger:
                try:
                    ended = Execution(
                        self._environment,
                        ledger,
                        run_id,
                        clock=self._clock,
                        stop=self._stop,
                        open_destination=self._open,
                        limits=self._limits,
                        patience=self._patience,
                    ).carry_out()
                    _LOG.info("run %s: %s", run_id, ended.status)
                    self._rests.pop(run_id, None)
                except UsageError as problem:
                    _LOG.info("run %s: %s; again in %.0f s", run_id, problem, self._rest(run_id))
                except (LedgerError, OSError):
                    raise
                except Exception as problem:  # noqa: BLE001 - a fault of ours must not take the other lanes along
                    self._give_up(ledger, run_id, problem)
        except (LedgerError, OSError) as problem:
            seconds = self._rest(run_id)
            _LOG.error("run %s: %s; again in %.0f s", run_id, harmless(str(problem)), seconds)
        finally:
            self._news.set()

    def _give_up(self, ledger: Ledger, run_id: RunId, problem: Exception) -> None:
        _LOG.error("run %s: %s", run_id, "".join(traceback.format_exception(problem)))
        ledger.record(
            "gave-up",
            run_id,
            status=Status.FAILED,
            ended_at=self._clock.now(),
            problem=_("The worker met a fault of its own: {kind}.").format(kind=type(problem).__name__),
            do_next=_("Details are in {log}; please report them.").format(log=self._environment.worker_log_path),
        )

    def _rest(self, run_id: RunId) -> float:
        """Let a run rest whose files or ledger cannot be used; longer each time."""
        with self._guard:
            _until, last = self._rests.get(run_id, (0.0, _FIRST_REST / 2))
            seconds = min(last * 2, _LONGEST_REST)
            self._rests[run_id] = (self._clock.monotonic() + seconds, seconds)
        return seconds

    def _resting(self, run_id: RunId) -> bool:
        with self._guard:
            return self._clock.monotonic() < self._rests.get(run_id, (0.0, 0.0))[0]

    def _open_client(
        self, connection: ConnectionDefinition, clock: Clock, on_call: Callable[[Call], None]
    ) -> Destination:
        from cctui.constant_contact.client import open_client

        def told(call: Call) -> None:
            _LOG.info(
                "%s %s %s %s ms %s %s",
                call.method,
                call.path,
                call.status or "-",
                call.milliseconds,
                call.request_id,
                call.outcome,
            )
            on_call(call)

        return open_client(
            connection,
            self._environment.secrets_folder,
            self._environment.limits_path,
            clock=_StoppableClock(clock, self._stop),
            on_call=told,
        )


def _alive(thread: threading.Thread | None) -> bool:
    return thread is not None and thread.is_alive()


class _StoppableClock:
    """A clock whose long waits end when the worker is told to leave: a pause for the service may take half a minute."""

    def __init__(self, clock: Clock, stop: threading.Event) -> None:
        self._clock = clock
        self._stop = stop

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        if wake is not None or seconds < _LONG_WAIT:
            return self._clock.wait(seconds, wake)
        if self._clock.wait(seconds, self._stop):
            raise Stopped
        return False


class Pruning:
    """The duty of forgetting old runs, once a day."""

    def __init__(self, environment: Environment, clock: Clock) -> None:
        self._environment = environment
        self._clock = clock
        self._next: datetime | None = None

    def __call__(self, now: datetime) -> bool:
        if self._next is not None and now < self._next:
            return False
        self._next = now + timedelta(days=1)
        for run_id in prune(self._environment, clock=self._clock):
            _LOG.info("run %s is old and was forgotten", run_id)
        return False


def serve(environment: Environment, *, until_idle: bool) -> int:
    """Be the worker of ``environment`` in this process: its log, its signals, its language. Returns the exit code."""
    clock = SystemClock()
    open_log(environment.worker_log_path)
    locales.use(environment.read().definition.environment.language or locales.from_locale())
    locales.remember()
    scheduling = Scheduling(environment, clock)
    duties: list[Duty] = [Pruning(environment, clock), scheduling, Alerting(environment, clock)]
    worker = Worker(environment, clock=clock, duties=duties)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _number, _frame: worker.stop())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        code = worker.serve(until_idle=until_idle)
    except CctuiError as problem:
        _LOG.error("%s", problem)
        raise
    if scheduling.counting:
        # Python would take Arrow and DuckDB apart under the thread that counts: it hangs or aborts.
        logging.shutdown()
        os._exit(code)
    return code
