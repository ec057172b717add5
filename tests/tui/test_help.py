"""The help: what to do on a page, its keys, what is limited, and a search over all of it."""

from __future__ import annotations

import pytest
from contoso_stories import NARROW, face, press, text_of

from cctui import locales
from cctui.definitions.environment import Environment
from cctui.tui import help_topics
from cctui.tui.screens.help import HelpDialog
from cctui.tui.widgets.lines import Board


@pytest.mark.parametrize(
    ("place", "step"),
    [
        ("home", "1. Open Connections and choose Add connection."),
        ("exports", "1. Open Exports and choose Add export."),
        ("connections", "1. Open Connections and choose Add connection."),
        ("segments", "1. View shows the attributes"),
        ("system", "1. On the tab Schedule"),
        ("permissions", "1. Choose Add user"),
    ],
)
async def test_a_page_begins_with_what_to_do_there(contoso: Environment, place: str, step: str) -> None:
    app = face(contoso, open_at=place)
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpDialog)
        assert step in text_of(app)


async def test_it_scrolls_to_keys_and_limitations_and_closes(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await press(pilot, "question_mark")
        seen = ""
        for _page in range(12):
            seen += text_of(app)
            await press(pilot, "pagedown")
        for text in ("Detach connection", "1,000,000 profiles", "Only segments", "up to an hour", "Add destination"):
            assert text in seen
        await press(pilot, "escape")
        assert not isinstance(app.screen, HelpDialog)


async def test_the_search_looks_into_the_help_of_every_page(contoso: Environment) -> None:
    app = face(contoso, open_at="permissions")
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await press(pilot, "question_mark", "slash", *"add", "space", *"destination")
        assert "“Add destination” is called “Add export” here." in text_of(app)
        assert "1. View shows" not in text_of(app)
        await press(pilot, "enter", "escape")
        assert isinstance(app.screen, HelpDialog), "the search ends first"
        assert "1. Choose Add user" in text_of(app)
        await press(pilot, "slash", *"zzzz")
        assert "Nothing matches." in text_of(app)
        await press(pilot, "escape", "escape")
        assert not isinstance(app.screen, HelpDialog)


async def test_the_last_line_of_a_search_can_be_reached(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await press(pilot, "question_mark", "slash", *"export", "enter", *["pagedown"] * 12)
        board = app.screen.query_one(Board)
        assert board.scroll_y == board.max_scroll_y


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_the_procedures_are_numbered_in_every_language(language: str) -> None:
    locales.use(language)
    titles = [title for title, _lines in help_topics.blocks(help_topics.ALL)]
    assert len(set(titles)) == len(help_topics.ALL) + 2
    for topic in help_topics.ALL:
        (_title, lines), *_rest = help_topics.blocks([topic])
        assert [line.partition(".")[0] for line in lines] == [str(n) for n in range(1, len(topic.steps) + 1)]
    assert locales.number(1_000_000) in " ".join(help_topics.limits())
