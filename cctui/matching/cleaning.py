"""How a value of the profile is made fit for its attribute, as expressions of DuckDB's SQL.

Line breaks and tabs become one space, other control characters and NUL go, text is composed (NFC), white space and
zero-width characters at the ends go; what is then longer than the attribute takes is cut and counted. Dates become
``YYYY-MM-DD``, phones ``NNN-NNN-NNNN``, birthdays plain numbers; a value that is none is left out and counted.
A value without anything is an empty cell, which the service leaves as it was (API guide, import).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from cctui.matching.attributes import AttributeKind, KnownAttribute

_BREAKS = r"[\x{9}-\x{D}\x{85}\x{2028}\x{2029}]+"
_CONTROLS = r"\p{Cc}"
_BLANK = r"[\s\p{Z}\x{180E}\x{200B}-\x{200F}\x{2060}\x{FEFF}]"
_ENDS = rf"^{_BLANK}+|{_BLANK}+$"
_PLAIN = r"[!-~](?:[ -~]*[!-~])?"
_ODD = rf"{_CONTROLS}|[\x{{2028}}\x{{2029}}]|^{_BLANK}|{_BLANK}$"

_DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d", "%m-%d-%Y", "%d.%m.%Y", "%Y%m%d")
"""What the service documents for an anniversary, and two ways to write a date that cannot be misread."""

_NOT_SET = (
    *("", "0", "0.0", "false", "f", "no", "n", "off", "none", "null", "nan", "n/a", "-", "allow", "allowed"),
    *("falsch", "nein", "usann", "nei", "hamis", "nem", "fals", "nu", "否", "假"),
)


class CleanColumn(Struct, frozen=True):
    """The value of one attribute: SQL of the value, and of 1 where it was cut or left out, else 0."""

    value: str
    cut: str
    dropped: str


def quoted(text: str) -> str:
    """``text`` as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"


def clean(column: str) -> str:
    """The value of ``column``, cleaned and not yet cut; never null."""
    composed = f"nfc_normalize(regexp_replace(regexp_replace({column}, '{_BREAKS}', ' ', 'g'), '{_CONTROLS}', '', 'g'))"
    return (
        f"CASE WHEN {column} IS NULL THEN '' WHEN regexp_full_match({column}, '{_PLAIN}') THEN {column} "
        f"WHEN NOT regexp_matches({column}, '{_ODD}') THEN nfc_normalize({column}) ELSE {_stripped(composed)} END"
    )


def fitted(known: Sequence[KnownAttribute], columns: Sequence[str]) -> list[CleanColumn]:
    """What is sent for each attribute of ``known``, given the ``columns`` with its cleaned values."""
    both = [
        _month_or_day(known, columns, kind) for kind in (AttributeKind.MONTH, AttributeKind.DAY) if _has(known, kind)
    ]
    return [_fitted(attribute, column, " AND ".join(both)) for attribute, column in zip(known, columns, strict=True)]


def is_set(column: str) -> str:
    """Whether a do-not-mail flag says that no mail is wanted: any text but the known ways to say no.

    In doubt nobody is mailed: "Do Not Allow" and the date of an opt-out count as set.
    """
    return f"lower(trim(coalesce({column}, ''))) NOT IN ({', '.join(map(quoted, _NOT_SET))})"


def _fitted(attribute: KnownAttribute, column: str, birthday: str) -> CleanColumn:
    match attribute.kind:
        case AttributeKind.TEXT | AttributeKind.CUSTOM:
            longer = f"strlen({column}) > {attribute.limit} AND length({column}) > {attribute.limit}"
            shortened = _stripped(f"left({column}, {attribute.limit})")
            return CleanColumn(f"CASE WHEN {longer} THEN {shortened} ELSE {column} END", f"({longer})::INTEGER", "0")
        case AttributeKind.DATE:
            value = f"strftime({_date(column)}, '%Y-%m-%d')"
        case AttributeKind.MONTH:
            value = f"CASE WHEN {birthday} THEN {_month(column)}::VARCHAR END"
        case AttributeKind.DAY:
            value = f"CASE WHEN {birthday} THEN {_day(column)}::VARCHAR END"
        case AttributeKind.PHONE:
            value = _phone(column)
    return CleanColumn(f"coalesce({value}, '')", "0", f"({column} <> '' AND ({value}) IS NULL)::INTEGER")


def _stripped(text: str) -> str:
    return f"regexp_replace({text}, '{_ENDS}', '', 'g')"


def _date(column: str) -> str:
    """The date in ``column``, with or without a time of day, from 1900 to ten years ahead (V2 import guide)."""
    formats = ", ".join(map(quoted, _DATE_FORMATS))
    day = f"try_strptime(regexp_extract({column}, '^([0-9./-]+)([T ][0-9:.,+Z-]+)?$', 1), [{formats}])::DATE"
    return f"CASE WHEN year({day}) BETWEEN 1901 AND year(current_date) + 10 THEN {day} END"


def _month(column: str) -> str:
    """A month as a number, or that of a whole date."""
    return f"coalesce({_number(column, 12)}, month({_date(column)}))"


def _day(column: str) -> str:
    return f"coalesce({_number(column, 31)}, day({_date(column)}))"


def _number(column: str, most: int) -> str:
    number = f"try_cast(regexp_extract({column}, '^0?([0-9]{{1,2}})(\\.0+)?$', 1) AS INTEGER)"
    return f"CASE WHEN {number} BETWEEN 1 AND {most} THEN {number} END"


def _month_or_day(known: Sequence[KnownAttribute], columns: Sequence[str], kind: AttributeKind) -> str:
    """Half of the test for a whole birthday: this half is there, and with the month no day that never comes."""
    month, day = (
        next((column for attribute, column in zip(known, columns, strict=True) if attribute.kind is wanted), "''")
        for wanted in (AttributeKind.MONTH, AttributeKind.DAY)
    )
    if kind is AttributeKind.MONTH:
        return f"({_month(month)}) IS NOT NULL"
    longest = f"[31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][{_month(month)}]"
    return f"({_day(day)}) <= {longest}"


def _has(known: Sequence[KnownAttribute], kind: AttributeKind) -> bool:
    return any(attribute.kind is kind for attribute in known)


def _phone(column: str) -> str:
    """A number of the North American plan; others are not supported in an import (API description)."""
    digits = f"regexp_replace({column}, '[^0-9]', '', 'g')"
    area = r"^1?([2-9][0-9]{2})([2-9][0-9]{2})([0-9]{4})$"
    written = r"^([+]1)?[0-9 ()./-]+$"
    return (
        f"CASE WHEN regexp_matches({column}, '{written}') AND regexp_matches({digits}, '{area}') "
        f"THEN regexp_replace({digits}, '{area}', '\\1-\\2-\\3') END"
    )
