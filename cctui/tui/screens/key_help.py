"""How an application key is made in Constant Contact's developer portal."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button

from cctui.locales import _
from cctui.tui.stacked_screen import StackedScreen
from cctui.tui.widgets.paragraph import Paragraph

PORTAL = "https://app.constantcontact.com/pages/dma/portal/"
"""The developer portal."""


def key_steps() -> list[str]:
    """What to do, one step a line."""
    return [
        _("1. Open the developer portal in a browser: {address}").format(address=PORTAL),
        _(
            "2. Sign in there as the same user who will authorise this connection: a new application works for the "
            "user who made it."
        ),
        _('3. Choose New Application and give it a name; the name must not contain "Constant Contact".'),
        _("4. Choose Device Flow as its kind. It cannot be changed later."),
        _("5. Choose Rotating Refresh Tokens."),
        _("6. Copy the API key (client id): that is the application key. No secret is needed."),
        _(
            "The limits of 4 requests a second and 10,000 a day belong to the key, so a key of its own keeps this "
            "environment out of the way of other programs."
        ),
    ]


class KeyHelpDialog(ModalScreen[None], StackedScreen[None]):
    """The steps, to read."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f3", "dismiss", show=False)]
    DEFAULT_CSS = """
    KeyHelpDialog .key-step { margin-bottom: 1; }
    KeyHelpDialog .dialog-text { max-height: 11; }
    KeyHelpDialog .dialog-text:focus { scrollbar-color: $accent; }
    KeyHelpDialog .dialog-text:ansi { border-left: solid ansi_default; }
    KeyHelpDialog .dialog-text:ansi:focus { border-left: thick ansi_default; }
    """

    def compose(self) -> ComposeResult:
        """Title, steps, Close."""
        with Vertical(classes="dialog"):
            yield Paragraph(_("How to get an application key"), classes="dialog-title")
            with VerticalScroll(classes="dialog-text"):
                for step in key_steps():
                    yield Paragraph(step, classes="key-step")
            with Horizontal(classes="dialog-buttons"):
                yield Button(_("Close"), id="close", compact=True)

    def on_mount(self) -> None:
        """Arrows scroll the steps; Esc closes."""
        self.query_one(".dialog-text").focus()

    def on_button_pressed(self) -> None:
        """Close."""
        self.dismiss()
