"""The heart of it: start a run over SSH, lose the line in the middle, log in again, and find it live and whole.

A real OpenSSH server, 400,000 profiles of the sample, the sandbox as judge. Needs OpenSSH's server and client.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from open_ssh import KeyHolder, needs_open_ssh, open_ssh_server
from plain_reference import Reference
from pseudo_terminal import PseudoTerminal

from cctui.cli import main
from cctui.cli.demo import LISTS, prepare
from cctui.constant_contact.limits import Limits
from cctui.definitions.environment import Environment
from cctui.definitions.model import ExportId
from cctui.delivery import runs
from cctui.delivery.states import Run, Status
from cctui.host.clock import SystemClock
from cctui.sandbox import running
from cctui.sandbox.settings import SANDBOX_CLIENT_ID

pytestmark = [pytest.mark.slow, needs_open_ssh, pytest.mark.timeout(600)]

PROFILES = 400_000
EXPORT = ExportId("everyone-newsletter")
REQUESTS_A_SECOND = 0.5
"""Slow enough to lose the line in the middle on any machine."""
_SENT = re.compile(r"([\d,]+) / ([\d,]+)")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[running.RunningSandbox]:
    settings = {"lists": list(LISTS), "device_interval": 0, "token_rate": 0}
    with running.start(tmp_path / "sandbox", settings=settings) as sandbox:
        yield sandbox


@pytest.fixture
def environment(tmp_path: Path, sandbox: running.RunningSandbox) -> Environment:
    found = prepare(tmp_path / "environment", PROFILES, sandbox)
    with Limits(found.limits_path) as limits:
        limits.allow(SANDBOX_CLIENT_ID, per_second=REQUESTS_A_SECOND, per_day=10_000)
    return found


@pytest.fixture
def operator(tmp_path: Path, environment: Environment) -> Iterator[KeyHolder]:
    """A contributor with a key to the account."""
    with open_ssh_server(tmp_path / "ssh") as server:
        holder = KeyHolder(server, "mette")
        command = ["--environment", str(environment.root), "users", "add", "mette", "--role", "contributor"]
        key = ["--ssh-key", str(holder.public_key), "--authorized-keys", str(server.authorized_keys)]
        assert main([*command, *key]) == 0
        yield holder


def now(environment: Environment) -> Run:
    (run,) = runs.history(environment, export=EXPORT)
    return run


def waited_for(environment: Environment, true: Callable[[Run], bool]) -> Run:
    clock = SystemClock()
    while not true(run := now(environment)):
        assert not run.status.ended, f"the run was over too early: {run.status}, {run.problem}"
        clock.wait(0.05)
    return run


def sent_on(terminal: PseudoTerminal) -> int:
    """How many contacts the run screen says were sent."""
    found = _SENT.search(terminal.text)
    return int(found[1].replace(",", "")) if found else -1


def test_a_run_survives_the_line_and_is_live_again_after_the_next_login(
    environment: Environment, sandbox: running.RunningSandbox, operator: KeyHolder
) -> None:
    with operator.opens(f"exports/{EXPORT}", size=(120, 36)) as first:
        first.until("Everyone")
        first.press("\x1b")
        first.until("Run all")
        first.press("r")
        first.until(lambda _text: bool(runs.history(environment, export=EXPORT)))
        lost_at = waited_for(environment, lambda run: run.batches_sent >= 2)
        first.send(signal.SIGKILL)
        first.child.wait()
    assert lost_at.batches_sent < lost_at.batches, "the line was lost at the end only"
    assert lost_at.started_by == "mette"

    waited_for(environment, lambda run: run.batches_sent > lost_at.batches_sent)
    with operator.opens(size=(120, 36)) as second:
        second.until("Running now")
        second.until(lambda text: "Refreshing" in text)
        second.press("\r")
        second.until("Select segments")
        second.until(lambda _text: sent_on(second) >= lost_at.contacts_sent)
        assert sent_on(second) <= now(environment).contacts_sent, "the screen is ahead of the ledger"
        before = sent_on(second)
        second.until(lambda _text: sent_on(second) > before, seconds=60)
        second.until("Completed with errors", seconds=300)
        ended = now(environment)
        assert ended.status is Status.COMPLETED_WITH_ERRORS
        assert f"{ended.totals.accepted:,}" in second.text
        second.press("q")
        assert second.ended() == 0

    assert (ended.resumed, ended.replayed) == (0, 0), "the worker was touched by the lost line"
    assert ended.totals.adds_up
    stored = environment.export(EXPORT).definition
    expected = Reference(environment.root / "profiles", stored.segments)
    assert ended.totals.selected == expected.counts["selected"]
    assert ended.totals.sent == expected.counts["sent"] == ended.totals.accepted
    held = {
        one["email"]: (one.get("first_name", ""), one.get("last_name", "")) for one in sandbox.contacts(stored.list_id)
    }
    assert held == expected.people
