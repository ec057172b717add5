"""A clock that only moves when somebody waits, and a service that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx

from cctui.constant_contact.answers import Call
from cctui.constant_contact.client import Client, open_client
from cctui.definitions.model import ConnectionDefinition

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


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
