"""Keys that come in one piece, as over a slow line, go where they were meant."""

from __future__ import annotations

from contoso_stories import NARROW, face, until
from textual.events import Key

from cctui.definitions.environment import Environment
from cctui.tui.app import CctuiApp
from cctui.tui.list_page import ListPage
from cctui.tui.screens.connection_pane import ConnectionPane
from cctui.tui.widgets.form_fields import TextField


def in_one_piece(app: CctuiApp, *keys: str) -> None:
    """Hand over all keys before anything is done with the first one."""
    assert app._driver is not None
    for key in keys:
        app._driver.send_message(Key(key, key if len(key) == 1 else None))


async def test_letters_behind_the_search_key_are_searched_for(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ListPage) and app.screen.table.total)
        in_one_piece(app, "slash", "r", "x", "w", "enter")
        await until(pilot, lambda: isinstance(app.screen, ListPage) and app.screen.searching() == "rxw")
        assert app.screen_stack[-1] is app.screen


async def test_every_field_gets_what_was_typed_for_it(contoso: Environment) -> None:
    app = face(contoso, open_at="connections")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ListPage) and app.screen.table.total)
        in_one_piece(app, "a", *"Marketing", "tab", *"5a0c")
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        await until(pilot, lambda: "5a0c" in {field.value for field in app.screen.query(TextField)})
        assert [field.value for field in app.screen.query(TextField)][:2] == ["Marketing", "5a0c"]


async def test_a_key_that_nothing_answers_holds_nobody_up(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ListPage) and app.screen.table.total)
        in_one_piece(app, *["down"] * 3, "f12", "up", "slash", "o")
        await until(pilot, lambda: isinstance(app.screen, ListPage) and app.screen.searching() == "o")


async def test_keys_behind_quit_find_nobody_in(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ListPage) and app.screen.table.total)
        in_one_piece(app, "q", *"o/O/o/e" * 20)
        await until(pilot, lambda: app.return_code is not None)
    assert (app.return_code, app.fault) == (0, None)


async def test_keys_before_the_end_find_nobody_in(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ListPage) and app.screen.table.total)
        in_one_piece(app, "slash", "enter", *"oO" * 20)
    assert app.fault is None
