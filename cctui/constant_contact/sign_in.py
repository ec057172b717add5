"""Signing in to Constant Contact from a terminal: a code for any browser (device flow), or a pasted address (PKCE).

The person signs in wherever a browser is; no password ever passes through here. :class:`DeviceSignIn` (RFC 8628) is
driven step by step, by a screen or a command line: :meth:`DeviceSignIn.start`, then :meth:`DeviceSignIn.poll_once`
after each :attr:`Pending.wait`, until there is a :class:`NewTokens`. :class:`PkceSignIn` (RFC 7636) is the fallback.
Both end in :func:`finish`, which looks whose account it is and what the user may do before anything is saved.
"""

from __future__ import annotations

import base64
import binascii
import random
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from cctui.constant_contact import token_endpoint
from cctui.constant_contact.answers import AccountSummary, Privileges
from cctui.constant_contact.client import open_client
from cctui.constant_contact.errors import AccountChanged
from cctui.constant_contact.renewal import FreshTokens
from cctui.constant_contact.sign_in_errors import (
    ApplicationNotSetUp,
    CodeExpired,
    CodeRefused,
    NoAccount,
    NoAnswerYet,
    NoRefreshToken,
    NoRights,
    SignInDenied,
    UntrustedAddress,
    WrongRedirect,
)
from cctui.constant_contact.token_endpoint import DeviceAnswer, Granted, TokenEndpoint, Trouble
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.model import Account, ConnectionDefinition, Endpoints, SecretStore
from cctui.host.clock import Clock, SystemClock
from cctui.locales import _
from cctui.masking import printable

if TYPE_CHECKING:
    import httpx

DEFAULT_REDIRECT = "http://localhost:47811/signed-in"
"""Must be registered with the application to the character; nothing needs to listen there."""

_VERIFICATION_HOSTS = {"identity.constantcontact.com", "authz.constantcontact.com"}
_SLOWER = 5.0
_PASSING_WAIT_AT_LEAST = 1.0
_NOT_SET_UP = {"unauthorized_client", "invalid_client", "unsupported_grant_type", "invalid_scope", "invalid_request"}


class DeviceCode(Struct, frozen=True):
    """What the person needs: the page and the code to type there. ``expires_in`` and ``interval`` in seconds."""

    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_at: datetime
    expires_in: float
    interval: float


class Waiting(StrEnum):
    """Why there are no tokens yet."""

    APPROVAL = "approval"
    TOLD_TO_SLOW_DOWN = "told-to-slow-down"
    TROUBLE = "trouble"


class Pending(Struct, frozen=True):
    """Not yet. Poll again after ``wait`` seconds; ``left`` seconds remain until the code expires.

    ``detail`` is a sentence where something passing is in the way, else empty.
    """

    waiting: Waiting
    wait: float
    left: float
    detail: str = ""


class NewTokens(Struct, frozen=True):
    """The tokens of a sign-in that nobody has looked at or saved yet; hand them to :func:`finish`."""

    granted: Granted
    received_at: datetime


class SignedIn(Struct, frozen=True):
    """A saved sign-in: whose account it is, and what the user may do there."""

    account: AccountSummary
    privileges: Privileges

    @property
    def pin(self) -> Account:
        """The account as a connection's definition keeps it."""
        return Account(id=self.account.encoded_account_id, name=self.account.name)


