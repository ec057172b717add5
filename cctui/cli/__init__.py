"""The command line: parse, call, print. What a screen can do, a command does with the same function underneath.

Commands live in the modules beside this one and are imported when they are called, so that ``--version`` and
``--help`` start fast and load neither Textual nor DuckDB.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from cctui import __version__, locales
from cctui.cli.language import speak, spoken
from cctui.cli.session import Session, environment_option, json_option, print_error
from cctui.errors import CctuiError, ExitCode
from cctui.locales import N_, _

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "demo": ("cctui.cli.demo", "demo", N_("Try it: a sample environment and a sandbox, then the application.")),
    "connections": ("cctui.cli.connections", "connections", N_("Connections to Constant Contact accounts.")),
    "exports": ("cctui.cli.exports", "exports", N_("Exports: which segments go to which list.")),
    "segments": ("cctui.cli.segments", "segments", N_("Segments of the profile source.")),
    "run": ("cctui.cli.runs", "run", N_("Run an export and follow it to its end.")),
    "refresh": (
        "cctui.cli.refresh",
        "refresh",
        N_("The system refresh now: run every export with an active schedule."),
    ),
    "runs": ("cctui.cli.runs", "runs", N_("Runs: history, report, rejected rows, cancel, pause, resume.")),
    "worker": ("cctui.cli.service", "worker", N_("Serve the queue of runs until stopped.")),
    "sandbox": ("cctui.cli.service", "sandbox", N_("The stand-in for Constant Contact, alone.")),
    "service": ("cctui.cli.units", "service", N_("Print what keeps a worker alive: systemd, cron, a container.")),
    "users": ("cctui.cli.users", "users", N_("Users and their roles.")),
    "alerts": ("cctui.cli.alerts", "alerts", N_("Who is told when something goes wrong.")),
    "audit": ("cctui.cli.users", "audit", N_("Who did what when, as JSON lines.")),
    "completion": (
        "cctui.cli.completion",
        "completion",
        N_("Print what a shell needs to complete the words of cctui."),
    ),
    "man": ("cctui.cli.manual", "man", N_("Print the manual page.")),
    "doctor": ("cctui.cli.doctor", "doctor", N_("Check everything that a run needs and say what to do.")),
}
"""Name, module, attribute and help of each command, in the order of the help."""


_OPTION_TEXTS = {
    "language": N_("Language: en, de, nb, zh-CN, hu or ro."),
    "plain": N_("Ask and tell line by line, for screen readers; nothing is drawn."),
    "operator": N_("Who is at the keyboard, where several share one account."),
    "environment": N_("The environment's folder (or CCTUI_ENVIRONMENT)."),
    "as_json": N_("Print JSON."),
    "version": N_("Show the version and exit."),
}


class Commands(click.Group):
    """The commands by name, imported when one is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _help = COMMANDS[cmd_name]
        return cast("click.Command", getattr(import_module(module), attribute))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # A word with a slash is a place in the application, not a command: exports/newsletter, runs/7f3a.
        if args and "/" in args[0]:
            from cctui.cli.application import application

            return application.name, application, args
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        if "/" in incomplete:
            from cctui.cli.completion import places

            return [CompletionItem(place) for place in places(ctx, incomplete)]
        # From the table: importing every command for one line of help each would keep the shell waiting.
        offered = [
            CompletionItem(name, help=_(text))
            for name, (_module, _attribute, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return offered + click.Command.shell_complete(self, ctx, incomplete) if incomplete[:1] == "-" else offered

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The texts are in the table above: importing every command only to list it would make --help slow.
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(text)) for name, (_module, _attribute, text) in COMMANDS.items()])


