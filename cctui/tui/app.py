"""The application: who looks at which environment, what has been read, which pages are open."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from msgspec import structs
from rich.console import Console, RenderableType
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from cctui.access.confinement import confined
from cctui.access.roles import ROLE_TITLES, Operator, User
from cctui.definitions import preferences
from cctui.definitions.environment import Environment
from cctui.definitions.model import EnvironmentDefinition
from cctui.definitions.preferences import Preferences
from cctui.delivery.ledger import Ledger
from cctui.delivery.states import Run, RunId, Status
from cctui.errors import CctuiError, NotPermitted, UsageError
from cctui.host.clock import Clock, SystemClock
from cctui.locales import N_, _, language, time_of_day
from cctui.tui import glyphs, last_visit
from cctui.tui.confined_app import ConfinedApp
from cctui.tui.frame import HeaderFacts, Place
from cctui.tui.page import Page
from cctui.tui.parts import Tone, shown
from cctui.tui.pasting import cleaned
from cctui.tui.reading import Reader, Snapshot
from cctui.tui.run_watch import RunWatcher, ended_notice
from cctui.tui.terminal import gone as terminal_gone
from cctui.tui.terminal_title import title
from cctui.tui.themes import ANSI, DARK, THEMES, TITLES
from cctui.tui.typed_keys import TypedKeys

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.filter import LineFilter

    from cctui.definitions.environment import Removed
    from cctui.tui.segment_reading import SegmentReader

_PLACES = (
    Place("home", N_("Home"), "h"),
    Place("segments", N_("Segments"), "s", N_("Data")),
    Place("exports", N_("Exports"), "e", N_("Data")),
    Place("connections", N_("Connections"), "c", N_("Admin")),
    Place("system", N_("System"), "y", N_("Admin")),
    Place("permissions", N_("Permissions"), "p", N_("Admin")),
)


ColorSystem = Literal["standard", "256", "truecolor"]
"""How many colours a terminal has, in Rich's words."""


