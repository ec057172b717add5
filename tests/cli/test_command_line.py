"""Each command as an operator types it, from looking around to reading what was rejected."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import keyring
import keyring.backends.fail
import pytest

from cctui.cli import COMMANDS, main
from cctui.definitions.environment import Environment
from cctui.sandbox.lists import list_id_for
from cctui.sandbox.running import RunningSandbox

if TYPE_CHECKING:
    from conftest import CommandLine

NEWSLETTER = list_id_for("Newsletter")


def test_help_and_version_load_neither_textual_nor_duckdb() -> None:
    script = (
        "import sys; from cctui.cli import main; main(['--help']); main(['--version']);"
        "print(sorted(m for m in sys.modules if m in {'textual','duckdb','pyarrow','httpx','authlib','babel','rich'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(name in done.stdout for name in COMMANDS)


def test_every_command_answers_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        assert main([name, "--help"]) == 0
        assert "Usage:" in capsys.readouterr().out


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exprts"]) == 2
    assert "exprts" in capsys.readouterr().err


def test_a_folder_that_is_no_environment_says_how_to_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--environment", str(tmp_path / "nowhere"), "exports", "list"]) == 2
    said = capsys.readouterr().err
    assert "nowhere" in said
    assert "cctui demo" in said


def test_the_application_needs_a_terminal_and_names_the_command_line(cctui: CommandLine) -> None:
    done = cctui()
    assert done.code != 0
    assert "terminal" in done.err


def test_connections_are_listed_and_tested(cctui: CommandLine) -> None:
    assert "Constant Contact, marketing" in cctui("connections", "list").out
    tested = cctui("connections", "test", "marketing", "--json")
    assert tested.code == 0
    assert tested.json["check"]["state"] == "connected"
    assert "Contoso Coffee" in tested.json["check"]["account"]


def test_a_connection_is_added_signed_in_renamed_and_removed(cctui: CommandLine) -> None:
    sandbox = cctui.sandbox
    said = cctui(
        *("connections", "add", "--name", "Second account", "--client-id", "5a0c7e11-0d15-4b0e-9c1a-5bd0c0ffee01"),
        *("--api", sandbox.api, "--authorization", sandbox.authorization),
    )
    assert said.code == 2, "without agreeing nothing is saved"
    assert "Constant Contact" in said.err
    added = cctui(
        *("connections", "add", "--name", "Second account", "--client-id", "5a0c7e11-0d15-4b0e-9c1a-5bd0c0ffee01"),
        *("--api", sandbox.api, "--authorization", sandbox.authorization, "--agree", "--json"),
    )
    assert added.code == 0
    assert added.json["id"] == "second-account"
    assert "consent" in added.json
    assert cctui("connections", "test", "second-account").code == 6

    sandbox.ask("settings", {"pending_polls": 0}, method="PUT")
    try:
        signed = cctui("connections", "sign-in", "second-account")
    finally:
        sandbox.ask("settings", {"pending_polls": None}, method="PUT")
    assert signed.code == 0, signed.err
    assert "Contoso Coffee" in signed.out
    assert "Code: " in signed.err

    assert cctui("connections", "edit", "second-account", "--name", "Spare", "--share").code == 0
    assert "Administrators and contributors" in cctui("connections", "list").out
    assert cctui("connections", "sign-out", "second-account", "--yes").code == 0
    assert not (cctui.folder / "secrets" / "second-account.json").exists()
    assert cctui("connections", "remove", "second-account", "--yes").code == 0
    assert not (cctui.folder / "connections" / "second-account.toml").exists()


def test_where_the_sign_in_is_how_old_it_is_and_when_it_dies(cctui: CommandLine) -> None:
    told = cctui("connections", "token", "marketing")
    assert told.code == 0
    assert str(cctui.folder / "secrets" / "marketing.json") in told.out
    assert "Dies unused" in told.out
    assert cctui("connections", "token", "marketing", "--json").json["standing"] == "good"
    text = (cctui.folder / "secrets" / "marketing.json").read_text()
    assert not any(len(word) > 30 and word in told.out for word in text.split('"'))


@pytest.fixture
def keyring_chosen(cctui: CommandLine) -> Iterator[None]:
    """``environment.toml`` says that sign-ins are kept in the system keyring."""
    path = cctui.folder / "environment.toml"
    text = path.read_text()
    path.write_text(f'{text}\n[secrets]\nstore = "keyring"\n')
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)
    path.write_text(text)


def test_a_keyring_that_nobody_can_open_is_said_before_anybody_approves_a_code(
    cctui: CommandLine, keyring_chosen: None
) -> None:
    refused = cctui("connections", "sign-in", "marketing")
    assert refused.code == 1
    assert "Code:" not in refused.err
    assert "There is no keyring in this session" in refused.err
    assert '[secrets] store = "files"' in refused.err


def test_a_sign_in_moves_to_the_keyring_and_a_worker_without_one_says_what_to_do(
    cctui: CommandLine, keyring_chosen: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(__file__).parents[1] / "constant_contact"
    monkeypatch.syspath_prepend(str(here))
    monkeypatch.setenv("KEYRING_IN_FILE", str(tmp_path / "keyring.json"))
    from keyrings_to_try import InFile

    keyring.set_keyring(InFile())
    try:
        assert "Move it: cctui connections token marketing --move" in cctui("connections", "token", "marketing").err
        moved = cctui("connections", "token", "marketing", "--move")
        assert moved.code == 0, moved.err
        assert f"The system keyring, as cctui {cctui.folder / 'secrets'}" in " ".join(moved.out.split())
        assert cctui("connections", "test", "marketing").code == 0
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        failed = cctui("run", "everyone-newsletter", "--json")
        assert failed.code == 1, failed.err
        told = cctui("runs", "show", failed.json["run_id"]).out
        assert "no keyring in this session" in " ".join(told.split())
    finally:
        (cctui.folder / "environment.toml").write_text(
            (cctui.folder / "environment.toml").read_text().replace('store = "keyring"', 'store = "files"')
        )
        back = cctui("connections", "token", "marketing", "--move")
    assert back.code == 0
    assert (tmp_path / "keyring.json").read_text() == "{}"


def test_c20_a_connection_in_use_is_not_removed_and_its_exports_are_named(cctui: CommandLine) -> None:
    refused = cctui("connections", "remove", "marketing", "--yes")
    assert refused.code == 2
    assert "Everyone, newsletter" in refused.err
    assert (cctui.folder / "secrets" / "marketing.json").exists()


def test_removing_asks_and_without_a_terminal_wants_yes(cctui: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    refused = cctui("exports", "remove", "reactivation")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert (cctui.folder / "exports" / "reactivation.toml").exists()


def test_segments_are_counted_and_members_shown_masked(cctui: CommandLine) -> None:
    listed = {segment["name"]: segment for segment in cctui("segments", "list", "--json").json}
    assert listed["AllCustomers"]["members"] == 600
    shown = cctui("segments", "show", "AllCustomers", "--rows", "20").out
    assert "…@" in shown
    unmasked = cctui("segments", "show", "AllCustomers", "--rows", "20", "--unmasked").out
    assert "…@" not in unmasked
    assert cctui("segments", "show", "Nobody").code == 2


def test_an_export_is_added_run_looked_at_and_removed(cctui: CommandLine, tmp_path: Path) -> None:
    address = f"https://app.constantcontact.com/pages/contacts/ui#contacts/lists/{NEWSLETTER}"
    added = cctui(
        *("exports", "add", "--name", "Morning mail", "--connection", "marketing", "--list", address),
        *("--segment", "NewsletterReaders", "--email", "EMail", "--attribute", "first_name=FirstName"),
    )
    assert added.code == 0, added.err
    assert "Saving does not run" in added.out
    assert cctui("exports", "show", "morning-mail", "--json").json["list_id"] == NEWSLETTER

    dry = cctui("run", "morning-mail", "--dry-run", "--json")
    assert dry.json["dry_run"] is True
    assert dry.json["adds_up"] is True
    posts = len(cctui.sandbox.ask("imports")["imports"])

    run = cctui("run", "morning-mail", "--run-id", "first-morning", "--json")
    assert run.code == 3, run.err
    assert run.json["run_id"] == "first-morning"
    assert run.json["selected"] == dry.json["selected"] == 240
    assert run.json["sent"] == dry.json["sent"]
    assert len(cctui.sandbox.ask("imports")["imports"]) == posts + run.json["batches"]

    again = cctui("run", "morning-mail", "--run-id", "first-morning", "--json")
    assert again.json == run.json, "the same run id twice is the same run"
    assert len(cctui.sandbox.ask("imports")["imports"]) == posts + run.json["batches"]

    assert "first-morning" in cctui("runs", "list", "--export", "morning-mail").out
    assert "240 selected" in cctui("runs", "show", "first-morning").out
    rows = list(csv.DictReader(io.StringIO(cctui("runs", "rejected", "first-morning").out)))
    assert len(rows) == run.json["invalid"] + run.json["refused"]
    assert {"profile_id", "reason", "value"} <= set(rows[0])
    target = tmp_path / "rejected.csv"
    assert cctui("runs", "rejected", "first-morning", "--output", str(target)).code == 0
    assert target.stat().st_mode & 0o077 == 0

    assert cctui("exports", "edit", "morning-mail", "--name", "Evening mail").code == 0
    assert cctui("exports", "duplicate", "morning-mail", "--name", "Night mail").code == 0
    assert cctui("exports", "detach", "night-mail").code == 0
    assert "No Connection" in cctui("exports", "show", "night-mail").out
    assert cctui("exports", "attach", "night-mail", "marketing").code == 0
    assert cctui("exports", "remove", "morning-mail", "night-mail", "--yes").code == 0


EDITOR = """\
import pathlib, sys
seen, text = pathlib.Path(__file__).with_suffix(".seen"), pathlib.Path(sys.argv[1])
words = text.read_text()
seen.write_text((seen.read_text() if seen.exists() else "") + words + "---")
words = words.replace('display_name = ""', 'display_name = "By hand"')
words = words.replace('# connection = ""', 'connection = "marketing"')
words = words.replace("segments = []", 'segments = ["TastingClub"]')
if "---" in seen.read_text()[:-3]:
    words = words.replace('list_id = "nonsense"', 'list_id = "LIST"')
