"""What an operator can do with runs, for the command line and the application alike."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from cctui.access.confinement import Reach, require_reach
from cctui.access.roles import Action, Operator, Sharing, require
from cctui.definitions import audit
from cctui.definitions.audit import Deed
from cctui.definitions.changes import sharing_of
from cctui.definitions.environment import Environment, NotFound
from cctui.definitions.model import ConnectionId, ExportId, ListId
from cctui.definitions.toml_files import DefinitionError
from cctui.delivery import launch
from cctui.delivery import report as reports
from cctui.delivery.events import RunEnded, RunQueued, WishHeard
from cctui.delivery.ledger import Ledger, new_run
from cctui.delivery.only_rejected import require_rejected, still_wanted
from cctui.delivery.schedule_ledger import ScheduleLedger
from cctui.delivery.spool import Spool
from cctui.delivery.states import EXIT_CODES, PauseReason, Report, Run, RunId, Status, Trigger, Wish
from cctui.errors import ExitCode, UsageError
from cctui.host.clock import Clock, SystemClock
from cctui.locales import _
from cctui.masking import printable

KEPT_DAYS = 90
"""How long a run that is over is kept, with its spool."""

_DEEDS = {Wish.CANCEL: Deed.RUN_CANCELED, Wish.PAUSE: Deed.RUN_PAUSED, Wish.NONE: Deed.RUN_RESUMED}
_RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def start(
    environment: Environment,
    operator: Operator,
    export_id: ExportId,
    *,
    run_id: RunId | None = None,
    dry_run: bool = False,
    only_rejected_of: str | None = None,
    trigger: Trigger = Trigger.OPERATOR,
    clock: Clock | None = None,
) -> Run:
    """Queue a run of an export and see that a worker lives. The same id and export again is the same run.

    ``only_rejected_of`` is the id, or its unique beginning, of an earlier run of the export that is over: only the
    profiles that it rejected are taken.

    Raises :class:`cctui.delivery.ledger.AlreadyRunning` where the export has a run that is not over,
    :class:`cctui.errors.NotPermitted`, and what reading the definition raises.
    """
    export = environment.export(export_id).definition
    require(operator, Action.RUN_EXPORT, sharing_of(environment, export))
    if run_id is not None and not _RUN_ID.fullmatch(run_id):
        raise UsageError(
            _("{run} cannot be the id of a run.").format(run=printable(run_id, 64)),
            do=_("Use up to 64 lower-case letters, digits and hyphens."),
        )
    clock = clock or SystemClock()
    earlier = None if only_rejected_of is None else _rejected_run(environment, export.id, only_rejected_of)
    asked = new_run(
        id=run_id or new_run_id(),
        export=ExportId(export.id),
        export_name=export.display_name,
        connection=None if export.connection is None else ConnectionId(export.connection),
        list_id=ListId(export.list_id),
        trigger=trigger,
        started_by=operator.name,
        queued_at=clock.now(),
        dry_run=dry_run,
        only_rejected_of=earlier,
    )
    with Ledger(environment.ledger_path, clock) as ledger:
        queued = ledger.queue(asked)
    if queued is asked:
        audit.record(environment, operator, Deed.RUN_STARTED, f"{queued.export} {queued.id}", clock=clock)
        spool = Spool(environment, queued.id)
        spool.make()
        spool.log.write(
            RunQueued(
                at=clock.now(),
                run=queued.id,
                export=queued.export,
                export_name=printable(queued.export_name),
                started_by=printable(queued.started_by),
                trigger=trigger,
                dry_run=dry_run,
            )
        )
    if not queued.status.ended:
        launch.ensure_worker(environment)
    return queued


def cancel(environment: Environment, operator: Operator, run_id: RunId, *, clock: Clock | None = None) -> Run:
    """Send no more. What was sent is watched to its end; the rest is reported as not sent."""
    return _ask(environment, operator, run_id, Wish.CANCEL, clock or SystemClock())


def pause(environment: Environment, operator: Operator, run_id: RunId, *, clock: Clock | None = None) -> Run:
    """Stop after the request that is under way, until somebody resumes."""
    return _ask(environment, operator, run_id, Wish.PAUSE, clock or SystemClock())


def resume(environment: Environment, operator: Operator, run_id: RunId, *, clock: Clock | None = None) -> Run:
    """Go on with a run that is paused or was interrupted."""
    return _ask(environment, operator, run_id, Wish.NONE, clock or SystemClock())


def find(environment: Environment, run_id: str) -> Run:
    """The run with this id or unique beginning. Raises :class:`cctui.delivery.ledger.RunNotFound`."""
    with Ledger(environment.ledger_path) as ledger:
        return ledger.run(run_id)


def history(
    environment: Environment,
    *,
    export: ExportId | None = None,
    statuses: Sequence[Status] = (),
    limit: int = 100,
    offset: int = 0,
) -> list[Run]:
    """Runs, newest first."""
    with Ledger(environment.ledger_path) as ledger:
        return ledger.runs(export=export, statuses=statuses, limit=limit, offset=offset)


def last_runs(environment: Environment) -> dict[ExportId, Run]:
    """The newest run of each export that ever ran; see :meth:`Ledger.last_runs`."""
    with Ledger(environment.ledger_path) as ledger:
        return ledger.last_runs()


def report(environment: Environment, run_id: RunId) -> Report:
    """The report of a run as it stands."""
    return reports.report(environment, find(environment, run_id))


def rejected_summary(environment: Environment, run_id: RunId) -> list[tuple[str, int]]:
    """Reasons why rows were rejected, in words, with their counts, most frequent first."""
    return reports.rejected_summary(environment, find(environment, run_id))


def rejected_path(environment: Environment, run_id: RunId) -> Path:
    """A CSV of all rejected rows, those that the service refused among them."""
    return reports.rejected_path(environment, find(environment, run_id))


def hand_out_rejected(environment: Environment, operator: Operator, run_id: RunId) -> Path:
    """The rejected rows for ``operator`` to take away; who took them is written to the audit log.

    Raises :class:`cctui.errors.NotPermitted` for those who may not see addresses.
    """
    require(operator, Action.SEE_ADDRESSES)
    run = find(environment, run_id)
    path = reports.rejected_path(environment, run)
    audit.record(environment, operator, Deed.REJECTED_ROWS_TAKEN, f"{run.export} {run.id}")
    return path


def write_rejected(environment: Environment, operator: Operator, run_id: RunId, target: Path) -> None:
    """Copy the rejected rows to ``target``; see :func:`hand_out_rejected`."""
    require_reach(operator, Reach.PATH)
    hand_out_rejected(environment, operator, run_id)
    reports.write_rejected(environment, find(environment, run_id), target)


def log_path(environment: Environment, run_id: RunId) -> Path:
    """The file of the run's events."""
    return Spool(environment, run_id).log.path


