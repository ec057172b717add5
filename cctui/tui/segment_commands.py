"""The commands of Data > Segments and of a segment's pages."""

from __future__ import annotations

from cctui.access.roles import Action, why_not
from cctui.locales import N_, _
from cctui.tui.commands import LISTING, SEARCHING, Command, Facts, none_broken, one_chosen, require

SEGMENTS = N_("Segments")
SEGMENT = N_("Segment")


class SegmentFacts(Facts, frozen=True):
    """Whether the export under the cursor has the segment, which tab is open, whether addresses are shown."""

    contains: bool = False
    attributes: bool = False
    unmasked: bool = False


def may_add(facts: Facts) -> str:
    """Disabled for viewers."""
    return why_not(facts.operator, Action.CHANGE_EXPORT)


def not_in_it(facts: SegmentFacts) -> str:
    """Disabled for exports that contain the segment."""
    return _("This export contains the segment already.") if facts.contains else ""


LIST_COMMANDS = (
    Command(
        "segments.open",
        N_("View"),
        N_("See attributes and the first members."),
        ("enter", "v"),
        SEGMENTS,
        hint=N_("View"),
        why=one_chosen,
    ),
    Command(
        "segments.exports",
        N_("Manage exports"),
        N_("Which exports contain this segment, and add it to others."),
        ("e",),
        SEGMENTS,
        hint=N_("Manage exports"),
        why=one_chosen,
    ),
    Command(
        "segments.refresh",
        N_("Count again"),
        N_("Read the profile source again, if it has changed."),
        ("f5",),
        SEGMENTS,
    ),
    *LISTING,
    *SEARCHING,
)

DETAIL_COMMANDS = (
    Command(
        "segment.tab",
        N_("Change tab"),
        N_("Change between the first members and the attributes."),
        ("tab",),
        SEGMENT,
        hint=N_("Attributes"),
        naming=lambda facts: _("Members") if facts.attributes else _("Attributes"),
    ),
    Command(
        "segment.unmask",
        N_("Show addresses"),
        N_("Show e-mail addresses in full, or hide them again."),
        ("m",),
        SEGMENT,
        hint=N_("Show addresses"),
        needs=Action.SEE_ADDRESSES,
        naming=lambda facts: _("Hide addresses") if facts.unmasked else _("Show addresses"),
    ),
    Command(
        "segment.exports",
        N_("Manage exports"),
        N_("Which exports contain this segment, and add it to others."),
        ("e",),
        SEGMENT,
        hint=N_("Manage exports"),
    ),
    *LISTING,
    *SEARCHING,
)

EXPORT_COMMANDS = (
    Command(
        "segment_exports.add",
        N_("Add export"),
        N_("Set up a new export with this segment."),
        ("a",),
        SEGMENT,
        bar=True,
        why=may_add,
    ),
    Command(
        "segment_exports.add_segment",
        N_("Add segment"),
        N_("Add this segment to the export under the cursor."),
        ("s",),
        SEGMENT,
        hint=N_("Add segment"),
        needs=Action.CHANGE_EXPORT,
        why=require(one_chosen, none_broken, not_in_it),
    ),
    Command(
        "segment_exports.open",
        N_("Edit"),
        N_("Open the export under the cursor."),
        ("enter",),
        SEGMENT,
        hint=N_("Edit"),
        why=require(one_chosen, none_broken),
    ),
    *LISTING,
    *SEARCHING,
)
