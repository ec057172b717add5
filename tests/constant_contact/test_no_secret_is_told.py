"""A planted canary in tokens and addresses appears in no log line, error, representation or file but the secrets."""

from __future__ import annotations

import logging
import traceback
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from service_double import START

from cctui.constant_contact.client import open_client
from cctui.constant_contact.connection_check import check_connection
from cctui.constant_contact.sign_in import DEFAULT_REDIRECT, DeviceSignIn, NewTokens, PkceSignIn, finish
from cctui.constant_contact.token_endpoint import Granted
from cctui.constant_contact.tokens import Secret, Tokens
from cctui.definitions.model import ListId

CANARY = "c4n4ry"
ADDRESS = f"mette.{CANARY}@contoso.com"
TOKEN = "POST /oauth2/default/v1/token"
DEVICE = "POST /oauth2/default/v1/device/authorize"
PAGE = "https://identity.constantcontact.com/activate"
ACCESS = f"eyJhbGciOiJSUzI1NiJ9.{CANARY}.c2lnbmF0dXJl"
REFRESH = f"0ab-{CANARY}-{'Zx9_' * 8}"
DEVICE_CODE = f"device-{CANARY}"
CODE = f"code-{CANARY}"
ECHO = f"Sorry {ADDRESS}, {ACCESS} and {REFRESH} are dead"
GRANTED = {"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 86400}


def echo(request: httpx.Request) -> tuple[int, object]:
    """A service that says back all that it was sent."""
    sent = f"{request.headers.get('Authorization')} {request.content.decode()} are dead"
    return 400, {"error": "invalid_grant", "error_description": sent}


ENDS = [
    echo,
    (400, [{"error_key": "bad", "error_message": ECHO}]),
    (401, {"error_key": "unauthorized", "error_message": ECHO}),
    (403, {"message": ECHO}),
    (404, [{"error_key": ACCESS, "error_message": ECHO}]),
    (429, {"error_key": "throttled", "error_message": ECHO}),
    (429, {"error_key": "quota_exceeded", "error_message": ECHO}),
    (429, {"error_key": "x", "error_message": f"1,000 queued activities {ECHO}"}),
    (500, f"<html>{ECHO}</html>".encode()),
    (200, {"activity_id": {"x": ECHO}, "encoded_account_id": [ECHO], "list_id": [ECHO]}),
    (200, ECHO.encode()),
    (302, ECHO.encode()),
    httpx.ConnectError(f"to {ADDRESS}"),
    httpx.LocalProtocolError(f"Illegal header value b'Bearer {ACCESS}'"),
    httpx.ReadTimeout(ECHO),
    httpx.DecodingError(ECHO),
]
OAUTH_ENDS = [
    (400, {"error": "invalid_grant", "error_description": ECHO}),
    echo,
    (400, {"error": "unauthorized_client", "error_description": ECHO}),
    (400, {"error": "access_denied", "error_description": ECHO}),
    (200, {"error": "invalid_grant", "error_description": ECHO}),
    (200, {"access_token": f"{ACCESS}\n", "refresh_token": REFRESH}),
    (200, {"access_token": [ACCESS]}),
    (200, {**GRANTED, "expires_in": ACCESS}),
    (200, {**GRANTED, "expires_in": [ACCESS]}),
    (500, ECHO.encode()),
    (429, ECHO.encode()),
    httpx.ConnectError(f"to {ADDRESS}"),
    httpx.ReadTimeout(ECHO),
]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture):
    """Everything said at the most talkative level, and every error with its whole chain of contexts and locals."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "authlib", "asyncio"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    errors: list[str] = []

    class Told:
        def trying(self, attempt) -> None:
            try:
                attempt()
            except Exception as error:  # noqa: BLE001 - each error is looked at
                errors.append("".join(traceback.format_exception(error)))
                link: BaseException | None = error
                while link is not None:
                    errors.append(f"{link!r} {link} {vars(link)}")
                    link = link.__context__ or link.__cause__

        @property
        def text(self) -> str:
            return "\n".join([*errors, caplog.text, *(repr(record.args) for record in caplog.records)])

        @property
        def errors(self) -> int:
            return len(errors)

    return Told()


@pytest.fixture
def planted(tokens: Tokens) -> Tokens:
    return replace(tokens, access_token=Secret(ACCESS), refresh_token=Secret(REFRESH))


def named(end: object) -> str:
    return str(end[0]) if isinstance(end, tuple) else getattr(end, "__name__", type(end).__name__)


@pytest.mark.parametrize("end", ENDS, ids=named)
def test_no_call_of_the_api_tells(
    told, planted, end, connection, secrets_folder, limits_path, clock, service, store, tmp_path
) -> None:
    store.save(connection.id, planted)
    body = tmp_path / "body.csv"
    body.write_text(f"email\r\n{ADDRESS}\r\n")
    calls = []
    client = open_client(
        connection, secrets_folder, limits_path, clock=clock, on_call=calls.append, transport=service.transport
    )
    for path in ("GET /v3/account/summary", "POST /v3/activities/contacts_file_import", "GET /v3/contact_lists"):
        service.on(path, end)
    service.on(TOKEN, (200, GRANTED))
    told.trying(client.account)
    told.trying(lambda: client.import_file(list_id=ListId("x"), file_name="f.csv", body=body))
    told.trying(lambda: list(client.lists()))
    told.trying(
        lambda: check_connection(
            connection,
            secrets_folder,
            limits_path,
            tmp_path / "state" / "checks.json",
            clock=clock,
            transport=service.transport,
        )
    )
    assert told.errors
    assert CANARY not in told.text
    assert CANARY not in repr(calls)
    assert CANARY not in repr(client.__dict__)
    _no_file_tells(tmp_path, body)


@pytest.mark.parametrize("end", OAUTH_ENDS, ids=named)
def test_no_sign_in_or_renewal_tells(
    told, planted, end, connection, secrets_folder, limits_path, clock, service, store, tmp_path
) -> None:
    store.save(connection.id, replace(planted, expires_at=START - timedelta(hours=1)))
    service.on(TOKEN, end)
    client = open_client(connection, secrets_folder, limits_path, clock=clock, transport=service.transport)
    told.trying(client.account)
    service.on(DEVICE, end)
    device = DeviceSignIn(connection, clock=clock, transport=service.transport)
    told.trying(device.start)
    code = {"device_code": DEVICE_CODE, "user_code": "X", "verification_uri": PAGE}
    service.on(DEVICE, (200, code))
    device.start()
    clock.wait(5)
    told.trying(device.poll_once)
    pkce = PkceSignIn(connection, clock=clock, transport=service.transport)
    told.trying(lambda: pkce.redeem(f"{DEFAULT_REDIRECT}?code={CANARY}&state=x"))
    state = pkce.address.partition("state=")[2].partition("&")[0]
    told.trying(lambda: pkce.redeem(f"{DEFAULT_REDIRECT}?code={CODE}&state={state}"))
    assert told.errors
    assert CANARY not in told.text
    assert CANARY not in repr(vars(device)) + repr(vars(pkce))
    _no_file_tells(tmp_path)


def test_a_good_sign_in_tells_nothing_either(
    told, connection, secrets_folder, limits_path, clock, service, tmp_path
) -> None:
    service.on(
        "GET /v3/account/summary",
        (200, {"organization_name": "Contoso", "encoded_account_id": "a", "contact_email": ADDRESS}),
    )
    service.on("GET /v3/account/user/privileges", (200, [{"privilege_name": "contacts:write"}]))
    new = NewTokens(Granted(Secret(ACCESS), Secret(REFRESH), 3600.0), clock.time)
    done = finish(
        replace(connection, account=None), new, secrets_folder, limits_path, clock=clock, transport=service.transport
    )
    assert CANARY not in repr(new) + repr(done) + told.text
    _no_file_tells(tmp_path)


def _no_file_tells(folder: Path, *but: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path not in but and path.parent.name != "secrets":
            assert CANARY.encode() not in path.read_bytes(), path
