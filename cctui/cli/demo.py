"""``cctui demo``: a sample environment and a sandbox, then the application, or one run and its report.

This is the only place where the program and the sandbox meet; they meet over HTTP. Nothing is faked: the sample is
read, matched and sent like any other environment, the sign-in is the device flow, and the sandbox is asked afterwards
how many contacts it holds.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import MsgspecError, Struct, json, structs

from cctui.access.confinement import Reach
from cctui.access.operators import current_operator
from cctui.cli.session import Session, in_session
from cctui.errors import ExitCode, UsageError
from cctui.host import files
from cctui.host.clock import SystemClock
from cctui.locales import _, ngettext, number

if TYPE_CHECKING:
    from cctui.access.roles import Operator
    from cctui.definitions.environment import Environment
    from cctui.sandbox.running import RunningSandbox

EXPORT = "everyone-newsletter"
CONNECTION = "marketing"
LISTS = ("Newsletter", "High value customers", "Reactivation", "Loyalty")
_MARK = "demo.json"


class _Sample(Struct, frozen=True):
    """What the demo's folder was made with; its file marks the folder as ours to replace."""

    profiles: int
    version: int = 2


@click.command("demo", help=_("Try it: a sample environment and a sandbox, then the application."))
@click.option(
    "--profiles",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help=_("How many profiles the sample company has."),
)
@click.option("--headless", is_flag=True, help=_("Run one export and print its report; so it is without a terminal."))
@in_session
def demo(session: Session, profiles: int, headless: bool) -> int:
    from platformdirs import user_cache_path

    from cctui.sandbox.running import need_libraries

    session.stay_within(Reach.PROCESS)
    need_libraries()
    folder = (session.asked_for or user_cache_path("cctui") / "demo").absolute()
    watched = sys.stdin.isatty() and sys.stdout.isatty() and not headless and not session.as_json
    _make_place(folder, profiles, fresh=not watched)
    sandbox = _sandbox(folder / "sandbox", outlive=watched)
    environment: Environment | None = None
    try:
        environment = prepare(folder, profiles, sandbox)
        operator = current_operator(environment.read().definition.users, environment.root)
        if watched:
            return _watch(environment, operator)
        return _run(session, environment, operator, sandbox)
    finally:
        # While a run goes on the sandbox must answer; the next demo takes over from it.
        if not (watched and environment is not None and _unfinished(environment)):
            sandbox.stop()


def _sandbox(folder: Path, *, outlive: bool) -> RunningSandbox:
    """A sandbox, in the place of one that an earlier demo left: runs that are under way find it where it was."""
    from cctui.sandbox import running
    from cctui.sandbox.settings import Settings

    return running.start(
        folder, port=running.take_over(folder), settings=Settings(lists=list(LISTS), device_interval=1), outlive=outlive
    )


def prepare(folder: Path, profiles: int, sandbox: RunningSandbox, *, operator: Operator | None = None) -> Environment:
    """The sample environment in ``folder``, made where it is missing, with its connection signed in to the sandbox.

    ``operator`` is its administrator and signs in; the operating system's user where none is given.
    """
    from cctui.definitions.environment import Environment
    from cctui.sandbox import sample
    from cctui.sandbox.lists import list_id_for
    from cctui.sandbox.settings import SANDBOX_CLIENT_ID

    environment = Environment(folder)
    operator = operator or current_operator([], folder)
    if not environment.exists():
        click.echo(
            ngettext(
                "Making a sample company with {count} profile …",
                "Making a sample company with {count} profiles …",
                profiles,
            ).format(count=number(profiles)),
            err=True,
        )
        sample.write_profiles(folder / "profiles", profiles)
        sample.write_environment(
            folder,
            profiles=profiles,
            api=sandbox.api,
            authorization=sandbox.authorization,
            list_ids={name: list_id_for(name) for name in LISTS},
            client_id=SANDBOX_CLIENT_ID,
            operator=operator.name,
        )
    _connect(environment, sandbox, operator)
    return environment


