"""What stands in the pane of an export before it is saved, and what is wrong with it, field by field.

Everything here is made from plain facts and tested without an application.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, structs

from cctui.definitions.list_ids import NotAListId, list_id_from
from cctui.definitions.model import AttributeMapping, DataMatching, ExportDefinition, ExportSchedule, ListId
from cctui.locales import _
from cctui.matching.mapping import mapping_problems
from cctui.profiles.source import Attribute

LONGEST_NAME = 255
"""Characters in a display name, as the definition takes them."""


class PaneField(StrEnum):
    """The fields of the pane, in its order; the values are the keys of the definition."""

    CONNECTION = "connection"
    NAME = "display_name"
    LIST = "list_id"
    EMAIL = "data_matching"
    ATTRIBUTES = "attributes"
    SEGMENTS = "segments"


class Draft(Struct, frozen=True):
    """An export as far as it is filled in. ``list_text`` is what was typed; an empty text means nothing chosen."""

    connection: str = ""
    display_name: str = ""
    list_text: str = ""
    email: str = ""
    attributes: tuple[AttributeMapping, ...] = ()
    segments: tuple[str, ...] = ()
    suppress_opted_out: bool = True

    @property
    def list_id(self) -> ListId | None:
        """The list's id in what was typed, if there is exactly one."""
        try:
            return list_id_from(self.list_text)
        except NotAListId:
            return None


def draft_of(definition: ExportDefinition) -> Draft:
    """A draft that says what ``definition`` says."""
    return Draft(
        connection=definition.connection or "",
        display_name=definition.display_name,
        list_text=definition.list_id,
        email=definition.data_matching.email,
        attributes=tuple(definition.attributes),
        segments=tuple(definition.segments),
        suppress_opted_out=definition.suppress_opted_out,
    )


def definition_of(draft: Draft, export_id: str, base: ExportDefinition | None) -> ExportDefinition:
    """The definition that ``draft`` stands for; what the pane does not show is taken from ``base``.

    Raises :class:`cctui.definitions.list_ids.NotAListId`; everything else is judged where it is saved.
    """
    return ExportDefinition(
        id=export_id,
        display_name=draft.display_name.strip(),
        connection=draft.connection or None,
        list_id=list_id_from(draft.list_text),
        segments=list(draft.segments),
        data_matching=DataMatching(email=draft.email),
        attributes=list(draft.attributes),
        schedule=base.schedule if base else ExportSchedule(),
        suppress_opted_out=draft.suppress_opted_out,
    )


def problems(draft: Draft) -> dict[PaneField, str]:
    """Why ``draft`` cannot be saved, as sentences at the fields they belong to; empty where it can."""
    found: dict[PaneField, str] = {}
    if not draft.connection:
        found[PaneField.CONNECTION] = _("Choose a connection.")
    if not draft.display_name.strip():
        found[PaneField.NAME] = _("Give the export a name.")
    elif len(draft.display_name.strip()) > LONGEST_NAME:
        found[PaneField.NAME] = _("At most {count} characters.").format(count=LONGEST_NAME)
    try:
        list_id_from(draft.list_text)
    except NotAListId as problem:
        found[PaneField.LIST] = problem.what
        if draft.list_text.strip() and not problem.several:
            # What was typed stands right above, and an address would not fit into a line of the pane.
            what = _("This is not a Constant Contact list ID.")
            found[PaneField.LIST] = f"{what} {_('Pick the list with Ctrl+L, or paste the address of its page.')}"
    if not draft.email:
        found[PaneField.EMAIL] = _("Choose the field that holds the e-mail address.")
    unfilled = [mapping for mapping in draft.attributes if not mapping.field]
    if unfilled:
        found[PaneField.ATTRIBUTES] = _("Choose a field for every attribute, or remove the attribute.")
    elif wrong := targets_problems(draft):
        found[PaneField.ATTRIBUTES] = " ".join(wrong)
    if not draft.segments:
        found[PaneField.SEGMENTS] = _("Select at least one segment.")
    return found


def targets_problems(draft: Draft) -> list[str]:
    """What is wrong with the attributes themselves, whatever fields the profiles have."""
    names = dict.fromkeys((draft.email, *(mapping.field for mapping in draft.attributes)))
    return mapping_problems(draft.email, draft.attributes, [Attribute(name) for name in names])


def field_of(key: str) -> PaneField | None:
    """The field of the pane that a key of the definition (``attributes[1].field``) belongs to."""
    return next((field for field in PaneField if key.partition(".")[0].partition("[")[0] == field), None)


def with_attribute(draft: Draft, attribute: str, field: str) -> Draft:
    """``draft`` with an attribute filled from ``field``; one that is there already gets the new field."""
    mapping = AttributeMapping(attribute=attribute, field=field)
    if any(present.attribute == attribute for present in draft.attributes):
        changed = tuple(mapping if present.attribute == attribute else present for present in draft.attributes)
    else:
        changed = (*draft.attributes, mapping)
    return structs.replace(draft, attributes=changed)


def without_attribute(draft: Draft, attribute: str) -> Draft:
    """``draft`` without an attribute."""
    kept = tuple(present for present in draft.attributes if present.attribute != attribute)
    return structs.replace(draft, attributes=kept)


def with_segment(draft: Draft, segment: str, *, chosen: bool) -> Draft:
    """``draft`` with a segment chosen or not. Segments stay in the order in which they were chosen."""
    kept = tuple(name for name in draft.segments if name != segment)
    return structs.replace(draft, segments=(*kept, segment) if chosen else kept)
