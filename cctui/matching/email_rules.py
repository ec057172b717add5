"""Which values of the e-mail field are addresses that Constant Contact takes, and as what they are sent.

Two tests that mean the same: :func:`judge` is the rule for one value, with email-validator behind it; :func:`judged`
is the same for a column, where a pattern settles the plain majority and only the rest goes to :func:`judge`.

The rules: blanks and zero-width characters around the address are taken off; a control or invisible character inside
is a fault and is not repaired, because nobody knows what stood there. Letters before the at sign are a to z
(the service does not say that it takes others); a domain in other letters is sent in its ASCII form (``xn--…``), which
every mail system takes. At most 50 characters, counted in that form (API description, import row). The address is
sent in lower case, as the service keeps it.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING, NewType

from cctui.matching.reasons import Reason

if TYPE_CHECKING:
    import pyarrow as pa

EmailAddress = NewType("EmailAddress", str)
"""An address as it is sent: ASCII, lower case, at most :data:`MAX_LENGTH` characters."""

MAX_LENGTH = 50
"""Characters in the ``email`` of an import row (API description; elsewhere the service allows 80)."""

ZERO_WIDTH = "\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""Characters that nobody sees; at the ends of a value they are never meant."""

_LOOKED_AT = 1_000
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ENDS = re.compile(rf"\A[\s{ZERO_WIDTH}]+|[\s{ZERO_WIDTH}]+\Z")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ASCII_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


@lru_cache(maxsize=4_000)
def judge(value: str) -> tuple[EmailAddress | None, Reason | None]:
    """The address that ``value`` is sent as, or the reason why it cannot be: exactly one of both."""
    text = _ENDS.sub("", value)
    if not text:
        return None, Reason.MISSING
    if len(text) > _LOOKED_AT:
        return None, Reason.TOO_LONG if "@" in text else Reason.NO_AT_SIGN
    reason = _fault(text)
    if reason is not None:
        return None, reason
    address = None if surely_refused(text) else _address(text)
    if address is None:
        return None, _fault_by_part(text)
    if len(address) > MAX_LENGTH:
        return None, Reason.TOO_LONG
    return EmailAddress(address), None


def judged(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """A column of values as two columns of the same length: the address, else the reason code; the other is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = pc.match_substring_regex(values, plain_pattern())
    if (pc.max(pc.binary_length(values)).as_py() or 0) > MAX_LENGTH:
        plain = pc.and_(plain, pc.less_equal(pc.binary_length(values), MAX_LENGTH))
    odd = pc.invert(plain.fill_null(False) if plain.null_count else plain)
    addresses = pc.ascii_lower(pc.ascii_trim(values, " "))
    reasons = pa.nulls(len(values), pa.string())
    if not odd.true_count:
        return addresses, reasons
    verdicts = [judge(value or "") for value in values.filter(odd).to_pylist()]
    return (
        pc.replace_with_mask(addresses, odd, pa.array([address for address, _reason in verdicts], pa.string())),
        pc.replace_with_mask(reasons, odd, pa.array([reason for _address, reason in verdicts], pa.string())),
    )


@lru_cache(maxsize=1)
def plain_pattern() -> str:
    """The pattern (RE2) of what is surely an address, perhaps with spaces around it; its length is asked beside it.

    It reads the value before it is lower-cased and spells out both cases, because lower-casing turns the Kelvin sign,
    the long s and the dotted capital I into plain letters. Top-level domains are letters only and none of the
    library's reserved names.
    """
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    reserved = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
    label = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
    return rf"\A *{_LOCAL_PART.pattern}@(?:{label}\.)+{_letters_except(reserved | {''})} *\z"


def _letters_except(words: AbstractSet[str]) -> str:
    """A pattern of any run of letters, in both cases, that is none of ``words``; RE2 has no look-ahead."""
    starts = sorted({word[0] for word in words if word})
    others = "".join(letter + letter.upper() for letter in string.ascii_lowercase if letter not in starts)
    ways = [f"[{others}][A-Za-z]*"]
    for letter in starts:
        rest = frozenset(word[1:] for word in words if word.startswith(letter))
        ways.append(f"[{letter}{letter.upper()}]{_letters_except(rest)}")
    return f"(?:{'|'.join(ways)})" + ("" if "" in words else "?")


def surely_refused(text: str) -> bool:
    """Whether the library refuses ``text``, as a look at its parts tells; it takes some thirty times as long to ask."""
    local_part, _at, domain = text.partition("@")
    return not _LOCAL_PART.fullmatch(local_part) or (domain.isascii() and not _ASCII_DOMAIN.fullmatch(domain))


def _address(text: str) -> str | None:
    """What the library makes of ``text``, whose local part is plain: that is sent as it is, whatever the domain.

    Domains in other letters take the library longest, and there are few of them: each is asked about once.
    """
    local_part, _at, domain = text.rpartition("@")
    if domain.isascii() or len(text) > MAX_LENGTH:
        return _library(text)
    asked = _library_on_domain(domain)
    return asked and f"{local_part.lower()}@{asked}"


@lru_cache(maxsize=10_000)
def _library_on_domain(domain: str) -> str | None:
    found = _library(f"a@{domain}")
    return found and found.removeprefix("a@")


def _library(text: str) -> str | None:
    from email_validator import validate_email

    try:
        found = validate_email(text, check_deliverability=False, strict=True, allow_smtputf8=False)
    except ValueError:
        return None
    return (found.ascii_email or "").lower() or None


def _fault(text: str) -> Reason | None:
    """A fault that can be named without taking the address apart; all of them are refused by the library too."""
    at_signs = text.count("@")
    plain = text.isascii() and text.isprintable()
    if not plain and any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in text):
        return Reason.CONTROL_CHARACTER
    if at_signs > 1 and re.search(r"@.*[,;|/\s].*@", text):
        return Reason.SEVERAL_ADDRESSES
    if at_signs and re.search(r'[<>"()\[\]]', text):
        return Reason.DISPLAY_NAME
    if not at_signs:
        return Reason.NO_AT_SIGN
    if at_signs > 1:
        return Reason.SEVERAL_AT_SIGNS
    if re.search(r"\s", text):
        return Reason.BLANK_INSIDE
    if re.search(r"[,;]", text):
        return Reason.COMMA
    return None


def _fault_by_part(text: str) -> Reason:
    local_part, _at, domain = text.partition("@")
    if not local_part.isascii():
        return Reason.NON_ASCII_LOCAL_PART
    if not _LOCAL_PART.fullmatch(local_part):
        return Reason.BAD_LOCAL_PART
    last = domain.rpartition(".")[2].lower()
    if domain and not domain.startswith(".") and ("." not in domain or last.isdecimal()):
        return Reason.NO_TOP_LEVEL_DOMAIN
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    if last in SPECIAL_USE_DOMAIN_NAMES and _library(f"{local_part}@{domain[: -len(last)]}com") is not None:
        return Reason.SPECIAL_USE_DOMAIN
    if len(local_part) > 64 or len(text) > 254:
        return Reason.TOO_LONG
    if surely_refused(f"a@{domain}") or _library(f"a@{domain}") is None:
        return Reason.BAD_DOMAIN
    return Reason.NOT_AN_ADDRESS
