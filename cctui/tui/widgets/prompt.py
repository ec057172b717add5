"""A question on one line, closed until it is asked: what to search for, where to save."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from cctui.tui.parts import Part, Tone, width_of
from cctui.tui.widgets.lines import TextLine


class Prompt(Horizontal):
    """A label and a field. Enter answers; the screen's own Back closes it."""

    DEFAULT_CSS = """
    Prompt { display: none; height: 1; padding: 0 1; }
    Prompt.-open { display: block; }
    Prompt Input { width: 1fr; }
    """

    class Answered(Message):
        """Something was typed and confirmed. ``kind`` is what was asked."""

        def __init__(self, kind: str, text: str) -> None:
            super().__init__()
            self.kind = kind
            self.text = text

    def __init__(self, *, id: str = "prompt") -> None:  # noqa: A002
        super().__init__(id=id)
        self.kind = ""
        self._label = TextLine()
        self._field = Input(select_on_focus=False)
        self._field.cursor_blink = False

    def compose(self) -> ComposeResult:
        """The label, the field."""
        yield self._label
        yield self._field

    @property
    def open(self) -> bool:
        """Whether something is being asked."""
        return self.has_class("-open")

    def ask(self, kind: str, label: str, text: str = "") -> None:
        """Open with ``text`` in the field."""
        self.kind = kind
        line = (Part(f" {label} ", Tone.QUIET),)
        self._label.styles.width = width_of(line)
        self._label.show(line)
        self._field.value = text
        self._field.cursor_position = len(text)
        self.add_class("-open")
        self._field.focus()

    def close(self) -> None:
        """Ask nothing any more."""
        self.remove_class("-open")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the answer to the screen."""
        event.stop()
        self.close()
        self.post_message(self.Answered(self.kind, event.value.strip()))
