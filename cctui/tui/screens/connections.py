"""Admin > Connections: the connections of this environment, and Discover, where one is set up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.widget import Widget

from cctui.access.roles import Action, why_not
from cctui.constant_contact import connection_life
from cctui.constant_contact.connection_check import (
    ConnectionCheck,
    ConnectionState,
    check_connection,
    state_without_asking,
)
from cctui.definitions.environment import Broken, Stored
from cctui.definitions.model import CONSTANT_CONTACT, ConnectionDefinition, ConnectionId
from cctui.locales import N_, _
from cctui.tui import glyphs, rows
from cctui.tui.commands import Choice, Command
from cctui.tui.connection_commands import COMMANDS, ConnectionFacts
from cctui.tui.list_page import ListPage
from cctui.tui.listing import Column, Row
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.reading import identity, title
from cctui.tui.widgets.lines import Board, BoardLine, TextLine
from cctui.tui.widgets.table import Table

_SET_UP = "set-up"


class ConnectionsPage(ListPage):
    """The list of connections. Only administrators see what is on it (C23)."""

    PLACE = "connections"
    HEADING = N_("Connections")
    EXPLANATION = N_("Connections let this environment share data with other services.")
    COMMANDS: ClassVar[tuple[Command, ...]] = COMMANDS
    COLUMNS: ClassVar[tuple[Column, ...]] = rows.CONNECTION_COLUMNS

    def __init__(self) -> None:
        super().__init__()
        self._discover = False
        self._checks: dict[str, ConnectionCheck] = {}

    def body(self) -> Iterable[Widget]:
        """The two tabs over the list, or over the tile of Constant Contact."""
        yield TextLine(id="tabs")
        yield from super().body()
        yield Board(id="discover")

    def empty_text(self) -> str:
        """What to do first, or whom to ask."""
        refused = why_not(self.face.operator, Action.SEE_CONNECTIONS)
        if refused:
            return f"{_('Only administrators see connections.')}\n{refused}"
        return (
            f"{_('No connections yet.')}\n{_('Press a to set one up; you need the Constant Contact account at hand.')}"
        )

    def rows(self) -> list[Row]:
        """One row for each connection; none for those who may not see them."""
        face = self.face
        if why_not(face.operator, Action.SEE_CONNECTIONS):
            return []
        now = face.clock.now()
        self._checks = {
            stored.definition.id: self._known_state(stored.definition)
            for stored in face.snapshot.connections
            if isinstance(stored, Stored)
        }
        unknown = ConnectionCheck()
        return [
            rows.connection_row(stored, face.snapshot, now, self._checks.get(identity(stored), unknown))
            for stored in face.snapshot.connections
        ]

    def _known_state(self, connection: ConnectionDefinition) -> ConnectionCheck:
        face = self.face
        return state_without_asking(connection, face.environment.secrets_folder, self._checks_path, face.clock.now())

    @property
    def _checks_path(self) -> Path:
        return connection_life.checks_path(self.face.environment)

    def facts(self) -> ConnectionFacts:
        """What is chosen, and which tab is open."""
        face = self.face
        chosen: tuple[Choice, ...] = ()
        if self.is_mounted and not self._discover and self.table.current:
            current = self.table.current
            chosen = tuple(
                Choice(identity(stored), shown(title(stored)), broken=isinstance(stored, Broken))
                for stored in face.snapshot.connections
                if identity(stored) == current
            )
        return ConnectionFacts(
            operator=face.operator,
            chosen=chosen,
            total=len(face.snapshot.connections),
            discover=self._discover,
            removed=len(face.removed),
        )

    def reload(self) -> None:
        """The rows, the tile and the tabs."""
        super().reload()
        self.query_one("#tabs", TextLine).show(_tabs(discover=self._discover))
        self.query_one("#discover", Board).show(_tile())
        self.query_one("#discover").display = self._discover
        self.table.display = not self._discover

    def count(self) -> str:
        """Nothing on the Discover tab."""
        return "" if self._discover else super().count()

    def mover(self) -> Table | Board:
        """The keys move in the tab that is open."""
        return self.query_one("#discover", Board) if self._discover else self.table

    def moved(self) -> None:
        """Why the connection does not work, else the columns that have no room."""
        check = self._checks.get(self.table.current or "")
        if check is not None and check.sentence:
            self.detail = (Part(shown(check.sentence), Tone.WARNING),)
            return
        self.say_hidden_columns()

    def open_object(self, name: str) -> None:
        """Open the connection with this id."""
        self.call_after_refresh(self._open_named, name)

    def _open_named(self, name: str) -> None:
        if self.table.move_to_key(name) or self.table.current == name:
            self.do_open()
        else:
            self.notice(_("There is no connection {name}.").format(name=shown(name)), Tone.WARNING)

    # Commands

    def do_tab(self) -> None:
        """Change between the list and Discover."""
        self._discover = not self._discover
        self.detail = ()
        self.reload()
        (self.query_one("#discover") if self._discover else self.table).focus()
        self.draw()

    def do_add(self) -> None:
        """Open an empty pane."""
        from cctui.tui.screens.connection_pane import ConnectionPane

        self.app.push_screen(ConnectionPane(None))

    def do_open(self) -> None:
        """Open the connection under the cursor, its error, or the tile's pane."""
        if self._discover:
            self.do_add()
            return
        for stored in self.face.snapshot.connections:
            if identity(stored) != self.table.current:
                continue
            if isinstance(stored, Broken):
                self.face.show_error(stored.problem)
                return
            from cctui.tui.screens.connection_pane import ConnectionPane

            self.app.push_screen(ConnectionPane(stored.definition.id))

    def on_board_opened(self, _message: Board.Opened) -> None:
        """A click on Set up."""
        self.do_add()

    async def do_remove(self) -> None:
        """Ask, then remove; a connection in use leads to its exports first (C20)."""
        from cctui.tui.screens.connection_in_use import ConnectionInUsePage

        face = self.face
        choice = self.facts().chosen[0]
        if face.snapshot.exports_of(choice.id):
            await self.app.push_screen_wait(ConnectionInUsePage(ConnectionId(choice.id), choice.title))
            if face.snapshot.exports_of(choice.id):
                return
        lines = [
            choice.title,
            "",
            _("Its sign-in is deleted from this machine."),
            _("The grant itself can also be withdrawn in the Constant Contact account."),
        ]
        if await face.confirm(_("Remove connection?"), lines, _("Remove")):
            face.removed.append(connection_life.remove_connection(face.environment, face.operator, choice.id))
            face.refresh_now()
            self.notice(_("Removed. Press u to undo; you then sign in again."))

    async def do_test(self) -> None:
        """Ask the service how it stands with the connection."""
        face = self.face
        connection = face.snapshot.connection(self.table.current)
        if connection is None:
            return
        self.notice(_("Asking Constant Contact…"))
        environment = face.environment
        check = await asyncio.to_thread(
            check_connection, connection, environment.secrets_folder, environment.limits_path, self._checks_path
        )
        self.reload()
        good = check.state is ConnectionState.CONNECTED
        self.notice(
            _("Connected to {account}.").format(account=shown(check.account)) if good else shown(check.problem),
            Tone.GOOD if good else Tone.WARNING,
        )

    def do_undo(self) -> None:
        """Bring back what was removed last."""
        from cctui.definitions import changes

        face = self.face
        changes.restore(face.environment, face.operator, face.removed[-1])
        face.removed.pop()
        face.refresh_now()
        self.notice(_("It is back."), Tone.GOOD)


def _tabs(*, discover: bool) -> Line:
    action = "screen.command('connections.tab')"
    here, there = (Tone.ACCENT, Tone.QUIET) if not discover else (Tone.QUIET, Tone.ACCENT)
    return (
        Part((glyphs.BAR if not discover else " ") + _("Connections"), here, action),
        Part("   "),
        Part((glyphs.BAR if discover else " ") + _("Discover"), there, action),
    )


def _tile() -> list[BoardLine]:
    return [
        BoardLine(),
        BoardLine((Part(CONSTANT_CONTACT, Tone.STRONG),)),
        BoardLine((Part(_("Send segments to the contact lists of a Constant Contact account."), Tone.QUIET),)),
        BoardLine((Part(_("Needed: an application key with device flow, and someone who may sign in."), Tone.QUIET),)),
        BoardLine(),
        BoardLine((Part(_("Set up"), Tone.KEY),), _SET_UP),
    ]