class CctuiApp(ConfinedApp):
    """The face of one environment for one operator."""

    TITLE = "cctui"
    CSS_PATH = "styles.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar = []

    class Read(Message):
        """Definitions and runs have been read again."""

        def __init__(self, snapshot: Snapshot) -> None:
            super().__init__()
            self.snapshot = snapshot

    class SegmentsRead(Message):
        """More is known about segments."""

    def __init__(
        self,
        environment: Environment,
        operator: Operator,
        *,
        open_at: str | None = None,
        clock: Clock | None = None,
        ascii_only: bool | None = None,
        color_system: ColorSystem | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(operator, driver_class=driver_class)
        if color_system is not None:
            self.console = _console(self.console, color_system)
        self._typed = TypedKeys(self, super().on_event)
        self.environment = environment
        self.clock = clock or SystemClock()
        self.open_at = open_at
        self.fault: BaseException | None = None
        self.shown_out: NotPermitted | None = None
        self.snapshot = Snapshot()
        self.last_visit = last_visit.read(environment, operator.name)
        self.removed: list[Removed] = []
        self.zone: tzinfo = UTC
        self._reader = Reader(environment, self.clock)
        self._segments: SegmentReader | None = None
        self.preferences = preferences.read(environment, operator.name)
        self._ended_unseen: Run | None = None
        self._watcher = RunWatcher(environment.state_folder, operator.name)
        self._ascii = glyphs.AsciiOnly() if (glyphs.ascii_only() if ascii_only is None else ascii_only) else None
        self.animation_level = "none"
        built_in = list(self.available_themes)
        for theme in THEMES:
            self.register_theme(theme)
        self.set_reactive(CctuiApp.theme, DARK.name)
        for name in built_in:
            self.unregister_theme(name)
        self.stylesheet.set_variables(self.get_css_variables())

    # Start and end

    def on_mount(self) -> None:
        """Read, open the first page, and look for changes once a second from now on."""
        self._show_theme(self._first_theme())
        self._take(self._reader.read())
        self._reader.changed()
        self.call_later(self._tell_what_ended, ring=False)
        self.open_first()
        if self.snapshot.problem is not None:
            self.show_error(self.snapshot.problem)
        self.set_interval(1.0, self._tick)

    def open_first(self) -> None:
        """The page that was asked for (``exports/newsletter``, ``runs/7f3a``, ``connections``), else Home."""
        place, _slash, name = (self.open_at or "home").partition("/")
        if place == "runs" and name:
            self.push_screen(self._page("home"))
            try:
                self.open_run(RunId(self._ledger_or_refuse().run(name).id))
            except CctuiError as problem:
                self.show_error(problem)
            return
        known = {entry.id for entry in _PLACES}
        page = self._page(place if place in known else "home")
        self.push_screen(page)
        if place not in known:
            self.show_error(
                UsageError(
                    _("There is no page {name}.").format(name=shown(self.open_at or "")),
                    do=_("Pages are home, segments, exports, connections, system, permissions and runs/ID."),
                )
            )
        elif name:
            page.open_object(name)

    @property
    def ledger(self) -> Ledger | None:
        """The ledger, as soon as anything has ever run here."""
        return self._reader.ledger

    def _ledger_or_refuse(self) -> Ledger:
        if self.ledger is None:
            raise UsageError(_("Nothing has run here yet."), do=_("Open Exports and press r."))
        return self.ledger

    @property
    def segments(self) -> SegmentReader:
        """What reads profiles: one source at a time, in the background."""
        if self._segments is None:
            from cctui.tui.segment_reading import SegmentReader

            self._segments = SegmentReader(self.environment, self._segments_changed)
        return self._segments

    def _segments_changed(self) -> None:
        self.post_message(self.SegmentsRead())

    def on_cctui_app_segments_read(self) -> None:
        """The reader knows more."""
        if isinstance(self.screen, Page):
            self.screen.tick(changed=True)

    @property
    def segments_known(self) -> bool:
        """Whether segments have been read in this session."""
        return self._segments is not None

    @property
    def segments_busy(self) -> bool:
        """Whether profiles are being read at this moment."""
        return self._segments is not None and self._segments.busy

    def recent_runs(self) -> list[Run]:
        """The newest runs of all exports."""
        return self._reader.recent()

    def on_unmount(self) -> None:
        """Let go of files; runs go on in their own process."""
        last_visit.write(self.environment, self.operator.name, self.clock.now())
        if self._segments is not None:
            self._segments.stop()
        self._reader.close()

    async def on_event(self, event: Event) -> None:
        """Pass events on: keys one after the other, and what is pasted cleaned before any field sees it."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            await self._typed.take(Paste(cleaned(event.text)) if isinstance(event, Paste) else event)
        else:
            await super().on_event(event)

    def _fatal_error(self) -> None:
        """End after a fault of ours. Textual would show it with the values of variables, customers' data among them."""
        self.fault = self.fault or self._exception
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        """End after a fault that can show itself, as :meth:`_fatal_error`."""
        self._return_code = 1
        self.fault = self.fault or self._exception or RuntimeError("the framework gave up")
        self._close_messages_no_wait()

    def _first_theme(self) -> str:
        """What the environment variable says, else the terminal where it has few colours, else the operator."""
        asked = os.environ.get("CCTUI_THEME", "")
        if asked in TITLES:
            return asked
        if not self.is_headless and self.console.color_system in {None, "standard"}:
            return ANSI.name
        return self.preferences.theme or DARK.name

    def _show_theme(self, name: str) -> None:
        # Whoever sets NO_COLOR has said so for every program.
        name = ANSI.name if self.no_color else name if name in TITLES else DARK.name
        if name != self.theme:
            self.theme = name

    # Changes

    def _tick(self) -> None:
        if not self.screen_stack:  # closing
            return
        if not self.is_headless and terminal_gone():
            self.exit(return_code=128 + signal.SIGHUP)
            return
        if any(run.status is Status.QUEUED for run in self.snapshot.unfinished):
            # The worker that was there when the run was queued may have been about to leave.
            self.run_worker(self._keep_going, thread=True, exclusive=True, exit_on_error=False, group="keep going")
        if self._reader.changed():
            self.read_again()
        elif isinstance(self.screen, Page):
            self.screen.tick(changed=False)

    def _keep_going(self) -> None:
        from cctui.delivery.runs import keep_going

        keep_going(self.environment)

    def read_again(self) -> None:
        """Read definitions and runs in the background and show what has changed."""
        self.run_worker(self._read, thread=True, exclusive=True, exit_on_error=False, group="read")

    def _read(self) -> None:
        worker = get_current_worker()
        snapshot = self._reader.read()
        if not worker.is_cancelled:
            self.post_message(self.Read(snapshot))

    def on_cctui_app_read(self, message: Read) -> None:
        """Show what was read, and say which runs have ended meanwhile."""
        if not self.screen_stack:
            # The application is closing.
            return
        self._take(message.snapshot)
        if isinstance(self.screen, Page):
            self.screen.tick(changed=True)
        self._tell_what_ended()

    def refresh_now(self) -> None:
        """Read at once, after a change of one's own."""
        self._take(self._reader.read())
        if isinstance(self.screen, Page):
            self.screen.tick(changed=True)

    def _take(self, snapshot: Snapshot) -> None:
        before, self.snapshot = self.snapshot.environment, snapshot
        if snapshot.environment is not None:
            self.zone = ZoneInfo(snapshot.environment.environment.time_zone)
            if confined(self.operator):
                self._look_at_role(snapshot.environment.users)
            self._look_at_source(before, snapshot.environment)

    def _look_at_source(self, before: EnvironmentDefinition | None, now: EnvironmentDefinition) -> None:
        """Where profiles and segments were defined anew, what was read of them is read again."""
        if before is None or self._segments is None:
            return
        if (before.profiles, before.segments) != (now.profiles, now.segments):
            self._segments.look()
            for screen in self.screen_stack:
                if isinstance(screen, Page):
                    screen.source_changed()

    def _look_at_role(self, users: Sequence[User]) -> None:
        """Take the role that the operator has now; whoever was removed meanwhile has to leave."""
        from cctui.access.operators import current_operator

        try:
            self.operator = current_operator(users, self.environment.root, name=self.operator.name)
        except NotPermitted as problem:
            self.shown_out = problem
            self.exit(return_code=problem.exit_code)

    def _tell_what_ended(self, *, ring: bool = True) -> None:
        """Say which runs have ended since this operator last looked, also while they were away."""
        ended = self._watcher.ended(self.snapshot.unfinished, self.ledger) if self.ledger is not None else []
        if ended:
            self._notice(*ended_notice(ended), lasting=True)
            self._ended_unseen = ended[-1]
            if ring and self.preferences.bell:
                self.bell()
        self.show_title()

    def _notice(self, text: str, tone: Tone, *, lasting: bool = False) -> None:
        # Under a dialog the page keeps it until the dialog is gone.
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Page):
                screen.notice(text, tone, lasting=lasting)
                return

    def show_title(self) -> None:
        """Say in the terminal's title what goes on, where the operator wants that."""
        from cctui.tui.terminal import TerminalDriver

        if isinstance(self._driver, TerminalDriver):
            said = title(self.header_facts().environment, self.running_runs(), self._ended_unseen)
            self._driver.show_title(said if self.preferences.title else "")

    def prefer(self, chosen: Preferences) -> None:
        """Do what the operator wants of the terminal from now on, and keep it. Raises :class:`CctuiError`."""
        preferences.write(self.environment, self.operator.name, chosen)
        self.preferences = chosen
        self.show_title()

    def somebody_is_here(self) -> None:
        """A key came: how the last run ended has been seen."""
        if self._ended_unseen is not None:
            self._ended_unseen = None
            self.show_title()

    def notify(self, message: str, **_options: Any) -> None:
        """Say something in the page's own line: a toast would hide what is under it."""
        self._notice(shown(message), Tone.PLAIN)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Names that the styles use, for Textual's own themes, which are in use until ours are registered."""
        return {**super().get_theme_variable_defaults(), **DARK.variables}

    # Facts for the frame

    def places(self) -> Sequence[Place]:
        """The pages that there are."""
        return _PLACES

    def header_facts(self) -> HeaderFacts:
        """What the header tells now."""
        definition = self.snapshot.environment
        return HeaderFacts(
            environment=definition.environment.name if definition else self.environment.root.name,
            operator=self.operator.name,
            role=_(ROLE_TITLES[self.operator.role]),
            language=language().partition("-")[0].upper(),
            time=time_of_day(self.clock.now(), self.zone),
            demo=self.snapshot.demo,
        )

    def running_runs(self) -> tuple[Run, ...]:
        """Runs that are not over, oldest first."""
        return self.snapshot.unfinished

    # Pages

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

    # Dialogs

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

    # The rest

    def next_theme(self) -> str:
        """Change to the next theme; returns what it is called. Raises :class:`CctuiError`."""
        names = tuple(TITLES)
        self.choose_theme(names[(names.index(self.theme) + 1) % len(names)])
        return _(TITLES[self.theme])

    def choose_theme(self, name: str | None) -> None:
        """Show a theme and remember it; without a name the terminal decides. Raises :class:`CctuiError`."""
        if self.no_color:
            raise UsageError(
                _("There are no colours to choose."),
                why=_("NO_COLOR is set in the environment."),
                do=_("Start again without NO_COLOR."),
            )
        self.preferences = structs.replace(self.preferences, theme=name)
        self._show_theme(name or self._first_theme())
        self.prefer(self.preferences)

    def copy(self, text: str) -> None:
        """Copy through the terminal (OSC 52), which also works over SSH where the terminal allows it."""
        self.copy_to_clipboard(text)

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

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colours nothing but bold and reverse; without Unicode nothing but ASCII."""
        filters = super().get_line_filters()
        if self.no_color:
            from textual.filter import NoColor

            filters = [NoColor()]
        return [*filters, self._ascii] if self._ascii else filters


def _console(present: Console, color_system: ColorSystem) -> Console:
    return Console(
        color_system=color_system,
        file=present.file,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        force_terminal=True,
        no_color=False,
        safe_box=False,
    )


def run_app(environment: Environment, operator: Operator, open_at: str | None = None) -> int:
    """See :func:`cctui.tui.start.run_app`."""
    from cctui.tui.start import run_app as run

    return run(environment, operator, open_at)
