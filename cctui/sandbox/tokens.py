"""Grants of the stand-in: device codes, authorization codes, access and refresh tokens (RFC 6749, RFC 7636, RFC 8628).

Refresh tokens rotate: each is used once. Times are seconds since 1970 by the service's clock.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

import msgspec
from msgspec import Struct

from cctui.sandbox.records import Records, Shelf
from cctui.sandbox.settings import RefreshTokens, Settings

_USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LIFE = 300.0
_DAY = 86_400.0
SCOPES = frozenset(
    {"contact_data", "account_read", "account_update", "campaign_data", "billing_data", "offline_access"}
)


class SignInFailed(Exception):
    """The token endpoint's refusal: an error code of the RFCs and its description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class DeviceGrant(Struct, kw_only=True):
    """A device code on its way; ``decision`` is what the person at the page chose."""

    device_code: str
    user_code: str
    client_id: str
    scope: str
    expires_at: float
    interval: int
    decision: bool | None = None
    polls: int = 0
    last_poll: float | None = None


class CodeGrant(Struct, kw_only=True):
    """An authorization code and what it is bound to."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str
    expires_at: float


class AccessToken(Struct, kw_only=True):
    """An access token that was given out; only its hash is kept."""

    client_id: str
    scope: str
    expires_at: float
    assigned: bool


class RefreshToken(Struct, kw_only=True):
    """A refresh token that was given out. ``family`` joins all that came from one sign-in."""

    client_id: str
    scope: str
    family: str
    used_at: float
    superseded: bool = False


class Issued(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The successful answer of the token endpoint."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str
    refresh_token: str | None = None


class Tokens:
    """All grants of the stand-in."""

    def __init__(self, records: Records) -> None:
        self._devices = Shelf(records, "device", DeviceGrant)
        self._codes = Shelf(records, "code", CodeGrant)
        self._access = Shelf(records, "access", AccessToken)
        self._refresh = Shelf(records, "refresh", RefreshToken)

    def clear(self) -> None:
        """Forget every grant."""
        for shelf in (self._devices, self._codes, self._access, self._refresh):
            shelf.clear()

    def expire(self, *, refresh: bool) -> None:
        """Make every access token invalid at once, and every refresh token too where asked."""
        self._access.clear()
        if refresh:
            self._refresh.clear()

    def bearer(self, token: str, now: float) -> AccessToken | None:
        """The grant behind an access token that is still good."""
        found = self._access.get(_hash(token))
        return found if found and found.expires_at > now else None

    def start_device(self, client_id: str, scope: str, now: float, settings: Settings) -> DeviceGrant:
        """A new device code and its user code (``BCDF-GHJK``)."""
        letters = "".join(secrets.choice(_USER_CODE_LETTERS) for _ in range(8))
        grant = DeviceGrant(
            device_code=secrets.token_urlsafe(32),
            user_code=f"{letters[:4]}-{letters[4:]}",
            client_id=client_id,
            scope=scope,
            expires_at=now + settings.device_expires_in,
            interval=5 if settings.device_interval is None else settings.device_interval,
        )
        return self._devices.put(grant.device_code, grant)

    def device_for(self, user_code: str, now: float) -> DeviceGrant | None:
        """The device code that a person means, in any case and with or without the dash."""
        wanted = _letters(user_code)
        return next((g for g in self._devices if _letters(g.user_code) == wanted and g.expires_at > now), None)

    def decide(self, grant: DeviceGrant, *, approve: bool) -> None:
        """Write down what the person at the page chose."""
        grant.decision = approve
        self._devices.put(grant.device_code, grant)

    def poll_device(self, client_id: str, device_code: str, now: float, settings: Settings) -> Issued:
        """Tokens for a device code. Raises :class:`SignInFailed`, ``authorization_pending`` first of all."""
        grant = self._devices.get(device_code)
        if grant is None or grant.client_id != client_id:
            raise SignInFailed("invalid_grant", "The device code is invalid or expired.")
        if grant.expires_at <= now:
            self._devices.drop(device_code)
            raise SignInFailed("expired_token", "The device code has expired.")
        too_fast = grant.last_poll is not None and now - grant.last_poll < grant.interval - 0.2
        grant.last_poll = now
        grant.polls += 1
        if too_fast:
            grant.interval += 5
        self._devices.put(device_code, grant)
        if too_fast:
            raise SignInFailed("slow_down", "Polling too often; the interval grows by 5 seconds.")
        if settings.pending_polls is not None and grant.polls > settings.pending_polls and grant.decision is None:
            grant.decision = True
        if grant.decision is None:
            raise SignInFailed("authorization_pending", "The user has not decided yet.")
        self._devices.drop(device_code)
        if not grant.decision:
            raise SignInFailed("access_denied", "The user denied the request.")
        return self.issue(client_id, grant.scope, now, settings)

    def start_code(self, client_id: str, redirect_uri: str, scope: str, challenge: str, now: float) -> CodeGrant:
        """A new authorization code, good for 300 seconds and one use."""
        grant = CodeGrant(
            code=secrets.token_urlsafe(24),
            client_id=client_id,
            redirect_uri=redirect_uri,
            scope=scope,
            challenge=challenge,
            expires_at=now + _CODE_LIFE,
        )
        return self._codes.put(grant.code, grant)

    def redeem_code(
        self, client_id: str, code: str, redirect_uri: str, verifier: str, now: float, settings: Settings
    ) -> Issued:
        """Tokens for an authorization code (RFC 7636, S256). Raises :class:`SignInFailed`."""
        grant = self._codes.get(code)
        self._codes.drop(code)
        if grant is None or grant.client_id != client_id or grant.expires_at <= now:
            raise SignInFailed("invalid_grant", "The authorization code is invalid or has expired.")
        if grant.redirect_uri != redirect_uri:
            raise SignInFailed("invalid_grant", "The 'redirect_uri' does not match the one of the authorize request.")
        if challenge_of(verifier) != grant.challenge:
            raise SignInFailed("invalid_grant", "PKCE verification failed.")
        return self.issue(client_id, grant.scope, now, settings)

    def refresh(self, client_id: str, refresh_token: str, now: float, settings: Settings) -> Issued:
        """New tokens for a refresh token; a rotating one is dead from then on. Raises :class:`SignInFailed`."""
        key = _hash(refresh_token)
        held = self._refresh.get(key)
        dead = SignInFailed("invalid_grant", "The refresh token is invalid or expired.")
        if held is None or held.client_id != client_id:
            raise dead
        if held.superseded:
            if settings.reuse_revokes:
                self._revoke(held.family)
            raise dead
        if now - held.used_at > settings.refresh_idle_days * _DAY:
            raise dead
        held.used_at = now
        if settings.refresh_tokens is RefreshTokens.ROTATING:
            held.superseded = True
        self._refresh.put(key, held)
        if settings.refresh_tokens is RefreshTokens.ROTATING:
            return self.issue(client_id, held.scope, now, settings, family=held.family)
        issued = self.issue(client_id, held.scope, now, settings, family=held.family, with_refresh=False)
        if settings.refresh_tokens is RefreshTokens.LONG_LIVED:
            return msgspec.structs.replace(issued, refresh_token=refresh_token)
        return issued

    def issue(
        self, client_id: str, scope: str, now: float, settings: Settings, *, family: str = "", with_refresh: bool = True
    ) -> Issued:
        """A new access token, and a refresh token where the scope and the settings give one."""
        access_token = _jwt(client_id, scope, now, settings)
        self._access.put(
            _hash(access_token),
            AccessToken(
                client_id=client_id, scope=scope, expires_at=now + settings.expires_in, assigned=settings.assigned
            ),
        )
        refresh_token = None
        wanted = with_refresh and "offline_access" in scope.split()
        if wanted and settings.refresh_tokens is not RefreshTokens.NONE:
            refresh_token = secrets.token_urlsafe(32)[:42]
            self._refresh.put(
                _hash(refresh_token),
                RefreshToken(client_id=client_id, scope=scope, family=family or secrets.token_hex(8), used_at=now),
            )
        return Issued(
            access_token=access_token,
            expires_in=settings.expires_in,
            scope=scope,
            token_type="Bearer",  # noqa: S106 - the scheme
            refresh_token=refresh_token,
        )

    def _revoke(self, family: str) -> None:
        for key, token in self._refresh.items():
            if token.family == family:
                self._refresh.drop(key)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _jwt(client_id: str, scope: str, now: float, settings: Settings) -> str:
    """A token in the form of the real one, about 1,000 characters; its signature is noise."""
    header = {"kid": secrets.token_urlsafe(32), "alg": "RS256"}
    claims = {
        "ver": 1,
        "jti": f"AT.{secrets.token_urlsafe(32)}",
        "iss": "https://identity.constantcontact.com/oauth2/aus1lm3ry9mF7x2Ja0h8",
        "aud": "https://api.cc.email/v3",
        "iat": int(now),
        "exp": int(now + settings.expires_in),
        "cid": client_id,
        "uid": "00u1sandbox",
        "scp": scope.split(),
        "sub": settings.contact_email,
        "platform_user_id": "3c5f0c58-7d0b-4c43-9a3e-2f6b1f0f7a11" if settings.assigned else "UNASSIGNED",
    }
    parts = [base64.urlsafe_b64encode(msgspec.json.encode(part)).decode().rstrip("=") for part in (header, claims)]
    return ".".join([*parts, secrets.token_urlsafe(256)])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _letters(user_code: str) -> str:
    return "".join(char for char in user_code.upper() if char.isalnum())
