"""Which language is spoken, and that a switch reaches everything that is on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_stories import Story
from scenes import ENDED, FAILED, GOING_ON, Scene, lines, rest, show
from textual.pilot import Pilot
from world import StillClock, company, face

from cctui import cli, locales
from cctui.access.operators import account
from cctui.access.roles import Operator, Role
from cctui.definitions import preferences
from cctui.definitions.model import LanguageCode
from cctui.definitions.preferences import Preferences
from cctui.tui.app import CctuiApp
from cctui.tui.screens.connection_pane import ConnectionPane
from cctui.tui.screens.general_settings import GeneralSettingsPane
from cctui.tui.screens.system import SystemPage
from cctui.tui.widgets.form_fields import TextField

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


PLACES = (
    Scene("home", "home", ("down",)),
    Scene("history", "home", ("h", "down")),
    Scene("segment", "segments", ("down", "enter")),
    Scene("exports", "exports", ("down",)),
    Scene("connections", "connections", ("home",)),
    Scene("system", "system"),
    Scene("general", "system", ("tab", "tab")),
    Scene("permissions", "permissions", ("down",)),
    Scene("run", f"runs/{GOING_ON}"),
    Scene("batches", f"runs/{FAILED}", ("b",)),
    Scene("ended", f"runs/{ENDED}"),
    Scene("rejected", f"runs/{ENDED}", ("e",)),
)
"""Every kind of page on which nothing is entered."""


async def look_around(pilot: Pilot[int]) -> None:
    """What happens by itself within a second or two."""
    app = pilot.app
    assert isinstance(app, CctuiApp)
    app._tick()
    await rest(pilot)


def choose(story: Story, language: LanguageCode | None) -> None:
    """As another process of the same operator does."""
    preferences.write(story.environment, "ops1", Preferences(bell=True, language=language))


@pytest.mark.parametrize("scenes", [PLACES[-1:], pytest.param(PLACES[:-1], marks=pytest.mark.slow)], ids=["one", "all"])
async def test_a_choice_made_elsewhere_is_spoken_at_once(
    story: Story, at_once: None, scenes: tuple[Scene, ...]
) -> None:
    """In place: just as if everything had been opened in that language."""
    app = face(story.environment, story.clock.now())
    differing = {}
    async with app.run_test(size=(120, 36)) as pilot:
        await rest(pilot)
        for scene in scenes:
            choose(story, None)
            await look_around(pilot)
            await show(pilot, scene)
            before = lines(app)
            choose(story, "de")
            await look_around(pilot)
            switched = lines(app)
            assert switched != before, scene.name
            await show(pilot, scene)
            found = [pair for pair in zip(lines(app), switched, strict=True) if pair[0] != pair[1]]
            if found:
                differing[scene.name] = found
    assert not differing
    assert app.preferences.bell


async def test_another_language_of_the_environment_is_spoken_at_once(story: Story, at_once: None) -> None:
    app = face(story.environment, story.clock.now())
    async with app.run_test(size=(120, 36)) as pilot:
        await show(pilot, Scene("exports", "exports"))
        assert WORD["en"] in "\n".join(lines(app))
        declare(story, "ro")
        await look_around(pilot)
        assert WORD["ro"] in "\n".join(lines(app))
        choose(story, "hu")
        await look_around(pilot)
        assert WORD["hu"] in "\n".join(lines(app))
        path = story.environment.path
        path.write_text(path.read_text().replace('language = "ro"', 'language = "nb"'))
        await look_around(pilot)
        assert WORD["hu"] in "\n".join(lines(app)), "the operator's own goes before"


async def test_a_form_is_finished_in_its_language(story: Story, at_once: None) -> None:
    app = face(story.environment, story.clock.now())
    async with app.run_test(size=(120, 36)) as pilot:
        await show(pilot, Scene("new", "connections", ("a",), (("#name", "Renewals"),)))
        choose(story, "de")
        await look_around(pilot)
        assert isinstance(app.screen, ConnectionPane)
        assert WORD["en"] in "\n".join(lines(app))
        assert app.screen.query_one("#name", TextField).value == "Renewals"
        app.screen.close_pane()
        await rest(pilot)
        await look_around(pilot)
        assert WORD["de"] in "\n".join(lines(app))


async def test_what_was_asked_for_stays_until_the_operator_chooses(story: Story, at_once: None) -> None:
    locales.use("ro")
    operator = Operator("ops1", Role.ADMINISTRATOR)
    app = CctuiApp(story.environment, operator, clock=StillClock(story.clock.now()), asked_language="ro")
    async with app.run_test(size=(120, 36)) as pilot:
        await show(pilot, Scene("exports", "exports"))
        choose(story, "de")
        await look_around(pilot)
        assert WORD["ro"] in "\n".join(lines(app))
        await show(pilot, Scene("general", "system", ("tab", "tab", "e", "down", "down", "space", "f9")))
        await look_around(pilot)
        assert locales.language() == "zh-CN"


async def test_a_choice_keeps_what_was_chosen_elsewhere(story: Story, at_once: None) -> None:
    app = face(story.environment, story.clock.now())
    async with app.run_test(size=(120, 36)) as pilot:
        await show(pilot, Scene("general", "system", ("tab", "tab")))
        choose(story, "nb")
        await look_around(pilot)
        await pilot.press("down", "enter")
    assert preferences.read(story.environment, "ops1") == Preferences(bell=True, title=True, language="nb")
