"""Alerts: told once when something goes wrong and once when it is over, whatever happens to the worker in between."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from msgspec import structs
from scheduler_stand_ins import MONDAY, OPS, Box, Crash

from cctui.access.roles import Operator, Role
from cctui.cli import main
from cctui.constant_contact.tokens import IDLE_LIFE, Secret, Tokens, TokenStore
from cctui.definitions import system_changes
from cctui.definitions.model import AlertDefinition, AlertEvent, ConnectionId, ExportId, ExportSchedule, ListId
from cctui.delivery import alert_addresses, alerting
from cctui.delivery.alert_addresses import AlertNotSent
from cctui.delivery.alert_ledger import AlertLedger
from cctui.delivery.alerting import Alerting
from cctui.delivery.alerts import (
    LONGEST_REST,
    AlertState,
    case_of_sign_in,
    cases_of_runs,
    followed,
    not_told,
    told,
)
from cctui.delivery.ledger import new_run
from cctui.delivery.states import Run, RunId, Status, Totals, Trigger
from cctui.errors import NotPermitted, UsageError

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EVERYTHING = AlertDefinition(secret="ops")


def a_run(number: int, status: Status, export: str = "newsletter", **facts: Any) -> Run:
    run = new_run(
        id=RunId(f"run{number:05d}"),
        export=ExportId(export),
        export_name=export.title(),
        connection=ConnectionId("marketing"),
        list_id=ListId("3b1d6c1e-0000-4000-8000-000000000001"),
        trigger=Trigger.OPERATOR,
        started_by="ops1",
        queued_at=MONDAY,
    )
    return structs.replace(run, status=status, ended_at=MONDAY, **facts)


class Told:
    """The one who is told; as long as ``deaf`` is set nothing is taken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[tuple[str, str, bool]] = []
        self.deaf = False
        self.killed_when = ""
        monkeypatch.setattr(alert_addresses, "tell", self.tell)

    def tell(self, _environment: Any, name: str, title: str, text: str, *, trouble: bool) -> None:
        if self.killed_when == "before it is taken":
            raise Crash
        if self.deaf:
            raise AlertNotSent("The message was not taken.")
        self.messages.append((name, f"{title} | {text}", trouble))
        if self.killed_when == "after it is taken":
            raise Crash

    @property
    def titles(self) -> list[str]:
        return [text.split(" | ")[0].removeprefix("Contoso: ") for _name, text, _trouble in self.messages]


class Office:
    """A box whose worker tells alerts; every round is whole, as if its thread were quick."""

    def __init__(self, box: Box, ear: Told, monkeypatch: pytest.MonkeyPatch) -> None:
        self.box, self.ear = box, ear
        self.count = 0
        box.export("newsletter", ExportSchedule())
        system_changes.add_alert(box.environment, OPS, EVERYTHING)
        self.restart()
        monkeypatch.setattr(threading.Thread, "start", threading.Thread.run)
        monkeypatch.setattr(threading.Thread, "is_alive", lambda _thread: False)

    def restart(self) -> None:
        """The worker of a new process."""
        self.duty = Alerting(self.box.environment, self.box.clock)

    def ends(self, status: Status, **facts: Any) -> None:
        """A run ends, and the worker looks."""
        self.count += 1
        with AlertLedger(self.box.environment.ledger_path, self.box.clock) as ledger:
            ledger._insert("runs", a_run(self.count, status, **facts))
        self.round()

    def round(self, pass_by: float = 3) -> None:
        self.box.clock.pass_by(pass_by)
        self.duty(self.box.clock.now())

    @property
    def states(self) -> list[AlertState]:
        return [one for one in alerting.states(self.box.environment) if not one.subject.startswith("sign-in")]


