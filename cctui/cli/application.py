"""The application itself: what ``cctui`` does without a command."""

from __future__ import annotations

import click

from cctui.cli.session import Session, in_session
from cctui.locales import _


@click.command("application", help=_("Open the application, at a place such as exports/newsletter."))
@click.argument("place", required=False)
@in_session
def application(session: Session, place: str | None = None) -> int:
    if session.plain:
        from cctui.cli.plain.start import run_plain
        from cctui.definitions.environment import Environment

        return run_plain(Environment(session.environment_path), session.operator_name, open_at=place)
    from cctui.tui.start import run_app

    return run_app(session.environment, session.operator, open_at=place)
