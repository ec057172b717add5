"""What the box does to a run: a second worker, a worker that stands still, no memory, damage, a race for the token."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import httpx
import pytest
from crash_sweep import LIST, OPS, Bench
from delivery_stand_ins import Caller, People, Points, Story

from cctui.constant_contact.errors import SignInNeeded
from cctui.constant_contact.renewal import StoredTokens
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.environment import Environment
from cctui.definitions.model import ExportId
from cctui.delivery import launch, plan, runs
from cctui.delivery.ledger import Ledger
from cctui.delivery.spool import BodyDamaged
from cctui.delivery.states import BatchState, RunId, Status
from cctui.delivery.worker import Worker
from cctui.host.clock import SystemClock
from cctui.sandbox.lists import list_id_for

WORKER = Path(__file__).parents[1] / "end_to_end" / "worker_of_small_bodies.py"


def begin_worker(environment: Environment) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(WORKER), str(environment.root)], stdin=subprocess.DEVNULL)


def test_a_worker_that_stands_still_keeps_its_run(in_memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped for as long as one likes (SIGSTOP, a suspended box): no other worker takes the run, nothing doubles."""
    monkeypatch.setattr(launch, "ensure_worker", lambda _environment: False)
    (in_memory / "still").mkdir()
    with Bench(in_memory / "still") as bench:
        environment = bench.fresh(expired=False)
        clock = SystemClock()
        bench.sandbox.ask("settings", {"latency": 0.1}, method="PUT")
        runs.start(environment, OPS, ExportId("swept"), run_id=RunId("sweep-run"))
        worker = begin_worker(environment)
        while runs.find(environment, "sweep-run").batches_sent < 1:
            clock.wait(0.01)
        os.kill(worker.pid, signal.SIGSTOP)
        try:
            before = bench.sandbox.ask("stats")["imports"]
            assert begin_worker(environment).wait(60) == 0, "a second worker leaves while the first has the lock"
            assert runs.worker_alive(environment)
            assert bench.sandbox.ask("stats")["imports"] == before
        finally:
            os.kill(worker.pid, signal.SIGCONT)
        assert worker.wait(60) == 0
        run = runs.find(environment, "sweep-run")
        assert (run.status, run.replayed, run.resumed) == (Status.COMPLETED_WITH_ERRORS, 0, 0)
        assert {contact["email"] for contact in bench.sandbox.contacts(list_id_for(LIST))} == {*bench.reference.people}
        taken = Counter(job["source_file_name"] for job in bench.sandbox.ask("imports")["imports"])
        assert {*taken.values()} == {1}


@pytest.mark.parametrize("failure", [MemoryError(), RecursionError(), OSError(28, "No space left on device")])
def test_no_memory_or_room_in_the_source_fails_that_run_before_anything_is_sent(
    story: Story, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def break_down(*_facts: object, **_more: object) -> None:
        raise failure

    monkeypatch.setattr(plan, "match", break_down)
    story.start()
    Worker(
        story.environment,
        open_destination=lambda *_facts: Caller(story.service, Points()),
        limits=story.limits,
        patience=story.patience,
    ).serve(until_idle=True)
    assert (story.run.status, story.run.planned, story.service.posts) == (Status.FAILED, False, [])
    assert story.run.problem
    assert story.run.do_next


def test_every_flipped_byte_of_a_body_is_found(story: Story) -> None:
    story.people = People(3)
    story.start()
    story.service.shape = lambda _job: story.stop.set()
    story.go()
    batch = story.batches[0]
    path = story.spool.body(batch.number)
    sound = path.read_bytes()
    for at in range(len(sound)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0x20]) + sound[at + 1 :])
        with pytest.raises(BodyDamaged):
            story.spool.verify(batch)
    for cut in (0, 1, len(sound) - 1):
        path.write_bytes(sound[:cut])
        with pytest.raises(BodyDamaged):
            story.spool.verify(batch)


