"""From nothing to a finished run without a screen: every question on a line, every answer a line."""

from __future__ import annotations

import getpass
import re
import signal
from pathlib import Path

import pytest
from plain_talk import Talk

from cctui.cli import main
from cctui.cli.demo import EXPORT, prepare
from cctui.sandbox.running import RunningSandbox
from cctui.sandbox.settings import SANDBOX_CLIENT_ID


def point_at(sandbox: RunningSandbox, connection: Path) -> None:
    """Lead a connection to the sandbox, as an operator does who rehearses."""
    endpoints = f'\n[endpoints]\napi = "{sandbox.api}"\nauthorization = "{sandbox.authorization}"\n'
    connection.write_text(connection.read_text() + endpoints)


def test_from_nothing_to_a_finished_run(
    tmp_path: Path, own_home: Path, profiles: Path, sandbox: RunningSandbox
) -> None:
    folder = tmp_path / "contoso"
    with Talk(folder, own_home) as talk:
        talk.answer("Make one there?", "y")
        talk.answer("Name", "Contoso Coffee")
        talk.answer("Time zone [UTC]", "Europe/Nowhere")
        talk.hear("There is no such time zone.")
        talk.answer("Time zone [UTC]", "")
        talk.pick("Profile source", "Storage export")
        talk.answer("Folder", str(profiles))
        talk.hear("plain mode. Contoso Coffee")

        talk.pick("Menu", "Connections")
        talk.pick("Connections", "Add connection")
        talk.answer("Display name", "?")
        talk.hear("Name its purpose and its target.")
        talk.answer("Display name", "Constant Contact, marketing")
        talk.answer("Application key", "not a key")
        talk.hear("A key looks like this")
        talk.answer("Application key", SANDBOX_CLIENT_ID)
        talk.pick("Choose who can use this connection", "Administrators and contributors")
        talk.answer("I agree [no]", "yes")
        talk.hear("Now the two sign-ins.")
        point_at(sandbox, folder / "connections" / "constant-contact-marketing.toml")
        talk.answer("Sign in now? [yes]", "")
        talk.pick("Authenticate with Constant Contact", "with a code")
        talk.hear("Code: ")
        code = talk.hear("\r\n").strip()
        talk.hear("Ctrl+C gives up.")
        sandbox.ask("approve", {"user_code": code})
        talk.hear("Connected to ")
        talk.answer("Export user [", "")
        talk.hear("The export user is ")
        talk.pick("Connections", "Constant Contact, marketing, Connected")
        talk.hear("State: Connected")
        talk.pick("Constant Contact, marketing", "Test connection")
        talk.hear("State: Connected")
        talk.pick("Constant Contact, marketing", "Back")
        talk.pick("Connections", "Back")

        talk.pick("Menu", "Exports")
        talk.pick("Exports", "Add export")
        talk.pick("Connection for export", "Constant Contact, marketing")
        talk.answer("Display name", "Newsletter")
        talk.pick("Constant Contact List ID", "Newsletter")
        talk.hear("Data matching, Email")
        talk.answer("Your choice [", "")
        talk.answer("Add attribute [no]", "y")
        talk.pick("Attribute", "First name")
        talk.hear("Field for First name")
        talk.answer("Your choice [", "")
        talk.answer("Add attribute [no]", "")
        talk.pick("Select segments", "AllCustomers")
        talk.answer("Leave out people who opted out of e-mail [yes]", "")
        talk.answer("Preview [yes]", "")
        talk.hear("Would be sent: ")
        talk.hear("Contact 1: Email: ")
        talk.answer("Save [yes]", "")
        talk.hear("Saving does not run it.")

        talk.pick("Newsletter", "Dry run")
        talk.hear("This was a dry run: nothing was sent.")
        assert not sandbox.ask("stats")["members"].get(_list_of(folder), 0)
        talk.pick("Newsletter", "Run")
        talk.hear("Status: Completed with errors")
        accepted = talk.hear("Rejected rows: ")
        talk.pick("Newsletter", "History")
        talk.pick("History", "Newsletter, Completed with errors")
        talk.pick("Run ID ", "Rejected rows")
        talk.hear("No @ sign: ")
        talk.answer("Show the first rows? [no]", "y")
        talk.answer("Save them to a file? [no]", "y")
        talk.answer("File [", str(tmp_path / "rejected.csv"))
        talk.hear("Written to ")
        talk.pick("Run ID ", "Back")
        talk.pick("History", "Back")
        talk.pick("Newsletter", "Schedule")
        talk.answer("Schedule run [yes]", "")
        talk.pick("Recurrence", "Every week")
        talk.pick("Days of the week", "Mon")
        talk.answer("Times", "25:00")
        talk.hear("Say a time with 24 hours")
        talk.answer("Times", "06:30")
        talk.hear("The schedule is saved.")
        talk.pick("Newsletter", "Back")
        talk.pick("Exports", "Back")
        talk.pick("Menu", "Quit")
        assert talk.ended() == 0
    held = sandbox.ask("stats")["members"][_list_of(folder)]
    assert f"Accepted: {held}\r\n" in accepted
    assert (tmp_path / "rejected.csv").read_text().startswith("profile_id,reason,value")
    assert "\x1b" not in talk.said
    assert not re.search("[\u2500-\u25ff]", talk.said)
    assert re.search(r"\w…@", talk.said)
    assert not re.search(r"[\w.]@\w", talk.said)


