"""What is entered in a form: a text, one of a few choices, a box to tick, a text to read before ticking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from cctui.tui import glyphs
from cctui.tui.parts import Part, Tone
from cctui.tui.widgets.lines import TONES, strip_of
from cctui.tui.widgets.paragraph import Paragraph


class TextField(Input):
    """A text on one line. Where it ``asks``, ``?`` asks for help instead of being typed."""

    DEFAULT_CSS = """
    TextField:ansi { border-left: solid ansi_default; border-right: solid ansi_default; }
    TextField:ansi:focus { border-left: thick ansi_default; border-right: solid ansi_default; }
    """

    class HelpAsked(Message):
        """A question mark was typed where it has no other meaning."""

        def __init__(self, field: TextField) -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> TextField:
            """The field."""
            return self.field

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
        asks: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(value, placeholder=placeholder, password=password, select_on_focus=False, id=id)
        self.cursor_blink = False
        self._asks = asks

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Which keys are typed; a question mark is not where it asks."""
        return not (self._asks and character == "?") and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        if self._asks and event.character == "?":
            event.stop()
            event.prevent_default()
            self.post_message(self.HelpAsked(self))
            return
        await super()._on_key(event)


class Choices(Widget, can_focus=True):
    """A few choices, one line each, one of them chosen (C7). Space and Enter choose, arrows go up and down."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | {"table--cursor"}
    DEFAULT_CSS = "Choices { height: auto; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("space,enter", "choose", show=False),
    ]

    class Changed(Message):
        """Another one was chosen."""

        def __init__(self, choices: Choices) -> None:
            super().__init__()
            self.choices = choices

        @property
        def control(self) -> Choices:
            """The choices."""
            return self.choices

    def __init__(self, titles: Sequence[str], chosen: int = 0, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._titles = tuple(titles)
        self.chosen = chosen
        self._cursor = chosen

    def get_content_height(self, *_sizes: object) -> int:
        """One line each."""
        return len(self._titles)

    def choose(self, index: int) -> None:
        """Choose one of them."""
        self._cursor = index
        if index != self.chosen:
            self.chosen = index
            self.post_message(self.Changed(self))
        self.refresh()

    def action_step(self, by: int) -> None:
        """Go to the next one; beyond the ends to the next field."""
        there = self._cursor + by
        if 0 <= there < len(self._titles):
            self._cursor = there
            self.refresh()
        elif by < 0:
            self.screen.focus_previous()
        else:
            self.screen.focus_next()

    def action_choose(self) -> None:
        """Choose the one under the cursor."""
        self.choose(self._cursor)

    def on_focus(self) -> None:
        """Begin at the chosen one."""
        self._cursor = self.chosen

    def on_click(self, event: events.Click) -> None:
        """Choose the one under the pointer."""
        if event.y < len(self._titles):
            self.choose(event.y)

    def render_line(self, y: int) -> Strip:
        """One choice."""
        width, base = self.size.width, self.rich_style
        if y >= len(self._titles):
            return Strip.blank(width, base)
        here = self.has_focus and y == self._cursor
        if here:
            base += self.get_component_rich_style("table--cursor")
        sign = f"({glyphs.MARK})" if y == self.chosen else "( )"
        parts = (Part(f"{sign} ", Tone.ACCENT if y == self.chosen else Tone.QUIET), Part(self._titles[y]))
        return strip_of(self, parts, width, base, toned=not (here and self.app.native_ansi_color))


class Tick(Widget, can_focus=True):
    """A box to tick."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | {"table--cursor"}
    DEFAULT_CSS = "Tick { height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "turn", show=False)]

    class Changed(Message):
        """It was ticked, or no longer is."""

        def __init__(self, tick: Tick) -> None:
            super().__init__()
            self.tick = tick

        @property
        def control(self) -> Tick:
            """The box."""
            return self.tick

    def __init__(self, title: str, *, ticked: bool = False, required: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._title = title
        self._required = required
        self.ticked = ticked

    def action_turn(self) -> None:
        """Tick it, or take the tick away."""
        self.ticked = not self.ticked
        self.refresh()
        self.post_message(self.Changed(self))

    def on_click(self) -> None:
        """The same with the pointer."""
        self.action_turn()

    def render_line(self, y: int) -> Strip:
        """The box and what it says."""
        width, base = self.size.width, self.rich_style
        if self.has_focus:
            base += self.get_component_rich_style("table--cursor")
        box = "[x] " if self.ticked else "[ ] "
        star = [Part(" *", Tone.ACCENT)] if self._required else []
        parts = (Part(box, Tone.ACCENT if self.ticked else Tone.QUIET), Part(self._title), *star)
        return strip_of(self, parts, width, base, toned=not (self.has_focus and self.app.native_ansi_color))


class ReadingText(VerticalScroll, can_focus=True):
    """A text to read, of a fixed height; arrows scroll it while it has the focus."""

    DEFAULT_CSS = """
    ReadingText { height: 6; background: $surface; padding: 0 1; scrollbar-size-vertical: 1; max-width: 92; }
    ReadingText > Static { height: auto; }
    ReadingText:focus { background: $cursor; color: $cursor-text; }
    ReadingText:ansi { border-left: solid ansi_default; }
    ReadingText:ansi:focus { border-left: thick ansi_default; }
    """

    def __init__(self, text: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = text

    def compose(self) -> ComposeResult:
        """The text."""
        yield Paragraph(self._text)
