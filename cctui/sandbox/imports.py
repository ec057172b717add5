"""Bodies of bulk imports become rows, cut and checked as the service does it (API guide, import contacts).

A body is cut in silence where "4 MB" end and after 40,000 lines. A bad row stops nothing: it is counted and described
as ``Line N …``, the header being line 1, for JSON too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct, field

LIMITS = {
    **dict.fromkeys(("first_name", "last_name", "job_title", "company_name", "phone", "city", "state", "zip"), 50),
    **dict.fromkeys(("country", "birthday_day", "birthday_month", "anniversary"), 50),
    **dict.fromkeys(("street", "street2"), 255),
    **dict.fromkeys(("sms_number", "sms_consent_date"), 16),
}
"""Longest values of the documented headings, in characters."""

_KINDS = {"phone": 50, "street": 255, "street2": 255, "city": 50, "state": 50, "zip": 50, "country": 50}
JSON_LIMITS = {
    **LIMITS,
    **{f"{kind}_{name}": limit for kind in ("home", "work", "other") for name, limit in _KINDS.items()},
    "mobile_phone": 50,
    "home country": 50,
}
"""Longest values of the keys of a JSON row; one of them is spelt with a blank in the API description."""

CUSTOM_FIELD_LIMIT = 255
_ATOM = r"[^\s@.,;:()<>\[\]\\\"]+"
_LABEL = r"\w(?:[\w-]*\w)?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+\w[\w-]*\w").fullmatch
_DATES = (
    re.compile(r"\d{1,2}/\d{1,2}/\d{4}"),
    re.compile(r"\d{4}[/-]\d{1,2}[/-]\d{1,2}"),
    re.compile(r"\d{1,2}-\d{1,2}-\d{4}"),
)


class WrongImport(Exception):
    """The body as a whole cannot be taken; the text says why, in the service's words."""


class Reading(Struct, kw_only=True):
    """What an import holds after the cuts."""

    rows: list[tuple[int, str, str, str, str | None]] = field(default_factory=list)
    """Line, address in lower case, first name, last name, other values as a JSON object."""
    persons: int = 0
    errors: int = 0
    correctable: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)
    cut: bool = False
    """Whether lines lay beyond the limit."""

    def texts(self, limit: int = 0) -> list[str]:
        """``activity_errors``: one text a bad row, by line; at most ``limit`` where that is not 0."""
        texts = [f"Line {line}: {problem}" for line, problem in sorted(self.problems)]
        return texts[:limit] if limit else texts


def check_headings(first_line: bytes, custom_fields: Iterable[str]) -> list[str]:
    """The headings of a CSV body in lower case (custom field names as they are). Raises :class:`WrongImport`."""
    try:
        text = first_line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise WrongImport("The file is not UTF-8.") from None
    headings = next(csv.reader([text]), [])
    known = [name.strip() if name.strip().startswith("cf:") else name.strip().lower() for name in headings]
    _check_names(known, LIMITS, custom_fields)
    if "email" not in known and "sms_number" not in known:
        raise WrongImport("The file must have a column heading email or sms_number.")
    return known


def cut_csv(body: bytes, byte_limit: int) -> bytes:
    """The whole lines of a CSV body that end within ``byte_limit``."""
    return body if len(body) <= byte_limit else body[: body.rfind(b"\n", 0, max(0, byte_limit)) + 1]


def read_csv(body: bytes, *, line_limit: int, email_limit: int) -> Reading:
    """The rows of a CSV body whose headings were checked; lines beyond the limit are not processed."""
    lines = csv.reader(io.StringIO(body.decode("utf-8-sig", errors="replace"), newline=""))
    headings = [name.strip() if name.strip().startswith("cf:") else name.strip().lower() for name in next(lines, [])]
    width = len(headings)
    records: list[list[str]] = []
    cut = False
    for record in lines:
        if len(records) == line_limit - 1:
            cut = True
            break
        records.append(record)
    if any(len(record) != width for record in records):
        records = [(record + [""] * width)[:width] for record in records]
    columns: Sequence[Sequence[str]] = list(zip(*records, strict=True)) if records else [()] * width
    reading = _reading(dict(zip(headings, columns, strict=True)), len(records), LIMITS, email_limit)
    reading.cut = cut
    return reading


