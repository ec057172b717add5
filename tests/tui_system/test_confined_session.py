"""The application over somebody's own key: no file, no shell, no picture of the screen, and the role of this moment."""

from __future__ import annotations

from pathlib import Path

import pytest
from system_stories import NARROW, WIDE, FixedClock, press, settled, text_of, until, with_users, write
from textual.pilot import Pilot

from cctui.access.roles import Operator, Role, User
from cctui.definitions.environment import Environment
from cctui.tui.app import CctuiApp
from cctui.tui.palette import Everything

BOSS = User("ops1", Role.ADMINISTRATOR)


def session(environment: Environment, role: Role, open_at: str = "exports") -> CctuiApp:
    with_users(environment, BOSS, User("mette", role))
    return CctuiApp(
        environment,
        Operator("mette", role, confined=True),
        open_at=open_at,
        clock=FixedClock(),
        ascii_only=False,
    )


async def reread(pilot: Pilot[int], app: CctuiApp) -> None:
    app.read_again()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def test_nothing_of_textual_leads_out(
    contoso: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url, *_more, **_further: opened.append(url))
    app = session(contoso, Role.ADMINISTRATOR)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+z", "ctrl+backslash", "f12")
        app.action_screenshot()
        app.save_screenshot(path=str(home))
        app.open_url("https://contoso.example/")
        app.action_suspend_process()
        await pilot.pause()
        assert "Newsletter" in text_of(app), "the application is still in front"
    assert list(home.iterdir()) == []
    assert opened == []


async def test_the_palette_offers_commands_of_cctui_only(contoso: Environment) -> None:
    app = session(contoso, Role.ADMINISTRATOR)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        offered = [text for text, _about, _run in Everything(app.screen)._entries(objects=True)]
        await press(pilot, "ctrl+p")
        await write(pilot, "screenshot")
        await pilot.pause()
    assert any("Go to System" in text for text in offered)
    assert not [text for text in offered if "creenshot" in text or "uspend" in text]


async def test_a_contributor_sees_neither_connections_nor_users_nor_the_audit_log(contoso: Environment) -> None:
    app = session(contoso, Role.CONTRIBUTOR)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        seen = []
        for page in ("connections", "permissions", "system/audit"):
            place, _slash, name = page.partition("/")
            await app.open_object(place, name) if name else await app.go(place)
            await settled(pilot)
            await press(pilot, "enter", "a", "e")
            seen.append(text_of(app))
            await press(pilot, "escape")
    for screen in seen:
        assert "Ask an administrator" in screen
        for secret in ("Constant Contact, loyalty", "key-loyalty", "key-marketing", "a07e1n5", "ops1"):
            assert secret not in screen


@pytest.mark.parametrize(
    ("role", "size"), [(Role.VIEWER, WIDE), (Role.CONTRIBUTOR, NARROW)], ids=["viewer-120x36", "contributor-80x24"]
)
async def test_a_connection_that_is_not_shared_has_no_name_in_an_export(
    contoso: Environment, role: Role, size: tuple[int, int]
) -> None:
    app = session(contoso, role, "exports/own")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        shown = text_of(app)
        assert "Loyalty tier change" in shown
        assert "Constant Contact, loyalty" not in shown
        assert "key-loyalty" not in shown
        for place in ("home", "exports", "system/about"):
            await app.open_object(*place.split("/")) if "/" in place else await app.go(place)
            await settled(pilot)
            assert "Constant Contact, loyalty" not in text_of(app), place


async def test_a_role_that_changes_counts_at_once(contoso: Environment) -> None:
    app = session(contoso, Role.CONTRIBUTOR, "permissions")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "Only administrators see permissions." in text_of(app)
        with_users(contoso, BOSS, User("mette", Role.ADMINISTRATOR))
        await reread(pilot, app)
        assert app.operator == Operator("mette", Role.ADMINISTRATOR, confined=True)
        assert "Administrator" in text_of(app)


async def test_whoever_is_removed_has_to_leave(contoso: Environment) -> None:
    app = session(contoso, Role.CONTRIBUTOR)
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        with_users(contoso, BOSS)
        app.read_again()
        await until(pilot, lambda: app._exit)
    assert app.shown_out is not None
    assert "no user of this environment" in str(app.shown_out)
