"""``cctui service``: what keeps a worker alive, as text to put in place: systemd, cron, a container."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from cctui import __version__
from cctui.cli.session import Session, in_session
from cctui.locales import _

_SYSTEM_TARGETS = ("Wants=network-online.target", "After=network-online.target time-sync.target")
"""What the system's own systemd can wait for; that of an account knows neither."""

KINDS = ("systemd-user", "systemd", "cron", "container")


@click.command("service", help=_("Print what keeps a worker alive: a systemd unit, a cron line, a container entry."))
@click.argument("kind", required=False, type=click.Choice(KINDS))
@in_session
def service(session: Session, kind: str | None) -> None:
    root = session.environment.root
    texts = {
        "systemd-user": systemd_user,
        "systemd": systemd,
        "cron": cron,
        "container": container,
    }
    chosen = [kind] if kind else list(KINDS)
    click.echo("\n".join(texts[name](program(), root) for name in chosen), nl=False)


def program() -> str:
    """The full path of this ``cctui``, as far as it can be told."""
    beside = Path(sys.executable).with_name("cctui")
    return str(beside) if beside.exists() else shutil.which("cctui") or "cctui"


def systemd_user(command: str, root: Path) -> str:
    """A unit for the account's own systemd."""
    return "\n".join(
        [
            *_comments(
                _("Save as ~/.config/systemd/user/cctui.service, then:"),
                "systemctl --user daemon-reload",
                "systemctl --user enable --now cctui",
                "loginctl enable-linger",
                _("The last line keeps it running while you are not signed in."),
            ),
            *_unit(command, root, after=()),
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
    )


def systemd(command: str, root: Path) -> str:
    """A unit for the system, that runs as the present account and can write to the environment only."""
    return "\n".join(
        [
            *_comments(
                _("Save as /etc/systemd/system/cctui.service, then, as root:"),
                "systemctl daemon-reload",
                "systemctl enable --now cctui",
                _("It runs as {account} and can write nowhere but in the environment.").format(
                    account=getpass.getuser()
                ),
            ),
            *_unit(
                command,
                root,
                f"User={getpass.getuser()}",
                "NoNewPrivileges=yes",
                "PrivateTmp=yes",
                "ProtectSystem=strict",
                f"ReadWritePaths={_for_systemd(str(root))}",
            ),
            "[Install]",
            "WantedBy=multi-user.target",
            "",
        ]
    )


def cron(command: str, root: Path) -> str:
    """A line for hosts without systemd: a worker that leaves when nothing is to be done, once a minute."""
    line = shlex.join([command, "--environment", str(root), "worker", "--until-idle"])
    return "\n".join(
        [
            *_comments(
                _("Add with crontab -e. Every minute it fires what is due, carries runs out and leaves."),
                _("What came due while the machine was off runs once, late, and says so."),
            ),
            f"* * * * * {line.replace('%', chr(92) + '%')}",
            "",
        ]
    )


def container(_command: str, root: Path) -> str:
    """A service for a compose file; the command is the one in the image."""
    import json

    return "\n".join(
        [
            *_comments(
                _("An entry for compose.yaml. The image is one with Python and cctui in it, for example from:"),
                "FROM python:3.13-slim",
                f"RUN pip install --no-cache-dir cctui=={__version__}",
                _("Open the application beside it: docker compose exec -it cctui cctui"),
                _("Where users are listed, say who you are, since nobody has a name there: --operator NAME"),
                _("Profiles outside the environment's folder need a volume of their own."),
            ),
            "services:",
            "  cctui:",
            f"    image: cctui:{__version__}",
            '    command: ["cctui", "worker"]',
            f'    user: "{os.getuid()}:{os.getgid()}"',
            "    environment:",
            "      CCTUI_ENVIRONMENT: /environment",
            "    volumes:",
            "      - type: bind",
            f"        source: {json.dumps(str(root), ensure_ascii=False).replace('$', '$$')}",
            "        target: /environment",
            "    init: true",
            "    restart: unless-stopped",
            "    stop_grace_period: 1m",
            "",
        ]
    )


def _unit(command: str, root: Path, *more: str, after: Sequence[str] = _SYSTEM_TARGETS) -> list[str]:
    start = " ".join(_for_systemd(word) for word in (command, "--environment", str(root), "worker"))
    return [
        "[Unit]",
        "Description=cctui worker",
        *after,
        "",
        "[Service]",
        f"ExecStart={start}",
        "Restart=always",
        "RestartSec=5",
        "TimeoutStopSec=60",
        "UMask=0077",
        *more,
        "",
    ]


def _for_systemd(word: str) -> str:
    """``word`` as one argument in a unit file (systemd.service(5), command lines; systemd.unit(5), specifiers)."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or any(char.isspace() or char == "'" for char in word) else word


def _comments(*lines: str) -> list[str]:
    return [f"# {line}" for line in lines]
