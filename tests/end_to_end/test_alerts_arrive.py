"""Alerts in earnest: the worker is a process, the webhook a server on the loopback, the kill a SIGKILL."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from cctui.access.roles import Operator, Role
from cctui.definitions import system_changes
from cctui.definitions.environment import Environment
from cctui.definitions.model import (
    AlertDefinition,
    DataMatching,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
)
from cctui.delivery import alert_addresses, alerting, launch, refresh

OPS = Operator("ops1", Role.ADMINISTRATOR)


class Webhook(ThreadingHTTPServer):
    """It keeps what it gets; while it is ``slow`` it answers nothing until it is let."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.got: list[dict[str, Any]] = []
        self.arrived, self.let = threading.Event(), threading.Event()
        self.let.set()


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Webhook)
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.arrived.set()
        self.server.let.wait(60)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: Any) -> None:
        return None


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.let.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def environment(tmp_path: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment whose only export has no connection, and somebody who wants to know."""
    monkeypatch.setattr(launch, "ensure_worker", lambda _environment: False)
    found = Environment.create(
        tmp_path / "environment", EnvironmentDefinition(environment=EnvironmentSection(name="Contoso Coffee"))
    )
    export = ExportDefinition(
        id="newsletter",
        display_name="Newsletter",
        list_id="3b1d6c1e-0000-4000-8000-000000000001",
        segments=["Everyone"],
        data_matching=DataMatching(email="EMail"),
    )
    found.save_export(export, None)
    alert_addresses.keep(found, "ops", f"json://ops:hunter2secret@127.0.0.1:{webhook.server_port}/hook")
    system_changes.add_alert(found, OPS, AlertDefinition(secret="ops"))
    return found


def worker(environment: Environment) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cctui", "--environment", str(environment.root), "worker", "--until-idle"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)


def served(environment: Environment) -> None:
    assert worker(environment).wait(60) == 0


def test_a_worker_tells_once_what_was_skipped(environment: Environment, webhook: Webhook) -> None:
    refresh.ask(environment, OPS)
    served(environment)
    served(environment)
    (message,) = webhook.got
    assert message["title"] == "Contoso Coffee: Newsletter was skipped"
    assert "The export has no connection." in message["message"]
    assert message["type"] == "warning"
    log = environment.worker_log_path.read_text()
    assert "alert ops: told of failed:newsletter" in log
    assert "hunter2" not in log


@pytest.mark.slow
def test_a_worker_killed_while_it_tells_is_followed_by_one_that_says_so(
    environment: Environment, webhook: Webhook
) -> None:
    webhook.let.clear()
    refresh.ask(environment, OPS)
    process = worker(environment)
    assert webhook.arrived.wait(60)
    process.kill()
    process.wait(20)
    webhook.let.set()
    served(environment)
    served(environment)
    first, second = (message["message"] for message in webhook.got)
    assert second == f"{first} Perhaps this was told before: the worker was stopped while it told it."


@pytest.mark.slow
def test_a_webhook_that_is_down_disturbs_nothing_and_is_told_later(environment: Environment, webhook: Webhook) -> None:
    address = alert_addresses.path_of(environment, "ops")
    there = address.read_text()
    address.write_text("json://127.0.0.1:9/hook\n")
    refresh.ask(environment, OPS)
    served(environment)
    (state,) = alerting.states(environment)
    assert (state.pending, state.tries) == (True, 1)
    address.write_text(there)
    from cctui.delivery.alert_ledger import AlertLedger

    with AlertLedger(environment.ledger_path) as ledger:
        ledger.keep_alerts([structs.replace(state, next_try=state.since)])
    served(environment)
    assert [message["title"] for message in webhook.got] == ["Contoso Coffee: Newsletter was skipped"]