text.write_text(words.replace('list_id = ""', 'list_id = "nonsense"'))
"""


def test_an_export_is_written_in_an_editor_from_a_template(
    cctui: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 4, 8: what does not fit is said with its line, and the same text opens again."""
    script = tmp_path / "editor.py"
    script.write_text(EDITOR.replace("LIST", NEWSLETTER))
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    added = cctui("exports", "add", "--edit", "--id", "by-hand")
    assert added.code == 0, added.err
    assert "line 5: list_id: This is not a Constant Contact list ID." in added.err
    template, again, _end = script.with_suffix(".seen").read_text().split("---")
    assert 'id = "by-hand"' in template
    assert "# Connections: marketing" in template
    assert 'display_name = "By hand"' in again
    definition = cctui("exports", "show", "by-hand", "--json").json
    assert (definition["connection"], definition["segments"]) == ("marketing", ["TastingClub"])

    monkeypatch.setenv("VISUAL", "true")
    assert cctui("exports", "edit", "by-hand", "--edit").code == 2, "closed without saving: nothing changed"
    assert cctui("exports", "show", "by-hand", "--json").json == definition
    assert cctui("exports", "remove", "by-hand", "--yes").code == 0


def test_only_the_rejected_run_again_once_the_source_is_mended(cctui: CommandLine) -> None:
    ran = cctui("run", "everyone-newsletter", "--run-id", "with-rejects", "--json")
    assert ran.code == 3, ran.err
    first = ran.json
    assert first["invalid"]
    names = {row["profile_id"] for row in csv.DictReader(io.StringIO(cctui("runs", "rejected", "with-rejects").out))}
    profiles = next(path for path in (cctui.folder / "profiles").rglob("*.csv") if path.name == "AllCustomers_1.csv")
    with profiles.open(encoding="utf-8", newline="") as file:
        rows = [
            [*row[:3], f"mended{n}@example.com", *row[4:]] if row[0] in names else row
            for n, row in enumerate(csv.reader(file))
        ]
    with profiles.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    again = cctui("run", "everyone-newsletter", "--only-rejected-of", "with-rej", "--run-id", "mended", "--json")
    report = again.json
    assert report["only_rejected_of"] == "with-rejects"
    assert report["selected"] == report["wanted"] == len(names)
    assert (report["status"], report["invalid"], report["adds_up"]) == ("successful", 0, True)
    assert report["sent"] + report["duplicate"] + report["suppressed"] == len(names)
    assert "only the" in cctui("runs", "list").out
    assert f"only the {len(names)} rejected of run with-rejects" in cctui("runs", "show", "mended").out
    refused = cctui("run", "loyalty-tier-change", "--only-rejected-of", "with-rejects")
    assert refused.code == 2
    assert "another export" in refused.err


