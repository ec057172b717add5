"""General: the language of the environment and of oneself, with a preview of its formats (N7, N9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from msgspec import structs
from textual.widget import Widget

from cctui.access.roles import Action, why_not
from cctui.definitions import system_changes
from cctui.definitions.environment import Stored
from cctui.definitions.model import EnvironmentDefinition, LanguageCode
from cctui.locales import N_, _
from cctui.tui.commands import Command
from cctui.tui.pane_commands import PaneFacts, save
from cctui.tui.screens.form_page import FormPage
from cctui.tui.system_lines import LANGUAGE_NAMES, format_lines
from cctui.tui.widgets.form import Form, FormFooter, Note, SectionTitle
from cctui.tui.widgets.form_fields import Choices
from cctui.tui.widgets.line_block import LineBlock

_CODES: tuple[LanguageCode, ...] = tuple(LANGUAGE_NAMES)


class GeneralSettingsPane(FormPage):
    """The pane of the languages. ``stored`` is environment.toml as it is now."""

    PLACE = "system"
    HEADING = N_("Language and format")
    EXPLANATION = N_("Your data and names are never translated.")
    COMMANDS: ClassVar[tuple[Command, ...]] = (save("general", N_("Language and format"), None),)

    def __init__(self, stored: Stored[EnvironmentDefinition]) -> None:
        super().__init__()
        self._stored = stored
        self._first = self._language = stored.definition.environment.language or "en"
        self._own_first: LanguageCode | None = None
        self._own: LanguageCode | None = None

    def facts(self) -> PaneFacts:
        """Saving is always possible."""
        return PaneFacts(self.face.operator)

    def count(self) -> str:
        """Nothing is required here."""
        return ""

    def body(self) -> Iterable[Widget]:
        """The operator's language, the environment's, the preview, the footer."""
        face = self.face
        self._own_first = self._own = face.preferences.language
        refused = why_not(face.operator, Action.CHANGE_SYSTEM)
        with Form(id="form"):
            yield SectionTitle(_("Your language"))
            titles = [_("As the environment"), *LANGUAGE_NAMES.values()]
            yield Choices(titles, _CODES.index(self._own) + 1 if self._own else 0, id="own")
            yield SectionTitle(_("Language of the environment"))
            if refused:
                yield Note(f"{LANGUAGE_NAMES[self._language]}. {refused}", classes="choice-note")
            else:
                yield Choices(list(LANGUAGE_NAMES.values()), _CODES.index(self._language), id="language")
                yield Note(_("For everybody who has not chosen another, for workers and reports."))
            yield SectionTitle(_("Country/Region format"))
            yield LineBlock(id="preview")
        yield FormFooter(id="footer")

    def on_mount(self) -> None:
        """Begin at the languages."""
        self.query(Choices).first().focus()
        self.query_one(FormFooter).show("")
        self._tell()

    def loses(self) -> bool:
        """Whether another language is chosen."""
        return (self._language, self._own) != (self._first, self._own_first)

    def _tell(self) -> None:
        face = self.face
        lines = format_lines(self._own or self._language, face.clock.now(), face.zone)
        self.query_one("#preview", LineBlock).show(lines)
        self.draw()

    def on_choices_changed(self, event: Choices.Changed) -> None:
        """A language was chosen."""
        chosen = event.choices.chosen
        if event.choices.id == "own":
            self._own = _CODES[chosen - 1] if chosen else None
        else:
            self._language = _CODES[chosen]
        self._tell()

    def do_save(self) -> None:
        """Save and close; everything is shown in the new language from now on."""
        face = self.face
        if self._language != self._first:
            language = self._language
            system_changes.edit_system(face.environment, face.operator, self._stored.fingerprint, language=language)
        if self._own != self._own_first:
            face.prefer(structs.replace(face.preferences, language=self._own))
        face.speak_as_chosen()
        self.close_pane()
        face.action_go("system")
