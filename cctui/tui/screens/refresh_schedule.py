"""Refresh schedule: when the system refreshes by itself (R15)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar
from zoneinfo import ZoneInfo

from msgspec import structs
from textual.widget import Widget
from textual.widgets import Input

from cctui.access.roles import Action
from cctui.definitions import system_changes
from cctui.definitions.environment import Stored
from cctui.definitions.model import EnvironmentDefinition
from cctui.locales import N_, _
from cctui.tui.commands import Command
from cctui.tui.pane_commands import PaneFacts, save
from cctui.tui.schedule_draft import MOST_TIMES, REFRESH_TITLES, draft_of_refresh, next_runs
from cctui.tui.screens.form_page import FormPage
from cctui.tui.widgets.form import Field, FormFooter
from cctui.tui.widgets.form_fields import Choices, TextField
from cctui.tui.widgets.schedule_form import ScheduleForm
from cctui.tui.widgets.weekdays import Weekdays


class RefreshSchedulePane(FormPage):
    """The pane of the system refresh. ``stored`` is environment.toml as it is now."""

    PLACE = "system"
    HEADING = N_("Refresh schedule")
    EXPLANATION = N_("Every export with the schedule System refresh runs at these times.")
    COMMANDS: ClassVar[tuple[Command, ...]] = (save("refresh", N_("Refresh schedule"), Action.CHANGE_SYSTEM),)

    def __init__(self, stored: Stored[EnvironmentDefinition]) -> None:
        super().__init__()
        self._stored = stored
        self._first = self._draft = draft_of_refresh(stored.definition.schedule)
        self._first_zone = self._zone_name = stored.definition.environment.time_zone

    def facts(self) -> PaneFacts:
        """Whether the schedule is complete."""
        return PaneFacts(self.face.operator, why_no_save=self._problem()[1])

    def body(self) -> Iterable[Widget]:
        """The form over its footer."""
        yield ScheduleForm(
            self._draft,
            REFRESH_TITLES,
            switch=_("Refresh schedule"),
            recurrence=_("Repeat"),
            times_hint=_("With 24 hours, up to four times, separated by commas."),
            more=[
                Field(
                    _("Time zone"),
                    TextField(self._zone_name, id="zone"),
                    required=True,
                    hint=_("Of all schedules and times of this environment, such as Europe/Oslo."),
                    id="zone-field",
                )
            ],
        )
        yield FormFooter(id="footer")

    def on_mount(self) -> None:
        """Begin at the switch."""
        self.query(Choices).first().focus()
        self._tell()
        self.call_after_refresh(self._tell)

    def loses(self) -> bool:
        """Whether something is other than when the pane was opened."""
        return (self._draft, self._zone_name) != (self._first, self._first_zone)

    def _problem(self) -> tuple[str, str]:
        if self._zone() is None:
            return "zone", _("There is no such time zone.")
        return self._draft.problem(MOST_TIMES)

    def _zone(self) -> ZoneInfo | None:
        try:
            return ZoneInfo(self._zone_name.strip())
        except (KeyError, ValueError, OSError):
            return None

    def _tell(self) -> None:
        form, problem, zone = self.query_one(ScheduleForm), self._problem(), self._zone()
        form.show_draft(self._draft, problem)
        self.query_one("#zone-field", Field).show_problem(problem[1] if problem[0] == "zone" else "")
        self.query_one(FormFooter).show(problem[1])
        if problem[1] or zone is None:
            form.show_next([], _("Complete the schedule to see them."))
        else:
            schedule = self._draft.of_refresh() if self._draft.on else None
            runs = next_runs(schedule, zone, self.face.clock.now())
            form.show_next(runs, _("None: the system refresh is off."))
        self.draw()

    def on_choices_changed(self, event: Choices.Changed) -> None:
        """A choice was made."""
        chosen = event.choices.chosen
        if event.choices.id == "switch":
            self._change(on=chosen == 0)
        else:
            self._change(recurrence=self.query_one(ScheduleForm).offered[chosen])

    def on_weekdays_changed(self, event: Weekdays.Changed) -> None:
        """A day was ticked."""
        self._change(days=event.weekdays.days)

    def on_input_changed(self, event: Input.Changed) -> None:
        """A text is being typed."""
        if event.input.id == "zone":
            self._zone_name = event.value
            self._tell()
        elif event.input.id == "times":
            self._change(times=event.value)

    def _change(self, **changed: object) -> None:
        self._draft = structs.replace(self._draft, **changed)
        self._tell()

    def do_save(self) -> None:
        """Save and close."""
        face = self.face
        system_changes.edit_system(
            face.environment,
            face.operator,
            self._stored.fingerprint,
            schedule=self._draft.of_refresh(),
            time_zone=self._zone_name.strip(),
        )
        self.close_pane(_("The schedule is saved."))