def test_events_are_one_json_object_a_line_from_queued_to_ended(cctui: CommandLine) -> None:
    events = [json.loads(line) for line in cctui("run", "loyalty-tier-change", "--events").out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "run-queued"
    assert kinds[-1] == "run-ended"
    assert "batch-sent" in kinds
    assert {event["v"] for event in events} == {1}


def test_a_detached_export_is_skipped_with_the_reason(cctui: CommandLine) -> None:
    run = cctui("run", "old-campaign", "--json")
    assert run.code == 1
    assert run.json["status"] == "skipped"
    assert run.json["problem"]


def test_a_list_that_does_not_exist_fails_before_anything_is_sent(cctui: CommandLine) -> None:
    posts = len(cctui.sandbox.ask("imports")["imports"])
    cctui("exports", "edit", "reactivation", "--list", "00000000-0000-4000-8000-000000000000")
    run = cctui("run", "reactivation", "--json")
    assert run.code == 1
    assert run.json["status"] == "failed"
    assert run.json["do_next"]
    assert len(cctui.sandbox.ask("imports")["imports"]) == posts
    assert "does not exist in the account" in cctui("doctor").out
    cctui("exports", "edit", "reactivation", "--list", NEWSLETTER)


def test_the_doctor_finds_everything_in_order_and_names_what_is_not(cctui: CommandLine) -> None:
    findings = cctui("doctor", "--json").json
    assert {finding["verdict"] for finding in findings} <= {"good", "note"}
    broken = cctui.folder / "exports" / "broken.toml"
    broken.write_text('id = "broken"\nlist_id = 7\n')
    try:
        sick = cctui("doctor")
        assert sick.code == 1
        assert "broken.toml" in sick.out
        assert "list_id" in sick.out
        assert "Everyone, newsletter" in cctui("exports", "list").out, "the other definitions keep working"
    finally:
        broken.unlink()


def test_secrets_that_others_can_read_stop_the_run_with_the_command_that_mends_it(cctui: CommandLine) -> None:
    secret = cctui.folder / "secrets" / "marketing.json"
    secret.chmod(0o644)
    try:
        run = cctui("run", "high-value-customers", "--json")
        assert run.code in {1, 6}
        assert "chmod 600" in run.json["problem"] + run.json["do_next"]
    finally:
        secret.chmod(0o600)


def test_a_sandbox_that_is_down_is_said_in_words(cctui: CommandLine) -> None:
    text = (cctui.folder / "connections" / "marketing.toml").read_text()
    nobody = text.replace(f":{cctui.sandbox.port}/", ":1/")
    (cctui.folder / "connections" / "marketing.toml").write_text(nobody)
    try:
        tested = cctui("connections", "test", "marketing")
        assert tested.code == 1
        assert "reach" in tested.out
    finally:
        (cctui.folder / "connections" / "marketing.toml").write_text(text)


def test_what_the_sandbox_says_to_type_connects_an_environment_to_it(cctui: CommandLine, tmp_path: Path) -> None:
    """An empty environment has no other way to a stand-in; the words are typed as they are printed."""
    folder = tmp_path / "my coffee"
    folder.mkdir()
    (folder / "environment.toml").write_text('[environment]\nname = "Contoso Coffee"\n')
    with subprocess.Popen(
        [sys.executable, "-m", "cctui", "--environment", folder, "sandbox", "--port", "0", "--data", tmp_path / "data"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"},
    ) as serving:
        assert serving.stdout is not None
        said = ""
        while "list picker" not in said:
            said += serving.stdout.readline()
            assert serving.poll() is None, said
        added, signed = _typed(said)
        assert main(added) == 0
        port = int(said.split("http://127.0.0.1:")[1].split(".")[0])
        sandbox = RunningSandbox(cctui.sandbox.folder, port, cctui.sandbox.process)
        sandbox.ask("settings", {"pending_polls": 0, "device_interval": 0, "token_rate": 0}, method="PUT")
        assert main(signed) == 0
        assert f"{sandbox.base_url}/activate" in said
        serving.terminate()
    assert Environment(folder).connection("sandbox").definition.account is not None


def _typed(said: str) -> list[list[str]]:
    """The commands that are printed indented, as a shell takes them apart, without the program's name."""
    lines = "\n".join(line for line in said.splitlines() if line.startswith("  ")).replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in lines.splitlines()]
