"""Stand-ins for everything around a run: a service that fails on purpose, a clock that does not wait, a quick matching.

:class:`Points` counts every ledger write, file write and call, and ends the "process" at the one it was told to.
"""

from __future__ import annotations

import csv
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec import Struct

from cctui.access.roles import Operator, Role, Sharing
from cctui.constant_contact.answers import AccountSummary, Activity, ContactList, ImportAnswer
from cctui.constant_contact.errors import (
    NotThere,
    OutcomeUnknown,
    QueueFull,
    QuotaExceeded,
    Refused,
    ServiceFault,
    SignInNeeded,
    SignInReason,
    Throttled,
    Unreachable,
    WrongAnswer,
)
from cctui.definitions.environment import Environment
from cctui.definitions.model import (
    Account,
    ConnectionDefinition,
    DataMatching,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ExportId,
    ListId,
)
from cctui.delivery import launch, plan, runs
from cctui.delivery.destination import Patience
from cctui.delivery.execution import Execution
from cctui.delivery.ledger import Ledger
from cctui.delivery.spool import Spool
from cctui.delivery.states import Batch, Run, RunId, Wish
from cctui.host import files
from cctui.matching.reasons import Reason
from cctui.matching.results import Body, Limits, Matched, MatchingCanceled

LIST_ID = ListId("3b1d6c1e-0000-4000-8000-000000000001")
ACCOUNT = AccountSummary("Contoso Coffee", "a07e1n5abc")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUICK = Patience(
    look_up=(2.0, 5.0), first_poll=1.0, longest_poll=8.0, poll_while_sending=4.0, unreachable=120.0, no_progress=600.0
)


class Crash(BaseException):
    """The process ends here, as by SIGKILL."""


class Points:
    """Counts what a run does to the world; raises :class:`Crash` at the point ``crash_at``, counted from 1."""

    def __init__(self, crash_at: int = 0) -> None:
        self.crash_at = crash_at
        self.passed: list[str] = []

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.crash_at:
            raise Crash(name)


class CountedLedger(Ledger):
    """A ledger whose writes are points, before and after each commit."""

    points = Points()

    def commit(self, what: str) -> None:
        self.points.reach(f"before {what}")
        super().commit(what)
        self.points.reach(f"after {what}")


class CountedDisk(files.Disk):
    """A disk whose writes, syncs and renames are points."""

    def __init__(self, points: Points) -> None:
        self.points = points

    def write(self, descriptor: int, data: bytes) -> int:
        self.points.reach("write")
        return super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self.points.reach("sync")
        super().sync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        self.points.reach("sync folder")
        super().sync_folder(folder)

    def replace(self, source: Path, target: Path) -> None:
        self.points.reach("replace")
        super().replace(source, target)


class StillClock:
    """A clock that moves only when somebody waits, and then calls ``on_wait``."""

    def __init__(self, start: datetime = NOON) -> None:
        self.start = start
        self.elapsed = 0.0
        self.on_wait: Callable[[float], None] = lambda _elapsed: None

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        if wake is not None and wake.is_set():
            return True
        self.elapsed += max(0.001, seconds)
        self.on_wait(self.elapsed)
        return wake is not None and wake.is_set()


class Fault:
    """What can happen to one call."""

    UNREACHABLE = "unreachable"
    DONE_UNKNOWN = "carried out, answer lost"
    LOST_UNKNOWN = "not carried out, answer lost"
    THROTTLED = "throttled"
    QUEUE_FULL = "queue full"
    QUOTA = "quota"
    SIGN_IN = "sign-in"
    REFUSED = "refused"
    FAULT = "fault"
    WRONG = "wrong answer"


PASSING = (
    Fault.UNREACHABLE,
    Fault.DONE_UNKNOWN,
    Fault.LOST_UNKNOWN,
    Fault.THROTTLED,
    Fault.QUEUE_FULL,
    Fault.FAULT,
    Fault.WRONG,
)


class Job(Struct):
    """An activity as the service knows it. ``fate`` is how it ends; ``polls`` how many looks it takes."""

    activity_id: str
    file_name: str
    contacts: int
    polls: int
    fate: str = "completed"
    refused: int = 0
    not_added: int = 0
    cut: int = 0
    errors: tuple[str, ...] = ()
    counters: bool = True
    vanished: bool = False


