"""The help of a page: what to do there step by step, its keys, what is limited; and a search over all help."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from cctui.locales import _
from cctui.tui import help_topics
from cctui.tui.commands import Command, Facts, key_name
from cctui.tui.line_breaks import wrapped
from cctui.tui.parts import Part, Tone, fill
from cctui.tui.screens.dialogs import BoardDialog
from cctui.tui.widgets.lines import Board, BoardLine
from cctui.tui.widgets.paragraph import Paragraph

_HELP_KEYS = 14
_HELP_TITLE = 19


class HelpDialog(BoardDialog):
    """Steps, keys and limitations of a page; ``/`` searches in everything."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", show=False),
        Binding("escape", "leave", show=False),
    ]
    CSS = "HelpDialog Input { display: none; } HelpDialog Input.-open { display: block; }"
    SHAPE: ClassVar[str] = "large"
    WIDTH: ClassVar[int] = 100

    def __init__(self, commands: Sequence[Command], facts: Facts, place: str = "") -> None:
        super().__init__()
        self._commands = commands
        self._facts = facts
        self._topics = help_topics.topics_of(place)
        self._query = ""

    def title_text(self) -> str:
        """What the window is, and how to search."""
        return f"{_('Help')}   / {_('Search')}"

    def compose(self) -> ComposeResult:
        """Title, search field, lines."""
        with Vertical(classes=f"dialog {self.SHAPE}"):
            yield Paragraph(self.title_text(), classes="dialog-title")
            field = Input(placeholder=_("Type to search"), select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Board(id="board")

    def lines(self, width: int) -> Iterable[BoardLine]:
        """What is asked for, else the steps, the keys and what is limited."""
        if self._query:
            return list(_found(self._query, self._commands, self._facts, width))
        blocks = list(help_topics.blocks(self._topics))
        steps = _blocks(blocks[: len(self._topics)], width)
        keys = help_lines(self._commands, self._facts, width)
        return [*steps, *keys, BoardLine(), *_blocks(blocks[len(self._topics) :], width)[:-1]]

    def action_search(self) -> None:
        """Open the search field."""
        field = self.query_one(Input)
        field.add_class("-open")
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        event.stop()
        self._query = event.value.strip()
        self.show_lines()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes back to what was found, so that it can be scrolled with every key."""
        event.stop()
        self.query_one(Board).focus()

    def action_leave(self) -> None:
        """End the search first, then close."""
        field = self.query_one(Input)
        if field.has_class("-open"):
            field.value = ""
            field.remove_class("-open")
            self.query_one(Board).focus()
        else:
            self.dismiss(None)


def _blocks(blocks: Iterable[tuple[str, list[str]]], width: int) -> list[BoardLine]:
    made: list[BoardLine] = []
    for title, texts in blocks:
        made.append(BoardLine((Part(title, Tone.STRONG),)))
        for text in texts:
            indent = "   " if text[:1].isdigit() and text[1:3] == ". " else ""
            first, *rest = wrapped(text, max(20, width - 3))
            made += [BoardLine((Part(first),)), *(BoardLine((Part(indent + line),)) for line in rest)]
        made.append(BoardLine())
    return made


def _found(query: str, commands: Sequence[Command], facts: Facts, width: int) -> Iterable[BoardLine]:
    words = query.casefold().split()
    hits = [
        command
        for command in commands
        if all(word in f"{command.title_for(facts)} {_(command.help)}".casefold() for word in words)
    ]
    lines = [*_blocks(help_topics.found(query), width), *help_lines(hits, facts, width)]
    return lines or [BoardLine((Part(_("Nothing matches."), Tone.QUIET),))]


def help_lines(commands: Sequence[Command], facts: Facts, width: int) -> list[BoardLine]:
    """The help of a page, made from its commands alone. Long sentences go on below; nothing is cut."""
    lines: list[BoardLine] = []
    for group in dict.fromkeys(command.group for command in commands):
        if lines:
            lines.append(BoardLine())
        lines.append(BoardLine((Part(_(group), Tone.STRONG),)))
        for command in commands:
            if command.group == group:
                lines += _help_entry(command, facts, width)
    return lines


def _help_entry(command: Command, facts: Facts, width: int) -> Iterable[BoardLine]:
    keys = " ".join(key_name(key) for key in command.keys)
    about = wrapped(command.why_disabled(facts) or _(command.help), max(20, width - _HELP_KEYS - _HELP_TITLE))
    titles = wrapped(command.title_for(facts), _HELP_TITLE - 1)
    for index, (title, text) in enumerate(zip_longest(titles, about, fillvalue="")):
        yield BoardLine(
            (
                Part(fill("" if index else keys, _HELP_KEYS), Tone.KEY),
                Part(fill(title, _HELP_TITLE)),
                Part(text, Tone.QUIET),
            )
        )
