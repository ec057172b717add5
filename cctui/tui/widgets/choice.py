"""A field whose value is chosen from a list that opens over the pane."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cctui.tui import glyphs
from cctui.tui.parts import Part, Tone, clip, spread
from cctui.tui.widgets.lines import TONES, strip_of


class ChoiceField(Widget, can_focus=True):
    """Shows what is chosen; Enter, Space or a click asks the screen for the list. Where ``removable``, Del removes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | {"table--cursor"}
    DEFAULT_CSS = """
    ChoiceField { height: 1; padding: 0 1; background: $surface; color: $foreground; }
    ChoiceField:focus { background: $cursor; color: $cursor-text; }
    ChoiceField:ansi:focus { text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "ask", show=False),
        Binding("delete,backspace", "remove", show=False),
    ]

    class Asked(Message):
        """The list is wanted."""

        def __init__(self, field: ChoiceField) -> None:
            super().__init__()
            self.field = field

    class Removed(Message):
        """The whole field is not wanted."""

        def __init__(self, field: ChoiceField) -> None:
            super().__init__()
            self.field = field

    def __init__(self, name: str, *, empty: str, removable: bool = False) -> None:
        super().__init__(id=None)
        self.choice = name
        self.removable = removable
        self._empty = empty
        self._text = ""
        self._tone = Tone.PLAIN

    def show(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Show ``text`` as the value; an empty one shows what to do."""
        if (text, tone) != (self._text, self._tone):
            self._text, self._tone = text, tone
            self.refresh()

    @property
    def text(self) -> str:
        """The value as it is shown."""
        return self._text

    def action_ask(self) -> None:
        """Ask for the list."""
        self.post_message(self.Asked(self))

    def action_remove(self) -> None:
        """Ask to be removed."""
        if self.removable:
            self.post_message(self.Removed(self))

    def on_click(self) -> None:
        """As Enter."""
        self.action_ask()

    def render_line(self, y: int) -> Strip:
        """The value, and the sign that there is a list."""
        width, base = self.content_size.width, self.rich_style
        value = Part(clip(self._text or self._empty, width - 2), self._tone if self._text else Tone.QUIET)
        sign = () if self.disabled else (Part(f" {glyphs.OPENS}", Tone.QUIET),)
        toned = not (self.has_focus and self.app.native_ansi_color)
        return strip_of(self, spread((value,), sign, width), width, base, toned=toned)
