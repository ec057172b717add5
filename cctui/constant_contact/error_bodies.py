"""The service's error bodies: three documented shapes, and whatever a gateway or a proxy puts in their place.

Usual errors are an array of ``error_key`` and ``error_message``; authorization and throttling give a single object;
the token endpoint ``error`` and ``error_description``; the gateway ``message`` (facts of the service, section 5.2).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from cctui.masking import HIDDEN, harmless

_KEYS = ("error_key", "error", "code")
_MESSAGES = ("error_message", "error_description", "message")
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_QUEUE = re.compile(r"queue|1,?000\b.*activit|activit.*\b1,?000\b", re.IGNORECASE | re.DOTALL)
_OPAQUE = re.compile(r"(?![0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![\w-]))(?<![\w-])[\w-]{32,}=*")
_TEXT_READ = 4_096
"""Bytes of a body without JSON that are looked at; enough for a sentence, too few to slow the search for tags."""


class ErrorBody(Struct, frozen=True):
    """The machine's word and the sentence of an error, both harmless; either may be empty."""

    key: str = ""
    message: str = ""

    @property
    def text(self) -> str:
        """One line for an error or a log."""
        if self.key and self.message:
            return f"{self.message} ({self.key})"
        return self.message or self.key


class TooMany(StrEnum):
    """The three kinds of 429."""

    THROTTLED = "throttled"
    QUOTA = "quota"
    QUEUE = "queue"


def parse(body: bytes, secrets: tuple[str, ...] = ()) -> ErrorBody:
    """What ``body`` says, whatever it is; never raises. Text that is no JSON is cut to its first 200 characters.

    ``secrets`` are those of the request; should the service echo one, it is taken out. So is every long opaque word
    (refresh tokens have 42 characters) that is no UUID.
    """
    for secret in secrets:
        if secret:
            body = body.replace(secret.encode(), HIDDEN.encode())
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body[:_TEXT_READ].decode("utf-8", errors="replace")
        return ErrorBody(message=_said(_TAG.sub(" ", text)))
    if isinstance(found, list):
        bodies = [_from_object(each) for each in found if isinstance(each, dict)]
        if not bodies:
            return ErrorBody(message=_said(" ".join(each for each in found if isinstance(each, str))))
        return ErrorBody(bodies[0].key, _said("; ".join(each.message for each in bodies if each.message)))
    if isinstance(found, dict):
        return _from_object(found)
    return ErrorBody(message="" if found is None else _said(str(found)))


def too_many(error: ErrorBody) -> TooMany:
    """Which of the three 429 this is. An unknown body counts as throttled, which costs the least when wrong.

    ``Limit Exceeded`` without a key is the gateway's own wording for a used-up quota.
    """
    if error.key == "quota_exceeded" or "quota" in error.key or error.message.lower() == "limit exceeded":
        return TooMany.QUOTA
    if error.key != "throttled" and _QUEUE.search(error.message):
        return TooMany.QUEUE
    return TooMany.THROTTLED


def _from_object(found: dict[str, Any]) -> ErrorBody:
    return ErrorBody(_first(found, _KEYS, 80), _first(found, _MESSAGES, 200))


def _first(found: dict[str, Any], names: tuple[str, ...], limit: int) -> str:
    for name in names:
        value = found.get(name)
        if isinstance(value, str) and value.strip():
            return _said(value, limit)
    return ""


def _said(text: str, limit: int = 200) -> str:
    return harmless(_OPAQUE.sub(HIDDEN, text[:_TEXT_READ]), limit)