def read_json(rows: Sequence[dict[str, str | int]], *, email_limit: int) -> Reading:
    """The rows of a JSON body; the first of them is line 2."""
    names: dict[str, None] = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [str(row.get(name, "")) for row in rows] for name in names}
    columns.setdefault("email", [""] * len(rows))
    return _reading(columns, len(rows), JSON_LIMITS, email_limit)


def decode_json(
    body: bytes, custom_fields: Iterable[str], *, byte_limit: int, row_limit: int
) -> tuple[list[dict[str, str | int]], list[str], bool]:
    """Rows and list ids of a JSON body after the cuts, and whether there was one. Raises :class:`WrongImport`."""
    try:
        whole = msgspec.json.decode(body, type=_JsonBody)
        rows: list[dict[str, str | int]] = []
        end = 0
        for raw in whole.import_data[:row_limit]:
            end = body.index(bytes(raw), end) + len(bytes(raw))
            if end > byte_limit:
                break
            rows.append(msgspec.json.decode(raw, type=dict[str, str | int]))
    except msgspec.MsgspecError as error:
        raise WrongImport(str(error)) from None
    _check_names(list(dict.fromkeys(name for row in rows for name in row)), JSON_LIMITS, custom_fields)
    return rows, whole.list_ids, len(rows) < len(whole.import_data)


class _JsonBody(Struct, frozen=True):
    import_data: list[msgspec.Raw]
    list_ids: list[str]
    sms_permission_to_send: str = "not_set"


def _check_names(names: Sequence[str], limits: dict[str, int], custom_fields: Iterable[str]) -> None:
    custom = set(custom_fields)
    for name in names:
        if name.startswith("cf:"):
            if name.removeprefix("cf:") not in custom:
                raise WrongImport(f"There is no custom field {name.removeprefix('cf:')!r}.")
        elif name != "email" and name not in limits:
            raise WrongImport(f"The field {name!r} cannot be imported.")
    if len(names) != len(set(names)):
        raise WrongImport("A field is given twice.")


def _reading(columns: Mapping[str, Sequence[str]], count: int, limits: dict[str, int], email_limit: int) -> Reading:
    emails = [value.strip().lower() for value in columns.get("email", [""] * count)]
    bad = {index: "Email address has an invalid format." for index, email in enumerate(emails) if not _ADDRESS(email)}
    if email_limit and max(map(len, emails), default=0) > email_limit:
        bad |= {index: "Email address is too long." for index, email in enumerate(emails) if len(email) > email_limit}
    bad |= dict.fromkeys(_bad_dates(columns, count), "Birthday or anniversary has an invalid format.")
    long = {
        index: f"{name} is longer than {limit} characters."
        for name, values in columns.items()
        if name != "email" and max(map(len, values), default=0) > (limit := limits.get(name, CUSTOM_FIELD_LIMIT))
        for index, value in enumerate(values)
        if len(value) > limit
    }
    first, last = (columns.get(name, [""] * count) for name in ("first_name", "last_name"))
    rows = list(zip(range(2, count + 2), emails, first, last, _other_values(columns, count), strict=True))
    problems = long | bad
    return Reading(
        rows=[row for row in rows if row[0] - 2 not in problems] if problems else rows,
        persons=count,
        errors=len(long.keys() - bad.keys()),
        correctable=len(bad),
        problems=[(index + 2, problem) for index, problem in problems.items()],
    )


def _other_values(columns: Mapping[str, Sequence[str]], count: int) -> Iterable[str | None]:
    names = [name for name in columns if name not in {"email", "first_name", "last_name"}]
    if not names:
        return [None] * count
    encode = msgspec.json.encode
    return [
        encode(given).decode()
        if (given := {name: value for name, value in zip(names, values, strict=True) if value})
        else None
        for values in zip(*(columns[name] for name in names), strict=True)
    ]


def _bad_dates(columns: Mapping[str, Sequence[str]], count: int) -> Iterable[int]:
    empty = [""] * count
    if "anniversary" in columns:
        for index, value in enumerate(columns["anniversary"]):
            if value and not any(form.fullmatch(value) for form in _DATES):
                yield index
    if "birthday_day" in columns or "birthday_month" in columns:
        pairs = zip(columns.get("birthday_month", empty), columns.get("birthday_day", empty), strict=True)
        for index, (month, day) in enumerate(pairs):
            if (month or day) and not (_within(month, 12) and _within(day, 31)):
                yield index


def _within(text: str, highest: int) -> bool:
    return text.isdecimal() and 1 <= int(text) <= highest
