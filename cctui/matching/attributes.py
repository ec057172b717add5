"""The attributes of a Constant Contact contact that an import file takes, with their limits.

Source: API guide, *Import contacts*, headings of ``contacts_file_import``; lengths of the API description's import
row. Phones and addresses by kind (``home_phone``, ``work_city`` …) are documented for JSON only. The headings for text
messages (``sms_number``, ``sms_consent_date``) are left out: they need a consent that an export cannot give.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from cctui.locales import N_, _

EMAIL: Final = "email"
CUSTOM_PREFIX: Final = "cf:"
MAX_CUSTOM_FIELDS: Final = 25
"""Custom fields per contact in an import (API description)."""

CUSTOM_LIMIT: Final = 255
_LABEL_LIMIT: Final = 50


class AttributeKind(StrEnum):
    """How a value is made fit for the attribute; a value that cannot be is left out and counted."""

    TEXT = "text"
    DATE = "date"
    MONTH = "month"
    DAY = "day"
    PHONE = "phone"
    CUSTOM = "custom"


class KnownAttribute(Struct, frozen=True):
    """An attribute as an import file names it. ``limit`` is in characters; translate ``title`` with ``_``."""

    name: str
    title: str
    limit: int
    kind: AttributeKind = AttributeKind.TEXT


_KNOWN = (
    KnownAttribute("first_name", N_("First name"), 50),
    KnownAttribute("last_name", N_("Last name"), 50),
    KnownAttribute("job_title", N_("Job title"), 50),
    KnownAttribute("company_name", N_("Company name"), 50),
    KnownAttribute("birthday_month", N_("Birthday month"), 2, AttributeKind.MONTH),
    KnownAttribute("birthday_day", N_("Birthday day"), 2, AttributeKind.DAY),
    KnownAttribute("anniversary", N_("Anniversary"), 10, AttributeKind.DATE),
    KnownAttribute("phone", N_("Phone"), 50, AttributeKind.PHONE),
    KnownAttribute("street", N_("Street"), 255),
    KnownAttribute("street2", N_("Street, second line"), 255),
    KnownAttribute("city", N_("City"), 50),
    KnownAttribute("state", N_("State or province"), 50),
    KnownAttribute("zip", N_("ZIP or postal code"), 50),
    KnownAttribute("country", N_("Country"), 50),
)


def known_attributes() -> tuple[KnownAttribute, ...]:
    """Every attribute that an export may map beside the e-mail address, in the order of the form; no custom fields."""
    return _KNOWN


def known_attribute(name: str) -> KnownAttribute | None:
    """The attribute called ``name``; ``cf:<name>`` is a custom field of the account. ``None`` where there is none."""
    if name.startswith(CUSTOM_PREFIX):
        label = name.removeprefix(CUSTOM_PREFIX)
        if not label.strip() or len(label) > _LABEL_LIMIT or not label.isprintable():
            return None
        return KnownAttribute(name, label, CUSTOM_LIMIT, AttributeKind.CUSTOM)
    return next((known for known in _KNOWN if known.name == name), None)


def attribute_title(name: str) -> str:
    """What people call the attribute, in the operator's language; a custom field is called by its own name."""
    if name == EMAIL:
        return _("Email")
    known = known_attribute(name)
    if known is None or known.kind is AttributeKind.CUSTOM:
        return name.removeprefix(CUSTOM_PREFIX)
    return _(known.title)
