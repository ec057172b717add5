"""The small windows over a page: an error, a question, the menu."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from cctui.errors import CctuiError
from cctui.locales import _
from cctui.tui.frame import Place
from cctui.tui.parts import Part, Tone
from cctui.tui.stacked_screen import StackedScreen
from cctui.tui.widgets.giving_way import GivingWay
from cctui.tui.widgets.lines import Board, BoardLine
from cctui.tui.widgets.paragraph import Paragraph

if TYPE_CHECKING:
    from cctui.tui.app import CctuiApp

_FRAME = 11
"""Cells that border, padding, gutter and scroll bar take from a window's width."""

_HELP_KEYS = 14
_HELP_TITLE = 19

_BUTTON_KEYS: list[BindingType] = [
    Binding("left,up", "app.focus_previous", show=False),
    Binding("right,down", "app.focus_next", show=False),
    Binding("pageup", "turn(-1)", show=False),
    Binding("pagedown", "turn(1)", show=False),
]


class _Readable:
    """A window whose text may be longer than it: paging keys turn it, while the focus stays on the answers."""

    def action_turn(self, pages: int) -> None:
        """Scroll the text."""
        cast("ModalScreen[object]", self).query_one(GivingWay).turn(pages)


class ErrorDialog(_Readable, ModalScreen[None], StackedScreen[None]):
    """What happened, why, and what to do; ``c`` copies it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
        Binding("c", "copy", show=False),
        *_BUTTON_KEYS,
    ]

    def __init__(self, problem: CctuiError) -> None:
        super().__init__()
        self.problem = problem

    def compose(self) -> ComposeResult:
        """Three paragraphs and two buttons."""
        with Vertical(classes="dialog"):
            yield Paragraph(self.problem.what, classes="dialog-title")
            with GivingWay(classes="dialog-text"):
                if self.problem.why:
                    yield Paragraph(self.problem.why)
                if self.problem.do:
                    yield Paragraph(self.problem.do, classes="next-step")
            with Horizontal(classes="dialog-buttons"):
                yield Button(_("Copy (c)"), id="copy", compact=True)
                yield Button(_("Close"), id="close", compact=True)

    def on_mount(self) -> None:
        """Enter closes."""
        self.query_one("#close").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Copy or close."""
        if event.button.id == "copy":
            self.action_copy()
        else:
            self.dismiss()

    def action_copy(self) -> None:
        """Copy the whole text through the terminal."""
        cast("CctuiApp", self.app).copy(
            "\n".join(part for part in (self.problem.what, self.problem.why, self.problem.do) if part)
        )
        self.query_one("#copy", Button).label = _("Copied")


class ConfirmDialog(_Readable, ModalScreen[bool], StackedScreen[bool]):
    """A question before something is done. It names what is affected, and the safe answer has the focus.

    ``refuse`` is the safe answer where Cancel would be a riddle ("Cancel job?").
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,n", "answer(False)", show=False), *_BUTTON_KEYS]

    def __init__(self, title: str, lines: Sequence[str], verb: str, refuse: str = "") -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._verb = verb
        self._refuse = refuse

    def compose(self) -> ComposeResult:
        """The question, what it is about, the verb and Cancel."""
        with Vertical(classes="dialog"):
            yield Paragraph(self._title, classes="dialog-title")
            with GivingWay(classes="dialog-text"):
                for line in self._lines:
                    yield Paragraph(line)
            with Horizontal(classes="dialog-buttons"):
                yield Button(self._verb, id="yes", compact=True)
                yield Button(self._refuse or _("Cancel"), id="no", compact=True)

    def on_mount(self) -> None:
        """Enter alone changes nothing."""
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Answer by key."""
        self.dismiss(answer)


class BoardDialog(ModalScreen[str], StackedScreen[str]):
    """A window of lines to move in; Enter opens the line under the cursor, where it has something to open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown,space", "move(10)", show=False),
        Binding("enter", "open", show=False),
    ]

    SHAPE: ClassVar[str] = ""
    WIDTH: ClassVar[int] = 76
    AUTO_FOCUS = "#board"

    def lines(self, width: int) -> Iterable[BoardLine]:
        """What the window shows, made for a width."""
        return ()

    def title_text(self) -> str:
        """What the window is."""
        return ""

    def compose(self) -> ComposeResult:
        with Vertical(classes=f"dialog {self.SHAPE}"):
            yield Paragraph(self.title_text(), classes="dialog-title")
            yield Board(id="board")

    def on_mount(self) -> None:
        """Show the lines: known before the first layout, so that the window is drawn once and not twice."""
        self.show_lines()
        self.shown(self.query_one(Board))

    @property
    def width(self) -> int:
        """Cells in a line of the window."""
        return min(self.WIDTH, self.app.size.width * 94 // 100) - _FRAME

    def show_lines(self) -> None:
        """Show what :meth:`lines` gives now."""
        board = self.query_one(Board)
        lines = list(self.lines(self.width))
        board.styles.height = min(max(1, len(lines)), max(4, self.app.size.height - 8))
        board.show(lines)

    def shown(self, board: Board) -> None:
        """The lines are there."""

    def action_move(self, by: int) -> None:
        """Move by so many lines."""
        self.query_one(Board).move(by)

    def action_open(self) -> None:
        """Take the line under the cursor."""
        self.dismiss(self.query_one(Board).current or None)

    def on_board_opened(self, message: Board.Opened) -> None:
        """A click takes a line."""
        self.dismiss(message.target)


class MenuDialog(BoardDialog):
    """The menu, for the keyboard: a letter or Enter goes there."""

    def __init__(self, places: Sequence[Place], here: str) -> None:
        super().__init__()
        self._places = places
        self._here = here

    def title_text(self) -> str:
        """What the window is."""
        return _("Go to")

    SHAPE: ClassVar[str] = "small"

    def shown(self, board: Board) -> None:
        """Begin where one is."""
        board.move_to_target(self._here)

    def lines(self, width: int) -> Iterable[BoardLine]:
        """Every page with its letter."""
        group = ""
        for place in self._places:
            if place.group != group:
                group = place.group
                yield BoardLine()
                yield BoardLine((Part(_(group), Tone.QUIET),))
            tone = Tone.STRONG if place.id == self._here else Tone.PLAIN
            yield BoardLine((Part(place.key, Tone.KEY), Part(f"  {_(place.title)}", tone)), place.id)

    def on_key(self, event: Any) -> None:
        """A letter goes there."""
        for place in self._places:
            if event.key == place.key:
                event.stop()
                self.dismiss(place.id)
