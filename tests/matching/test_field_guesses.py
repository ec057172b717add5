"""The form's guess of the field behind an attribute."""

from __future__ import annotations

import pytest

from cctui.matching.field_guesses import preselect_field
from cctui.profiles.source import Attribute


@pytest.mark.parametrize(
    ("attribute", "fields", "guess"),
    [
        ("first_name", ["CustomerId", "FirstName", "LastName"], "FirstName"),
        ("last_name", ["first_name", "last_name"], "last_name"),
        ("first_name", ["Vorname", "Nachname"], "Vorname"),
        ("last_name", ["名", "姓"], "姓"),
        ("first_name", ["Keresztnév", "Vezetéknév"], "Keresztnév"),
        ("zip", ["Address1_PostalCode", "City"], "Address1_PostalCode"),
        ("cf:loyalty_tier", ["LoyaltyTier", "Loyalty"], "LoyaltyTier"),
        ("job_title", ["City", "Country"], None),
        ("first_name", [], None),
    ],
)
def test_a_field_is_guessed_by_its_name_in_many_languages(attribute: str, fields: list[str], guess: str | None) -> None:
    assert preselect_field(attribute, [Attribute(name) for name in fields]) == guess


def test_what_the_source_says_of_the_meaning_comes_first() -> None:
    fields = [Attribute("FirstName"), Attribute("Rufname", semantic_type="Person.FirstName")]
    assert preselect_field("first_name", fields) == "Rufname"


def test_of_several_likely_names_the_likeliest_is_taken() -> None:
    assert preselect_field("phone", [Attribute("MobilePhone"), Attribute("Phone")]) == "Phone"
