"""The account's contact lists, to choose one by its name or to make a new one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.message import Message

from cctui.constant_contact.answers import ContactList
from cctui.constant_contact.errors import Refused
from cctui.definitions.environment import Environment
from cctui.definitions.model import ConnectionDefinition
from cctui.host.clock import Clock
from cctui.locales import _, ngettext, number
from cctui.tui import glyphs
from cctui.tui.export_facts import AccountLists, ListCreated, ListsRead
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.screens.dialogs import ConfirmDialog
from cctui.tui.screens.picker import Option, Picker

LONGEST_NAME = 255
"""Characters in the name of a list (API description)."""

_CREATE = "create:"


class ListPicker(Picker):
    """Gives the id of the list that was chosen or made; ``picked`` is that list with its name and members."""

    class Told(Message):
        """More is known about the account."""

        def __init__(self, fact: ListsRead | ListCreated) -> None:
            super().__init__()
            self.fact = fact

    def __init__(self, environment: Environment, connection: ConnectionDefinition, clock: Clock, chosen: str) -> None:
        super().__init__(_("Lists of {account}").format(account=_account(connection)), (), chosen)
        self._read = ListsRead()
        self._creating = ""
        self._problem = ""
        self.picked: ContactList | None = None
        self._lists = AccountLists(environment, connection, clock, self._tell)

    def _tell(self, fact: ListsRead | ListCreated) -> None:
        self.post_message(self.Told(fact))

    def on_mount(self) -> None:
        """Begin to read."""
        self._lists.read()

    def on_unmount(self) -> None:
        """Read no further."""
        self._lists.stop()

    def on_list_picker_told(self, message: Told) -> None:
        """A page of lists, or the list that was made."""
        fact = message.fact
        if isinstance(fact, ListsRead):
            first = not self._read.lists
            self._read = fact
            self.show_options()
            if first and self._chosen:
                self._board.move_to_target(self._chosen)
        elif fact.created is not None:
            self.picked = fact.created
            self.dismiss(fact.created.list_id)
        else:
            problem = fact.problem
            self._creating = ""
            self._problem = " ".join(part for part in (problem.what, problem.why) if part) if problem else ""
            self.show_options()

    def options(self) -> Sequence[Option]:
        """Lists by name, then the one that could be made of what is typed."""
        return list_options(self._read.lists, self.typed if self._read.whole and not self._creating else "")

    def state(self) -> Line:
        """How many lists there are, or why they cannot be read."""
        if self._creating:
            return (Part(_("Making the list {name}…").format(name=shown(self._creating)), Tone.QUIET),)
        if self._problem:
            return (Part(f"{glyphs.WARNING} {shown(self._problem, 400)}", Tone.WARNING),)
        count = len(self._read.lists)
        lists = ngettext("{count} list", "{count} lists", count).format(count=number(count))
        problem = self._read.problem
        if problem is not None:
            # What to do about a refusal is to mend what the service named; there is room for one of both.
            rest = shown(problem.why, 160) if isinstance(problem, Refused) and problem.why else problem.do
            text = " ".join(part for part in (problem.what, rest) if part)
            advice = _("The ID can be typed all the same.")
            return (Part(f"{glyphs.WARNING} {shown(text, 400)} {advice}", Tone.WARNING),)
        if not self._read.whole:
            text = _("{lists} so far, reading…").format(lists=lists) if count else _("Asking Constant Contact…")
            return (Part(text, Tone.QUIET),)
        return (Part(lists + " · " + _("type a new name to make a list"), Tone.QUIET),)

    def action_choose(self) -> None:
        """Take the row under the cursor, unless a list is being made."""
        if not self._creating:
            super().action_choose()

    def chosen(self, value: str) -> None:
        """A list, or the wish for a new one, which is asked about first."""
        if value.startswith(_CREATE):
            name = value.removeprefix(_CREATE)
            lines = [shown(name, LONGEST_NAME), "", _("It is made in the account at once and stays there.")]
            self.app.push_screen(
                ConfirmDialog(_("Make this list?"), lines, _("Create list")), partial(self._make, name)
            )
            return
        self.picked = next((one for one in self._read.lists if one.list_id == value), None)
        self.dismiss(value)

    def _make(self, name: str, sure: bool | None) -> None:
        if sure:
            self._creating, self._problem = name, ""
            self.show_options()
            self._lists.create(name)


def list_options(lists: Sequence[ContactList], typed: str) -> list[Option]:
    """A row for each list in the order of its name, and one to make a list that is not there yet."""
    options = [
        Option(one.list_id, shown(one.name), _members(one), words=one.list_id)
        for one in sorted(lists, key=lambda one: (one.name.casefold(), one.list_id))
    ]
    if typed and not any(one.name.casefold() == typed.casefold() for one in lists) and len(typed) <= LONGEST_NAME:
        title = _("+ Create list “{name}”").format(name=shown(typed))
        options.append(Option(f"{_CREATE}{typed}", title, tone=Tone.ACCENT, always=True))
    return options


def _members(one: ContactList) -> str:
    if one.membership_count is None:
        return ""
    return ngettext("{count} member", "{count} members", one.membership_count).format(
        count=number(one.membership_count)
    )


def _account(connection: ConnectionDefinition) -> str:
    return shown(connection.account.name if connection.account else connection.display_name)
