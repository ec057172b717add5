"""A sign-in in the system keyring: the rules of the files as far as a keyring can keep them, else a word of it."""

from __future__ import annotations

import sys
import traceback
from datetime import timedelta
from pathlib import Path

import keyring
import keyring.backends.fail
import keyring.backends.null
import keyrings_to_try as kinds
import pytest
from msgspec.structs import replace
from service_double import START

from cctui.constant_contact import system_keyring
from cctui.constant_contact.client import open_client
from cctui.constant_contact.connection_check import ConnectionState, check_connection
from cctui.constant_contact.errors import SignInNeeded, SignInReason
from cctui.constant_contact.token_errors import TokenGoneFromKeyring, TokenKeyringError
from cctui.constant_contact.tokens import Secret, Standing, Tokens, TokenStore, kept_in
from cctui.definitions.model import SecretStore

TOKEN = "POST /oauth2/default/v1/token"
ACCOUNT = "GET /v3/account/summary"
GIVEN = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 86400}


@pytest.fixture(autouse=True)
def in_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The keyring of this box is a file."""
    monkeypatch.setenv(kinds.VARIABLE, str(tmp_path / "keyring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(kinds.InFile())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


@pytest.fixture
def kept(store: TokenStore, tokens: Tokens) -> TokenStore:
    """Signed in, in the keyring."""
    store.save("marketing", tokens, SecretStore.KEYRING)
    return store


def test_the_tokens_are_in_the_keyring_and_the_file_says_so_without_them(kept, tokens) -> None:
    assert kept.load("marketing") == tokens
    told = kept.path("marketing").read_text()
    assert "access-1" not in told
    assert "refresh-1" not in told
    assert kept.path("marketing").stat().st_mode & 0o777 == 0o600
    state = kept.state("marketing", START)
    assert state.standing is Standing.GOOD
    assert state.dies_at == START + timedelta(days=180)
    assert kept_in(state) == f"The system keyring, as cctui {kept.folder}"


def test_how_it_stands_is_told_without_asking_the_keyring(kept) -> None:
    keyring.set_keyring(kinds.Silent())
    assert kept.state("marketing", START).standing is Standing.GOOD
    assert kept.state("marketing", START + timedelta(days=200)).standing is Standing.ENDED


def test_two_environments_do_not_share_an_entry(kept, tokens, tmp_path) -> None:
    other = TokenStore(tmp_path / "other" / "secrets")
    other.save("marketing", replace(tokens, access_token=Secret("access-9")), SecretStore.KEYRING)
    assert kept.load("marketing").access_token == Secret("access-1")


def test_an_environment_that_was_moved_finds_its_sign_in(kept, tokens) -> None:
    moved = kept.folder.rename(kept.folder.with_name("elsewhere"))
    assert TokenStore(moved).load("marketing") == tokens


def test_a_renewed_pair_is_in_the_keyring_before_its_first_use(
    kept, connection, tokens, secrets_folder, limits_path, clock, service, in_file
) -> None:
    kept.save(connection.id, replace(tokens, expires_at=START))
    marks = []

    def grant(_request):
        marks.append(kept.load(connection.id).renewal_started_at)
        return 200, GIVEN

    def account(request):
        assert "access-2" in next(iter(in_file.entries().values()))
        assert request.headers["Authorization"] == "Bearer access-2"
        return 200, {"organization_name": "Contoso Coffee", "encoded_account_id": "a07e1n5"}

    service.on(TOKEN, grant)
    service.on(ACCOUNT, account)
    with open_client(connection, secrets_folder, limits_path, clock=clock, transport=service.transport) as client:
        assert client.account().name == "Contoso Coffee"
    assert marks == [clock.now()], "the mark of a lost answer is there while an answer may be on its way"
    assert kept.load(connection.id).renewal_started_at is None
    assert kept.state(connection.id).keyring, "a renewal leaves the sign-in where it was"


def test_a_pair_that_the_keyring_lost_is_named_as_a_lost_answer(
    kept, connection, tokens, secrets_folder, limits_path, clock, service, in_file
) -> None:
    old = in_file.entries()
    kept.save(
        connection.id,
        replace(
            tokens,
            access_token=Secret("access-2"),
            refresh_token=Secret("refresh-2"),
            renewed_at=clock.now() + timedelta(1),
        ),
    )
    in_file.put(old)
    clock.wait(90_000)
    service.on(TOKEN, (400, {"error": "invalid_grant"}))
    with (
        open_client(connection, secrets_folder, limits_path, clock=clock, transport=service.transport) as client,
        pytest.raises(SignInNeeded) as caught,
    ):
        client.account()
    assert caught.value.reason is SignInReason.ANSWER_LOST


def test_power_between_the_keyring_and_the_file_loses_nothing(kept, tokens) -> None:
    before = kept.path("marketing").read_bytes()
    new = replace(tokens, access_token=Secret("access-2"), renewed_at=START + timedelta(days=1))
    kept.save("marketing", new)
    kept.path("marketing").write_bytes(before)
    assert kept.load("marketing") == new


DISAPPOINTMENTS = {
    "none": (keyring.backends.fail.Keyring, "There is no keyring in this session"),
    "null": (keyring.backends.null.Keyring, "does not give back"),
    "forgetful": (kinds.Forgetful, "does not give back"),
    "locked": (kinds.Locked, "is locked"),
    "silent": (kinds.Silent, "gives no answer"),
    "talkative": (kinds.Talkative, "no room for"),
}


@pytest.mark.parametrize("kind", DISAPPOINTMENTS)
def test_a_keyring_that_does_not_work_is_refused_with_what_to_do(store, tokens, kind, monkeypatch) -> None:
    monkeypatch.setattr(system_keyring, "PATIENCE", 0.2 if kind == "silent" else 15.0)
    backend, sentence = DISAPPOINTMENTS[kind]
    keyring.set_keyring(backend())
    for attempt in (
        lambda: store.try_out(SecretStore.KEYRING),
        lambda: store.save("marketing", tokens, SecretStore.KEYRING),
    ):
        with pytest.raises(TokenKeyringError) as caught:
            attempt()
        assert sentence in caught.value.why
        assert "[secrets] store" in caught.value.do
        told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
        assert "access-1" not in told
        assert "refresh-1" not in told
    assert store.load("marketing") is None


def test_without_the_library_it_is_said_how_to_get_it(store, tokens, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(TokenKeyringError, match="pip install keyring"):
        store.save("marketing", tokens, SecretStore.KEYRING)


def test_files_never_import_the_library(store, tokens, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    store.try_out(SecretStore.FILES)
    store.save("marketing", tokens)
    assert store.load("marketing") == tokens
    assert store.remove("marketing")


def test_another_session_with_another_keyring_is_told_so(kept, in_file, connection, secrets_folder, tmp_path) -> None:
    in_file.put({})
    with pytest.raises(TokenGoneFromKeyring, match="another session"):
        kept.load("marketing")
    checks, limits = tmp_path / "state" / "checks.json", tmp_path / "state" / "limits.sqlite"
    keyring.set_keyring(keyring.backends.fail.Keyring())
    check = check_connection(connection, secrets_folder, limits, checks)
    assert check.state is ConnectionState.UNREACHABLE, "a sign-in that may be good is not called needed"
    assert "session bus" in check.sentence


@pytest.mark.parametrize("way", [(SecretStore.FILES, SecretStore.KEYRING), (SecretStore.KEYRING, SecretStore.FILES)])
def test_a_sign_in_is_moved_and_leaves_nothing_behind(store, tokens, in_file, way) -> None:
    there, here = way
    store.save("marketing", tokens, there)
    assert store.move("marketing", here)
    assert store.load("marketing") == tokens
    assert store.state("marketing").store is here
    assert bool(in_file.entries()) == (here is SecretStore.KEYRING)
    assert ("refresh-1" in store.path("marketing").read_text()) == (here is SecretStore.FILES)
    assert not store.move("marketing", here)
    assert not store.move("nobody", here)


def test_signing_out_takes_the_entry_away(kept, in_file) -> None:
    assert kept.remove("marketing")
    assert in_file.entries() == {}
    assert kept.load("marketing") is None
    assert not kept.remove("marketing")


def test_signing_out_says_when_the_keyring_keeps_the_entry(kept) -> None:
    keyring.set_keyring(keyring.backends.fail.Keyring())
    with pytest.raises(TokenKeyringError):
        kept.remove("marketing")
    assert kept.state("marketing").keyring, "what is still there is still told"


def test_a_new_sign_in_into_files_leaves_a_keyring_that_is_gone(kept, tokens) -> None:
    keyring.set_keyring(keyring.backends.fail.Keyring())
    kept.save("marketing", tokens, SecretStore.FILES)
    assert kept.load("marketing") == tokens
