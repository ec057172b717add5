"""``cctui refresh``: every export with an active schedule, now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cctui.cli.session import Session, in_session, print_table
from cctui.errors import ExitCode
from cctui.host.clock import SystemClock
from cctui.locales import _, ngettext, number
from cctui.masking import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cctui.definitions.environment import Environment
    from cctui.delivery.firings import Refresh, SegmentCount
    from cctui.delivery.states import Run

_LOOK_EVERY = 0.25


@click.command("refresh", help=_("The system refresh now: run every export with an active schedule."))
@click.option("--detach", is_flag=True, help=_("Ask for it and leave."))
@in_session
def refresh(session: Session, detach: bool) -> int:
    from cctui.delivery import refresh as operations

    environment = session.environment
    planned = operations.plan(environment, session.operator)
    asked = operations.ask(environment, session.operator)
    if planned.left_out:
        click.echo(
            _("Left out, because you may not run them: {names}").format(
                names=", ".join(printable(name, 60) for name in planned.left_out)
            ),
            err=True,
        )
    if detach:
        if session.as_json:
            session.emit(asked)
        else:
            count = len(asked.exports)
            text = ngettext("{count} export is to be run.", "{count} exports are to be run.", count)
            click.echo(text.format(count=number(count)))
        return ExitCode.SUCCESSFUL
    runs = _followed(environment, _carried_out(environment, asked))
    if session.as_json:
        from cctui.delivery import runs as reports

        session.emit([reports.report(environment, run.id) for run in runs])
    else:
        _print(runs)
    return _exit_code(runs)


def _carried_out(environment: Environment, asked: Refresh) -> Refresh:
    """The refresh when it has become runs; what it waits for is said on standard error."""
    from cctui.delivery import refresh as operations
    from cctui.delivery import runs

    clock, said = SystemClock(), ""
    while True:
        now = operations.find(environment, asked.number)
        counts = [one for one in operations.segment_counts(environment).values() if one.refresh >= asked.number]
        if now is None or not now.waiting:
            _say_counts(counts)
            return now or asked
        waits_for = _("Waiting: {reason}").format(reason=printable(now.problem)) if now.problem else ""
        if any(not one.status.ended for one in counts):
            waits_for = _("Segments are counted, then exports run.")
        if waits_for and waits_for != said:
            said = waits_for
            click.echo(said, err=True)
        runs.keep_going(environment)
        clock.wait(_LOOK_EVERY)


def _say_counts(counts: Sequence[SegmentCount]) -> None:
    """How many segments were counted for the refresh, and which could not be."""
    from cctui.delivery.states import Status

    counted = sum(one.status is Status.SUCCESSFUL for one in counts)
    if counts:
        text = ngettext("{count} segment was counted.", "{count} segments were counted.", counted)
        click.echo(text.format(count=number(counted)), err=True)
    for one in counts:
        if one.status is Status.FAILED:
            text = _("The segment {segment} cannot be counted.").format(segment=printable(one.segment, 60))
            click.echo(
                " ".join(part for part in (text, printable(one.problem), printable(one.do_next)) if part), err=True
            )


def _followed(environment: Environment, refresh: Refresh) -> list[Run]:
    """The runs of a refresh when they are over or wait for somebody; each end is said on standard error."""
    from cctui.delivery import runs as operations
    from cctui.delivery.states import STATUS_TITLES

    clock = SystemClock()
    open_runs, over = list(refresh.runs), {}
    while open_runs:
        for run_id in [*open_runs]:
            run = operations.find(environment, run_id)
            if operations.stopped(run):
                open_runs.remove(run_id)
                over[run_id] = run
                click.echo(f"{printable(run.export_name)}: {_(STATUS_TITLES[run.status])}", err=True)
        if open_runs:
            operations.keep_going(environment)
            clock.wait(_LOOK_EVERY)
    return [over[run_id] for run_id in refresh.runs]


def _print(runs: list[Run]) -> None:
    from cctui.delivery.states import STATUS_TITLES

    print_table(
        [_("Export"), _("Status"), _("Selected"), _("Sent"), _("Accepted"), _("Reason")],
        (
            [
                printable(run.export_name),
                _(STATUS_TITLES[run.status]),
                number(run.totals.selected),
                number(run.totals.sent),
                number(run.totals.accepted),
                printable(run.problem),
            ]
            for run in runs
        ),
        _("All of them are running already; nothing was queued twice."),
    )


def _exit_code(runs: list[Run]) -> int:
    """That of the run that went worst."""
    from cctui.delivery import refresh as operations
    from cctui.delivery import runs as reports

    worst = operations.worst(runs)
    return ExitCode.ALREADY_RUNNING if worst is None else reports.exit_code(worst)
