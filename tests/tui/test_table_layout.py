"""Columns, order and search of the tables, without an application."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cctui import locales
from cctui.tui.listing import GAP, Cell, Column, Row, fit, found, ordered
from cctui.tui.parts import Part, clip, clipped, fill, shown, spread, width_of
from cctui.tui.rows import EXPORT_COLUMNS

NAMES = st.text(min_size=0, max_size=60)


def _rows(*texts: str) -> list[Row]:
    return [Row(str(index), (Cell(text), *(Cell("x") for _ in range(6)))) for index, text in enumerate(texts)]


def test_a_narrow_screen_loses_columns_in_their_fixed_order() -> None:
    rows = _rows("Newsletter, high value")
    lost = []
    before = set(range(7))
    for width in range(200, 40, -1):
        now = {slot.column for slot in fit(EXPORT_COLUMNS, rows, width)}
        lost += [EXPORT_COLUMNS[index].key for index in sorted(before - now)]
        before = now
    assert lost == ["permissions", "connection", "schedule", "type"]
    assert {EXPORT_COLUMNS[index].key for index in before} == {"name", "status", "refreshed"}


@given(st.lists(NAMES, max_size=5), st.integers(60, 220))
def test_what_is_shown_never_needs_more_than_the_width(texts: list[str], width: int) -> None:
    slots = fit(EXPORT_COLUMNS, _rows(*(shown(text) for text in texts)), width)
    assert sum(slot.width for slot in slots) + GAP * (len(slots) - 1) <= width


def test_rows_without_a_value_come_last_in_both_directions() -> None:
    rows = [
        Row("a", (Cell("a"), Cell("Never"), Cell("", order=None))),
        Row("b", (Cell("b"), Cell("x"), Cell("x", order=2))),
        Row("c", (Cell("c"), Cell("x"), Cell("x", order=1))),
    ]
    assert [row.key for row in ordered(rows, 2, descending=False)] == ["c", "b", "a"]
    assert [row.key for row in ordered(rows, 2, descending=True)] == ["b", "c", "a"]


def test_a_search_finds_rows_by_any_cell_and_by_hidden_words() -> None:
    rows = [
        Row("a", (Cell("Newsletter"), Cell("Marketing")), words="constant contact"),
        Row("b", (Cell("Old"), Cell(""))),
    ]
    assert [row.key for row in found(rows, "MARKET news")] == ["a"]
    assert [row.key for row in found(rows, "contact")] == ["a"]
    assert found(rows, "newsletter old") == []
    assert len(found(rows, "")) == 2


def test_columns_grow_to_what_their_content_needs() -> None:
    columns = (Column("name", "Name", least=4, most=40), Column("count", "Count", least=3, most=8, right=True))
    slots = fit(columns, [Row("a", (Cell("A name of some length"), Cell("12")))], 60)
    assert slots[0].width == 40
    assert slots[1].width == 7


def test_a_long_name_is_shortened_before_the_words_of_another_column() -> None:
    columns = (Column("name", "Name", least=12, most=40), Column("status", "Status", least=14, most=28))
    status = "▲ Mit Fehlern abgeschlossen"
    slots = fit(columns, [Row("a", (Cell("Newsletter, high value"), Cell(status)))], 46)
    assert slots[1].width == cell_len(status)


@given(NAMES, st.integers(1, 40))
def test_text_is_cut_and_filled_to_exact_cells_whatever_its_script(text: str, width: int) -> None:
    safe = shown(text)
    assert cell_len(clip(safe, width)) <= width
    assert cell_len(fill(safe, width)) == width
    assert cell_len(fill(safe, width, right=True)) == width


@given(NAMES, NAMES, st.integers(1, 80))
def test_a_line_with_two_ends_keeps_to_its_width(left: str, right: str, width: int) -> None:
    safe_right = clip(shown(right), width)
    line = spread([Part(shown(left))], [Part(safe_right)], width)
    assert width_of(line) <= max(width, cell_len(safe_right))
    assert width_of(clipped(line, width)) <= width


def test_data_cannot_drive_the_terminal_or_shift_a_row() -> None:
    assert shown("a\x1b[31mb\u202ec\nd") == "a [31mbc d"
    assert shown("☎\ufe0f x") == "☎ x"


def test_a_name_from_data_is_never_translated() -> None:
    """N8: a field called City stays City in every language, whatever the catalog has for that word."""
    locales.use("de")
    assert Column("name", "Display name").heading == "Anzeigename"
    assert Column("name", "Display name", data=True).heading == "Display name"