class DeviceSignIn:
    """One sign-in by device code. Every method may raise a kind of :class:`SignInFailed`; close it at the end."""

    def __init__(
        self,
        connection: ConnectionDefinition,
        *,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = connection
        self._clock = clock or SystemClock()
        self._endpoint = TokenEndpoint(connection, transport)
        self._device_code = Secret("")
        self._interval = 5.0
        self._ends = 0.0
        self._next_poll = 0.0

    def start(self) -> DeviceCode:
        """Ask for a code. Raises also :class:`UntrustedAddress`."""
        answer = self._endpoint.device()
        if isinstance(answer, Trouble):
            raise _failure(answer, _("the device flow"))
        for address in (answer.verification_uri, answer.verification_uri_complete):
            if address and not _trusted(address, self._connection.endpoints):
                raise UntrustedAddress(address)
        now = self._clock.monotonic()
        self._device_code = answer.device_code
        self._interval = answer.interval
        self._ends = now + answer.expires_in
        self._next_poll = now + answer.interval
        return _shown(answer, self._clock.now())

    def poll_once(self) -> Pending | NewTokens:
        """Ask once whether the code was approved; called too early it only says how long to wait."""
        now = self._clock.monotonic()
        if now >= self._ends:
            raise CodeExpired
        if now < self._next_poll:
            return self._pending(Waiting.APPROVAL)
        answer = self._endpoint.poll_device(self._device_code)
        if isinstance(answer, Granted):
            return NewTokens(answer, self._clock.now())
        self._next_poll = self._clock.monotonic() + self._interval
        if answer.word == "authorization_pending":
            return self._pending(Waiting.APPROVAL)
        if answer.word in {"slow_down", token_endpoint.TOO_MANY}:
            # For good (RFC 8628, section 3.5); the server's 429 means the same.
            self._interval += _SLOWER
            self._next_poll += _SLOWER
            return self._pending(Waiting.TOLD_TO_SLOW_DOWN)
        if answer.word in _PASSING:
            return self._pending(Waiting.TROUBLE, str(NoAnswerYet(answer.detail)))
        raise _failure(answer, _("the device flow"))

    def close(self) -> None:
        """Let go of the connection."""
        self._endpoint.close()

    def _pending(self, waiting: Waiting, detail: str = "") -> Pending:
        now = self._clock.monotonic()
        left = max(0.0, self._ends - now)
        return Pending(waiting, min(max(_PASSING_WAIT_AT_LEAST, self._next_poll - now), max(left, 0.1)), left, detail)


class PkceSignIn:
    """One sign-in by a pasted address: open :attr:`address`, allow, paste where the browser was led to.

    ``fresh`` makes the page ask for a sign-in even where the browser still has one.
    """

    def __init__(
        self,
        connection: ConnectionDefinition,
        *,
        redirect_uri: str = DEFAULT_REDIRECT,
        fresh: bool = False,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._endpoint = TokenEndpoint(connection, transport)
        self._redirect_uri = redirect_uri
        self._state = secrets.token_urlsafe(24)
        self._verifier = Secret(secrets.token_urlsafe(48))
        extra = {"prompt": "login"} if fresh else {}
        self.address = self._endpoint.authorization_address(self._verifier, redirect_uri, self._state, **extra)

    def redeem(self, pasted: str) -> NewTokens:
        """Exchange the code in the pasted address for tokens. Raises kinds of :class:`SignInFailed`."""
        answer = self._endpoint.redeem(self._code(pasted), self._verifier, self._redirect_uri)
        if isinstance(answer, Trouble):
            raise _failure(answer, _("the authorization code flow with PKCE"))
        return NewTokens(answer, self._clock.now())

    def close(self) -> None:
        """Let go of the connection."""
        self._endpoint.close()

    def _code(self, pasted: str) -> Secret:
        try:
            parts = urlsplit("".join(pasted.split()))
            fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
        except ValueError:
            fields = {}
        if "error" in fields:
            raise _failure(
                Trouble(printable(fields["error"], 80), printable(fields.get("error_description", ""))),
                _("the authorization code flow with PKCE"),
            )
        if not secrets.compare_digest(fields.get("state", "").encode(), self._state.encode()):
            if "state" in fields:
                raise WrongRedirect(_("It belongs to another sign-in, perhaps to an earlier attempt."))
            raise WrongRedirect(_("It has no code and no state in it."))
        code = fields.get("code", "")
        if not code or not code.isascii() or not code.isprintable():
            raise WrongRedirect(_("It has no code in it."))
        return Secret(code)


def finish(
    connection: ConnectionDefinition,
    new: NewTokens,
    secrets_folder: Path,
    limits_path: Path,
    *,
    accept_other_account: bool = False,
    accept_no_refresh_token: bool = False,
    keep_in: SecretStore = SecretStore.FILES,
    clock: Clock | None = None,
    transport: httpx.BaseTransport | None = None,
    jitter: Callable[[], float] = random.random,
) -> SignedIn:
    """Look whose tokens these are and what they allow, then save them where ``keep_in`` says.

    May be called again after a confirmation. Nothing is saved where it raises: :class:`NoRefreshToken`,
    :class:`NoAccount`, :class:`NoRights`, :class:`cctui.constant_contact.errors.AccountChanged` where the connection is
    pinned to another account, ``TokenFileError``, and what the two calls meet.
    """
    clock = clock or SystemClock()
    granted = new.granted
    if granted.refresh_token is None and not accept_no_refresh_token:
        raise NoRefreshToken
    if _without_account(granted.access_token):
        raise NoAccount
    with open_client(
        connection,
        secrets_folder,
        limits_path,
        clock=clock,
        transport=transport,
        jitter=jitter,
        tokens=FreshTokens(connection.id, granted.access_token),
    ) as client:
        privileges = client.privileges()
        account = client.account()
    if not privileges.may_import:
        raise NoRights(account.name)
    pinned = connection.account
    if pinned is not None and pinned.id != account.encoded_account_id and not accept_other_account:
        raise AccountChanged(f"{pinned.name} ({pinned.id})", f"{account.name} ({account.encoded_account_id})")
    store = TokenStore(secrets_folder)
    with store.lock(connection.id):
        store.save(
            connection.id,
            Tokens(
                client_id=connection.client_id,
                access_token=granted.access_token,
                refresh_token=granted.refresh_token,
                expires_at=new.received_at + timedelta(seconds=granted.expires_in),
                signed_in_at=new.received_at,
                renewed_at=new.received_at,
                scope=granted.scope,
            ),
            keep_in,
        )
    return SignedIn(account, privileges)


_PASSING = {
    token_endpoint.UNREACHABLE,
    token_endpoint.NO_ANSWER,
    token_endpoint.FAULT,
    token_endpoint.UNREADABLE,
    "temporarily_unavailable",
    "server_error",
}


def _failure(trouble: Trouble, flow: str) -> Exception:
    said = trouble.detail or trouble.word
    if trouble.word == "expired_token":
        return CodeExpired()
    if trouble.word == "access_denied":
        return SignInDenied(trouble.detail)
    if trouble.word in _NOT_SET_UP:
        return ApplicationNotSetUp(said, flow)
    if trouble.word in _PASSING or trouble.word in {token_endpoint.TOO_MANY, "slow_down"}:
        return NoAnswerYet(said)
    return CodeRefused(said)


def _trusted(address: str, endpoints: Endpoints) -> bool:
    """Constant Contact's own page, or, for a connection with endpoints of its own (the sandbox), their host."""
    if not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        ours = urlsplit(endpoints.authorization)
        port, our_port = parts.port, ours.port
    except ValueError:
        return False
    if parts.username or parts.password:
        return False
    if endpoints.authorization != Endpoints().authorization:
        return (parts.scheme, parts.hostname, port) == (ours.scheme, ours.hostname, our_port)
    return (
        parts.scheme == "https"
        and parts.hostname in _VERIFICATION_HOSTS
        and port in {None, 443}
        and parts.path.rstrip("/") == "/activate"
    )


def _shown(answer: DeviceAnswer, now: datetime) -> DeviceCode:
    return DeviceCode(
        printable(answer.user_code, 40),
        answer.verification_uri,
        answer.verification_uri_complete or answer.verification_uri,
        now + timedelta(seconds=answer.expires_in),
        answer.expires_in,
        answer.interval,
    )


class _Claims(Struct, frozen=True):
    platform_user_id: str | None = None


def _without_account(token: Secret) -> bool:
    """Whether the token names no user of an account. A token that is no JWT, or has no such claim, is not judged."""
    parts = token.reveal().split(".")
    if len(parts) != 3:
        return False
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(claims, type=_Claims).platform_user_id == "UNASSIGNED"
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        return False
