"""Every screen in every language at both sizes is as the sheets say, and keeps the rules of width.

A difference is looked at and then kept with ``make sheets``. Sheets are compared in make sweep, none with every test:
twelve times every screen takes minutes. What every test does look at are the sheets as they are kept.
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
    [pytest.param(*pair, id=sheets.path(*pair).stem) for pair in product(locales.LANGUAGES, sheets.SIZES)],
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


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_no_words_of_ours_are_cut_at_80_columns(language: str) -> None:
    """What is cut on a small terminal is data; titles, explanations, hints and labels are wrapped or short enough."""
    locales.use(language)
    sheet = sheets.path(language, (80, 24)).read_text(encoding="utf-8")
    assert not sheets.cut_words(sheet)


def test_there_is_a_sheet_of_every_language_and_size_and_no_other() -> None:
    kept = {path.name for path in sheets.FOLDER.iterdir()}
    assert kept == {sheets.path(*pair).name for pair in product(locales.LANGUAGES, sheets.SIZES)}
