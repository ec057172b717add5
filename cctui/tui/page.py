"""The frame of every page: header, menu, command bar, title, body, detail line, running line, hints.

A page declares its commands and gives facts, lines and a body; everything around it is made here in the same way for
all. What the frame says is put together by pure functions in :mod:`cctui.tui.frame`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Key, Resize
from textual.widget import Widget

from cctui.delivery.states import Run
from cctui.errors import CctuiError
from cctui.host import crash_reports
from cctui.locales import _
from cctui.tui import frame
from cctui.tui.commands import EVERYWHERE, Command, Facts, bindings
from cctui.tui.parts import Line, Part, Tone
from cctui.tui.stacked_screen import StackedScreen
from cctui.tui.widgets.lines import Rule, TextLine

if TYPE_CHECKING:
    from cctui.tui.app import CctuiApp


MENU_WIDTH = 20
"""Cells of the menu on wide screens; the styles say the same."""

_PAGE_INSET = 4
_SECONDS_TO_READ = 3.0
_WIDE = 100


class Mover(Protocol):
    """Something with a cursor that arrows and paging keys move."""

    @property
    def page(self) -> int:
        """How many lines are visible at once."""
        ...

    def move(self, by: int) -> None:
        """Move the cursor by so many lines, as far as there are lines."""
        ...


class Page(StackedScreen[None]):
    """A screen inside the frame.

    Subclasses set ``COMMANDS``, ``HEADING``, ``EXPLANATION`` and ``PLACE`` (their entry in the menu), write
    :meth:`body`, :meth:`facts` and :meth:`reload`, and one ``do_<name>`` method for each command.
    """

    # Textual keeps its palette's providers under this name; ours makes its entries from these commands.
    COMMANDS: ClassVar[tuple[Command, ...]] = ()  # type: ignore[assignment]
    PLACE: ClassVar[str] = ""
    HEADING: ClassVar[str] = ""
    EXPLANATION: ClassVar[str] = ""
    MENU: ClassVar[bool] = True
    FORM: ClassVar[bool] = False
    """Whether things are entered here: its words stay as they are until it is closed."""
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (_WIDE, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-low"), (30, "-high")]  # noqa: RUF012

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.BINDINGS = bindings((*cls.COMMANDS, *EVERYWHERE))  # type: ignore[assignment]
        super().__init_subclass__(**kwargs)

    def __init__(self) -> None:
        super().__init__()
        self.detail: Line = ()
        self._notice: Line = ()
        self._notice_until = 0.0
        self._missed = False

    # What a page gives

    def body(self) -> Iterable[Widget]:
        """The widgets between the title and the detail line."""
        return ()

    def facts(self) -> Facts:
        """What commands look at to know whether they may."""
        return Facts(self.face.operator)

    def reload(self) -> None:
        """Read what the page shows and show it. Called when it opens and whenever something changed underneath."""

    def source_changed(self) -> None:
        """Profiles or segments were defined anew; what a page has read of them itself it reads again."""

    def language_changed(self) -> None:
        """Say everything again: another language is spoken from now on. What a page has kept in words it forgets."""
        for widget in self.walk_children():
            widget.refresh(layout=True)
        self.tick(changed=True)

    def open_object(self, name: str) -> None:
        """Open what this page lists under ``name``: a link from the command line or the palette."""

    def heading(self) -> str:
        """The title, in the operator's language."""
        return _(self.HEADING)

    def explanation(self) -> str:
        """The line under the title."""
        return _(self.EXPLANATION)

    def heading_line(self) -> Line:
        """The title as it is drawn."""
        return (Part(self.heading(), Tone.STRONG),)

    def explanation_line(self) -> Line:
        """The line under the title as it is drawn."""
        return (Part(self.explanation(), Tone.QUIET),)

    def running_runs(self) -> tuple[Run, ...]:
        """The runs of the running line."""
        return self.face.running_runs()

    def count(self) -> str:
        """What the command bar says about the rows: ``3 of 12``, ``2 selected``."""
        return ""

    def searching(self) -> str | None:
        """The search in use; ``None`` where the page has none."""
        return None

    # The frame

    @property
    def face(self) -> CctuiApp:
        """The application, typed."""
        return cast("CctuiApp", self.app)

    @property
    def page_width(self) -> int:
        """Cells of the page's own lines: the screen less the menu beside it and the margins."""
        width = self.size.width
        return width - _PAGE_INSET - (MENU_WIDTH if self.MENU and width >= _WIDE else 0)

    @property
    def is_there(self) -> bool:
        """Whether the page has its widgets: news may still come in while it is being taken away."""
        return self.is_mounted and self.is_attached and bool(self.query("#too-small"))

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every command that has a key here."""
        return (*self.COMMANDS, *EVERYWHERE)

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        # Textual sets these classes after the first layout, which would be sent over the line for nothing.
        size = self.app.size
        for length, breakpoints in (
            (size.width, self.HORIZONTAL_BREAKPOINTS),
            (size.height, self.VERTICAL_BREAKPOINTS),
        ):
            self.add_class(max(point for point in breakpoints if point[0] <= length)[1])
        yield TextLine(id="header")
        yield Rule(classes="frame-rule")
        yield TextLine(id="folded-menu")
        with Horizontal(id="middle"):
            if self.MENU:
                from cctui.tui.widgets.menu import Menu

                yield Menu(self.PLACE)
            with Vertical(id="page"):
                yield TextLine(id="bar")
                yield Rule(classes="frame-rule")
                yield TextLine(id="heading")
                yield TextLine(id="explanation")
                yield from self.body()
                yield TextLine(id="detail")
                yield TextLine(id="running")
        yield Rule(classes="frame-rule")
        yield TextLine(id="hints")
        yield TextLine(id="too-small")

    def on_mount(self) -> None:
        """Show the frame, then the content."""
        self.draw()
        self.reload()

    def on_screen_resume(self) -> None:
        """Coming back from a pane or a dialog: things may have changed meanwhile."""
        if self.is_mounted:
            self.reload()
            self.draw()

    def on_screen_suspend(self) -> None:
        """What was said before another page came on top is old when one comes back."""
        self.face.left_a_page = True
        self._notice = ()

    def is_drawn_once(self) -> bool:
        """The very first page, and a form with its many fields, are drawn as soon as anything of them is there."""
        return self.face.left_a_page and not self.FORM

    def on_resize(self, _event: Resize) -> None:
        """Fit every line of the frame to the new width."""
        self.draw()

    def draw(self) -> None:
        """Show every line of the frame again; lines that say the same are not repainted."""
        if not self.is_there:
            return
        if self._missed:
            self._missed = False
            self.reload()
        facts = self.facts()
        width, page_width = self.size.width, self.page_width
        show = self._draw_line
        show("header", frame.header(self.face.header_facts(), width))
        show("folded-menu", frame.folded_menu(self.face.places(), self.PLACE, width))
        show("bar", frame.command_bar(self.commands, facts, self.count(), self.searching(), page_width))
        show("heading", self.heading_line())
        show("explanation", self.explanation_line())
        show("detail", self._notice or self.detail)
        running = self.running_runs()
        show(
            "running",
            frame.running(running, self.face.clock.now(), page_width, worker_alive=self.face.snapshot.worker_alive),
        )
        self.query_one("#running").display = bool(running)
        show("hints", frame.hints(self.commands, facts, width))
        show("too-small", (Part(_("cctui needs at least 60 columns and 16 lines.")),))

    def _draw_line(self, name: str, line: Line) -> None:
        self.query_one(f"#{name}", TextLine).show(line)

    def notice(self, text: str, tone: Tone = Tone.PLAIN, *, lasting: bool = False) -> None:
        """Say something in the detail line until the next key; nothing is hidden by it.

        News that nobody asked for is ``lasting``: it may come between two keys and stays for some seconds at least.
        """
        self._notice = (Part(text, tone),)
        self._notice_until = self.face.clock.monotonic() + (_SECONDS_TO_READ if lasting else 0.0)
        if self.is_there:
            self._draw_line("detail", self._notice)

    def on_key(self, _event: Key) -> None:
        """A notice has been read when the next key comes."""
        self.face.somebody_is_here()
        if self._notice and self.face.clock.monotonic() >= self._notice_until:
            self._notice = ()
            self._draw_line("detail", self.detail)

    def tick(self, *, changed: bool) -> None:
        """Once a second: draw what time has changed, reload what others have changed."""
        if not self.is_there:
            # A page that is still being mounted has read before the news came: it reads again when it is drawn next.
            self._missed = self._missed or changed
            return
        if changed:
            self.reload()
        self.draw()

    # Commands

    def action_open_running(self) -> None:
        """A click on the running line opens its run."""
        runs = self.running_runs()
        if runs:
            self.face.open_run(runs[0].id)

    async def action_command(self, command_id: str) -> None:
        """Do a command, or say why not."""
        await self.perform(next(command for command in self.commands if command.id == command_id))

    async def perform(self, command: Command) -> None:
        """Do ``command``, or say why it is disabled. An error of ours becomes a dialog."""
        reason = command.why_disabled(self.facts())
        if reason:
            self.notice(reason, Tone.WARNING)
            return
        do = getattr(self, f"do_{command.name}")
        if inspect.iscoroutinefunction(do):
            # Dialogs are waited for, and only a worker may wait.
            self.run_worker(self._explained(do), group="command", exit_on_error=False)
            return
        try:
            do()
        except CctuiError as problem:
            self.face.show_error(problem)

    async def _explained(self, do: Callable[[], Awaitable[None]]) -> None:
        try:
            await do()
        except CctuiError as problem:
            self.face.show_error(problem)
        except Exception as error:  # noqa: BLE001 - a command that ends in silence would leave people guessing
            self.face.show_error(crash_reports.keep(error, self.face.environment.state_folder))

    def mover(self) -> Mover | None:
        """What arrows and paging keys move in."""
        return None

    def _move(self, by: int) -> None:
        mover = self.mover()
        if mover is not None:
            mover.move(by)

    def do_up(self) -> None:
        """One row up."""
        self._move(-1)

    def do_down(self) -> None:
        """One row down."""
        self._move(1)

    def do_page_up(self) -> None:
        """One page up."""
        mover = self.mover()
        self._move(-mover.page if mover else 0)

    def do_page_down(self) -> None:
        """One page down."""
        mover = self.mover()
        self._move(mover.page if mover else 0)

    def do_first(self) -> None:
        """To the first row."""
        self._move(-1_000_000)

    def do_last(self) -> None:
        """To the last row."""
        self._move(1_000_000)

    def do_menu(self) -> None:
        """Choose another page."""
        self.face.open_menu()

    def do_help(self) -> None:
        """Show every command of the page."""
        self.face.open_help(self)

    def do_commands(self) -> None:
        """Open the palette."""
        self.face.action_command_palette()

    def do_theme(self) -> None:
        """Go to the next theme."""
        self.notice(_("Theme: {name}").format(name=self.face.next_theme()))

    def do_quit(self) -> None:
        """Leave; asks where something would be lost, also on a page below."""
        self.face.leave_all(self.face.exit)

    def loses(self) -> bool:
        """Whether something was entered here that is not saved."""
        return False

    def what_is_lost(self) -> list[str]:
        """What the question before closing says, a line each."""
        return [_("What you entered is not saved.")]

    def do_back(self) -> None:
        """Go back to the page below, if there is one; a page that is closed already takes no other with it."""
        if self.app.screen is self:
            self.face.back()
