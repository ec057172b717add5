"""The catalogs say what the checklist for native readers says, and nothing that is known to be wrong."""

from __future__ import annotations

import re
from pathlib import Path

import catalogs
import pytest
from babel.messages.catalog import Message

from cctui.locales import LANGUAGES

CHECKLIST = Path(catalogs.FOLDER) / "README.md"
OTHERS = LANGUAGES[1:]
_MARKED = re.compile(r"^(.*\S) `[sdt]`(?: \*)?$")


def rows() -> list[tuple[str, dict[str, str]]]:
    """The rows of the checklist: the English title, and the term of each language."""
    found = []
    for line in CHECKLIST.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 6 and cells[0] not in {"English", "---"}:
            terms = [_MARKED.match(cell) for cell in cells[1:]]
            assert all(terms), line
            found.append((cells[0], {name: term[1] for name, term in zip(OTHERS, terms, strict=True) if term}))
    return found


def message(title: str) -> tuple[str, str | None]:
    """The message of a title, and its context."""
    bare, _bracket, kind = title.partition(" (")
    return bare, "action" if kind == "action)" else None


def texts(found: Message) -> list[str]:
    return list(found.string) if isinstance(found.string, tuple) else [str(found.string)]


@pytest.mark.parametrize("language", OTHERS)
def test_every_term_is_the_one_of_the_checklist(language: str) -> None:
    catalog = catalogs.load(language)
    wrong = []
    for title, terms in rows():
        found = catalog.get(*message(title))
        if found is None or terms[language] not in texts(found):
            wrong.append(f"{title}: {terms[language]!r}, but {found and found.string!r}")
    assert not wrong, "\n".join(wrong)


def test_the_checklist_is_a_long_one() -> None:
    assert len(rows()) > 120
    assert len({title for title, _terms in rows()}) == len(rows())


@pytest.mark.parametrize("language", OTHERS)
def test_the_product_keeps_its_name(language: str) -> None:
    wrong = []
    for one in catalogs.load(language):
        source = one.id if isinstance(one.id, str) else one.id[-1]
        wrong += [text for text in texts(one) if text.count("Constant Contact") != source.count("Constant Contact")]
    assert not wrong, "\n".join(wrong)


WRONG = {
    "de": r"Konstanter Kontakt|Zuschauer|Beitragende|Abgesagt|Storniert|Segemente|Unified-",
    "nb": r"(?i)konstant kontakt|visningsprogram",
    "zh-CN": r"加工业|未通过|访问群体|账户|(?<!客户)细分",
    "hu": r"(?i)állandó kapcsolat|\baz Constant|úticél|exportpál",
    "ro": r"[şţŞŢ]|(?i:contact(ul)? constant)|Alerga|Odihnit|Înviorător|Spectacol|Kay Vault",
}


@pytest.mark.parametrize("language", OTHERS)
def test_known_mistakes_are_not_repeated(language: str) -> None:
    wrong = [
        text for one in catalogs.load(language) if one.id for text in texts(one) if re.search(WRONG[language], text)
    ]
    assert not wrong


SEGMENT = {"de": "egment", "nb": "egment", "zh-CN": "客户细分", "hu": "zegmens", "ro": "egment"}

_IDENTIFIERS = re.compile(r"\{[a-z]+\}|\[\[?segments\]?\]|home, segments, exports|cctui segments")


@pytest.mark.parametrize("language", OTHERS)
def test_a_segment_is_called_one_thing(language: str) -> None:
    names_them = re.compile(r"\b[Ss]egments?\b(?!\s*\[|\.toml)")
    wrong = []
    for one in catalogs.load(language):
        source = one.id if isinstance(one.id, str) else one.id[0]
        if one.id and names_them.search(_IDENTIFIERS.sub("", source)):
            wrong += [f"{source}: {text}" for text in texts(one) if SEGMENT[language] not in text]
    assert not wrong, "\n".join(wrong)


def test_the_machine_has_one_name_in_english() -> None:
    said = [text for one in catalogs.template() if one.id for text in ([one.id] if isinstance(one.id, str) else one.id)]
    assert not [text for text in said if re.search(r"\b(this|the|other) (box|host|computer)\b", text)]
