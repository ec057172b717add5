"""The application: who looks at which environment, what has been read of it, what has changed meanwhile."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.worker import get_current_worker

from cctui import locales
from cctui.access.confinement import confined
from cctui.access.roles import ROLE_TITLES, Operator, User
from cctui.definitions.environment import Environment
from cctui.definitions.model import EnvironmentDefinition
from cctui.definitions.preferences import Preferences
from cctui.delivery.ledger import Ledger
from cctui.delivery.states import Run, RunId, Status
from cctui.errors import CctuiError, NotPermitted, UsageError
from cctui.host.clock import Clock, SystemClock
from cctui.locales import _, language, time_of_day
from cctui.tui import last_visit
from cctui.tui.frame import HeaderFacts
from cctui.tui.page import Page
from cctui.tui.paged_app import PLACES, PagedApp
from cctui.tui.parts import shown
from cctui.tui.pasting import cleaned
from cctui.tui.reading import Reader, Snapshot
from cctui.tui.run_watch import RunWatcher, ended_notice
from cctui.tui.terminal import gone as terminal_gone
from cctui.tui.terminal_title import title
from cctui.tui.themed_app import ColorSystem
from cctui.tui.typed_keys import TypedKeys

if TYPE_CHECKING:
    from textual.driver import Driver

    from cctui.definitions.environment import Removed
    from cctui.tui.segment_reading import SegmentReader


class CctuiApp(PagedApp):
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
        asked_language: str | None = None,
        clock: Clock | None = None,
        ascii_only: bool | None = None,
        color_system: ColorSystem | None = None,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(
            environment,
            operator,
            asked_language=asked_language,
            ascii_only=ascii_only,
            color_system=color_system,
            driver_class=driver_class,
        )
        self._typed = TypedKeys(self, super().on_event)
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
        self._ended_unseen: Run | None = None
        self._watcher = RunWatcher(environment.state_folder, operator.name)

    # Start and end

    def on_mount(self) -> None:
        """Read, open the first page, and look for changes once a second from now on."""
        self._show_theme(self._first_theme())
        self._take(self._reader.read())
        self._reader.changed()
        self.choices.follow(self.snapshot.environment)
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
        known = {entry.id for entry in PLACES}
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

            self._segments = SegmentReader(
                self.environment, self._segments_changed, lambda: self.snapshot.segment_counts
            )
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
        """Pass events on: keys one after the other, and what is pasted cleaned before any field sees it.

        What is typed behind the key that ends the application finds screens that are being taken down: it is dropped.
        """
        if isinstance(event, Key | Paste) and not self.is_running:
            return
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

    # Changes

    def _tick(self) -> None:
        if not self.screen_stack:  # closing
            return
        if not self.is_headless and terminal_gone():
            self.exit(return_code=128 + signal.SIGHUP)
            return
        if self.snapshot.refresh_waits or any(run.status is Status.QUEUED for run in self.snapshot.unfinished):
            # The worker that was there when it was asked for may have been about to leave.
            self.run_worker(self._keep_going, thread=True, exclusive=True, exit_on_error=False, group="keep going")
        if self.choices.read_again():
            self._show_theme(self._first_theme())
            self.show_title()
            self._show_changed()
        self._look_at_language()
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
        self._look_at_language()
        self._show_changed()
        self._tell_what_ended()

    def refresh_now(self) -> None:
        """Read at once, after a change of one's own."""
        self._take(self._reader.read())
        self._show_changed()

    def _show_changed(self) -> None:
        if isinstance(self.screen, Page):
            self.screen.tick(changed=True)

    def _take(self, snapshot: Snapshot) -> None:
        before, counts = self.snapshot.environment, self.snapshot.segment_counts
        self.snapshot = snapshot
        if snapshot.environment is not None:
            self.zone = ZoneInfo(snapshot.environment.environment.time_zone)
            if confined(self.operator):
                self._look_at_role(snapshot.environment.users)
            self._look_at_source(before, snapshot.environment)
        # While a refresh counts, its own numbers are shown; reading along would only slow it down.
        counted = snapshot.segment_counts != counts and all(
            count.status.ended for count in snapshot.segment_counts.values()
        )
        if counted and self._segments is not None:
            self._segments.look()

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

    def show_title(self) -> None:
        """Say in the terminal's title what goes on, where the operator wants that."""
        from cctui.tui.terminal import TerminalDriver

        if isinstance(self._driver, TerminalDriver):
            said = title(self.header_facts().environment, self.running_runs(), self._ended_unseen)
            self._driver.show_title(said if self.preferences.title else "")

    def prefer(self, chosen: Preferences) -> None:
        """As :meth:`ThemedApp.prefer`; the title follows at once."""
        super().prefer(chosen)
        self.show_title()

    def speak_as_chosen(self) -> None:
        """Speak the language that the operator has just chosen, whatever was asked for at the start."""
        self._take(self._reader.read())
        self.choices.choose_anew()
        self.choices.follow(self.snapshot.environment)
        locales.use(self.choices.language(self.snapshot.environment))

    def _look_at_language(self) -> None:
        """Speak the language that somebody chose meanwhile, as soon as nothing is being entered or asked."""
        chosen = self.choices.changed_language(self.snapshot.environment)
        pages = [screen for screen in self.screen_stack[1:] if isinstance(screen, Page) and not screen.FORM]
        if chosen is None or len(pages) < len(self.screen_stack) - 1:
            return
        self.choices.follow(self.snapshot.environment)
        locales.use(chosen)
        with self.batch_update():
            for page in pages:
                page.language_changed()
        self.show_title()

    def somebody_is_here(self) -> None:
        """A key came: how the last run ended has been seen."""
        if self._ended_unseen is not None:
            self._ended_unseen = None
            self.show_title()

    # Facts for the frame

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

    def copy(self, text: str) -> None:
        """Copy through the terminal (OSC 52), which also works over SSH where the terminal allows it."""
        self.copy_to_clipboard(text)


def run_app(environment: Environment, operator: Operator, open_at: str | None = None) -> int:
    """See :func:`cctui.tui.start.run_app`."""
    from cctui.tui.start import run_app as run

    return run(environment, operator, open_at)
