"""What each role may do, in words, asked of the one decision in :mod:`cctui.access.roles`."""

from __future__ import annotations

from msgspec import Struct

from cctui.access.roles import Action, Operator, Role, Sharing, may
from cctui.locales import N_, _

RIGHTS = (
    (Action.SEE_EXPORTS, N_("See exports, runs, system status")),
    (Action.CHANGE_EXPORT, N_("Change and schedule exports")),
    (Action.RUN_EXPORT, N_("Run exports, pause and cancel")),
    (Action.SEE_ADDRESSES, N_("See addresses and rejected rows")),
    (Action.DETACH_EXPORT, N_("Detach exports")),
    (Action.CHANGE_CONNECTIONS, N_("Change connections and sign in")),
    (Action.CHANGE_SYSTEM, N_("Change system, see the audit log")),
    (Action.CHANGE_USERS, N_("Change users and their roles")),
)
"""The actions that people tell apart, in the order they are shown; translate with ``_``."""


class Right(Struct, frozen=True):
    """One action in words, and for each role ``yes``, ``no``, or only for connections that are shared with it."""

    title: str
    allowed: dict[Role, str]


def rights() -> list[Right]:
    """What each role may do (checklist 2.7)."""
    return [Right(_(title), {role: _answer(role, action) for role in Role}) for action, title in RIGHTS]


def _answer(role: Role, action: Action) -> str:
    operator = Operator("", role)
    if may(operator, action, Sharing.ADMINISTRATORS):
        return _("yes")
    return _("where shared") if may(operator, action, Sharing.ADMINISTRATORS_AND_CONTRIBUTORS) else _("no")
