"""The parts of a pane with fields: a scrolling body, sections, labelled fields, and a footer that stays.

A required field has a star, which the pane explains (N6), a hint that gives way to what is wrong,
and one column for all labels. The footer says why Save is disabled; it never scrolls away (N5).
"""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button

from cctui.locales import _
from cctui.tui import glyphs
from cctui.tui.line_breaks import wrapped_lines
from cctui.tui.parts import Line, Part, Tone
from cctui.tui.widgets.line_block import LineBlock
from cctui.tui.widgets.lines import TextLine
from cctui.tui.widgets.paragraph import Paragraph

_LABEL = 27
"""Cells of a field's label; the styles say one more, which stays blank."""


def legend() -> str:
    """What the star means; it stands at the end of the command bar (N6)."""
    return _("* = required.")


class Form(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The body of a pane. Arrows go from field to field wherever the field itself has no use for them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("pageup", "scroll_by_page(-1)", show=False),
        Binding("pagedown", "scroll_by_page(1)", show=False),
    ]
    DEFAULT_CSS = """
    Form { height: 1fr; padding: 0 1 0 3; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    def on_input_submitted(self) -> None:
        """Enter goes to the next field."""
        self.screen.focus_next()

    def action_scroll_by_page(self, direction: int) -> None:
        """Scroll by nearly the height of the body; the focus stays."""
        self.scroll_relative(y=direction * max(1, self.size.height - 2), animate=False)


class Note(Paragraph):
    """Text below a field. The same text again costs nothing: every key in a form would lay the whole pane out anew."""

    def __init__(self, text: str = "", *, classes: str = "") -> None:
        super().__init__(text, classes=classes)
        self._text = text

    def show(self, text: str) -> None:
        """Show ``text``, or take no room where it is empty."""
        if text != self._text:
            self._text = text
            self.update(text)
        self.display = bool(text)


class SectionTitle(Paragraph):
    """The title over some fields."""

    DEFAULT_CSS = "SectionTitle { height: auto; margin-top: 1; text-style: bold; }"

    def __init__(self, title: str) -> None:
        super().__init__(title)


class Field(Vertical):
    """A label, what is entered, and a line below: the hint, or what is wrong with the entry."""

    DEFAULT_CSS = """
    Field { height: auto; }
    Field > .field-row { height: auto; }
    Field > .field-row > .field-label { width: 28; }
    Field > .field-row > .field-control { width: 1fr; max-width: 64; }
    Field > .field-note { height: auto; width: 1fr; margin-left: 28; padding: 0 1; color: $quiet; }
    Field > .field-note.-error { color: $bad; }
    """

    def __init__(
        self,
        label: str,
        control: Widget,
        *,
        required: bool = False,
        hint: str = "",
        beside: Widget | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._label = label
        self._required = required
        self._beside = beside
        self._hint = hint
        self.control = control
        control.add_class("field-control")

    def compose(self) -> ComposeResult:
        """The row, and the line below it."""
        with Horizontal(classes="field-row"):
            yield LineBlock(classes="field-label")
            yield self.control
            if self._beside is not None:
                yield self._beside
        yield Note(self._hint, classes="field-note")

    def on_mount(self) -> None:
        """The label with its star."""
        star = (Part(" *", Tone.ACCENT),) if self._required else ()
        label = wrapped_lines([(Part(self._label), *star)], _LABEL)
        self.query_one(".field-label", LineBlock).show(label)
        self.query_one(".field-note").display = bool(self._hint)

    def show_hint(self, hint: str) -> None:
        """Show another hint from now on."""
        self._hint = hint
        note = self.query_one(".field-note", Note)
        if not note.has_class("-error"):
            note.show(hint)

    def show_problem(self, problem: str) -> None:
        """Say what is wrong with the entry; an empty text brings the hint back."""
        note = self.query_one(".field-note", Note)
        note.set_class(bool(problem), "-error")
        note.show(f"{glyphs.BAD} {problem}" if problem else self._hint)


class Step(Vertical):
    """One thing to do, with its number, and how it stands: done has a tick, colour and words (C12)."""

    DEFAULT_CSS = """
    Step { height: auto; }
    Step > Horizontal { height: auto; }
    Step .step-state { width: 1fr; padding-left: 2; }
    Step > .step-note { height: auto; color: $quiet; padding-left: 4; }
    """

    class Pressed(Message):
        """The step was chosen. ``step`` is its id."""

        def __init__(self, step: str) -> None:
            super().__init__()
            self.step = step

    def __init__(self, title: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._title = title

    def compose(self) -> ComposeResult:
        """The button, its state, and a line to explain."""
        with Horizontal():
            yield Button(self._title, compact=True)
            yield TextLine(classes="step-state")
        yield Note(classes="step-note")

    def show(self, state: str, *, done: bool = False, enabled: bool = True, note: str = "") -> None:
        """Show how it stands."""
        line: Line = (Part(f"{glyphs.GOOD} {state}", Tone.GOOD),)
        if not done:
            line = (Part(f"{glyphs.WAITING} {state}", Tone.QUIET),) if state else ()
        shown = self.query_one(".step-state", TextLine)
        shown.show(line)
        shown.display = bool(line)
        self.query_one(Button).disabled = not enabled
        self.query_one(".step-note", Note).show(note)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Hand the step on."""
        event.stop()
        self.post_message(self.Pressed(self.id or ""))


class FormFooter(Horizontal):
    """Save and Cancel, always in sight, and why Save is disabled."""

    DEFAULT_CSS = """
    FormFooter { height: 1; padding: 0 1 0 3; }
    FormFooter > .form-why { width: 1fr; }
    """

    class Chosen(Message):
        """Save or Cancel was pressed."""

        def __init__(self, *, save: bool) -> None:
            super().__init__()
            self.save = save

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._save = Button(_("Save"), classes="form-save", compact=True, disabled=True)
        self._why_not = ""

    def compose(self) -> ComposeResult:
        """The sentence, then the buttons."""
        yield TextLine(classes="form-why")
        yield self._save
        yield Button(_("Cancel"), classes="form-cancel", compact=True)

    def show(self, why_not: str) -> None:
        """Enable Save, or say why it is disabled."""
        self._save.disabled = bool(why_not)
        self._why_not = why_not
        sentence = self.query_one(".form-why", TextLine)
        text = _("Save is disabled: {reason}").format(reason=why_not) if why_not else ""
        if cell_len(text) > sentence.size.width > 0:
            text = why_not
        sentence.show((Part(text, Tone.QUIET),))

    def on_resize(self) -> None:
        """The reason alone has to do where there is little room."""
        self.call_after_refresh(lambda: self.show(self._why_not))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Hand the choice on."""
        event.stop()
        self.post_message(self.Chosen(save=event.button is self._save))
