"""What every request passes first: log, pace, latency and faults. The endpoints behind it know nothing of faults.

Paths below ``/sandbox`` are the switches and pass untouched.
"""

from __future__ import annotations

import asyncio
import email.utils
import time
import uuid
from collections.abc import Iterator

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cctui.sandbox.faults import FATES, Fault, FaultKind
from cctui.sandbox.journal import Entry
from cctui.sandbox.service import Service
from cctui.sandbox.transport import CONTROL, cut

_UNTOUCHED = FATES | {FaultKind.CLOCK, FaultKind.SIGN_IN_ERROR}
_NEVER_EXECUTED = {FaultKind.RESET_BEFORE_BODY, FaultKind.RESET_IN_BODY, FaultKind.BLACK_HOLE}
_HOLD = 60.0

QUEUE_FULL = [
    {
        "error_key": "contacts.api.activities.queue_full",
        "error_message": "Too many requests. You exceeded 1,000 queued activities for this user account.",
    }
]
THROTTLED = {"error_key": "throttled", "error_message": "Too Many Requests"}
QUOTA_EXCEEDED = {"error_key": "quota_exceeded", "error_message": "Limit Exceeded"}
_HTML = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_JSON = "application/json"


def _error(key: str, message: str) -> bytes:
    return msgspec.json.encode([{"error_key": key, "error_message": message}])


ANSWERS: dict[FaultKind, tuple[int, bytes, str]] = {
    FaultKind.SERVER_ERROR: (500, _error("internal.server.error", "There was a problem with our service."), _JSON),
    FaultKind.BAD_GATEWAY: (502, _HTML, "text/html"),
    FaultKind.UNAVAILABLE: (503, _error("service.unavailable", "Our service is temporarily unavailable."), _JSON),
    FaultKind.UNAUTHORIZED: (
        401,
        msgspec.json.encode({"error_key": "unauthorized", "error_message": "Unauthorized"}),
        _JSON,
    ),
    FaultKind.FORBIDDEN: (403, msgspec.json.encode({"message": "Forbidden"}), _JSON),
    FaultKind.THROTTLED: (429, msgspec.json.encode(THROTTLED), _JSON),
    FaultKind.QUOTA_EXCEEDED: (429, msgspec.json.encode(QUOTA_EXCEEDED), _JSON),
    FaultKind.QUEUE_FULL: (429, msgspec.json.encode(QUEUE_FULL), _JSON),
}


