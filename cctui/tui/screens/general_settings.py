"""General: the language of the environment, with a preview of its formats (N7, N9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from cctui import locales
from cctui.access.roles import Action
from cctui.definitions import system_changes
from cctui.definitions.environment import Stored
from cctui.definitions.model import EnvironmentDefinition
from cctui.locales import N_, _
from cctui.tui.commands import Command
from cctui.tui.pane_commands import PaneFacts, save
from cctui.tui.screens.form_page import FormPage
from cctui.tui.system_lines import LANGUAGE_NAMES, format_lines
from cctui.tui.widgets.form import Form, FormFooter, SectionTitle
from cctui.tui.widgets.form_fields import Choices
from cctui.tui.widgets.line_block import LineBlock


class GeneralSettingsPane(FormPage):
    """The pane of the language. ``stored`` is environment.toml as it is now."""

    PLACE = "system"
    HEADING = N_("Language and format")
    EXPLANATION = N_("For everybody in this environment. Your data and names are never translated.")
    COMMANDS: ClassVar[tuple[Command, ...]] = (save("general", N_("Language and format"), Action.CHANGE_SYSTEM),)

    def __init__(self, stored: Stored[EnvironmentDefinition]) -> None:
        super().__init__()
        self._stored = stored
        self._first = self._language = stored.definition.environment.language or "en"

    def facts(self) -> PaneFacts:
        """Saving is always possible."""
        return PaneFacts(self.face.operator)

    def count(self) -> str:
        """Nothing is required here."""
        return ""

    def body(self) -> Iterable[Widget]:
        """The languages, the preview, the footer."""
        codes = list(LANGUAGE_NAMES)
        with Form(id="form"):
            yield SectionTitle(_("Language"))
            yield Choices(list(LANGUAGE_NAMES.values()), codes.index(self._language), id="language")
            yield SectionTitle(_("Country/Region format"))
            yield LineBlock(id="preview")
        yield FormFooter(id="footer")

    def on_mount(self) -> None:
        """Begin at the languages."""
        super().on_mount()
        self.query(Choices).first().focus()
        self.query_one(FormFooter).show("")
        self._tell()

    def loses(self) -> bool:
        """Whether another language is chosen."""
        return self._language != self._first

    def _tell(self) -> None:
        face = self.face
        lines = format_lines(self._language, face.clock.now(), face.zone)
        self.query_one("#preview", LineBlock).show(lines)
        self.draw()

    def on_choices_changed(self, event: Choices.Changed) -> None:
        """A language was chosen."""
        self._language = list(LANGUAGE_NAMES)[event.choices.chosen]
        self._tell()

    def do_save(self) -> None:
        """Save and close; everything is shown in the new language from now on."""
        face = self.face
        system_changes.edit_system(face.environment, face.operator, self._stored.fingerprint, language=self._language)
        locales.use(self._language)
        self.close_pane()
        face.action_go("system")
