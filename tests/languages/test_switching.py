"""Which language is spoken, and that a switch reaches everything that is on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_stories import Story
from scenes import lines, rest
from world import company, face

from cctui import cli, locales
from cctui.access.operators import account
from cctui.access.roles import Operator, Role
from cctui.definitions import preferences
from cctui.definitions.preferences import Preferences
from cctui.tui.app import CctuiApp
from cctui.tui.screens.general_settings import GeneralSettingsPane
from cctui.tui.screens.system import SystemPage

WORD = {
    "en": "Display name",
    "de": "Anzeigename",
    "nb": "Visningsnavn",
    "hu": "Megjelenítendő név",
    "ro": "Nume afișat",
}


@pytest.fixture
def story(tmp_path: Path) -> Story:
    told = company(tmp_path / "contoso")
    told.ledger.close()
    return told


def said(capsys: pytest.CaptureFixture[str], story: Story, *words: str) -> str:
    assert cli.main([*words, "--environment", str(story.environment.root), "exports", "list"]) == 0
    return capsys.readouterr().out


def declare(story: Story, language: str | None) -> None:
    path = story.environment.path
    said = f'language = "{language}"' if language else ""
    path.write_text(path.read_text().replace('language = "en"', said))


def test_the_locale_speaks_where_nobody_else_has(
    story: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(story, None)
    monkeypatch.setenv("LC_ALL", "hu_HU.UTF-8")
    assert WORD["hu"] in said(capsys, story)


def test_the_environment_goes_before_the_locale(
    story: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(story, "ro")
    monkeypatch.setenv("LC_ALL", "hu_HU.UTF-8")
    assert WORD["ro"] in said(capsys, story)


def test_the_operators_choice_goes_before_the_environment(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    declare(story, "ro")
    preferences.write(story.environment, account(), Preferences(language="nb"))
    preferences.write(story.environment, "somebody else", Preferences(language="de"))
    assert WORD["nb"] in said(capsys, story)


def test_what_is_asked_for_goes_before_everything(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    preferences.write(story.environment, account(), Preferences(language="nb"))
    assert WORD["de"] in said(capsys, story, "--language", "de")


def test_help_is_in_the_language_of_the_environment(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    declare(story, "de")
    cli.main(["--environment", str(story.environment.root), "--help"])
    assert "Aufruf: cctui" in capsys.readouterr().out


def test_a_wrong_word_is_refused_in_the_operators_language(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    preferences.write(story.environment, account(), Preferences(language="hu"))
    assert cli.main(["--environment", str(story.environment.root), "exportz"]) == 2
    assert "Nincs ilyen parancs: 'exportz'." in capsys.readouterr().err


async def test_a_switch_reaches_menu_footer_page_and_table(story: Story) -> None:
    app = face(story.environment, story.clock.now())
    async with app.run_test(size=(120, 36)) as pilot:
        await rest(pilot)
        await app.go("system")
        await rest(pilot)
        for key in ("tab", "tab", "e", "down", "down", "space", "f9"):
            await pilot.press(key)
            await rest(pilot)
        assert isinstance(app.screen, SystemPage)
        text = "\n".join(lines(app))
        for word in ("Verwaltung", "Verbindungen", "Hilfe", "Allgemein"):
            assert word in text
        assert "Connections" not in text
        await app.go("exports")
        await rest(pilot)
        text = "\n".join(lines(app))
        assert "Anzeigename" in text
        assert "vor 1 Tag" in text
        assert "Display name" not in text
    assert preferences.read(story.environment, "ops1").language == "de"
    assert story.environment.read().definition.environment.language == "en"


async def test_a_viewer_chooses_for_themselves_only(story: Story) -> None:
    app = CctuiApp(story.environment, Operator("vera", Role.VIEWER), clock=story.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await rest(pilot)
        await app.go("system")
        for key in ("tab", "tab", "e"):
            await pilot.press(key)
            await rest(pilot)
        assert isinstance(app.screen, GeneralSettingsPane)
        assert not app.screen.query("#language")
        for key in ("down", "down", "down", "down", "space", "f9"):
            await pilot.press(key)
            await rest(pilot)
        assert locales.language() == "zh-CN"
    assert preferences.read(story.environment, "vera").language == "zh-CN"


async def test_going_back_to_the_environments_language(story: Story) -> None:
    preferences.write(story.environment, "ops1", Preferences(bell=True, language="hu"))
    locales.use("hu")
    app = face(story.environment, story.clock.now())
    async with app.run_test(size=(80, 24)) as pilot:
        await rest(pilot)
        await app.go("system")
        for key in ("tab", "tab", "e", *["up"] * 5, "space", "f9"):
            await pilot.press(key)
            await rest(pilot)
        assert "Language and format" not in "\n".join(lines(app))
    assert locales.language() == "en"
    assert preferences.read(story.environment, "ops1") == Preferences(bell=True)
