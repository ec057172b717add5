"""Every screen in every language at both sizes is as the sheets say, and keeps the rules of width.

A difference is looked at and then kept with ``make sheets``. One language at one size is drawn with every test, the
others in make sweep.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
import sheets

from cctui import locales

_SECONDS = 900
"""On a machine with other work."""


@pytest.mark.slow
@pytest.mark.timeout(_SECONDS)
@pytest.mark.parametrize(
    ("language", "size"),
    [
        pytest.param(*pair, id=sheets.path(*pair).stem)
        for pair in product(locales.LANGUAGES, sheets.SIZES)
        if sheets.path(*pair).exists()
    ],
)
async def test_every_screen_is_as_its_sheet_says(
    tmp_path: Path, at_once: None, language: str, size: tuple[int, int]
) -> None:
    drawn = await sheets.draw(tmp_path, language, size)
    assert not sheets.faults(drawn, size)
    kept = sheets.path(language, size).read_text(encoding="utf-8")
    assert not sheets.differences(kept, sheets.written(drawn)), "look at it, then: make sheets"


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_no_label_of_the_frame_is_wider_than_its_line(language: str) -> None:
    """Titles and explanations have one line of 76 cells at 80 columns."""
    locales.use(language)
    assert not sheets.long_labels()


@pytest.mark.parametrize("language", [one for one in locales.LANGUAGES if sheets.path(one, (80, 24)).exists()])
def test_no_words_of_ours_are_cut_at_80_columns(language: str) -> None:
    """What is cut on a small terminal is data; titles, explanations, hints and labels are wrapped or short enough."""
    locales.use(language)
    sheet = sheets.path(language, (80, 24)).read_text(encoding="utf-8")
    assert not sheets.cut_words(sheet)
