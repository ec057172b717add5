"""Users and their keys: nobody is shut out, and a key opens cctui and nothing else."""

from __future__ import annotations

import base64
import shlex
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scheduler_stand_ins import OPS, Box

from cctui.access import authorized_keys
from cctui.access.roles import Operator, Role, User
from cctui.definitions import system_changes
from cctui.definitions.system_changes import LastAdministrator
from cctui.errors import CctuiError, NotPermitted, UsageError

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
    assert authorized_keys.names(path, root) == {"mette", "olav"}
    assert path.stat().st_mode & 0o777 == 0o644
    assert authorized_keys.remove(path, "mette", root)
    assert not authorized_keys.remove(path, "mette", root)
    assert authorized_keys.names(path, root) == {"olav"}


def test_a_removed_user_loses_the_line_that_was_written_for_them_and_no_other(box: Box, tmp_path: Path) -> None:
    path, root = tmp_path / "authorized_keys", box.environment.root
    mine = authorized_keys.line_for("mette", key(), "/opt/my cctui/bin/cctui", root)
    elsewhere = authorized_keys.line_for("mette", key(content=b"e" * 32), "cctui", Path("/srv/other"))
    theirs = authorized_keys.line_for("mette2", key(content=b"2" * 32), "cctui", root)
    by_hand = mine.replace("restrict,pty", 'restrict,pty,from="10.0.0.0/8"').replace(key(), key(content=b"h" * 32))
    shell = f"{key(content=b's' * 32)} cctui:mette"
    others = [b"# \xff caf\xe9\x85 keys", b"", elsewhere.encode(), theirs.encode(), by_hand.encode(), shell.encode()]
    path.write_bytes(b"\n".join([*others[:3], mine.encode(), *others[3:]]))
    path.chmod(0o640)
    system_changes.add_user(box.environment, OPS, User("mette", Role.VIEWER))
    assert system_changes.has_key(box.environment, "mette", path)
    assert system_changes.remove_user(box.environment, OPS, "mette", keys=path)
    assert path.read_bytes() == b"".join(line + b"\n" for line in others)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [user.name for user in users(box)] == ["ops1"]
    assert list(tmp_path.glob(".authorized_keys*")) == [], "nothing is left lying beside it"


def test_a_removal_that_was_cut_short_is_finished_by_another(box: Box, tmp_path: Path) -> None:
    path = tmp_path / "authorized_keys"
    system_changes.add_user(box.environment, OPS, ADMINISTRATOR)
    authorized_keys.add(path, authorized_keys.line_for("mette", key(), "cctui", box.environment.root))
    assert system_changes.remove_user(box.environment, OPS, "mette", keys=path)
    with pytest.raises(UsageError, match="no user"):
        system_changes.remove_user(box.environment, OPS, "mette", keys=path)


def test_a_key_that_cannot_be_removed_is_told_and_the_user_is_gone(box: Box, tmp_path: Path) -> None:
    path, real = tmp_path / "authorized_keys", tmp_path / "managed"
    authorized_keys.add(real, authorized_keys.line_for("mette", key(), "cctui", box.environment.root))
    path.symlink_to(real)
    system_changes.add_user(box.environment, OPS, User("mette", Role.VIEWER))
    with pytest.raises(CctuiError, match="still in") as told:
        system_changes.remove_user(box.environment, OPS, "mette", keys=path)
    assert "cctui:mette" in told.value.do
    assert [user.name for user in users(box)] == ["ops1"]
    assert authorized_keys.names(real, box.environment.root) == {"mette"}


def test_a_key_that_cannot_be_written_is_told_and_the_user_can_be_given_one_later(box: Box, tmp_path: Path) -> None:
    real, path = tmp_path / "managed", tmp_path / "authorized_keys"
    path.symlink_to(real)
    line = authorized_keys.line_for("mette", key(), "cctui", box.environment.root)
    with pytest.raises(UsageError, match="no user"):
        system_changes.give_key(box.environment, OPS, "mette", line, keys=path)
    system_changes.add_user(box.environment, OPS, User("mette", Role.VIEWER))
    with pytest.raises(CctuiError, match="cannot be written") as told:
        system_changes.give_key(box.environment, OPS, "mette", line, keys=path)
    assert "symbolic link" in told.value.why
    assert "users edit" in told.value.do
    assert not real.exists()


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no OpenSSH here")
def test_the_audit_log_names_a_key_as_ssh_keygen_does(tmp_path: Path) -> None:
    public = tmp_path / "mette.pub"
    public.write_text(f"{key()}\n")
    said = subprocess.run(["ssh-keygen", "-lf", str(public)], capture_output=True, text=True, check=True).stdout
    line = authorized_keys.line_for("mette", key(), "cctui", Path("/srv"))
    assert said.split()[1] == authorized_keys.fingerprint(line)


def test_the_last_administrator_keeps_their_key(box: Box, tmp_path: Path) -> None:
    path = tmp_path / "authorized_keys"
    system_changes.add_user(box.environment, OPS, ADMINISTRATOR)
    authorized_keys.add(path, authorized_keys.line_for("ops1", key(), "cctui", box.environment.root))
    with pytest.raises(LastAdministrator):
        system_changes.remove_user(box.environment, OPS, "ops1", keys=path)
    assert system_changes.has_key(box.environment, "ops1", path)


def test_a_new_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "home" / ".ssh" / "authorized_keys"
    authorized_keys.add(path, authorized_keys.line_for("mette", key(), "cctui", Path("/srv")))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
