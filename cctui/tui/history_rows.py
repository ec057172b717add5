"""Runs as rows of the history, and what has changed from one run of an export to the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from cctui.delivery.only_rejected import limited_to
from cctui.delivery.states import STATUS_TITLES, Run, RunId, Status
from cctui.locales import N_, _, date_time, day_and_time, duration, enumeration, number, time_of_day
from cctui.tui.listing import Cell, Column, Row
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.rows import status_cell
from cctui.tui.run_rows import started_by

HISTORY_COLUMNS = (
    Column("export", N_("Export"), least=12, most=40),
    Column("when", N_("Started"), least=12, most=20),
    Column("status", N_("Status"), least=14, most=28),
    Column("by", N_("By"), least=6, most=18, leaves=2),
    Column("took", N_("Took"), least=6, most=10, leaves=4, right=True),
    Column("selected", N_("Selected"), least=9, most=11, leaves=1, right=True),
    Column("accepted", N_("Accepted"), least=9, most=11, right=True),
    Column("rejected", N_("Rejected"), least=9, most=10, leaves=5, right=True),
    Column("change", N_("Change"), least=8, most=10, leaves=3, right=True),
)

STARTED = 1
"""The index of the column that sorts the history at first."""

STATUS_FILTERS: tuple[tuple[Status, ...], ...] = (
    (),
    (Status.QUEUED, Status.REFRESHING, Status.PAUSED),
    (Status.FAILED, Status.COMPLETED_WITH_ERRORS, Status.SKIPPED),
    *((status,) for status in (Status.SUCCESSFUL, Status.COMPLETED_WITH_ERRORS, Status.FAILED, Status.CANCELED)),
)
"""What ``s`` goes through: everything, what goes on, what needs a look, then single statuses."""


def filter_title(statuses: Sequence[Status]) -> str:
    """A filter in words."""
    if not statuses:
        return _("all")
    if Status.REFRESHING in statuses:
        return _("going on")
    if len(statuses) > 1:
        return _("needs a look")
    return _(STATUS_TITLES[statuses[0]])


def arrived(run: Run) -> bool:
    """Whether a run sent everything that its export has: changes are told between such runs only."""
    whole = not run.dry_run and run.only_rejected_of is None
    return whole and run.status in {Status.SUCCESSFUL, Status.COMPLETED_WITH_ERRORS}


def before(runs: Sequence[Run]) -> dict[RunId, Run]:
    """For each of ``runs``, newest first, the last run of its export before it that arrived."""
    later: dict[str, list[RunId]] = {}
    found: dict[RunId, Run] = {}
    for run in runs:
        if arrived(run):
            found.update(dict.fromkeys(later.pop(run.export, ()), run))
        later.setdefault(run.export, []).append(run.id)
    return found


def history_row(run: Run, earlier: Run | None, now: datetime, zone: tzinfo, *, worker_alive: bool = True) -> Row:
    """One run; ``earlier`` is what its change is counted from."""
    totals = run.totals
    at = run.started_at or run.queued_at
    rejected = totals.invalid + totals.refused
    change = totals.accepted - earlier.totals.accepted if earlier is not None and arrived(run) else None
    return Row(
        key=run.id,
        cells=(
            Cell(shown(run.export_name)),
            Cell(started(at, now, zone), order=at.timestamp()),
            status_cell(run, worker_alive=worker_alive),
            Cell(started_by(run)),
            Cell(duration(run.seconds) if run.seconds is not None else "", order=run.seconds),
            Cell(number(totals.selected), order=totals.selected),
            Cell(number(totals.accepted), order=totals.accepted),
            Cell(number(rejected), Tone.WARNING if rejected else Tone.PLAIN, order=rejected),
            Cell(signed(change) if change is not None else _other_than_whole(run), Tone.QUIET, order=change),
        ),
        words=f"{run.id} {run.export} {_(STATUS_TITLES[run.status])}",
    )


def _other_than_whole(run: Run) -> str:
    """What a run is that can be compared with no other."""
    if run.dry_run:
        return _("dry run")
    return _("part") if run.only_rejected_of is not None else ""


def started(at: datetime, now: datetime, zone: tzinfo) -> str:
    """When a run started, as short as it is clear: today without the day, this year without the year."""
    local, today = at.astimezone(zone).date(), now.astimezone(zone).date()
    if local == today:
        return time_of_day(at, zone)
    return day_and_time(at, zone) if local.year == today.year else date_time(at, zone)


def signed(change: int) -> str:
    """A change with its sign; ``=`` for none."""
    if not change:
        return "="
    return f"{'+' if change > 0 else '−'}{number(abs(change))}"


def change_line(run: Run, earlier: Run | None) -> Line:
    """The run under the cursor in words: its id, why it failed, or what changed since the run before."""
    parts = [Part(_("run {run}").format(run=run.id), Tone.QUIET)]
    if run.only_rejected_of is not None:
        parts.append(Part(f" · {limited_to(run)}", Tone.QUIET))
    if run.dry_run:
        parts.append(Part(f" · {_('without sending')}", Tone.QUIET))
    if run.problem:
        tone = Tone.BAD if run.status is Status.FAILED else Tone.WARNING
        return (*parts, Part(" · ", Tone.QUIET), Part(shown(run.problem), tone))
    if earlier is None or not arrived(run):
        return tuple(parts)
    new, old = run.totals, earlier.totals
    changes = (
        (_("selected {change}"), new.selected - old.selected),
        (_("accepted {change}"), new.accepted - old.accepted),
        (_("rejected {change}"), new.invalid + new.refused - old.invalid - old.refused),
    )
    text = enumeration([words.format(change=signed(count)) for words, count in changes])
    return (*parts, Part(" · " + _("against the run before: {changes}").format(changes=text), Tone.QUIET))