def worker_alive(environment: Environment) -> bool:
    """Whether a worker lives in this environment."""
    return launch.worker_alive(environment)


def interrupted(run: Run, alive: bool) -> bool:
    """Whether the run's worker died: the run waits for the next one, or for somebody to resume it."""
    return run.status is Status.REFRESHING and not alive


def stopped(run: Run) -> bool:
    """Whether nothing more happens by itself soon: the run is over or paused."""
    return run.status.ended or run.status is Status.PAUSED


def keep_going(environment: Environment) -> None:
    """See that a worker lives while a refresh waits or a run is queued, interrupted, or paused for a quota now back."""
    with ScheduleLedger(environment.ledger_path) as ledger:
        waiting = any(due(run, SystemClock()) for run in ledger.unfinished()) or bool(ledger.waiting_refreshes())
    if waiting:
        launch.ensure_worker(environment)


def due(run: Run, clock: Clock) -> bool:
    """Whether a worker has something to do for ``run`` now."""
    if run.status is Status.PAUSED:
        return run.resume_at is not None and run.resume_at <= clock.now()
    return not run.status.ended


def exit_code(run: Run) -> ExitCode:
    """How ``cctui run`` leaves for a run that is over or paused."""
    if run.status is Status.PAUSED:
        return {
            PauseReason.QUOTA: ExitCode.PAUSED_FOR_QUOTA,
            PauseReason.SIGN_IN: ExitCode.SIGN_IN_NEEDED,
        }.get(run.pause_reason or PauseReason.OPERATOR, ExitCode.SUCCESSFUL)
    return EXIT_CODES.get(run.status, ExitCode.FAILED)


def prune(environment: Environment, days: int = KEPT_DAYS, *, clock: Clock | None = None) -> list[RunId]:
    """Forget runs that were over ``days`` ago, with their spools; the newest of each export stays.

    So does a run whose rejected rows an unfinished run takes.
    """
    clock = clock or SystemClock()
    with Ledger(environment.ledger_path, clock) as ledger:
        kept = {run.id for run in ledger.last_runs().values()} | still_wanted(ledger.unfinished())
        old = [run.id for run in ledger.ended_before(clock.now() - timedelta(days=days)) if run.id not in kept]
        ledger.remove(old)
    for run_id in old:
        Spool(environment, run_id).remove()
    return old


def new_run_id() -> RunId:
    """An id of eight letters and digits that nobody has seen before."""
    return RunId("".join(secrets.choice(_LETTERS) for _place in range(8)))


def _rejected_run(environment: Environment, export_id: str, run_id: str) -> RunId:
    """The earlier run that a new one of the export takes the rejected of. Raises :class:`UsageError`."""
    run = find(environment, run_id)
    if run.export != export_id:
        raise UsageError(
            _("Run {run} is a run of another export, {export}.").format(run=run.id, export=printable(run.export_name)),
            do=_("Name a run of this export: cctui runs list --export {export}").format(export=export_id),
        )
    require_rejected(run)
    return run.id


def _ask(environment: Environment, operator: Operator, run_id: RunId, wish: Wish, clock: Clock) -> Run:
    with Ledger(environment.ledger_path, clock) as ledger:
        require(operator, Action.RUN_EXPORT, _sharing(environment, ledger.run(run_id)))
        run = ledger.ask(run_id, wish)
    audit.record(environment, operator, _DEEDS[wish], f"{run.export} {run.id}", clock=clock)
    log = Spool(environment, run.id).log
    if wish is not Wish.NONE:
        log.write(WishHeard(at=clock.now(), wish=wish))
    if run.status is Status.CANCELED:
        log.write(
            RunEnded(
                at=clock.now(),
                status=run.status,
                totals=run.totals,
                seconds=run.seconds or 0.0,
                dry_run=run.dry_run,
            )
        )
    if due(run, clock):
        launch.ensure_worker(environment)
    return run


def _sharing(environment: Environment, run: Run) -> Sharing | None:
    """Who may stop a run; those of an export that is gone or broken are the administrators' business."""
    try:
        return sharing_of(environment, environment.export(run.export).definition)
    except (NotFound, DefinitionError):
        return Sharing.ADMINISTRATORS