class Service:
    """The far side: it lives on whatever happens to the process. ``faults`` go by the number of the call, from 1."""

    def __init__(self, clock: StillClock, *, polls: int = 1) -> None:
        self.clock = clock
        self.polls = polls
        self.faults: dict[int, str] = {}
        self.always: str = ""
        self.calls = 0
        self.account = ACCOUNT
        self.lists = {LIST_ID: ContactList(LIST_ID, "Newsletter")}
        self.jobs: list[Job] = []
        self.arrived: Counter[str] = Counter()
        self.posts: list[str] = []
        self.shape: Callable[[Job], None] = lambda _job: None

    def take(self, file_name: str, body: Path) -> Activity:
        with body.open(encoding="utf-8", newline="") as rows:
            emails = [row["email"] for row in csv.DictReader(rows)]
        job = Job(f"activity-{len(self.jobs) + 1}", file_name, len(emails), self.polls)
        self.shape(job)
        self.jobs.append(job)
        if job.fate == "completed":
            self.arrived.update(emails)
        return self.as_activity(job)

    def as_activity(self, job: Job) -> Activity:
        if job.polls > 0:
            return Activity(job.activity_id, "processing", job.file_name)
        if job.fate != "completed" or not job.counters:
            return Activity(job.activity_id, job.fate, job.file_name, activity_errors=job.errors)
        return Activity(
            job.activity_id,
            job.fate,
            job.file_name,
            items_total_count=job.contacts - job.cut + 1,
            person_count=job.contacts - job.cut,
            error_count=0,
            correctable_count=job.refused,
            cannot_add_to_list_count=job.not_added,
            activity_errors=job.errors,
        )

    def listed(self) -> list[Activity]:
        for job in self.jobs:
            job.polls -= 1
        return [self.as_activity(job) for job in reversed(self.jobs) if not job.vanished]


class Caller:
    """The client's methods on a :class:`Service`, each a point before and after, with the service's faults."""

    def __init__(self, service: Service, points: Points) -> None:
        self.service = service
        self.points = points
        self.requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        return None

    def account(self) -> AccountSummary:
        return self._call("account", lambda: self.service.account)

    def contact_list(self, list_id: ListId) -> ContactList:
        def look() -> ContactList:
            if list_id not in self.service.lists:
                raise NotThere("no such list")
            return self.service.lists[list_id]

        return self._call("list", look)

    def import_file(self, *, list_id: ListId, file_name: str, body: Path) -> ImportAnswer:
        def send() -> ImportAnswer:
            self.service.posts.append(file_name)
            return ImportAnswer(self.service.take(file_name, body), f"r{len(self.service.posts)}", 40)

        return self._call("import", send, writes=True)

    def activities(self) -> Iterator[Activity]:
        yield from self._call("activities", self.service.listed)

    def activity(self, activity_id: str) -> Activity:
        def look() -> Activity:
            for job in self.service.jobs:
                if job.activity_id == activity_id and not job.vanished:
                    return self.service.as_activity(job)
            raise NotThere("no such activity")

        return self._call("activity", look)

    def _call(self, name: str, carry_out: Callable[[], Any], *, writes: bool = False) -> Any:
        self.points.reach(f"before call {name}")
        self.requests += 1
        self.service.calls += 1
        fault = self.service.faults.get(self.service.calls, self.service.always)
        if not fault:
            answer = carry_out()
        elif fault == Fault.DONE_UNKNOWN and writes:
            carry_out()
            raise OutcomeUnknown("the connection was cut")
        else:
            raise self._error(fault, writes=writes)
        self.points.reach(f"after call {name}")
        return answer

    def _error(self, fault: str, *, writes: bool) -> Exception:
        if fault in {Fault.DONE_UNKNOWN, Fault.LOST_UNKNOWN, Fault.FAULT, Fault.WRONG} and writes:
            return OutcomeUnknown("the connection was cut")
        match fault:
            case Fault.UNREACHABLE:
                return Unreachable("api.example", "connection refused")
            case Fault.THROTTLED:
                return Throttled()
            case Fault.QUEUE_FULL:
                return QueueFull()
            case Fault.QUOTA:
                midnight = (self.service.clock.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0)
                return QuotaExceeded(midnight)
            case Fault.SIGN_IN:
                return SignInNeeded(SignInReason.REVOKED, "marketing")
            case Fault.REFUSED:
                return Refused(400, "no")
            case Fault.WRONG:
                return WrongAnswer("not JSON")
            case _:
                return ServiceFault("503")


class People:
    """A profile source of ``count`` profiles, some of them with no usable address."""

    def __init__(self, count: int, bad: int = 0) -> None:
        self.emails = [f"person{n}@contoso.com" for n in range(count)] + ["nobody"] * bad
        self.gone: set[str] = set()

    def count(self, _segment: str) -> int:
        return len(self.emails)

    def attributes(self, _segment: str | None = None) -> list[Any]:
        from cctui.profiles.source import Attribute

        return [Attribute("EMail"), Attribute("FirstName")]

    def close(self) -> None:
        return None


