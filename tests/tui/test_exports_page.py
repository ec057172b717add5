"""Data > Exports at the keyboard, at both sizes."""

from __future__ import annotations

import pytest
from contoso_stories import NARROW, WIDE, face, press, text_of, until, write_export

from cctui.access.roles import Role
from cctui.definitions.environment import Environment
from cctui.tui.paged_app import PLACES
from cctui.tui.screens.dialogs import ConfirmDialog, ErrorDialog
from cctui.tui.screens.exports import ExportsPage
from cctui.tui.screens.help import HelpDialog
from cctui.tui.screens.home import HomePage
from cctui.tui.widgets.table import Table

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


def _names(app: object) -> list[str]:
    return [row.cells[0].text for row in app.screen.query_one(Table).rows]  # type: ignore[attr-defined]


@SIZES
async def test_the_list_opens_with_every_export_by_name(contoso: Environment, size: tuple[int, int]) -> None:
    """X1, X4: everybody may open it; Display name ascending. N3, N4: no preview mark, a line that explains."""
    app = face(contoso, open_at="exports", role=Role.VIEWER)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert _names(app) == [
            "Loyalty tier change",
            "Newsletter, high value",
            "Old campaign",
            "Reactivation",
            "Winback (test)",
            "春季活动 [all]",
            "broken.toml",
        ]
        text = text_of(app)
        assert "Exports send segments of unified customer profiles to Constant Contact." in text
        assert "(preview)" not in text
        assert "▲ Completed with errors" in text
        assert "? Help" in text


def test_pages_stand_in_the_documented_groups_of_the_menu() -> None:
    """N1, N2: Admin holds System, Permissions and Connections, Data holds Exports."""
    groups = {place.title: place.group for place in PLACES}
    assert {title for title, group in groups.items() if group == "Admin"} == {"System", "Permissions", "Connections"}
    assert groups["Exports"] == "Data"


@SIZES
async def test_every_column_sorts_and_the_arrow_shows_it(contoso: Environment, size: tuple[int, int]) -> None:
    """X4."""
    app = face(contoso, open_at="exports")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert "Display name ↑" in text_of(app)
        await press(pilot, "O")
        assert "Display name ↓" in text_of(app)
        table = app.screen.query_one(Table)
        visible = len(table.columns) - len(table.hidden_columns)
        for _column in range(1, visible):
            await press(pilot, "o")
        assert table.sort_column == max(set(range(7)) - set(table.hidden_columns))
        await press(pilot, "o")
        assert "Display name ↑" in text_of(app)


async def test_sorting_by_refreshed_puts_the_newest_first_and_never_last(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "o", "o", "o")
        assert _names(app)[:4] == ["Newsletter, high value", "Reactivation", "Loyalty tier change", "Old campaign"]


async def test_the_search_finds_export_connection_and_type(contoso: Environment) -> None:
    """X5."""
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "slash", *"loyalty pro")
        assert _names(app) == ["Loyalty tier change"]
        assert "1 of 7" in text_of(app)
        await press(pilot, "enter", "escape")
        assert len(_names(app)) == 7
        await press(pilot, "slash", *"zzz")
        assert "Nothing matches “zzz”" in text_of(app)


async def test_a_disabled_key_says_why(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "down", "r")
        assert "Newsletter, high value is running. Press w to watch it." in text_of(app)
        await press(pilot, "u")
        assert "Nothing was removed since you opened cctui." in text_of(app)


async def test_a_broken_file_opens_its_error(contoso: Environment) -> None:
    app = face(contoso, open_at="exports/broken")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        text = text_of(app)
        assert "exports/broken.toml" in text
        assert "display_name" in text
        await press(pilot, "c")
        assert "display_name" in app.clipboard
        await press(pilot, "enter")
        assert isinstance(app.screen, ExportsPage)