def test_a_run_is_watched_paused_and_canceled(tmp_path: Path, own_home: Path, sandbox: RunningSandbox) -> None:
    environment = prepare(tmp_path / "contoso", 300, sandbox)
    sandbox.ask("settings", {"latency": 1.0}, method="PUT")
    try:
        with Talk(environment.root, own_home, f"exports/{EXPORT}") as talk:
            talk.pick("", "Run")
            talk.hear("Ctrl+C: pause it")
            talk.hear("\r\n")
            talk.child.sendintr()
            talk.pick("", "Pause")
            talk.hear("pauses after the request")
            sandbox.ask("settings", {"latency": 0.0}, method="PUT")
            talk.hear("Status: ")
            talk.hear("Your choice")
            talk.child.sendline("..")
            talk.pick("Menu", "History")
            talk.pick("History", "")
            talk.hear("Run ID ")
            talk.child.sendline("..")
            talk.child.sendline("..")
            talk.child.sendline("..")
            assert talk.ended() == 0
    finally:
        sandbox.ask("settings", {"latency": 0.0}, method="PUT")


def test_the_refresh_and_the_users(tmp_path: Path, own_home: Path) -> None:
    contoso(tmp_path / "contoso", "administrator")
    with Talk(tmp_path / "contoso", own_home, "--language", "en") as talk:
        talk.pick("Menu", "System")
        talk.pick("System", "Refresh schedule")
        talk.hear("Schedule run: Off")
        talk.answer("Change it? [no]", "y")
        talk.answer("Schedule run [no]", "yes")
        talk.pick("Recurrence", "Every day")
        talk.answer("Times", "1:00, 2:00, 3:00, 4:00, 5:00")
        talk.hear("At most 4 times a day.")
        talk.answer("Times", "01:00, 13:30")
        talk.hear("The schedule is saved.")
        talk.pick("System", "Back")
        talk.pick("Menu", "Permissions")
        talk.pick("Permissions", "Add user")
        talk.answer("Name", "\x1b[Akari\x1b[31m")
        talk.pick("Role", "Contributor")
        talk.hear("kari is Contributor now.")
        talk.pick("Permissions", "kari, Contributor")
        talk.pick("kari", "Remove")
        talk.answer("Remove kari? [no]", "maybe")
        talk.hear("Answer yes or no.")
        talk.answer("Remove kari? [no]", "y")
        talk.hear("Removed: kari")
        talk.pick("Permissions", "Back")
        talk.pick("Menu", "Quit")
        assert talk.ended() == 0
    text = (tmp_path / "contoso" / "environment.toml").read_text()
    assert 'times = ["01:00", "13:30"]' in text
    assert "kari" not in text


def _list_of(folder: Path) -> str:
    found = re.search('list_id = "([^"]+)"', (folder / "exports" / "newsletter.toml").read_text())
    assert found
    return found[1]


def test_it_needs_somebody_to_talk_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--plain", "--environment", str(tmp_path)]) == 2
    assert "needs a terminal to ask on" in capsys.readouterr().err


def contoso(folder: Path, role: str) -> None:
    (folder / "exports").mkdir(parents=True)
    users = {getpass.getuser(): role, "somebody-else": "administrator"}
    (folder / "environment.toml").write_text(
        '[environment]\nname = "Contoso Coffee"\nlanguage = "de"\n'
        + "".join(f'\n[[users]]\nname = "{name}"\nrole = "{one}"\n' for name, one in users.items())
    )


def test_in_another_language_with_the_rights_of_the_role(tmp_path: Path, own_home: Path) -> None:
    contoso(tmp_path / "contoso", "viewer")
    with Talk(tmp_path / "contoso", own_home, choice="Ihre Auswahl") as talk:
        talk.hear("Contoso Coffee")
        talk.pick("Menü", "Verbindungen")
        talk.hear("Das ist nicht erlaubt.")
        talk.pick("Menü", "Berechtigungen")
        talk.hear("Das ist nicht erlaubt.")
        talk.answer("Ihre Auswahl", "nonsense")
        talk.answer("Ihre Auswahl", "..")
        assert talk.ended() == 0


def test_a_place_opens_there_and_a_wrong_one_is_a_sentence(tmp_path: Path, own_home: Path) -> None:
    contoso(tmp_path / "contoso", "administrator")
    with Talk(tmp_path / "contoso", own_home, "exports/nothing") as talk:
        talk.hear('"nothing"')
        talk.child.sendeof()
        assert talk.ended() == 0
    with Talk(tmp_path / "contoso", own_home, "permissions/", choice="Ihre Auswahl") as talk:
        talk.pick("Berechtigungen", "Rollen")
        talk.child.kill(signal.SIGINT)
        assert talk.ended() == 130


def test_who_came_with_a_key_of_their_own_gets_nothing_of_the_box(tmp_path: Path, own_home: Path) -> None:
    with Talk(tmp_path / "elsewhere", own_home, "--operator", getpass.getuser()) as talk:
        talk.hear("There is no environment in")
        assert talk.ended() == 2
    assert not (tmp_path / "elsewhere").exists()
    root = tmp_path / "contoso"
    contoso(root, "administrator")
    with Talk(root, own_home, "--operator", "somebody-else", "--language", "en") as talk:
        talk.pick("Menu", "System")
        (root / "environment.toml").write_text(
            '[environment]\nname = "Contoso Coffee"\n\n[[users]]\nname = "ops1"\nrole = "administrator"\n'
        )
        talk.pick("System", "Back")
        talk.hear("is no user of this environment")
        assert talk.ended() == 0
