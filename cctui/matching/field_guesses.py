"""Which field of the profile most likely fills an attribute of the contact: the form's guess, never a decision."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from cctui.matching.attributes import CUSTOM_PREFIX
from cctui.profiles.source import Attribute

_NAMES = {
    "first_name": ("firstname", "givenname", "forename", "vorname", "fornavn", "名", "名字", "keresztnev", "prenume"),
    "last_name": ("lastname", "surname", "familyname", "nachname", "etternavn", "姓", "姓氏", "vezeteknev", "nume"),
    "job_title": ("jobtitle", "title", "position", "beruf", "stilling", "职务", "beosztas", "functie"),
    "company_name": ("companyname", "company", "organization", "organisation", "account", "firma", "公司", "ceg"),
    "birthday_month": ("birthdaymonth", "birthmonth"),
    "birthday_day": ("birthdayday", "birthday", "birthdayofmonth"),
    "anniversary": ("anniversary", "customersince", "jubilaeum", "jubileum"),
    "phone": ("phone", "telephone", "telephone1", "phonenumber", "mobilephone", "telefon", "电话", "telefonszam"),
    "street": ("street", "streetaddress", "address", "address1", "address1line1", "strasse", "gate", "街道", "utca"),
    "street2": ("street2", "address2", "address1line2"),
    "city": ("city", "town", "address1city", "stadt", "ort", "by", "poststed", "城市", "varos", "oras"),
    "state": ("state", "province", "stateorprovince", "address1stateorprovince", "region", "bundesland", "省"),
    "zip": ("zip", "zipcode", "postalcode", "postcode", "address1postalcode", "plz", "postnummer", "邮编"),
    "country": ("country", "countryregion", "address1country", "land", "国家", "orszag", "tara"),
}
"""Names of fields, the likeliest first, without case, accents, blanks and punctuation."""


def preselect_field(attribute: str, fields: Sequence[Attribute]) -> str | None:
    """The field that ``attribute`` is most likely filled from, by meaning and then by name; ``None`` without one."""
    wanted = _NAMES.get(attribute) or (_plain(attribute.removeprefix(CUSTOM_PREFIX)),)
    meanings = {_plain(field.semantic_type.rpartition(".")[2]): field.name for field in reversed(fields)}
    names = {_plain(field.name): field.name for field in reversed(fields)}
    for named in (meanings, names):
        for name in wanted:
            if name and name in named:
                return named[name]
    return None


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFD", name.casefold())
    return "".join(char for char in letters if char.isalnum())