@SIZES
async def test_detach_asks_names_what_is_affected_and_does_nothing_on_enter(
    contoso: Environment, size: tuple[int, int]
) -> None:
    """F16, C21: several at once; Cancel has the focus."""
    app = face(contoso, open_at="exports")
    async with app.run_test(size=size) as pilot:
        await press(pilot, "space", "down", "down", "space", "x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        text = text_of(app)
        assert "Loyalty tier change" in text
        assert "Winback (test)" in text or "Reactivation" in text
        await press(pilot, "enter")
        assert contoso.export("tier").definition.connection == "loyalty"
        await press(pilot, "x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "left", "enter")
        await until(pilot, lambda: contoso.export("tier").definition.connection is None)
        assert contoso.export("tier").definition.segments == ["HighValue"]


async def test_a_removed_export_comes_back(contoso: Environment) -> None:
    """F15, and an undo within the session."""
    app = face(contoso, open_at="exports")
    path = contoso.root / "exports" / "tier.toml"
    before = path.read_bytes()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "delete")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "left", "enter")
        await until(pilot, lambda: not path.exists())
        await until(pilot, lambda: "Loyalty tier change" not in _names(app))
        await press(pilot, "u")
        assert path.read_bytes() == before
        assert "Loyalty tier change" in _names(app)


async def test_what_an_editor_changes_shows_up_without_restart(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "down", "down")
        write_export(contoso.root, "fresh", "A fresh export")
        await until(pilot, lambda: "A fresh export" in _names(app))
        assert app.screen.query_one(Table).current == "old"


async def test_viewers_look_and_contributors_edit_what_is_shared(contoso: Environment) -> None:
    """X10: View for users without the right, Edit for others."""
    app = face(contoso, open_at="exports", role=Role.VIEWER)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert "Enter View" in text_of(app)
        await press(pilot, "delete")
        assert "Your role is Viewer. Ask an administrator." in text_of(app)
    app = face(contoso, open_at="exports", role=Role.CONTRIBUTOR)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert "Enter View" in text_of(app)
        await press(pilot, "down")
        assert "Enter Edit" in text_of(app)


async def test_the_empty_page_says_what_to_do(bare: Environment) -> None:
    """X11."""
    app = face(bare, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        assert "No exports yet." in text_of(app)
        assert "press g, then c, and set one up" in text_of(app)
        await press(pilot, "R")
        assert "There is nothing here yet." in text_of(app)


async def test_the_menu_leads_everywhere_with_one_letter(contoso: Environment) -> None:
    app = face(contoso)
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, HomePage)
        for letter, title in (("e", "Exports"), ("s", "Segments"), ("c", "Connections"), ("h", "Home")):
            await press(pilot, "g", letter)
            await until(pilot, lambda title=title: getattr(app.screen, "HEADING", "") == title)


async def test_the_help_shows_the_keys_of_the_page(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpDialog)
        await pilot.pause()
        seen = text_of(app)
        for _page in range(8):
            await press(pilot, "pagedown")
            seen += text_of(app)
        assert "Create duplicate" in seen
        await press(pilot, "escape")
        assert isinstance(app.screen, ExportsPage)


async def test_the_palette_finds_an_export_by_name(contoso: Environment) -> None:
    from textual.command import CommandPalette

    app = face(contoso)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "ctrl+p", *"broken")
        await until(pilot, lambda: "Export: broken.toml" in text_of(app))
        await press(pilot, "enter")
        await until(pilot, lambda: not isinstance(app.screen, CommandPalette))
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))


async def test_below_the_least_size_one_sentence_stands(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=(59, 20)) as pilot:
        await pilot.pause()
        assert text_of(app).strip() == "cctui needs at least 60 columns and 16 lines."
        await pilot.resize_terminal(60, 16)
        await until(pilot, lambda: "Display name" in text_of(app))
        await pilot.resize_terminal(120, 15)
        await until(pilot, lambda: text_of(app).strip() == "cctui needs at least 60 columns and 16 lines.")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (99, 30), (100, 30), (120, 36), (200, 60)])
async def test_nothing_wraps_or_overlaps_at_any_size(contoso: Environment, size: tuple[int, int]) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        lines = text_of(app).split("\n")
        assert len(lines) == size[1]
        assert any(line.lstrip().startswith("Enter Edit") for line in lines[-1:])
        assert sum("Exports send segments" in line for line in lines) == 1
        assert sum("Reactivation" in line for line in lines) == 1


async def test_an_ascii_terminal_gets_ascii_only(contoso: Environment) -> None:
    app = face(contoso, open_at="exports", ascii_only=True)
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        text = text_of(app)
        assert text.isascii()
        assert "! Completed with errors" in text
        assert "> Loyalty" in text or ">  Loyalty" in text
