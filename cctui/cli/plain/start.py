"""Into the plain mode: an environment where there is none yet, the place that was asked for, then the main menu."""

from __future__ import annotations

from functools import partial

from cctui.access.roles import ROLE_TITLES, Action, require
from cctui.cli.plain import connections, exports, runs, system
from cctui.cli.plain.conversation import Back, Conversation, how_to_answer, require_terminal
from cctui.cli.plain.new_environment import make
from cctui.cli.plain.work import Work
from cctui.definitions.environment import Environment
from cctui.delivery import runs as operations
from cctui.errors import CctuiError, ExitCode, UsageError
from cctui.locales import _, ngettext, number
from cctui.masking import printable


def run_plain(environment: Environment, operator_name: str | None, open_at: str | None = None) -> int:
    """Talk until the operator leaves; returns the exit code. Raises where there is nobody to talk to."""
    require_terminal()
    talk = Conversation()
    if not environment.exists() and operator_name is None:
        try:
            make(talk, environment)
        except Back:
            return ExitCode.SUCCESSFUL
    work = Work(environment, operator_name)
    definition, operator = environment.read().definition.environment, work.operator
    talk.say(
        _("cctui, plain mode. {environment}, {operator}, {role}.").format(
            environment=printable(definition.name),
            operator=printable(operator.name),
            role=_(ROLE_TITLES[operator.role]),
        ),
        how_to_answer(),
    )
    if open_at:
        try:
            _open(talk, work, open_at)
        except Back:
            pass
        except CctuiError as problem:
            talk.problem(problem)
    talk.menu(_("Menu"), lambda: _main(talk, work), _("Quit"))
    return ExitCode.SUCCESSFUL


def _main(talk: Conversation, work: Work) -> list[tuple[str, partial[None]]]:
    # Whoever was removed meanwhile has to leave, with the reason.
    require(work.operator, Action.SEE_EXPORTS)
    going = sum(not operations.stopped(run) for run in operations.history(work.environment))
    if going:
        text = ngettext("{count} run goes on.", "{count} runs go on.", going)
        talk.say(text.format(count=number(going)))
    return [
        (_("Exports"), partial(exports.exports, talk, work)),
        (_("Connections"), partial(connections.connections, talk, work)),
        (_("History"), partial(runs.history, talk, work)),
        (_("Segments"), partial(system.segments, talk, work)),
        (_("System"), partial(system.system, talk, work)),
        (_("Permissions"), partial(system.permissions, talk, work)),
    ]


def _open(talk: Conversation, work: Work, place: str) -> None:
    page, _slash, name = place.partition("/")
    pages = {
        "exports": (exports.exports, exports.export),
        "connections": (connections.connections, connections.connection),
        "runs": (runs.history, runs.one),
        "segments": (system.segments, None),
        "system": (system.system, None),
        "permissions": (system.permissions, None),
    }
    if page not in pages:
        raise UsageError(
            _("There is no page {name}.").format(name=printable(place, 60)),
            do=_("Pages are home, segments, exports, connections, system, permissions and runs/ID."),
        )
    whole, one = pages[page]
    if name and one is not None:
        one(talk, work, name)
    else:
        whole(talk, work)
