"""Where lines break: between words and full-width characters, behind slashes, and nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cctui.tui.line_breaks import pieces, wrapped, wrapped_lines
from cctui.tui.parts import Part, Tone, plain, width_of

TEXTS = st.text(alphabet="ab ,.;/é中文，。（）العم👩❤\u0301", max_size=60)


def test_words_stay_whole() -> None:
    assert wrapped("Saját maga hozzáadása exportálási felhasználóként", 27) == [
        "Saját maga hozzáadása",
        "exportálási felhasználóként",
    ]


def test_a_line_that_is_full_has_no_blank_behind_it() -> None:
    """The blank took a cell too many, and the last letter became an ellipsis."""
    first, second = wrapped_lines([(Part("Det finnes ingen tilkobling av denne typen som du kan bruke."),)], 46)
    assert plain(first) == "Det finnes ingen tilkobling av denne typen som"
    assert plain(second) == "du kan bruke."


def test_full_width_text_breaks_anywhere_but_before_its_punctuation() -> None:
    assert wrapped("保存不会运行导出。", 16) == ["保存不会运行导", "出。"]
    assert wrapped("将客户细分（全部）发送", 10) == ["将客户细分", "（全部）发", "送"]


def test_a_path_breaks_behind_a_slash_and_no_name_is_cut() -> None:
    lines = wrapped("See /srv/contoso/environment/state/runs/7f3a2b6c/rejected.csv for them.", 30)
    assert max(cell_len(line) for line in lines) <= 30
    assert "".join(lines).replace(" ", "") == "See/srv/contoso/environment/state/runs/7f3a2b6c/rejected.csvforthem."
    assert all(line.endswith("/") for line in lines if line.startswith("/srv"))


def test_signs_and_tones_stay_with_their_text() -> None:
    lines = wrapped_lines([(Part("▲ ", Tone.WARNING), Part("客户细分 is too large for one export", Tone.PLAIN))], 20)
    assert lines[0][0] == Part("▲ ", Tone.WARNING)
    assert max(width_of(line) for line in lines) <= 20


@given(TEXTS, st.integers(2, 40))
def test_nothing_is_lost_and_no_piece_is_too_wide(text: str, width: int) -> None:
    found = pieces(text, width)
    assert "".join(found) == text
    assert all(cell_len(piece.rstrip()) <= width for piece in found)


@given(TEXTS, st.integers(10, 40))
def test_lines_fit(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    for line in wrapped_lines([(Part(text),)], width):
        assert cell_len(plain(line).rstrip()) <= width
