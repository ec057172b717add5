"""Signing in over SSH: every way it can end has its own sentence and next step (connections, items 3 and 5; C13)."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from msgspec.structs import replace
from service_double import Service, StillClock

from cctui.constant_contact.errors import AccountChanged, Unreachable
from cctui.constant_contact.sign_in import (
    DEFAULT_REDIRECT,
    DeviceSignIn,
    NewTokens,
    Pending,
    PkceSignIn,
    SignedIn,
    Waiting,
    finish,
)
from cctui.constant_contact.sign_in_errors import (
    ApplicationNotSetUp,
    CodeExpired,
    CodeRefused,
    NoAccount,
    NoAnswerYet,
    NoRefreshToken,
    NoRights,
    SignInDenied,
    SignInFailed,
    UntrustedAddress,
    WrongRedirect,
)
from cctui.constant_contact.token_endpoint import Granted
from cctui.constant_contact.tokens import Secret, TokenStore
from cctui.definitions.model import Account, ConnectionDefinition, Endpoints
from cctui.errors import ExitCode

DEVICE = "POST /oauth2/default/v1/device/authorize"
TOKEN = "POST /oauth2/default/v1/token"
PAGE = "https://identity.constantcontact.com/activate"
CODE = {
    "device_code": "device-1",
    "user_code": "WDJB-MJHT",
    "verification_uri": PAGE,
    "verification_uri_complete": f"{PAGE}?user_code=WDJB-MJHT",
    "expires_in": 600,
    "interval": 5,
}
GRANTED = {"access_token": "access-9", "refresh_token": "refresh-9", "expires_in": 86400, "token_type": "Bearer"}
PENDING = (400, {"error": "authorization_pending", "error_description": "The device authorization is pending."})
SUMMARY = {"organization_name": "Contoso Coffee", "encoded_account_id": "a07e1n5", "contact_email": "mette@contoso.com"}
RIGHTS = [{"privilege_id": 1, "privilege_name": "contacts:write"}, {"privilege_name": "contacts:lists:read"}]


@pytest.fixture
def sign_in(connection, clock, service) -> DeviceSignIn:
    service.on(DEVICE, (200, CODE))
    return DeviceSignIn(connection, clock=clock, transport=service.transport)


def follow(sign_in: DeviceSignIn, clock: StillClock) -> NewTokens:
    """What a screen or a command line does."""
    while isinstance(found := sign_in.poll_once(), Pending):
        clock.wait(found.wait)
    return found


def jwt(**claims: str) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{part}.c2lnbmF0dXJl"


def test_a_code_is_shown_approved_and_becomes_tokens(sign_in, service, clock, connection) -> None:
    service.on(TOKEN, PENDING, PENDING, (200, GRANTED))
    code = sign_in.start()
    assert (code.user_code, code.verification_uri, code.expires_in) == ("WDJB-MJHT", PAGE, 600)
    assert code.verification_uri_complete.endswith("user_code=WDJB-MJHT")
    assert code.expires_at == clock.time + timedelta(minutes=10)
    new = follow(sign_in, clock)
    assert new.granted.refresh_token == Secret("refresh-9")
    assert clock.waits == [5, 5, 5]
    ask, poll = service.forms()[0], service.forms()[1]
    assert ask == {"client_id": connection.client_id, "scope": "contact_data account_read offline_access"}
    assert poll == {
        "client_id": connection.client_id,
        "device_code": "device-1",
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
    }
    assert not any("Authorization" in request.headers for request in service.asked)
    assert "device-1" not in repr(vars(sign_in))


def test_polling_too_early_asks_nobody(sign_in, service, clock) -> None:
    sign_in.start()
    found = sign_in.poll_once()
    assert isinstance(found, Pending)
    assert (found.wait, found.left) == (5, 600)
    assert service.paths() == [DEVICE]


def test_slow_down_adds_five_seconds_for_good(sign_in, service, clock) -> None:
    service.on(TOKEN, (400, {"error": "slow_down"}), PENDING, (400, {"error": "slow_down"}), PENDING, (200, GRANTED))
    sign_in.start()
    follow(sign_in, clock)
    assert clock.waits == [5, 10, 10, 15, 15]


@pytest.mark.parametrize("body", [{"error_key": "throttled", "error_message": "Too Many Requests"}, None])
def test_a_429_of_the_token_endpoint_is_a_slow_down(sign_in, service, clock, body) -> None:
    service.on(TOKEN, (429, body or b"<html>Too many</html>"), (200, GRANTED))
    sign_in.start()
    follow(sign_in, clock)
    assert clock.waits == [5, 10]


def test_an_answer_without_interval_is_polled_every_five_seconds(sign_in, service, clock) -> None:
    service.on(DEVICE, (200, {name: CODE[name] for name in ("device_code", "user_code", "verification_uri")}))
    code = sign_in.start()
    assert (code.interval, code.expires_in, code.verification_uri_complete) == (5, 600, PAGE)


def test_the_network_may_come_and_go_while_waiting(sign_in, service, clock) -> None:
    service.on(TOKEN, httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), (503, b""), (200, GRANTED))
    sign_in.start()
    clock.wait(5)
    found = sign_in.poll_once()
    assert isinstance(found, Pending)
    assert found.waiting is Waiting.TROUBLE
    assert "cannot be reached" in found.detail
    follow(sign_in, clock)


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        ((400, {"error": "expired_token"}), CodeExpired, "expired"),
        (
            (400, {"error": "access_denied", "error_description": "The user said no."}),
            SignInDenied,
            "The user said no.",
        ),
        (
            (400, {"error": "unauthorized_client", "error_description": "Not for devices."}),
            ApplicationNotSetUp,
            "device flow",
        ),
        ((401, {"error": "invalid_client"}), ApplicationNotSetUp, "key"),
        ((400, {"error": "unsupported_grant_type"}), ApplicationNotSetUp, "device flow"),
        ((400, {"error": "invalid_grant"}), CodeRefused, "once"),
        ((400, {"error": "something_new", "error_description": "Who knows"}), CodeRefused, "Who knows"),
    ],
)
def test_each_end_has_its_sentence_and_its_next_step(sign_in, service, clock, answer, kind, says) -> None:
    service.on(TOKEN, PENDING, answer)
    sign_in.start()
    with pytest.raises(SignInFailed) as caught:
        follow(sign_in, clock)
    assert type(caught.value) is kind
    assert says in str(caught.value)
    assert caught.value.do
    assert caught.value.exit_code is ExitCode.SIGN_IN_NEEDED


def test_a_code_that_nobody_types_expires_by_our_own_clock(sign_in, service, clock) -> None:
    service.on(TOKEN, PENDING)
    sign_in.start()
    clock.time -= timedelta(days=1)
    with pytest.raises(CodeExpired):
        follow(sign_in, clock)
    assert 600 <= clock.ticks - 1_000 <= 601


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((400, {"error": "unauthorized_client"}), ApplicationNotSetUp),
        ((400, {"error": "invalid_scope"}), ApplicationNotSetUp),
        ((429, {"message": "Too Many Requests"}), NoAnswerYet),
        ((500, b""), NoAnswerYet),
        ((200, b"<html>portal</html>"), NoAnswerYet),
        ((200, {"user_code": "X"}), NoAnswerYet),
        (httpx.ConnectError("[Errno -2] Name or service not known"), NoAnswerYet),
        (httpx.ReadTimeout("slow"), NoAnswerYet),
    ],
)
def test_a_sign_in_that_cannot_start_says_why(sign_in, service, answer, kind) -> None:
    service.on(DEVICE, answer)
    with pytest.raises(kind):
        sign_in.start()


@pytest.mark.parametrize(
    "address",
    [
        "http://identity.constantcontact.com/activate",
        "https://identity.constantcontact.com.evil.example/activate",
        "https://evil.example/activate",
        "https://identity.constantcontact.com/elsewhere",
        "https://identity.constantcontact.com@evil.example/activate",
        "https://evil.example\\@identity.constantcontact.com/activate",
        "https://identity.constantcontact.com:8443/activate",
        "javascript:alert(1)",
        "https://identity.constantcontact.com/activate\x1b]8;;",
        "https://[/activate",
    ],
)
@pytest.mark.parametrize("where", ["verification_uri", "verification_uri_complete"])
def test_nobody_is_sent_to_a_strangers_page(sign_in, service, address, where) -> None:
    service.on(DEVICE, (200, {**CODE, where: address}))
    with pytest.raises(UntrustedAddress) as caught:
        sign_in.start()
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("host", ["identity", "authz"])
def test_constant_contacts_own_pages_are_trusted(sign_in, service, host) -> None:
    page = f"https://{host}.constantcontact.com/activate"
    service.on(DEVICE, (200, {**CODE, "verification_uri": page, "verification_uri_complete": f"{page}?user_code=1"}))
    assert sign_in.start().verification_uri == page


def test_a_sandbox_may_send_to_its_own_page_only(connection, clock, service) -> None:
    own = replace(
        connection,
        endpoints=Endpoints(api="http://127.0.0.1:8025/v3", authorization="http://127.0.0.1:8025/oauth2/default/v1"),
    )
    sign_in = DeviceSignIn(own, clock=clock, transport=service.transport)
    page = "http://127.0.0.1:8025/activate"
    service.on(DEVICE, (200, {**CODE, "verification_uri": page, "verification_uri_complete": page}))
    assert sign_in.start().verification_uri == page
    for other in (PAGE, "http://127.0.0.1:9/activate", "https://127.0.0.1:8025/activate"):
        service.on(DEVICE, (200, {**CODE, "verification_uri": other}))
        with pytest.raises(UntrustedAddress):
            sign_in.start()


def granted(clock: StillClock, access: str = "access-9", refresh: str | None = "refresh-9") -> NewTokens:
    return NewTokens(Granted(Secret(access), Secret(refresh) if refresh else None, 86_400.0), clock.time)


@pytest.fixture
def end(connection, secrets_folder, limits_path, clock, service: Service):
    """Look at new tokens and save them, as after either flow."""
    service.on("GET /v3/account/summary", (200, SUMMARY))
    service.on("GET /v3/account/user/privileges", (200, RIGHTS))

    def run(new: NewTokens, of: ConnectionDefinition = connection, **choices: bool) -> SignedIn:
        return finish(of, new, secrets_folder, limits_path, clock=clock, transport=service.transport, **choices)

    return run


def test_after_the_sign_in_the_account_is_known_and_the_tokens_are_saved(end, store, clock, service) -> None:
    done = end(granted(clock))
    assert done.pin == Account(id="a07e1n5", name="Contoso Coffee")
    assert done.privileges.may_import
    saved = store.load("marketing")
    assert saved.refresh_token == Secret("refresh-9")
    assert saved.expires_at == clock.time + timedelta(hours=24) - timedelta(seconds=clock.ticks - 1_000)
    assert {request.headers["Authorization"] for request in service.asked} == {"Bearer access-9"}


def test_no_refresh_token_is_told_at_once_and_can_be_accepted(end, store, clock) -> None:
    with pytest.raises(NoRefreshToken, match="24 hours"):
        end(granted(clock, refresh=None))
    assert store.load("marketing") is None
    end(granted(clock, refresh=None), accept_no_refresh_token=True)
    assert store.load("marketing").refresh_token is None


def test_a_token_without_an_account_is_a_failed_sign_in(end, store, clock, service) -> None:
    with pytest.raises(NoAccount, match="private window"):
        end(granted(clock, jwt(platform_user_id="UNASSIGNED")))
    assert store.load("marketing") is None
    assert service.asked == []
    end(granted(clock, jwt(platform_user_id="b1946ac9")))


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.%%%.c", "eyJ.bnVsbA.x", "..", jwt(sub="x")])
def test_a_token_that_says_nothing_about_an_account_is_not_judged_by_it(end, clock, token) -> None:
    assert end(granted(clock, token)).account.name == "Contoso Coffee"


def test_a_campaign_creator_is_told_whose_sign_in_is_needed(end, store, clock, service) -> None:
    service.on("GET /v3/account/user/privileges", (200, [{"privilege_name": "contacts:lists:read"}]))
    with pytest.raises(NoRights, match="Account Owner or Account Manager"):
        end(granted(clock))
    assert store.load("marketing") is None


def test_another_account_is_refused_with_both_names_until_it_is_confirmed(
    end, store: TokenStore, clock, tokens, connection
) -> None:
    store.save("marketing", tokens)
    pinned = replace(connection, account=Account(id="zzz", name="Fabrikam"))
    with pytest.raises(AccountChanged, match=r"Fabrikam \(zzz\), but the sign-in is for Contoso Coffee \(a07e1n5\)"):
        end(granted(clock), pinned)
    assert store.load("marketing") == tokens
    assert end(granted(clock), pinned, accept_other_account=True).pin.id == "a07e1n5"
    assert store.load("marketing").access_token == Secret("access-9")


def test_a_network_that_fails_after_the_sign_in_loses_nothing(end, store, clock, service) -> None:
    service.on("GET /v3/account/summary", httpx.ConnectError("refused"))
    new = granted(clock)
    with pytest.raises(Unreachable):
        end(new)
    service.on("GET /v3/account/summary", (200, SUMMARY))
    end(new)
    assert store.load("marketing") is not None


def pkce(connection, clock, service, **choices) -> tuple[PkceSignIn, str]:
    sign_in = PkceSignIn(connection, clock=clock, transport=service.transport, **choices)
    return sign_in, parse_qs(urlsplit(sign_in.address).query)["state"][0]


def test_the_address_of_the_pasted_sign_in_is_what_rfc_7636_asks_for(connection, clock, service) -> None:
    sign_in, _state = pkce(connection, clock, service, fresh=True)
    parts = urlsplit(sign_in.address)
    assert (
        f"{parts.scheme}://{parts.netloc}{parts.path}"
        == "https://authz.constantcontact.com/oauth2/default/v1/authorize"
    )
    query = {name: value for name, [value] in parse_qs(parts.query).items()}
    assert query["response_type"] == "code"
    assert query["client_id"] == connection.client_id
    assert query["redirect_uri"] == DEFAULT_REDIRECT
    assert query["scope"] == "contact_data account_read offline_access"
    assert query["code_challenge_method"] == "S256"
    assert query["prompt"] == "login"
    assert len(query["code_challenge"]) == 43


def test_a_pasted_address_becomes_tokens(connection, clock, service) -> None:
    sign_in, state = pkce(connection, clock, service)
    service.on(TOKEN, (200, GRANTED))
    new = sign_in.redeem(f"  {DEFAULT_REDIRECT}?code=one-\n  time&state={state} ")
    assert new.granted.access_token == Secret("access-9")
    [form] = service.forms()
    verifier = form.pop("code_verifier")
    assert form == {
        "client_id": connection.client_id,
        "grant_type": "authorization_code",
        "code": "one-time",
        "redirect_uri": DEFAULT_REDIRECT,
    }
    challenge = parse_qs(urlsplit(sign_in.address).query)["code_challenge"][0]
    assert base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=") == challenge
    assert 43 <= len(verifier) <= 128
    assert verifier not in repr(vars(sign_in))


@pytest.mark.parametrize("pasted", ["", "one-time", DEFAULT_REDIRECT, "?code=x", "http://[", "code=x&state="])
def test_what_is_no_redirect_address_is_said_to_be_none(connection, clock, service, pasted) -> None:
    sign_in, _state = pkce(connection, clock, service)
    with pytest.raises(WrongRedirect, match="whole address"):
        sign_in.redeem(pasted)
    assert service.asked == []


def test_an_address_of_an_earlier_attempt_is_refused(connection, clock, service) -> None:
    sign_in, _state = pkce(connection, clock, service)
    with pytest.raises(WrongRedirect, match="another sign-in"):
        sign_in.redeem(f"{DEFAULT_REDIRECT}?code=x&state=old")


def test_an_address_without_a_code_is_refused(connection, clock, service) -> None:
    sign_in, state = pkce(connection, clock, service)
    with pytest.raises(WrongRedirect, match="no code"):
        sign_in.redeem(f"{DEFAULT_REDIRECT}?state={state}")


@pytest.mark.parametrize(
    ("word", "kind"),
    [("access_denied", SignInDenied), ("unauthorized_client", ApplicationNotSetUp), ("server_error", NoAnswerYet)],
)
def test_a_redirect_that_carries_an_error_is_told_as_that(connection, clock, service, word, kind) -> None:
    sign_in, state = pkce(connection, clock, service)
    with pytest.raises(kind):
        sign_in.redeem(f"{DEFAULT_REDIRECT}?error={word}&error_description=Because%1b&state={state}")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((400, {"error": "invalid_grant", "error_description": "The code is dead"}), CodeRefused),
        ((400, {"error": "unauthorized_client"}), ApplicationNotSetUp),
        ((429, b""), NoAnswerYet),
        (httpx.ConnectError("refused"), NoAnswerYet),
    ],
)
def test_a_code_that_is_not_taken_has_its_sentence(connection, clock, service, answer, kind) -> None:
    sign_in, state = pkce(connection, clock, service)
    service.on(TOKEN, answer)
    with pytest.raises(kind):
        sign_in.redeem(f"{DEFAULT_REDIRECT}?code=x&state={state}")
