"""Values made fit for their attribute: cut, normalised or left out, and every loss counted."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from plain_matching import PeopleInMemory, person, plain_value, read_bodies

from cctui.definitions.model import AttributeMapping
from cctui.matching.attributes import AttributeKind, attribute_title, known_attribute, known_attributes
from cctui.matching.cleaning import PLAIN_TEXT
from cctui.matching.mapping import Matching
from cctui.matching.plan_files import match
from cctui.matching.results import Matched
from cctui.profiles.source import SegmentName


def sent_as(
    folder: Path, attributes: Sequence[str], *rows: Sequence[str | None]
) -> tuple[list[tuple[str, ...]], Matched]:
    """The cells of contacts whose fields F0, F1 … hold the values of ``rows``, and what matching counted."""
    fields = [f"F{number}" for number in range(len(attributes))]
    mappings = tuple(
        AttributeMapping(attribute=attribute, field=field) for attribute, field in zip(attributes, fields, strict=True)
    )
    people = PeopleInMemory(
        {
            "One": [
                {**person(number, f"p{number}@example.com"), **dict(zip(fields, row, strict=True))}
                for number, row in enumerate(rows)
            ]
        },
        batch=100,
    )
    matched = match(people, [SegmentName("One")], Matching("EMail", mappings), folder)
    (records,) = read_bodies(folder, matched.bodies)
    return [tuple(cells) for _email, *cells in records], matched


NAMES = {
    None: "",
    "": "",
    "   ": "",
    " Ada ": "Ada",
    "\u00a0Ada\u3000": "Ada",
    "\ufeffAda\u200b": "Ada",
    "Ada\r\nKing": "Ada King",
    "Ada\tKing\n": "Ada King",
    "Ada\u2028King": "Ada King",
    "A\x00d\x07a": "Ada",
    "\x00": "",
    "Ada  King": "Ada  King",
    "Zoe\u0308": "Zoë",
    "\u1100\u1161": "가",
    "ﬁ": "ﬁ",
    "می\u200cخواهم": "می\u200cخواهم",
    "\u200fשלום": "שלום",
    "👩\u200d🚀": "👩\u200d🚀",
    "=1+1": "=1+1",
}


def test_names_are_cleaned_and_otherwise_left_alone(tmp_path: Path) -> None:
    cells, matched = sent_as(tmp_path, ["first_name"], *((value,) for value in NAMES))
    assert cells == [(cell,) for cell in NAMES.values()]
    assert (matched.cut, matched.dropped) == (0, 0)


@pytest.mark.parametrize("attribute", [known.name for known in known_attributes() if known.kind is AttributeKind.TEXT])
def test_a_text_is_cut_at_the_limit_of_its_attribute_and_counted(tmp_path: Path, attribute: str) -> None:
    known = known_attribute(attribute)
    assert known is not None
    cells, matched = sent_as(tmp_path, [attribute, "cf:note"], ("😀" * known.limit + "x", "y" * 256))
    assert cells == [("😀" * known.limit, "y" * 255)]
    assert matched.cut == 2


def test_a_text_at_its_limit_is_not_cut(tmp_path: Path) -> None:
    cells, matched = sent_as(tmp_path, ["first_name"], (" " + "名" * 50 + " ",))
    assert cells == [("名" * 50,)]
    assert matched.cut == 0


def test_a_cut_leaves_no_blank_at_the_end(tmp_path: Path) -> None:
    assert sent_as(tmp_path, ["first_name"], ("x" * 49 + " y",))[0] == [("x" * 49,)]


def test_cuts_count_only_in_contacts_that_are_sent(tmp_path: Path) -> None:
    rows = [person(1, "a@example.com", "n" * 60), person(2, "a@example.com", "n" * 60), person(3, "x", "n" * 60)]
    names = Matching("EMail", (AttributeMapping(attribute="first_name", field="FirstName"),))
    assert match(PeopleInMemory({"One": rows}), [SegmentName("One")], names, tmp_path).cut == 1


def test_the_pattern_of_plain_text_takes_nothing_that_has_to_be_changed() -> None:
    """Every character alone, inside, at an end; and none that a character before it could be composed with."""
    characters = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    taken = set()
    for before, after in (("", ""), ("a", "b"), ("a", ""), ("", "b")):
        values = [f"{before}{character}{after}" for character in characters]
        plain = pc.match_substring_regex(pa.array(values), PLAIN_TEXT).to_pylist()
        found = [value for value, is_plain in zip(values, plain, strict=True) if is_plain]
        assert [value for value in found if plain_value(value, 50) != value] == []
        taken |= {value.removeprefix(before).removesuffix(after) for value in found}
    assert len(taken) > 40_000
    decompositions = [unicodedata.decomposition(character).split() for character in characters]
    seconds = {chr(int(parts[1], 16)) for parts in decompositions if len(parts) == 2 and not parts[0].startswith("<")}
    jamo = {chr(point) for point in range(0x1100, 0x1200)}
    assert taken & (seconds | jamo) == set()
    assert not any(unicodedata.combining(character) for character in taken)


@pytest.mark.parametrize(
    "value", ["", "Ada King", "Zoë", "O'Neill, Jr.", '"', "Łódź", "Анна", "東京", "김", "ẞ", "a  b"]
)
def test_usual_values_are_plain_text(value: str) -> None:
    assert pc.match_substring_regex(pa.array([value]), PLAIN_TEXT).to_pylist() == [True]


DATES = {
    **dict.fromkeys(("2019-05-07", "2019-5-7", "05/07/2019", "5/7/2019", "2019/05/07", "5-7-2019"), "2019-05-07"),
    **dict.fromkeys(("07.05.2019", "20190507", "2019-05-07T10:00:00Z", "2019-05-07 10:00:00.000"), "2019-05-07"),
    **dict.fromkeys(("yesterday", "13/13/2019", "2019-02-30", "1899-01-01", "2999-01-01", "2019", "7"), ""),
}
PHONES = {
    **dict.fromkeys(("2125550100", "212-555-0100", "(212) 555-0100", "+1 212 555 0100"), "212-555-0100"),
    **dict.fromkeys(("1.212.555.0100", "1-212-555-0100", "+12125550100"), "212-555-0100"),
    **dict.fromkeys(("+47 22 33 44 55", "5550100", "112-555-0100", "212-155-0100", "ask", "1" * 20, "+"), ""),
    "212-555-0100 x12": "",
}


@pytest.mark.parametrize(("attribute", "values"), [("anniversary", DATES), ("phone", PHONES)])
def test_dates_and_phones_are_made_to_fit_or_left_out_and_counted(
    tmp_path: Path, attribute: str, values: dict[str, str]
) -> None:
    cells, matched = sent_as(tmp_path, [attribute], *((value,) for value in values), ("",), (None,))
    assert cells == [*((cell,) for cell in values.values()), ("",), ("",)]
    assert matched.dropped == list(values.values()).count("")


BIRTHDAYS = [
    (("5", "17"), ("5", "17"), 0),
    (("05", "07.0"), ("5", "7"), 0),
    (("1980-05-17", "1980-05-17"), ("5", "17"), 0),
    (("2", "29"), ("2", "29"), 0),
    (("2", "30"), ("", ""), 2),
    (("13", "1"), ("", ""), 2),
    (("5", ""), ("", ""), 1),
    (("", "17"), ("", ""), 1),
    (("May", "17"), ("", ""), 2),
    (("", ""), ("", ""), 0),
    ((None, None), ("", ""), 0),
]


def test_a_birthday_is_sent_whole_or_not_at_all(tmp_path: Path) -> None:
    values = [value for value, _cells, _dropped in BIRTHDAYS]
    cells, matched = sent_as(tmp_path, ["birthday_month", "birthday_day"], *values)
    assert cells == [cells for _value, cells, _dropped in BIRTHDAYS]
    assert matched.dropped == sum(dropped for _value, _cells, dropped in BIRTHDAYS)
    turned, _matched = sent_as(tmp_path, ["birthday_day", "birthday_month"], *(value[::-1] for value in values))
    assert turned == [found[::-1] for found in cells]


def test_every_known_attribute_has_a_title_and_a_limit() -> None:
    names = [known.name for known in known_attributes()]
    assert len(names) == len(set(names)) == 14
    assert all(attribute_title(known.name) and known.limit > 0 for known in known_attributes())
    assert attribute_title("cf:tier") == "tier"
    assert attribute_title("email") == "Email"


@pytest.mark.parametrize("name", ["", "email", "nickname", "cf:", "cf: ", "cf:a\nb", "cf:" + "x" * 51, "First_name"])
def test_an_unknown_attribute_is_none(name: str) -> None:
    assert known_attribute(name) is None


def test_a_custom_field_is_an_attribute_by_its_prefix() -> None:
    known = known_attribute("cf:tier")
    assert known is not None
    assert (known.name, known.limit, known.kind) == ("cf:tier", 255, AttributeKind.CUSTOM)
