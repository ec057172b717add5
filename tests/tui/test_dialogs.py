"""Windows over a page on low screens: what is said gives way, the answers stay."""

from __future__ import annotations

import pytest
from contoso_stories import NARROW, face, text_of

from cctui.definitions.environment import Environment
from cctui.errors import CctuiError
from cctui.tui.screens.dialogs import ConfirmDialog, ErrorDialog

LINES = [f"Export number {number}" for number in range(40)]


@pytest.mark.parametrize("size", [NARROW, (60, 16)], ids=["80x24", "60x16"])
async def test_a_long_question_never_hides_its_answers(bare: Environment, size: tuple[int, int]) -> None:
    app = face(bare, open_at="exports")
    async with app.run_test(size=size) as pilot:
        await app.push_screen(ConfirmDialog("Remove these exports?", LINES, "Remove"))
        await pilot.pause()
        seen = text_of(app)
        assert "Export number 0" in seen
        assert "Remove " in seen
        assert "Cancel" in seen
        await pilot.press(*(["pagedown"] * 8))
        await pilot.pause()
        assert "Export number 39" in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        assert not isinstance(app.screen, ConfirmDialog)


@pytest.mark.parametrize("size", [NARROW, (60, 16)], ids=["80x24", "60x16"])
async def test_a_long_error_never_hides_its_answers(bare: Environment, size: tuple[int, int]) -> None:
    app = face(bare, open_at="exports")
    async with app.run_test(size=size) as pilot:
        await app.push_screen(ErrorDialog(CctuiError("It failed.", why="Because. " * 90, do="Mend it.")))
        await pilot.pause()
        assert "Close" in text_of(app)
