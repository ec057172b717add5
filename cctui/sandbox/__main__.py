"""``python -m cctui.sandbox``: the stand-in as a process. Usually :mod:`cctui.sandbox.running` starts it."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from cctui import locales
from cctui.errors import ExitCode
from cctui.host.locks import LockHeld
from cctui.locales import N_, _
from cctui.sandbox.settings import settings_from


@click.command(help=N_("A local stand-in for Constant Contact."))
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), required=True, help=N_("Where it keeps what arrives.")
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help=N_("0: any free port."))
@click.option(
    "--settings", "settings_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=N_("JSON file.")
)
@click.option("--end-with-input", is_flag=True, help=N_("End when standard input ends."))
@click.option("--linger", default=0.0, help=N_("Seconds without a request before it ends so."))
def main(folder: Path, host: str, port: int, settings_file: Path | None, end_with_input: bool, linger: float) -> None:
    """Serve until stopped."""
    locales.use(locales.from_locale())
    from cctui.sandbox.server import serve

    try:
        settings = settings_from(None if settings_file is None else msgspec.json.decode(settings_file.read_bytes()))
        open_input = sys.stdin.fileno() if end_with_input else None
        serve(folder, settings, host=host, port=port, while_open=open_input, linger=linger)
    except msgspec.MsgspecError as error:
        _leave(_("The settings do not fit: {problem}").format(problem=error), ExitCode.WRONG_USAGE)
    except LockHeld:
        _leave(_("Another sandbox uses this folder."), ExitCode.ALREADY_RUNNING)
    except OSError as error:
        _leave(_("The sandbox cannot listen on port {port}: {reason}").format(port=port, reason=error.strerror), 1)


def _leave(sentence: str, code: int) -> None:
    click.echo(sentence, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
