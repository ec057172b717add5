"""Whole runs in milliseconds: everything real but the clock, the network and matching; faults by chance from a seed.

``python tests/sweeps/simulation.py --count 10000`` prints the figures and every problem; ``--first N --count 1`` plays
one seed again, exactly. Real are the run, its ledger and files (in memory), the client with its retries, limits and
tokens. By chance come: faults of requests and of jobs, crashes, a disk that is full or broken for a moment, wishes of
an operator, jumps of the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import multiprocessing
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "delivery")]

import httpx  # noqa: E402 - the folders of the tests are no packages
from delivery_stand_ins import (  # noqa: E402
    ACCOUNT,
    LIST_ID,
    OPS,
    QUICK,
    CountedDisk,
    CountedLedger,
    Crash,
    People,
    Points,
    StillClock,
    quick_match,
)
from msgspec import Struct  # noqa: E402
from simulated_service import CANARY, ENDING, FATES, PAUSING, TRANSIENT, SimulatedService  # noqa: E402

from cctui.access.roles import Sharing  # noqa: E402
from cctui.constant_contact import client, limits  # noqa: E402
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore  # noqa: E402
from cctui.definitions.environment import Environment  # noqa: E402
from cctui.definitions.model import (  # noqa: E402
    Account,
    ConnectionDefinition,
    DataMatching,
    Endpoints,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ExportId,
)
from cctui.delivery import launch, plan, runs  # noqa: E402
from cctui.delivery.execution import Execution  # noqa: E402
from cctui.delivery.journal import Journal  # noqa: E402
from cctui.delivery.ledger import Ledger, LedgerError  # noqa: E402
from cctui.delivery.states import Batch, BatchState, PauseReason, Run, RunId, Status, Wish  # noqa: E402
from cctui.errors import CctuiError, UsageError  # noqa: E402
from cctui.host import files  # noqa: E402
from cctui.matching.results import Limits  # noqa: E402

BASE = "http://127.0.0.1:9/v3"
RUN_ID = RunId("simulated")
_GOES = 120


class Scenario(Struct, frozen=True, kw_only=True):
    """What befalls one run. Numbers of requests, points and writes count from 1."""

    people: int = 30
    bad: int = 0
    looks: int = 1
    faults: dict[int, str] = {}
    crashes: tuple[int, ...] = ()
    disk: tuple[tuple[int, int], ...] = ()
    ledger: tuple[int, ...] = ()
    wishes: tuple[tuple[float, Wish], ...] = ()
    jumps: tuple[tuple[float, float], ...] = ()
    per_day: int = 10_000

    @property
    def canceled(self) -> bool:
        return any(wish is Wish.CANCEL for _moment, wish in self.wishes)

    @property
    def passes_by_itself(self) -> bool:
        """Whether nothing happens but what a run outlives with everybody delivered."""
        harmless = {*TRANSIENT, *PAUSING, "slow"}
        return not (self.canceled or self.disk or self.ledger or self.jumps) and {*self.faults.values()} <= harmless


def scenario(seed: int) -> Scenario:
    """The scenario of a seed: the same seed is the same scenario, whatever else happens."""
    chance = random.Random(seed)
    kinds = (*TRANSIENT * 3, *PAUSING, *FATES * 2, *(ENDING if chance.random() < 0.1 else ()))
    faults = {chance.randrange(1, 16): chance.choice(kinds) for _fault in range(chance.randrange(8))}
    crashes = tuple(chance.randrange(1, 170) for _crash in range(chance.choice((0, 0, 1, 2, 4))))
    rare = [chance.random() < 0.2 for _kind in range(5)]
    broken = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT)
    return Scenario(
        people=chance.randrange(1, 45),
        bad=chance.choice((0, 0, 3)),
        looks=chance.randrange(4),
        faults=faults,
        crashes=crashes,
        disk=tuple((chance.randrange(1, 90), chance.choice(broken)) for _write in range(3)) if rare[0] else (),
        ledger=tuple(chance.randrange(1, 40) for _write in range(2)) if rare[1] else (),
        wishes=tuple(
            (chance.uniform(0, 12), chance.choice((Wish.PAUSE, Wish.PAUSE, Wish.CANCEL)))
            for _wish in range(chance.randrange(1, 3))
        )
        if rare[2]
        else (),
        jumps=tuple((chance.uniform(0, 12), chance.choice((-86_400, -3_600, 3_600, 86_400, 4e7))) for _jump in "ab")
        if rare[3]
        else (),
        per_day=chance.randrange(6, 20) if rare[4] else 10_000,
    )


class _World(StillClock):
    """The clock, on which things happen when their time has come; the time of day may jump."""

    def __init__(self, facts: Scenario) -> None:
        super().__init__()
        self._jumps = sorted(facts.jumps, reverse=True)
        self.wishes = sorted(facts.wishes, reverse=True)
        self.jumped = False

    def pass_time(self, seconds: float) -> None:
        """Time that passes without anybody waiting on purpose."""
        self.elapsed += seconds
        while self._jumps and self._jumps[-1][0] <= self.elapsed:
            self.start += timedelta(seconds=self._jumps.pop()[1])
            self.jumped = True

    def wait(self, seconds: float, wake: Any = None) -> bool:
        before = self.elapsed
        woken = super().wait(seconds, wake)
        passed, self.elapsed = self.elapsed - before, before
        self.pass_time(passed)
        return woken


class _Disk(CountedDisk):
    """A disk whose writes and syncs fail at some numbers, once each."""

    def __init__(self, points: Points, failing: dict[int, int]) -> None:
        super().__init__(points)
        self._failing = failing
        self.calls = 0

    def _call(self) -> None:
        self.calls += 1
        error = self._failing.pop(self.calls, 0)
        if error:
            raise OSError(error, "the disk says no")

    def write(self, descriptor: int, data: bytes) -> int:
        self._call()
        return super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._call()
        super().sync(descriptor)

    def open_new(self, path: Path, mode: int) -> int:
        self._call()
        return super().open_new(path, mode)


class _Ledger(CountedLedger):
    """A ledger whose commits fail at some numbers, once each; it need not be synced to be right here."""

    failing: set[int] = set()  # noqa: RUF012 - each simulation puts its own here
    commits = 0

    def commit(self, what: str) -> None:
        _Ledger.commits += 1
        if _Ledger.commits in _Ledger.failing:
            raise sqlite3.OperationalError("disk I/O error")
        super().commit(what)


class Simulation:
    """One run of one scenario in an environment of its own."""

    def __init__(self, root: Path, facts: Scenario) -> None:
        self.facts = facts
        self.clock = _World(facts)
        self.people = People(facts.people, facts.bad)
        self.service = SimulatedService(self.clock.now, self.clock.monotonic, self.clock.pass_time)
        self.service.faults = dict(facts.faults)
        self.service.looks = facts.looks
        self.environment = Environment(root)
        self.crashes = self.goes = self.sign_ins = 0
        self.said: list[str] = []

    def run(self) -> Run:
        """To the end, through whatever the scenario has in store."""
        shutil.rmtree(self.environment.state_folder, ignore_errors=True)
        self._sign_in(("access-0", "refresh-0"))
        with limits.Limits(self.environment.limits_path, self.clock) as allowed:
            allowed.allow("5a0c0000", per_second=4.0, per_day=self.facts.per_day)
        runs.start(self.environment, OPS, ExportId("newsletter"), run_id=RUN_ID, clock=self.clock)
        crashes, failing = [*self.facts.crashes], dict(self.facts.disk)
        _Ledger.commits, _Ledger.failing = 0, {*self.facts.ledger}
        while not (run := self._ledger_says()).status.ended and self.goes < _GOES:
            self.goes += 1
            points = Points(crashes.pop() if crashes else 0)
            disk = _Disk(points, failing)
            try:
                self._go(points, disk)
            except Crash:
                self.crashes += 1
            except (LedgerError, OSError) as problem:
                self.said.append(str(problem))
                self.clock.wait(5.0)
            self._be_a_person()
        return run

    def _go(self, points: Points, disk: _Disk) -> None:
        ledger = _Ledger(self.environment.ledger_path, self.clock)
        ledger.points = points
        ledger._db.execute("PRAGMA synchronous = OFF")
        self.service.reach = points.reach
        with mock.patch.object(files, "disk", disk):
            try:
                self._execute(ledger)
            finally:
                ledger.close()
                self.service.reach = lambda _name: None

    def _execute(self, ledger: Ledger) -> None:
        import threading

        journal_wait = Journal.wait

        def wait(journal: Journal, seconds: float) -> None:
            self._wish(ledger)
            journal_wait(journal, seconds)

        with mock.patch.object(Journal, "wait", wait):
            Execution(
                self.environment,
                ledger,
                RUN_ID,
                clock=self.clock,
                stop=threading.Event(),
                open_destination=lambda connection, clock, on_call: client.open_client(
                    connection,
                    self.environment.secrets_folder,
                    self.environment.limits_path,
                    clock=clock,
                    on_call=on_call,
                    transport=self.service,
                    jitter=lambda: 0.5,
                ),
                limits=Limits(max_rows=10),
                patience=QUICK,
            ).carry_out()

    def _wish(self, ledger: Ledger) -> None:
        while self.clock.wishes and self.clock.wishes[-1][0] <= self.clock.elapsed:
            with contextlib.suppress(UsageError):
                Ledger.ask(ledger, RUN_ID, self.clock.wishes.pop()[1])

    def _be_a_person(self) -> None:
        """What somebody does about a run that is paused; a canceled one is left alone."""
        run = self._ledger_says()
        if run.status is not Status.PAUSED:
            return
        if run.pause_reason is PauseReason.QUOTA:
            self.clock.wait(max(1.0, ((run.resume_at or self.clock.now()) - self.clock.now()).total_seconds() + 1.0))
            return
        if run.pause_reason is PauseReason.SIGN_IN:
            self.sign_ins += 1
            self._sign_in(self.service.sign_in())
        with Ledger(self.environment.ledger_path, self.clock) as ledger:
            ledger.ask(RUN_ID, Wish.NONE)

    def _sign_in(self, pair: tuple[str, str]) -> None:
        now = self.clock.now()
        TokenStore(self.environment.secrets_folder).save(
            "marketing",
            Tokens(
                client_id="5a0c0000",
                access_token=Secret(pair[0]),
                refresh_token=Secret(pair[1]),
                expires_at=now + timedelta(days=3_000),
                signed_in_at=now,
                renewed_at=now,
            ),
        )

    def _ledger_says(self) -> Run:
        with Ledger(self.environment.ledger_path, self.clock) as ledger:
            return ledger.run(RUN_ID)

    def problems(self, run: Run) -> Iterator[str]:
        """What is wrong, by what the service knows."""
        with Ledger(self.environment.ledger_path, self.clock) as ledger:
            batches = ledger.batches(RUN_ID)
            ledger.check()
        if not run.status.ended:
            yield f"not over after {self.goes} goes: {run.status} {run.pause_reason}"
            return
        if not run.totals.adds_up:
            yield "the sums do not hold"
        wanted = {email for email in self.people.emails if "@" in email}
        if run.planned and (run.totals.selected, run.totals.sent) != (len(self.people.emails), len(wanted)):
            yield f"planned {run.totals.sent} of {run.totals.selected}, there are {len(wanted)}"
        yield from self._batch_problems(batches)
        yield from self._double_problems(run)
        strange = self.service.arrived.keys() - wanted
        if strange:
            yield f"{len(strange)} arrived whom nobody selected"
        if run.status is Status.SUCCESSFUL and self.service.arrived.keys() != wanted and not run.totals.not_added:
            yield f"successful, and {len(wanted - self.service.arrived.keys())} did not arrive"
        expected = {Status.COMPLETED_WITH_ERRORS if self.facts.bad else Status.SUCCESSFUL}
        if self.facts.passes_by_itself and run.status not in expected:
            yield f"{run.status} through faults that pass by themselves: {run.problem}"
        yield from self._pace_problems()
        yield from self._telling_problems()

    def _batch_problems(self, batches: Sequence[Batch]) -> Iterator[str]:
        """What the ledger says of a body is what the service has done with it."""
        jobs = {job.activity_id: job for job in self.service.jobs}
        for batch in batches:
            if batch.state is not BatchState.COMPLETED:
                continue
            job = jobs.get(batch.activity_id)
            if job is None or job.name != batch.file_name:
                yield f"body {batch.number} is settled by a job that is not its own"
            elif batch.accepted and batch.accepted != job.taken:
                yield f"body {batch.number}: {batch.accepted} accepted by the ledger, not by the service"
            elif job.fate not in {"missing-counters", "refusing", "not-adding"} and batch.accepted != batch.contacts:
                yield f"body {batch.number}: only {batch.accepted} of {batch.contacts} accepted, all arrived"

    def _double_problems(self, run: Run) -> Iterator[str]:
        names = Counter(job.name for job in self.service.jobs)
        surplus = sum(names.values()) - len(names)
        if surplus > run.replayed:
            yield f"{surplus} bodies were carried out again, {run.replayed} told"
        if self.service.unexplained:
            yield f"{len(self.service.unexplained)} bodies were sent again although their job could be found"

    def _pace_problems(self) -> Iterator[str]:
        left = self.service.departures
        if any(later - left[index] < 0.999 for index, later in enumerate(left[4:])):
            yield "more than 4 requests in a second"
        most = max(self.service.days.values(), default=0)
        if most > self.facts.per_day and not self.clock.jumped:
            yield f"{most} requests in a day of {self.facts.per_day}"

    def _telling_problems(self) -> Iterator[str]:
        """Nothing that the program wrote for people holds a person, a secret or what drives a terminal."""
        told = b"\n".join(
            path.read_bytes() for path in self.environment.runs_folder.rglob("log.jsonl") if path.is_file()
        )
        told += "\n".join(self.said).encode()
        for what, found in (("an address", b"person1@"), ("a secret", CANARY.encode()), ("a control", b"\\u001b[")):
            if found in told or b"\x1b" in told or "\u202e".encode() in told:
                yield f"the log holds {what} or a control character"


@contextlib.contextmanager
def prepared() -> Iterator[Path]:
    """An environment in memory for one simulation after another, with the slow parts of matching left out."""
    shared = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder,
        contextlib.ExitStack() as patches,
    ):
        root = Path(folder) / "environment"
        environment = Environment.create(
            root, EnvironmentDefinition(environment=EnvironmentSection(name="Contoso Coffee"))
        )
        environment.save_connection(_connection(), None)
        environment.save_export(
            ExportDefinition(
                id="newsletter",
                display_name="Newsletter, high value",
                connection="marketing",
                list_id=LIST_ID,
                segments=["HighValueSegment"],
                data_matching=DataMatching(email="EMail"),
            ),
            None,
        )
        context = httpx.create_ssl_context()
        for target, name, put in (
            (plan, "match", quick_match),
            (launch, "ensure_worker", lambda _environment: False),
            (httpx._transports.default, "create_ssl_context", lambda *_facts, **_more: context),
            (limits, "_open", _quick(limits._open)),
        ):
            patches.enter_context(mock.patch.object(target, name, put))
        yield root


def _connection() -> ConnectionDefinition:
    clock = StillClock()
    return ConnectionDefinition(
        id="marketing",
        display_name="Constant Contact, marketing",
        shared_with=Sharing.ADMINISTRATORS,
        client_id="5a0c0000",
        account=Account(id=ACCOUNT.encoded_account_id, name="Contoso Coffee"),
        endpoints=Endpoints(api=BASE, authorization=BASE.replace("/v3", "/oauth2")),
        export_user="ops1",
        created_by="ops1",
        created_at=clock.now(),
    )


def _quick(opened: Any) -> Any:
    def careless(path: Path) -> sqlite3.Connection:
        connection = opened(path)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    return careless


def simulate(root: Path, facts: Scenario) -> tuple[Simulation, Run, list[str]]:
    """Play one scenario; the last is what is wrong."""
    simulation = Simulation(root, facts)
    with mock.patch.object(plan, "open_source", lambda *_facts: simulation.people):
        try:
            run = simulation.run()
        except (CctuiError, Exception) as problem:  # noqa: BLE001 - a fault of the program is what is looked for
            return simulation, simulation._ledger_says(), [f"{type(problem).__name__}: {problem}"]
    return simulation, run, [*simulation.problems(run)]


def play(first: int, count: int) -> tuple[Counter[str], list[str]]:
    """Play so many seeds; figures, and the problems with their seeds."""
    figures: Counter[str] = Counter()
    found: list[str] = []
    with prepared() as root:
        for seed in range(first, first + count):
            simulation, run, problems = simulate(root, scenario(seed))
            found += [f"seed {seed}: {problem}" for problem in problems]
            figures.update({f"fault {kind}": count for kind, count in Counter(simulation.service.met).items()})
            figures.update(
                {
                    "runs": 1,
                    f"status {run.status}": 1,
                    "goes": simulation.goes,
                    "crashes": simulation.crashes,
                    "requests": simulation.service.calls,
                    "times the box failed": len(simulation.said),
                    "sign-ins": simulation.sign_ins,
                    "told as sent again": run.replayed,
                }
            )
    return figures, found


def main() -> int:
    """Play many seeds in several processes and print what came of it."""
    asked = argparse.ArgumentParser(description=main.__doc__)
    asked.add_argument("--first", type=int, default=1)
    asked.add_argument("--count", type=int, default=10_000)
    asked.add_argument("--lanes", type=int, default=2)
    options = asked.parse_args()
    began, share = time.monotonic(), 50
    parts = [
        (first, min(share, options.first + options.count - first))
        for first in range(options.first, options.first + options.count, share)
    ]
    figures: Counter[str] = Counter()
    found: list[str] = []
    with multiprocessing.get_context("spawn").Pool(min(options.lanes, len(parts))) as pool:
        for part, problems in pool.starmap(play, parts, chunksize=1):
            figures.update(part)
            found += problems
    for problem in found:
        print(problem)
    for name, number in sorted(figures.items()):
        print(f"{name}: {number}")
    print(f"seeds with something lost, doubled or told wrong: {len({text.partition(':')[0] for text in found})}")
    print(f"seconds: {time.monotonic() - began:.0f}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
