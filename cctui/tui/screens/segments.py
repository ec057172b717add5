"""Data > Segments: the segments of the profile source, with their members counted in the background."""

from __future__ import annotations

from typing import ClassVar

from cctui.locales import N_, _
from cctui.profiles.source import Segment, SegmentName
from cctui.tui import rows
from cctui.tui.commands import Choice, Command, Facts
from cctui.tui.list_page import ListPage
from cctui.tui.listing import Column, Row
from cctui.tui.parts import Part, Tone, shown
from cctui.tui.segment_commands import LIST_COMMANDS


class SegmentsPage(ListPage):
    """The list of segments."""

    PLACE = "segments"
    HEADING = N_("Segments")
    EXPLANATION = N_("Segments group customers. Exports send their members to Constant Contact.")
    COMMANDS: ClassVar[tuple[Command, ...]] = LIST_COMMANDS
    COLUMNS: ClassVar[tuple[Column, ...]] = rows.SEGMENT_COLUMNS

    def on_mount(self) -> None:
        """Begin to read."""
        self.face.segments.look()

    def empty_text(self) -> str:
        """Still reading, an error, or really nothing."""
        known = self.face.segments.known()
        if known.problem is not None:
            problem = known.problem
            return "\n".join(text for text in (problem.what, problem.why, problem.do) if text)
        if known.reading:
            return _("Reading segments…")
        return f"{_('No segments.')}\n{_('The profile source has none, and environment.toml declares none.')}"

    def rows(self) -> list[Row]:
        """One row for each segment."""
        now = self.face.clock.now()
        return [rows.segment_row(segment, now) for segment in self.face.segments.known().segments]

    def facts(self) -> Facts:
        """The segment under the cursor."""
        current = self.current_segment()
        return Facts(
            operator=self.face.operator,
            chosen=(Choice(current.name, shown(current.display_name)),) if current else (),
            total=len(self.face.segments.known().segments),
        )

    def current_segment(self) -> Segment | None:
        """The segment under the cursor."""
        key = self.table.current if self.is_mounted else None
        return next((segment for segment in self.face.segments.known().segments if segment.name == key), None)

    def moved(self) -> None:
        """What is wrong with the segment, else its unique name."""
        current = self.current_segment()
        if current is None:
            self.detail = ()
        elif current.problem:
            self.detail = (Part(shown(current.problem), Tone.BAD),)
        else:
            self.say_hidden_columns()
            self.detail = (Part(shown(current.name), Tone.QUIET), *((Part("   "), *self.detail) if self.detail else ()))

    def open_object(self, name: str) -> None:
        """Open the segment of this name."""
        from cctui.tui.screens.segment import SegmentPage

        self.app.push_screen(SegmentPage(SegmentName(name)))

    def do_open(self) -> None:
        """Open the inside of the segment."""
        self.open_object(self.table.current or "")

    def do_exports(self) -> None:
        """Open the exports of the segment."""
        from cctui.tui.screens.segment_exports import SegmentExportsPage

        current = self.current_segment()
        if current is not None:
            self.app.push_screen(SegmentExportsPage(current.name, current.display_name))

    def do_refresh(self) -> None:
        """Read again."""
        self.face.segments.look()
        self.notice(_("Reading segments…"))
