"""Rows of the lists, made from definitions and runs by pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from cctui.access.roles import SHARING_TITLES, Action, Operator, may
from cctui.definitions.changes import as_known
from cctui.definitions.environment import Broken, Stored
from cctui.definitions.model import CONSTANT_CONTACT, ConnectionDefinition, ExportDefinition, SegmentKind, SegmentState
from cctui.definitions.schedule_words import schedule_in_words
from cctui.delivery.states import STATUS_TITLES, Run, Status
from cctui.locales import N_, _, date_time, ngettext, number, percent, relative_time
from cctui.profiles.source import Segment
from cctui.tui import glyphs
from cctui.tui.commands import Choice
from cctui.tui.frame import share
from cctui.tui.listing import Cell, Column, Row
from cctui.tui.parts import Line, Part, Tone, shown, width_of
from cctui.tui.reading import Snapshot, identity, title

if TYPE_CHECKING:
    from cctui.constant_contact.connection_check import ConnectionCheck

EXPORT_COLUMNS = (
    Column("name", N_("Display name"), least=16, most=40),
    Column("type", N_("Type"), least=16, most=18, leaves=4),
    Column("status", N_("Status"), least=23, most=28),
    Column("refreshed", N_("Refreshed"), least=10, most=18),
    Column("schedule", N_("Schedule"), least=8, most=20, leaves=3),
    Column("connection", N_("Connection used"), least=12, most=32, leaves=2),
    Column("permissions", N_("Your permissions"), least=6, most=18, leaves=1),
)
CONNECTION_COLUMNS = (
    Column("name", N_("Display name"), least=16, most=40),
    Column("type", N_("Type"), least=16, most=18, leaves=2),
    Column("created", N_("Created"), least=10, most=18, leaves=3),
    Column("by", N_("Created by"), least=8, most=16, leaves=1),
    Column("sharing", N_("Who can use it"), least=14, most=32, leaves=4),
    Column("used", N_("Used by"), least=7, most=12),
    Column("state", N_("State"), least=12, most=26),
)
SEGMENT_COLUMNS = (
    Column("name", N_("Display name"), least=16, most=48),
    Column("type", N_("Type"), least=8, most=12, leaves=1),
    Column("state", N_("State"), least=8, most=20),
    Column("members", N_("Members"), least=9, most=14, right=True),
    Column("refreshed", N_("Last refreshed"), least=12, most=20),
)

_KINDS = {
    SegmentKind.DYNAMIC: N_("Dynamic"),
    SegmentKind.STATIC: N_("Static"),
    SegmentKind.EXPANSION: N_("Expansion"),
}
_RUN_TONES = {
    Status.REFRESHING: Tone.ACCENT,
    Status.QUEUED: Tone.ACCENT,
    Status.PAUSED: Tone.WARNING,
    Status.SUCCESSFUL: Tone.GOOD,
    Status.COMPLETED_WITH_ERRORS: Tone.WARNING,
    Status.SKIPPED: Tone.WARNING,
    Status.FAILED: Tone.BAD,
}


def status_cell(run: Run | None, *, worker_alive: bool = True) -> Cell:
    """The status of a run as sign and word, with the share that is sent while it runs."""
    if run is None:
        return Cell("  " + _("Never run"), Tone.QUIET)
    if run.status is Status.REFRESHING and not worker_alive:
        return Cell(f"{glyphs.WARNING} {_('Interrupted')}", Tone.WARNING)
    text = f"{glyphs.status_sign(run.status)} {_(STATUS_TITLES[run.status])}"
    part = share(run) if run.status in {Status.REFRESHING, Status.PAUSED} else None
    if part is not None:
        text += f"  {percent(part)}"
    return Cell(text, _RUN_TONES.get(run.status, Tone.PLAIN))


def refreshed_cell(run: Run | None, now: datetime) -> Cell:
    """How long ago the run ended; ``now`` while it goes on, ``Never`` before the first one."""
    if run is None:
        return Cell(_("Never"), Tone.QUIET)
    moment = run.ended_at or (now if run.status is Status.REFRESHING else run.queued_at)
    return Cell(relative_time(moment, now), order=-moment.timestamp())


def may_edit(operator: Operator, snapshot: Snapshot, export: ExportDefinition) -> bool:
    """Whether the operator may change an export."""
    return may(operator, Action.CHANGE_EXPORT, snapshot.sharing(export))


def export_row(stored: Stored[ExportDefinition] | Broken, snapshot: Snapshot, operator: Operator, now: datetime) -> Row:
    """One export. A definition that cannot be read is a row too, with the place of its error."""
    if isinstance(stored, Broken):
        return _broken_row(stored, len(EXPORT_COLUMNS), state_column=2)
    export = stored.definition
    run = snapshot.last_runs.get(export.id)  # type: ignore[call-overload]
    connection = snapshot.connection(export.connection)
    attached = Cell(CONSTANT_CONTACT) if export.connection else Cell(_("No Connection"), Tone.QUIET)
    if export.connection is None:
        used = Cell(_("No Connection"), Tone.QUIET)
    elif connection is None:
        used = Cell(f"{glyphs.WARNING} {shown(export.connection)}", Tone.WARNING)
    else:
        used = Cell(shown(as_known(operator, connection).display_name))
    return Row(
        key=export.id,
        cells=(
            _name_cell(export.display_name),
            attached,
            status_cell(run, worker_alive=snapshot.worker_alive),
            refreshed_cell(run, now),
            Cell(schedule_in_words(export.schedule)),
            used,
            Cell(_("Edit") if may_edit(operator, snapshot, export) else _("View")),
        ),
        words=f"{export.id} {CONSTANT_CONTACT}",
    )


def export_choice(stored: Stored[ExportDefinition] | Broken, snapshot: Snapshot) -> Choice:
    """An export as commands look at it."""
    if isinstance(stored, Broken):
        return Choice(stored.id, shown(title(stored)), broken=True)
    export = stored.definition
    run = snapshot.run_of(export.id)
    return Choice(
        id=export.id,
        title=shown(export.display_name),
        sharing=snapshot.sharing(export),
        attached=export.connection is not None,
        run=run.id if run else "",
    )


def connection_state(check: ConnectionCheck) -> Cell:
    """How it stands with a connection, as far as is known without asking the service."""
    sign, tone = {
        "connected": (glyphs.GOOD, Tone.GOOD),
        "never-checked": (glyphs.WAITING, Tone.PLAIN),
        "account-changed": (glyphs.BAD, Tone.BAD),
        "no-rights": (glyphs.BAD, Tone.BAD),
    }.get(check.state, (glyphs.WARNING, Tone.WARNING))
    from cctui.constant_contact.connection_check import STATE_TITLES

    return Cell(f"{sign} {_(STATE_TITLES[check.state])}", tone)


def connection_row(
    stored: Stored[ConnectionDefinition] | Broken, snapshot: Snapshot, now: datetime, check: ConnectionCheck
) -> Row:
    """One connection; ``check`` is what is known about it."""
    if isinstance(stored, Broken):
        return _broken_row(stored, len(CONNECTION_COLUMNS), state_column=6)
    connection = stored.definition
    used = len(snapshot.exports_of(connection.id))
    return Row(
        key=connection.id,
        cells=(
            _name_cell(connection.display_name),
            Cell(CONSTANT_CONTACT),
            Cell(relative_time(connection.created_at, now), order=-connection.created_at.timestamp()),
            Cell(shown(connection.created_by)),
            Cell(_(SHARING_TITLES[connection.shared_with])),
            Cell(ngettext("{count} export", "{count} exports", used).format(count=number(used)), order=used),
            connection_state(check),
        ),
        words=f"{connection.id} {connection.account.name if connection.account else ''}",
    )


def segment_row(segment: Segment, now: datetime) -> Row:
    """One segment; its members are an ellipsis until they are counted."""
    if segment.problem:
        state = Cell(f"{glyphs.BAD} {_('Cannot be read')}", Tone.BAD)
    elif segment.state is SegmentState.ACTIVE:
        state = Cell(_("Active"))
    else:
        state = Cell(_("Inactive"), Tone.QUIET)
    if segment.members is None:
        members = Cell("" if segment.problem else "…", Tone.QUIET)
    else:
        members = Cell(number(segment.members), Tone.PLAIN if segment.members else Tone.WARNING, order=segment.members)
    refreshed = segment.last_refreshed
    return Row(
        key=segment.name,
        cells=(
            Cell(shown(segment.display_name)),
            Cell(_(_KINDS[segment.kind])),
            state,
            members,
            Cell(relative_time(refreshed, now), order=-refreshed.timestamp()) if refreshed else Cell("–", Tone.QUIET),
        ),
        words=segment.name,
    )


def hidden_cells(row: Row, columns: Sequence[Column], hidden: Sequence[int], width: int) -> Line:
    """What the columns say that have no room, for the line under the table; those that left first come first."""
    parts: list[Part] = []
    for index in sorted(hidden, key=lambda index: columns[index].leaves):
        text = row.cells[index].text.strip()
        piece = [Part(f"{columns[index].heading} ", Tone.QUIET), Part(text, row.cells[index].tone)]
        gap = [Part("   ")] if parts else []
        if text and width_of(parts) + width_of(gap) + width_of(piece) <= width:
            parts += gap + piece
    return tuple(parts)


def run_moment(run: Run, zone: tzinfo, now: datetime) -> str:
    """When a run ended, today by how long ago, else by date and time."""
    moment = run.ended_at or run.queued_at
    return relative_time(moment, now) if (now - moment).days < 1 else date_time(moment, zone)


def _name_cell(name: str) -> Cell:
    # Definitions that cannot be read sort behind every name, so names sort as text beside them.
    return Cell(shown(name), order=name.casefold())


def _broken_row(broken: Broken, width: int, *, state_column: int) -> Row:
    line = broken.problem.line
    where = _("{file}, line {line}").format(file=shown(title(broken)), line=number(line)) if line else title(broken)
    cells = [Cell("") for _column in range(width)]
    cells[0] = Cell(shown(title(broken)), Tone.BAD, order=f"\uffff{title(broken)}")
    cells[state_column] = Cell(f"{glyphs.BAD} {_('Cannot be read')}", Tone.BAD)
    return Row(key=identity(broken), cells=tuple(cells), words=where)
