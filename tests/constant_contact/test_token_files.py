"""A sign-in lies in a file of its own that nobody else may read, whole or not at all (connections, item 5)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from service_double import START

from cctui.constant_contact.errors import SignInReason
from cctui.constant_contact.tokens import (
    Secret,
    Standing,
    TokenExposed,
    TokenFileBroken,
    TokenFileError,
    Tokens,
    TokenStore,
)
from cctui.host import files


def test_what_was_saved_comes_back_and_belongs_to_its_owner_only(store: TokenStore, tokens: Tokens) -> None:
    store.save("marketing", tokens)
    assert store.load("marketing") == tokens
    assert store.path("marketing").stat().st_mode & 0o777 == 0o600
    assert store.folder.stat().st_mode & 0o777 == 0o700


def test_tokens_show_themselves_nowhere(tokens: Tokens) -> None:
    import rich.pretty

    shown = [
        repr(tokens),
        str(tokens),
        f"{tokens.access_token}",
        f"{tokens.access_token!s:>9}",
        rich.pretty.pretty_repr(tokens),
    ]
    assert not any("access-1" in text or "refresh-1" in text for text in shown)
    assert tokens.access_token.reveal() == "access-1"
    with pytest.raises(TypeError):
        msgspec.json.encode(tokens)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666, 0o620])
def test_a_file_that_others_may_read_is_refused_with_the_command_that_mends_it(store, tokens, mode) -> None:
    store.save("marketing", tokens)
    path = store.path("marketing")
    path.chmod(mode)
    with pytest.raises(TokenExposed) as caught:
        store.load("marketing")
    assert caught.value.do == f"Run: chmod 600 {path}"
    path.chmod(0o600)
    assert store.load("marketing") == tokens


def test_a_folder_that_others_may_enter_is_refused_too(store, tokens) -> None:
    store.save("marketing", tokens)
    store.folder.chmod(0o755)
    for attempt in (lambda: store.load("marketing"), lambda: store.save("marketing", tokens)):
        with pytest.raises(TokenExposed, match="chmod 700"):
            attempt()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\0\0\0\0", "empty"),
        (b'{"client_id": "5a0c', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "object"),
        (b'{"client_id": "x"}', "access_token"),
        (b'{"client_id": 7}', "client_id"),
    ],
)
def test_a_broken_file_is_named_as_what_it_is(store, tokens, content, why) -> None:
    store.save("marketing", tokens)
    store.path("marketing").write_bytes(content)
    with pytest.raises(TokenFileBroken, match=why) as caught:
        store.load("marketing")
    assert str(store.path("marketing")) in str(caught.value)
    assert store.path("marketing").read_bytes() == content


def test_a_token_that_no_header_could_carry_is_refused_without_showing_it(store, tokens) -> None:
    store.save("marketing", tokens)
    path = store.path("marketing")
    path.write_text(path.read_text().replace("access-1", "access\\u00e9-canary"))
    with pytest.raises(TokenFileBroken) as caught:
        store.load("marketing")
    assert "canary" not in str(caught.value)


def test_a_link_in_place_of_the_file_is_refused(store, tokens, tmp_path: Path) -> None:
    store.save("marketing", tokens)
    elsewhere = tmp_path / "elsewhere.json"
    store.path("marketing").rename(elsewhere)
    store.path("marketing").symlink_to(elsewhere)
    with pytest.raises(TokenFileError, match="symbolic link"):
        store.load("marketing")
    with pytest.raises(TokenFileError, match="symbolic link"):
        store.save("marketing", tokens)


def test_a_folder_or_a_pipe_in_place_of_the_file_is_refused(store, tokens) -> None:
    store.save("marketing", tokens)
    store.path("marketing").unlink()
    os.mkfifo(store.path("marketing"), 0o600)
    with pytest.raises(TokenFileError, match="regular file"):
        store.load("marketing")


def test_an_unreadable_file_is_named(store, tokens, monkeypatch) -> None:
    store.save("marketing", tokens)

    def denied(path, *_flags) -> int:
        raise PermissionError(13, "Permission denied")

    # The superuser may read everything, so the refusal is made here.
    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(TokenFileError, match=r"marketing\.json cannot be read\. Permission denied"):
        store.load("marketing")
    assert store.state("marketing", START).standing is Standing.HIDDEN


class _FullDisk(files.Disk):
    def write(self, descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_keeps_the_old_sign_in_whole(store, tokens, monkeypatch) -> None:
    store.save("marketing", tokens)
    monkeypatch.setattr(files, "disk", _FullDisk())
    with pytest.raises(TokenFileError, match="No space left"):
        store.save("marketing", replace(tokens, access_token=Secret("access-2")))
    assert store.load("marketing") == tokens
    assert [path.name for path in store.folder.iterdir()] == ["marketing.json"]


def test_half_written_copies_of_a_killed_process_do_not_stay(store, tokens) -> None:
    store.save("marketing", tokens)
    left = store.folder / ".marketing.json.0a1b2c3d.part"
    left.write_text("access-1")
    store.save("marketing", tokens)
    assert not left.exists()


def test_sign_out_forgets_the_tokens_and_says_whether_there_were_any(store, tokens) -> None:
    store.save("marketing", tokens)
    assert store.remove("marketing")
    assert store.load("marketing") is None
    assert not store.remove("marketing")


@pytest.mark.parametrize("name", ["", "../marketing", "a/b", ".hidden", "a\0b"])
def test_an_id_cannot_lead_out_of_the_folder(store, name) -> None:
    with pytest.raises(ValueError, match="id"):
        store.path(name)


def test_a_screen_can_tell_where_the_token_is_how_old_and_when_it_dies(store, tokens) -> None:
    assert store.state("marketing", START).standing is Standing.NONE
    store.save("marketing", tokens)
    state = store.state("marketing", START + timedelta(hours=1))
    assert state.path == store.path("marketing")
    assert state.standing is Standing.GOOD
    assert state.renewed_at == state.signed_in_at == START
    assert state.access_ends_at == START + timedelta(hours=24)
    assert state.dies_at == START + timedelta(days=180)
    assert store.state("marketing", START + timedelta(days=2)).standing is Standing.RENEWAL_DUE
    dead = store.state("marketing", START + timedelta(days=181))
    assert (dead.standing, dead.reason) == (Standing.ENDED, SignInReason.REVOKED)


def test_a_sign_in_without_refresh_token_dies_with_its_access_token(store, tokens) -> None:
    store.save("marketing", replace(tokens, refresh_token=None))
    assert store.state("marketing", START).dies_at == START + timedelta(hours=24)
    dead = store.state("marketing", START + timedelta(hours=25))
    assert (dead.standing, dead.reason) == (Standing.ENDED, SignInReason.NO_REFRESH_TOKEN)


def test_a_screen_is_told_what_is_wrong_with_the_file(store, tokens) -> None:
    store.save("marketing", tokens)
    store.path("marketing").chmod(0o644)
    state = store.state("marketing", START)
    assert state.standing is Standing.UNUSABLE_FILE
    assert "chmod 600" in state.problem
