"""The authorization server: requests for tokens and device codes, and its answers as facts.

Authlib makes the requests of RFC 6749 (grants, renewal, PKCE); it has no client half of RFC 8628, so the request for a
device code is a form of our own, and its polling is Authlib's token request with the device grant. Nothing here waits
or retries, and nothing here raises for what the server says: each answer is :class:`Granted` or :class:`Trouble`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from cctui.constant_contact.error_bodies import parse
from cctui.constant_contact.tokens import Secret, read_secret
from cctui.constant_contact.transport import open_http, surely_not_sent
from cctui.definitions.model import ConnectionDefinition
from cctui.masking import harmless

if TYPE_CHECKING:
    import httpx

SCOPES = "contact_data account_read offline_access"
"""What this program needs; without ``offline_access`` no refresh token is issued (API guide, scopes)."""

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

UNREACHABLE = "unreachable"
NO_ANSWER = "no-answer"
TOO_MANY = "too-many"
FAULT = "fault"
UNREADABLE = "unreadable"

_Fact = TypeVar("_Fact")

_LONGEST_LIFE = 30 * 86_400.0
_LIFE_UNSTATED = 3_600.0


class Granted(Struct, frozen=True):
    """Tokens, as the server gave them. ``expires_in`` in seconds."""

    access_token: Secret
    refresh_token: Secret | None
    expires_in: float
    scope: str = ""


class Trouble(Struct, frozen=True):
    """No tokens. ``word`` is the OAuth error, or one of this module's words; ``detail`` is harmless.

    ``done_perhaps``: the server may have issued tokens all the same.
    """

    word: str
    detail: str = ""
    status: int | None = None
    done_perhaps: bool = False


class DeviceAnswer(Struct, frozen=True):
    """A device code (RFC 8628, section 3.2). Times in seconds."""

    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: float
    interval: float


class _TokenBody(Struct, frozen=True):
    access_token: Secret
    refresh_token: Secret | None = None
    expires_in: float | None = None
    scope: str | None = None


class _DeviceBody(Struct, frozen=True):
    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    expires_in: float | None = None
    interval: float | None = None


class _Stop(Exception):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.word)
        self.trouble = trouble


class TokenEndpoint:
    """The authorization server of a connection. Close it after use."""

    def __init__(self, connection: ConnectionDefinition, transport: httpx.BaseTransport | None = None) -> None:
        self._base = connection.endpoints.authorization.rstrip("/")
        self._client_id = connection.client_id
        self._http = open_http(self._base, transport)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def device(self) -> DeviceAnswer | Trouble:
        """Ask for a device code."""
        form = {"client_id": self._client_id, "scope": SCOPES}
        return self._guarded((), lambda: self._device(form))

    def poll_device(self, device_code: Secret) -> Granted | Trouble:
        """Ask whether the person has approved the code."""
        return self._grant(device_code, grant_type=DEVICE_GRANT, device_code=device_code.reveal())

    def redeem(self, code: Secret, verifier: Secret, redirect_uri: str) -> Granted | Trouble:
        """Exchange an authorization code (PKCE: no client secret)."""
        return self._grant(
            code,
            verifier,
            grant_type="authorization_code",
            code=code.reveal(),
            code_verifier=verifier.reveal(),
            redirect_uri=redirect_uri,
        )

    def renew(self, refresh_token: Secret) -> Granted | Trouble:
        """Exchange a refresh token; a rotating one is used up by this, whether or not the answer arrives."""
        secrets = (refresh_token.reveal(),)
        return self._guarded(
            secrets,
            lambda: _granted(
                self._session(secrets).refresh_token(
                    f"{self._base}/token",
                    refresh_token=refresh_token.reveal(),
                    client_id=self._client_id,
                    auth=_no_auth,
                )
            ),
        )

    def authorization_address(self, verifier: Secret, redirect_uri: str, state: str, **extra: str) -> str:
        """The address at which a browser asks the person (PKCE, S256)."""
        session = self._session(())
        address, _state = session.create_authorization_url(
            f"{self._base}/authorize",
            state=state,
            code_verifier=verifier.reveal(),
            redirect_uri=redirect_uri,
            scope=SCOPES,
            **extra,
        )
        return str(address)

    def _grant(self, *secrets: Secret, **form: str) -> Granted | Trouble:
        known = tuple(secret.reveal() for secret in secrets)
        return self._guarded(
            known,
            lambda: _granted(
                self._session(known).fetch_token(
                    f"{self._base}/token", client_id=self._client_id, auth=_no_auth, **form
                )
            ),
        )

    def _device(self, form: dict[str, str]) -> DeviceAnswer:
        response = self._http.post(f"{self._base}/device/authorize", data=form)
        _stop_on_error(response, ())
        body = msgspec.json.decode(response.content, type=_DeviceBody, strict=False, dec_hook=read_secret)
        return DeviceAnswer(
            body.device_code,
            body.user_code,
            body.verification_uri,
            body.verification_uri_complete or "",
            min(max(body.expires_in or 600.0, 1.0), 86_400.0),
            min(max(body.interval or 5.0, 1.0), 300.0),
        )

    def _session(self, secrets: tuple[str, ...]) -> Any:
        from authlib.oauth2.client import OAuth2Client

        session = OAuth2Client(
            self._http,
            client_id=self._client_id,
            token_endpoint_auth_method="none",  # noqa: S106 - the method, not a secret
            code_challenge_method="S256",
        )

        def look(response: httpx.Response) -> httpx.Response:
            _stop_on_error(response, secrets)
            return response

        # Authlib takes every JSON object without "error" for a token, also a 429 of the gateway; so look first.
        session.register_compliance_hook("access_token_response", look)
        session.register_compliance_hook("refresh_token_response", look)
        return session

    def _guarded(self, secrets: tuple[str, ...], ask: Callable[[], _Fact]) -> _Fact | Trouble:
        """What ``ask`` gives, or the trouble it met; no library's exception, with a request in it, gets out."""
        import httpx
        from authlib.oauth2.base import OAuth2Error

        try:
            return ask()
        except _Stop as stop:
            return stop.trouble
        except OAuth2Error as error:
            return Trouble(harmless(str(error.error), 80), harmless(str(error.description or "")))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            if surely_not_sent(error):
                return Trouble(UNREACHABLE, harmless(str(error)))
            return Trouble(NO_ANSWER, type(error).__name__, done_perhaps=True)
        except (msgspec.MsgspecError, ValueError, TypeError, KeyError, AttributeError):
            return Trouble(UNREADABLE, done_perhaps=True)


def _no_auth(request: httpx.Request) -> httpx.Request:
    """No Authorization header: a public client names itself in the form."""
    return request


def _stop_on_error(response: httpx.Response, secrets: tuple[str, ...]) -> None:
    status = response.status_code
    if status in {200, 201} and not _has_error(response.content):
        return
    body = parse(response.content, secrets)
    if status == 429:
        raise _Stop(Trouble(TOO_MANY, body.text, status))
    if status >= 500:
        raise _Stop(Trouble(FAULT, body.text, status, done_perhaps=True))
    if status in {200, 201} or 400 <= status < 500:
        raise _Stop(Trouble(body.key or UNREADABLE, body.message, status))
    raise _Stop(Trouble(UNREADABLE, body.text, status, done_perhaps=True))


def _has_error(content: bytes) -> bool:
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(found, dict) and "error" in found


def _granted(token: Any) -> Granted:
    body = msgspec.convert(dict(token), _TokenBody, strict=False, dec_hook=read_secret)
    if not body.access_token:
        raise ValueError("no access token")
    life = _LIFE_UNSTATED if body.expires_in is None else min(max(body.expires_in, 0.0), _LONGEST_LIFE)
    return Granted(body.access_token, body.refresh_token or None, life, body.scope or "")