class Front:
    """The application around the endpoints."""

    def __init__(self, service: Service, endpoints: ASGIApp) -> None:
        self._service = service
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._endpoints(scope, receive, send)
            return
        service = self._service
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        entry = service.journal.begin(time.time(), method, path, "" if path.startswith("/oauth2") else query)
        scope["state"]["entry"] = entry
        self._arrive(scope, entry)
        fault = service.faults.meet(method, path)
        scope["state"]["fault"] = fault
        entry.fault = fault.kind.value if fault else None

        async def counted_receive() -> Message:
            message = await receive()
            entry.bytes += len(message.get("body", b""))
            return message

        async def noted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                message["headers"] = [*message["headers"], *_headers(service)]
            await send(message)

        try:
            if service.settings.latency:
                await asyncio.sleep(service.settings.latency)
            if fault is None or fault.kind in _UNTOUCHED:
                await self._endpoints(scope, counted_receive, noted_send)
            else:
                await self._carry_out(fault, entry, scope, counted_receive, noted_send)
        finally:
            service.journal.end(entry)

    def _arrive(self, scope: Scope, entry: Entry) -> None:
        """Find out whose request it is, and count it against the key the moment it arrives."""
        service = self._service
        token = service.tokens.bearer(_bearer(scope), service.now())
        scope["state"]["token"] = token
        if token is None or not entry.path.startswith("/v3"):
            return
        entry.client_id = token.client_id
        moment = time.monotonic()
        settings = service.settings
        window = 1.0 - settings.rate_tolerance
        lane = service.pace.arrive(token.client_id, moment, service.today(), window)
        entry.throttled = not service.pace.admits(lane, moment, settings.rate_per_second, window)
        scope["state"]["over_quota"] = bool(settings.daily_quota) and lane.today > settings.daily_quota

    async def _carry_out(self, fault: Fault, entry: Entry, scope: Scope, receive: Receive, send: Send) -> None:
        kind = fault.kind
        if kind in _NEVER_EXECUTED:
            if kind is not FaultKind.RESET_BEFORE_BODY:
                await _take_body(receive, _length(scope) // 2 if kind is FaultKind.RESET_IN_BODY else None)
            if kind is FaultKind.BLACK_HOLE:
                await _hold(scope, fault.seconds or _HOLD)
            await cut(scope, receive)
            return
        if kind in ANSWERS and not fault.carried_out:
            await _take_body(receive, None)
            await _answer(send, *ANSWERS[kind])
            return
        status, headers, body = await self._execute(scope, receive)
        if kind in ANSWERS:
            await _answer(send, *ANSWERS[kind])
        elif kind is FaultKind.NO_ANSWER:
            await _hold(scope, fault.seconds)
            await cut(scope, receive)
        elif kind is FaultKind.CUT_ANSWER:
            await _start(send, status, headers, len(body))
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await cut(scope, receive, gently=True)
        elif kind is FaultKind.SLOW_DRIP:
            await _start(send, status, headers, len(body))
            for piece in _pieces(body, 10):
                await asyncio.sleep((fault.seconds or _HOLD) / 10)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            changed = _changed(kind, body, _target(scope))
            await _start(send, status, headers, len(changed))
            await send({"type": "http.response.body", "body": changed, "more_body": False})

    async def _execute(self, scope: Scope, receive: Receive) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """What the endpoint answers, kept back."""
        status = 500
        headers: list[tuple[bytes, bytes]] = []
        body = bytearray()

        async def keep(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [(name, value) for name, value in message["headers"] if name != b"content-length"]
            else:
                body.extend(message.get("body", b""))

        await self._endpoints(scope, receive, keep)
        return status, headers, bytes(body)


def _changed(kind: FaultKind, body: bytes, target: str) -> bytes:
    if kind is FaultKind.WRONG_JSON:
        return body[: max(1, len(body) // 2)]
    if kind is FaultKind.WRONG_SHAPE:
        return b'["unexpected", {"activity_id": 7, "lists": "none"}]'
    if kind is FaultKind.EMPTY_BODY:
        return b""
    page = msgspec.json.decode(body)
    if isinstance(page, dict):
        page["_links"] = {"next": {"href": target}}
    return msgspec.json.encode(page)


async def _take_body(receive: Receive, at_most: int | None) -> None:
    """Read the request's body, or about so many bytes of it."""
    taken = 0
    while True:
        message = await receive()
        taken += len(message.get("body", b""))
        if not message.get("more_body") or (at_most is not None and taken >= at_most):
            return


async def _hold(scope: Scope, seconds: float) -> None:
    """Wait, but not longer than the client does."""
    transport = scope["state"]["transport"]
    until = time.monotonic() + seconds
    while time.monotonic() < until and not transport.is_closing():
        await asyncio.sleep(min(0.05, max(0.0, until - time.monotonic())))


async def _start(send: Send, status: int, headers: list[tuple[bytes, bytes]], length: int) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", str(length).encode())],
        }
    )


async def _answer(send: Send, status: int, body: bytes, media_type: str) -> None:
    await _start(send, status, [(b"content-type", media_type.encode())], len(body))
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _headers(service: Service) -> Iterator[tuple[bytes, bytes]]:
    """The headers of the real gateway that a client may want to log."""
    yield b"date", email.utils.formatdate(service.now(), usegmt=True).encode()
    yield b"x-amzn-requestid", str(uuid.uuid4()).encode()


def _bearer(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else ""
    return ""


def _length(scope: Scope) -> int:
    return next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])


def _pieces(body: bytes, count: int) -> Iterator[bytes]:
    size = max(1, -(-len(body) // count))
    for start in range(0, len(body), size):
        yield body[start : start + size]
