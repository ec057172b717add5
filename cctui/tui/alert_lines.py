"""What System says about alerts: whom they tell of what, how that went, and when they told anything last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cctui.definitions.model import AlertDefinition, AlertEvent
from cctui.delivery.alerts import EVENT_TITLES, AlertState
from cctui.locales import _, relative_time
from cctui.tui import glyphs
from cctui.tui.listing import Cell
from cctui.tui.parts import Tone, shown


def name(alert: AlertDefinition) -> str:
    """The alert, and what it is about where that is not everything."""
    if set(alert.events) == set(AlertEvent):
        return shown(alert.secret)
    return shown(f"{alert.secret}: {', '.join(_(EVENT_TITLES[event]) for event in alert.events)}")


def status(alert: AlertDefinition, states: Sequence[AlertState]) -> Cell:
    """How it stands with what the alert has to tell."""
    mine = _of(alert.secret, states)
    untold = [state for state in mine if state.pending]
    if any(state.problem for state in untold):
        return Cell(f"{glyphs.WARNING} {_('Not taken')}", Tone.WARNING)
    if untold:
        return Cell(f"{glyphs.RUNNING} {_('Telling')}", Tone.QUIET)
    if any(state.trouble for state in mine):
        return Cell(f"{glyphs.WARNING} {_('Trouble told')}", Tone.WARNING)
    if any(state.told_at for state in mine):
        return Cell(f"{glyphs.GOOD} {_('All well')}", Tone.GOOD)
    return Cell(_("Nothing to tell yet"), Tone.QUIET)


def told(alert: AlertDefinition, states: Sequence[AlertState], now: datetime) -> str:
    """When it told anything last."""
    moments = [state.told_at for state in _of(alert.secret, states) if state.told_at is not None]
    return relative_time(max(moments), now) if moments else _("Never")


def sentence(alert: str, states: Sequence[AlertState]) -> tuple[str, Tone]:
    """What it told last, or why it could not, and how well that bodes."""
    mine = _of(alert, states)
    problem = next((state.problem for state in mine if state.problem), "")
    if problem:
        return shown(problem), Tone.WARNING
    newest = max(mine, key=lambda state: state.told_at or state.since, default=None)
    if newest is None:
        return _("Nothing went wrong since this alert was added."), Tone.PLAIN
    return shown(f"{newest.title}. {newest.text}"), Tone.WARNING if newest.trouble else Tone.GOOD


def _of(alert: str, states: Sequence[AlertState]) -> list[AlertState]:
    return [state for state in states if state.alert == alert]
