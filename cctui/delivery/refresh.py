"""Refreshes: every export with an active schedule at once, by hand or when the system refresh comes due.

A refresh is asked for in the ledger. The worker looks at the profiles, counts segments and then turns it into runs: an
export that cannot run becomes a run that was skipped, with the reason; one that is still running is not queued a second
time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import Struct, structs

from cctui.access.roles import Action, Operator, Sharing, may, require
from cctui.definitions import audit
from cctui.definitions.audit import Deed
from cctui.definitions.changes import sharing_of
from cctui.definitions.environment import Broken, Environment, NotFound, Stored
from cctui.definitions.model import ConnectionId, ExportDefinition, ExportId, ListId
from cctui.definitions.toml_files import DefinitionError
from cctui.delivery import launch
from cctui.delivery.events import CameDueAgain, Level, Problem, RanLate, RunEnded, RunQueued
from cctui.delivery.firings import Refresh, SegmentCount
from cctui.delivery.ledger import new_run
from cctui.delivery.runs import new_run_id
from cctui.delivery.schedule_ledger import ScheduleLedger, new_refresh
from cctui.delivery.spool import Spool
from cctui.delivery.states import Run, Status, Trigger
from cctui.errors import UsageError
from cctui.host.clock import Clock, SystemClock
from cctui.locales import _
from cctui.locales.said import joined
from cctui.masking import printable
from cctui.schedule.due import late

_LOG = logging.getLogger("cctui.worker")

BY_ITSELF = "cctui"
"""Who started what a schedule started."""


class RefreshPlan(Struct, frozen=True):
    """What a refresh by hand would run: exports with an active schedule, and those that the operator may not run."""

    exports: tuple[ExportId, ...]
    names: tuple[str, ...]
    left_out: tuple[str, ...]


def plan(environment: Environment, operator: Operator) -> RefreshPlan:
    """The exports with an active schedule, those that cannot be read among them (R8)."""
    mine: list[tuple[ExportId, str]] = []
    left_out: list[str] = []
    for entry in environment.exports():
        if isinstance(entry, Stored) and entry.definition.schedule.run == "off":
            continue
        name = entry.id if isinstance(entry, Broken) else entry.definition.display_name
        sharing = Sharing.ADMINISTRATORS if isinstance(entry, Broken) else sharing_of(environment, entry.definition)
        if may(operator, Action.RUN_EXPORT, sharing):
            mine.append((ExportId(entry.path.stem), name))
        else:
            left_out.append(name)
    return RefreshPlan(tuple(one for one, _name in mine), tuple(name for _id, name in mine), tuple(left_out))


def ask(environment: Environment, operator: Operator, *, clock: Clock | None = None) -> Refresh:
    """Ask for a refresh of every export with an active schedule that ``operator`` may run, and see that a worker lives.

    Raises :class:`cctui.errors.NotPermitted`, and :class:`UsageError` where there is no such export.
    """
    require(operator, Action.RUN_EXPORT)
    planned = plan(environment, operator)
    if not planned.exports:
        raise UsageError(
            _("There is no export with an active schedule that you may run."),
            do=_("Switch on the schedule of an export, or run exports one by one."),
        )
    clock = clock or SystemClock()
    with ScheduleLedger(environment.ledger_path, clock) as ledger:
        asked = ledger.ask_refresh(
            new_refresh(
                Trigger.SYSTEM_REFRESH,
                asked_by=operator.name,
                asked_at=clock.now(),
                exports=list(planned.exports),
            )
        )
    audit.record(environment, operator, Deed.REFRESH_STARTED, " ".join(asked.exports), clock=clock)
    launch.ensure_worker(environment)
    return asked


def find(environment: Environment, number: int) -> Refresh | None:
    """A refresh as it stands; ``None`` where it is long over."""
    with ScheduleLedger(environment.ledger_path) as ledger:
        return ledger.refresh(number)


def recent(environment: Environment, limit: int = 20) -> list[Refresh]:
    """Refreshes, newest first."""
    if not environment.ledger_path.exists():
        return []
    with ScheduleLedger(environment.ledger_path) as ledger:
        return ledger.refreshes(limit)


def segment_counts(environment: Environment) -> dict[str, SegmentCount]:
    """What refreshes found out about segments."""
    if not environment.ledger_path.exists():
        return {}
    with ScheduleLedger(environment.ledger_path) as ledger:
        return ledger.segment_counts()


def carry_out(
    environment: Environment,
    ledger: ScheduleLedger,
    refresh: Refresh,
    clock: Clock,
    *,
    given_up: str = "",
    not_counted: Mapping[str, SegmentCount] | None = None,
) -> None:
    """Turn ``refresh`` into runs; where it was ``given_up`` for some reason, into runs that were skipped for it.

    An export with a segment that could ``not`` be ``counted`` is skipped for that, and the others run (S2).
    """
    now = clock.now()
    refresh = structs.replace(refresh, problem=given_up)
    runs = [run for export in refresh.exports for run in _run_of(environment, refresh, export, not_counted or {}, now)]
    added, busy = ledger.carry_out(refresh, runs)
    for run in added:
        _LOG.info("run %s of %s: %s, %s", run.id, run.export, run.status, refresh.trigger)
        # The ledger is what counts: a full disk costs these lines and not the worker.
        with suppress(OSError):
            _tell_queued(environment, refresh, run, now)
    for run in busy:
        _LOG.info("run %s of %s is not over; nothing is queued for it, %s", run.id, run.export, refresh.trigger)
        Spool(environment, run.id).log.write(
            CameDueAgain(at=now, level=Level.WARNING, trigger=refresh.trigger, asked_by=printable(refresh.asked_by))
        )


def _run_of(
    environment: Environment,
    refresh: Refresh,
    export: ExportId,
    not_counted: Mapping[str, SegmentCount],
    now: datetime,
) -> Iterable[Run]:
    """The run of an export, queued or skipped; none where the export was removed meanwhile."""
    problem, advice = refresh.problem, ""
    definition: ExportDefinition | None = None
    try:
        definition = environment.export(export).definition
        if not problem:
            problem, advice = _why_not(environment, definition, not_counted)
    except NotFound:
        return
    except DefinitionError as broken:
        problem, advice = broken.happened, broken.do
    connection = definition.connection if definition else None
    run = new_run(
        id=new_run_id(),
        export=export,
        export_name=definition.display_name if definition else export,
        connection=None if connection is None else ConnectionId(connection),
        list_id=ListId(definition.list_id if definition else ""),
        trigger=refresh.trigger,
        started_by=refresh.asked_by,
        queued_at=now,
        due_at=refresh.due_at,
    )
    if problem:
        run = structs.replace(run, status=Status.SKIPPED, ended_at=now, problem=problem, do_next=advice)
    yield run


def _why_not(
    environment: Environment, export: ExportDefinition, not_counted: Mapping[str, SegmentCount]
) -> tuple[str, str]:
    """Why an export cannot run at all, and what to do; two empty texts where it can (C22, X12)."""
    if export.connection is None:
        return _("The export has no connection."), _("Edit the export and choose a connection.")
    try:
        environment.connection(export.connection)
    except NotFound as missing:
        return missing.what, _("Edit the export and choose a connection.")
    except DefinitionError as broken:
        return broken.happened, broken.do
    for count in (not_counted[name] for name in export.segments if name in not_counted):
        what = _("The segment {segment} cannot be counted.").format(segment=printable(count.segment, 60))
        return joined(what, count.problem), count.do_next or _("Mend the segment, or take it out of the export.")
    return "", ""


def _tell_queued(environment: Environment, refresh: Refresh, run: Run, now: datetime) -> None:
    spool = Spool(environment, run.id)
    spool.make()
    spool.log.write(
        RunQueued(
            at=now,
            run=run.id,
            export=run.export,
            export_name=printable(run.export_name),
            started_by=printable(run.started_by),
            trigger=run.trigger,
            dry_run=False,
        )
    )
    if run.due_at is not None and late(run.due_at, now):
        spool.log.write(RanLate(at=now, level=Level.WARNING, due_at=run.due_at, missed=refresh.missed))
    if run.status is Status.SKIPPED:
        spool.log.write(Problem(at=now, level=Level.WARNING, what=run.problem, do=run.do_next))
        spool.log.write(RunEnded(at=now, level=Level.WARNING, status=run.status, totals=run.totals, seconds=0.0))


def worst(runs: Sequence[Run]) -> Run | None:
    """The run that says how a refresh went: the first of those that went worst."""
    order = (
        Status.FAILED,
        Status.SKIPPED,
        Status.PAUSED,
        Status.CANCELED,
        Status.COMPLETED_WITH_ERRORS,
        Status.SUCCESSFUL,
    )
    return next((run for status in order for run in runs if run.status is status), None)
