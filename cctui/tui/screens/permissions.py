"""Admin > Permissions: users with their roles, and what each role may do. Administrators only (checklist 2.7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual.widget import Widget

from cctui.access import authorized_keys
from cctui.access.rights import rights
from cctui.access.roles import ROLE_TITLES, Action, Role, User, why_not
from cctui.definitions import system_changes
from cctui.locales import N_, _
from cctui.tui import glyphs
from cctui.tui.commands import Choice, Command
from cctui.tui.line_breaks import wrapped
from cctui.tui.list_page import ListPage
from cctui.tui.listing import Cell, Column, Row
from cctui.tui.parts import Line, Part, Tone, fill, shown
from cctui.tui.permission_commands import COMMANDS, PermissionFacts
from cctui.tui.widgets.lines import Board, BoardLine, TextLine
from cctui.tui.widgets.table import Table

_WIDEST = 60
"""Cells between what somebody may do and the answers, at most: farther apart the eye loses the line."""
_GROUP = "group:"
_ORDER = list(Role)


class PermissionsPage(ListPage):
    """The users, or what each role may do."""

    PLACE = "permissions"
    HEADING = N_("Permissions")
    EXPLANATION = N_("Who may do what in this environment.")
    COMMANDS: ClassVar[tuple[Command, ...]] = COMMANDS
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("name", N_("User"), least=16, most=48),
        Column("kind", N_("Kind"), least=8, most=16, leaves=1),
        Column("role", N_("Role"), least=14, most=24),
    )

    def __init__(self) -> None:
        super().__init__()
        self._roles = False

    def body(self) -> Iterable[Widget]:
        """The two tabs over the users, or over the roles."""
        yield TextLine(id="tabs")
        yield from super().body()
        yield Board(id="roles")

    def empty_text(self) -> str:
        """Who may what while nobody is listed, or whom to ask."""
        refused = why_not(self.face.operator, Action.CHANGE_USERS)
        if refused:
            return f"{_('Only administrators see permissions.')}\n{refused}"
        return (
            f"{_('No users yet: only the owner of the folder is administrator.')}\n"
            f"{_('Press a to add one; you stay administrator.')}"
        )

    def users(self) -> list[User]:
        """The users, for those who may see them."""
        definition = self.face.snapshot.environment
        refused = why_not(self.face.operator, Action.CHANGE_USERS)
        return [] if refused or definition is None else definition.users

    def rows(self) -> list[Row]:
        """One row for each user or group."""
        return [
            Row(
                key=user.name,
                cells=(
                    Cell(shown(user.name.removeprefix(_GROUP))),
                    Cell(_("Group") if user.name.startswith(_GROUP) else _("User")),
                    Cell(_(ROLE_TITLES[user.role]), order=_ORDER.index(user.role)),
                ),
            )
            for user in self.users()
        ]

    def facts(self) -> PermissionFacts:
        """What is chosen, and which tab is open."""
        chosen: tuple[Choice, ...] = ()
        if self.is_mounted and not self._roles and self.table.current:
            chosen = (Choice(self.table.current, shown(self.table.current)),)
        return PermissionFacts(self.face.operator, chosen, total=len(self.users()), roles=self._roles)

    def reload(self) -> None:
        """The rows, the roles and the tabs."""
        super().reload()
        self.query_one("#tabs", TextLine).show(_tabs(roles=self._roles))
        board = self.query_one("#roles", Board)
        board.show(_rights_lines(max(56, self.page_width - 2)))
        board.display = self._roles
        self.table.display = not self._roles

    def count(self) -> str:
        """Nothing where the roles are."""
        return "" if self._roles else super().count()

    def mover(self) -> Table | Board:
        """The keys move in the tab that is open."""
        return self.query_one("#roles", Board) if self._roles else self.table

    def do_tab(self) -> None:
        """Change between users and roles."""
        self._roles = not self._roles
        self.reload()
        self.mover().focus()
        self.draw()

    def do_add(self) -> None:
        """Open an empty pane."""
        from cctui.tui.screens.user_pane import UserPane

        self.app.push_screen(UserPane(None))

    def do_open(self) -> None:
        """Open the user under the cursor."""
        from cctui.tui.screens.user_pane import UserPane

        self.app.push_screen(UserPane(self._current()))

    async def do_remove(self) -> None:
        """Ask, then remove."""
        face, user = self.face, self._current()
        path = authorized_keys.default_path()
        key_too = system_changes.has_key(face.environment, user.name, path)
        told = (
            _("Their key is taken out of {file} too: nobody signs in with it any more.").format(file=shown(str(path)))
            if key_too
            else _("They keep their account on this machine.")
        )
        if not await face.confirm(_("Remove user?"), [shown(user.name), "", told], _("Remove")):
            return
        try:
            key_too = system_changes.remove_user(face.environment, face.operator, user.name, keys=path)
        finally:
            face.refresh_now()
        said = _("Removed: {name}, and their key") if key_too else _("Removed: {name}")
        self.notice(said.format(name=shown(user.name)))

    def _current(self) -> User:
        return system_changes.user(self.face.environment, self.table.current or "")


def _tabs(*, roles: bool) -> Line:
    action = "screen.command('permissions.tab')"
    here, there = (Tone.QUIET, Tone.ACCENT) if roles else (Tone.ACCENT, Tone.QUIET)
    return (
        Part((" " if roles else glyphs.BAR) + _("Users"), here, action),
        Part("   "),
        Part((glyphs.BAR if roles else " ") + _("Roles"), there, action),
    )


def _rights_lines(width: int) -> list[BoardLine]:
    """What each role may do, as a table."""
    found = rights()
    columns = {
        role: max(cell_len(text) for text in (_(ROLE_TITLES[role]), *(right.allowed[role] for right in found))) + 2
        for role in Role
    }
    first = min(_WIDEST, width - sum(columns.values()) + 2)
    titles = [Part(fill(_(ROLE_TITLES[role]), columns[role]), Tone.QUIET) for role in Role]
    lines = [BoardLine((Part(fill(_("May"), first), Tone.QUIET), *titles)), BoardLine()]
    for right in found:
        answers = [Part(fill(right.allowed[role], columns[role]), _tone(right.allowed[role])) for role in Role]
        begin, *more = wrapped(right.title, first - 2)
        lines.append(BoardLine((Part(fill(begin, first)), *answers)))
        lines += [BoardLine((Part(f"  {rest}"),)) for rest in more]
    return lines


def _tone(answer: str) -> Tone:
    return Tone.QUIET if answer == _("no") else Tone.PLAIN
