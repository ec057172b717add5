"""Every screen in every language at both sizes can be come to and keeps the rules of width."""

from __future__ import annotations

from itertools import product

import pytest
import sheets
from run_stories import Story

from cctui import locales
from cctui.definitions.environment import Environment


@pytest.mark.parametrize(
    ("language", "size"),
    [
        pytest.param(*pair, id=sheets.path(*pair).stem, marks=[pytest.mark.slow])
        for pair in product(locales.LANGUAGES, sheets.SIZES)
    ],
)
async def test_every_screen_can_be_come_to_and_is_no_wider_than_the_terminal(
    told: Story, bare: Environment, at_once: None, language: str, size: tuple[int, int]
) -> None:
    drawn = await sheets.draw(told.environment, bare, told.clock.now(), language, size)
    assert not sheets.faults(drawn, size)


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_no_label_of_the_frame_is_wider_than_its_line(language: str) -> None:
    """Titles and explanations have one line of 76 cells at 80 columns."""
    locales.use(language)
    assert not sheets.long_labels()
