"""The last refreshes as lines: when, what for, and what became of their exports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo

from cctui.delivery.firings import Refresh
from cctui.delivery.states import STATUS_TITLES, TRIGGER_TITLES, RunId, Status, Trigger
from cctui.locales import _, date_time, number
from cctui.schedule.due import late
from cctui.tui import glyphs
from cctui.tui.line_breaks import wrapped_lines
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.widgets.lines import BoardLine

_BACK = "  "


def refresh_lines(
    refreshes: Iterable[Refresh], statuses: Mapping[RunId, Status], zone: tzinfo, width: int
) -> list[BoardLine]:
    """Each of ``refreshes``, newest first; ``statuses`` are those of the runs that are still kept."""
    lines: list[Line] = []
    for refresh in refreshes:
        told: list[Line] = [
            (Part(date_time(refresh.asked_at, zone), Tone.STRONG), Part(f"  {_started_by(refresh)}", Tone.QUIET))
        ]
        told += [(Part(_BACK + text, tone),) for text, tone in _became(refresh, statuses)]
        lines += [*wrapped_lines(told, width), ()]
    if not lines:
        lines = [(Part(_("Never refreshed as a whole."), Tone.QUIET),), ()]
    return [BoardLine(line) for line in lines[:-1]]


def _started_by(refresh: Refresh) -> str:
    trigger = _(TRIGGER_TITLES[refresh.trigger])
    if refresh.trigger is Trigger.SCHEDULE:
        return f"{trigger}: {shown(', '.join(refresh.exports), 120)}"
    return f"{trigger}, {shown(refresh.asked_by, 40)}"


def _became(refresh: Refresh, statuses: Mapping[RunId, Status]) -> Iterable[tuple[str, Tone]]:
    if refresh.due_at is not None and late(refresh.due_at, refresh.asked_at):
        text = _("Ran late: it was due at {time} UTC.").format(time=date_time(refresh.due_at, UTC))
        yield f"{glyphs.WARNING} {text}", Tone.WARNING
    if refresh.problem:
        yield shown(refresh.problem, 300), Tone.WARNING
    if refresh.waiting:
        yield f"{glyphs.RUNNING} {_('Refreshing')}", Tone.ACCENT
        return
    found = Counter(statuses[run] for run in refresh.runs if run in statuses)
    told = ", ".join(
        f"{number(found[status])} {glyphs.status_sign(status)} {_(STATUS_TITLES[status])}"
        for status in Status
        if found[status]
    )
    yield told or _("Nothing of its runs is kept any more."), Tone.PLAIN if told else Tone.QUIET
