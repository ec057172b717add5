"""Roles, users and the one decision: may this operator do this?

Roles and rights are those of the documented product (permissions: administrator, contributor, viewer).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cctui.errors import NotPermitted
from cctui.locales import N_, _


class Role(StrEnum):
    """What an operator is in an environment."""

    ADMINISTRATOR = "administrator"
    CONTRIBUTOR = "contributor"
    VIEWER = "viewer"


ROLE_TITLES = {
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.CONTRIBUTOR: N_("Contributor"),
    Role.VIEWER: N_("Viewer"),
}
"""The role's name as it is shown; translate with ``_``."""


class Sharing(StrEnum):
    """Who can use a connection."""

    ADMINISTRATORS = "administrators"
    ADMINISTRATORS_AND_CONTRIBUTORS = "administrators-and-contributors"


SHARING_TITLES = {
    Sharing.ADMINISTRATORS: N_("Administrators"),
    Sharing.ADMINISTRATORS_AND_CONTRIBUTORS: N_("Administrators and contributors"),
}


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``[[users]]``: a login name, or ``group:NAME`` for a group of the operating system."""

    name: str
    role: Role


class Operator(msgspec.Struct, frozen=True):
    """The person at the keyboard: the operating system's user and the role found for them.

    ``confined`` are those for whom an account that others share works; see :mod:`cctui.access.confinement`.
    """

    name: str
    role: Role
    confined: bool = False


class Action(StrEnum):
    """What can be allowed or refused."""

    SEE_CONNECTIONS = "see-connections"
    CHANGE_CONNECTIONS = "change-connections"
    SEE_EXPORTS = "see-exports"
    CHANGE_EXPORT = "change-export"
    RUN_EXPORT = "run-export"
    DETACH_EXPORT = "detach-export"
    SEE_ADDRESSES = "see-addresses"
    CHANGE_SYSTEM = "change-system"
    CHANGE_USERS = "change-users"


_CONTRIBUTOR_ON_SHARED = {Action.CHANGE_EXPORT, Action.RUN_EXPORT}
_EVERYBODY = {Action.SEE_EXPORTS}


def may(operator: Operator, action: Action, sharing: Sharing | None = None) -> bool:
    """Whether ``operator`` may do ``action``; ``sharing`` is that of the connection concerned.

    Contributors change and run exports whose connection is shared with them, all of them, not only their own
    (checklist 2.7); a detached export, ``sharing`` ``None``, is theirs to change to a shared connection.
    """
    if operator.role is Role.ADMINISTRATOR or action in _EVERYBODY:
        return True
    if operator.role is Role.CONTRIBUTOR:
        if action is Action.SEE_ADDRESSES:
            return True
        return action in _CONTRIBUTOR_ON_SHARED and sharing is not Sharing.ADMINISTRATORS
    return False


def why_not(operator: Operator, action: Action, sharing: Sharing | None = None) -> str:
    """Why ``operator`` may not do ``action``, as a sentence that says whom to ask; empty where they may."""
    if may(operator, action, sharing):
        return ""
    if operator.role is Role.CONTRIBUTOR and action in _CONTRIBUTOR_ON_SHARED:
        return _("This connection is not shared with contributors. Ask an administrator to share it.")
    return _("Your role is {role}. Ask an administrator.").format(role=_(ROLE_TITLES[operator.role]))


def require(operator: Operator, action: Action, sharing: Sharing | None = None) -> None:
    """Return where ``operator`` may do ``action``. Raises :class:`cctui.errors.NotPermitted`."""
    reason = why_not(operator, action, sharing)
    if reason:
        raise NotPermitted(_("This is not permitted."), why=reason)