def quick_match(
    source: People,
    segments: Sequence[str],
    matching: Any,
    workspace: Path,
    *,
    only: Iterable[str] | None = None,
    on_progress: Any = None,
    cancelled: Any = None,
    limits: Limits | None = None,
) -> Matched:
    """Matching as the contract has it, in milliseconds: what has an at sign is sent, in bodies of ``max_rows``."""
    rows = (limits or Limits()).max_rows
    members = [(f"p{n}", email) for n, email in enumerate(source.emails) if f"p{n}" not in source.gone]
    wanted = set() if only is None else set(only)
    absent = wanted - {profile for profile, _email in members}
    if only is not None:
        members = [(profile, email) for profile, email in members if profile in wanted]
    good = [(profile, email) for profile, email in members if "@" in email]
    bad = [(profile, email) for profile, email in members if "@" not in email]
    bodies: list[Body] = []
    (workspace / "bodies").mkdir(exist_ok=True)
    for number, first in enumerate(range(0, len(good), rows), start=1):
        if cancelled is not None and cancelled():
            raise MatchingCanceled
        part = good[first : first + rows]
        data = "".join(["email\r\n", *(f"{email}\r\n" for _id, email in part)]).encode()
        files.save(workspace / "bodies" / f"{number}.csv", data, mode=0o600)
        bodies.append(Body(number, first, len(part), len(data), hashlib.sha256(data).hexdigest()))
    table = pa.table({"position": list(range(len(good))), "profile_id": pa.array([p for p, _e in good], pa.string())})
    pq.write_table(table, workspace / "contacts.parquet")
    lines = ["profile_id,reason,value", *(f"{profile},no-at-sign,{value}" for profile, value in bad)]
    files.save(workspace / "rejected.csv", "".join(f"{line}\r\n" for line in lines).encode(), mode=0o600)
    return Matched(
        selected=len(good) + len(bad),
        duplicate=0,
        invalid=len(bad),
        suppressed=0,
        sent=len(good),
        profiles=len(good) + len(bad),
        rejected=((Reason.NO_AT_SIGN, len(bad)),) if bad else (),
        cut=0,
        dropped=0,
        bodies=tuple(bodies),
        wanted=len(wanted),
        absent=len(absent),
    )


def reshaped(job: Job, **changes: Any) -> None:
    """Change a job of the service in place."""
    for name, value in changes.items():
        setattr(job, name, value)


OPS = Operator("ops1", Role.ADMINISTRATOR)


class Story:
    """One export of one environment, run again and again against one service."""

    def __init__(self, root: Path, clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = clock
        self.service = Service(clock)
        self.people = People(30)
        self.limits = Limits(max_rows=10)
        self.patience = QUICK
        self.stop = threading.Event()
        self._monkeypatch = monkeypatch
        self.environment = Environment.create(
            root, EnvironmentDefinition(environment=EnvironmentSection(name="Contoso Coffee"))
        )
        self.connection = self.environment.save_connection(
            ConnectionDefinition(
                id="marketing",
                display_name="Constant Contact, marketing",
                shared_with=Sharing.ADMINISTRATORS,
                client_id="5a0c0000",
                account=Account(id=ACCOUNT.encoded_account_id, name="Contoso Coffee"),
                export_user="ops1",
                created_by="ops1",
                created_at=clock.now(),
            ),
            None,
        )
        self.export = self.environment.save_export(
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
        monkeypatch.setattr(plan, "open_source", lambda *_facts: self.people)
        monkeypatch.setattr(plan, "match", quick_match)
        monkeypatch.setattr(launch, "ensure_worker", lambda _environment: False)

    @property
    def run(self) -> Run:
        with Ledger(self.environment.ledger_path) as ledger:
            return ledger.runs(limit=1)[0]

    @property
    def batches(self) -> list[Batch]:
        with Ledger(self.environment.ledger_path) as ledger:
            return ledger.batches(self.run.id)

    @property
    def spool(self) -> Spool:
        return Spool(self.environment, self.run.id)

    def events(self) -> list[str]:
        """The kinds of the run's events, in order."""
        found, _offset = self.spool.log.read()
        return [str(event.__struct_config__.tag) for event in found]

    def start(self, run_id: str | None = None, *, dry_run: bool = False, only_rejected_of: str | None = None) -> Run:
        return runs.start(
            self.environment,
            OPS,
            ExportId("newsletter"),
            run_id=RunId(run_id) if run_id else None,
            dry_run=dry_run,
            only_rejected_of=only_rejected_of,
            clock=self.clock,
        )

    def go(self, points: Points | None = None) -> Run:
        """One go at the newest run, by a process of its own that ends with it (or with a crash)."""
        points = points or Points()
        ledger = CountedLedger(self.environment.ledger_path, self.clock)
        ledger.points = points
        with self._monkeypatch.context() as patched:
            patched.setattr(files, "disk", CountedDisk(points))
            try:
                return Execution(
                    self.environment,
                    ledger,
                    self.run.id,
                    clock=self.clock,
                    stop=self.stop,
                    open_destination=lambda *_facts: Caller(self.service, points),
                    limits=self.limits,
                    patience=self.patience,
                ).carry_out()
            finally:
                ledger.close()

    def when(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something once the clock has come this far."""
        done = False

        def look(elapsed: float) -> None:
            nonlocal done
            if not done and elapsed >= seconds:
                done = True
                act()

        self.clock.on_wait = look

    def ask(self, wish: Wish) -> None:
        with Ledger(self.environment.ledger_path, self.clock) as ledger:
            ledger.ask(ledger.runs(limit=1)[0].id, wish)
