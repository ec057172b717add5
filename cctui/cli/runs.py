"""``cctui run`` and ``cctui runs``: start, follow, look back, stop."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cctui.access.confinement import Reach
from cctui.cli import completion
from cctui.cli.session import Session, confirm, in_session, print_facts, print_table
from cctui.errors import ExitCode
from cctui.locales import _, date_time, duration, number
from cctui.masking import printable

if TYPE_CHECKING:
    from cctui.definitions.environment import Environment
    from cctui.delivery.states import Report, Run

_LONGEST_ROW = 2_000
"""Characters of a rejected row that a terminal gets; the file has all of them."""


@click.command("run", help=_("Run an export and follow it to its end. Leaving does not stop the run."))
@click.argument("export", shell_complete=completion.exports)
@click.option("--run-id", metavar="ID", help=_("A name for the run; the same name twice is the same run."))
@click.option("--dry-run", is_flag=True, help=_("Do everything but send."))
@click.option(
    "--only-rejected-of",
    metavar="RUN",
    help=_("Only the profiles that this earlier run rejected, as the source has them now."),
)
@click.option("--events", is_flag=True, help=_("Print what happens as JSON, one object a line."))
@click.option("--detach", is_flag=True, help=_("Queue it and leave."))
@in_session
def run(
    session: Session,
    export: str,
    run_id: str | None,
    dry_run: bool,
    only_rejected_of: str | None,
    events: bool,
    detach: bool,
) -> int:
    from cctui.definitions.model import ExportId
    from cctui.delivery import runs as operations
    from cctui.delivery.states import RunId

    environment = session.environment
    queued = operations.start(
        environment,
        session.operator,
        ExportId(export),
        run_id=RunId(run_id) if run_id else None,
        dry_run=dry_run,
        only_rejected_of=only_rejected_of,
    )
    if detach:
        if session.as_json:
            session.emit({"run_id": queued.id})
        else:
            click.echo(_("Run {run} is queued.").format(run=queued.id))
        return ExitCode.SUCCESSFUL
    return follow(session, environment, queued, events=events)


def follow(session: Session, environment: Environment, watched: Run, *, events: bool = False) -> int:
    """Watch ``watched`` to its end and print its report; returns the exit code that belongs to how it ended."""
    from cctui.cli.progress import print_events, show_progress
    from cctui.delivery import runs as operations

    watch = print_events if events else partial(show_progress, quiet=session.as_json)
    ended = watch(environment, watched)
    report = operations.report(environment, ended.id)
    if session.as_json:
        session.emit(report)
    elif not events:
        print_report(report)
    return operations.exit_code(ended)


def print_report(report: Report) -> None:
    """The report in words and numbers."""
    from cctui.delivery.report import facts, sentences

    print_facts(facts(report))
    click.echo()
    for sentence in sentences(report):
        click.echo(sentence)


@click.group("runs", help=_("Runs: history, report, rejected rows, cancel, pause, resume."))
def runs() -> None:
    pass


@runs.command("list", help=_("The history, newest first."))
@click.option(
    "--export", "export", metavar="EXPORT", shell_complete=completion.exports, help=_("Only the runs of this export.")
)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help=_("How many."))
@in_session
def list_runs(session: Session, export: str | None, limit: int) -> None:
    from cctui.definitions.model import ExportId
    from cctui.delivery import runs as operations
    from cctui.delivery.only_rejected import limited_to
    from cctui.delivery.states import STATUS_TITLES

    environment = session.environment
    alive = operations.worker_alive(environment)
    found = operations.history(environment, export=ExportId(export) if export else None, limit=limit)
    if session.as_json:
        session.emit(found)
        return
    zone = environment.zone()
    print_table(
        [
            _("Run ID"),
            _("Export"),
            _("Status"),
            _("Started"),
            _("By"),
            _("Took"),
            _("Selected"),
            _("Sent"),
            _("Accepted"),
        ],
        (
            [
                one.id,
                ", ".join(part for part in (printable(one.export_name), limited_to(one)) if part),
                _("Interrupted") if operations.interrupted(one, alive) else _(STATUS_TITLES[one.status]),
                date_time(one.started_at or one.queued_at, zone),
                printable(one.started_by),
                "" if one.seconds is None else duration(one.seconds),
                number(one.totals.selected),
                number(one.totals.sent),
                number(one.totals.accepted),
            ]
            for one in found
        ),
        _("Nothing has run yet."),
    )


@runs.command("show", help=_("One run: its report, or its progress while it runs."))
@click.argument("run_id", metavar="RUN", shell_complete=completion.runs)
@click.option("--follow", "following", is_flag=True, help=_("Watch it to its end."))
@click.option("--events", is_flag=True, help=_("With --follow: print what happens as JSON, one object a line."))
@in_session
def show_run(session: Session, run_id: str, following: bool, events: bool) -> int:
    from cctui.delivery import runs as operations

    environment = session.environment
    found = operations.find(environment, run_id)
    if following:
        return follow(session, environment, found, events=events)
    report = operations.report(environment, found.id)
    if session.as_json:
        session.emit(report)
    else:
        print_report(report)
    return ExitCode.SUCCESSFUL


@runs.command("rejected", help=_("The rejected rows of a run as CSV: profile, reason, value as it was."))
@click.argument("run_id", metavar="RUN", shell_complete=completion.runs)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help=_("Write to this file instead."))
@in_session
def rejected(session: Session, run_id: str, output: Path | None) -> None:
    from cctui.delivery import runs as operations

    environment = session.environment
    if output is not None:
        session.stay_within(Reach.PATH)
    found = operations.find(environment, run_id)
    if session.as_json:
        session.emit([{"reason": title, "count": count} for title, count in _summary(environment, found)])
        return
    if output is not None:
        operations.write_rejected(environment, session.operator, found.id, output)
        click.echo(_("Written to {file}.").format(file=output), err=True)
        return
    with operations.hand_out_rejected(environment, session.operator, found.id).open("rb") as rows:
        if sys.stdout.isatty():
            # Values are as they were, for whoever mends them; a terminal would carry out escape sequences in them.
            for row in rows:
                click.echo(printable(row.decode("utf-8", "replace"), _LONGEST_ROW))
        else:
            shutil.copyfileobj(rows, sys.stdout.buffer)


def _summary(environment: Environment, found: Run) -> list[tuple[str, int]]:
    from cctui.delivery import runs as operations

    return operations.rejected_summary(environment, found.id)


@runs.command("cancel", help=_("Send no more. What was sent is watched to its end."))
@click.argument("run_id", metavar="RUN", shell_complete=completion.runs)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@in_session
def cancel(session: Session, run_id: str, yes: bool) -> None:
    from cctui.delivery import runs as operations

    environment = session.environment
    found = operations.find(environment, run_id)
    confirm(_("Cancel run {run} of {export}?").format(run=found.id, export=printable(found.export_name)), yes=yes)
    operations.cancel(environment, session.operator, found.id)
    click.echo(_("Run {run} sends no more. What was sent is watched to its end.").format(run=found.id))


@runs.command("pause", help=_("Stop sending until it is resumed."))
@click.argument("run_id", metavar="RUN", shell_complete=completion.runs)
@in_session
def pause(session: Session, run_id: str) -> None:
    from cctui.delivery import runs as operations

    environment = session.environment
    found = operations.find(environment, run_id)
    operations.pause(environment, session.operator, found.id)
    click.echo(_("Run {run} pauses after the request that is under way.").format(run=found.id))


@runs.command("resume", help=_("Go on with a paused or interrupted run."))
@click.argument("run_id", metavar="RUN", shell_complete=completion.runs)
@in_session
def resume(session: Session, run_id: str) -> None:
    from cctui.delivery import runs as operations

    environment = session.environment
    found = operations.find(environment, run_id)
    operations.resume(environment, session.operator, found.id)
    click.echo(_("Run {run} goes on.").format(run=found.id))
