"""A pane around a form: Save at its foot, Esc closes, and what was entered is not lost without a question."""

from __future__ import annotations

from typing import ClassVar

from cctui.tui.commands import Command
from cctui.tui.frame import pane_heading
from cctui.tui.page import Page
from cctui.tui.parts import Line
from cctui.tui.widgets.form import FormFooter, legend


class FormPage(Page):
    """Subclasses give a body with a form and a :class:`FormFooter`, :meth:`loses`, and the command ``save``."""

    COMMANDS: ClassVar[tuple[Command, ...]] = ()
    FORM = True
    CSS_PATH = "../form.tcss"

    def is_drawn_once(self) -> bool:
        """Many fields take their time: what is there is drawn at once."""
        return False

    def heading_line(self) -> Line:
        """The title, and how to close."""
        return pane_heading(self.heading(), self.page_width)

    def count(self) -> str:
        """What the star means (N6)."""
        return legend()

    async def on_form_footer_chosen(self, message: FormFooter.Chosen) -> None:
        """Save, or go back."""
        if not message.save:
            self.do_back()
            return
        for command in self.COMMANDS:
            if command.name == "save":
                await self.perform(command)

    def do_back(self) -> None:
        """Close; asks where something would be lost."""
        self.face.leave([self], self.close_pane)

    def close_pane(self, told: str = "") -> None:
        """Close without a question; ``told`` is said on the page below."""
        face = self.face
        self.dismiss()
        face.call_later(face.refresh_now)
        if told:
            face.call_later(face.notify, told)
