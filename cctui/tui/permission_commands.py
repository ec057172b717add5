"""The commands of the Permissions page."""

from __future__ import annotations

from cctui.access.roles import Action
from cctui.locales import N_, _
from cctui.tui.commands import LISTING, SEARCHING, Command, Facts, one_chosen

PERMISSIONS = N_("Permissions")


class PermissionFacts(Facts, frozen=True):
    """What is chosen, and whether the tab with the roles is open."""

    roles: bool = False


def on_users(facts: PermissionFacts) -> str:
    """Disabled on the tab with the roles."""
    return _("Roles are fixed. Tab goes to the users.") if facts.roles else one_chosen(facts)


COMMANDS = (
    Command(
        "permissions.add",
        N_("Add user"),
        N_("Give a user or a group of the operating system a role."),
        ("a",),
        PERMISSIONS,
        bar=True,
        needs=Action.CHANGE_USERS,
    ),
    Command(
        "permissions.open",
        N_("Edit"),
        N_("Give the user another role."),
        ("enter", "e"),
        PERMISSIONS,
        hint=N_("Edit"),
        needs=Action.CHANGE_USERS,
        why=on_users,
    ),
    Command(
        "permissions.remove",
        N_("Remove"),
        N_("Take the user's role away; they may then only look, if they can sign in at all."),
        ("delete", "backspace"),
        PERMISSIONS,
        hint=N_("Remove"),
        needs=Action.CHANGE_USERS,
        asks=True,
        why=on_users,
    ),
    Command(
        "permissions.tab",
        N_("Users or roles"),
        N_("Change between the users and what each role may do."),
        ("tab",),
        PERMISSIONS,
        hint=N_("Users or roles"),
    ),
    *LISTING,
    *SEARCHING,
)
