"""The attributes of a contact that an export can still fill: those of the import, and the account's custom fields."""

from __future__ import annotations

from collections.abc import Sequence

from cctui.constant_contact.answers import CustomField
from cctui.locales import _
from cctui.matching.attributes import CUSTOM_PREFIX, known_attribute, known_attributes
from cctui.tui.parts import shown
from cctui.tui.screens.picker import Option, Picker

_DOCUMENTED = {"first_name", "last_name"}


class AttributePicker(Picker):
    """Gives the name of an attribute. A custom field that is not listed can be typed with its prefix."""

    def __init__(self, taken: Sequence[str], custom: Sequence[CustomField], hint: str) -> None:
        super().__init__(_("Add attribute"), attributes_left(taken, custom), hint=hint)
        self._taken = tuple(taken)

    def offer(self, custom: Sequence[CustomField], hint: str) -> None:
        """The account's custom fields have arrived."""
        self._options = tuple(attributes_left(self._taken, custom))
        self._hint = hint
        self.show_options()

    def options(self) -> Sequence[Option]:
        """What is left, and the custom field that is being typed."""
        typed = self.typed
        taken = {*self._taken, *(option.value for option in self._options)}
        if typed.startswith(CUSTOM_PREFIX) and typed not in taken and known_attribute(typed):
            group = _("Custom fields")
            return [*self._options, Option(typed, shown(typed.removeprefix(CUSTOM_PREFIX)), typed, group, always=True)]
        return self._options


def attributes_left(taken: Sequence[str], custom: Sequence[CustomField]) -> list[Option]:
    """Attributes that are not ``taken``: the documented ones first, then what the import takes, then custom fields."""
    documented, further = _("Contact"), _("Further attributes")
    options = [
        Option(known.name, _(known.title), known.name, documented if known.name in _DOCUMENTED else further)
        for known in known_attributes()
        if known.name not in taken
    ]
    for field in custom:
        name = f"{CUSTOM_PREFIX}{field.name}"
        if name not in taken and known_attribute(name):
            options.append(Option(name, shown(field.label or field.name), shown(name), _("Custom fields")))
    return options
