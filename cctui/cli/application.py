"""The application itself: what ``cctui`` does without a command."""

from __future__ import annotations

import sys

import click

from cctui.cli.session import Session, in_session
from cctui.errors import ExitCode
from cctui.locales import _


@click.command("application", help=_("Open the application, at a place such as exports/newsletter."))
@click.argument("place", required=False)
@in_session
def application(session: Session, place: str | None = None) -> int:
    if session.plain:
        from cctui.cli.plain.start import run_plain
        from cctui.definitions.environment import Environment

        return run_plain(Environment(session.environment_path), session.operator_name, open_at=place)
    if not _begin(session):
        return ExitCode.SUCCESSFUL
    from cctui.tui.start import run_app

    return run_app(session.environment, session.operator, open_at=place, asked_language=session.asked_language)


def _begin(session: Session) -> bool:
    """Offer to make the environment where there is none and somebody can answer; whether to go on."""
    from cctui.definitions.environment import Environment

    environment = Environment(session.environment_path)
    if environment.exists() or session.operator_name is not None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return True
    from cctui.cli.plain.conversation import Back, Conversation
    from cctui.cli.plain.new_environment import make

    try:
        make(Conversation(), environment)
    except Back:
        return False
    return True
