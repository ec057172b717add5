"""An operator chooses colours once; they come back at the next start, unless the terminal must not show them."""

from __future__ import annotations

import pytest
from msgspec import structs
from system_stories import NARROW, face, press, settled, text_of

from cctui.definitions import preferences
from cctui.definitions.environment import Environment
from cctui.definitions.preferences import Preferences

LINES = ("(●) As the terminal allows", "( ) Dark", "( ) Light", "( ) High contrast", "( ) The terminal's own colours")


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CCTUI_THEME", raising=False)


async def theme_at_start(environment: Environment) -> str:
    app = face(environment, "home")
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        return app.theme


async def test_a_choice_shows_at_once_and_comes_back(contoso: Environment) -> None:
    app = face(contoso, "system/general")
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, *["down"] * 6)
        assert all(line in text_of(app) for line in LINES)
        await press(pilot, "up", "up", "enter")
        assert app.theme == "cctui-light"
        assert "(●) Light" in text_of(app)
        assert LINES[0] not in text_of(app)
        name = app.operator.name
    assert preferences.read(contoso, name) == Preferences(theme="cctui-light")
    assert preferences.read(contoso, "somebody else") == Preferences()
    assert await theme_at_start(contoso) == "cctui-light"


async def test_the_hint_says_what_enter_does_on_the_line(contoso: Environment) -> None:
    app = face(contoso, "system/general")
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert "Enter Turn on or off" in text_of(app)
        await press(pilot, "down", "down")
        assert "Enter Use these colours" in text_of(app)


async def test_going_back_to_what_the_terminal_allows(contoso: Environment) -> None:
    app = face(contoso, "system/general")
    preferences.write(contoso, app.operator.name, Preferences(bell=True, theme="high-contrast"))
    app = face(contoso, "system/general")
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert app.theme == "high-contrast"
        await press(pilot, "down", "down", "enter")
        assert app.theme == "cctui-dark"
    assert preferences.read(contoso, app.operator.name) == Preferences(bell=True)


async def test_the_key_remembers_and_forgets_nothing_else(contoso: Environment) -> None:
    """The pane of the languages kept its choice behind the application's back, which then wrote over it."""
    app = face(contoso, "system/general")
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await press(pilot, "e", "down", "down", "space", "f9")
        await press(pilot, "f2")
        assert app.theme == "cctui-light"
        assert "Farbschema: Hell" in text_of(app)
    kept = preferences.read(contoso, app.operator.name)
    assert kept == structs.replace(Preferences(), language="de", theme="cctui-light")


async def test_no_color_wins_and_says_so(contoso: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    app = face(contoso, "home")
    preferences.write(contoso, app.operator.name, Preferences(theme="cctui-light"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("CCTUI_THEME", "high-contrast")
    app = face(contoso, "home")
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert app.theme == "terminal"
        await press(pilot, "f2")
        assert app.theme == "terminal"
        assert "NO_COLOR is set in the environment." in text_of(app)
    assert preferences.read(contoso, app.operator.name) == Preferences(theme="cctui-light")


async def test_a_theme_of_another_version_is_passed_over(contoso: Environment) -> None:
    app = face(contoso, "home")
    preferences.write(contoso, app.operator.name, Preferences(theme="sepia"))
    assert await theme_at_start(contoso) == "cctui-dark"
