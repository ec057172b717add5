"""The client asks, paces, repeats what may be repeated, and says what it does not know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from service_double import signed_in_client

from cctui.constant_contact import calls as call_module
from cctui.constant_contact.answers import Call, CallOutcome
from cctui.constant_contact.client import Client, open_client, usage
from cctui.constant_contact.errors import (
    InsecureAddress,
    LimitsUnusable,
    NotAllowed,
    NotThere,
    OutcomeUnknown,
    QueueFull,
    QuotaExceeded,
    Refused,
    ServiceFault,
    SignInNeeded,
    SignInReason,
    Throttled,
    Unreachable,
    WrongAnswer,
)
from cctui.constant_contact.limits import Limits
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.model import ConnectionDefinition, Endpoints, ListId
from cctui.errors import ExitCode

LIST = ListId("3b1d6c1e-0f6d-4a55-9d1c-0d9d1cf5a001")
ACTIVITY = {
    "activity_id": "d2c0a0e8-1d3f-4b53-9d5c-000000000001",
    "state": "initialized",
    "created_at": "2026-11-23T12:00:00Z",
}
TOKEN = "POST /oauth2/default/v1/token"
IMPORT = "POST /v3/activities/contacts_file_import"
ACCOUNT = "GET /v3/account/summary"
SUMMARY = {"organization_name": "Contoso Coffee", "encoded_account_id": "a07e1n5", "contact_email": "mette@contoso.com"}


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body.csv"
    path.write_bytes(b"email,first_name\r\n" + b"".join(b"p%d@contoso.com,Zo\xc3\xab\r\n" % n for n in range(2_000)))
    return path


def send(client: Client, body: Path):
    return client.import_file(list_id=LIST, file_name="cctui-run1-0001-abc.csv", body=body)


def test_a_list_of_lists_is_read_to_its_last_page_by_links_without_a_host(client, service) -> None:
    service.on(
        "GET /v3/contact_lists",
        (
            200,
            {
                "lists": [{"list_id": LIST.upper(), "name": "Newsletter", "membership_count": 12}],
                "_links": {"next": {"href": "/v3/contact_lists?cursor=bGltaXQ9MQ"}},
            },
        ),
        (200, {"lists": [{"list_id": "b", "name": "Other"}]}),
    )
    with client:
        found = list(client.lists())
    assert [(each.list_id, each.name, each.membership_count) for each in found] == [
        (LIST, "Newsletter", 12),
        ("b", "Other", None),
    ]
    assert str(service.asked[0].url) == "https://api.cc.email/v3/contact_lists?limit=500&include_membership_count=all"
    assert str(service.asked[1].url) == "https://api.cc.email/v3/contact_lists?cursor=bGltaXQ9MQ"
    assert service.asked[0].headers["Authorization"] == "Bearer access-1"
    assert service.asked[0].headers["User-Agent"].startswith("cctui/")


@pytest.mark.parametrize("href", ["/v3/activities?limit=500", "/v3/activities?cursor=1"])
def test_a_next_link_that_loops_is_an_error_and_not_an_endless_reading(client, service, href) -> None:
    service.on("GET /v3/activities", (200, {"activities": [ACTIVITY], "_links": {"next": {"href": href}}}))
    with pytest.raises(WrongAnswer, match="page that was read before"):
        list(client.activities())
    assert len(service.asked) <= 2


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/v3/activities",
        "//evil.example/v3",
        "http://api.cc.email/v3/activities",
        "http://[",
        "https://api.cc.email@evil.example/",
    ],
)
def test_a_next_link_to_another_host_never_gets_the_token(client, service, href) -> None:
    service.on("GET /v3/activities", (200, {"activities": [], "_links": {"next": {"href": href}}}))
    with pytest.raises(WrongAnswer, match="another host"):
        list(client.activities())
    assert len(service.asked) == 1


def test_an_import_is_sent_as_the_api_describes_it(client, service, body) -> None:
    service.on(
        IMPORT,
        (
            201,
            {
                **ACTIVITY,
                "source_file_name": "cctui-run1-0001-abc.csv",
                "status": {"items_total_count": 2001, "person_count": None},
            },
        ),
    )
    answer = send(client, body)
    request, sent = service.asked[0], service.bodies[0]
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert int(request.headers["Content-Length"]) == len(sent)
    assert b'Content-Disposition: form-data; name="list_ids"\r\n\r\n' + LIST.encode() in sent
    assert (
        b'name="file"; filename="cctui-run1-0001-abc.csv"\r\nContent-Type: text/csv\r\n\r\n' + body.read_bytes() in sent
    )
    assert answer.activity.source_file_name == "cctui-run1-0001-abc.csv"
    assert answer.activity.items_total_count == 2001
    assert answer.activity.person_count is None
    assert answer.request_id == "request-1"
    assert answer.activity.created_at == datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "end",
    [
        (500, {"error_key": "x", "error_message": "y"}),
        (502, b"<html><body>Bad gateway</body></html>"),
        (503, b""),
        (504, {"message": "Endpoint request timed out"}),
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.WriteError("reset"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        (201, b"not json"),
        (201, {"state": "initialized"}),
        (201, b""),
    ],
)
def test_an_import_with_an_unclear_end_is_not_sent_again_by_itself(client, service, body, end) -> None:
    service.on(IMPORT, end)
    with pytest.raises(OutcomeUnknown):
        send(client, body)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "end",
    [httpx.ConnectError("[Errno 111] Connection refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy")],
)
def test_an_import_that_never_left_is_told_as_that(client, service, body, calls: list[Call], end) -> None:
    service.on(IMPORT, end)
    with pytest.raises(Unreachable, match=r"api\.cc\.email cannot be reached"):
        send(client, body)
    assert [call.outcome for call in calls] == [CallOutcome.UNREACHABLE]


def test_reading_is_tried_again_after_faults_with_longer_waits(client, service, clock) -> None:
    service.on(ACCOUNT, (500, b""), httpx.ReadTimeout("slow"), (503, b"<h1>Sorry</h1>"), (200, SUMMARY))
    assert client.account().name == "Contoso Coffee"
    assert client.requests == 4
    back_offs = [wait for wait in clock.waits if wait >= 1]
    assert back_offs == sorted(back_offs)
    assert len(back_offs) == 3


def test_reading_gives_up_after_bounded_tries(client, service) -> None:
    service.on(ACCOUNT, (503, b"<html><style>p{}</style><p>Sorry</p></html>"))
    with pytest.raises(ServiceFault, match="Sorry") as caught:
        client.account()
    assert caught.value.status == 503
    assert "<" not in str(caught.value)
    assert len(service.asked) == 4


def test_a_throttled_call_waits_a_second_or_more_and_goes_on(client, service, clock, body, calls) -> None:
    throttled = (429, {"error_key": "throttled", "error_message": "Too Many Requests"})
    service.on(IMPORT, throttled, throttled, (201, ACTIVITY))
    send(client, body)
    assert [call.outcome for call in calls] == [CallOutcome.THROTTLED, CallOutcome.THROTTLED, CallOutcome.OK]
    assert sum(1 for wait in clock.waits if wait >= 1) == 2
    assert service.bodies[0].split(b"\r\n", 1)[1].count(b"@contoso.com") == 2_000
    assert service.bodies[2].count(b"@contoso.com") == 2_000


def test_a_call_that_is_throttled_for_ever_ends(client, service) -> None:
    service.on(ACCOUNT, (429, {"error_key": "throttled", "error_message": "Too Many Requests"}))
    with pytest.raises(Throttled):
        client.account()
    assert len(service.asked) == 6


def test_a_used_up_quota_stops_every_call_until_midnight_utc(client, service, clock, connection, limits_path) -> None:
    service.on(ACCOUNT, (429, {"error_key": "quota_exceeded", "error_message": "Limit Exceeded"}))
    for _again in range(2):
        with pytest.raises(QuotaExceeded) as caught:
            client.account()
        assert caught.value.resets_at == datetime(2026, 11, 24, tzinfo=UTC)
        assert caught.value.exit_code is ExitCode.PAUSED_FOR_QUOTA
    assert len(service.asked) == 1
    assert usage(limits_path, connection.client_id, clock).exhausted
    clock.time = datetime(2026, 11, 24, 0, 0, 1, tzinfo=UTC)
    service.on(ACCOUNT, (200, SUMMARY))
    assert client.account().encoded_account_id == "a07e1n5"


def test_a_full_queue_is_a_429_of_its_own(client, service, body) -> None:
    service.on(
        IMPORT,
        (
            429,
            [
                {
                    "error_key": "contacts.api.too_many",
                    "error_message": "There are already 1,000 queued activities for this user account.",
                }
            ],
        ),
    )
    with pytest.raises(QueueFull, match="1,000 queued"):
        send(client, body)
    assert len(service.asked) == 1


def test_a_401_renews_once_and_tries_once_more(client, service, store, connection) -> None:
    service.on(ACCOUNT, (401, {"error_key": "unauthorized", "error_message": "Unauthorized"}), (200, SUMMARY))
    service.on(TOKEN, (200, {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 86400}))
    client.account()
    assert [request.headers.get("Authorization") for request in service.asked] == [
        "Bearer access-1",
        None,
        "Bearer access-2",
    ]
    assert store.load(connection.id).refresh_token == Secret("refresh-2")


def test_a_second_401_stops_with_the_reason(client, service) -> None:
    service.on(ACCOUNT, (401, {"error_key": "unauthorized", "error_message": "Unauthorized"}))
    service.on(TOKEN, (200, {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 86400}))
    with pytest.raises(SignInNeeded) as caught:
        client.account()
    assert caught.value.reason is SignInReason.STILL_UNAUTHORIZED
    assert caught.value.exit_code is ExitCode.SIGN_IN_NEEDED
    assert "cctui connections sign-in marketing" in caught.value.do
    assert len(service.asked) == 3


def test_nobody_has_signed_in_yet(connection, secrets_folder, limits_path, clock, service) -> None:
    with (
        open_client(connection, secrets_folder, limits_path, clock=clock, transport=service.transport) as client,
        pytest.raises(SignInNeeded) as caught,
    ):
        client.account()
    assert caught.value.reason is SignInReason.NEVER
    assert service.asked == []


def test_a_403_names_its_three_possible_causes(client, service) -> None:
    service.on(ACCOUNT, (403, {"message": "Forbidden"}))
    with pytest.raises(NotAllowed) as caught:
        client.account()
    for cause in ("scope", "role", "deactivated", "Forbidden"):
        assert cause in caught.value.why
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotThere), (400, Refused), (409, Refused), (415, Refused), (302, WrongAnswer)]
)
def test_refusals_are_told_and_not_repeated(client, service, body, status, kind) -> None:
    service.on(
        IMPORT,
        (status, [{"error_key": "contacts.api.validation.error", "error_message": "no list of mette@contoso.com"}]),
    )
    with pytest.raises(kind) as caught:
        send(client, body)
    assert "mette@" not in str(caught.value)
    assert caught.value.status == status
    assert caught.value.request_id == "request-1"
    assert len(service.asked) == 1


def test_an_answer_without_what_it_must_have_is_named_without_its_content(client, service) -> None:
    service.on(ACCOUNT, (200, {"organization_name": "mette@contoso.com"}))
    with pytest.raises(WrongAnswer, match="encoded_account_id") as caught:
        client.account()
    assert "mette" not in str(caught.value)


def test_every_call_is_told_to_the_log_without_query_or_secret(client, service, calls) -> None:
    service.on("GET /v3/activities/17", (404, [{"error_key": "not_found", "error_message": "gone"}]))
    with pytest.raises(NotThere):
        client.activity("17")
    [call] = calls
    assert (call.method, call.path, call.status, call.request_id, call.outcome) == (
        "GET",
        "/v3/activities/17",
        404,
        "request-1",
        CallOutcome.REFUSED,
    )


def test_calls_are_paced_and_counted_per_key(client, service, clock, connection, limits_path) -> None:
    service.on(ACCOUNT, (200, SUMMARY))
    for _ in range(9):
        client.account()
    assert clock.ticks - 1_000 >= 2.0
    assert usage(limits_path, connection.client_id, clock).used == 9 == client.requests


def test_the_smaller_calls_read_what_they_must(client, service) -> None:
    service.on(
        "GET /v3/account/user/privileges",
        (200, [{"privilege_id": 1, "privilege_name": "contacts:write"}, {"privilege_name": None}]),
    )
    service.on(f"GET /v3/contact_lists/{LIST}", (200, {"list_id": LIST, "name": "Newsletter", "membership_count": 3}))
    service.on("POST /v3/contact_lists", (201, {"list_id": LIST, "name": "New"}))
    service.on(
        "GET /v3/contact_custom_fields",
        (200, {"custom_fields": [{"custom_field_id": "c", "label": "Tier x", "name": "Tier_x", "type": "string"}]}),
    )
    service.on("GET /v3/contacts/counts", (200, {"total": 5, "unsubscribed": 1}))
    assert client.privileges().may_import
    assert client.contact_list(LIST).membership_count == 3
    assert client.create_list("New").list_id == LIST
    assert service.bodies[-1] == b'{"name":"New"}'
    assert [field.name for field in client.custom_fields()] == ["Tier_x"]
    assert client.contact_counts().unsubscribed == 1


@pytest.mark.parametrize("address", ["http://api.cc.email/v3", "ftp://127.0.0.1/v3", "api.cc.email", "https://"])
def test_tokens_never_travel_in_the_clear(
    connection: ConnectionDefinition, secrets_folder, limits_path, address
) -> None:
    with pytest.raises(InsecureAddress):
        open_client(replace(connection, endpoints=Endpoints(api=address)), secrets_folder, limits_path)


def test_a_token_near_its_end_is_renewed_before_the_call(
    client, service, store, connection, tokens: Tokens, clock
) -> None:
    store.save(connection.id, replace(tokens, expires_at=clock.time + timedelta(minutes=2)))
    service.on(TOKEN, (200, {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 86400}))
    service.on(ACCOUNT, (200, SUMMARY))
    client.account()
    assert service.paths() == [TOKEN, ACCOUNT]
    assert service.forms()[0] == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
        "client_id": connection.client_id,
    }
    assert "Authorization" not in service.asked[0].headers
    assert service.asked[1].headers["Authorization"] == "Bearer access-2"


def test_another_processs_renewal_is_used_without_a_renewal_of_ones_own(
    client, service, store: TokenStore, connection, tokens
) -> None:
    service.on(
        ACCOUNT, lambda request: (200, SUMMARY) if request.headers["Authorization"] == "Bearer access-9" else (401, {})
    )
    first = service.answers[ACCOUNT][0]

    def renewed_meanwhile(request: httpx.Request):
        store.save(connection.id, replace(tokens, access_token=Secret("access-9"), refresh_token=Secret("refresh-9")))
        return first(request)

    service.answers[ACCOUNT] = [renewed_meanwhile, first]
    client.account()
    assert service.paths() == [ACCOUNT, ACCOUNT]


def test_a_disk_that_fills_up_during_a_call_does_not_hide_its_answer(client, service, body, monkeypatch) -> None:
    def full(self: Limits, client_id: str, seconds: float) -> None:
        raise LimitsUnusable(body, "database or disk is full", "")

    monkeypatch.setattr(Limits, "delayed", full)
    monkeypatch.setattr(call_module._Departure, "moment", 1_000_000.0, raising=False)
    monkeypatch.setattr(call_module._Departure, "__init__", lambda self, clock: None)
    service.on(IMPORT, (201, ACTIVITY))
    assert send(client, body).activity.activity_id == ACTIVITY["activity_id"]


def test_a_log_that_fails_after_an_import_does_not_make_it_look_unsent(
    connection, secrets_folder, limits_path, clock, service, store, tokens, body
) -> None:
    def full(_call: Call) -> None:
        raise OSError(28, "No space left on device")

    store.save(connection.id, tokens)
    client = signed_in_client(connection, secrets_folder, limits_path, clock, service, full)
    service.on(IMPORT, (201, ACTIVITY))
    with pytest.raises(OutcomeUnknown, match="No space left"):
        send(client, body)
    service.on(IMPORT, (404, b""))
    with pytest.raises(OSError, match="No space left"):
        send(client, body)
