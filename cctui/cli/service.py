"""``cctui worker`` and ``cctui sandbox``: the two processes that stay."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cctui.access.confinement import Reach
from cctui.cli.session import Session, in_session
from cctui.errors import ExitCode
from cctui.locales import _

if TYPE_CHECKING:
    from cctui.sandbox.running import RunningSandbox


@click.command("worker", help=_("Serve the queue of runs until stopped (as a service)."))
@click.option("--until-idle", is_flag=True, help=_("Leave when nothing is queued or running."))
@in_session
def worker(session: Session, until_idle: bool) -> int:
    from cctui.delivery.worker import serve

    session.stay_within(Reach.PROCESS)
    if sys.stderr.isatty():
        log = session.environment.worker_log_path
        click.echo(_("The worker serves until Ctrl+C ends it; it writes to {log}.").format(log=log), err=True)
    return serve(session.environment, until_idle=until_idle)


@click.command("sandbox", help=_("The stand-in for Constant Contact, alone, on this machine only."))
@click.option("--port", default=8025, show_default=True, type=click.IntRange(0, 65535), help=_("0: any free port."))
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), required=True, help=_("Folder of its contacts.")
)
@in_session
def sandbox(session: Session, port: int, data: Path) -> int:
    from cctui.sandbox import running

    session.stay_within(Reach.PROCESS)

    with running.start(data, port=port) as service:
        click.echo(_("The sandbox answers at {address}. Ctrl+C stops it.").format(address=service.base_url))
        for line in how_to_connect(service, session.asked_for):
            click.echo(line)
        service.wait()
    return ExitCode.SUCCESSFUL


def how_to_connect(service: RunningSandbox, environment: Path | None) -> list[str]:
    """What to type so that an environment uses this stand-in; only the command line can name another service."""
    from cctui.sandbox.settings import SANDBOX_CLIENT_ID

    cctui = "cctui" if environment is None else f"cctui --environment {shlex.quote(str(environment))}"
    return [
        "",
        _("To use it in an environment, in another terminal:"),
        "",
        f"  {cctui} connections add --name Sandbox --id sandbox --agree \\",
        f"      --client-id {SANDBOX_CLIENT_ID} --api {service.api} \\",
        f"      --authorization {service.authorization}",
        f"  {cctui} connections sign-in sandbox",
        "",
        _("Sign-in shows a code: approve it at {address}.").format(address=f"{service.base_url}/activate"),
        _("Then add exports in the application (Data > Exports); a list is made in its list picker."),
    ]