@pytest.fixture
def office(box: Box, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(box, Told(monkeypatch), monkeypatch)


def signed_in(office: Office, renewed_at: datetime) -> None:
    TokenStore(office.box.environment.secrets_folder).save(
        "marketing",
        Tokens(
            client_id=office.box.environment.connection("marketing").definition.client_id,
            access_token=Secret("a" * 20),
            refresh_token=Secret("r" * 20),
            expires_at=renewed_at + timedelta(hours=2),
            signed_in_at=renewed_at,
            renewed_at=renewed_at,
        ),
    )


@pytest.fixture
def quiet(office: Office) -> Office:
    """An office with a good sign-in."""
    signed_in(office, MONDAY)
    return office


def test_a_failure_is_told_once_and_its_end_once(quiet: Office) -> None:
    quiet.ends(Status.SUCCESSFUL)
    assert quiet.ear.messages == []
    for _time in range(3):
        quiet.ends(Status.FAILED, problem="The list is gone.", do_next="Choose another one.")
        quiet.round(3600)
    quiet.ends(Status.CANCELED)
    for _time in range(3):
        quiet.ends(Status.SUCCESSFUL)
        quiet.round(3600)
    assert quiet.ear.titles == ["Newsletter failed", "Newsletter runs again"]
    assert "The list is gone. Choose another one." in quiet.ear.messages[0][1]
    assert [trouble for _name, _text, trouble in quiet.ear.messages] == [True, False]


def test_a_skipped_run_is_a_failure_too_and_a_rehearsal_is_none(quiet: Office) -> None:
    quiet.ends(Status.FAILED, dry_run=True)
    assert quiet.ear.titles == []
    quiet.ends(Status.SKIPPED, problem="No Connection")
    assert quiet.ear.titles == ["Newsletter was skipped"]


def test_errors_are_told_above_the_share_only(quiet: Office) -> None:
    few, many = Totals(selected=1000, invalid=50), Totals(selected=1000, invalid=30, refused=21)
    quiet.ends(Status.COMPLETED_WITH_ERRORS, totals=few)
    assert quiet.ear.titles == []
    quiet.ends(Status.COMPLETED_WITH_ERRORS, totals=many)
    quiet.ends(Status.COMPLETED_WITH_ERRORS, totals=few)
    assert quiet.ear.titles == ["Newsletter completed with errors", "Newsletter runs without many errors again"]
    assert "51 of 1,000 profiles were rejected." in quiet.ear.messages[0][1]


def test_a_late_run_is_told_and_one_that_is_on_time_again(quiet: Office) -> None:
    quiet.ends(Status.SUCCESSFUL, due_at=MONDAY - timedelta(hours=3))
    quiet.ends(Status.SUCCESSFUL)
    quiet.ends(Status.SUCCESSFUL, due_at=MONDAY)
    assert quiet.ear.titles == ["Newsletter ran late", "Newsletter runs on time again"]


def test_a_sign_in_about_to_die_is_told_once_and_once_when_it_lives(office: Office) -> None:
    signed_in(office, MONDAY - IDLE_LIFE + timedelta(days=14, hours=1))
    office.round()
    assert office.ear.titles == []
    for _day in range(3):
        office.round(86_400)
    assert [title.partition(" of ")[0] for title in office.ear.titles] == ["The sign-in"]
    signed_in(office, office.box.clock.now())
    office.round(3600)
    assert office.ear.titles[1:] == [
        f"{office.box.environment.connection('marketing').definition.display_name} is signed in again"
    ]


def test_a_sign_in_that_ended_is_told(office: Office) -> None:
    office.round()
    office.round(3600)
    assert [title.endswith("needs a new sign-in") for title in office.ear.titles] == [True]


def test_what_is_not_taken_is_tried_again_later_and_disturbs_nothing(quiet: Office) -> None:
    quiet.ear.deaf = True
    quiet.ends(Status.FAILED)
    (state,) = quiet.states
    assert (state.pending, state.tries, state.problem) == (True, 1, "The message was not taken.")
    quiet.round(10)
    assert quiet.states[0].tries == 1, "too early"
    quiet.round(25)
    assert quiet.states[0].tries == 2
    quiet.ear.deaf = False
    quiet.round(3600)
    assert quiet.ear.titles == ["Newsletter failed"]
    assert (quiet.states[0].pending, quiet.states[0].problem) == (False, "")
    assert quiet.states[0].told_at == quiet.box.clock.now()


def test_trouble_that_could_not_be_told_is_told_when_it_is_over(quiet: Office) -> None:
    quiet.ear.deaf = True
    quiet.ends(Status.FAILED)
    quiet.ear.deaf = False
    quiet.ends(Status.SUCCESSFUL)
    assert quiet.ear.titles == ["Newsletter runs again"]


@pytest.mark.parametrize("moment", range(1, 9))
def test_a_worker_killed_at_any_commit_neither_repeats_nor_forgets(
    quiet: Office, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only between the message and the next commit it cannot be known: then it is told again, with a word about it."""
    quiet.round()
    reached = 0
    commit = AlertLedger.commit

    def counted(ledger: AlertLedger, what: str) -> None:
        nonlocal reached
        reached += 1
        if reached == moment:
            raise Crash
        commit(ledger, what)

    monkeypatch.setattr(AlertLedger, "commit", counted)
    for status in (Status.FAILED, Status.SUCCESSFUL):
        try:
            quiet.ends(status)
        except Crash:
            quiet.restart()
            if status not in {run.status for run in _runs(quiet)}:
                quiet.ends(status)
            quiet.round()
    quiet.round(7200)
    unclear = [text for _name, text, _trouble in quiet.ear.messages if "Perhaps this was told before" in text]
    titles = quiet.ear.titles
    assert list(dict.fromkeys(titles)) == ["Newsletter failed", "Newsletter runs again"]
    assert len(titles) - len(unclear) == 2 if len(titles) > 2 else len(titles) == 2


def _runs(office: Office) -> list[Run]:
    with AlertLedger(office.box.environment.ledger_path, office.box.clock) as ledger:
        return ledger.runs()


@pytest.mark.parametrize("when", ["before it is taken", "after it is taken"])
def test_a_worker_killed_while_it_tells_tells_again_and_says_so(quiet: Office, when: str) -> None:
    quiet.ear.killed_when = when
    with pytest.raises(Crash):
        quiet.ends(Status.FAILED)
    quiet.ear.killed_when = ""
    before = len(quiet.ear.messages)
    quiet.restart()
    quiet.round()
    quiet.restart()
    quiet.round(3600)
    assert len(quiet.ear.messages) == before + 1
    assert "Perhaps this was told before" in quiet.ear.messages[-1][1]


def test_an_alert_or_an_export_that_is_gone_is_told_no_more(quiet: Office) -> None:
    quiet.ear.deaf = True
    quiet.ends(Status.FAILED)
    system_changes.remove_alert(quiet.box.environment, OPS, "ops")
    quiet.ear.deaf = False
    quiet.round(7200)
    assert (quiet.ear.messages, quiet.states) == ([], [])


def test_addresses_of_people_are_masked(quiet: Office) -> None:
    quiet.ends(Status.FAILED, problem="mette.hansen@contoso.example was refused")
    assert "mette.hansen" not in str(quiet.ear.messages)
    assert "m…@contoso.example" in str(quiet.ear.messages)


def test_an_alert_tells_only_what_it_is_about() -> None:
    cases = cases_of_runs([a_run(1, Status.FAILED)])
    late = AlertDefinition(secret="late", events=[AlertEvent.LATE])
    changed, _gone = followed([late, EVERYTHING], cases, {}, NOW)
    assert [(one.alert, one.subject) for one in changed] == [("ops", "failed:newsletter")]


def test_trouble_that_came_back_before_its_end_was_told_is_no_news() -> None:
    failed, fine = cases_of_runs([a_run(1, Status.FAILED)]), cases_of_runs([a_run(2, Status.SUCCESSFUL)])
    (first,), _gone = followed([EVERYTHING], failed, {}, NOW)
    known = told(first, NOW)
    key = (known.alert, known.subject)
    (over,), _gone = followed([EVERYTHING], fine, {key: known}, NOW)
    (again,), _gone = followed([EVERYTHING], failed, {key: over}, NOW)
    assert (again.trouble, again.pending, again.told_at) == (True, False, NOW)


def test_tries_come_later_each_time_and_never_later_than_an_hour() -> None:
    state = AlertState("ops", "failed:x", True, "t", "", NOW)
    rests = []
    for _try in range(12):
        state = not_told(state, "no", NOW)
        assert state.next_try is not None
        rests.append(state.next_try - NOW)
    assert rests == sorted(rests)
    assert rests[0] == timedelta(seconds=30)
    assert rests[-1] == LONGEST_REST


def test_a_sign_in_that_lives_long_is_no_trouble() -> None:
    assert not case_of_sign_in("marketing", "Marketing", "", NOW + timedelta(days=15), NOW).trouble
    assert case_of_sign_in("marketing", "Marketing", "", NOW + timedelta(days=13), NOW).trouble


# Through Apprise, over the loopback


class Receiver(ThreadingHTTPServer):
    """A webhook that keeps what it gets, and answers with ``status``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.got: list[dict[str, Any]] = []
        self.status = 200

    @property
    def address(self) -> str:
        return f"json://user:hunter2secret@127.0.0.1:{self.server_port}/hook"


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: Any) -> None:
        return None


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_webhook_gets_the_message(box: Box, receiver: Receiver) -> None:
    alert_addresses.keep(box.environment, "ops", receiver.address)
    path = alert_addresses.path_of(box.environment, "ops")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    alerting.test(box.environment, "ops")
    (message,) = receiver.got
    assert (message["title"], message["message"], message["type"]) == (
        "Contoso: a test",
        "Alerts of cctui arrive here.",
        "success",
    )


@pytest.mark.parametrize("status", [500, 302])
def test_what_a_webhook_refuses_or_sends_elsewhere_was_not_taken(box: Box, receiver: Receiver, status: int) -> None:
    alert_addresses.keep(box.environment, "ops", receiver.address)
    receiver.status = status
    with pytest.raises(AlertNotSent, match="not taken") as refused:
        alerting.test(box.environment, "ops")
    assert "hunter2" not in str(refused.value)
    assert len(receiver.got) == 1


def test_an_address_that_others_may_read_is_refused(box: Box, receiver: Receiver) -> None:
    alert_addresses.keep(box.environment, "ops", receiver.address)
    alert_addresses.path_of(box.environment, "ops").chmod(0o644)
    with pytest.raises(AlertNotSent, match="chmod 600"):
        alerting.test(box.environment, "ops")
    alert_addresses.forget(box.environment, "ops")
    with pytest.raises(AlertNotSent, match="no address"):
        alerting.test(box.environment, "ops")


@pytest.mark.parametrize("address", ["", "nonsense", "nope://host", "json://", "json://host\nother", "x" * 5000])
def test_what_apprise_does_not_know_is_not_kept(box: Box, address: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        alert_addresses.keep(box.environment, "ops", address)
    assert not alert_addresses.path_of(box.environment, "ops").exists()


def test_alerts_are_for_administrators(box: Box) -> None:
    for role in (Role.CONTRIBUTOR, Role.VIEWER):
        with pytest.raises(NotPermitted):
            system_changes.add_alert(box.environment, Operator("mette", role), EVERYTHING)


def test_the_command_line_adds_lists_tries_and_removes(
    box: Box, receiver: Receiver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    def cctui(*words: str, code: int = 0) -> str:
        assert main(["--environment", str(box.environment.root), "alerts", *words]) == code
        told = capsys.readouterr()
        return told.out + told.err

    assert "Nobody is told." in cctui("list")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{receiver.address}\n"))
    cctui("add", "ops", "--event", "failed", "--event", "sign-in", "--share", "10")
    assert box.environment.read().definition.alerts == [
        AlertDefinition(secret="ops", events=[AlertEvent.FAILED, AlertEvent.SIGN_IN], share=10)
    ]
    assert "hunter2" not in box.environment.path.read_text()
    listed = cctui("list")
    assert "failed, sign-in" in listed
    assert "never" in listed.lower()
    assert json.loads(cctui("list", "--json"))[0]["alert"]["share"] == 10
    cctui("test", "ops")
    assert len(receiver.got) == 1
    receiver.status = 500
    assert "hunter2" not in cctui("test", "ops", code=1)
    for wrong in ("../ops", "Ops", "a b"):
        cctui("add", wrong, code=2)
    assert "no alert" in cctui("test", "nobody", code=2)
    cctui("remove", "ops", "--yes")
    assert box.environment.read().definition.alerts == []
    assert not alert_addresses.path_of(box.environment, "ops").exists()


def test_nothing_of_apprise_is_loaded_before_something_is_told() -> None:
    code = "import sys, cctui.cli.alerts, cctui.delivery.worker; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
