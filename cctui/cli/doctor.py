"""``cctui doctor``: everything that a run needs, and what to do where something is missing."""

from __future__ import annotations

import click

from cctui.access.roles import Action, may
from cctui.cli.session import Session, in_session
from cctui.errors import ExitCode
from cctui.locales import _


@click.command("doctor", help=_("Check everything that a run needs and say what to do."))
@click.option("--offline", is_flag=True, help=_("Do not ask Constant Contact."))
@in_session
def doctor(session: Session, offline: bool) -> int:
    from cctui.definitions.environment import Environment
    from cctui.delivery.readiness import Finding, Verdict, findings

    found: list[Finding] = []
    marks = {Verdict.GOOD: "  ", Verdict.NOTE: "- ", Verdict.PROBLEM: "! "}
    for finding in findings(Environment(session.environment_path), online=not offline, connections=_sees(session)):
        found.append(finding)
        if session.as_json:
            continue
        click.echo(f"{marks[finding.verdict]}{finding.about}: {finding.found}")
        if finding.do:
            click.echo(f"    {finding.do}")
    problems = sum(finding.verdict is Verdict.PROBLEM for finding in found)
    if session.as_json:
        session.emit(found)
    elif not problems:
        click.echo(_("Everything is in order."))
    return ExitCode.FAILED if problems else ExitCode.SUCCESSFUL


def _sees(session: Session) -> bool:
    """Whether the caller sees connections; while nothing can be read there is nothing to see."""
    from cctui.definitions.environment import EnvironmentMissing
    from cctui.definitions.toml_files import DefinitionError

    try:
        return may(session.operator, Action.SEE_CONNECTIONS)
    except (EnvironmentMissing, DefinitionError):
        return False
