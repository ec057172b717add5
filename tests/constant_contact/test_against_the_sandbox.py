"""The whole way over a real socket: sign-in, calls and faults against the stand-in (C9 to C14 below the screen)."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from msgspec.structs import replace
from service_double import StillClock

from cctui.constant_contact.client import Client, open_client, usage
from cctui.constant_contact.connection_check import ConnectionState, check_connection
from cctui.constant_contact.errors import (
    AccountChanged,
    NotAllowed,
    NotThere,
    OutcomeUnknown,
    QueueFull,
    QuotaExceeded,
    ServiceFault,
    SignInNeeded,
    SignInReason,
    Unreachable,
    WrongAnswer,
)
from cctui.constant_contact.sign_in import (
    DEFAULT_REDIRECT,
    DeviceSignIn,
    NewTokens,
    Pending,
    PkceSignIn,
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
)
from cctui.constant_contact.tokens import Secret, Standing, Tokens, TokenStore
from cctui.definitions.model import Account, ConnectionDefinition, Endpoints, ListId
from cctui.host.clock import SystemClock
from cctui.sandbox.running import RunningSandbox, start

QUICK = {
    "rate_per_second": 0,
    "token_rate": 0,
    "device_interval": 0,
    "initialized_seconds": 0,
    "processing_seconds": 0,
    "lists": ["Newsletter"],
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(tmp_path_factory.mktemp("sandbox") / "sandbox", settings=QUICK) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    """A stand-in that has forgotten everything."""
    running.ask("faults", method="DELETE")
    running.ask("reset", {})
    return running


@pytest.fixture
def own(connection: ConnectionDefinition, sandbox: RunningSandbox) -> ConnectionDefinition:
    """A connection that nobody has signed in to, at the stand-in."""
    return replace(connection, account=None, endpoints=Endpoints(api=sandbox.api, authorization=sandbox.authorization))


@pytest.fixture
def signed_in(own, sandbox, store: TokenStore) -> Tokens:
    given = sandbox.ask("tokens", {"client_id": own.client_id})
    now = datetime.now(UTC)
    tokens = Tokens(
        client_id=own.client_id,
        access_token=Secret(given["access_token"]),
        refresh_token=Secret(given["refresh_token"]),
        expires_at=now + timedelta(days=1),
        signed_in_at=now,
        renewed_at=now,
    )
    store.save(own.id, tokens)
    return tokens


@pytest.fixture
def client(own, signed_in, secrets_folder: Path, limits_path: Path) -> Iterator[Client]:
    with open_client(own, secrets_folder, limits_path, clock=_now(), jitter=lambda: 0.0) as client:
        yield client


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body.csv"
    path.write_text("email,first_name\r\n" + "".join(f"p{n}@contoso.example,Zoë\r\n" for n in range(1_000)))
    return path


@pytest.fixture
def list_id(sandbox) -> ListId:
    return ListId(sandbox.ask("lists")["Newsletter"])


def _now() -> StillClock:
    return StillClock(datetime.now(UTC))


def follow(sign_in: DeviceSignIn, clock: StillClock) -> NewTokens:
    while isinstance(found := sign_in.poll_once(), Pending):
        clock.wait(found.wait)
    return found


def test_c12_c13_c14_a_connection_is_signed_in_by_device_code(own, sandbox, secrets_folder, limits_path, store) -> None:
    clock = _now()
    sign_in = DeviceSignIn(own, clock=clock)
    code = sign_in.start()
    page = httpx.get(code.verification_uri_complete)
    assert code.user_code in page.text
    clock.wait(5)
    assert isinstance(sign_in.poll_once(), Pending)
    httpx.post(code.verification_uri, data={"user_code": code.user_code, "decision": "approve"})
    done = finish(own, follow(sign_in, clock), secrets_folder, limits_path, clock=clock)
    sign_in.close()
    assert done.account.organization_name == "Contoso Coffee"
    assert done.privileges.may_import
    assert store.state(own.id).standing is Standing.GOOD
    pinned = replace(own, account=done.pin)
    checked = check_connection(pinned, secrets_folder, limits_path, limits_path.with_name("checks.json"), clock=clock)
    assert checked.state is ConnectionState.CONNECTED


def test_c13_a_connection_is_signed_in_by_a_pasted_address(own, sandbox, secrets_folder, limits_path) -> None:
    sign_in = PkceSignIn(own)
    fields = {name: value for name, [value] in parse_qs(urlsplit(sign_in.address).query).items()}
    page = httpx.post(sign_in.address.partition("?")[0], data={**fields, "decision": "approve"}, follow_redirects=False)
    shown = page.headers.get("location") or page.text.replace("&amp;", "&")
    led_to = re.search(re.escape(DEFAULT_REDIRECT) + r"\?[^\"'<\s]+", shown).group()
    done = finish(own, sign_in.redeem(led_to), secrets_folder, limits_path, clock=_now())
    assert done.pin.name == "Contoso Coffee"
    with pytest.raises(CodeRefused):
        sign_in.redeem(led_to)


def test_a_denied_code_ends_the_sign_in(own, sandbox) -> None:
    clock = _now()
    sign_in = DeviceSignIn(own, clock=clock)
    sandbox.ask("deny", {"user_code": sign_in.start().user_code})
    with pytest.raises(SignInDenied):
        follow(sign_in, clock)


def sign_in_error(error: str) -> dict[str, object]:
    return {"kind": "sign-in-error", "path": "/oauth2/default/v1/token", "error": error, "nth": 1}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("expired_token", CodeExpired),
        ("access_denied", SignInDenied),
        ("unauthorized_client", ApplicationNotSetUp),
        ("invalid_client", ApplicationNotSetUp),
        ("invalid_grant", CodeRefused),
        ("unsupported_grant_type", ApplicationNotSetUp),
    ],
)
def test_each_sign_in_fault_of_the_stand_in_has_its_own_end(own, sandbox, error, kind) -> None:
    clock = _now()
    sandbox.ask("faults", sign_in_error(error))
    sign_in = DeviceSignIn(own, clock=clock)
    sign_in.start()
    with pytest.raises(kind):
        follow(sign_in, clock)


def test_the_stand_ins_slow_down_is_obeyed(own, sandbox) -> None:
    clock = _now()
    sandbox.ask("faults", sign_in_error("slow_down"))
    sign_in = DeviceSignIn(own, clock=clock)
    sandbox.ask("approve", {"user_code": sign_in.start().user_code})
    clock.wait(5)
    found = sign_in.poll_once()
    assert isinstance(found, Pending)
    assert (found.waiting, found.wait) == (Waiting.TOLD_TO_SLOW_DOWN, 10)
    follow(sign_in, clock)


def test_the_token_endpoints_429_is_obeyed(own, sandbox) -> None:
    clock = _now()
    sign_in = DeviceSignIn(own, clock=clock)
    sign_in.start()
    sandbox.ask("settings", {"token_rate": 0.001}, method="PUT")
    clock.wait(5)
    assert sign_in.poll_once().waiting is Waiting.APPROVAL
    clock.wait(5)
    assert sign_in.poll_once().waiting is Waiting.TOLD_TO_SLOW_DOWN


def test_an_application_for_another_flow_is_told_at_the_start(own, sandbox) -> None:
    sandbox.ask("settings", {"flows": ["pkce"]}, method="PUT")
    with pytest.raises(ApplicationNotSetUp, match="device flow"):
        DeviceSignIn(own).start()
    sandbox.ask("settings", {"client_ids": ["5a0c7e11-0d15-4b0e-9c1a-5bd0c0ffee99"]}, method="PUT")
    with pytest.raises(ApplicationNotSetUp, match="client_id"):
        DeviceSignIn(own).start()


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ({"refresh_tokens": "none"}, NoRefreshToken),
        ({"assigned": False}, NoAccount),
        ({"user_role": "campaign-creator"}, NoRights),
    ],
)
def test_a_sign_in_that_would_be_of_no_use_is_not_saved(
    own, sandbox, secrets_folder, limits_path, store, setting, kind
) -> None:
    sandbox.ask("settings", {**setting, "pending_polls": 1}, method="PUT")
    clock = _now()
    sign_in = DeviceSignIn(own, clock=clock)
    sign_in.start()
    new = follow(sign_in, clock)
    with pytest.raises(kind):
        finish(own, new, secrets_folder, limits_path, clock=clock)
    assert store.load(own.id) is None


def test_another_account_is_told_apart_at_the_sign_in_and_at_the_check(
    own, sandbox, secrets_folder, limits_path, signed_in, tmp_path
) -> None:
    with open_client(own, secrets_folder, limits_path, clock=_now()) as client:
        account = client.account()
    pinned = replace(own, account=Account(id="another", name=account.name))
    checked = check_connection(pinned, secrets_folder, limits_path, tmp_path / "state" / "checks.json", clock=_now())
    assert checked.state is ConnectionState.ACCOUNT_CHANGED
    sandbox.ask("settings", {"pending_polls": 0}, method="PUT")
    clock = _now()
    sign_in = DeviceSignIn(pinned, clock=clock)
    sign_in.start()
    with pytest.raises(AccountChanged):
        finish(pinned, follow(sign_in, clock), secrets_folder, limits_path, clock=clock)


def test_without_a_network_nothing_hangs_and_all_is_told(own, secrets_folder, limits_path, signed_in, tmp_path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    gone = replace(own, endpoints=Endpoints(api=f"{nobody}/v3", authorization=f"{nobody}/oauth2/default/v1"))
    with pytest.raises(NoAnswerYet):
        DeviceSignIn(gone).start()
    with open_client(gone, secrets_folder, limits_path, clock=_now()) as client, pytest.raises(Unreachable):
        client.account()
    checked = check_connection(gone, secrets_folder, limits_path, tmp_path / "state" / "checks.json", clock=_now())
    assert checked.state is ConnectionState.UNREACHABLE


def test_an_import_arrives_and_its_job_is_read_back(client, sandbox, list_id, body) -> None:
    before = client.contact_list(list_id).membership_count
    answer = client.import_file(list_id=list_id, file_name="cctui-run1-0001-0a1b.csv", body=body)
    sandbox.ask("idle")
    [job] = [each for each in client.activities() if each.activity_id == answer.activity.activity_id]
    assert job.source_file_name == "cctui-run1-0001-0a1b.csv"
    assert job.completed
    assert client.activity(job.activity_id).items_total_count == 1_001
    assert client.contact_list(list_id).membership_count == before + 1_000
    assert len(sandbox.contacts(list_id)) == 1_000


@pytest.mark.parametrize(
    ("fault", "kind", "carried_out"),
    [
        ({"kind": "no-answer"}, OutcomeUnknown, True),
        ({"kind": "cut-answer"}, OutcomeUnknown, True),
        ({"kind": "wrong-json"}, OutcomeUnknown, True),
        ({"kind": "wrong-shape"}, OutcomeUnknown, True),
        ({"kind": "empty-body"}, OutcomeUnknown, True),
        ({"kind": "500"}, OutcomeUnknown, False),
        ({"kind": "502", "carried_out": True}, OutcomeUnknown, True),
        ({"kind": "503"}, OutcomeUnknown, False),
        ({"kind": "reset-before-body"}, OutcomeUnknown, False),
        ({"kind": "reset-in-body"}, OutcomeUnknown, False),
        ({"kind": "black-hole", "seconds": 0.1}, OutcomeUnknown, False),
        ({"kind": "403"}, NotAllowed, False),
        ({"kind": "queue-full"}, QueueFull, False),
        ({"kind": "quota-exceeded"}, QuotaExceeded, False),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
def test_after_each_fault_of_an_import_it_is_known_what_is_known(
    client, sandbox, list_id, body, fault, kind, carried_out
) -> None:
    sandbox.ask("faults", {**fault, "path": "/v3/activities/contacts_file_import"})
    with pytest.raises(kind):
        client.import_file(list_id=list_id, file_name="cctui-run1-0001-0a1b.csv", body=body)
    sandbox.ask("faults", method="DELETE")
    sandbox.ask("idle")
    assert len(sandbox.ask("imports")["imports"]) == (1 if carried_out else 0)
    if kind is OutcomeUnknown:
        assert any(job.source_file_name == "cctui-run1-0001-0a1b.csv" for job in client.activities()) is carried_out


def test_a_service_that_has_gone_has_surely_not_carried_it_out(
    own, store, signed_in, secrets_folder, limits_path, body, tmp_path
) -> None:
    with start(tmp_path / "another", settings=QUICK) as short_lived:
        given = short_lived.ask("tokens", {"client_id": own.client_id})
        store.save(own.id, replace(signed_in, access_token=Secret(given["access_token"])))
        there = Endpoints(api=short_lived.api, authorization=short_lived.authorization)
        with open_client(replace(own, endpoints=there), secrets_folder, limits_path, clock=_now()) as client:
            client.account()
            short_lived.stop()
            with pytest.raises(Unreachable):
                client.import_file(list_id=ListId("any"), file_name="a.csv", body=body)


@pytest.mark.parametrize("kind", ["500", "502", "503", "cut-answer", "black-hole", "reset-before-body"])
def test_reading_survives_a_passing_fault(client, sandbox, kind) -> None:
    sandbox.ask("faults", {"kind": kind, "path": "/v3/contact_lists", "times": 2, "seconds": 0.1})
    assert [each.name for each in client.lists()] == ["Newsletter"]
    assert client.requests == 3


def test_reading_ends_when_the_fault_does_not(client, sandbox) -> None:
    sandbox.ask("faults", {"kind": "503", "path": "/v3/contact_lists"})
    with pytest.raises(ServiceFault):
        list(client.lists())


def test_pages_that_loop_end(client, sandbox) -> None:
    sandbox.ask("faults", {"kind": "looping-next"})
    with pytest.raises(WrongAnswer):
        list(client.lists())


def test_a_list_that_is_not_there_is_told(client) -> None:
    with pytest.raises(NotThere):
        client.contact_list(ListId("3b1d6c1e-0f6d-4a55-9d1c-0d9d1cf5a001"))


def test_all_pages_are_read(client, sandbox) -> None:
    sandbox.ask("lists", {"names": [f"List {number:04}" for number in range(520)]})
    assert len({each.list_id for each in client.lists()}) == 521
    assert client.requests == 2


def test_an_access_token_that_the_service_ended_is_renewed_in_passing(client, sandbox, own, store, signed_in) -> None:
    sandbox.ask("tokens", method="DELETE")
    client.account()
    assert store.load(own.id).refresh_token != signed_in.refresh_token


def test_a_grant_that_was_withdrawn_needs_a_sign_in(client, sandbox, own, store) -> None:
    sandbox.ask("tokens?refresh=1", method="DELETE")
    with pytest.raises(SignInNeeded) as caught:
        client.account()
    assert caught.value.reason is SignInReason.REVOKED
    assert store.state(own.id).standing is Standing.ENDED


def test_the_service_counts_no_more_than_four_calls_in_a_second(
    own, sandbox, signed_in, secrets_folder, limits_path
) -> None:
    sandbox.ask("settings", {"rate_per_second": 4}, method="PUT")
    with open_client(own, secrets_folder, limits_path, clock=SystemClock()) as client:
        for _ in range(9):
            client.account()
    key = sandbox.ask("stats")["keys"][own.client_id]
    assert key["throttled"] == 0
    assert key["busiest_second"] <= 4
    assert usage(limits_path, own.client_id).used == key["today"] == 9


def test_a_daily_quota_smaller_than_we_know_stops_the_lane(client, sandbox, own, limits_path) -> None:
    sandbox.ask("settings", {"daily_quota": 2}, method="PUT")
    client.account()
    client.account()
    with pytest.raises(QuotaExceeded):
        client.account()
    with pytest.raises(QuotaExceeded):
        client.account()
    assert client.requests == 3


def test_the_libraries_at_their_most_talkative_tell_no_token(
    own, sandbox, secrets_folder, limits_path, store, body, list_id, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sandbox.ask("settings", {"pending_polls": 0}, method="PUT")
    clock = _now()
    sign_in = DeviceSignIn(own, clock=clock)
    sign_in.start()
    finish(own, follow(sign_in, clock), secrets_folder, limits_path, clock=clock)
    given = [store.load(own.id)]
    sandbox.ask("tokens", method="DELETE")
    with open_client(own, secrets_folder, limits_path, clock=clock) as client:
        client.import_file(list_id=list_id, file_name="a.csv", body=body)
    given.append(store.load(own.id))
    assert "send_request_headers.complete" in caplog.text
    assert given[0].access_token != given[1].access_token
    for tokens in given:
        assert tokens.access_token.reveal() not in caplog.text
        assert tokens.refresh_token.reveal() not in caplog.text
    assert "p1@contoso.example" not in caplog.text
