"""The fields of a schedule: on or off, recurrence and its details, the next runs; for exports and for the system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.widget import Widget

from cctui.locales import _
from cctui.tui.line_breaks import wrapped_lines
from cctui.tui.page import MENU_WIDTH
from cctui.tui.parts import Line, Part, Tone
from cctui.tui.schedule_draft import Recurrence, ScheduleDraft
from cctui.tui.widgets.form import Field, Form, SectionTitle
from cctui.tui.widgets.form_fields import Choices, TextField
from cctui.tui.widgets.line_block import LineBlock
from cctui.tui.widgets.paragraph import Paragraph
from cctui.tui.widgets.weekdays import Weekdays

_DETAILS = {
    "days": {Recurrence.WEEKLY},
    "month-days": {Recurrence.MONTHLY},
    "times": {Recurrence.DAILY, Recurrence.WEEKLY, Recurrence.MONTHLY},
    "cron": {Recurrence.CRON},
}
"""The recurrences that each detail belongs to."""
_HIGH = 30
"""Lines of a screen that has room for a line for each run."""


class ScheduleForm(Form):
    """``switch`` names the first field; ``offered`` are the recurrences with their titles, the default first.

    ``manners`` are two choices over all that: keep individual schedules, or define a new one (R5).
    """

    DEFAULT_CSS = "ScheduleForm #manner-note { color: $quiet; height: auto; margin-bottom: 1; }"

    def __init__(
        self,
        draft: ScheduleDraft,
        offered: Mapping[Recurrence, str],
        *,
        switch: str,
        recurrence: str,
        times_hint: str,
        manners: Sequence[str] = (),
        more: Iterable[Widget] = (),
    ) -> None:
        super().__init__(id="form")
        self.offered = tuple(offered)
        self._titles = [_(title) for title in offered.values()]
        self._draft = draft
        self._switch = switch
        self._recurrence = recurrence
        self._times_hint = times_hint
        self._manners = manners
        self._more = tuple(more)

    def compose(self) -> ComposeResult:
        """Every field; those that do not belong to the recurrence are not displayed."""
        draft = self._draft
        if self._manners:
            yield SectionTitle(_("Keep or override schedules"))
            yield Choices(self._manners, id="manner")
            yield Paragraph(
                _("Individual schedules cannot be shown here; a new schedule overwrites them."),
                id="manner-note",
            )
        yield Field(self._switch, Choices([_("On"), _("Off")], 0 if draft.on else 1, id="switch"))
        chosen = self.offered.index(draft.recurrence) if draft.recurrence in self.offered else 0
        yield Field(self._recurrence, Choices(self._titles, chosen, id="recurrence"), id="recurrence-field")
        yield Field(_("Every"), Weekdays(draft.days, id="days"), required=True, id="days-field")
        yield Field(
            _("Days of the month"),
            TextField(draft.month_days, id="month-days"),
            required=True,
            hint=_("Such as 1, 15. In a month that is too short, its last day stands in."),
            id="month-days-field",
        )
        yield Field(
            _("Time"), TextField(draft.times, id="times"), required=True, hint=self._times_hint, id="times-field"
        )
        yield Field(
            _("Cron expression"),
            TextField(draft.cron, id="cron"),
            required=True,
            hint=_("Minute, hour, day of the month, month, day of the week, such as 30 6 * * 1-5."),
            id="cron-field",
        )
        yield from self._more
        yield SectionTitle(_("Next runs"))
        yield LineBlock(id="next-runs")

    def show_draft(self, draft: ScheduleDraft, problem: tuple[str, str], *, details: bool = True) -> None:
        """Show what follows from the fields; without ``details`` only the switch counts."""
        field, why = problem
        self.query_one("#recurrence-field").display = details and draft.on
        for name, belongs in _DETAILS.items():
            row = self.query_one(f"#{name}-field", Field)
            row.display = details and draft.on and draft.recurrence in belongs
            row.show_problem(why if name == field else "")

    def show_next(self, runs: Sequence[str], without: str) -> None:
        """Show the next runs, or why there are none; side by side where the screen is low."""
        told = _side_by_side(runs, self.size.width - 8) if self.app.size.height < _HIGH else list(runs)
        lines: list[Line] = [(Part(f"   {run}"),) for run in told]
        if not lines:
            # Before the first layout the form has no width; the pane is then as wide as beside the menu at most.
            width = self.size.width or self.app.size.width - MENU_WIDTH
            sentence = wrapped_lines([(Part(without, Tone.QUIET),)], width - 8)
            lines = [(Part("   ", Tone.QUIET), *line) for line in sentence]
        self.query_one("#next-runs", LineBlock).show(lines)


def _side_by_side(runs: Sequence[str], width: int) -> list[str]:
    lines: list[str] = []
    for run in runs:
        if lines and cell_len(f"{lines[-1]} · {run}") <= width:
            lines[-1] += f" · {run}"
        else:
            lines.append(run)
    return lines
