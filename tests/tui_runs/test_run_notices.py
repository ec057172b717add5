"""How an operator hears of the end of a run: a line, the bell and the title where they want them."""

from __future__ import annotations

import pytest
from msgspec import structs
from run_stories import Story, screen_text
from test_run_screen import NARROW, settled

from cctui.access.roles import Role
from cctui.definitions import preferences
from cctui.definitions.model import ExportId
from cctui.definitions.preferences import Preferences
from cctui.delivery.states import Run, Status
from cctui.tui.app import CctuiApp
from cctui.tui.screens.help import HelpDialog
from cctui.tui.terminal_title import title


def ended(story: Story, run: Run) -> Run:
    return story.end(run, Status.CANCELED)


async def test_the_end_is_told_wherever_the_operator_is(story: Story) -> None:
    run = story.running()
    app = story.app()
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        await settled(pilot)
        assert isinstance(app.screen, HelpDialog)
        ended(story, run)
        app.read_again()
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert "Newsletter, high value: Canceled" in screen_text(app)


async def test_a_key_pressed_at_that_moment_does_not_take_the_news_away(story: Story) -> None:
    run = story.running()
    app = story.app()
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        ended(story, run)
        app.read_again()
        await settled(pilot)
        await pilot.press("down")
        await settled(pilot)
        assert "Newsletter, high value: Canceled" in screen_text(app)
        story.clock.wait(3)
        await pilot.press("down")
        await settled(pilot)
        assert "Newsletter, high value: Canceled" not in screen_text(app)


async def test_several_ends_are_one_line_the_worst_first(story: Story) -> None:
    first, second = story.running(), story.running_other()
    async with story.app().run_test(size=NARROW) as pilot:
        await settled(pilot)
    story.end(first, Status.SUCCESSFUL)
    story.end(second, Status.FAILED)
    app = story.app()
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        shown = screen_text(app)
    assert "2 runs have ended:" in shown
    line = next(line for line in shown.splitlines() if "have ended" in line)
    assert line.index("✗" if "✗" in line else "!") < line.index("✓")


@pytest.mark.parametrize(("wants", "rings"), [(True, 1), (False, 0)])
async def test_the_bell_rings_once_for_those_who_want_it(
    story: Story, monkeypatch: pytest.MonkeyPatch, wants: bool, rings: int
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(CctuiApp, "bell", lambda _app: rung.append("bell"))
    preferences.write(story.environment, "ops1", Preferences(bell=wants))
    run = story.running()
    app = story.app()
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        ended(story, run)
        app.read_again()
        await settled(pilot)
        app.read_again()
        await settled(pilot)
    assert len(rung) == rings


async def test_what_ended_while_away_rings_no_bell(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has just come looks already."""
    rung: list[str] = []
    monkeypatch.setattr(CctuiApp, "bell", lambda _app: rung.append("bell"))
    preferences.write(story.environment, "ops1", Preferences(bell=True))
    run = story.running()
    async with story.app().run_test(size=NARROW) as pilot:
        await settled(pilot)
    ended(story, run)
    async with story.app().run_test(size=NARROW) as pilot:
        await settled(pilot)
    assert rung == []


@pytest.mark.parametrize("role", list(Role))
async def test_everybody_chooses_for_themselves(story: Story, role: Role) -> None:
    app = story.app(role=role)
    app.open_at = "system/general"
    async with app.run_test(size=NARROW) as pilot:
        await settled(pilot)
        await pilot.press("space")
        await settled(pilot)
        assert "[x] Ring the terminal's bell" in screen_text(app)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert "[x] Say in the terminal's title" in screen_text(app)
    assert preferences.read(story.environment, "ops1") == Preferences(bell=True, title=True)
    assert preferences.read(story.environment, "ops2") == Preferences()


# The title


def test_the_title_says_what_goes_on_then_how_it_ended(story: Story) -> None:
    run = story.running()
    assert title("Contoso Coffee", [], None) == "Contoso Coffee – cctui"
    assert title("Contoso Coffee", [run], None) == "Newsletter, high value: 60 % – cctui"
    other = structs.replace(run, export=ExportId("winback"))
    assert title("Contoso Coffee", [run, other], None) == "2 runs go on – cctui"
    paused = structs.replace(run, status=Status.PAUSED)
    assert title("Contoso Coffee", [paused], None) == "Newsletter, high value: Paused – cctui"
    over = structs.replace(run, status=Status.COMPLETED_WITH_ERRORS)
    assert title("Contoso Coffee", [], over) == "Newsletter, high value: Completed with errors – cctui"


def test_a_title_drives_no_terminal_and_gives_nobody_away(story: Story) -> None:
    name = "\x1b]0;evil\x07\x9b31m\u202emette.hansen@example.com access_token=abcdefghijklmnopqrstuv\n"
    run = structs.replace(story.running(), export_name=name)
    for said in (title(name, [], None), title("Contoso", [run], None), title("Contoso", [], run)):
        assert said.isprintable()
        assert "mette" not in said
        assert "abcdefghijkl" not in said


def test_preferences_that_cannot_be_read_are_none(story: Story) -> None:
    preferences.write(story.environment, "ops1", Preferences(bell=True))
    (path,) = story.environment.state_folder.glob("preferences-*")
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"{")
    assert preferences.read(story.environment, "ops1") == Preferences()
