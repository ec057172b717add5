"""Which fields of the profile become which attributes of the contact, checked against what the source has.

A :class:`Matching` is all that the rest of this room knows of an export. :func:`preselect_email` is the form's guess.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cctui.definitions.model import AttributeMapping, ExportDefinition
from cctui.errors import UsageError
from cctui.locales import _
from cctui.masking import printable
from cctui.matching.attributes import (
    CUSTOM_PREFIX,
    EMAIL,
    MAX_CUSTOM_FIELDS,
    KnownAttribute,
    attribute_title,
    known_attribute,
    known_attributes,
)
from cctui.matching.email_rules import judge
from cctui.profiles.source import Attribute

__all__ = [
    "KnownAttribute",
    "MappingError",
    "Matching",
    "attribute_title",
    "known_attribute",
    "known_attributes",
    "mapping_problems",
    "matching_of",
    "preselect_email",
    "suppress_fields",
]

_FLAGS = {"donotemail", "donotbulkemail", "donotcontact"}
"""Do-not-mail flags of the Common Data Model's contact, compared without case, blanks and underscores."""


class MappingError(UsageError):
    """The export maps what is not there. ``problems`` are whole sentences, one per fault."""

    def __init__(self, export: str, problems: Sequence[str]) -> None:
        super().__init__(
            _("The export {name} does not fit the profiles.").format(name=printable(export)),
            why=" ".join(problems),
            do=_("Edit the export and choose other fields."),
        )
        self.problems = tuple(problems)


class Matching(Struct, frozen=True):
    """What matching has to know: the e-mail field, the mapped attributes, and the fields that forbid mail."""

    email_field: str
    attributes: tuple[AttributeMapping, ...] = ()
    suppress_fields: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields to ask of the source, each once."""
        wanted = (self.email_field, *(mapping.field for mapping in self.attributes), *self.suppress_fields)
        return tuple(dict.fromkeys(wanted))

    @property
    def headings(self) -> tuple[str, ...]:
        """The header row of a body."""
        return (EMAIL, *(mapping.attribute for mapping in self.attributes))


def matching_of(export: ExportDefinition, attributes: Sequence[Attribute]) -> Matching:
    """How profiles with ``attributes`` become the contacts of ``export``. Raises :class:`MappingError`."""
    problems = mapping_problems(export.data_matching.email, export.attributes, attributes)
    if problems:
        raise MappingError(export.display_name, problems)
    return Matching(
        export.data_matching.email,
        tuple(export.attributes),
        suppress_fields(attributes) if export.suppress_opted_out else (),
    )


def suppress_fields(attributes: Sequence[Attribute]) -> tuple[str, ...]:
    """The fields that forbid mail to a profile, as far as the source has them."""
    return tuple(attribute.name for attribute in attributes if _plain(attribute.name) in _FLAGS)


def mapping_problems(email: str, mappings: Sequence[AttributeMapping], attributes: Sequence[Attribute]) -> list[str]:
    """What is wrong with a choice of fields, as whole sentences; empty where it fits."""
    fields = [attribute.name for attribute in attributes]
    targets = [mapping.attribute for mapping in mappings]
    problems = [
        _missing(field, fields)
        for field in dict.fromkeys((email, *(mapping.field for mapping in mappings)))
        if field not in fields
    ]
    for target in dict.fromkeys(targets):
        if target == EMAIL or targets.count(target) > 1:
            problems.append(_("The attribute {attribute} is mapped twice.").format(attribute=printable(target)))
        elif known_attribute(target) is None:
            problems.append(
                _("Constant Contact has no attribute {attribute}; custom fields are written {example}.").format(
                    attribute=printable(target), example=f"{CUSTOM_PREFIX}name"
                )
            )
    if len({"birthday_month", "birthday_day"} & set(targets)) == 1:
        problems.append(_("Birthday month and birthday day are taken only together."))
    if sum(target.startswith(CUSTOM_PREFIX) for target in targets) > MAX_CUSTOM_FIELDS:
        problems.append(_("At most {count} custom fields can be sent.").format(count=MAX_CUSTOM_FIELDS))
    return problems


def _missing(field: str, fields: Sequence[str]) -> str:
    folded = {name.casefold(): name for name in fields}
    close = difflib.get_close_matches(field.casefold(), folded, n=1)
    if close:
        return _("The profiles have no field {field}; did you mean {other}?").format(
            field=printable(field), other=printable(folded[close[0]])
        )
    return _("The profiles have no field {field}.").format(field=printable(field))


_EMAIL_NAMES = (
    *("email", "emailaddress", "emailaddress1", "primaryemail", "mail", "mailaddress", "contactemail"),
    *("emailadresse", "mailadresse", "epost", "epostadresse", "eposta", "emailcim", "adresaemail", "adresadeemail"),
    *("correo", "correoelectronico", "courriel", "adressemail", "电子邮件", "电子邮箱", "电子邮件地址", "邮箱", "邮件"),
)
_OTHER_THAN_ADDRESS = re.compile(
    r"opt|donot|bulk|allow|consent|permission|status|state|bounce|valid|verif|hash|md5|sha|count|date|time|domain|"
    r"sent|open|click|campaign|subscri|type|format|prefer|flag|^has|^is(?!o)|id$"
)


def preselect_email(
    attributes: Sequence[Attribute], samples: Mapping[str, Sequence[str | None]] | None = None
) -> str | None:
    """The field that most likely holds the e-mail address; ``None`` where none looks like it.

    Asked in this order: the source's semantic type, the name (in the languages of the documents and their
    neighbours), what some ``samples`` of the values, by field, look like.
    """
    candidates = [attribute for attribute in attributes if attribute.data_type.casefold() not in {"boolean", "bool"}]
    by_meaning = [attribute for attribute in candidates if "email" in _plain(attribute.semantic_type)]
    if by_meaning:
        return min(by_meaning, key=lambda attribute: _rank(attribute.name)).name
    by_name = [attribute for attribute in candidates if _rank(attribute.name) <= len(_EMAIL_NAMES)]
    if by_name:
        return min(by_name, key=lambda attribute: _rank(attribute.name)).name
    shares = {name: _share_of_addresses(values) for name, values in (samples or {}).items()}
    known = [attribute.name for attribute in candidates if shares.get(attribute.name, 0.0) >= 0.5]
    return max(known, key=lambda name: shares[name], default=None)


def _rank(name: str) -> int:
    """How much a name looks like that of an e-mail field: the smaller the more."""
    plain = _plain(name)
    if plain in _EMAIL_NAMES:
        return _EMAIL_NAMES.index(plain)
    if any(known in plain for known in ("email", "epost", "courriel", "correo", "邮件", "邮箱")) and not (
        _OTHER_THAN_ADDRESS.search(plain)
    ):
        return len(_EMAIL_NAMES)
    return len(_EMAIL_NAMES) + 1


def _share_of_addresses(values: Sequence[str | None]) -> float:
    filled = [value for value in values if value and value.strip()]
    return sum(judge(value)[0] is not None for value in filled) / len(filled) if filled else 0.0


def _plain(name: str) -> str:
    """``name`` without case, accents, blanks, punctuation and the prefix of Dataverse's logical names."""
    letters = unicodedata.normalize("NFD", name.casefold().removeprefix("msdynci_"))
    return "".join(char for char in letters if char.isalnum())
