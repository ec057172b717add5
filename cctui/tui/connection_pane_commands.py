"""The commands of the pane of a connection. Letters belong to its fields, so they are F-keys."""

from __future__ import annotations

from cctui.access.roles import Action
from cctui.locales import N_, _
from cctui.tui.commands import Command, Facts
from cctui.tui.connection_draft import ConnectionDraft

CONNECTION = N_("Connection")


class ConnectionPaneFacts(Facts, frozen=True):
    """What stands in the pane; ``has_tokens`` says whether a sign-in lies on this box."""

    draft: ConnectionDraft = ConnectionDraft()
    has_tokens: bool = False
    testing: bool = False


def only_new(facts: ConnectionPaneFacts) -> str:
    """Why Connect is disabled."""
    if facts.draft.connected:
        return _("This is done already.")
    return facts.draft.why_no_connect()


def only_saved(facts: ConnectionPaneFacts) -> str:
    """Disabled until the connection is saved."""
    return _("Save the connection first.") if facts.draft.is_new else ""


def may_test(facts: ConnectionPaneFacts) -> str:
    """Why a test is disabled."""
    return only_saved(facts) or (_("A test is under way.") if facts.testing else "")


def may_sign_out(facts: ConnectionPaneFacts) -> str:
    """Why signing out is disabled."""
    return only_saved(facts) or ("" if facts.has_tokens else _("Nobody is signed in on this machine."))


COMMANDS = (
    Command(
        "connection.save",
        N_("Save"),
        N_("Save the connection and close."),
        ("f9",),
        CONNECTION,
        hint=N_("Save"),
        needs=Action.CHANGE_CONNECTIONS,
        why=lambda facts: facts.draft.why_no_save(),
    ),
    Command(
        "connection.key_help",
        N_("How to get a key"),
        N_("How an application key is made in the developer portal; ? in its field does the same."),
        ("f3",),
        CONNECTION,
        bar=True,
    ),
    Command(
        "connection.connect",
        N_("Connect"),
        N_("Go on to the sign-ins, after name, key and consent."),
        ("f4",),
        CONNECTION,
        needs=Action.CHANGE_CONNECTIONS,
        why=only_new,
    ),
    Command(
        "connection.authenticate",
        N_("Authenticate"),
        N_("Sign in to Constant Contact with a browser on any device."),
        ("f5",),
        CONNECTION,
        needs=Action.CHANGE_CONNECTIONS,
        why=lambda facts: facts.draft.why_no_sign_in(),
    ),
    Command(
        "connection.export_user",
        N_("Export user"),
        N_("Add yourself as export user: exports then run in your name."),
        ("f6",),
        CONNECTION,
        needs=Action.CHANGE_CONNECTIONS,
        why=lambda facts: facts.draft.why_no_sign_in(),
    ),
    Command(
        "connection.test",
        N_("Test connection"),
        N_("Ask Constant Contact whether the connection works; costs two requests."),
        ("f7",),
        CONNECTION,
        bar=True,
        needs=Action.CHANGE_CONNECTIONS,
        why=may_test,
    ),
    Command(
        "connection.sign_out",
        N_("Sign out"),
        N_("Delete the sign-in from this machine."),
        ("f8",),
        CONNECTION,
        bar=True,
        needs=Action.CHANGE_CONNECTIONS,
        asks=True,
        why=may_sign_out,
    ),
)
