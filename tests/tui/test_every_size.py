"""The window changes its size while anything is open."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from contoso_stories import WIDE, face, text_of
from open_screens import OPEN
from rich.cells import cell_len
from textual.geometry import Size

from cctui.definitions.environment import Environment
from cctui.tui.app import CctuiApp
from cctui.tui.page import Page
from cctui.tui.parts import plain
from cctui.tui.widgets.lines import TextLine

SIZES = ((80, 24), (60, 16), (59, 15), (300, 100), (61, 40), (20, 3), (60, 100), (300, 16), (120, 36))
LEAST = Size(60, 16)


def focus_is_in_view(app: CctuiApp) -> bool:
    """Whether what has the keys can be seen, its first line at least."""
    focused = app.focused
    if focused is None:
        return True
    seen = app.screen.find_widget(focused).visible_region
    return seen.width > 0 and seen.height > 0


def hints_are_whole(app: CctuiApp) -> bool:
    """Whether the bottom line ends before the window does."""
    page = next(screen for screen in reversed(app.screen_stack) if isinstance(screen, Page))
    line = page.query_one("#hints", TextLine)
    return cell_len(plain(line.line)) <= page.size.width


QUICK = ("help", "palette", "set up export", "run", "run that ended", "general", "wrong link")
"""The screens that are most crowded, or hold the most kinds of widgets."""


@pytest.mark.parametrize("name", QUICK)
async def test_the_smallest_and_too_small(contoso: Environment, name: str) -> None:
    await at_sizes(contoso, name, (LEAST, (59, 15), (100, 30)))


@pytest.mark.slow
@pytest.mark.parametrize("name", OPEN)
async def test_at_every_size(contoso: Environment, name: str) -> None:
    await at_sizes(contoso, name, SIZES)


async def at_sizes(contoso: Environment, name: str, sizes: Sequence[tuple[int, int]]) -> None:
    place, keys = OPEN[name]
    app = face(contoso, open_at=place)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        kind = type(app.screen)
        for columns, lines in sizes:
            await pilot.resize_terminal(columns, lines)
            await pilot.pause()
            assert type(app.screen) is kind
            if columns < LEAST.width or lines < LEAST.height:
                if isinstance(app.screen, Page) and columns >= 50:
                    assert "cctui needs at least 60 columns and 16 lines." in text_of(app)
                continue
            assert focus_is_in_view(app), f"{app.focused} at {columns}x{lines}"
            assert hints_are_whole(app), f"{columns}x{lines}"