def test_a_definition_cut_short_under_a_run_stops_nothing_that_is_planned(story: Story) -> None:
    """A run keeps what it was started with; the half-written file is somebody's edit that a power cut has ended."""
    story.start()
    story.service.shape = lambda _job: story.stop.set()
    story.go()
    story.stop.clear()
    story.service.shape = lambda _job: None
    for path in (story.environment.exports_folder / "newsletter.toml", story.environment.root / "environment.toml"):
        path.write_bytes(path.read_bytes()[:40])
    run = story.go()
    assert (run.status, run.totals.accepted) == (Status.SUCCESSFUL, 30)
    assert {batch.state for batch in story.batches} == {BatchState.COMPLETED}


def test_a_snapshot_that_was_cut_short_is_taken_again_before_the_plan(story: Story) -> None:
    story.start()
    story.spool.make()
    story.spool.snapshot_path.write_bytes(b'{"export":')
    assert story.go().status is Status.SUCCESSFUL


class OneUse(httpx.BaseTransport):
    """A sign-in endpoint whose refresh tokens are used once; ``meanwhile`` happens while the first is on its way."""

    def __init__(self) -> None:
        self.good = "refresh-0"
        self.asked: list[str] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        form = dict(part.split("=", 1) for part in b"".join(request.stream).decode().split("&"))
        used = form["refresh_token"]
        self.asked.append(used)
        happen, self.meanwhile = self.meanwhile, lambda: None
        happen()
        if used != self.good:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.good = f"refresh-{len(self.asked)}"
        return httpx.Response(
            200, json={"access_token": f"access-{len(self.asked)}", "refresh_token": self.good, "expires_in": 86_400}
        )


def race_for_the_token(story: Story) -> tuple[list[str], list[object]]:
    """Two who need a new token, the second while the first one's request is on its way: what the service was asked."""
    store, now = TokenStore(story.environment.secrets_folder), datetime.now(UTC)
    tokens = Tokens(
        client_id="5a0c0000",
        access_token=Secret("access-0"),
        refresh_token=Secret("refresh-0"),
        expires_at=now - timedelta(hours=1),
        signed_in_at=now,
        renewed_at=now,
    )
    store.save("marketing", tokens)
    service, came, got = OneUse(), threading.Event(), []

    def renew() -> None:
        source = StoredTokens(story.connection.definition, store, SystemClock(), lambda: 0.0, service)
        try:
            got.append(source.current().reveal())
        except SignInNeeded as problem:
            got.append(problem)
        came.set()

    second = threading.Thread(target=renew)

    def overtake() -> None:
        second.start()
        came.wait(0.3)  # with the lock the second one waits for us, and this for nobody

    service.meanwhile = overtake
    renew()
    second.join()
    return service.asked, got


def test_two_who_need_a_token_use_the_old_one_once(story: Story) -> None:
    asked, got = race_for_the_token(story)
    assert asked == ["refresh-0"]
    assert got == ["access-1", "access-1"]


def test_without_the_token_lock_the_race_is_lost(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def unlocked(_store: TokenStore, _connection: str) -> Iterator[None]:
        yield

    monkeypatch.setattr(TokenStore, "lock", unlocked)
    asked, got = race_for_the_token(story)
    assert asked == ["refresh-0", "refresh-0"]
    assert any(isinstance(each, SignInNeeded) for each in got)


def test_a_second_ledger_user_waits_its_turn(story: Story) -> None:
    """A viewer that reads while the worker writes is never told of a half-written run."""
    story.start()
    seen: list[bool] = []
    commit = Ledger.commit

    def look(ledger: Ledger, what: str) -> None:
        with Ledger(story.environment.ledger_path) as viewer:
            seen.extend(run.totals.adds_up for run in viewer.runs())
        commit(ledger, what)

    with mock.patch.object(Ledger, "commit", look):
        story.go()
    assert len(seen) > 10
    assert all(seen)
