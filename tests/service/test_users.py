"""Users and their keys: nobody is shut out, and a key opens cctui and nothing else."""

from __future__ import annotations

import base64
import shlex
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduler_stand_ins import OPS, Box

from cctui.access import authorized_keys
from cctui.access.roles import Operator, Role, User
from cctui.definitions import system_changes
from cctui.definitions.system_changes import LastAdministrator
from cctui.errors import NotPermitted, UsageError

ADMINISTRATOR = User("ops1", Role.ADMINISTRATOR)


def key(kind: str = "ssh-ed25519", content: bytes = b"x" * 32) -> str:
    name = kind.encode()
    blob = struct.pack(">I", len(name)) + name + struct.pack(">I", len(content)) + content
    return f"{kind} {base64.b64encode(blob).decode()}"


def users(box: Box) -> list[User]:
    return box.environment.read().definition.users


def test_the_first_user_does_not_shut_out_who_adds_them(box: Box) -> None:
    system_changes.add_user(box.environment, OPS, User("mette", Role.VIEWER))
    assert users(box) == [ADMINISTRATOR, User("mette", Role.VIEWER)]
    with pytest.raises(UsageError, match="already"):
        system_changes.add_user(box.environment, OPS, User("mette", Role.CONTRIBUTOR))


def test_the_last_administrator_stays(box: Box) -> None:
    system_changes.add_user(box.environment, OPS, ADMINISTRATOR)
    system_changes.add_user(box.environment, OPS, User("group:marketing", Role.CONTRIBUTOR))
    with pytest.raises(LastAdministrator, match="ops1"):
        system_changes.remove_user(box.environment, OPS, "ops1")
    with pytest.raises(LastAdministrator):
        system_changes.change_user(box.environment, OPS, "ops1", Role.VIEWER)
    system_changes.change_user(box.environment, OPS, "group:marketing", Role.ADMINISTRATOR)
    system_changes.remove_user(box.environment, OPS, "ops1")
    assert users(box) == [User("group:marketing", Role.ADMINISTRATOR)]


def test_only_administrators_change_users_and_system(box: Box) -> None:
    for role in (Role.CONTRIBUTOR, Role.VIEWER):
        other = Operator("mette", role)
        with pytest.raises(NotPermitted):
            system_changes.add_user(box.environment, other, User("mette", Role.ADMINISTRATOR))
        with pytest.raises(NotPermitted):
            system_changes.edit_system(box.environment, other, box.environment.read().fingerprint, language="de")


def test_a_user_who_is_not_there_is_named(box: Box) -> None:
    with pytest.raises(UsageError, match="nobody"):
        system_changes.change_user(box.environment, OPS, "nobody", Role.VIEWER)


def test_a_key_line_forces_the_command_and_forbids_the_rest() -> None:
    line = authorized_keys.line_for("mette", f"{key()} mette@laptop\n", "/opt/cctui/bin/cctui", Path("/srv/my env"))
    assert line.startswith('restrict,pty,command="')
    command = line.split('"')[1]
    assert shlex.split(command) == [
        "/opt/cctui/bin/cctui",
        "--environment",
        "/srv/my env",
        "--operator",
        "mette",
    ]
    assert line.endswith(f"{key()} cctui:mette"), "the comment of the key, outside text, is not kept"


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 !!!",
        "ssh-ed25519 AAAA",
        key("ssh-dss"),
        key().replace("ssh-ed25519", "ssh-rsa", 1),
        f'command="sh" {key()}',
        f"{key()}\n{key(content=b'y' * 32)}",
    ],
)
def test_what_is_no_single_public_key_is_refused(bad: str) -> None:
    with pytest.raises(UsageError, match="public SSH key"):
        authorized_keys.line_for("mette", bad, "cctui", Path("/srv"))


@pytest.mark.parametrize("name", ["", "group:ops", 'a"b', "a b", "-o", "mette\n", "a" * 65, "$(id)"])
def test_names_that_could_leave_the_command_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="name of a user"):
        authorized_keys.line_for(name, key(), "cctui", Path("/srv"))


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_folder_stays_one_word_of_the_command(folder: str) -> None:
    root = Path("/srv") / folder
    if not str(root).isprintable():
        return
    line = authorized_keys.line_for("mette", key(), "cctui", root)
    quoted = line[len('restrict,pty,command="') : line.rindex('" ssh-ed25519')]
    assert shlex.split(quoted.replace('\\"', '"'))[2] == str(root)


def test_lines_are_replaced_and_removed_by_name_and_key_and_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / ".ssh" / "authorized_keys"
    path.parent.mkdir()
    own = f"{key(content=b'own' * 10)} admin@box"
    path.write_text(f"# keys\n{own}\n")
    program, root = "cctui", Path("/srv")
    authorized_keys.add(path, authorized_keys.line_for("mette", key(), program, root))
    authorized_keys.add(path, authorized_keys.line_for("olav", key(content=b"o" * 32), program, root))
    new = authorized_keys.line_for("mette", key(content=b"n" * 32), program, root)
    authorized_keys.add(path, new)
    assert path.read_text().splitlines()[:2] == ["# keys", own]
    assert authorized_keys.names(path) == {"mette", "olav"}
    assert path.stat().st_mode & 0o777 == 0o644
    assert authorized_keys.remove(path, "mette")
    assert not authorized_keys.remove(path, "mette")
    assert authorized_keys.names(path) == {"olav"}


def test_a_new_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "home" / ".ssh" / "authorized_keys"
    authorized_keys.add(path, authorized_keys.line_for("mette", key(), "cctui", Path("/srv")))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
