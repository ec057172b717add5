"""What the pane says beside its fields, from facts that need no application and no millions of rows."""

from __future__ import annotations

from datetime import UTC, datetime

from cctui.constant_contact.answers import ContactList, Usage
from cctui.constant_contact.errors import SignInNeeded, SignInReason
from cctui.definitions.model import AttributeMapping, ListId, SegmentState
from cctui.matching.reasons import Reason
from cctui.matching.results import Preview, TooManyProfiles
from cctui.profiles.source import Attribute, Segment, SegmentName
from cctui.tui import export_lines as says
from cctui.tui.export_facts import Asked, ListRead, PreviewRead, SourceFields
from cctui.tui.line_breaks import wrapped_lines
from cctui.tui.parts import Line, plain, width_of
from cctui.tui.segment_reading import SegmentList

NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
LIST = ListId("3b1d6c1e-9a52-11ee-8c90-0242ac120002")
USE = Usage(4, 10_000, NOW)
FIELDS = SourceFields((Attribute("EMail"), Attribute("FirstName")), "EMail")


def segment(name: str, members: int | None, *, state: SegmentState = SegmentState.ACTIVE, problem: str = "") -> Segment:
    return Segment(SegmentName(name), name.title(), state=state, members=members, problem=problem)


def known(*segments: Segment) -> SegmentList:
    return SegmentList(tuple(segments), reading=False)


def preview(**changed: object) -> Preview:
    facts = {
        "selected": 1_000,
        "duplicate": 4,
        "invalid": 13,
        "suppressed": 3,
        "sent": 980,
        "rejected": ((Reason.MISSING, 9), (Reason.NO_AT_SIGN, 4)),
        "cut": 0,
        "dropped": 0,
        "headings": ("email", "first_name"),
        "rows": (("mette@contoso.example", "Mette"),),
        "size": 30_000,
        "requests": 1,
    }
    return Preview(**{**facts, **changed})  # type: ignore[arg-type]


def read(found: Preview | None = None, problem: TooManyProfiles | None = None) -> PreviewRead:
    return PreviewRead(Asked((SegmentName("high"),), "EMail", (), True), found, problem=problem)


def text(lines: list[Line]) -> str:
    return "\n".join(plain(line) for line in lines)


def test_the_list_is_shown_by_name_and_members() -> None:
    """F5."""
    found = ListRead("marketing", LIST, ContactList(LIST, "Newsletter", 128_402))
    assert text(says.list_lines(found, reading=False, account="", others=[])) == "✓ Newsletter  128,402 members"


def test_a_list_that_was_deleted_is_said_to_be_gone_with_what_to_do() -> None:
    lines = text(says.list_lines(ListRead("marketing", LIST), reading=False, account="Contoso", others=[]))
    assert "The account Contoso has no list with this ID." in lines
    assert "^l" in lines


def test_offline_the_id_stays_usable_and_the_reason_is_said() -> None:
    problem = SignInNeeded(SignInReason.NEVER, "marketing")
    lines = text(says.list_lines(ListRead("marketing", LIST, problem=problem), reading=False, account="", others=[]))
    assert "Its name is not known: The connection needs a sign-in." in lines
    assert "cctui connections sign-in marketing" in lines


def test_the_shares_of_the_email_field() -> None:
    """F6: 9 of 1,000 are empty, 13 not valid, 4 duplicate."""
    lines = says.email_lines("EMail", FIELDS, preview(), working=False)
    assert text(lines) == "99.1 % filled, 98.7 % valid, 0.4 % duplicate"


def test_a_field_that_holds_no_addresses_is_warned_about() -> None:
    lines = says.email_lines("FirstName", FIELDS, preview(invalid=900), working=False)
    assert text(lines).startswith("▲ 99.1 % filled, 10.0 % valid")


def test_without_a_likely_field_somebody_has_to_choose() -> None:
    """F6: no e-mail-like attribute at all."""
    lines = says.email_lines("", SourceFields((Attribute("Name"),)), None, working=False)
    assert "No field looks like an e-mail address. Choose the one that holds it." in text(lines)


def test_a_renamed_field_is_named_with_the_likely_new_one() -> None:
    lines = says.email_lines("Email1", FIELDS, None, working=False)
    assert text(lines) == "▲ The profiles have no field Email1; did you mean EMail?"


