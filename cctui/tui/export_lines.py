"""What the pane of an export says beside its fields: made from facts by pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len

from cctui.constant_contact.answers import ContactList, Usage
from cctui.constant_contact.errors import Refused
from cctui.definitions.model import ExportDefinition, SegmentState
from cctui.errors import CctuiError
from cctui.locales import N_, _, duration, enumeration, ngettext, number, percent, relative_time
from cctui.masking import mask
from cctui.matching.mapping import attribute_title, mapping_problems
from cctui.matching.reasons import REASON_TITLES, Reason
from cctui.matching.results import Preview, TooManyProfiles
from cctui.profiles.source import Segment, SegmentName
from cctui.tui import glyphs
from cctui.tui.export_facts import ListRead, PreviewRead, SourceFields
from cctui.tui.listing import Cell, Column, Row
from cctui.tui.parts import Line, Part, Tone, fill, shown
from cctui.tui.segment_reading import SegmentList

MOST_PROFILES = 1_000_000
"""Profiles that one export takes (checklist L1)."""

_CALLS_PER_SECOND = 4
_SECONDS = 10
_LEAST_SHARE = 0.001
_REASONS_SHOWN = 4
_COLUMN = 26

SEGMENT_COLUMNS = (
    Column("name", N_("Display name"), least=16, most=44),
    Column("type", N_("Type"), least=8, most=12, leaves=1),
    Column("members", N_("Members"), least=9, most=14, right=True),
    Column("state", N_("State"), least=8, most=24),
    Column("refreshed", N_("Last refreshed"), least=12, most=20, leaves=2),
)

_KINDS = {"dynamic": N_("Dynamic"), "static": N_("Static"), "expansion": N_("Expansion")}


def list_lines(
    list_read: ListRead | None, *, reading: bool, account: str, others: Sequence[ExportDefinition]
) -> list[Line]:
    """The list behind the id: its name and members, or why it is not known; and who else fills it."""
    lines: list[Line] = []
    if reading:
        lines.append((Part(_("Looking it up in Constant Contact…"), Tone.QUIET),))
    elif list_read is not None and list_read.found is not None:
        lines.append(_list_line(list_read.found))
    elif list_read is not None and list_read.problem is not None:
        problem = list_read.problem
        lines.append((Part(_("Its name is not known: {reason}").format(reason=problem.what), Tone.QUIET),))
        reason = shown(problem.why, 160) if isinstance(problem, Refused) else ""
        lines += [(Part(text, Tone.QUIET),) for text in (reason, problem.do) if text]
    elif list_read is not None:
        text = _("The account {account} has no list with this ID.") if account else _("The account has no such list.")
        lines.append(warning(text.format(account=shown(account))))
        lines.append((Part(_("It may have been deleted. Press ^l to choose another one."), Tone.QUIET),))
    if others:
        names = ", ".join(shown(export.display_name, 60) for export in others[:3])
        more = f" +{number(len(others) - 3)}" if len(others) > 3 else ""
        lines.append(warning(_("This list is also filled by: {exports}").format(exports=names + more)))
    return lines


def _list_line(found: ContactList) -> Line:
    members = found.membership_count
    if members is None:
        return (Part(f"{glyphs.GOOD} ", Tone.GOOD), Part(shown(found.name)))
    text = ngettext("{count} member", "{count} members", members).format(count=number(members))
    return (Part(f"{glyphs.GOOD} ", Tone.GOOD), Part(shown(found.name)), Part(f"  {text}", Tone.QUIET))


def field_texts(field: str, source: SourceFields | None) -> list[str]:
    """What is wrong with a field that is mapped: the profiles no longer have it."""
    if not field or source is None or source.problem is not None or field in source.names:
        return []
    return mapping_problems(field, (), source.attributes)


def email_lines(field: str, source: SourceFields | None, preview: Preview | None, *, working: bool) -> list[Line]:
    """The shares of the e-mail field in the chosen segments; what to do where no field looks like one."""
    if source is None:
        return [(Part(_("Reading the fields of the profiles…"), Tone.QUIET),)]
    if source.problem is not None:
        return problem_lines(source.problem)
    if wrong := field_texts(field, source):
        return [warning(text) for text in wrong]
    if not field:
        return [warning(_("No field looks like an e-mail address. Choose the one that holds it."))]
    if preview is None:
        return [(Part(_("Counting…"), Tone.QUIET),)] if working else []
    if not preview.selected:
        return [(Part(_("The chosen segments have no members."), Tone.QUIET),)]
    parts = [
        _("{share} filled").format(share=percent(preview.filled_share, 1)),
        _("{share} valid").format(share=percent(preview.valid_share, 1)),
        _("{share} duplicate").format(share=percent(preview.double_share, 1)),
    ]
    tone = Tone.QUIET if preview.valid_share >= 0.5 else Tone.WARNING
    line: Line = (Part(enumeration(parts), tone),)
    if preview.valid_share < 0.5:
        line = (Part(f"{glyphs.WARNING} ", Tone.WARNING), *line)
    return [line]


def opted_out_lines(source: SourceFields | None, preview: Preview | None, *, on: bool) -> list[Line]:
    """Which fields say that somebody opted out, and how many did."""
    if source is None or source.problem is not None:
        return []
    if not source.opted_out:
        return [
            (
                Part(
                    _("The profiles have no field that says so (doNotEmail, donotBulkEmail, doNotContact)."), Tone.QUIET
                ),
            )
        ]
    text = _("Fields: {names}").format(names=", ".join(shown(name) for name in source.opted_out))
    if on and preview is not None:
        text += " · " + _("{count} left out").format(count=number(preview.suppressed))
    line: Line = (Part(text, Tone.QUIET),)
    return [line] if on else [line, warning(_("They are sent like all others."))]


def segment_rows(known: SegmentList, chosen: Sequence[str], now: datetime) -> list[Row]:
    """A row for every segment, first those that were chosen and are no longer in the source."""
    names = {segment.name for segment in known.segments}
    rows = []
    if known.segments:
        rows = [_missing_row(name) for name in chosen if name not in names]
    return [*rows, *(_segment_row(segment, now) for segment in known.segments)]


def missing_segments(known: SegmentList, chosen: Sequence[str]) -> list[str]:
    """Chosen segments that the source does not have; none while it is being read."""
    names = {segment.name for segment in known.segments}
    return [name for name in chosen if name not in names] if names else []


def _missing_row(name: str) -> Row:
    gone = Cell(f"{glyphs.WARNING} {_('Not in the source')}", Tone.WARNING)
    return Row(name, (Cell(shown(name), Tone.WARNING), Cell(""), Cell(""), gone, Cell("")), name)


def _segment_row(segment: Segment, now: datetime) -> Row:
    if segment.members is None:
        members = Cell("" if segment.problem else "…", Tone.QUIET)
    else:
        members = Cell(number(segment.members), order=segment.members)
    refreshed = segment.last_refreshed
    return Row(
        segment.name,
        (
            Cell(shown(segment.display_name)),
            Cell(_(_KINDS[segment.kind]), Tone.QUIET),
            members,
            _state_cell(segment),
            Cell(relative_time(refreshed, now) if refreshed else "–", Tone.QUIET),
        ),
        segment.name,
    )


def _state_cell(segment: Segment) -> Cell:
    if segment.state is SegmentState.INACTIVE:
        return Cell(f"{glyphs.WAITING} {_('Inactive')}", Tone.WARNING)
    if segment.problem:
        return Cell(f"{glyphs.BAD} {_('Cannot be read')}", Tone.BAD)
    if segment.members == 0:
        return Cell(f"{glyphs.WARNING} {_('Empty')}", Tone.WARNING)
    if segment.members is not None and segment.members > MOST_PROFILES:
        return Cell(f"{glyphs.WARNING} {_('Too large')}", Tone.WARNING)
    return Cell(_("Active"), Tone.QUIET)


def total_lines(
    known: SegmentList, chosen: Sequence[str], read: PreviewRead | None, use: Usage | None, *, working: bool
) -> list[Line]:
    """How many profiles, contacts and requests the choice comes to, and what stands in the way."""
    lines: list[Line] = []
    if known.problem is not None:
        lines += problem_lines(known.problem)
    missing = missing_segments(known, chosen)
    if missing:
        text = ngettext(
            "{count} chosen segment is not in the source any more. Take it out, or bring it back there.",
            "{count} chosen segments are not in the source any more. Take them out, or bring them back there.",
            len(missing),
        )
        lines.append(warning(text.format(count=number(len(missing)))))
    lines += [
        warning(_("{name}: {problem}").format(name=shown(segment.display_name), problem=segment.problem))
        for segment in known.segments
        if segment.name in chosen and segment.problem
    ]
    preview = read.preview if read else None
    large = too_large(known, chosen)
    if large:
        return [*lines, *_too_many(_("{name} is too large.").format(name=shown(large[0])), large[1])]
    problem = read.problem if read else None
    if isinstance(problem, TooManyProfiles):
        return [*lines, *_too_many(_("This is too much."), problem.profiles)]
    if preview is None:
        return [*lines, *_rough_total(known, chosen, working=working)]
    return [*lines, *_exact_total(preview, use)]


def too_large(known: SegmentList, chosen: Sequence[str]) -> tuple[str, int] | None:
    """The first chosen segment that alone is more than one export takes, and its members (checklist F9, L6)."""
    for segment in known.segments:
        if segment.name in chosen and (segment.members or 0) > MOST_PROFILES:
            return segment.display_name, segment.members or 0
    return None


def _rough_total(known: SegmentList, chosen: Sequence[str], *, working: bool) -> list[Line]:
    members = [segment.members for segment in known.segments if segment.name in chosen]
    total = sum(count or 0 for count in members)
    if not members:
        return [(Part(_("Nothing is selected."), Tone.QUIET),)] if known.segments else []
    text = _("{count} members before duplicates are taken out").format(count=number(total))
    if None in members or working:
        text += " · " + _("counting…")
    return [(Part(text, Tone.QUIET),)]


def _too_many(what: str, profiles: int) -> list[Line]:
    numbers = _("{count} profiles; one export takes {limit} at most.").format(
        count=number(profiles), limit=number(MOST_PROFILES)
    )
    do = _("A run would be refused. Choose fewer or smaller segments, or split them over several exports.")
    return [warning(f"{what} {numbers}"), (Part(do, Tone.QUIET),)]


def _exact_total(preview: Preview, use: Usage | None) -> list[Line]:
    contacts = ngettext("{count} contact to send", "{count} contacts to send", preview.sent)
    selected = _("{count} selected").format(count=number(preview.selected))
    lines: list[Line] = [
        (Part(contacts.format(count=number(preview.sent)), Tone.STRONG), Part(f" · {selected}", Tone.QUIET))
    ]
    left = []
    if preview.duplicate:
        left.append(_("{count} duplicate").format(count=number(preview.duplicate)))
    if preview.invalid:
        left.append(_("{count} invalid").format(count=number(preview.invalid)))
    if preview.suppressed:
        left.append(_("{count} suppressed").format(count=number(preview.suppressed)))
    if left:
        lines.append((Part(" · ".join(left), Tone.QUIET),))
    requests = ngettext("about {count} request", "about {count} requests", preview.requests)
    work = [requests.format(count=number(preview.requests))]
    if use is not None:
        text = _("{share} of the day's {limit}, {left} left")
        work.append(
            text.format(share=_share(preview.requests / use.limit), limit=number(use.limit), left=number(use.left))
        )
    seconds = preview.requests / _CALLS_PER_SECOND
    work.append(
        _("sent in seconds") if seconds < _SECONDS else _("sent in about {time}").format(time=duration(seconds))
    )
    lines.append((Part(" · ".join(work), Tone.QUIET),))
    if use is not None and preview.requests > use.left:
        lines.append(warning(_("Today's requests do not suffice; a run pauses until the quota is back.")))
    if not preview.sent:
        lines.append(warning(_("Nothing would be sent.")))
    return lines


def _share(share: float) -> str:
    if 0 < share < _LEAST_SHARE:
        return _("less than {share}").format(share=percent(_LEAST_SHARE, 1))
    return percent(share, 1)


def preview_lines(read: PreviewRead | None, *, working: bool, unmasked: bool, width: int, ready: str) -> list[Line]:
    """The first contacts as they will be sent, and what will not be, with reasons. ``ready`` says what is missing."""
    if ready:
        return [(Part(ready, Tone.QUIET),)]
    if read is None or (read.preview is None and read.problem is None and not read.misfits):
        return [(Part(_("Reading the chosen segments…") if working else "", Tone.QUIET),)]
    if read.problem is not None:
        return problem_lines(read.problem)
    if read.preview is None:
        return [warning(text) for text in read.misfits]
    preview = read.preview
    lines = _contact_lines(preview, unmasked=unmasked, width=width)
    lines += _reject_lines(preview)
    return lines


def _contact_lines(preview: Preview, *, unmasked: bool, width: int) -> list[Line]:
    if not preview.rows:
        return [(Part(_("No contact would be sent."), Tone.QUIET),)]
    rows = [[shown(cell if unmasked else mask(cell)) for cell in row] for row in preview.rows]
    titles = [shown(attribute_title(heading)) for heading in preview.headings]
    lines: list[Line] = []
    sizes: list[int] = []
    room = width
    for column, heading in enumerate(titles):
        wanted = max(cell_len(heading), *(cell_len(row[column]) for row in rows))
        size = min(_COLUMN, wanted) if column else min(34, wanted)
        if sizes and size + 2 > room:
            break
        sizes.append(min(size, room))
        room -= size + 2
    more = len(titles) - len(sizes)
    tail = "+" + number(more) if more and room >= 3 else ""
    lines.append((Part("  ".join(fill(titles[i], size) for i, size in enumerate(sizes)) + f"  {tail}", Tone.QUIET),))
    lines += [(Part("  ".join(fill(row[i], size) for i, size in enumerate(sizes))),) for row in rows]
    return lines


def _reject_lines(preview: Preview) -> list[Line]:
    lines: list[Line] = []
    if preview.rejected:
        count = ngettext("{count} will be rejected", "{count} will be rejected", preview.invalid)
        parts = [Part(count.format(count=number(preview.invalid)) + ": ", Tone.WARNING)]
        lines.append(tuple(parts))
        for reason, rejected in preview.rejected[:_REASONS_SHOWN]:
            lines.append((Part(f"{number(rejected):>9}  ", Tone.QUIET), Part(_(REASON_TITLES[Reason(reason)]))))
        others = sum(rejected for _reason, rejected in preview.rejected[_REASONS_SHOWN:])
        if others:
            lines.append((Part(f"{number(others):>9}  ", Tone.QUIET), Part(_("for other reasons"))))
    if preview.cut:
        text = ngettext(
            "{count} value will be cut to its limit", "{count} values will be cut to their limits", preview.cut
        )
        lines.append((Part(text.format(count=number(preview.cut)), Tone.QUIET),))
    if preview.dropped:
        text = ngettext(
            "{count} value does not fit its attribute and is left out",
            "{count} values do not fit their attributes and are left out",
            preview.dropped,
        )
        lines.append((Part(text.format(count=number(preview.dropped)), Tone.QUIET),))
    return lines


def problem_lines(problem: CctuiError) -> list[Line]:
    """What happened, why, and what to do."""
    rest = [text for text in (problem.why, problem.do) if text]
    return [warning(problem.what), *((Part(text, Tone.QUIET),) for text in rest)]


def warning(text: str) -> Line:
    """A sentence with its sign."""
    return (Part(f"{glyphs.WARNING} ", Tone.WARNING), Part(text, Tone.WARNING))


def known_names(known: SegmentList, chosen: Sequence[str]) -> tuple[SegmentName, ...]:
    """The chosen segments that the source has and that can be read, in the order of the choice."""
    sound = {segment.name for segment in known.segments if not segment.problem}
    return tuple(SegmentName(name) for name in chosen if name in sound)
