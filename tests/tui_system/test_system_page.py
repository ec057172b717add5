"""Admin > System, Permissions and Schedule export, by keys alone."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from msgspec import structs
from system_stories import (
    DAILY,
    NARROW,
    WIDE,
    face,
    press,
    schedule,
    settled,
    text_of,
    until,
    with_alerts,
    with_users,
    write,
)

from cctui.access import authorized_keys
from cctui.access.roles import Operator, Role, User
from cctui.definitions import system_changes
from cctui.definitions.audit import Deed, newest
from cctui.definitions.environment import Environment
from cctui.definitions.model import AlertDefinition, ExportSchedule, RefreshSchedule
from cctui.delivery import refresh
from cctui.host.locks import HeldLock
from cctui.tui.audit_lines import changes
from cctui.tui.parts import plain
from cctui.tui.screens.form_page import FormPage
from cctui.tui.screens.permissions import PermissionsPage
from cctui.tui.screens.system import SystemPage
from cctui.tui.widgets.lines import Board

OPS = Operator("ops1", Role.ADMINISTRATOR)
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


def board_of(page: SystemPage) -> str:
    return "\n".join(plain(line.parts) for line in page.query_one(Board).lines_shown)


@SIZES
async def test_s9_status_shows_the_groups_with_counts(contoso: Environment, size: tuple[int, int]) -> None:
    app = face(contoso, "system")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        assert isinstance(app.screen, SystemPage)
        board = board_of(app.screen)
    for text in ("Task", "Status", "Last updated", "Profile source  1", "Segments  3", "Exports  4", "2 hours ago"):
        assert text in board
    assert "Never refreshed as a whole." in board
    assert "The system refresh is off." in board


async def test_details_are_the_last_runs_of_an_export(contoso: Environment) -> None:
    app = face(contoso, "system")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "end", "enter")
        assert "Winback (test)" in text_of(app)
        assert "Nothing has run yet." in text_of(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, SystemPage)


async def test_every_tab_is_reached_with_one_key(contoso: Environment) -> None:
    app = face(contoso, "system")
    async with app.run_test(size=WIDE) as pilot:
        seen = []
        for _tab in range(5):
            seen.append(text_of(app).split("▌", 1)[1][:9].strip())
            await press(pilot, "tab")
        await press(pilot, "shift+tab")
        assert "Nothing has been changed yet." in text_of(app)
    assert len(set(seen)) == 5


async def test_r15_the_system_refresh_is_switched_on_and_shown(contoso: Environment) -> None:
    app = face(contoso, "system/schedule")
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert "None: the system refresh is off." in text_of(app)
        await press(pilot, "e", "up", "space")
        assert "Save is disabled: Choose at least one day." in text_of(app)
        await press(pilot, "tab", "tab", "space", "right", "right", "right", "space", "tab")
        await write(pilot, "6:30, 18:00")
        assert "today 18:00" in text_of(app)
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, SystemPage))
        await settled(pilot)
        assert "Weekly: Mon, Thu" in text_of(app)
    definition = contoso.read().definition
    assert definition.schedule == RefreshSchedule(
        run=True, repeat="weekly", days=["mon", "thu"], times=["06:30", "18:00"]
    )
    assert newest(contoso)[0].deed is Deed.SYSTEM_CHANGED


async def test_a_time_zone_that_is_none_is_not_saved(contoso: Environment) -> None:
    app = face(contoso, "system/schedule")
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "e", "tab", "end")
        await write(pilot, "x")
        assert "There is no such time zone." in text_of(app)
        await press(pilot, "f9", "escape")
        assert "Discard your entries?" in text_of(app)
    assert contoso.read().definition.environment.time_zone == "Europe/Oslo"


PANES = {
    "refresh schedule": ("system/schedule", ("e", "up", "space")),
    "general": ("system/general", ("e", "down", "space")),
    "user": ("permissions", ("a", "x")),
    "schedule of an export": ("exports", ("down", "s", "down", "space")),
}


@pytest.mark.parametrize("pane", PANES)
async def test_no_way_out_of_a_pane_drops_what_was_chosen(contoso: Environment, pane: str) -> None:
    place, keys = PANES[pane]
    app = face(contoso, place)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, *keys)
        pane_open = app.screen
        assert isinstance(pane_open, FormPage)
        for leave in (lambda: pilot.click("Menu", offset=(4, 0)), lambda: pilot.press("ctrl+q")):
            await leave()
            await until(pilot, lambda: "Discard your entries?" in text_of(app))
            await press(pilot, "escape")
            await until(pilot, lambda: app.screen is pane_open)


async def test_ctrl_c_says_how_to_quit(contoso: Environment) -> None:
    app = face(contoso, "system")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+c")
        assert "Press Ctrl+Q to quit" in text_of(app)


async def test_without_a_worker_a_schedule_says_that_it_runs_late(contoso: Environment) -> None:
    app = face(contoso, "system/schedule")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "cctui service" in text_of(app)
        with HeldLock(contoso.worker_lock_path):
            await press(pilot, "tab", "shift+tab")
            assert "cctui service" not in text_of(app)


async def test_n7_n9_the_language_is_chosen_with_a_preview(contoso: Environment) -> None:
    app = face(contoso, "system/general")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "1,234,567" in text_of(app)
        await press(pilot, "e", "tab", "down", "space")
        assert "1.234.567" in text_of(app)
        assert "Language and format" in text_of(app), "the pane itself stays as it was"
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, SystemPage))
    assert contoso.read().definition.environment.language == "de"


async def test_about_names_folders_secrets_and_quotas(contoso: Environment) -> None:
    app = face(contoso, "system/about")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert isinstance(app.screen, SystemPage)
        board = board_of(app.screen)
    assert str(contoso.secrets_folder) in board
    assert "0 of 10,000" in board
    assert "textual" in board


async def test_r8_refresh_all_names_the_exports_and_asks(contoso: Environment) -> None:
    app = face(contoso, "system")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "R")
        await until(pilot, lambda: "Run 3 exports?" in text_of(app))
        assert "Winback (test)" not in text_of(app).partition("Run 3 exports?")[2].partition("Cancel")[0]
        await press(pilot, "left", "enter")
        await until(pilot, lambda: refresh.recent(contoso))
        await until(pilot, lambda: "3 exports are to be run." in text_of(app))
    assert refresh.recent(contoso)[0].exports == ["own", "newsletter", "old"]


async def test_who_did_what_is_shown_to_administrators_only(contoso: Environment) -> None:
    from cctui.access.roles import Operator

    system_changes.add_user(contoso, Operator("ops1", Role.ADMINISTRATOR), User("mette", Role.VIEWER))
    for role, seen in ((Role.ADMINISTRATOR, True), (Role.VIEWER, False)):
        app = face(contoso, "system/audit", role)
        async with app.run_test(size=WIDE) as pilot:
            await settled(pilot)
            assert ("User added" in text_of(app)) is seen


async def test_contributors_and_viewers_look_and_change_nothing(contoso: Environment) -> None:
    app = face(contoso, "system/schedule", Role.CONTRIBUTOR)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "e")
        assert "Ask an administrator." in text_of(app)
        assert isinstance(app.screen, SystemPage)


# Permissions


async def test_users_are_added_searched_edited_and_removed(contoso: Environment) -> None:
    with_users(contoso, User("ops1", Role.ADMINISTRATOR), User("group:marketing", Role.CONTRIBUTOR))
    app = face(contoso, "permissions")
    async with app.run_test(size=NARROW) as pilot:
        assert "Group" in text_of(app)
        await press(pilot, "a")
        await write(pilot, "mette")
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, PermissionsPage))
        await until(pilot, lambda: "mette is Viewer now." in text_of(app))
        await press(pilot, "slash")
        await write(pilot, "met")
        await press(pilot, "enter")
        assert "marketing" not in text_of(app)
        await press(pilot, "enter", "up", "space", "f9")
        await until(pilot, lambda: isinstance(app.screen, PermissionsPage))
        assert User("mette", Role.CONTRIBUTOR) in contoso.read().definition.users
        await press(pilot, "delete", "left", "enter")
        await until(pilot, lambda: "Removed: mette" in text_of(app))
    assert [user.name for user in contoso.read().definition.users] == ["ops1", "group:marketing"]


async def test_with_a_user_their_key_goes_and_that_is_said_before_and_after(
    contoso: Environment, own_home: Path
) -> None:
    with_users(contoso, User("mette", Role.CONTRIBUTOR), User("ops1", Role.ADMINISTRATOR))
    path = own_home / ".ssh" / "authorized_keys"
    path.parent.mkdir(mode=0o700)
    path.write_text("ssh-ed25519 AAAA admin@box\n")
    blob = base64.b64encode(b"\0\0\0\x0bssh-ed25519" + b"k" * 36).decode()
    authorized_keys.add(path, authorized_keys.line_for("mette", f"ssh-ed25519 {blob}", "cctui", contoso.root))
    app = face(contoso, "permissions")
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "home", "delete")
        await until(pilot, lambda: "any more." in text_of(app))
        assert "Their key is taken out of" in text_of(app)
        await press(pilot, "escape")
        assert len(path.read_text().splitlines()) == 2, "asked, not done"
        await press(pilot, "delete", "left", "enter")
        await until(pilot, lambda: "Removed: mette, and their key" in text_of(app))
    assert path.read_text() == "ssh-ed25519 AAAA admin@box\n"
    assert [user.name for user in contoso.read().definition.users] == ["ops1"]


async def test_the_last_administrator_cannot_be_removed(contoso: Environment) -> None:
    with_users(contoso, User("ops1", Role.ADMINISTRATOR))
    app = face(contoso, "permissions")
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "delete", "left", "enter")
        await until(pilot, lambda: "ops1 is the last administrator." in text_of(app))
    assert contoso.read().definition.users == [User("ops1", Role.ADMINISTRATOR)]


@SIZES
async def test_what_each_role_may_do_is_shown(contoso: Environment, size: tuple[int, int]) -> None:
    app = face(contoso, "permissions")
    async with app.run_test(size=size) as pilot:
        await press(pilot, "tab")
        text = text_of(app)
        assert "where shared" in text
        assert "Change system, see the audit log" in text
        await press(pilot, "enter")
        assert "Roles are fixed." in text_of(app)


async def test_only_administrators_see_users(contoso: Environment) -> None:
    with_users(contoso, User("somebody", Role.ADMINISTRATOR))
    app = face(contoso, "permissions", Role.CONTRIBUTOR)
    async with app.run_test(size=NARROW) as pilot:
        assert "Only administrators see permissions." in text_of(app)
        assert "somebody" not in text_of(app)
        await press(pilot, "a")
        assert isinstance(app.screen, PermissionsPage)


# Schedule export


async def test_r2_r3_r4_an_export_gets_a_schedule_of_its_own(contoso: Environment) -> None:
    app = face(contoso, "exports")
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "down", "s")
        assert "Newsletter, high value" in text_of(app)
        await press(pilot, "tab", "down", "down", "space", "tab", "space", "tab")
        assert "Say a time with 24 hours, such as 06:30." in text_of(app)
        await write(pilot, "06:30")
        assert "Mon, Nov 30 06:30 · Mon, Dec 7 06:30" in text_of(app)
        await press(pilot, "f9")
        await until(pilot, lambda: schedule(contoso, "newsletter").run == "custom")
        await until(pilot, lambda: "The schedule is saved." in text_of(app))
    assert schedule(contoso, "newsletter") == ExportSchedule(
        run="custom", repeat="weekly", days=["mon"], times=["06:30"]
    )


async def test_r1_an_export_with_the_system_refresh_says_when_that_is_off(contoso: Environment) -> None:
    app = face(contoso, "exports")
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "down", "s")
        assert "while the system refresh is off" in text_of(app)


async def test_r2_off_keeps_what_was_chosen(contoso: Environment) -> None:
    app = face(contoso, "exports")
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "s", "down", "space")
        assert "None: it runs only by hand." in text_of(app)
        await press(pilot, "f9")
        await until(pilot, lambda: schedule(contoso, "own").run == "off")
    assert schedule(contoso, "own") == structs.replace(DAILY, run="off")


async def test_r5_several_exports_keep_their_schedules_or_get_one(contoso: Environment) -> None:
    app = face(contoso, "exports")
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "space", "space", "s")
        text = text_of(app)
        assert "Schedule multiple exports (2)" in text
        assert "Keep individual schedules" in text
        assert "Individual schedules cannot be shown" in text
        await press(pilot, "tab", "down", "space", "f9")
        await until(pilot, lambda: schedule(contoso, "newsletter").run == "off")
        assert schedule(contoso, "own") == structs.replace(DAILY, run="off")
        await until(pilot, lambda: "The schedule is saved." in text_of(app))
        await press(pilot, "s", "down", "space", "tab", "up", "space", "tab", "down", "space", "tab")
        await write(pilot, "7:15")
        await press(pilot, "f9")
        await until(pilot, lambda: schedule(contoso, "own").run == "custom")
    new = ExportSchedule(run="custom", repeat="daily", times=["07:15"])
    assert (schedule(contoso, "own"), schedule(contoso, "newsletter")) == (new, new)


async def test_r6_who_may_not_edit_an_export_may_not_schedule_it(contoso: Environment) -> None:
    app = face(contoso, "exports", Role.CONTRIBUTOR)
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "s")
        assert "not shared with contributors" in text_of(app)


@SIZES
async def test_alerts_are_told_of_with_the_last_time(contoso: Environment, size: tuple[int, int]) -> None:
    with_alerts(contoso)
    app = face(contoso, "system")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        assert isinstance(app.screen, SystemPage)
        board = board_of(app.screen)
        await press(pilot, "end", "enter")
        assert "The message was not taken." in text_of(app)
        await press(pilot, "up", "enter")
        assert "Newsletter, high value failed. Run 7f3a2b6c: The list is gone." in text_of(app)
    lines = [line for line in board.splitlines() if line.lstrip().startswith(("mail ", "teams: "))]
    assert [" ".join(line.split()) for line in lines] == [
        "mail ▲ Trouble told 3 hours ago",
        "teams: failed, sign-in ▲ Not taken Never",
    ]
    assert "Alerts  2" in board


@SIZES
async def test_the_audit_log_tells_what_was_before_and_after(contoso: Environment, size: tuple[int, int]) -> None:
    system_changes.add_user(contoso, OPS, User("mette", Role.CONTRIBUTOR))
    system_changes.edit_system(
        contoso, OPS, contoso.read().fingerprint, schedule=RefreshSchedule(run=True, days=["mon"], times=["06:30"])
    )
    app = face(contoso, "system/audit")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        shown = text_of(app)
        assert "System changed  environment: schedule" in shown
        assert "User added      mette" in shown
        await press(pilot, "enter")
        entry = text_of(app)
        for fact in ("ops1, Administrator", "schedule.run", "After     true", "schedule.times", "After     06:30"):
            assert fact in entry
        await press(pilot, "escape", "down", "enter")
        assert "contributor" in text_of(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, SystemPage)


def test_only_what_differs_is_told_under_its_whole_name(contoso: Environment) -> None:
    alert = AlertDefinition(secret="ops", share=3)
    system_changes.add_alert(contoso, OPS, alert)
    system_changes.remove_alert(contoso, OPS, "ops")
    removed, added = newest(contoso)
    assert {key: after for key, _before, after in changes(added)} == {
        "secret": "ops",
        "events": "failed, errors, late, sign-in",
        "share": "3",
    }
    assert next((key, after) for key, _before, after in changes(removed)) == ("secret", None)
