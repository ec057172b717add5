"""Manage exports: which exports contain a segment, and adding it to others (checklist G4)."""

from __future__ import annotations

from typing import ClassVar

from msgspec import structs

from cctui.definitions.environment import Stored
from cctui.definitions.model import ExportDefinition
from cctui.locales import N_, _
from cctui.profiles.source import SegmentName
from cctui.tui import rows
from cctui.tui.commands import Command
from cctui.tui.list_page import ListPage
from cctui.tui.listing import Cell, Column, Row
from cctui.tui.parts import Tone, shown
from cctui.tui.segment_commands import EXPORT_COMMANDS, SegmentFacts

_COLUMNS = (
    Column("contains", N_("Contains this segment"), least=10, most=24),
    Column("name", N_("Display name"), least=16, most=40),
    Column("status", N_("Status"), least=16, most=28),
    Column("connection", N_("Connection used"), least=12, most=32, leaves=1),
)


class SegmentExportsPage(ListPage):
    """The exports of one segment."""

    PLACE = "segments"
    COMMANDS: ClassVar[tuple[Command, ...]] = EXPORT_COMMANDS
    COLUMNS: ClassVar[tuple[Column, ...]] = _COLUMNS
    EMPTY = N_("No exports yet.\nPress a to add one with this segment.")

    def __init__(self, segment: SegmentName, name: str) -> None:
        super().__init__()
        self._segment = segment
        self._title = name

    def heading(self) -> str:
        """The documented title."""
        return _("Exports for segment {name}").format(name=shown(self._title))

    def explanation(self) -> str:
        """What can be done."""
        return _("Add the segment to an export, or set up a new one.")

    def _exports(self) -> list[Stored[ExportDefinition]]:
        return [stored for stored in self.face.snapshot.exports if isinstance(stored, Stored)]

    def rows(self) -> list[Row]:
        """Those that contain the segment first."""
        face = self.face
        now = face.clock.now()
        made = []
        for stored in self._exports():
            row = rows.export_row(stored, face.snapshot, face.operator, now)
            inside = self._segment in stored.definition.segments
            contains = Cell(_("Yes"), order=0) if inside else Cell(_("No"), Tone.QUIET, order=1)
            made.append(Row(row.key, (contains, row.cells[0], row.cells[2], row.cells[5]), row.words))
        return made

    def _current(self) -> Stored[ExportDefinition] | None:
        key = self.table.current if self.is_mounted else None
        return next((stored for stored in self._exports() if stored.definition.id == key), None)

    def facts(self) -> SegmentFacts:
        """The export under the cursor."""
        face = self.face
        current = self._current()
        return SegmentFacts(
            operator=face.operator,
            chosen=(rows.export_choice(current, face.snapshot),) if current else (),
            total=len(self._exports()),
            contains=bool(current and self._segment in current.definition.segments),
        )

    def do_add(self) -> None:
        """Open an empty pane with the segment chosen."""
        from cctui.tui.screens.export_pane import ExportPane

        self.app.push_screen(ExportPane(None, segment=self._segment))

    def do_add_segment(self) -> None:
        """Add the segment at the end of the export's list."""
        from cctui.definitions import changes

        current = self._current()
        if current is None:
            return
        definition = structs.replace(current.definition, segments=[*current.definition.segments, self._segment])
        changes.edit_export(self.face.environment, self.face.operator, definition, current.fingerprint)
        self.face.refresh_now()
        text = _("{segment} is in {export} now.")
        self.notice(text.format(segment=shown(self._title), export=shown(definition.display_name)), Tone.GOOD)

    def do_open(self) -> None:
        """Open the export."""
        from cctui.tui.screens.export_pane import ExportPane

        if self.table.current:
            self.app.push_screen(ExportPane(self.table.current))
