"""The stand-in's sign-in: device flow, PKCE, refresh, and every way in which they fail (facts: OAuth2)."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sandbox_caller import SCOPE, Caller

from cctui.sandbox.settings import SANDBOX_CLIENT_ID

VERIFIER = "a-verifier-of-more-than-forty-three-characters-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
REDIRECT = "http://localhost:41022/auth"


def claims_of(access_token: str) -> dict[str, Any]:
    part = access_token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def works(caller: Caller, access_token: str) -> bool:
    caller.access_token = access_token
    return caller.get("account/summary").status_code == 200


def test_a_device_is_approved_at_the_page(caller: Caller) -> None:
    device = caller.device()
    assert device["expires_in"] == 600
    assert device["verification_uri"] == f"{caller.sandbox.base_url}/activate"
    assert caller.poll(device["device_code"]).json()["error"] == "authorization_pending"

    page = httpx.get(device["verification_uri_complete"])
    assert device["user_code"] in page.text
    done = httpx.post(
        device["verification_uri"],
        data={"user_code": device["user_code"].lower().replace("-", ""), "decision": "approve"},
    )
    assert done.status_code == 200

    tokens = caller.poll(device["device_code"]).json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 86_400
    assert tokens["scope"] == SCOPE
    assert 900 < len(tokens["access_token"]) < 1_300
    assert len(tokens["refresh_token"]) == 42
    assert works(caller, tokens["access_token"])
    assert caller.poll(device["device_code"]).json()["error"] == "invalid_grant"


def test_a_device_is_denied_at_the_page(caller: Caller) -> None:
    device = caller.device()
    httpx.post(device["verification_uri"], data={"user_code": device["user_code"], "decision": "deny"})
    reply = caller.poll(device["device_code"])
    assert reply.status_code == 400
    assert reply.json()["error"] == "access_denied"


def test_a_code_that_nobody_was_given_is_refused_at_the_page(caller: Caller) -> None:
    page = httpx.post(f"{caller.sandbox.base_url}/activate", data={"user_code": "<b>NO</b>", "decision": "approve"})
    assert page.status_code == 400
    assert "<b>NO</b>" not in page.text


def test_the_switches_decide_like_the_page(caller: Caller) -> None:
    first, second = caller.device(), caller.device()
    caller.switch("POST", "approve", json={"user_code": first["user_code"]})
    caller.switch("POST", "deny", json={"user_code": second["user_code"]})
    assert "access_token" in caller.poll(first["device_code"]).json()
    assert caller.poll(second["device_code"]).json()["error"] == "access_denied"
    assert caller.http.post("/sandbox/approve", json={"user_code": "NOPE"}).status_code == 404


def test_it_can_approve_by_itself_after_some_polls(caller: Caller) -> None:
    caller.set(pending_polls=2)
    device = caller.device()
    errors = [caller.poll(device["device_code"]).json().get("error") for _poll in range(3)]
    assert errors == ["authorization_pending", "authorization_pending", None]


def test_polling_faster_than_the_interval_is_told_to_slow_down_for_good(caller: Caller) -> None:
    caller.set(device_interval=5)
    device = caller.device()
    assert device["interval"] == 5
    caller.switch("POST", "approve", json={"user_code": device["user_code"]})
    other = caller.device()
    assert caller.poll(other["device_code"]).json()["error"] == "authorization_pending"
    assert caller.poll(other["device_code"]).json()["error"] == "slow_down"
    caller.set(clock_offset_hours=7 / 3_600)
    assert caller.poll(other["device_code"]).json()["error"] == "slow_down"
    caller.set(clock_offset_hours=60 / 3_600)
    assert caller.poll(other["device_code"]).json()["error"] == "authorization_pending"
    assert "access_token" in caller.poll(device["device_code"]).json()


def test_the_interval_can_be_left_out(caller: Caller) -> None:
    caller.set(device_interval=None)
    assert "interval" not in caller.device()


def test_a_device_code_expires(caller: Caller) -> None:
    device = caller.device()
    caller.set(clock_offset_hours=601 / 3_600)
    assert caller.poll(device["device_code"]).json()["error"] == "expired_token"
    page = httpx.post(device["verification_uri"], data={"user_code": device["user_code"], "decision": "approve"})
    assert page.status_code == 400


def test_an_application_of_another_flow_is_not_let_in(caller: Caller) -> None:
    caller.set(flows=["pkce"])
    reply = caller.oauth("device/authorize", client_id=SANDBOX_CLIENT_ID, scope=SCOPE)
    assert (reply.status_code, reply.json()["error"]) == (400, "unauthorized_client")


def test_an_unknown_key_scope_or_grant_is_refused(caller: Caller) -> None:
    assert caller.oauth("device/authorize", client_id="nobody", scope=SCOPE).json()["error"] == "invalid_client"
    assert caller.oauth("device/authorize", client_id=SANDBOX_CLIENT_ID, scope="x").json()["error"] == "invalid_scope"
    assert caller.oauth("device/authorize", client_id=SANDBOX_CLIENT_ID).json()["error"] == "invalid_scope"
    reply = caller.oauth("token", client_id=SANDBOX_CLIENT_ID, grant_type="password")
    assert reply.json()["error"] == "unsupported_grant_type"
    caller.set(client_ids=["00000000-0000-4000-8000-000000000000"])
    reply = caller.oauth("device/authorize", client_id=SANDBOX_CLIENT_ID, scope=SCOPE)
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client")


def test_rotating_refresh_tokens_are_good_for_one_use(caller: Caller) -> None:
    first = caller.sign_in()
    second = caller.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert works(caller, second["access_token"])
    again = caller.refresh(first["refresh_token"])
    assert again.status_code == 400
    assert again.json() == {
        "error": "invalid_grant",
        "error_description": "The refresh token is invalid or expired.",
    }
    assert caller.refresh(second["refresh_token"]).status_code == 200


def test_reuse_can_revoke_the_newest_token_too(caller: Caller) -> None:
    caller.set(reuse_revokes=True)
    first = caller.sign_in()
    second = caller.refresh(first["refresh_token"]).json()
    caller.refresh(first["refresh_token"])
    assert caller.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_long_lived_refresh_tokens_stay_the_same(caller: Caller) -> None:
    caller.set(refresh_tokens="long-lived")
    first = caller.sign_in()
    for _time in range(2):
        assert caller.refresh(first["refresh_token"]).json()["refresh_token"] == first["refresh_token"]


def test_a_refresh_can_answer_without_a_refresh_token(caller: Caller) -> None:
    first = caller.sign_in()
    caller.set(refresh_tokens="none")
    answer = caller.refresh(first["refresh_token"]).json()
    assert "refresh_token" not in answer
    assert works(caller, answer["access_token"])
    assert caller.refresh(first["refresh_token"]).status_code == 200


def test_without_offline_access_there_is_no_refresh_token(caller: Caller) -> None:
    assert "refresh_token" not in caller.sign_in(scope="contact_data")


def test_a_refresh_token_dies_after_180_idle_days(caller: Caller) -> None:
    first = caller.sign_in()
    caller.set(clock_offset_hours=179 * 24)
    second = caller.refresh(first["refresh_token"]).json()
    caller.set(clock_offset_hours=360 * 24)
    assert caller.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_token_belongs_to_its_key(caller: Caller) -> None:
    tokens = caller.sign_in(client_id="00000000-0000-4000-8000-000000000000")
    assert caller.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_access_tokens_expire_and_can_be_ended(caller: Caller) -> None:
    caller.set(expires_in=3_600)
    tokens = caller.sign_in()
    assert tokens["expires_in"] == 3_600
    assert claims_of(tokens["access_token"])["platform_user_id"] != "UNASSIGNED"
    assert works(caller, tokens["access_token"])
    caller.set(clock_offset_hours=1.1)
    refused = caller.get("account/summary")
    assert refused.status_code == 401
    assert refused.json() == {"error_key": "unauthorized", "error_message": "Unauthorized"}
    assert refused.headers["WWW-Authenticate"] == "Bearer realm=api.cc.email"

    fresh = caller.refresh(tokens["refresh_token"]).json()
    assert works(caller, fresh["access_token"])
    caller.switch("DELETE", "tokens")
    assert not works(caller, fresh["access_token"])
    fresh = caller.refresh(fresh["refresh_token"]).json()
    assert works(caller, fresh["access_token"])
    caller.switch("DELETE", "tokens", params={"refresh": "1"})
    assert caller.refresh(fresh["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_token_without_an_account_says_so_and_is_useless(caller: Caller) -> None:
    caller.set(assigned=False)
    tokens = caller.sign_in()
    assert claims_of(tokens["access_token"])["platform_user_id"] == "UNASSIGNED"
    assert not works(caller, tokens["access_token"])


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("manager", 200), ("campaign-creator", 403)])
def test_a_campaign_creator_sees_lists_and_nothing_of_contacts(caller: Caller, role: str, status: int) -> None:
    caller.set(user_role=role)
    names = {item["privilege_name"] for item in caller.get("account/user/privileges").json()}
    assert ("contacts:write" in names) is (status == 200)
    assert caller.get("contact_lists").status_code == 200
    for path in ("contacts", "activities", "contact_custom_fields", "contacts/counts"):
        assert caller.get(path).status_code == status
    assert caller.send("email\na@example.com\n").status_code == {200: 201, 403: 403}[status]


def test_a_scope_that_was_not_granted_is_missing(caller: Caller) -> None:
    caller.sign_in(scope="contact_data")
    assert caller.get("account/summary").status_code == 403
    assert caller.get("contact_lists").status_code == 200
    caller.sign_in(scope="account_read")
    assert caller.get("account/summary").status_code == 200
    assert caller.get("contact_lists").status_code == 403
    assert caller.get("account/user/privileges").status_code == 200


def test_a_deactivated_application_is_refused_everywhere(caller: Caller) -> None:
    caller.set(deactivated=True)
    assert caller.get("account/user/privileges").status_code == 403
    assert caller.get("contact_lists").json() == {"message": "Forbidden"}


def test_the_token_endpoint_takes_one_call_a_second(caller: Caller) -> None:
    caller.set(token_rate=1)
    tokens = caller.sign_in()
    replies = [caller.refresh(tokens["refresh_token"]) for _call in range(2)]
    assert [reply.status_code for reply in replies] == [200, 429]
    assert replies[1].json() == {"error_key": "throttled", "error_message": "Too Many Requests"}
    assert "retry-after" not in replies[1].headers


@pytest.mark.parametrize(
    "error", ["slow_down", "expired_token", "access_denied", "invalid_grant", "unauthorized_client", "server_error"]
)
def test_any_sign_in_error_can_be_made_to_happen_once(caller: Caller, error: str) -> None:
    device = caller.device()
    caller.switch("POST", "approve", json={"user_code": device["user_code"]})
    caller.arm("sign-in-error", error=error, path="/oauth2/default/v1/token", nth=1)
    assert caller.poll(device["device_code"]).json()["error"] == error
    assert "access_token" in caller.poll(device["device_code"]).json()


def authorize(caller: Caller, **changes: str) -> httpx.Response:
    query = {
        "client_id": SANDBOX_CLIENT_ID,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": SCOPE,
        "state": "a&b=<c>",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return caller.http.get("/oauth2/default/v1/authorize", params={**query, **changes})


def decide(caller: Caller, page: httpx.Response, decision: str) -> dict[str, list[str]]:
    """Press a button of the page, and read the address that is shown to be pasted."""
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    form = {html.unescape(name): html.unescape(value) for name, value in hidden}
    shown = caller.http.post("/oauth2/default/v1/authorize", data={**form, "decision": decision})
    address = re.search(r'<code id="redirect">([^<]*)</code>', shown.text)
    assert address is not None
    found = html.unescape(address[1])
    assert found.startswith(REDIRECT)
    return parse_qs(urlsplit(found).query)


def redeem(caller: Caller, code: str, **changes: str) -> httpx.Response:
    form = {
        "client_id": SANDBOX_CLIENT_ID,
        "redirect_uri": REDIRECT,
        "code": code,
        "code_verifier": VERIFIER,
        "grant_type": "authorization_code",
    }
    return caller.oauth("token", **{**form, **changes})


def test_pkce_shows_the_address_to_paste_and_its_code_is_good_once(caller: Caller) -> None:
    answer = decide(caller, authorize(caller), "approve")
    assert answer["state"] == ["a&b=<c>"]
    tokens = redeem(caller, answer["code"][0]).json()
    assert works(caller, tokens["access_token"])
    assert redeem(caller, answer["code"][0]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("changes", [{"code_verifier": "wrong"}, {"redirect_uri": f"{REDIRECT}/"}, {"code": "none"}])
def test_pkce_refuses_what_does_not_belong_together(caller: Caller, changes: dict[str, str]) -> None:
    answer = decide(caller, authorize(caller), "approve")
    assert redeem(caller, **{"code": answer["code"][0], **changes}).json()["error"] == "invalid_grant"


def test_pkce_denied_comes_back_as_an_error(caller: Caller) -> None:
    assert decide(caller, authorize(caller), "deny")["error"] == ["access_denied"]


def test_pkce_codes_expire_after_five_minutes(caller: Caller) -> None:
    answer = decide(caller, authorize(caller), "approve")
    caller.set(clock_offset_hours=301 / 3_600)
    assert redeem(caller, answer["code"][0]).json()["error"] == "invalid_grant"


def test_pkce_needs_a_registered_address_and_a_challenge(caller: Caller) -> None:
    assert "error=invalid_request" in html.unescape(authorize(caller, code_challenge="").text)
    assert authorize(caller, client_id="nobody").status_code == 400
    caller.set(redirect_uris=["http://localhost:1/other"])
    assert authorize(caller).status_code == 400
    caller.set(redirect_uris=None, flows=["device"])
    assert "error=unauthorized_client" in html.unescape(authorize(caller).text)


def test_no_token_and_no_code_is_in_the_log(caller: Caller) -> None:
    caller.set(record_requests=True)
    device = caller.device()
    caller.switch("POST", "approve", json={"user_code": device["user_code"]})
    tokens = caller.poll(device["device_code"]).json()
    works(caller, tokens["access_token"])
    caller.refresh(tokens["refresh_token"])
    answer = decide(caller, authorize(caller), "approve")
    redeem(caller, answer["code"][0])
    log = caller.http.get("/sandbox/requests", params={"full": "1"}).text
    secrets = [tokens["access_token"], tokens["refresh_token"], device["device_code"], answer["code"][0], VERIFIER]
    assert [secret for secret in secrets if secret in log] == []
    assert '"refresh_token":""' in log
