"""What every command shares: the environment, the operator, and how results and errors are printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cctui import locales
from cctui.cli.language import speak, spoken
from cctui.errors import CctuiError
from cctui.locales import _

if TYPE_CHECKING:
    from cctui.access.confinement import Reach
    from cctui.access.roles import Operator
    from cctui.definitions.environment import Environment

R = TypeVar("R")


def environment_option(command: Any) -> Any:
    """The option ``--environment``; its text is looked up when the command is made."""
    text = _("The environment's folder (or CCTUI_ENVIRONMENT).")
    return click.option("--environment", metavar="DIR", default=None, shell_complete=_folders, help=text)(command)


def _folders(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]


def json_option(command: Any) -> Any:
    """The option ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))(command)


class Session:
    """One call of the command line. Options given after the command's name win over those before it."""

    def __init__(
        self,
        *,
        environment: str | None = None,
        as_json: bool = False,
        operator_name: str | None = None,
        language: str | None = None,
        plain: bool = False,
    ) -> None:
        self._environment_option = environment
        self.plain = plain
        self.as_json = as_json
        self.operator_name = operator_name
        self._language = language

    def narrow(self, environment: str | None, as_json: bool) -> None:
        """Take over what was said after the command's name."""
        if environment is not None:
            self._stay(environment)
            self._environment_option = environment
            self.speak()
        self.as_json = self.as_json or as_json

    def speak(self) -> None:
        """Choose the language, as :mod:`cctui.cli.language` says."""
        if self._language is not None and self._language not in locales.LANGUAGES:
            raise click.BadParameter(
                _("{language} is not one of {languages}.").format(
                    language=self._language, languages=", ".join(locales.LANGUAGES)
                ),
                param_hint="--language",
            )
        speak(spoken(self.environment_path, self.operator_name, self._language))

    @property
    def asked_language(self) -> str | None:
        """The language of ``--language``, ``None`` where it was not given."""
        return self._language

    def stay_within(self, reach: Reach) -> None:
        """Return where the operator can reach this. Raises :class:`cctui.errors.NotPermitted` for a confined one."""
        from cctui.access.confinement import require_reach

        if self.operator_name is not None:
            require_reach(self.operator, reach)

    def _stay(self, environment: str) -> None:
        from cctui.access.confinement import Reach

        if Path(environment).expanduser().absolute() != self.environment_path:
            self.stay_within(Reach.ENVIRONMENT)

    @property
    def environment_path(self) -> Path:
        """The folder of the environment, whether it exists or not."""
        from cctui.definitions.environment import Environment

        return Environment.locate(self._environment_option)

    @property
    def asked_for(self) -> Path | None:
        """The folder named by the option or by ``CCTUI_ENVIRONMENT``, ``None`` where neither was given."""
        named = self._environment_option or os.environ.get("CCTUI_ENVIRONMENT")
        return Path(named).expanduser() if named else None

    @property
    def environment(self) -> Environment:
        """The environment. Raises an error that says how to make one where there is none."""
        from cctui.definitions.environment import Environment

        environment = Environment(self.environment_path)
        environment.read()
        return environment

    @property
    def operator(self) -> Operator:
        """Who calls."""
        from cctui.access.operators import current_operator

        environment = self.environment
        users = environment.read().definition.users
        return current_operator(users, environment.root, name=self.operator_name)

    def emit(self, facts: Any) -> None:
        """Print ``facts`` (Structs, lists of Structs) as JSON."""
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(facts, enc_hook=str), indent=2).decode())


def in_session(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command its :class:`Session`, and the options ``--environment`` and ``--json`` after its name."""

    @environment_option
    @json_option
    @click.pass_context
    def call(ctx: click.Context, /, *args: Any, environment: str | None, as_json: bool, **kwargs: Any) -> R:
        session = ctx.find_object(Session) or Session()
        session.narrow(environment, as_json)
        return command(session, *args, **kwargs)

    return update_wrapper(call, command)


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Print aligned columns; nothing is cut when the output is no terminal. ``empty`` is said where there is no row."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(Text(title))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    if not table.row_count:
        click.echo(empty)
        return
    wide = None if sys.stdout.isatty() else 10_000
    Console(width=wide, highlight=False, markup=False, emoji=False).print(table, crop=wide is None)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print titles and values, one pair a line, values aligned."""
    from rich.cells import cell_len

    pairs = list(facts)
    width = max((cell_len(title) for title, _value in pairs), default=0)
    for title, value in pairs:
        click.echo(f"{title}{' ' * (width - cell_len(title))}  {value}")


def print_error(problem: CctuiError) -> None:
    """Say on standard error what happened, why and what to do."""
    click.echo(problem.what, err=True)
    for more in (problem.why, problem.do):
        if more:
            click.echo(f"  {more}", err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is taken away. Without a terminal nothing is asked: ``--yes`` must have been given."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(_("{question} Without a terminal, say --yes.").format(question=question))
    click.confirm(question, abort=True)
