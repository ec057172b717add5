"""Schedule export: when one export, or several at once, run by themselves (R2 to R6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from msgspec import structs
from textual.widget import Widget
from textual.widgets import Input

from cctui.access.roles import Action
from cctui.definitions import changes
from cctui.definitions.model import ExportDefinition, ExportId, ExportSchedule
from cctui.locales import N_, _, ngettext, number
from cctui.schedule.due import in_force
from cctui.tui.commands import Choice, Command
from cctui.tui.pane_commands import PaneFacts, save
from cctui.tui.parts import shown
from cctui.tui.schedule_draft import RECURRENCE_TITLES, ScheduleDraft, draft_of_export, next_runs
from cctui.tui.screens.form_page import FormPage
from cctui.tui.widgets.form import FormFooter
from cctui.tui.widgets.form_fields import Choices
from cctui.tui.widgets.schedule_form import ScheduleForm
from cctui.tui.widgets.weekdays import Weekdays


class ExportSchedulePane(FormPage):
    """The pane for the exports with ``export_ids``, which can be read."""

    PLACE = "exports"
    COMMANDS: ClassVar[tuple[Command, ...]] = (save("schedule", N_("Schedule export"), Action.CHANGE_EXPORT),)

    def __init__(self, export_ids: Sequence[ExportId]) -> None:
        super().__init__()
        self._ids = tuple(export_ids)
        self._first = ScheduleDraft()
        self._draft = ScheduleDraft()
        self._keep = len(self._ids) > 1

    def heading(self) -> str:
        """The documented title; with the count where several are chosen (R5)."""
        if len(self._ids) == 1:
            return _("Schedule export")
        return ngettext(
            "Schedule multiple exports ({count})", "Schedule multiple exports ({count})", len(self._ids)
        ).format(count=number(len(self._ids)))

    def explanation(self) -> str:
        """Which exports."""
        return ", ".join(shown(export.display_name, 60) for export in self._exports())

    def facts(self) -> PaneFacts:
        """The exports, and whether the schedule is complete."""
        face = self.face
        chosen = tuple(
            Choice(export.id, shown(export.display_name), sharing=face.snapshot.sharing(export))
            for export in self._exports()
        )
        return PaneFacts(face.operator, chosen, why_no_save=self._why_no_save())

    def body(self) -> Iterable[Widget]:
        """The form over its footer."""
        exports = self._exports()
        if len(exports) == 1:
            self._first = draft_of_export(exports[0].schedule)
        else:
            self._first = ScheduleDraft(on=any(export.schedule.run != "off" for export in exports))
        self._draft = self._first
        yield ScheduleForm(
            self._draft,
            RECURRENCE_TITLES,
            switch=_("Schedule run"),
            recurrence=_("Recurrence"),
            times_hint=_("With 24 hours, in the time zone {zone}. Several are separated by commas.").format(
                zone=self.face.zone
            ),
            manners=[_("Keep individual schedules"), _("Define new schedule for all selected exports")]
            if self._keep
            else (),
        )
        yield FormFooter(id="footer")

    def on_mount(self) -> None:
        """Begin at the first choice."""
        self.query(Choices).first().focus()
        self._tell()
        self.call_after_refresh(self._tell)

    def loses(self) -> bool:
        """Whether the schedule is another than when the pane was opened."""
        return self._draft != self._first

    def _exports(self) -> list[ExportDefinition]:
        found = [self.face.snapshot.export(export) for export in self._ids]
        return [export for export in found if export is not None]

    def _why_no_save(self) -> str:
        return "" if self._keep else self._draft.problem()[1]

    def _tell(self) -> None:
        form = self.query_one(ScheduleForm)
        form.show_draft(self._draft, ("", "") if self._keep else self._draft.problem(), details=not self._keep)
        self.query_one(FormFooter).show(self._why_no_save())
        self._show_next(form)
        self.draw()

    def _show_next(self, form: ScheduleForm) -> None:
        face = self.face
        environment = face.snapshot.environment
        if self._keep:
            text = _("Each export keeps its own times.") if self._draft.on else _("None: they run only by hand.")
            form.show_next([], text)
            return
        if self._draft.problem()[1] or environment is None:
            form.show_next([], _("Complete the schedule to see them."))
            return
        schedule = in_force(self._draft.of_export(), environment.schedule)
        without = _("None: it runs only by hand.")
        if self._draft.on and schedule is None:
            without = _("None, while the system refresh is off. It is switched on in System, Schedule.")
        form.show_next(next_runs(schedule, face.zone, face.clock.now()), without)

    # What is entered

    def on_choices_changed(self, event: Choices.Changed) -> None:
        """A choice was made."""
        chosen = event.choices.chosen
        match event.choices.id:
            case "manner":
                self._keep = chosen == 0
                self._tell()
            case "switch":
                self._change(on=chosen == 0)
            case "recurrence":
                self._change(recurrence=self.query_one(ScheduleForm).offered[chosen])

    def on_weekdays_changed(self, event: Weekdays.Changed) -> None:
        """A day was ticked."""
        self._change(days=event.weekdays.days)

    def on_input_changed(self, event: Input.Changed) -> None:
        """A text is being typed."""
        self._change(**{(event.input.id or "").replace("-", "_"): event.value})

    def _change(self, **changed: object) -> None:
        self._draft = structs.replace(self._draft, **changed)
        self._tell()

    def do_save(self) -> None:
        """Save the schedules and close."""
        face = self.face
        changes.schedule_exports(face.environment, face.operator, self._schedules())
        self.close_pane(_("The schedule is saved."))

    def _schedules(self) -> dict[str, ExportSchedule]:
        if not self._keep:
            return {export.id: self._draft.of_export() for export in self._exports()}
        return {export.id: changes.switched(export.schedule, on=self._draft.on) for export in self._exports()}
