"""A token is renewed early, by one process at a time, and the new pair is on the disk before its first use."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace
from service_double import Service, StillClock

from cctui.constant_contact.errors import (
    NotAllowed,
    Refused,
    ServiceFault,
    SignInNeeded,
    SignInReason,
    Unreachable,
)
from cctui.constant_contact.renewal import StoredTokens
from cctui.constant_contact.tokens import Secret, Standing, TokenFileError, Tokens, TokenStore
from cctui.definitions.model import ConnectionDefinition

TOKEN = "POST /oauth2/default/v1/token"
NEW = (200, {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 86400, "token_type": "Bearer"})
DEAD = (400, {"error": "invalid_grant", "error_description": "The refresh token is invalid or expired."})


@pytest.fixture
def source(connection, store, clock, service, tokens) -> StoredTokens:
    """Tokens of a connection whose access token ended an hour ago."""
    store.save(connection.id, replace(tokens, expires_at=clock.time - timedelta(hours=1)))
    return StoredTokens(connection, store, clock, lambda: 0.5, service.transport)


def test_a_fresh_token_is_used_without_asking(connection, store, clock, service, tokens) -> None:
    store.save(connection.id, tokens)
    assert StoredTokens(connection, store, clock, lambda: 0.5, service.transport).current() == Secret("access-1")
    assert service.asked == []


def test_the_new_pair_is_on_the_disk_when_it_is_handed_out(source, store, service, clock) -> None:
    service.on(TOKEN, NEW)
    assert source.current() == Secret("access-2")
    saved = store.load("marketing")
    assert (saved.access_token, saved.refresh_token) == (Secret("access-2"), Secret("refresh-2"))
    assert saved.expires_at == clock.time + timedelta(hours=24)
    assert saved.renewal_started_at is None
    assert saved.signed_in_at < saved.expires_at


def test_an_answer_without_a_refresh_token_keeps_the_old_one(source, store, service) -> None:
    service.on(TOKEN, (200, {"access_token": "access-2", "expires_in": 86400}))
    source.current()
    assert store.load("marketing").refresh_token == Secret("refresh-1")


def test_the_servers_word_on_the_tokens_life_is_taken(source, store, service, clock) -> None:
    service.on(TOKEN, (200, {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": "3600"}))
    source.current()
    assert store.load("marketing").expires_at == clock.time + timedelta(hours=1)


def test_only_invalid_grant_means_sign_in_again(source, store, service) -> None:
    service.on(TOKEN, DEAD)
    with pytest.raises(SignInNeeded) as caught:
        source.current()
    assert caught.value.reason is SignInReason.REVOKED
    state = store.state("marketing")
    assert (state.standing, state.reason) == (Standing.ENDED, SignInReason.REVOKED)
    with pytest.raises(SignInNeeded):
        source.current()
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "passing",
    [
        (500, b""),
        (429, {"error_key": "throttled", "error_message": "Too Many Requests"}),
        (429, b"<html>slow down</html>"),
        (503, b"<html>Sorry</html>"),
        (200, b"not json"),
        (200, {"token_type": "Bearer"}),
        (200, [1, 2]),
        (200, {"access_token": "", "refresh_token": "x"}),
        (200, {"access_token": "a b\n", "expires_in": 5}),
        (400, {"error": "temporarily_unavailable"}),
        (302, b""),
        httpx.ConnectError("[Errno 111] Connection refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
    ],
)
def test_everything_else_is_passing_and_tried_again(source, store, service, passing) -> None:
    service.on(TOKEN, passing, passing, NEW)
    assert source.current() == Secret("access-2")
    assert store.load("marketing").renewal_started_at is None


@pytest.mark.parametrize("passing", [(500, b""), httpx.ConnectError("refused")])
def test_the_tries_are_bounded_and_nobody_is_signed_out_by_them(source, store, service, clock, passing) -> None:
    service.on(TOKEN, passing)
    with pytest.raises((ServiceFault, Unreachable)):
        source.current()
    assert len(service.asked) == 5
    assert all(wait >= 1 for wait in clock.waits)
    assert store.load("marketing").ended is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [((401, {"error": "invalid_client"}), NotAllowed), ((400, {"error": "invalid_request"}), Refused)],
)
def test_a_refusal_of_the_application_is_told_at_once_and_signs_nobody_out(
    source, store, service, answer, kind
) -> None:
    service.on(TOKEN, answer)
    with pytest.raises(kind):
        source.current()
    assert len(service.asked) == 1
    assert store.load("marketing").ended is None
    assert store.load("marketing").renewal_started_at is None


def test_a_token_with_minutes_left_is_used_while_the_renewal_has_trouble(
    connection, store, clock, service, tokens
) -> None:
    store.save(connection.id, replace(tokens, expires_at=clock.time + timedelta(minutes=3)))
    source = StoredTokens(connection, store, clock, lambda: 0.5, service.transport)
    service.on(TOKEN, (503, b""))
    assert [source.current() for _ in range(5)] == [Secret("access-1")] * 5
    assert len(service.asked) == 1
    clock.wait(61)
    service.on(TOKEN, NEW)
    assert source.current() == Secret("access-2")


def test_an_answer_that_was_lost_on_the_way_is_named_as_that(source, store, service) -> None:
    service.on(TOKEN, httpx.ReadTimeout("slow"), DEAD)
    with pytest.raises(SignInNeeded) as caught:
        source.current()
    assert caught.value.reason is SignInReason.ANSWER_LOST
    assert "never reached the disk" in caught.value.why
    assert store.state("marketing").reason is SignInReason.ANSWER_LOST


class _Killed(BaseException):
    """The process ends here."""


def test_a_process_killed_between_answer_and_save_is_named_as_that_by_the_next(
    connection: ConnectionDefinition, store: TokenStore, clock: StillClock, service: Service, source: StoredTokens
) -> None:
    service.on(TOKEN, _answered_and_killed)
    with pytest.raises(_Killed):
        source.current()
    assert store.load("marketing").renewal_started_at is not None
    service.on(TOKEN, DEAD)
    with pytest.raises(SignInNeeded) as caught:
        StoredTokens(connection, store, clock, lambda: 0.5, service.transport).current()
    assert caught.value.reason is SignInReason.ANSWER_LOST


def _answered_and_killed(_request: httpx.Request) -> None:
    raise _Killed


def test_a_process_killed_before_its_request_left_costs_nothing(
    connection, store, clock, service, tokens: Tokens
) -> None:
    store.save(connection.id, replace(tokens, expires_at=clock.time, renewal_started_at=clock.time))
    service.on(TOKEN, NEW)
    assert StoredTokens(connection, store, clock, lambda: 0.5, service.transport).current() == Secret("access-2")


def test_a_refusal_after_a_connection_that_never_came_about_is_no_lost_answer(source, service) -> None:
    service.on(TOKEN, httpx.ConnectError("refused"), (429, b""), DEAD)
    with pytest.raises(SignInNeeded) as caught:
        source.current()
    assert caught.value.reason is SignInReason.REVOKED


def test_a_new_pair_that_the_disk_did_not_take_is_saved_by_the_next_call(source, store, service, monkeypatch) -> None:
    service.on(TOKEN, NEW)
    save = store.save
    refused = []

    def full(connection_id: str, tokens: Tokens) -> None:
        if tokens.access_token == Secret("access-2") and not refused:
            refused.append(1)
            raise TokenFileError(store.path(connection_id), "full")
        save(connection_id, tokens)

    monkeypatch.setattr(store, "save", full)
    with pytest.raises(TokenFileError):
        source.current()
    assert store.load("marketing").access_token == Secret("access-1")
    assert source.current() == Secret("access-2")
    assert store.load("marketing").refresh_token == Secret("refresh-2")
    assert len(service.asked) == 1


def test_without_a_refresh_token_the_end_of_the_access_token_is_the_end(
    connection, store, clock, service, tokens
) -> None:
    store.save(connection.id, replace(tokens, refresh_token=None, expires_at=clock.time + timedelta(minutes=2)))
    source = StoredTokens(connection, store, clock, lambda: 0.5, service.transport)
    assert source.current() == Secret("access-1")
    clock.wait(121)
    with pytest.raises(SignInNeeded) as caught:
        source.current()
    assert caught.value.reason is SignInReason.NO_REFRESH_TOKEN


def test_tokens_of_another_application_key_are_not_used(connection, store, clock, service, tokens) -> None:
    store.save(connection.id, replace(tokens, client_id="another"))
    with pytest.raises(SignInNeeded) as caught:
        StoredTokens(connection, store, clock, lambda: 0.5, service.transport).current()
    assert caught.value.reason is SignInReason.OTHER_APPLICATION
