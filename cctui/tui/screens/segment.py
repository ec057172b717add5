"""One segment from inside: its first members, masked unless asked, and its attributes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from cctui.locales import N_, _, ngettext, number, relative_time
from cctui.masking import mask
from cctui.profiles.source import Segment, SegmentName
from cctui.tui import glyphs, rows
from cctui.tui.commands import Command
from cctui.tui.list_page import ListPage
from cctui.tui.listing import Cell, Column, Row
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.segment_commands import DETAIL_COMMANDS, SegmentFacts
from cctui.tui.segment_reading import PREVIEW_ROWS, SegmentDetail
from cctui.tui.widgets.lines import TextLine

_WIDEST = 22
_WIDEST_ID = 14

_ATTRIBUTES = (
    Column("name", N_("Attribute"), least=16, most=40),
    Column("type", N_("Type"), least=8, most=20),
    Column("meaning", N_("Meaning"), least=8, most=40),
)


class SegmentPage(ListPage):
    """Members and attributes of a segment."""

    PLACE = "segments"
    COMMANDS: ClassVar[tuple[Command, ...]] = DETAIL_COMMANDS
    COLUMNS: ClassVar[tuple[Column, ...]] = ()

    def __init__(self, name: SegmentName) -> None:
        super().__init__()
        self._segment_name = name
        self._attributes = False
        self._unmasked = False

    def on_mount(self) -> None:
        """Begin to read."""
        self.face.segments.look()
        self.face.segments.look(self._segment_name)

    def source_changed(self) -> None:
        """Also the inside of this segment."""
        self.face.segments.look(self._segment_name)

    def body(self) -> Iterable[Widget]:
        """Two tabs over one table."""
        yield TextLine(id="tabs")
        yield from super().body()

    def _segment(self) -> Segment | None:
        known = self.face.segments.known().segments
        return next((segment for segment in known if segment.name == self._segment_name), None)

    def heading(self) -> str:
        """The segment's name."""
        segment = self._segment()
        return shown(segment.display_name if segment else self._segment_name)

    def explanation(self) -> str:
        """Type, state, size and age."""
        segment = self._segment()
        if segment is None:
            return shown(self._segment_name)
        row = rows.segment_row(segment, self.face.clock.now())
        texts = [row.cells[1].text, row.cells[2].text]
        if segment.members is not None:
            texts.append(
                ngettext("{count} member", "{count} members", segment.members).format(count=number(segment.members))
            )
        if segment.last_refreshed:
            when = relative_time(segment.last_refreshed, self.face.clock.now())
            texts.append(_("refreshed {when}").format(when=when))
        return " · ".join(texts)

    def empty_text(self) -> str:
        """Still reading, an error, or nobody."""
        detail = self.face.segments.detail(self._segment_name)
        if detail.problem is not None:
            problem = detail.problem
            return "\n".join(text for text in (problem.what, problem.why, problem.do) if text)
        if detail.reading:
            return _("Reading members…")
        return _("This segment has no members.")

    def rows(self) -> list[Row]:
        """Members or attributes."""
        detail = self.face.segments.detail(self._segment_name)
        return attribute_rows(detail) if self._attributes else member_rows(detail, masked=not self._unmasked)

    def reload(self) -> None:
        """Columns follow the tab and the source."""
        detail = self.face.segments.detail(self._segment_name)
        self.table.columns = _ATTRIBUTES if self._attributes else member_columns(detail.fields)
        super().reload()
        self.query_one("#tabs", TextLine).show(_tabs(attributes=self._attributes))

    def facts(self) -> SegmentFacts:
        """Which tab is open."""
        return SegmentFacts(self.face.operator, attributes=self._attributes, unmasked=self._unmasked)

    def moved(self) -> None:
        """The columns that have no room stand under the table."""
        self.say_hidden_columns()

    def do_tab(self) -> None:
        """Change the tab."""
        self._attributes = not self._attributes
        self.table.show([])
        self.table.sort_column = 0
        self.reload()
        self.draw()

    def do_unmask(self) -> None:
        """Show addresses, or hide them again."""
        self._unmasked = not self._unmasked
        self.reload()
        self.table.refresh()
        self.draw()

    def do_exports(self) -> None:
        """Open the exports of the segment."""
        from cctui.tui.screens.segment_exports import SegmentExportsPage

        self.app.push_screen(SegmentExportsPage(self._segment_name, self.heading()))


def member_columns(fields: Sequence[str]) -> tuple[Column, ...]:
    """A column for the position and one for every field; the last ones leave first. Field names are data."""
    count = len(fields)
    return (
        Column("position", "#", least=4, most=5, right=True),
        *(
            Column(
                name,
                shown(name),
                least=min(12, max(6, len(name))),
                most=_WIDEST if index else _WIDEST_ID,
                leaves=count - index if index else 0,
                data=True,
            )
            for index, name in enumerate(fields)
        ),
    )


def member_rows(detail: SegmentDetail, *, masked: bool) -> list[Row]:
    """The first members in the source's order."""
    return [
        Row(
            str(position),
            (
                Cell(number(position), Tone.QUIET, order=position),
                *(Cell(shown(mask(value) if masked else value)) for value in member[1:]),
            ),
        )
        for position, member in enumerate(detail.members, start=1)
    ]


def attribute_rows(detail: SegmentDetail) -> list[Row]:
    """Name, type and meaning of each attribute."""
    return [
        Row(
            attribute.name,
            (
                Cell(shown(attribute.name)),
                Cell(shown(attribute.data_type), Tone.QUIET),
                Cell(shown(attribute.semantic_type), Tone.QUIET),
            ),
        )
        for attribute in detail.attributes
    ]


def _tabs(*, attributes: bool) -> Line:
    action = "screen.command('segment.tab')"
    here, there = (Tone.QUIET, Tone.ACCENT) if attributes else (Tone.ACCENT, Tone.QUIET)
    members = _("First {count} members").format(count=number(PREVIEW_ROWS))
    return (
        Part((" " if attributes else glyphs.BAR) + members, here, action),
        Part("   "),
        Part((glyphs.BAR if attributes else " ") + _("Attributes"), there, action),
    )
