"""Nothing lost, nothing doubled unseen: the worker process is killed with SIGKILL at random moments of a run.

The judge is outside: the sandbox's own store and its list of what it took are compared with an undisturbed run.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from cctui.access.roles import Operator, Role
from cctui.constant_contact.limits import Limits
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.environment import Environment
from cctui.definitions.model import Account, ExportId
from cctui.delivery import launch, runs
from cctui.delivery.ledger import Ledger
from cctui.delivery.states import Run, Status
from cctui.host.clock import SystemClock
from cctui.sandbox.lists import list_id_for
from cctui.sandbox.running import RunningSandbox, start
from cctui.sandbox.sample import write_environment, write_profiles
from cctui.sandbox.settings import SANDBOX_CLIENT_ID

PROFILES = 3_000
OPS = Operator("ops1", Role.ADMINISTRATOR)
LISTS = ("Undisturbed", "Disturbed")
SETTINGS = {
    "rate_per_second": 0,
    "token_rate": 0,
    "device_interval": 0,
    "initialized_seconds": 0.05,
    "processing_seconds": 0.1,
    "lists": list(LISTS),
}
WORKER = Path(__file__).with_name("worker_of_small_bodies.py")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path / "sandbox", settings=SETTINGS) as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The sample, signed in, with the same export to two lists; workers are started by the test alone."""
    monkeypatch.setattr(launch, "ensure_worker", lambda _environment: False)
    root = tmp_path / "environment"
    write_profiles(root / "profiles", PROFILES)
    write_environment(
        root,
        profiles=PROFILES,
        api=sandbox.api,
        authorization=sandbox.authorization,
        list_ids={name: list_id_for(name) for name in LISTS},
        client_id=SANDBOX_CLIENT_ID,
        operator=OPS.name,
    )
    found = Environment(root)
    stored = found.connection("marketing")
    given, now = sandbox.ask("tokens", {}), SystemClock().now()
    TokenStore(found.secrets_folder).save(
        "marketing",
        Tokens(
            client_id=SANDBOX_CLIENT_ID,
            access_token=Secret(given["access_token"]),
            expires_at=now + timedelta(days=1),
            signed_in_at=now,
            renewed_at=now,
        ),
    )
    account = Account(id=sandbox.ask("settings")["account_id"], name="Contoso Coffee")
    found.save_connection(structs.replace(stored.definition, account=account), stored.fingerprint)
    everyone = found.export("everyone-newsletter").definition
    for name in LISTS:
        found.save_export(
            structs.replace(everyone, id=name.lower(), display_name=name, list_id=list_id_for(name)), None
        )
    with Limits(found.limits_path) as limits:
        limits.allow(SANDBOX_CLIENT_ID, per_second=200.0, per_day=100_000)
    return found


def begin_worker(environment: Environment) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(WORKER), str(environment.root)], stdin=subprocess.DEVNULL)


def finished(environment: Environment, run: Run) -> Run:
    assert begin_worker(environment).wait(100) == 0
    return runs.find(environment, run.id)


def kill_after(environment: Environment, changes: int) -> bool:
    """Start a worker and kill it after so many changes of the ledger; whether it was still at work then."""
    clock = SystemClock()
    with Ledger(environment.ledger_path) as ledger:
        seen = ledger.change()
        worker = begin_worker(environment)
        while worker.poll() is None:
            now = ledger.change()
            if now != seen:
                seen, changes = now, changes - 1
            if changes < 0:
                os.kill(worker.pid, signal.SIGKILL)
                break
            clock.wait(0.002)
        return worker.wait() == -signal.SIGKILL


def members(sandbox: RunningSandbox, name: str) -> dict[str, dict[str, Any]]:
    told = ("email", "first_name", "last_name")
    return {
        contact["email"]: {key: contact.get(key) for key in told} for contact in sandbox.contacts(list_id_for(name))
    }


@pytest.mark.parametrize("seed", [2026])
def test_ten_kills_change_nothing(environment: Environment, sandbox: RunningSandbox, seed: int) -> None:
    undisturbed = finished(environment, runs.start(environment, OPS, ExportId("undisturbed")))
    expected = members(sandbox, "Undisturbed")
    assert len(expected) == undisturbed.totals.sent == undisturbed.totals.accepted

    chance = random.Random(seed)
    run = runs.start(environment, OPS, ExportId("disturbed"))
    kills = sum(kill_after(environment, chance.randrange(1, 9)) for _kill in range(10))
    ended = finished(environment, run)

    assert kills == 10, "the run was over before it was disturbed"
    assert ended.status == undisturbed.status == Status.COMPLETED_WITH_ERRORS
    assert ended.totals == undisturbed.totals
    assert ended.totals.adds_up
    assert members(sandbox, "Disturbed") == expected
    taken = Counter(job["source_file_name"] for job in sandbox.ask("imports")["imports"] if run.id in str(job))
    assert len(taken) == ended.batches
    assert sum(taken.values()) - len(taken) <= ended.replayed
    assert ended.resumed >= kills - 1
    assert runs.report(environment, run.id).adds_up


def test_a_dead_worker_is_seen_and_its_run_called_interrupted(environment: Environment) -> None:
    run = runs.start(environment, OPS, ExportId("disturbed"))
    assert kill_after(environment, 8)
    assert not runs.worker_alive(environment)
    assert runs.interrupted(runs.find(environment, run.id), runs.worker_alive(environment))
    assert finished(environment, run).status is Status.COMPLETED_WITH_ERRORS


def test_a_worker_told_to_leave_leaves_between_two_requests(environment: Environment, sandbox: RunningSandbox) -> None:
    run = runs.start(environment, OPS, ExportId("disturbed"))
    clock = SystemClock()
    worker = begin_worker(environment)
    while runs.find(environment, run.id).batches_sent < 3:
        clock.wait(0.01)
    worker.terminate()
    assert worker.wait(20) == 0
    ended = finished(environment, run)
    assert (ended.status, ended.replayed) == (Status.COMPLETED_WITH_ERRORS, 0)
    assert len(members(sandbox, "Disturbed")) == ended.totals.accepted


def test_a_run_counts_every_request_it_makes(environment: Environment) -> None:
    """The requests that the report counts are those that the key's count shows."""
    run = runs.start(environment, OPS, ExportId("undisturbed"))
    with Limits(environment.limits_path) as limits:
        before = limits.usage(SANDBOX_CLIENT_ID).used
        ended = finished(environment, run)
        assert limits.usage(SANDBOX_CLIENT_ID).used - before == ended.requests
