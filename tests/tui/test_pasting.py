"""What is pasted: large, with line ends, with what drives a terminal; and a key that arrives in pieces."""

from __future__ import annotations

import pytest
from contoso_stories import WIDE, face, press, text_of, until
from open_screens import OPEN
from textual import events
from textual.widgets import Input

from cctui.definitions.environment import Environment
from cctui.tui.pasting import LONGEST, cleaned
from cctui.tui.screens.dialogs import ConfirmDialog

NASTY = "\x1b[31mNews\x07letter\u202e\x00" + "x" * 100_000 + "\r\nsecond line\rq\n"
WITH_FIELDS = ("palette", "search", "set up connection", "edit export", "connection picker", "add user")


def test_a_paste_is_one_clean_line_of_bounded_length() -> None:
    assert (
        cleaned("\n\n  https://app.constantcontact.com/lists/1  \r\nmore") == "https://app.constantcontact.com/lists/1"
    )
    assert len(cleaned(NASTY)) == LONGEST
    assert cleaned(NASTY).isprintable()
    assert cleaned("\x1b[A\x1b]0;title\x07plain") == "plain"
    assert cleaned("\n\r\n") == ""


@pytest.mark.parametrize("name", WITH_FIELDS)
async def test_every_field_takes_a_paste_and_submits_nothing(contoso: Environment, name: str) -> None:
    place, keys = OPEN[name]
    app = face(contoso, open_at=place)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await press(pilot, *keys)
        screen, field = app.screen, app.focused
        assert isinstance(field, Input)
        app.post_message(events.Paste(NASTY))
        await until(pilot, lambda: "Newsletter" in field.value)
        await pilot.pause()
        assert app.screen is screen
        assert len(field.value) <= LONGEST + 100
        assert field.value.isprintable()
        assert "second" not in field.value


async def test_an_arrow_that_arrives_in_pieces_loses_no_work(contoso: Environment) -> None:
    """After 150 ms on the way, the sequence of an arrow is Esc and letters."""
    app = face(contoso, open_at="exports")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await press(pilot, "e")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await press(pilot, "X", "escape")
        assert isinstance(app.screen, ConfirmDialog)
        assert "Discard your entries?" in text_of(app)
        await press(pilot, "left_square_bracket", "B")
        assert isinstance(app.screen, ConfirmDialog)
        await press(pilot, "enter")
        assert isinstance(app.focused, Input)
        assert "X" in app.focused.value
