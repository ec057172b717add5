"""A page with the log of a run: finding, copying and saving what stands there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from cctui.access.confinement import Reach, confined, why_out_of_reach
from cctui.delivery.states import RunId
from cctui.locales import _, number
from cctui.tui.commands import Command
from cctui.tui.page import Page
from cctui.tui.parts import Tone, shown
from cctui.tui.widgets.prompt import Prompt
from cctui.tui.widgets.run_log_pane import RunLogPane


class LogPage(Page):
    """What can be done with the log; the page itself is somebody else's."""

    COMMANDS: ClassVar[tuple[Command, ...]] = ()

    def __init__(self, run_id: RunId) -> None:
        super().__init__()
        self.run_id = run_id

    @property
    def log_pane(self) -> RunLogPane:
        """The log."""
        return self.query_one(RunLogPane)

    def do_search(self) -> None:
        """Ask what to look for."""
        self.query_one(Prompt).ask("search", _("Search"), self.log_pane.needle)

    def do_next(self) -> None:
        """The next hit."""
        self._go_to_hit(1)

    def do_previous(self) -> None:
        """The hit before."""
        self._go_to_hit(-1)

    def _go_to_hit(self, step: int) -> None:
        if not self.log_pane.needle:
            self.do_search()
        elif not self.log_pane.next_hit(step) and not self.log_pane.searching:
            self.notice(_("“{text}” is not in the log.").format(text=shown(self.log_pane.needle, 40)), Tone.WARNING)

    def do_level(self) -> None:
        """The next level."""
        self.log_pane.next_level()

    def do_follow(self) -> None:
        """Stay at the end, or stay here."""
        self.log_pane.toggle_follow()

    def do_copy(self) -> None:
        """Copy what is under the cursor."""
        text = self.text_under_cursor()
        if text:
            self.face.copy(text)
            self.notice(
                _("Copied, where the terminal allows it.")
                if confined(self.face.operator)
                else _("Copied, where the terminal allows it. w saves to a file.")
            )

    def text_under_cursor(self) -> str:
        """What ``y`` copies."""
        return self.log_pane.current_text()

    def do_copy_all(self) -> None:
        """Copy every line listed."""
        text, whole = self.log_pane.all_text()
        self.face.copy(text)
        lines = number(text.count("\n"))
        self.notice(
            _("{count} lines copied.").format(count=lines)
            if whole
            else _("The last {count} lines copied: terminals take no more.").format(count=lines)
            if confined(self.face.operator)
            else _("The last {count} lines copied: terminals take no more. w saves them all.").format(count=lines)
        )

    def do_save(self) -> None:
        """Ask for the name of the file."""
        here = Path.cwd() if os.access(Path.cwd(), os.W_OK) else self.log_pane.log_lines.path.parent
        self.query_one(Prompt).ask("save", _("Save log as"), str(here / f"cctui-{self.run_id}.log"))

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Search, or save."""
        self.log_pane.lines_shown.focus()
        if message.kind == "search":
            self.log_pane.search(message.text)
        elif refused := why_out_of_reach(self.face.operator, Reach.PATH):
            self.notice(refused, Tone.BAD)
        elif message.text:
            self.log_pane.save(Path(message.text).expanduser())

    def on_run_log_pane_saved(self, message: RunLogPane.Saved) -> None:
        """Say where the log is, or why not."""
        name = shown(str(message.path), 300)
        if message.problem:
            self.notice(_("Not saved. {why} {file}").format(file=name, why=message.problem), Tone.BAD)
        else:
            self.notice(_("Saved to {file}.").format(file=name), Tone.GOOD)

    def do_left(self) -> None:
        """The beginning of long lines."""
        self.log_pane.lines_shown.sideways(-1)

    def do_right(self) -> None:
        """The end of long lines."""
        self.log_pane.lines_shown.sideways(1)
