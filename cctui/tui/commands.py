"""Commands: each operation of the face declared once, with its keys, its help and why it is disabled.

Bindings, command bar, hints, help and palette are all made from these declarations. What a command does is a method
of the page it stands on (``exports.run`` is ``do_run``); whether it may is decided here, from plain facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct
from textual.binding import Binding

from cctui.access.roles import Action, Operator, Sharing, why_not
from cctui.locales import N_, _


class Choice(Struct, frozen=True):
    """An object that a command would act on, as far as commands look at it.

    ``sharing`` is that of the connection concerned, ``run`` the id of a run in progress.
    """

    id: str
    title: str
    sharing: Sharing | None = None
    attached: bool = True
    broken: bool = False
    run: str = ""


class Facts(Struct, frozen=True):
    """What is true on a page at this moment: who is there, what is chosen, how much there is."""

    operator: Operator
    chosen: tuple[Choice, ...] = ()
    total: int = 0


Why = Callable[[Any], str]
"""Why a command is disabled, from the page's facts; empty where it is enabled."""


def always(_facts: Any) -> str:
    """Never disabled."""
    return ""


class Command(Struct, frozen=True):
    """One operation.

    ``id`` is ``area.name``; ``keys`` are Textual's key names, the first one is shown; ``hint`` is the text among the
    hints at the bottom (empty: not there); ``bar`` puts it in the command bar; ``needs`` is the right it takes;
    ``asks`` tells that a dialog comes before anything happens; ``palette`` keeps cursor keys out of the palette;
    ``naming`` gives a name for the present choice where one word does not do (Edit, View).
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...]
    group: str
    hint: str = ""
    bar: bool = False
    needs: Action | None = None
    asks: bool = False
    palette: bool = True
    why: Why = always
    naming: Why | None = None

    @property
    def name(self) -> str:
        """The last part of the id; the page's method is ``do_<name>``."""
        return self.id.rpartition(".")[2]

    def title_for(self, facts: Facts) -> str:
        """The title as it is shown."""
        return self.naming(facts) if self.naming else _(self.title)

    def hint_for(self, facts: Facts) -> str:
        """The text among the hints."""
        return self.naming(facts) if self.naming else _(self.hint)

    def why_disabled(self, facts: Facts) -> str:
        """The sentence that a disabled command answers with; empty where it is enabled."""
        if self.needs is not None:
            for choice in facts.chosen or (None,):
                reason = why_not(facts.operator, self.needs, choice.sharing if choice else None)
                if reason:
                    return reason
        return self.why(facts)


def require(*reasons: Why) -> Why:
    """The first of several reasons that speaks."""

    def first(facts: Any) -> str:
        return next((text for text in (reason(facts) for reason in reasons) if text), "")

    return first


def something_there(facts: Facts) -> str:
    """Disabled while the page is empty."""
    return "" if facts.total else _("There is nothing here yet.")


def something_chosen(facts: Facts) -> str:
    """Disabled while no row is under the cursor or marked."""
    return "" if facts.chosen else _("Choose a row first.")


def one_chosen(facts: Facts) -> str:
    """Disabled while none or several rows are chosen."""
    if len(facts.chosen) > 1:
        return _("Choose one row only. Esc clears the marks.")
    return something_chosen(facts)


def none_broken(facts: Facts) -> str:
    """Disabled for definitions that cannot be read."""
    for choice in facts.chosen:
        if choice.broken:
            return _("{name} cannot be read. Press Enter to see the error.").format(name=choice.title)
    return ""


GENERAL = N_("Everywhere")
LIST = N_("In a list")

EVERYWHERE = (
    Command("general.menu", N_("Menu"), N_("Go to another page."), ("g",), GENERAL, hint=N_("Menu")),
    Command(
        "general.help",
        N_("Help"),
        N_("Every command of this page with its key."),
        ("question_mark", "f1"),
        GENERAL,
        hint=N_("Help"),
    ),
    Command(
        "general.commands",
        N_("Commands"),
        N_("Find a command, an export, a connection or a segment by name."),
        ("ctrl+p",),
        GENERAL,
        hint=N_("Commands"),
        palette=False,
    ),
    Command("general.back", N_("Back"), N_("Clear marks and search, or go back."), ("escape",), GENERAL, palette=False),
    Command("general.theme", N_("Change theme"), N_("Go to the next theme."), ("f2",), GENERAL),
    Command(
        "general.quit",
        N_("Quit"),
        N_("Leave. Runs go on without you."),
        ("q", "ctrl+q"),
        GENERAL,
        hint=N_("Quit"),
    ),
)
"""Commands of every page."""

LISTING = (
    Command("list.up", N_("Up"), N_("One row up."), ("up", "k"), LIST, palette=False),
    Command("list.down", N_("Down"), N_("One row down."), ("down", "j"), LIST, palette=False),
    Command("list.page_up", N_("Page up"), N_("One page up."), ("pageup",), LIST, palette=False),
    Command("list.page_down", N_("Page down"), N_("One page down."), ("pagedown",), LIST, palette=False),
    Command("list.first", N_("First"), N_("To the first row."), ("home",), LIST, palette=False),
    Command("list.last", N_("Last"), N_("To the last row."), ("end",), LIST, palette=False),
)
"""Commands of every page with rows to move in."""

SEARCHING = (
    Command("list.search", N_("Search"), N_("Show only rows with this text."), ("slash",), LIST),
    Command("list.sort", N_("Sort"), N_("Sort by the next column."), ("o",), LIST),
    Command("list.reverse", N_("Reverse order"), N_("Sort the other way round."), ("O",), LIST),
)
"""Commands of pages with a table."""

MARKING = (
    Command("list.mark", N_("Mark"), N_("Mark the row, to act on several at once."), ("space",), LIST),
    Command("list.mark_all", N_("Mark all"), N_("Mark every row shown, or clear all marks."), ("asterisk",), LIST),
)
"""Commands of tables that act on several rows."""


def bindings(commands: Iterable[Command]) -> list[Binding]:
    """Textual's bindings for ``commands``. Letters stay out of the way of text fields by themselves."""
    return [
        Binding(key, f"command('{command.id}')", command.title, show=False, id=f"{command.id}:{key}")
        for command in commands
        for key in command.keys
    ]


_KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "asterisk": "*",
    "space": N_("Space"),
    "enter": N_("Enter"),
    "escape": "Esc",
    "delete": "Del",
    "backspace": N_("Backspace"),
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "plus": "+",
    "tab": "Tab",
}


def key_name(key: str) -> str:
    """A key as it is shown to people: ``^p`` for ``ctrl+p``."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+')}"
    if key[:1] == "f" and key[1:].isdigit():
        return key.upper()
    name = _KEY_NAMES.get(key, key)
    # Home and End are pages and words elsewhere; on a key they are what is printed on it.
    return _(name) if key in {"space", "enter", "backspace"} else name
