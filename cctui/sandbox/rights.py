"""Who may call what: token, pace, quota, scope and role, asked before every endpoint of the API.

Privileges and roles are those of the API guide (user privileges); one 403 has three causes, as in the real service.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from cctui.sandbox.front import QUOTA_EXCEEDED, THROTTLED
from cctui.sandbox.journal import Entry
from cctui.sandbox.service import Service
from cctui.sandbox.settings import UserRole
from cctui.sandbox.tokens import AccessToken

Endpoint = Callable[[Request], Awaitable[Response]]

PRIVILEGES = {
    "account:read": 1,
    "contacts:lists:read": 10,
    "contacts:lists:write": 11,
    "contacts:read": 12,
    "contacts:write": 13,
}
_OF_CAMPAIGN_CREATORS = ("account:read", "contacts:lists:read")


class Refusal(Exception):
    """An endpoint's way to answer with an error: status, key and message in the service's words."""

    def __init__(self, status: int, key: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.key = key
        self.message = message


def service_of(request: Request) -> Service:
    """The stand-in that a request belongs to."""
    service: Service = request.app.state.service
    return service


def entry_of(request: Request) -> Entry:
    """The line of the log that a request has."""
    entry: Entry = request.state.entry
    return entry


def privileges_of(role: UserRole) -> list[str]:
    """What a role may do."""
    return list(_OF_CAMPAIGN_CREATORS if role is UserRole.CAMPAIGN_CREATOR else PRIVILEGES)


def answer(data: Any, status: int = 200) -> Response:
    """``data`` as JSON."""
    return Response(msgspec.json.encode(data), status, media_type="application/json")


def invalid(message: str) -> Refusal:
    """The refusal of a request that does not fit."""
    return Refusal(400, "contacts.api.validation.error", message)


def not_found() -> Refusal:
    """The refusal of something that is not there."""
    return Refusal(404, "contacts.api.not_found", "The requested resource was not found.")


def endpoint(*, privilege: str = "", scope: str = "") -> Callable[[Endpoint], Endpoint]:
    """Ask for token, pace, quota, scope and privilege before an endpoint; turn its refusals into answers."""

    def around(call: Endpoint) -> Endpoint:
        @functools.wraps(call)
        async def guarded(request: Request) -> Response:
            body = await request.body()
            if service_of(request).settings.record_requests:
                record_headers(request)
                if request.headers.get("content-type", "").startswith("application/json"):
                    entry_of(request).json = body.decode("utf-8", "replace")
            refused = _refused(request, privilege, scope)
            if refused is not None:
                return refused
            try:
                return await call(request)
            except Refusal as refusal:
                return answer([{"error_key": refusal.key, "error_message": refusal.message}], refusal.status)

        return guarded

    return around


def record_headers(request: Request) -> None:
    """Keep the headers of a request in the log, without what is secret."""
    entry_of(request).headers = {
        name: value for name, value in request.headers.items() if name not in {"authorization", "cookie"}
    }


def _refused(request: Request, privilege: str, scope: str) -> Response | None:
    service = service_of(request)
    settings = service.settings
    token: AccessToken | None = request.state.token
    if token is None or not token.assigned:
        refused = answer({"error_key": "unauthorized", "error_message": "Unauthorized"}, 401)
        refused.headers["WWW-Authenticate"] = "Bearer realm=api.cc.email"
        return refused
    if entry_of(request).throttled:
        return answer(THROTTLED, 429)
    if request.state.over_quota:
        return answer(QUOTA_EXCEEDED, 429)
    if settings.deactivated:
        return answer({"message": "Forbidden"}, 403)
    if (scope and scope not in token.scope.split()) or (
        privilege and privilege not in privileges_of(settings.user_role)
    ):
        return answer({"error_key": "forbidden", "error_message": "Forbidden"}, 403)
    return None


def limit_of(request: Request, highest: int) -> int:
    """The ``limit`` of a page, 50 where it is not given."""
    text = request.query_params.get("limit", "50")
    if not text.isdecimal() or not 1 <= int(text) <= highest:
        raise invalid(f"limit must be between 1 and {highest}.")
    return int(text)


def choice_of(request: Request, name: str, allowed: set[str], *, several: bool = False) -> frozenset[str]:
    """The value or values of a query parameter, each one that is allowed; empty where it is not given."""
    text = request.query_params.get(name, "")
    chosen = frozenset(part for part in (text.split(",") if several else [text]) if part)
    if chosen - allowed:
        raise invalid(f"{name} must be one of {', '.join(sorted(allowed))}.")
    return chosen
