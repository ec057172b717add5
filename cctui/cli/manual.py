"""``cctui man``: the manual page, made from the same table and the same help as the command line itself.

The page is roff with the macros of man(7): ``cctui man | man -l -`` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import click

from cctui import __version__, locales
from cctui.errors import ExitCode
from cctui.locales import N_, _

EXIT_CODES = {
    ExitCode.SUCCESSFUL: N_("Successful."),
    ExitCode.FAILED: N_("Failed; also a fault of cctui itself."),
    ExitCode.WRONG_USAGE: N_("Wrong usage, or a definition that does not fit."),
    ExitCode.COMPLETED_WITH_ERRORS: N_("The run is completed with errors: rows were rejected."),
    ExitCode.PAUSED_FOR_QUOTA: N_("The run is paused until the quota of the application key is back."),
    ExitCode.ALREADY_RUNNING: N_("The export is running already."),
    ExitCode.SIGN_IN_NEEDED: N_("The connection needs a sign-in."),
    ExitCode.CANCELED: N_("The run was canceled."),
}
"""What the numbers say; translate with ``_``."""

VARIABLES = {
    "CCTUI_ENVIRONMENT": N_("The folder of the environment, where --environment does not name one."),
    "CCTUI_PLAIN": N_("1: always the plain mode, as --plain."),
    "CCTUI_THEME": N_("The theme: cctui-dark, cctui-light, high-contrast or terminal (16 colours)."),
    "CCTUI_ASCII": N_("1: only ASCII characters are drawn."),
    "NO_COLOR": N_("No colours; what is chosen is shown in reverse."),
    "COLORTERM, TERM": N_("What the terminal can do. With TERM=dumb the application does not open; --plain does."),
    "LC_ALL, LC_MESSAGES, LANG": N_("The language, where neither --language nor environment.toml names one."),
    "SSH_CONNECTION, SSH_TTY": N_("Over SSH the mouse is off, so that its movements do not fill the line."),
    "SSH_ORIGINAL_COMMAND": N_("The command that the bearer of a key asked for; see --operator."),
    "VISUAL, EDITOR": N_("The editor of --edit."),
    "XDG_CONFIG_HOME": N_("Where the environment is by default: cctui below it, else ~/.config/cctui."),
    "XDG_CACHE_HOME": N_("Where the sample of cctui demo is: cctui/demo below it, else ~/.cache/cctui/demo."),
    "XDG_STATE_HOME": N_("Where reports of faults go while there is no environment, else ~/.local/state/cctui."),
}
"""What the program looks at in its surroundings."""

FILES = {
    "environment.toml": N_(
        "Name, language, time zone, profiles, segments, system refresh and users of an environment."
    ),
    "connections/*.toml": N_("One connection each."),
    "exports/*.toml": N_("One export each."),
    "secrets/": N_("Sign-ins, for their owner only; never in git."),
    "state/": N_("Ledger, runs, logs, audit log. It can be deleted without losing a definition."),
    "state/runs/*/rejected.csv": N_("The rejected rows of a run, with their reasons."),
    "state/crashes/*.txt": N_("Masked reports of faults."),
}
"""What lies in the folder of an environment."""


@click.command("man", help=_("Print the manual page."))
@click.pass_context
def man(ctx: click.Context) -> None:
    click.echo("\n".join(page(cast("click.Group", ctx.find_root().command))))


def page(root: click.Group) -> Iterator[str]:
    """The lines of the manual page."""
    yield "'\\\" -*- coding: utf-8 -*-"
    yield f'.TH CCTUI 1 "" "cctui {__version__}" "cctui"'
    yield from _section(_("NAME"))
    yield f"cctui \\- {_quoted(_('Deliver segments of customer profiles to Constant Contact lists.').rstrip('.。'))}"
    yield from _section(_("SYNOPSIS"))
    yield f".B cctui\n[{_quoted(_('OPTIONS'))}] [{_quoted(_('PLACE'))}]\n.br"
    yield f".B cctui\n[{_quoted(_('OPTIONS'))}] {_quoted(_('COMMAND'))} [{_quoted(_('ARGUMENTS'))}]"
    yield from _section(_("DESCRIPTION"))
    for paragraph in (root.help or "").split("\n\n"):
        yield f".PP\n{_quoted(paragraph)}"
    yield from _section(_("OPTIONS"))
    yield from _options(root, click.Context(root, info_name="cctui"))
    yield f".PP\n{_quoted(_('The name of the environment can also stand after the name of a command.'))}"
    yield from _section(_("COMMANDS"))
    yield from _commands(root, click.Context(root, info_name="cctui"))
    yield from _section(_("EXIT STATUS"))
    for code, meaning in EXIT_CODES.items():
        yield f".TP\n.B {int(code)}\n{_quoted(_(meaning))}"
    yield f".TP\n.B 128+N\n{_quoted(_('Ended by signal N; the terminal is as before, and runs go on.'))}"
    yield from _section(_("ENVIRONMENT"))
    for name, meaning in VARIABLES.items():
        yield f".TP\n.B {_quoted(name)}\n{_quoted(_(meaning))}"
    yield from _section(_("FILES"))
    for name, meaning in FILES.items():
        yield f".TP\n.I {_quoted(name)}\n{_quoted(_(meaning))}"
    yield from _section(_("LANGUAGES"))
    yield _quoted(", ".join(locales.LANGUAGES))


def _section(title: str) -> Iterator[str]:
    yield f'.SH "{_quoted(title)}"'


def _commands(group: click.Group, above: click.Context) -> Iterator[str]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=above)
        if isinstance(command, click.Group):
            yield from _commands(command, inner)
            continue
        usage = " ".join(piece for piece in command.collect_usage_pieces(inner) if piece)
        yield f'.SS "{_quoted(f"{inner.command_path} {usage}")}"'
        yield _quoted(command.help or "")
        yield from _options(command, inner)


def _options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    for parameter in command.get_params(ctx):
        if ctx.parent is not None and parameter.name in {"environment", "help"}:
            # Told once, with the options of the program.
            continue
        record = parameter.get_help_record(ctx)
        if record is not None:
            yield f".TP\n.B {_quoted(record[0])}\n{_quoted(record[1])}"


def _quoted(text: str) -> str:
    """``text`` as roff takes it: what would be a request, an escape or a hyphenated minus is told apart."""
    line = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{line}" if line[:1] in {".", "'"} else line
