"""Add or edit a user: the name in the operating system, and the role."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Input

from cctui.access.roles import ROLE_TITLES, Action, Role, User
from cctui.definitions import system_changes
from cctui.locales import N_, _
from cctui.tui.commands import Command
from cctui.tui.pane_commands import PaneFacts, save
from cctui.tui.parts import shown
from cctui.tui.screens.form_page import FormPage
from cctui.tui.widgets.form import Field, Form, FormFooter, SectionTitle
from cctui.tui.widgets.form_fields import Choices, TextField

_ROLES = tuple(Role)


class UserPane(FormPage):
    """The pane of a new user (``None``), or of one there is."""

    PLACE = "permissions"
    EXPLANATION = N_("A login name of this machine, or group:NAME for everybody in a group.")
    COMMANDS: ClassVar[tuple[Command, ...]] = (save("user", N_("User"), Action.CHANGE_USERS),)

    def __init__(self, user: User | None) -> None:
        super().__init__()
        self._user = user
        self._who = self._first_who = user.name if user else ""
        self._role = self._first_role = user.role if user else Role.VIEWER

    def heading(self) -> str:
        """What is done."""
        return _("Edit user") if self._user else _("Add user")

    def facts(self) -> PaneFacts:
        """Whether a name is given."""
        return PaneFacts(self.face.operator, why_no_save=self._why_no_save())

    def body(self) -> Iterable[Widget]:
        """Name and role over the footer."""
        with Form(id="form"):
            name = TextField(self._who, id="name")
            name.disabled = self._user is not None
            yield Field(_("User"), name, required=True)
            yield SectionTitle(_("Role"))
            yield Choices([_(ROLE_TITLES[role]) for role in _ROLES], _ROLES.index(self._role), id="role")
        yield FormFooter(id="footer")

    def on_mount(self) -> None:
        """Begin where something is to be entered."""
        self.query_one("#role" if self._user else "#name").focus()
        self._tell()

    def loses(self) -> bool:
        """Whether something was entered."""
        return (self._who, self._role) != (self._first_who, self._first_role)

    def _why_no_save(self) -> str:
        return "" if self._who.removeprefix("group:").strip() else _("Say who.")

    def _tell(self) -> None:
        self.query_one(FormFooter).show(self._why_no_save())
        self.draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The name is being typed."""
        self._who = event.value.strip()
        self._tell()

    def on_choices_changed(self, event: Choices.Changed) -> None:
        """A role was chosen."""
        self._role = _ROLES[event.choices.chosen]
        self._tell()

    def do_save(self) -> None:
        """Save and close."""
        face = self.face
        if self._user is None:
            system_changes.add_user(face.environment, face.operator, User(self._who, self._role))
        else:
            system_changes.change_user(face.environment, face.operator, self._user.name, self._role)
        self.close_pane(_("{name} is {role} now.").format(name=shown(self._who), role=_(ROLE_TITLES[self._role])))
