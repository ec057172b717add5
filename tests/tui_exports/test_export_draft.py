"""What is wrong with an export before it is saved, field by field."""

from __future__ import annotations

import pytest
from msgspec import structs

from cctui.definitions.list_ids import NotAListId
from cctui.definitions.model import AttributeMapping, DataMatching, ExportDefinition, ExportSchedule
from cctui.tui.export_draft import (
    Draft,
    PaneField,
    definition_of,
    draft_of,
    field_of,
    problems,
    with_attribute,
    with_segment,
    without_attribute,
)

LIST = "3b1d6c1e-9a52-11ee-8c90-0242ac120002"
GOOD = Draft(connection="marketing", display_name="News", list_text=LIST, email="EMail", segments=("High",))


def test_a_whole_draft_has_no_problem() -> None:
    assert problems(GOOD) == {}


def test_an_empty_draft_says_at_every_required_field_what_is_missing() -> None:
    """F2, F4, F5, F6, F8: the stars are meant."""
    assert problems(Draft()) == {
        PaneField.CONNECTION: "Choose a connection.",
        PaneField.NAME: "Give the export a name.",
        PaneField.LIST: "The Constant Contact list ID is missing.",
        PaneField.EMAIL: "Choose the field that holds the e-mail address.",
        PaneField.SEGMENTS: "Select at least one segment.",
    }


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"display_name": "   "}, PaneField.NAME, "Give the export a name."),
        ({"display_name": "x" * 256}, PaneField.NAME, "At most 255 characters."),
        ({"list_text": "nonsense"}, PaneField.LIST, "is not a Constant Contact list ID."),
        (
            {"attributes": (AttributeMapping(attribute="first_name", field=""),)},
            PaneField.ATTRIBUTES,
            "Choose a field for every attribute",
        ),
        (
            {"attributes": (AttributeMapping(attribute="birthday_day", field="Day"),)},
            PaneField.ATTRIBUTES,
            "taken only together",
        ),
        (
            {"attributes": tuple(AttributeMapping(attribute=f"cf:f{n}", field="A") for n in range(26))},
            PaneField.ATTRIBUTES,
            "At most 25 custom fields",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field(changed: dict[str, object], field: PaneField, says: str) -> None:
    found = problems(structs.replace(GOOD, **changed))
    assert list(found) == [field]
    assert says in found[field]


@pytest.mark.parametrize(
    "text", [LIST, LIST.upper(), f"https://app.constantcontact.com/pages/contacts/ui#lists/{LIST}/contacts?page=1"]
)
def test_the_list_is_typed_or_pasted_as_a_whole_address(text: str) -> None:
    """F5."""
    assert structs.replace(GOOD, list_text=text).list_id == LIST


def test_a_definition_goes_through_the_pane_unchanged() -> None:
    """F14: editing keeps what the pane does not show."""
    definition = ExportDefinition(
        id="news",
        display_name="News",
        connection="marketing",
        list_id=LIST,
        segments=["High", "Loyal"],
        data_matching=DataMatching(email="EMail"),
        attributes=[AttributeMapping(attribute="first_name", field="FirstName")],
        schedule=ExportSchedule(run="off"),
        suppress_opted_out=False,
    )
    assert definition_of(draft_of(definition), "news", definition) == definition


def test_without_a_list_there_is_no_definition() -> None:
    with pytest.raises(NotAListId):
        definition_of(structs.replace(GOOD, list_text=""), "news", None)


def test_attributes_are_added_changed_and_removed_in_place() -> None:
    """F7."""
    draft = with_attribute(with_attribute(GOOD, "first_name", "A"), "last_name", "B")
    draft = with_attribute(draft, "first_name", "C")
    assert [(one.attribute, one.field) for one in draft.attributes] == [("first_name", "C"), ("last_name", "B")]
    assert [one.attribute for one in without_attribute(draft, "first_name").attributes] == ["last_name"]


def test_segments_stay_in_the_order_of_their_choice_and_never_twice() -> None:
    """F8; of two equal addresses the first chosen segment wins, so the order is the operator's."""
    draft = with_segment(with_segment(GOOD, "Loyal", chosen=True), "High", chosen=True)
    assert draft.segments == ("Loyal", "High")
    assert with_segment(draft, "Loyal", chosen=False).segments == ("High",)


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("list_id", PaneField.LIST),
        ("attributes[1].field", PaneField.ATTRIBUTES),
        ("data_matching.email", PaneField.EMAIL),
        ("segments[0]", PaneField.SEGMENTS),
        ("schedule.times", None),
    ],
)
def test_an_error_of_the_file_finds_its_field(key: str, field: PaneField | None) -> None:
    assert field_of(key) == field
