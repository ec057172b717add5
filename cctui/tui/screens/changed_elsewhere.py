"""A definition was changed elsewhere while it was open here: keep theirs, keep mine, or look at the difference."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from cctui.definitions.toml_files import ChangedElsewhere
from cctui.locales import _
from cctui.tui.parts import shown
from cctui.tui.stacked_screen import StackedScreen
from cctui.tui.widgets.giving_way import GivingWay
from cctui.tui.widgets.paragraph import Paragraph

_BESIDE = 3
"""Lines of the sentence above the difference, and what separates them."""


class Kept(StrEnum):
    """Whose text stays."""

    THEIRS = "theirs"
    MINE = "mine"


class ChangedElsewhereDialog(ModalScreen[Kept | None], StackedScreen[Kept | None]):
    """Ends with whose text to keep, ``None`` to go on editing. Nothing is saved here.

    To keep mine, save again with the fingerprint of ``problem`` as the expected one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "dismiss", show=False),
        Binding("d", "difference", show=False),
        Binding("left,shift+tab", "app.focus_previous", show=False),
        Binding("right,tab", "app.focus_next", show=False),
    ]
    CSS_PATH = "../form.tcss"
    DEFAULT_CSS = """
    ChangedElsewhereDialog #difference { display: none; height: auto; max-height: 12; margin-top: 1; }
    ChangedElsewhereDialog #difference.-open { display: block; }
    """

    def __init__(self, problem: ChangedElsewhere) -> None:
        super().__init__()
        self.problem = problem

    def compose(self) -> ComposeResult:
        """What happened, the difference where it is asked for, and the answers."""
        gone = self.problem.fingerprint is None
        with Vertical(classes="dialog"):
            yield Paragraph(self.problem.what, classes="dialog-title")
            yield Paragraph(
                _("It was removed there. Nothing has been saved yet.") if gone else _("Nothing has been saved yet.")
            )
            with GivingWay(beside=_BESIDE, can_focus=True, id="difference"):
                yield Static(_colored(self.problem.difference()), markup=False)
            with Horizontal(classes="dialog-buttons", id="difference-answers"):
                yield Button(_("See the difference"), id="see", compact=True)
                yield Button(_("Keep theirs"), id="theirs", compact=True)
                yield Button(_("Keep mine"), id="mine", compact=True)
                yield Button(_("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """Enter alone loses nothing."""
        self.query_one("#see").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer, or show the difference."""
        if event.button.id == "see":
            self.action_difference()
        else:
            answers = {Kept.THEIRS.value: Kept.THEIRS, Kept.MINE.value: Kept.MINE}
            self.dismiss(answers.get(event.button.id or ""))

    def action_difference(self) -> None:
        """Show the difference, or hide it again."""
        self.query_one("#difference").toggle_class("-open")


def _colored(lines: list[str]) -> Text:
    """The comparison; its signs carry the meaning, bold marks what differs."""
    text = Text()
    for line in lines:
        heading = line[:3] in {"+++", "---", "@@ "}
        sign, rest = (line[:3].strip(), line[3:]) if heading else (line[:1], line[1:])
        style = "bold" if sign in {"+", "-"} else ""
        text.append(f"{sign} {shown(rest, 300)}\n", style=style)
    return text
