"""The access token of a connection at the moment of use: read from the disk, renewed in time, by one process at a time.

A rotating refresh token is used up by the first renewal that reaches the service. So a renewal holds the connection's
lock, reads the file again, and puts the new pair on the disk before its first use. A mark written before the request
stays where the answer was lost; should the service then refuse the old token, that is told as what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from cctui.constant_contact import token_endpoint
from cctui.constant_contact.errors import (
    NotAllowed,
    Refused,
    ServiceError,
    ServiceFault,
    SignInNeeded,
    SignInReason,
    Unreachable,
)
from cctui.constant_contact.token_endpoint import Granted, TokenEndpoint, Trouble
from cctui.constant_contact.token_errors import TokenFileError
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.model import ConnectionDefinition
from cctui.host.clock import Clock

if TYPE_CHECKING:
    import httpx

EARLY = timedelta(minutes=5)
"""An access token is renewed when it has less than this left, so that none ends on its way."""

_TRIES = 5
_PAUSE_BETWEEN_TRIES_WHILE_USABLE = 60.0
_PASSING = {
    token_endpoint.UNREACHABLE,
    token_endpoint.NO_ANSWER,
    token_endpoint.TOO_MANY,
    token_endpoint.FAULT,
    token_endpoint.UNREADABLE,
    "temporarily_unavailable",
    "server_error",
    "slow_down",
}


class AccessTokens(Protocol):
    """Where a client gets its bearer token."""

    def current(self) -> Secret:
        """A token to use now. Raises :class:`SignInNeeded` and what the renewal meets."""
        ...

    def renewed(self, refused: Secret) -> Secret:
        """Another token than ``refused``, which the service answered with 401. Raises :class:`SignInNeeded`."""
        ...


class FreshTokens:
    """The tokens of a sign-in that is not saved yet: used as they are, never renewed."""

    def __init__(self, connection_id: str, token: Secret) -> None:
        self._connection_id = connection_id
        self._token = token

    def current(self) -> Secret:
        return self._token

    def renewed(self, refused: Secret) -> Secret:
        raise SignInNeeded(SignInReason.STILL_UNAUTHORIZED, self._connection_id)


class StoredTokens:
    """The tokens of a connection in its file, shared with every other process. ``jitter`` gives numbers in 0..1."""

    def __init__(
        self,
        connection: ConnectionDefinition,
        store: TokenStore,
        clock: Clock,
        jitter: Callable[[], float],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = connection
        self._store = store
        self._clock = clock
        self._jitter = jitter
        self._transport = transport
        self._not_before = 0.0
        self._unsaved: tuple[Secret, Tokens] | None = None

    def current(self) -> Secret:
        tokens = self._load()
        now = self._clock.now()
        if tokens.usable(now, EARLY):
            return tokens.access_token
        if tokens.usable(now) and (tokens.refresh_token is None or self._clock.monotonic() < self._not_before):
            return tokens.access_token
        return self._renew(lambda found: found.usable(self._clock.now(), EARLY), usable_is_enough=True)

    def renewed(self, refused: Secret) -> Secret:
        return self._renew(lambda found: found.access_token != refused, usable_is_enough=False)

    def _load(self) -> Tokens:
        tokens = self._store.load(self._connection.id)
        if tokens is None:
            raise SignInNeeded(SignInReason.NEVER, self._connection.id)
        if tokens.client_id != self._connection.client_id:
            raise SignInNeeded(SignInReason.OTHER_APPLICATION, self._connection.id)
        if tokens.ended is not None:
            raise SignInNeeded(tokens.ended, self._connection.id)
        return tokens

    def _renew(self, good: Callable[[Tokens], bool], *, usable_is_enough: bool) -> Secret:
        with self._store.lock(self._connection.id):
            tokens = self._load()
            if self._unsaved is not None and tokens.refresh_token == self._unsaved[0]:
                tokens = self._save(self._unsaved[0], self._unsaved[1])
            self._unsaved = None
            if good(tokens):
                return tokens.access_token
            if tokens.refresh_token is None:
                raise SignInNeeded(SignInReason.NO_REFRESH_TOKEN, self._connection.id)
            spare = usable_is_enough and tokens.usable(self._clock.now())
            trouble = self._ask(tokens, tokens.refresh_token, tries=1 if spare else _TRIES)
            if isinstance(trouble, Secret):
                return trouble
            if spare:
                self._not_before = self._clock.monotonic() + _PAUSE_BETWEEN_TRIES_WHILE_USABLE
                return tokens.access_token
            raise _error(trouble, self._connection.endpoints.authorization)

    def _ask(self, tokens: Tokens, refresh_token: Secret, tries: int) -> Secret | Trouble:
        """Renew; the mark of a lost answer is on the disk while one may be on its way, and only then."""
        lost = tokens.renewal_started_at is not None
        marked = tokens if lost else replace(tokens, renewal_started_at=self._clock.now())
        if not lost:
            self._store.save(self._connection.id, marked)
        trouble = Trouble(token_endpoint.FAULT)
        endpoint = TokenEndpoint(self._connection, self._transport)
        try:
            for attempt in range(tries):
                answer = endpoint.renew(refresh_token)
                if isinstance(answer, Granted):
                    return self._take(tokens, refresh_token, answer)
                if answer.word == "invalid_grant":
                    reason = SignInReason.ANSWER_LOST if lost else SignInReason.REVOKED
                    self._store.save(self._connection.id, replace(marked, ended=reason))
                    raise SignInNeeded(reason, self._connection.id, detail=answer.detail)
                trouble = answer
                lost = lost or answer.done_perhaps
                if answer.word not in _PASSING or attempt == tries - 1:
                    break
                # The token endpoint takes one request a second (vendor's support), so never sooner than that.
                self._clock.wait((1.0 + self._jitter()) * 2.0**attempt)
        finally:
            endpoint.close()
        if not lost:
            self._store.save(self._connection.id, replace(marked, renewal_started_at=None))
        return trouble

    def _take(self, tokens: Tokens, refresh_token: Secret, answer: Granted) -> Secret:
        now = self._clock.now()
        renewed = replace(
            tokens,
            access_token=answer.access_token,
            # Long-lived refresh tokens may be left out of the answer; then the old one lives on.
            refresh_token=answer.refresh_token or refresh_token,
            expires_at=now + timedelta(seconds=answer.expires_in),
            renewed_at=now,
            scope=answer.scope or tokens.scope,
            renewal_started_at=None,
        )
        return self._save(refresh_token, renewed).access_token

    def _save(self, used: Secret, renewed: Tokens) -> Tokens:
        try:
            self._store.save(self._connection.id, renewed)
        except TokenFileError:
            # The only copy of the new pair is in memory now; the next call tries to save it before anything else.
            self._unsaved = (used, renewed)
            raise
        return renewed


def _error(trouble: Trouble, address: str) -> ServiceError:
    if trouble.word == token_endpoint.UNREACHABLE:
        return Unreachable(address, trouble.detail)
    if trouble.word in {"invalid_client", "unauthorized_client", "access_denied"}:
        return NotAllowed(trouble.detail or trouble.word)
    if trouble.word in _PASSING:
        return ServiceFault(trouble.detail or trouble.word, status=trouble.status)
    return Refused(trouble.status or 400, trouble.detail or trouble.word, key=trouble.word)