def test_segments_of_every_kind_are_marked() -> None:
    """F8, F9, G3: none, one, too many, inactive, unreadable, gone; those that are gone come first."""
    rows = says.segment_rows(
        known(
            segment("none", 0),
            segment("one", 1),
            segment("huge", 1_000_001),
            segment("asleep", 0, state=SegmentState.INACTIVE),
            segment("broken", None, problem="The file is missing."),
            segment("counting", None),
        ),
        ["lost", "one"],
        NOW,
    )
    assert [(row.cells[0].text, row.cells[2].text, row.cells[3].text) for row in rows] == [
        ("lost", "", "▲ Not in the source"),
        ("None", "0", "▲ Empty"),
        ("One", "1", "Active"),
        ("Huge", "1,000,001", "▲ Too large"),
        ("Asleep", "0", "○ Inactive"),
        ("Broken", "", "✗ Cannot be read"),
        ("Counting", "…", "Active"),
    ]


def test_the_total_is_rough_while_counting_and_exact_afterwards() -> None:
    """F9."""
    segments = known(segment("high", 600), segment("loyal", None))
    rough = text(says.total_lines(segments, ["high", "loyal"], None, USE, working=True))
    assert rough == "600 members before duplicates are taken out · counting…"
    exact = text(says.total_lines(segments, ["high"], read(preview()), USE, working=False))
    assert exact.splitlines() == [
        "980 contacts to send · 1,000 selected",
        "4 duplicate · 13 invalid · 3 suppressed",
        "about 1 request · less than 0.1 % of the day's 10,000, 9,996 left · sent in seconds",
    ]


def test_a_segment_above_the_limit_is_warned_about_before_anything_is_matched() -> None:
    """F9, L1, L6."""
    lines = text(says.total_lines(known(segment("huge", 1_000_001)), ["huge"], None, USE, working=False))
    assert "▲ Huge is too large. 1,000,001 profiles; one export takes 1,000,000 at most." in lines
    assert "split them over several exports" in lines


def test_segments_that_are_too_much_together_are_warned_about() -> None:
    segments = known(segment("a", 600_000), segment("b", 600_000))
    lines = text(
        says.total_lines(segments, ["a", "b"], read(problem=TooManyProfiles(1_150_000, 1_000_000)), USE, working=False)
    )
    assert "1,150,000 profiles; one export takes 1,000,000 at most." in lines


def test_a_quota_that_does_not_suffice_is_said() -> None:
    used = Usage(9_990, 10_000, NOW)
    lines = text(
        says.total_lines(known(segment("high", 900_000)), ["high"], read(preview(requests=26)), used, working=False)
    )
    assert "Today's requests do not suffice" in lines


def test_the_first_rows_are_masked_unless_asked() -> None:
    """Issue 4, preview: as they will be sent."""
    masked = text(says.preview_lines(read(preview()), working=False, unmasked=False, width=70, ready=""))
    assert "m…@contoso.example  Mette" in masked
    assert "mette@contoso.example" not in masked
    assert "13 will be rejected" in masked
    assert "9  No e-mail address" in masked
    whole = text(says.preview_lines(read(preview()), working=False, unmasked=True, width=70, ready=""))
    assert "mette@contoso.example" in whole


def test_a_preview_of_many_attributes_fits_its_width_and_says_how_many_are_left_out() -> None:
    many = preview(
        headings=("email", *(f"cf:field{n}" for n in range(10))),
        rows=(("a@b.example", *("值" * 30 for _ in range(10))),),
    )
    lines = says.preview_lines(read(many), working=False, unmasked=True, width=60, ready="")
    assert all(width_of(line) <= 60 for line in lines)
    assert "+9" in plain(lines[0])


def test_opted_out_fields_are_named_and_their_absence_too() -> None:
    fields = SourceFields((Attribute("EMail"), Attribute("doNotEmail")), "EMail")
    assert text(says.opted_out_lines(fields, preview(), on=True)) == "Fields: doNotEmail · 3 left out"
    assert "They are sent like all others." in text(says.opted_out_lines(fields, None, on=False))
    assert "no field that says so" in text(says.opted_out_lines(FIELDS, None, on=True))


def test_long_lines_break_between_words_and_lose_nothing() -> None:
    lines = wrapped_lines([says.warning("one two three four five six seven")], 14)
    assert [plain(line).rstrip() for line in lines] == ["▲ one two", "three four", "five six seven"]
    assert all(width_of(line) <= 14 for line in lines)


def test_attributes_whose_field_is_gone_are_told_apart_from_those_that_are_there() -> None:
    mapping = AttributeMapping(attribute="first_name", field="First")
    assert says.field_texts(mapping.field, FIELDS) == ["The profiles have no field First; did you mean FirstName?"]
    assert says.field_texts("EMail", FIELDS) == []
    assert says.field_texts("First", None) == []
