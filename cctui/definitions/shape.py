"""Whether what was read from TOML has the shape of a definition: known keys, right types, allowed values.

The shape comes from the Structs of :mod:`cctui.definitions.model`; the sentences are ours, because the operator reads
them in their own language.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from enum import Enum
from functools import lru_cache
from typing import Any, get_args

from msgspec import Struct, inspect

from cctui.definitions.model import LanguageCode, Weekday
from cctui.definitions.outline import KeyPath
from cctui.locales import _, ngettext, number
from cctui.masking import harmless

_LONGEST_SHOWN = 60
_ORDERS = {frozenset(values): values for values in (get_args(LanguageCode), get_args(Weekday))}


class Finding(Struct, frozen=True):
    """One thing that does not fit: where, what (a sentence), what was found, what is allowed, or else some advice."""

    where: KeyPath
    what: str
    found: str = ""
    allowed: str = ""
    advice: str = ""


def misfits(raw: object, kind: type[Struct]) -> list[Finding]:
    """Everything in ``raw`` (as :mod:`tomllib` reads it) that is not as ``kind`` declares it."""
    return list(_misfits(raw, _declared(kind), ()))


def shown(value: object) -> str:
    """``value`` as a message shows it: short, on one line, without secrets, addresses and control characters."""
    if isinstance(value, str):
        return f'"{harmless(value, _LONGEST_SHOWN)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}" if abs(value) < 10**15 else _("a very large number")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _("a list") if isinstance(value, list) else _("a table")


def key_name(where: KeyPath) -> str:
    """The key as messages show it: ``data_matching.email``, ``attributes[1].field`` (entries from 0)."""
    name = ""
    for part in where:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return harmless(name)


@lru_cache
def _declared(kind: type[Struct]) -> inspect.StructType:
    declared = inspect.type_info(kind)
    if not isinstance(declared, inspect.StructType):
        raise TypeError(kind)
    return declared


def _misfits(raw: object, declared: inspect.Type, where: KeyPath, allowed: str = "") -> Iterator[Finding]:
    match declared:
        case inspect.Metadata():
            words = (declared.extra_json_schema or {}).get("description", "")
            yield from _misfits(raw, declared.type, where, _(words) if words else "")
        case inspect.UnionType():
            yield from _in_union(raw, declared, where, allowed)
        case _ if not _is_kind(raw, declared):
            yield Finding(
                where,
                _("{key} has the wrong type.").format(key=_quoted(where)),
                shown(raw),
                allowed or _kind_name(declared),
            )
        case inspect.StructType():
            yield from _in_table(raw, declared, where)
        case inspect.ListType():
            yield from _in_list(raw, declared, where)
        case _:
            yield from _in_value(raw, declared, where, allowed)


def _in_union(raw: object, declared: inspect.UnionType, where: KeyPath, allowed: str) -> Iterator[Finding]:
    kinds = [one for one in declared.types if not isinstance(one, inspect.NoneType)]
    fitting = [one for one in kinds if _is_kind(raw, _bare(one))]
    if fitting or len(kinds) == 1:
        yield from _misfits(raw, fitting[0] if fitting else kinds[0], where, allowed)
        return
    yield Finding(
        where,
        _("{key} has the wrong type.").format(key=_quoted(where)),
        shown(raw),
        _(" or ").join(_kind_name(one) for one in kinds),
    )


def _in_table(raw: Any, declared: inspect.StructType, where: KeyPath) -> Iterator[Finding]:
    fields = {field.encode_name: field for field in declared.fields}
    for key, value in raw.items():
        if key in fields:
            yield from _misfits(value, fields[key].type, (*where, key))
            continue
        likely = difflib.get_close_matches(key, fields, 1)
        yield Finding(
            (*where, key),
            _("{key} is not a known key.").format(key=_quoted((*where, key))),
            allowed="" if likely else ", ".join(fields),
            advice=_("Did you mean {key}?").format(key=f'"{likely[0]}"') if likely else "",
        )
    for name, field in fields.items():
        if field.required and name not in raw:
            yield Finding(
                (*where, name),
                _("{key} is missing.").format(key=_quoted((*where, name))),
                allowed=_kind_name(_bare(field.type)),
            )


def _in_list(raw: Any, declared: inspect.ListType, where: KeyPath) -> Iterator[Finding]:
    if declared.max_length is not None and len(raw) > declared.max_length:
        yield Finding(
            where,
            _("{key} has too many entries.").format(key=_quoted(where)),
            number(len(raw)),
            ngettext("{count} entry at most", "{count} entries at most", declared.max_length).format(
                count=number(declared.max_length)
            ),
        )
    for position, entry in enumerate(raw):
        yield from _misfits(entry, declared.item_type, (*where, position))


def _in_value(raw: Any, declared: inspect.Type, where: KeyPath, allowed: str) -> Iterator[Finding]:
    choices = _choices(declared)
    if choices and raw not in choices:
        yield Finding(where, _("{key} is not one of the choices.").format(key=_quoted(where)), shown(raw), _or(choices))
    if isinstance(declared, inspect.IntType):
        least, most = declared.ge, declared.le
        if (least is not None and raw < least) or (most is not None and raw > most):
            yield Finding(
                where,
                _("{key} is out of range.").format(key=_quoted(where)),
                shown(raw),
                _("{least} to {most}").format(least=least, most=most),
            )
    if isinstance(declared, inspect.StrType):
        yield from _in_text(raw, declared, where, allowed)


def _in_text(raw: str, declared: inspect.StrType, where: KeyPath, allowed: str) -> Iterator[Finding]:
    if any(0xD800 <= ord(char) <= 0xDFFF for char in raw):
        yield Finding(where, _("{key} holds characters that no file can hold.").format(key=_quoted(where)), shown(raw))
    elif declared.min_length and not (raw if declared.max_length == 1 else raw.strip()):
        yield Finding(where, _("{key} is empty.").format(key=_quoted(where)), allowed=_("at least one character"))
    elif declared.max_length is not None and len(raw) > declared.max_length:
        yield Finding(
            where,
            _("{key} is too long.").format(key=_quoted(where)),
            _("{count} characters").format(count=number(len(raw))),
            _("{count} characters at most").format(count=number(declared.max_length)),
        )
    elif declared.pattern is not None and not re.search(declared.pattern, raw):
        yield Finding(where, _("{key} does not fit.").format(key=_quoted(where)), shown(raw), allowed)


def _bare(declared: inspect.Type) -> inspect.Type:
    return declared.type if isinstance(declared, inspect.Metadata) else declared


def _is_kind(raw: object, declared: inspect.Type) -> bool:
    match declared:
        case inspect.StructType():
            return isinstance(raw, dict)
        case inspect.ListType():
            return isinstance(raw, list)
        case inspect.BoolType():
            return isinstance(raw, bool)
        case inspect.IntType():
            return isinstance(raw, int) and not isinstance(raw, bool)
        case inspect.DateTimeType():
            return isinstance(raw, datetime)
    return isinstance(raw, str)


def _kind_name(declared: inspect.Type) -> str:
    match declared:
        case inspect.StructType():
            return _("a table")
        case inspect.ListType():
            return _("a list")
        case inspect.BoolType():
            return _("true or false")
        case inspect.IntType():
            return _("a whole number")
        case inspect.DateTimeType():
            return _("a date and time such as {example}").format(example="2026-11-22T10:00:00Z")
        case inspect.UnionType():
            return next(_kind_name(one) for one in declared.types if not isinstance(one, inspect.NoneType))
    choices = _choices(declared)
    return _or(choices) if choices else _("text in quotation marks")


def _choices(declared: inspect.Type) -> tuple[str, ...]:
    if isinstance(declared, inspect.EnumType):
        members: type[Enum] = declared.cls
        return tuple(member.value for member in members)
    if isinstance(declared, inspect.LiteralType):
        values = tuple(str(value) for value in declared.values)
        return _ORDERS.get(frozenset(values), values)
    return ()


def _or(choices: tuple[str, ...]) -> str:
    return ", ".join(f'"{choice}"' for choice in choices)


def _quoted(where: KeyPath) -> str:
    return f'"{key_name(where)}"'
