"""The commands around schedules and users, as an administrator types them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from scheduler_stand_ins import DAILY, Box
from test_users import key

from cctui.cli import main
from cctui.cli.units import KINDS, cron, program, systemd, systemd_user
from cctui.definitions.model import ExportSchedule
from cctui.delivery import worker


class Shell:
    """``cctui`` in the box's environment."""

    def __init__(self, box: Box, capture: pytest.CaptureFixture[str]) -> None:
        self.box = box
        self.capture = capture
        self.err = ""

    def __call__(self, *words: str, code: int = 0) -> str:
        self.capture.readouterr()
        left = main(["--environment", str(self.box.environment.root), *words])
        said = self.capture.readouterr()
        self.err = said.err
        assert left == code, said.err
        return said.out


@pytest.fixture
def shell(box: Box, capfd: pytest.CaptureFixture[str]) -> Shell:
    return Shell(box, capfd)


def test_schedules_are_set_and_the_next_five_runs_are_said(shell: Shell) -> None:
    shell.box.export("newsletter", ExportSchedule())
    shell.box.export("winback", ExportSchedule())
    assert "none by itself" in shell("exports", "schedule", "newsletter")
    said = shell("exports", "schedule", "newsletter", "winback", "--weekly", "thu,mon", "--at", "06:30")
    assert said.count("Mon, Thu 06:30") == 2
    assert said.count(" · ") == 8
    shell("exports", "schedule", "newsletter", "--off")
    assert "Off" in shell("exports", "schedule", "newsletter")
    shell("exports", "schedule", "newsletter", "--on")
    facts = json.loads(shell("exports", "schedule", "newsletter", "winback", "--json"))
    assert [one["schedule"]["days"] for one in facts] == [["mon", "thu"], ["mon", "thu"]]
    assert len(facts[0]["next"]) == 5
    assert "On day 1, 31 07:00" in shell("exports", "schedule", "newsletter", "--monthly", "1,31", "--at", "07:00")
    assert "30 6 * * 1-5" in shell("exports", "schedule", "newsletter", "--cron", "30 6 * * 1-5")
    assert "Every day" in shell("exports", "schedule", "newsletter", "--daily", "--at", "07:00")
    shell("exports", "schedule", "newsletter", "--system-refresh")
    assert shell.box.environment.export("newsletter").definition.schedule == ExportSchedule()


@pytest.mark.parametrize(
    "words",
    [
        ("--daily", "--off"),
        ("--at", "06:30"),
        ("--weekly", "monday", "--at", "06:30"),
        ("--monthly", "first", "--at", "06:30"),
        ("--monthly", "32", "--at", "06:30"),
        ("--daily", "--at", "25:00"),
        ("--daily",),
        ("--cron", "every day"),
        ("--cron", "0 0 31 2 *"),
    ],
)
def test_a_schedule_that_does_not_fit_changes_nothing(shell: Shell, words: tuple[str, ...]) -> None:
    shell.box.export("newsletter", DAILY)
    shell("exports", "schedule", "newsletter", *words, code=2)
    assert shell.err
    assert shell.box.environment.export("newsletter").definition.schedule == DAILY


def test_users_come_and_go_with_their_keys(shell: Shell, tmp_path: Path) -> None:
    public = tmp_path / "mette.pub"
    public.write_text(f"{key()} mette@laptop\n")
    keys = tmp_path / "keys"
    place = ("--authorized-keys", str(keys))
    assert "There are no users yet" in shell("users", "list", *place)
    shell("users", "add", "mette", "--role", "contributor", "--ssh-key", str(public), *place)
    (line,) = keys.read_text().splitlines()
    assert f"--environment {shell.box.environment.root} --operator mette" in line
    listed = shell("users", "list", *place)
    assert "mette" in listed
    assert "where shared" in listed
    shell("users", "edit", "mette", "--role", "viewer", *place)
    shell("users", "edit", "mette", "--ssh-key", key(content=b"n" * 32), *place)
    assert keys.read_text() != f"{line}\n"
    shell("users", "edit", "nobody", "--ssh-key", key(), *place, code=2)
    shell("users", "edit", "mette", *place, code=2)
    shell("users", "add", "olav", "--role", "viewer", "--ssh-key", str(tmp_path / "none.pub"), *place, code=2)
    roles = {user["name"]: user["role"] for user in json.loads(shell("users", "list", "--json"))}
    assert roles.pop("mette") == "viewer"
    assert list(roles.values()) == ["administrator"], "who added the first user is kept"
    shell("users", "remove", next(iter(roles)), "--yes", *place, code=2)
    assert "last administrator" in shell.err
    said = shell("users", "remove", "mette", "--yes", *place)
    assert f"Their key is gone from {keys}." in said
    assert keys.read_text() == ""


def test_the_audit_log_is_exported_as_json_lines(shell: Shell, tmp_path: Path) -> None:
    shell("users", "add", "mette", "--role", "viewer")
    (line,) = shell("audit").splitlines()
    assert json.loads(line)["deed"] == "user-added"


def test_service_prints_every_kind_with_how_to_install_it(shell: Shell) -> None:
    everything = shell("service")
    for kind in KINDS:
        text = shell("service", kind)
        assert text in everything
        assert text.startswith("# ")
        assert str(shell.box.environment.root) in text
    assert "systemctl --user enable --now cctui" in everything
    assert "loginctl enable-linger" in everything
    entry = yaml.safe_load(shell("service", "container"))["services"]["cctui"]
    assert entry["volumes"][0]["source"] == str(shell.box.environment.root)
    assert entry["user"] == f"{os.getuid()}:{os.getgid()}"


def test_a_worker_started_by_hand_says_where_it_writes(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "serve", lambda *_facts, **_options: 0)
    shell("worker")
    assert shell.err == "", "a service or a schedule of the machine gets no mail every minute"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shell("worker")
    assert str(shell.box.environment.worker_log_path) in " ".join(shell.err.split())


def test_folders_with_blanks_and_signs_survive_every_kind() -> None:
    root = Path('/srv/my "$HOME" 100%')
    line = cron("/opt/cctui", root).splitlines()[-1]
    assert "100\\%" in line
    words = shlex.split(line.replace("\\%", "%"))
    assert words == ["*", "*", "*", "*", "*", "/opt/cctui", "--environment", str(root), "worker", "--until-idle"]
    for unit in (systemd("/opt/cctui", root), systemd_user("/opt/cctui", root)):
        assert 'ExecStart=/opt/cctui --environment "/srv/my \\"$$HOME\\" 100%%" worker' in unit


def test_the_unit_of_an_account_waits_for_nothing_that_only_the_system_has() -> None:
    assert "network-online.target" in systemd("/bin/true", Path("/srv"))
    assert "network-online.target" not in systemd_user("/bin/true", Path("/srv"))


def test_the_units_name_this_program() -> None:
    assert Path(program()).name == "cctui"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for text, whose in ((systemd("/bin/true", tmp_path), "--system"), (systemd_user("/bin/true", tmp_path), "--user")):
        unit = tmp_path / "cctui.service"
        unit.write_text(text)
        command = ["systemd-analyze", "verify", whose, str(unit)]
        room = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=room)
        assert done.returncode == 0, done.stderr
        assert "cctui.service" not in done.stderr, done.stderr
