"""The exports of a connection that is to be removed: remove or detach them, then it goes on (C20, C21)."""

from __future__ import annotations

from typing import ClassVar

from cctui.definitions.model import ConnectionId, ExportId
from cctui.locales import N_, _
from cctui.tui import rows
from cctui.tui.commands import Choice, Command, Facts
from cctui.tui.connection_commands import IN_USE
from cctui.tui.list_page import ListPage
from cctui.tui.listing import Column, Row
from cctui.tui.parts import shown


class ConnectionInUsePage(ListPage):
    """Lists the exports in the way. It closes by itself when none is left."""

    PLACE = "connections"
    HEADING = N_("Connection in use")
    COMMANDS: ClassVar[tuple[Command, ...]] = IN_USE
    COLUMNS: ClassVar[tuple[Column, ...]] = rows.EXPORT_COLUMNS

    def __init__(self, connection: ConnectionId, name: str) -> None:
        super().__init__()
        self._connection = connection
        self._title = name

    def explanation(self) -> str:
        """What has to happen before the connection can go."""
        return _("Remove or detach these exports first. They use {name}.").format(name=self._title)

    def rows(self) -> list[Row]:
        """The exports that use the connection."""
        face = self.face
        keys = {export.id for export in face.snapshot.exports_of(self._connection)}
        now = face.clock.now()
        every = [rows.export_row(stored, face.snapshot, face.operator, now) for stored in face.snapshot.exports]
        return [row for row in every if row.key in keys]

    def facts(self) -> Facts:
        """The marked exports, or the one under the cursor."""
        face = self.face
        chosen = self.table.chosen if self.is_mounted else []
        exports = [export for export in face.snapshot.exports_of(self._connection) if export.id in chosen]
        return Facts(
            operator=face.operator,
            chosen=tuple(
                Choice(export.id, shown(export.display_name), face.snapshot.sharing(export)) for export in exports
            ),
            total=len(face.snapshot.exports_of(self._connection)),
        )

    def do_detach(self) -> None:
        """Detach the chosen exports; they keep their settings, so nothing is asked."""
        from cctui.definitions import changes

        face = self.face
        changes.detach_exports(face.environment, face.operator, [ExportId(choice.id) for choice in self.facts().chosen])
        self._go_on()

    async def do_remove(self) -> None:
        """Ask, then remove the chosen exports."""
        from cctui.definitions import changes

        face = self.face
        chosen = self.facts().chosen
        if await face.confirm(_("Remove these exports?"), [choice.title for choice in chosen], _("Remove")):
            for choice in chosen:
                face.removed.append(changes.remove_export(face.environment, face.operator, ExportId(choice.id)))
            self._go_on()

    def _go_on(self) -> None:
        self.face.refresh_now()
        if not self.face.snapshot.exports_of(self._connection):
            self.dismiss()

    def do_back(self) -> None:
        """Leave the connection as it is."""
        if self.table.query_text or self.table.marks:
            super().do_back()
        else:
            self.dismiss()
