"""The application itself: what ``cctui`` does without a command."""

from __future__ import annotations

import click

from cctui.cli.session import Session, in_session
from cctui.locales import _


@click.command("application", help=_("Open the application, at a place such as exports/newsletter."))
@click.argument("place", required=False)
@in_session
def application(session: Session, place: str | None = None) -> int:
    from cctui.tui.app import run_app

    return run_app(session.environment, session.operator, open_at=place)
