"""The commands of Admin > Connections."""

from __future__ import annotations

from cctui.access.roles import Action
from cctui.locales import N_, _
from cctui.tui.commands import (
    LISTING,
    MARKING,
    SEARCHING,
    Command,
    Facts,
    none_broken,
    one_chosen,
    require,
    something_chosen,
)

CONNECTIONS = N_("Connections")


class ConnectionFacts(Facts, frozen=True):
    """What the connections page knows beyond rows: which tab is open."""

    discover: bool = False
    removed: int = 0


def on_list(facts: ConnectionFacts) -> str:
    """Disabled on the Discover tab."""
    return _("Press Tab to go back to your connections.") if facts.discover else ""


def something_removed(facts: ConnectionFacts) -> str:
    """Disabled while nothing was removed in this session."""
    return "" if facts.removed else _("Nothing was removed since you opened cctui.")


COMMANDS = (
    Command(
        "connections.add",
        N_("Add connection"),
        N_("Set up a connection to a Constant Contact account."),
        ("a",),
        CONNECTIONS,
        bar=True,
        needs=Action.CHANGE_CONNECTIONS,
    ),
    Command(
        "connections.tab",
        N_("Change tab"),
        N_("Change between your connections and the types that can be set up."),
        ("tab",),
        CONNECTIONS,
        hint=N_("Discover"),
        needs=Action.SEE_CONNECTIONS,
        naming=lambda facts: _("Connections") if facts.discover else _("Discover"),
    ),
    Command(
        "connections.open",
        N_("Edit"),
        N_("Open the connection: name, sharing, sign-in."),
        ("enter", "e"),
        CONNECTIONS,
        hint=N_("Edit"),
        needs=Action.CHANGE_CONNECTIONS,
        naming=lambda facts: _("Set up") if facts.discover else _("Edit"),
        why=lambda facts: "" if facts.discover else one_chosen(facts),
    ),
    Command(
        "connections.test",
        N_("Test connection"),
        N_("Ask Constant Contact whether the connection works; costs two requests."),
        ("t",),
        CONNECTIONS,
        hint=N_("Test connection"),
        needs=Action.CHANGE_CONNECTIONS,
        why=require(on_list, one_chosen, none_broken),
    ),
    Command(
        "connections.remove",
        N_("Remove"),
        N_("Remove the connection. Exports that use it are listed first."),
        ("delete", "backspace"),
        CONNECTIONS,
        hint=N_("Remove"),
        needs=Action.CHANGE_CONNECTIONS,
        asks=True,
        why=require(on_list, one_chosen),
    ),
    Command(
        "connections.undo",
        N_("Undo removal"),
        N_("Bring back what was removed last."),
        ("u",),
        CONNECTIONS,
        needs=Action.CHANGE_CONNECTIONS,
        why=something_removed,
    ),
    *LISTING,
    *SEARCHING,
)

IN_USE = (
    Command(
        "in_use.detach",
        N_("Detach connection"),
        N_("Keep the chosen exports, without this connection."),
        ("x",),
        CONNECTIONS,
        bar=True,
        hint=N_("Detach connection"),
        needs=Action.DETACH_EXPORT,
        why=something_chosen,
    ),
    Command(
        "in_use.remove",
        N_("Remove"),
        N_("Remove the chosen exports; u on the Exports page brings them back in this session."),
        ("delete", "backspace"),
        CONNECTIONS,
        bar=True,
        hint=N_("Remove"),
        needs=Action.CHANGE_CONNECTIONS,
        why=something_chosen,
    ),
    *LISTING,
    *SEARCHING,
    *MARKING,
)
"""The commands of the page that lists the exports of a connection which is to be removed (C20, C21)."""
