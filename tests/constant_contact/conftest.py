"""A connection, a clock that only moves when somebody waits, and a service that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from cctui.constant_contact.answers import Call
from cctui.constant_contact.client import Client, open_client
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.model import Account, ConnectionDefinition

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LIST = "3b1d6c1e-0f6d-4a55-9d1c-0d9d1cf5a001"


class StillClock:
    """Time passes only by waiting. ``waits`` keeps what was waited for."""

    def __init__(self, now: datetime = START) -> None:
        self.time = now
        self.ticks = 1_000.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.ticks

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self.waits.append(seconds)
        self.ticks += max(0.0, seconds)
        self.time += timedelta(seconds=max(0.0, seconds))
        return False


class Service:
    """Answers requests from a list of answers per ``METHOD path``; the last one of a list is repeated.

    An answer is ``(status, body)`` with a body of bytes or JSON, a whole response, or an exception to raise.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}
        self.asked: list[httpx.Request] = []
        self.bodies: list[bytes] = []

    def on(self, what: str, *answers: Any) -> None:
        self.answers[what] = list(answers)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.asked]

    def forms(self) -> list[dict[str, str]]:
        return [{name: values[0] for name, values in parse_qs(body.decode()).items()} for body in self.bodies]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.bodies.append(request.read())
        answers = self.answers.get(f"{request.method} {request.url.path}")
        if not answers:
            raise AssertionError(f"nobody expected {request.method} {request.url.path}")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        status, body = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, content=content, headers={"x-amzn-RequestId": f"request-{len(self.asked)}"})


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def connection() -> ConnectionDefinition:
    return ConnectionDefinition(
        id="marketing",
        display_name="Constant Contact, marketing",
        client_id="5a0c2f7e-1111-4222-8333-444455556666",
        account=Account(id="a07e1n5", name="Contoso Coffee"),
        created_by="ops1",
        created_at=START,
    )


@pytest.fixture
def secrets_folder(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


@pytest.fixture
def limits_path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "limits.sqlite"


@pytest.fixture
def tokens(connection: ConnectionDefinition) -> Tokens:
    return Tokens(
        client_id=connection.client_id,
        access_token=Secret("access-1"),
        refresh_token=Secret("refresh-1"),
        expires_at=START + timedelta(hours=24),
        signed_in_at=START,
        renewed_at=START,
    )


@pytest.fixture
def store(secrets_folder: Path) -> TokenStore:
    return TokenStore(secrets_folder)


@pytest.fixture
def calls() -> list[Call]:
    """What the log was told."""
    return []


@pytest.fixture
def client(
    connection: ConnectionDefinition,
    secrets_folder: Path,
    limits_path: Path,
    clock: StillClock,
    service: Service,
    store: TokenStore,
    tokens: Tokens,
    calls: list[Call],
) -> Client:
    """A client that is signed in."""
    store.save(connection.id, tokens)
    return signed_in_client(connection, secrets_folder, limits_path, clock, service, calls.append)


def signed_in_client(
    connection: ConnectionDefinition,
    secrets_folder: Path,
    limits_path: Path,
    clock: StillClock,
    service: Service,
    on_call: Callable[[Call], None] | None = None,
) -> Client:
    return open_client(
        connection,
        secrets_folder,
        limits_path,
        clock=clock,
        on_call=on_call,
        transport=service.transport,
        jitter=lambda: 0.5,
    )
