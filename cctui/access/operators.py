"""Who is at the keyboard: the operating system's user, and the role that the environment gives them."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
from collections.abc import Sequence
from pathlib import Path

from cctui.access.roles import Operator, Role, User
from cctui.errors import NotPermitted
from cctui.locales import _
from cctui.masking import harmless

_GROUP = "group:"
_HIGHEST_FIRST = (Role.ADMINISTRATOR, Role.CONTRIBUTOR, Role.VIEWER)


def current_operator(users: Sequence[User], root: Path, *, name: str | None = None) -> Operator:
    """The operator and the highest of their roles in the environment in ``root``.

    While there are no ``users``, the owner of the folder is administrator; whoever is not among them is viewer. Entries
    ``group:NAME`` match the groups that the operating system gives the operator.

    ``name`` is who a service account works for (``--operator``): only the owner of ``root`` may say another one than
    their own, only users that are listed get in, the groups of the account are not lent to them, and they are confined.
    Raises :class:`cctui.errors.NotPermitted`.
    """
    own = account()
    if name is None:
        found = _role(users, own, _own_groups()) or Role.VIEWER
        return Operator(own, found if users else _unlisted(root))
    if name != own and not _owns(root):
        raise NotPermitted(
            _("You cannot work as {name}.").format(name=f'"{harmless(name, 60)}"'),
            why=_("Only the owner of the environment's folder can name another operator."),
            do=_("Leave out --operator, or ask an administrator."),
        )
    role = _role(users, name, _groups_of(name))
    if role is None:
        raise NotPermitted(
            _("{name} is no user of this environment.").format(name=f'"{harmless(name, 60)}"'),
            do=_("Ask an administrator to add you: cctui users add"),
        )
    return Operator(name, role, confined=True)


def _role(users: Sequence[User], name: str, groups: frozenset[str]) -> Role | None:
    found = {
        user.role
        for user in users
        if (user.name.removeprefix(_GROUP) in groups if user.name.startswith(_GROUP) else user.name == name)
    }
    return next((role for role in _HIGHEST_FIRST if role in found), None)


def _unlisted(root: Path) -> Role:
    return Role.ADMINISTRATOR if _owns(root) else Role.VIEWER


def _owns(root: Path) -> bool:
    """Whether the folder is ours; one that is not there yet will be."""
    try:
        return root.stat().st_uid == os.geteuid()
    except FileNotFoundError:
        return True


def account() -> str:
    """The name behind the effective user id. Variables like ``USER`` are not asked: anybody can set them."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _own_groups() -> frozenset[str]:
    return _names({*os.getgroups(), os.getegid()})


def _groups_of(name: str) -> frozenset[str]:
    """The groups of the operating system's user ``name``; none where there is no such user."""
    try:
        return _names(os.getgrouplist(name, pwd.getpwnam(name).pw_gid))
    except KeyError:
        return frozenset()


def _names(group_ids: set[int] | list[int]) -> frozenset[str]:
    names = set()
    for group_id in group_ids:
        with contextlib.suppress(KeyError):
            names.add(grp.getgrgid(group_id).gr_name)
    return frozenset(names)
