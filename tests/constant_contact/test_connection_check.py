"""A connection's state is a real one: asked for, written down with its time, and never secret (C15)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from cctui.constant_contact.connection_check import (
    STATE_TITLES,
    ConnectionCheck,
    ConnectionState,
    check_connection,
    last_checks,
    record,
    require_account,
    state_without_asking,
)
from cctui.constant_contact.errors import AccountChanged, SignInReason
from cctui.definitions.model import Account

SUMMARY = {"organization_name": "Contoso Coffee", "encoded_account_id": "a07e1n5", "contact_email": "mette@contoso.com"}
RIGHTS = [{"privilege_name": "contacts:write"}]


@pytest.fixture
def checks(tmp_path: Path) -> Path:
    return tmp_path / "state" / "connection-checks.json"


@pytest.fixture
def check(connection, secrets_folder, limits_path, checks, clock, service, store, tokens):
    """Test a connection that is signed in."""
    store.save(connection.id, tokens)
    service.on("GET /v3/account/summary", (200, SUMMARY))
    service.on("GET /v3/account/user/privileges", (200, RIGHTS))

    def run(of=connection) -> ConnectionCheck:
        return check_connection(of, secrets_folder, limits_path, checks, clock=clock, transport=service.transport)

    return run


def test_a_working_connection_is_connected_and_remembered(check, checks, clock) -> None:
    found = check()
    assert found.state is ConnectionState.CONNECTED
    assert found.account == "Contoso Coffee (a07e1n5)"
    assert found.sentence == ""
    assert last_checks(checks) == {"marketing": found}
    assert found.checked_at == clock.time
    assert checks.stat().st_mode & 0o777 == 0o600
    text = checks.read_text()
    assert not any(word in text for word in ("mette", "access-1", "refresh-1"))


def test_another_account_behind_the_token_is_account_changed(check, connection) -> None:
    found = check(replace(connection, account=Account(id="zzz", name="Fabrikam")))
    assert found.state is ConnectionState.ACCOUNT_CHANGED
    assert found.account == "Contoso Coffee (a07e1n5)"
    assert "Fabrikam (zzz)" in found.sentence


def test_a_run_refuses_another_account(client, connection, service) -> None:
    service.on("GET /v3/account/summary", (200, SUMMARY))
    assert require_account(client, connection).encoded_account_id == "a07e1n5"
    with pytest.raises(AccountChanged):
        require_account(client, replace(connection, account=Account(id="zzz", name="Fabrikam")))


@pytest.mark.parametrize(
    ("path", "answer", "state", "reason"),
    [
        (
            "GET /v3/account/user/privileges",
            (200, [{"privilege_name": "contacts:read"}]),
            ConnectionState.NO_RIGHTS,
            None,
        ),
        ("GET /v3/account/summary", (403, {"message": "Forbidden"}), ConnectionState.NO_RIGHTS, None),
        ("GET /v3/account/summary", httpx.ConnectError("refused"), ConnectionState.UNREACHABLE, None),
        ("GET /v3/account/summary", (503, b""), ConnectionState.UNREACHABLE, None),
        ("GET /v3/account/summary", (401, {}), ConnectionState.SIGN_IN_NEEDED, SignInReason.REVOKED),
    ],
)
def test_each_state_is_told_apart(check, service, path, answer, state, reason) -> None:
    service.on(path, answer)
    service.on("POST /oauth2/default/v1/token", (400, {"error": "invalid_grant"}))
    found = check()
    assert (found.state, found.reason) == (state, reason)
    assert found.sentence


def test_a_used_up_quota_says_nothing_about_the_connection(check, checks, service) -> None:
    before = check()
    service.on("GET /v3/account/summary", (429, {"error_key": "quota_exceeded", "error_message": "Limit Exceeded"}))
    found = check()
    assert found.state is ConnectionState.CONNECTED
    assert "used up" in found.problem
    assert last_checks(checks)["marketing"] == before


def test_a_list_shows_the_state_at_once_without_asking(check, connection, secrets_folder, checks, store, clock) -> None:
    def shown() -> ConnectionCheck:
        return state_without_asking(connection, secrets_folder, checks, clock.time)

    assert shown().state is ConnectionState.NEVER_CHECKED
    check()
    assert shown().state is ConnectionState.CONNECTED
    store.path(connection.id).chmod(0o644)
    assert shown().state is ConnectionState.SIGN_IN_NEEDED
    assert "chmod 600" in shown().sentence
    store.path(connection.id).chmod(0o600)
    clock.time += timedelta(days=181)
    assert shown().reason is SignInReason.REVOKED
    clock.time -= timedelta(days=181)
    store.remove(connection.id)
    assert (shown().state, shown().reason) == (ConnectionState.SIGN_IN_NEEDED, SignInReason.NEVER)


def test_a_viewer_who_may_not_read_the_tokens_sees_the_last_check(
    check, connection, secrets_folder, checks, clock, monkeypatch
) -> None:
    found = check()

    def denied(path, *_flags) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert state_without_asking(connection, secrets_folder, checks, clock.time) == found


def test_a_new_sign_in_makes_an_old_sign_in_needed_obsolete(
    check, connection, secrets_folder, checks, store, tokens, clock
) -> None:
    record(checks, connection.id, ConnectionCheck(ConnectionState.SIGN_IN_NEEDED, clock.time, SignInReason.REVOKED))
    store.save(connection.id, replace(tokens, signed_in_at=clock.time + timedelta(hours=1)))
    assert state_without_asking(connection, secrets_folder, checks, clock.time).state is ConnectionState.NEVER_CHECKED


def test_checks_of_a_removed_connection_are_forgotten_and_a_broken_file_is_no_trouble(check, checks) -> None:
    check()
    record(checks, "marketing", None)
    assert last_checks(checks) == {}
    checks.write_text("{")
    assert last_checks(checks) == {}
    check()
    assert set(last_checks(checks)) == {"marketing"}


def test_every_state_has_a_title() -> None:
    assert set(STATE_TITLES) == set(ConnectionState)