def _names(kind: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """What completes an option of the program itself; imported when a shell asks."""

    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from cctui.cli import completion

        return cast("list[str]", getattr(completion, kind)(ctx, parameter, incomplete))

    return complete


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--language", metavar="CODE", shell_complete=_names("languages"))
@click.option("--operator", metavar="NAME", shell_complete=_names("users"))
@click.option("--plain", is_flag=True, envvar="CCTUI_PLAIN")
@click.version_option(__version__, prog_name="cctui", message="%(prog)s %(version)s")
@environment_option
@json_option
@click.pass_context
def root(
    ctx: click.Context,
    language: str | None,
    operator: str | None,
    plain: bool,
    environment: str | None,
    as_json: bool,
) -> int | None:
    ctx.obj = Session(environment=environment, as_json=as_json, operator_name=operator, language=language, plain=plain)
    ctx.obj.speak()
    words = _asked_over_ssh(ctx.obj) if operator is not None else []
    if ctx.invoked_subcommand is not None:
        return None
    if words:
        return _carry_out(ctx, words)
    from cctui.cli.application import application

    return cast("int", ctx.invoke(application))


def _asked_over_ssh(session: Session) -> list[str]:
    """What the bearer of a key asked for beside the forced command; whoever is no user gets no further than here."""
    from cctui.access.confinement import confined, words_asked_for

    return words_asked_for(os.environ) if confined(session.operator) else []


def _carry_out(ctx: click.Context, words: list[str]) -> int | None:
    """Carry out a command of ours below ``ctx``, where operator and environment are settled."""
    from cctui.access.confinement import not_ours

    if words[0] not in COMMANDS and "/" not in words[0]:
        raise not_ours(" ".join(words))
    name, command, rest = root.resolve_command(ctx, words)
    if command is None:
        raise not_ours(" ".join(words))
    with command.make_context(name, rest, parent=ctx) as inner:
        return cast("int | None", command.invoke(inner))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code. Foreseeable trouble is one error, never a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _speak_early(words)
    try:
        outcome = root.main(args=words, prog_name="cctui", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as misuse:
        misuse.show()
        return ExitCode.WRONG_USAGE
    except (click.Abort, KeyboardInterrupt):
        print(_("Stopped."), file=sys.stderr)  # noqa: T201
        return 130
    except CctuiError as foreseen:
        print_error(foreseen)
        return foreseen.exit_code
    except BrokenPipeError:
        # The reader of our output has gone (head, less): nothing is left to say to it.
        sys.stderr.close()
        return 0
    except Exception as error:  # noqa: BLE001 - nobody foresaw it; a traceback would help no operator
        from cctui.host import crash_reports

        problem = crash_reports.keep(error, _state_folder(words))
        print_error(problem)
        return problem.exit_code
    return outcome if isinstance(outcome, int) else 0


def _speak_early(words: Sequence[str]) -> None:
    """Choose the language before the texts of options are made: they are looked up when a command is imported."""
    asked = _given(words, "--language")
    if asked in locales.LANGUAGES:
        speak(asked)
    else:
        from cctui.definitions.environment import Environment

        folder = Environment.locate(_given(words, "--environment") or None)
        speak(spoken(folder, _given(words, "--operator") or None))
    root.help = "\n\n".join(
        [
            _("Deliver segments of customer profiles to Constant Contact lists."),
            _("Without a command the application opens. A place opens it there: cctui exports/newsletter."),
        ]
    )
    for option in root.params:
        if isinstance(option, click.Option) and option.name in _OPTION_TEXTS:
            option.help = _(_OPTION_TEXTS[option.name])


def _given(words: Sequence[str], option: str) -> str:
    """The value of an option, wherever it stands; empty where it is not given."""
    return dict(pairwise(words)).get(option) or next(
        (word.partition("=")[2] for word in words if word.startswith(f"{option}=")), ""
    )


def _state_folder(words: Sequence[str]) -> Path:
    """Where a report goes: into the environment's state, or the account's where there is no environment."""
    from cctui.definitions.environment import Environment

    environment = Environment(Environment.locate(_given(words, "--environment") or None))
    if environment.exists():
        return environment.state_folder
    from platformdirs import user_state_path

    return user_state_path("cctui")