def _make_place(folder: Path, profiles: int, *, fresh: bool) -> None:
    """See that ``folder`` is new or a whole demo of the same size; any other demo, or a used one, is made anew."""
    from cctui.definitions.environment import Environment

    mark = folder / _MARK
    if folder.exists() and any(folder.iterdir()):
        if not mark.exists():
            raise UsageError(
                _("{folder} is not a demo.").format(folder=folder),
                why=_("The demo makes its own environment and does not touch others."),
                do=_("Choose a new folder with --environment."),
            )
        environment = Environment(folder)
        # The sample writes the environment's own file last.
        if not fresh and environment.exists() and _size_of(mark) == _Sample(profiles):
            return
        from cctui.delivery.runs import worker_alive

        if worker_alive(environment):
            raise UsageError(
                _("A run of the demo in {folder} is under way.").format(folder=folder),
                do=_("Wait until it has ended, or choose another folder with --environment."),
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files.save(mark, json.encode(_Sample(profiles)))


def _size_of(mark: Path) -> _Sample | None:
    try:
        return json.decode(mark.read_bytes(), type=_Sample)
    except MsgspecError:
        return None


def _connect(environment: Environment, sandbox: RunningSandbox, operator: Operator) -> None:
    """Point the connection at the sandbox of today and sign in as a person would, by the device flow."""
    from cctui.constant_contact import connection_life
    from cctui.constant_contact import sign_in as signing
    from cctui.constant_contact.tokens import Standing, TokenStore
    from cctui.definitions.model import Endpoints

    stored = environment.connection(CONNECTION)
    endpoints = Endpoints(api=sandbox.api, authorization=sandbox.authorization)
    definition = structs.replace(stored.definition, endpoints=endpoints)
    standing = TokenStore(environment.secrets_folder).state(CONNECTION).standing
    if standing is Standing.NONE:
        flow = signing.DeviceSignIn(definition)
        clock = SystemClock()
        try:
            sandbox.ask("approve", {"user_code": flow.start().user_code})
            while isinstance(found := flow.poll_once(), signing.Pending):
                clock.wait(found.wait)
        finally:
            flow.close()
        signed_in = signing.finish(definition, found, environment.secrets_folder, environment.limits_path)
        connection_life.record_sign_in(environment, operator, definition, stored.fingerprint, signed_in)
    else:
        environment.save_connection(definition, stored.fingerprint)


def _unfinished(environment: Environment) -> int:
    from cctui.delivery import runs as operations

    return sum(not operations.stopped(run) for run in operations.history(environment))


def _watch(environment: Environment, operator: Operator) -> int:
    from cctui.tui.app import run_app

    left = run_app(environment, operator)
    if count := _unfinished(environment):
        click.echo(
            ngettext(
                "{count} run goes on without you. Come back with: cctui demo",
                "{count} runs go on without you. Come back with: cctui demo",
                count,
            ).format(count=number(count))
        )
    return left


def _run(session: Session, environment: Environment, operator: Operator, sandbox: RunningSandbox) -> int:
    from cctui.cli.progress import show_progress
    from cctui.cli.runs import print_report
    from cctui.definitions.model import ExportId
    from cctui.delivery import runs as operations

    queued = operations.start(environment, operator, ExportId(EXPORT))
    ended = show_progress(environment, queued, quiet=session.as_json)
    report = operations.report(environment, ended.id)
    held: int = sandbox.ask("stats")["members"][environment.export(EXPORT).definition.list_id]
    if session.as_json:
        session.emit({**structs.asdict(report), "sandbox_contacts": held})
    else:
        print_report(report)
        click.echo(
            ngettext(
                "The sandbox counts {count} contact in the list.",
                "The sandbox counts {count} contacts in the list.",
                held,
            ).format(count=number(held))
        )
    if held != report.accepted:
        return ExitCode.FAILED
    return operations.exit_code(ended)
