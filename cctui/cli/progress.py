"""Following a run from the command line: a bar on a terminal, plain lines in a pipe, events as JSON."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from cctui.host.clock import SystemClock
from cctui.locales import _

if TYPE_CHECKING:
    from cctui.definitions.environment import Environment
    from cctui.delivery.events import Event
    from cctui.delivery.states import Run

_LOOK_EVERY = 0.25


def follow(environment: Environment, watched: Run, show: Callable[[Run, Sequence[Event]], None]) -> Run:
    """Give ``show`` the run and its new events a few times a second, until it ended or waits for somebody.

    Returns the run as it was then.
    """
    from cctui.delivery import runs as operations
    from cctui.delivery.run_log import RunLog

    log = RunLog(operations.log_path(environment, watched.id))
    clock, offset = SystemClock(), 0
    while True:
        run = operations.find(environment, watched.id)
        events, offset = log.read(offset)
        show(run, events)
        if operations.stopped(run):
            return run
        operations.keep_going(environment)
        clock.wait(_LOOK_EVERY)


def print_events(environment: Environment, watched: Run) -> Run:
    """Print every event of the run as one JSON object a line, until it ended; returns it as it ended."""
    from cctui.delivery.events import encode

    def show(_run: Run, events: Sequence[Event]) -> None:
        for event in events:
            click.echo(encode(event).decode().rstrip("\n"))
        sys.stdout.flush()

    return follow(environment, watched, show)


def show_progress(environment: Environment, watched: Run, *, quiet: bool) -> Run:
    """Show how the run gets on, on standard error, until it ended; returns it as it ended."""
    if quiet:
        return _last(environment, watched)
    try:
        return _bar(environment, watched) if sys.stderr.isatty() else _lines(environment, watched)
    except KeyboardInterrupt:
        click.echo(
            _("The run goes on. To watch it again: cctui runs show {run} --follow").format(run=watched.id), err=True
        )
        raise


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _last(environment: Environment, watched: Run) -> Run:
    return follow(environment, watched, lambda _run, _events: None)


def _lines(environment: Environment, watched: Run) -> Run:
    from cctui.delivery.events import sentence

    def show(_run: Run, events: Sequence[Event]) -> None:
        for event in events:
            click.echo(sentence(event), err=True)

    return follow(environment, watched, show)


def _bar(environment: Environment, watched: Run) -> Run:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from cctui.delivery.events import Progress as StageProgress
    from cctui.delivery.states import STAGE_TITLES, Stage

    # A signal that ended the process here would leave the terminal without its cursor.
    signal.signal(signal.SIGTERM, _leave)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True, highlight=False, markup=False)
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        task = progress.add_task(_(STAGE_TITLES[watched.stage]), total=None)
        stage, matched = watched.stage, (0, 0)

        def show(run: Run, events: Sequence[Event]) -> None:
            nonlocal stage, matched
            for event in events:
                if isinstance(event, StageProgress) and event.stage is Stage.MATCH:
                    matched = (event.done, event.total)
            if run.stage is not stage:
                stage = run.stage
                progress.reset(task)  # the time left is that of the present stage
            done, total = _done(run, matched)
            progress.update(task, description=_(STAGE_TITLES[run.stage]), completed=done, total=total or None)

        return follow(environment, watched, show)


def _done(run: Run, matched: tuple[int, int]) -> tuple[int, int]:
    """How far the present stage is, and how much there is to do; zero where that is not known."""
    from cctui.delivery.states import Stage

    match run.stage:
        case Stage.SELECT:
            return 0, 0
        case Stage.MATCH:
            return matched
        case Stage.SEND:
            return run.contacts_sent, run.totals.sent
        case _:
            return run.batches_settled, run.batches
