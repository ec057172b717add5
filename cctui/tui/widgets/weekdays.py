"""The days of the week side by side, each to be ticked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cctui.definitions.model import WEEKDAYS, Weekday
from cctui.locales import weekday
from cctui.tui.parts import Part, Tone
from cctui.tui.widgets.lines import TONES, strip_of

_GAP = 2


class Weekdays(Widget, can_focus=True):
    """Left and right go from day to day, Space ticks; ``compact`` leaves the boxes away where room is short."""

    COMPONENT_CLASSES: ClassVar[set[str]] = TONES | {"table--cursor"}
    DEFAULT_CSS = "Weekdays { height: 1; max-width: 72; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("space,enter", "turn", show=False),
    ]

    class Changed(Message):
        """A day was ticked, or no longer is."""

        def __init__(self, weekdays: Weekdays) -> None:
            super().__init__()
            self.weekdays = weekdays

        @property
        def control(self) -> Weekdays:
            """The days."""
            return self.weekdays

    def __init__(self, days: Sequence[Weekday], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.days = tuple(days)
        self._cursor = 0

    def turn(self, index: int) -> None:
        """Tick a day, or take its tick away."""
        day = WEEKDAYS[index]
        self._cursor = index
        self.days = tuple(one for one in WEEKDAYS if (one in self.days) != (one == day))
        self.refresh()
        self.post_message(self.Changed(self))

    def action_step(self, by: int) -> None:
        """Go to the next day."""
        self._cursor = (self._cursor + by) % len(WEEKDAYS)
        self.refresh()

    def action_turn(self) -> None:
        """Tick the day under the cursor."""
        self.turn(self._cursor)

    def on_click(self, event: events.Click) -> None:
        """Tick the day under the pointer."""
        place = 0
        for index, text in enumerate(self._texts()):
            if place <= event.x < place + cell_len(text):
                self.turn(index)
            place += cell_len(text) + _GAP

    def render_line(self, y: int) -> Strip:
        """The row of days."""
        width, base = self.size.width, self.rich_style
        strips, place = [], 0
        for index, text in enumerate(self._texts()):
            here = self.has_focus and index == self._cursor
            style = base + self.get_component_rich_style("table--cursor") if here else base
            tone = Tone.PLAIN if WEEKDAYS[index] in self.days or here else Tone.QUIET
            room = min(cell_len(text), max(0, width - place))
            strips += [strip_of(self, (Part(text, tone),), room, style), Strip.blank(_GAP, base)]
            place += cell_len(text) + _GAP
        return Strip.join(strips).adjust_cell_length(width, base)

    def _texts(self) -> list[str]:
        names = {day: weekday(day).rstrip(".") for day in WEEKDAYS}
        boxes = [f"[{'x' if day in self.days else ' '}] {name}" for day, name in names.items()]
        if sum(map(cell_len, boxes)) + _GAP * (len(boxes) - 1) <= self.size.width:
            return boxes
        return [f"{'x' if day in self.days else '·'}{name}" for day, name in names.items()]
