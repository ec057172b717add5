"""The command line over somebody's own key to a shared account: cctui's own words, one environment, no file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from msgspec import structs
from scheduler_stand_ins import OPS, Box
from test_service_commands import Shell
from test_users import key

from cctui.access.confinement import ASKED
from cctui.access.roles import Role, Sharing, User
from cctui.cli import COMMANDS, root
from cctui.definitions import system_changes
from cctui.definitions.model import ExportSchedule


class KeyHolder:
    """Somebody whose key forces ``cctui --environment … --operator NAME``; ``asked`` is what their client asks for."""

    def __init__(self, shell: Shell, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shell = shell
        self.name = name
        self.monkeypatch = monkeypatch

    def __call__(self, asked: str, code: int = 0) -> str:
        self.monkeypatch.setenv(ASKED, asked)
        return self.shell("--operator", self.name, code=code)

    @property
    def refusal(self) -> str:
        return self.shell.err


@pytest.fixture
def shell(box: Box, capfd: pytest.CaptureFixture[str]) -> Shell:
    box.export("newsletter", ExportSchedule())
    environment = box.environment
    hidden = structs.replace(
        environment.connection("marketing").definition,
        id="hidden",
        display_name="Board of directors",
        shared_with=Sharing.ADMINISTRATORS,
    )
    environment.save_connection(hidden, None)
    box.export("secret", ExportSchedule())
    stored = environment.export("secret")
    environment.save_export(structs.replace(stored.definition, connection="hidden"), stored.fingerprint)
    system_changes.add_user(environment, OPS, User("mette", Role.CONTRIBUTOR))
    system_changes.add_user(environment, OPS, User("olav", Role.VIEWER))
    return Shell(box, capfd)


@pytest.fixture
def mette(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> KeyHolder:
    """A contributor."""
    return KeyHolder(shell, "mette", monkeypatch)


@pytest.fixture
def boss(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> KeyHolder:
    """An administrator, with a key of the same kind."""
    return KeyHolder(shell, OPS.name, monkeypatch)


def _all_commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _all_commands(command, (*words, name))
        else:
            yield (*words, name), command


PATHS = {
    ("runs", "rejected", "output"): "7f3a --output {file}",
    ("sandbox", "data"): "--data {file}",
    ("users", "list", "keys_path"): "--authorized-keys {file}",
    ("users", "add", "keys_path"): "new --role viewer --authorized-keys {file}",
    ("users", "edit", "keys_path"): "olav --role viewer --authorized-keys {file}",
    ("users", "remove", "keys_path"): "olav --yes --authorized-keys {file}",
}
"""Every option that takes a path, and the words that give it one. A new one has to be refused too, and stand here."""
OTHER_DOORS = {
    "exports add --edit": "editor",
    "exports edit newsletter --edit": "editor",
    "users add new --role viewer --ssh-key ~/.ssh/id_ed25519": "No file of this machine",
    "users edit olav --ssh-key /etc/passwd": "No file of this machine",
    "connections add --name X --client-id k --agree --api http://127.0.0.1:1/": "Another service",
    "connections add --name X --client-id k --agree --authorization http://127.0.0.1:1/": "Another service",
    "runs list --environment /tmp": "one environment",
    "worker": "Nothing that stays",
    "sandbox --data /tmp/x": "Nothing that stays",
    "demo": "Nothing that stays",
    "demo --headless --environment /tmp/x": "one environment",
}


def test_every_option_with_a_path_is_known_here() -> None:
    found = {
        (*words, option.name)
        for words, command in _all_commands(root)
        for option in command.params
        if isinstance(option.type, click.Path | click.File)
    }
    assert found == set(PATHS)


@pytest.mark.parametrize("option", PATHS, ids=" ".join)
def test_no_path_of_the_box_is_taken_even_from_an_administrator(
    boss: KeyHolder, option: tuple[str, ...], tmp_path: Path
) -> None:
    target = tmp_path / "out"
    boss(" ".join([*option[:-1], PATHS[option].format(file=target)]), code=1)
    assert "in this session" in boss.refusal
    assert not target.exists()


@pytest.mark.parametrize("asked", OTHER_DOORS)
def test_other_doors_are_closed_too(boss: KeyHolder, asked: str) -> None:
    boss(asked, code=1)
    assert OTHER_DOORS[asked] in boss.refusal


def test_a_key_itself_may_be_given_where_a_file_may_not(boss: KeyHolder, monkeypatch: pytest.MonkeyPatch) -> None:
    home = boss.shell.box.environment.root.parent / "home"
    monkeypatch.setenv("HOME", str(home))
    boss(f"users edit olav --ssh-key '{key()} olav@laptop'")
    assert "--operator olav" in (home / ".ssh" / "authorized_keys").read_text()


@pytest.mark.parametrize("asked", ["cat secrets/marketing.json", "scp -t .", "internal-sftp", "sh -c id", "bash"])
def test_what_is_no_command_of_cctui_is_refused(mette: KeyHolder, asked: str) -> None:
    assert mette(asked, code=2) == ""
    assert "It opens cctui and nothing else." in mette.refusal


def test_whoever_is_not_listed_gets_a_sentence_and_nothing_else(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = KeyHolder(shell, "stranger", monkeypatch)
    for asked in (
        "",
        "runs list",
        "exports list",
        "segments list",
        "doctor --offline",
        "service",
        "exports/newsletter",
    ):
        assert stranger(asked, code=1) == ""
        assert "no user of this environment" in stranger.refusal


def test_a_contributor_works_and_sees_nothing_of_connections(mette: KeyHolder) -> None:
    assert "newsletter" in mette("exports list")
    assert "newsletter" in mette("cctui exports show newsletter --json")
    for forbidden in (
        "connections list",
        "connections test marketing",
        "connections edit hidden --name Other",
        "connections remove hidden --yes",
        "connections remove hidden",
        "connections sign-in hidden",
        "connections sign-out marketing --yes",
        "connections add --name X --client-id k --agree",
        "users list",
        "users add new --role administrator",
        "users edit mette --role administrator",
        "users remove olav --yes",
        "audit",
        "exports attach newsletter hidden",
        "exports detach newsletter",
    ):
        said = mette(forbidden, code=1)
        assert "not permitted" in mette.refusal, forbidden
        assert "Board of directors" not in said + mette.refusal, forbidden
    open_to_all = ("exports list", "runs list", "exports show secret", "service")
    everything = "".join(mette(asked) for asked in open_to_all)
    assert "Board of directors" not in everything


def test_doctor_tells_a_contributor_nothing_of_connections(mette: KeyHolder, boss: KeyHolder) -> None:
    """The box has no profiles: doctor leaves with 1 for everybody."""
    (boss.shell.box.environment.connections_folder / "board.toml").write_text('id = "board"')
    assert "Connection board" in boss("doctor --offline", code=1)
    told = mette("doctor --offline", code=1)
    assert "board" not in told
    assert "Newsletter" in told


def test_every_command_has_been_thought_of() -> None:
    """A command that comes later has to be closed, or left open on purpose, and be named here."""
    stays = {"demo", "worker", "sandbox"}
    answers = {
        "completion",
        "man",
        "connections",
        "exports",
        "segments",
        "run",
        "refresh",
        "runs",
        "service",
        "users",
        "alerts",
        "audit",
        "doctor",
    }
    assert set(COMMANDS) == stays | answers
