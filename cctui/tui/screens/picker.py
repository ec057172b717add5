"""A list to choose from, over a pane: a filter that is typed into, and rows in groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from cctui.locales import _
from cctui.tui.parts import Line, Part, Tone, clip, fill, width_of
from cctui.tui.stacked_screen import StackedScreen
from cctui.tui.widgets.fact_lines import FactLines
from cctui.tui.widgets.lines import Board, BoardLine
from cctui.tui.widgets.paragraph import Paragraph

_AROUND = 14
"""Lines of the window that are not rows, and of the screen around it."""


class Option(Struct, frozen=True):
    """A row: what choosing it gives, how it reads, and what stands at its right end.

    ``group`` is the title over it; ``words`` are found by the filter too; ``always`` keeps it whatever is typed.
    """

    value: str
    title: str
    aside: str = ""
    group: str = ""
    words: str = ""
    tone: Tone = Tone.PLAIN
    always: bool = False


class Picker(ModalScreen[str], StackedScreen[str]):
    """Gives the value of the option that was chosen, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", show=False),
        Binding("up,shift+tab", "move(-1)", show=False),
        Binding("down,tab", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("enter", "choose", show=False),
    ]
    CSS = """
    .picker-filter { margin-bottom: 1; }
    #board { background: $surface; }
    #picker-state { margin-top: 1; }
    """
    LEAST_ROWS: ClassVar[int] = 6

    def __init__(self, title: str, options: Sequence[Option], chosen: str = "", *, hint: str = "") -> None:
        super().__init__()
        self._title = title
        self._options: tuple[Option, ...] = tuple(options)
        self._chosen = chosen
        self._hint = hint
        self._rows = self.LEAST_ROWS
        self._field = Input(placeholder=_("Type to search"), classes="picker-filter", select_on_focus=False)
        self._field.cursor_blink = False
        self._board = Board(id="board")
        self._board.can_focus = False
        self._state = FactLines(id="picker-state", beside=False)

    def compose(self) -> ComposeResult:
        """The filter, the rows, a line below."""
        with Vertical(classes="dialog"):
            yield Paragraph(self._title, classes="dialog-title")
            yield self._field
            yield self._board
            yield self._state

    def on_mount(self) -> None:
        """Typing filters from the first key on."""
        self._field.focus()
        self.call_after_refresh(self._show_first)

    def _show_first(self) -> None:
        self.show_options()
        if self._chosen:
            self._board.move_to_target(self._chosen)

    def on_resize(self) -> None:
        """Fit the rows to the new width."""
        self.call_after_refresh(self.show_options)

    @property
    def typed(self) -> str:
        """What is in the filter."""
        return self._field.value.strip()

    def options(self) -> Sequence[Option]:
        """Every option, whatever is typed."""
        return self._options

    def state(self) -> Line:
        """The line below the rows."""
        return (Part(self._hint or _("Enter chooses, Esc closes."), Tone.QUIET),)

    def show_options(self) -> None:
        """Show what the filter leaves."""
        if not self.is_mounted:
            return
        board = self._board
        options = filtered(self.options(), self.typed)
        lines = option_lines(options, max(20, board.size.width - 5))
        if self.options() and not lines:
            lines = [BoardLine((Part(_("Nothing matches."), Tone.QUIET),))]
        # The window grows with what arrives, and does not jump while one types.
        self._rows = max(self._rows, min(len(lines), self.app.size.height - _AROUND))
        board.styles.height = self._rows
        board.show(lines)
        self._state.say([self.state()])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as one types."""
        event.stop()
        self.show_options()
        self._board.scroll_to(y=0, animate=False, force=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter chooses."""
        event.stop()
        self.action_choose()

    def on_board_opened(self, message: Board.Opened) -> None:
        """A click chooses."""
        self.chosen(message.target)

    def action_move(self, by: int) -> None:
        """Move among the rows."""
        self._board.move(by)

    def action_choose(self) -> None:
        """Take the row under the cursor."""
        if self._board.current:
            self.chosen(self._board.current)

    def chosen(self, value: str) -> None:
        """Something was chosen."""
        self.dismiss(value)


def filtered(options: Sequence[Option], typed: str) -> list[Option]:
    """The options that hold every word that was typed, in whatever case."""
    words = typed.casefold().split()
    return [
        option
        for option in options
        if option.always
        or all(word in f"{option.title} {option.aside} {option.group} {option.words}".casefold() for word in words)
    ]


def option_lines(options: Sequence[Option], width: int) -> list[BoardLine]:
    """The rows of a picker, each group under its title."""
    lines: list[BoardLine] = []
    group = ""
    for option in options:
        if option.group != group:
            group = option.group
            if lines:
                lines.append(BoardLine())
            lines.append(BoardLine((Part(group, Tone.QUIET),)))
        aside = clip(option.aside, width // 2)
        room = width - (width_of([Part(aside)]) + 2 if aside else 0)
        lines.append(
            BoardLine(
                (Part(fill(option.title, room), option.tone), Part(f"  {aside}" if aside else "", Tone.QUIET)),
                option.value,
            )
        )
    return lines
