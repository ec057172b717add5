"""What the operator has chosen for themselves, whichever of their processes wrote it, and the language that follows."""

from __future__ import annotations

from cctui import locales
from cctui.definitions import preferences
from cctui.definitions.environment import Environment
from cctui.definitions.model import EnvironmentDefinition
from cctui.definitions.preferences import Preferences


class OwnChoices:
    """The choices as they were last read or kept. ``asked_language`` is for this session and goes before everything."""

    def __init__(self, environment: Environment, operator: str, asked_language: str | None = None) -> None:
        self.preferences = preferences.read(environment, operator)
        self._environment = environment
        self._operator = operator
        self._asked_language = asked_language
        self._version = preferences.version(environment, operator)
        self._followed = ""

    def read_again(self) -> bool:
        """Read what another process has written since; says whether there was anything."""
        before, self._version = self._version, preferences.version(self._environment, self._operator)
        if before == self._version:
            return False
        self.preferences = preferences.read(self._environment, self._operator)
        return True

    def keep(self, chosen: Preferences) -> None:
        """Remember a choice. Raises :class:`cctui.errors.CctuiError`."""
        preferences.write(self._environment, self._operator, chosen)
        self.preferences = chosen
        self._version = preferences.version(self._environment, self._operator)

    def language(self, definition: EnvironmentDefinition | None) -> str:
        """The language that was asked for, else the operator's, else the environment's, else that of the locale.

        Without a definition, which cannot be read now, nothing is known to have changed.
        """
        if self._asked_language:
            return self._asked_language
        if self.preferences.language:
            return self.preferences.language
        if definition is None:
            return self._followed or locales.language()
        return definition.environment.language or locales.from_locale()

    def follow(self, definition: EnvironmentDefinition | None) -> None:
        """Take the language as it is chosen now for the one that is spoken: from here on only changes matter."""
        self._followed = self.language(definition)

    def changed_language(self, definition: EnvironmentDefinition | None) -> str | None:
        """The language that has been chosen since the last :meth:`follow`, if another one was."""
        wanted = self.language(definition)
        return wanted if wanted != self._followed else None

    def choose_anew(self) -> None:
        """What was asked for at the start counts no longer: the operator has chosen since."""
        self._asked_language = None
