"""The pages of the application: which there are, how one is opened, left and asked before it is lost; its dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from textual.screen import Screen

from cctui.delivery.states import RunId
from cctui.errors import CctuiError
from cctui.locales import N_, _
from cctui.tui.frame import Place
from cctui.tui.page import Page
from cctui.tui.parts import Tone, shown
from cctui.tui.themed_app import ThemedApp

PLACES = (
    Place("home", N_("Home"), "h"),
    Place("segments", N_("Segments"), "s", N_("Data")),
    Place("exports", N_("Exports"), "e", N_("Data")),
    Place("connections", N_("Connections"), "c", N_("Admin")),
    Place("system", N_("System"), "y", N_("Admin")),
    Place("permissions", N_("Permissions"), "p", N_("Admin")),
)


class PagedApp(ThemedApp):
    """An application of pages that lie on one another, the lowest one a page of the menu."""

    left_a_page = False
    """Whether any page has been left yet: then another one is drawn when it has come to rest."""

    def places(self) -> Sequence[Place]:
        """The pages that there are."""
        return PLACES

    def _page(self, place: str) -> Page:
        if place == "exports":
            from cctui.tui.screens.exports import ExportsPage

            return ExportsPage()
        if place == "connections":
            from cctui.tui.screens.connections import ConnectionsPage

            return ConnectionsPage()
        if place == "segments":
            from cctui.tui.screens.segments import SegmentsPage

            return SegmentsPage()
        if place == "system":
            from cctui.tui.screens.system import SystemPage

            return SystemPage()
        if place == "permissions":
            from cctui.tui.screens.permissions import PermissionsPage

            return PermissionsPage()
        from cctui.tui.screens.home import HomePage

        return HomePage()

    def action_go(self, place: str) -> None:
        """Go to a page of the menu. The application itself goes: a page cannot wait for its own end."""
        self.call_later(self.leave_all, partial(self.call_later, self.go, place))

    def action_open(self, place: str, name: str) -> None:
        """Go to a page and open one of its objects."""
        self.call_later(self.leave_all, partial(self.call_later, self.open_object, place, name))

    def leave_all(self, then: Callable[[], object]) -> None:
        """Do ``then``, which closes every page; see :meth:`leave`."""
        self.leave([screen for screen in reversed(self.screen_stack) if isinstance(screen, Page)], then)

    async def action_quit(self) -> None:
        """Ctrl+Q, which Textual gives to the application before any page or dialog sees it."""
        self.leave_all(self.exit)

    def action_help_quit(self) -> None:
        """Ctrl+C interrupts nothing here; it is said what does."""
        self._notice(_("Ctrl+C does nothing here. Press Ctrl+Q to quit; what runs goes on."), Tone.PLAIN)

    def leave(self, pages: Sequence[Page], then: Callable[[], object]) -> None:
        """Do ``then``, which closes ``pages``; asks before where one of them says that something would be lost."""
        losing = [page for page in pages if page.loses()]
        if losing:
            self.run_worker(self._ask_and_leave(losing, then), group="leave", exclusive=True, exit_on_error=False)
        else:
            then()

    async def _ask_and_leave(self, losing: Sequence[Page], then: Callable[[], object]) -> None:
        lines = list(dict.fromkeys(line for page in losing for line in page.what_is_lost()))
        titles = [page.heading() for page in losing] if len(losing) > 1 else []
        if await self.confirm(_("Discard your entries?"), [*titles, *lines], _("Discard"), _("Keep editing")):
            then()

    async def go(self, place: str) -> Page:
        """Go to a page of the menu, closing what lies above it."""
        while len(self.screen_stack) > 2:
            await self.pop_screen()
        page = self._page(place)
        with self.batch_update():
            await self.switch_screen(page)
        return page

    async def open_object(self, place: str, name: str) -> None:
        """Go to a page and open one of its objects."""
        page = await self.go(place)
        page.open_object(name)

    def back(self) -> None:
        """Close the topmost page, unless it is the only one."""
        if len(self.screen_stack) > 2:
            self.pop_screen()

    def open_run(self, run_id: RunId) -> None:
        """Open the screen of a run."""
        from cctui.tui.screens.run import RunScreen

        self.push_screen(RunScreen(run_id))

    # What is said

    def _notice(self, text: str, tone: Tone, *, lasting: bool = False) -> None:
        # Under a dialog the page keeps it until the dialog is gone.
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Page):
                screen.notice(text, tone, lasting=lasting)
                return

    def notify(self, message: str, **_options: Any) -> None:
        """Say something in the page's own line: a toast would hide what is under it."""
        self._notice(shown(message), Tone.PLAIN)

    def show_error(self, problem: CctuiError) -> None:
        """What happened, why, and what to do."""
        from cctui.tui.screens.dialogs import ErrorDialog

        self.push_screen(ErrorDialog(problem))

    async def confirm(self, title: str, lines: Sequence[str], verb: str, refuse: str = "") -> bool:
        """Ask before something is done; the safe answer has the focus. Call it from a worker of the app."""
        from cctui.tui.screens.dialogs import ConfirmDialog

        answer = await self.push_screen_wait(ConfirmDialog(title, lines, verb, refuse))
        return bool(answer)

    def open_menu(self) -> None:
        """Choose a page with one letter."""
        from cctui.tui.screens.dialogs import MenuDialog

        page = self.screen
        place = page.PLACE if isinstance(page, Page) else ""
        self.push_screen(MenuDialog(self.places(), place), self._go_to_chosen)

    def _go_to_chosen(self, place: str | None) -> None:
        if place:
            self.action_go(place)

    def open_help(self, page: Page) -> None:
        """Every command of a page."""
        from cctui.tui.screens.help import HelpDialog

        self.push_screen(HelpDialog(page.commands, page.facts(), page.PLACE))

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        """None of Textual's own: the palette's commands are ours."""
        return ()

    def action_command_palette(self) -> None:
        """Open the palette over the present page."""
        if isinstance(self.screen, Page):
            from textual.command import CommandPalette

            from cctui.tui.palette import Everything

            self.push_screen(
                CommandPalette(providers=[Everything], placeholder=_("Command, export, connection or segment"))
            )
