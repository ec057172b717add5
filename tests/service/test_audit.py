"""The audit log: who did what when, whole on the disk, masked, and only ever added to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import structs
from scheduler_stand_ins import DAILY, OPS, Box
from test_users import key

from cctui.access import authorized_keys
from cctui.access.roles import Operator, Role, User
from cctui.constant_contact import connection_life
from cctui.constant_contact.answers import AccountSummary, Privileges
from cctui.constant_contact.sign_in import SignedIn
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions import audit, changes, system_changes
from cctui.definitions.audit import DEED_TITLES, AuditFailed, Deed, newest
from cctui.definitions.model import ExportId, ExportSchedule, RefreshSchedule
from cctui.delivery import runs
from cctui.errors import NotPermitted
from cctui.host import files


def deeds(box: Box) -> list[tuple[Deed, str]]:
    return [(entry.deed, entry.about) for entry in reversed(newest(box.environment))]


def test_every_deed_is_written_with_who_and_what_changed(box: Box) -> None:
    environment = box.environment
    box.export("newsletter", ExportSchedule())
    stored = environment.export("newsletter")
    renamed = structs.replace(stored.definition, display_name="Letter for mette@contoso.com")
    changes.edit_export(environment, OPS, renamed, stored.fingerprint)
    changes.schedule_exports(environment, OPS, {"newsletter": DAILY})
    connection = environment.connection("marketing")
    changes.edit_connection(
        environment, OPS, structs.replace(connection.definition, display_name="Marketing"), connection.fingerprint
    )
    run = runs.start(environment, OPS, ExportId("newsletter"), clock=box.clock)
    runs.pause(environment, OPS, run.id, clock=box.clock)
    runs.resume(environment, OPS, run.id, clock=box.clock)
    runs.cancel(environment, OPS, run.id, clock=box.clock)
    runs.hand_out_rejected(environment, OPS, run.id)
    changes.add_export(environment, OPS, changes.duplicate_export(environment, OPS, "newsletter", "Copy"))
    removed = changes.remove_export(environment, OPS, "copy")
    changes.restore(environment, OPS, removed)
    changes.detach_exports(environment, OPS, ["copy"])
    changes.attach_export(environment, OPS, "copy", "marketing")
    system_changes.edit_system(
        environment, OPS, environment.read().fingerprint, schedule=RefreshSchedule(times=["06:30"]), language="de"
    )
    system_changes.add_user(environment, OPS, User("mette", Role.CONTRIBUTOR))
    system_changes.change_user(environment, OPS, "mette", Role.VIEWER)
    line = authorized_keys.line_for("mette", key(), "cctui", environment.root)
    system_changes.give_key(environment, OPS, "mette", line)
    system_changes.remove_user(environment, OPS, "mette")
    assert deeds(box) == [
        (Deed.EXPORT_CHANGED, "newsletter"),
        (Deed.EXPORT_CHANGED, "newsletter"),
        (Deed.CONNECTION_CHANGED, "marketing"),
        (Deed.RUN_STARTED, f"newsletter {run.id}"),
        (Deed.RUN_PAUSED, f"newsletter {run.id}"),
        (Deed.RUN_RESUMED, f"newsletter {run.id}"),
        (Deed.RUN_CANCELED, f"newsletter {run.id}"),
        (Deed.REJECTED_ROWS_TAKEN, f"newsletter {run.id}"),
        (Deed.EXPORT_ADDED, "copy"),
        (Deed.EXPORT_REMOVED, "copy"),
        (Deed.REMOVAL_UNDONE, "copy"),
        (Deed.EXPORT_CHANGED, "copy"),
        (Deed.EXPORT_CHANGED, "copy"),
        (Deed.SYSTEM_CHANGED, "environment"),
        (Deed.USER_ADDED, "mette"),
        (Deed.USER_CHANGED, "mette"),
        (Deed.KEY_GIVEN, "mette"),
        (Deed.USER_REMOVED, "mette"),
        (Deed.KEY_REMOVED, "mette"),
    ]
    first, second, *_rest = reversed(newest(environment))
    assert (first.who, first.role) == ("ops1", Role.ADMINISTRATOR)
    assert first.before == {"display_name": "Newsletter"}
    assert first.after == {"display_name": "Letter for m…@contoso.com"}
    assert second.after == {"schedule": {"run": "custom", "repeat": "daily", "times": ["06:30"]}}
    given = next(entry for entry in newest(environment) if entry.deed is Deed.KEY_GIVEN)
    assert (given.after or {})["ssh_key"].startswith("SHA256:")
    system = next(entry for entry in newest(environment) if entry.deed is Deed.SYSTEM_CHANGED)
    assert set(system.after or {}) == {"schedule", "environment"}
    assert "mette@contoso.com" not in audit.path_of(environment).read_text()


def test_sign_ins_and_sign_outs_are_written(box: Box) -> None:
    stored = box.environment.connection("marketing")
    signed_in = SignedIn(AccountSummary("Contoso Coffee", "a07e1n5abc"), Privileges(frozenset()))
    connection_life.record_sign_in(box.environment, OPS, stored.definition, stored.fingerprint, signed_in)
    now = box.clock.now()
    tokens = Tokens(
        client_id="key", access_token=Secret("access-0001"), expires_at=now, signed_in_at=now, renewed_at=now
    )
    TokenStore(box.environment.secrets_folder).save("marketing", tokens)
    assert connection_life.sign_out(box.environment, OPS, "marketing")
    assert not connection_life.sign_out(box.environment, OPS, "marketing")
    assert deeds(box)[-2:] == [(Deed.SIGNED_IN, "marketing"), (Deed.SIGNED_OUT, "marketing")]
    assert "access-0001" not in audit.path_of(box.environment).read_text()


def test_what_was_refused_is_not_written(box: Box) -> None:
    with pytest.raises(NotPermitted):
        changes.remove_connection(box.environment, Operator("olav", Role.VIEWER), "marketing")
    assert deeds(box) == []


def test_every_deed_has_a_title() -> None:
    assert set(DEED_TITLES) == set(Deed)


def test_lines_are_private_json_and_a_torn_one_is_closed(box: Box) -> None:
    audit.record(box.environment, OPS, Deed.SIGNED_IN, "marketing", clock=box.clock)
    path = audit.path_of(box.environment)
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("ab") as log:
        log.write(b'{"v":1,"at":"20')
    audit.record(box.environment, OPS, Deed.SIGNED_OUT, "marketing", clock=box.clock)
    lines = path.read_bytes().splitlines()
    assert json.loads(lines[2])["deed"] == "signed-out"
    assert [entry.deed for entry in newest(box.environment)] == [Deed.SIGNED_OUT, Deed.SIGNED_IN]


def test_the_newest_of_a_long_log_come_without_reading_all_of_it(box: Box) -> None:
    for number in range(1500):
        audit.record(box.environment, OPS, Deed.RUN_STARTED, f"newsletter {number}", clock=box.clock)
    found = newest(box.environment, 1000)
    assert [entry.about for entry in found] == [f"newsletter {number}" for number in range(1499, 499, -1)]
    assert newest(box.environment, 5000)[-1].about == "newsletter 0"


def test_each_line_is_on_the_disk_when_the_deed_returns(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []

    class Watched(files.Disk):
        def sync(self, descriptor: int) -> None:
            synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
            super().sync(descriptor)

    monkeypatch.setattr(files, "disk", Watched())
    audit.record(box.environment, OPS, Deed.SIGNED_IN, "marketing")
    assert synced == ["audit.jsonl"]


def test_a_log_that_takes_nothing_is_an_error_that_says_the_deed_is_done(box: Box) -> None:
    audit.path_of(box.environment).mkdir(parents=True)
    box.export("newsletter", ExportSchedule())
    with pytest.raises(AuditFailed, match="It is done"):
        changes.schedule_exports(box.environment, OPS, {"newsletter": DAILY})
    assert box.environment.export("newsletter").definition.schedule == DAILY
