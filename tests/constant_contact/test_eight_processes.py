"""Eight processes that need a new token at once: one renewal, no dead token used, nobody signed out."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import keyring
import keyrings_to_try
import msgspec
import pytest
from msgspec.structs import replace

from cctui.constant_contact.client import open_client
from cctui.constant_contact.errors import SignInNeeded, SignInReason
from cctui.constant_contact.renewal import StoredTokens
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.model import ConnectionDefinition, Endpoints, SecretStore
from cctui.host.clock import SystemClock
from cctui.sandbox.running import RunningSandbox, start

PROCESSES = 8


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A stand-in whose refresh tokens are used once, and where a reuse kills the whole family."""
    settings = {"token_rate": 0, "rate_per_second": 0, "reuse_revokes": True}
    with start(tmp_path / "sandbox", settings=settings) as running:
        yield running


@pytest.fixture
def own(connection: ConnectionDefinition, sandbox: RunningSandbox, store: TokenStore) -> ConnectionDefinition:
    """A connection at the stand-in, signed in."""
    given = sandbox.ask("tokens", {"client_id": connection.client_id})
    now = datetime.now(UTC)
    store.save(
        connection.id,
        Tokens(
            client_id=connection.client_id,
            access_token=Secret(given["access_token"]),
            refresh_token=Secret(given["refresh_token"]),
            expires_at=now + timedelta(days=1),
            signed_in_at=now,
            renewed_at=now,
        ),
    )
    return replace(connection, endpoints=Endpoints(api=sandbox.api, authorization=sandbox.authorization))


def _renew_each_round(connection: bytes, folder: str, rounds: int, barrier: Any, results: Any) -> None:
    store = TokenStore(Path(folder))
    definition = msgspec.json.decode(connection, type=ConnectionDefinition)
    source = StoredTokens(definition, store, SystemClock(), lambda: 0.0)
    token = source.current()
    seen, problem = [], ""
    try:
        for _ in range(rounds):
            barrier.wait(60)
            token = source.renewed(token)
            seen.append(hashlib.sha256(token.reveal().encode()).hexdigest())
            barrier.wait(60)
    except Exception as error:  # noqa: BLE001 - told to the test
        barrier.abort()
        problem = f"{type(error).__name__}: {error}"
    results.put((seen, problem))


def _race(own: ConnectionDefinition, sandbox: RunningSandbox, store: TokenStore, rounds: int) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(PROCESSES), context.Queue()
    given = (msgspec.json.encode(own), str(store.folder), rounds, barrier, results)
    processes = [context.Process(target=_renew_each_round, args=given) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    found = [results.get(timeout=900) for _ in processes]
    for process in processes:
        process.join()
    assert {problem for _seen, problem in found} == {""}
    tokens_by_round = [set(one_round) for one_round in zip(*(seen for seen, _problem in found), strict=True)]
    assert [len(tokens) for tokens in tokens_by_round] == [1] * rounds
    assert len(set.union(*tokens_by_round)) == rounds
    assert sandbox.ask("stats")["requests_by_status"] == {"POST /oauth2/default/v1/token 200": rounds}
    assert store.load(own.id).ended is None


def test_eight_processes_renew_at_once_and_the_service_sees_one_renewal_a_round(own, sandbox, store) -> None:
    _race(own, sandbox, store, 5)


def test_it_is_the_same_where_the_sign_in_is_in_the_system_keyring(own, sandbox, store, tmp_path, monkeypatch) -> None:
    before = keyring.get_keyring()
    monkeypatch.setenv(keyrings_to_try.VARIABLE, str(tmp_path / "keyring.json"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyrings_to_try.InFile")
    keyring.core.init_backend()
    try:
        assert store.move(own.id, SecretStore.KEYRING)
        _race(own, sandbox, store, 3)
        assert store.state(own.id).keyring
    finally:
        keyring.set_keyring(before)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_thousand_rounds_of_eight_processes_lose_no_sign_in(own, sandbox, store) -> None:
    _race(own, sandbox, store, 1_000)


class _KilledBeforeItCouldSave(TokenStore):
    def save(self, connection_id: str, tokens: Tokens, keep_in: SecretStore | None = None) -> None:
        if tokens.renewal_started_at is None:
            os.kill(os.getpid(), signal.SIGKILL)
        super().save(connection_id, tokens, keep_in)


def _renew_and_die(connection: bytes, folder: str) -> None:
    definition = msgspec.json.decode(connection, type=ConnectionDefinition)
    store = _KilledBeforeItCouldSave(Path(folder))
    source = StoredTokens(definition, store, SystemClock(), lambda: 0.0)
    source.renewed(source.current())


def test_a_process_killed_between_answer_and_save_is_named_as_that(own, store, secrets_folder, limits_path) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=_renew_and_die, args=(msgspec.json.encode(own), str(secrets_folder))
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    tokens = store.load(own.id)
    assert tokens.renewal_started_at is not None
    store.save(own.id, replace(tokens, expires_at=datetime.now(UTC)))
    with open_client(own, secrets_folder, limits_path) as client, pytest.raises(SignInNeeded) as caught:
        client.account()
    assert caught.value.reason is SignInReason.ANSWER_LOST
    assert "cut off" in caught.value.why
