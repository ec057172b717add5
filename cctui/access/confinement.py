"""What an operator cannot reach who signed in with a key of their own to an account that others share.

``restrict,pty,command="cctui --operator NAME"`` gives its bearer cctui and nothing else. Whoever works for such a name
is confined: no editor, no path of the box, no other environment, no other service, no process that stays. Screens and
commands ask here and nowhere else; what the role allows is decided in :mod:`cctui.access.roles`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from enum import StrEnum

from cctui.access.roles import Operator
from cctui.errors import NotPermitted, UsageError
from cctui.locales import N_, _
from cctui.masking import printable

ASKED = "SSH_ORIGINAL_COMMAND"
"""Where sshd puts what the client asked to run in place of the forced command (sshd(8))."""


class Reach(StrEnum):
    """What leads out of cctui."""

    EDITOR = "editor"
    PATH = "path"
    ENVIRONMENT = "environment"
    SERVICE = "service"
    PROCESS = "process"


_REFUSALS = {
    Reach.EDITOR: N_("No editor opens in this session: give what you want to change as options."),
    Reach.PATH: N_("No file of this machine is read or written in this session."),
    Reach.ENVIRONMENT: N_("This session is for one environment and no other."),
    Reach.SERVICE: N_("Another service than the one set up cannot be named in this session."),
    Reach.PROCESS: N_("Nothing that stays can be started in this session."),
}


def confined(operator: Operator) -> bool:
    """Whether ``operator`` gets cctui and nothing else of the box."""
    return operator.confined


def why_out_of_reach(operator: Operator, reach: Reach) -> str:
    """Why ``operator`` cannot reach this, as a sentence; empty where they can."""
    return _(_REFUSALS[reach]) if confined(operator) else ""


def require_reach(operator: Operator, reach: Reach) -> None:
    """Return where ``operator`` can reach this. Raises :class:`cctui.errors.NotPermitted`."""
    if reason := why_out_of_reach(operator, reach):
        raise NotPermitted(
            _("This is not permitted."),
            why=reason,
            do=_("Ask somebody who has an account of their own on this machine."),
        )


def words_asked_for(environment: Mapping[str, str]) -> list[str]:
    """The words that the client of a forced command asked to run, without the name of the program; often none.

    They are taken apart as a shell would and given to no shell. Raises :class:`UsageError` for what cannot be words of
    cctui: options before a command (they would say who works where) and anything that cannot be taken apart.
    """
    asked = environment.get(ASKED, "")
    try:
        words = shlex.split(asked)
    except ValueError:
        words = ["?"]
    if words[:1] == ["cctui"]:
        del words[0]
    if words and not words[0][:1].isalnum():
        raise not_ours(asked)
    return words


def not_ours(asked: str) -> UsageError:
    """The refusal of a command that is none of cctui."""
    return UsageError(
        _("This key cannot run {command}.").format(command=f'"{printable(asked, 60)}"'),
        why=_("It opens cctui and nothing else."),
        do=_("Give a command of cctui, such as: runs list"),
    )
