"""What the System page says, as lines made from plain facts."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from importlib import metadata
from pathlib import Path

from msgspec import Struct
from rich.cells import cell_len

from cctui import __version__, locales
from cctui.access.roles import Role
from cctui.definitions.audit import Entry
from cctui.definitions.environment import Broken, Stored
from cctui.definitions.model import (
    AlertDefinition,
    EnvironmentDefinition,
    ExportDefinition,
    ExportId,
    LanguageCode,
    RefreshSchedule,
    SecretStore,
    SegmentState,
)
from cctui.definitions.preferences import Preferences
from cctui.delivery.alerts import AlertState
from cctui.delivery.firings import Refresh, SegmentCount
from cctui.delivery.states import STATUS_TITLES, TRIGGER_TITLES, Run, Status
from cctui.errors import CctuiError
from cctui.locales import N_, _, date_time, listed, number, percent, relative_time, weekday
from cctui.profiles.source import Segment
from cctui.tui import alert_lines, glyphs
from cctui.tui.key_use import KeyUse
from cctui.tui.line_breaks import wrapped_lines
from cctui.tui.listing import Cell
from cctui.tui.parts import Line, Part, Tone, clip, fill, shown
from cctui.tui.reading import identity, title
from cctui.tui.rows import refreshed_cell, status_cell
from cctui.tui.schedule_draft import next_runs
from cctui.tui.themes import TITLES
from cctui.tui.widgets.lines import BoardLine

LANGUAGE_NAMES: dict[LanguageCode, str] = {
    "en": "English",
    "de": "Deutsch",
    "nb": "Norsk bokmål",
    "zh-CN": "简体中文",
    "hu": "Magyar",
    "ro": "Română",
}
"""Languages in their own words; never translated."""

_LIBRARIES = (
    "textual",
    "rich",
    "httpx",
    "authlib",
    "duckdb",
    "pyarrow",
    "msgspec",
    "tomlkit",
    "babel",
    "cronsim",
    "apprise",
)
_STATUS, _UPDATED = 27, 18
_WIDEST = 72
"""Cells of a task's name at most: farther apart the eye loses the line."""
_LABEL = 22
"""Cells of the names before facts in English."""
_LABELS = (
    N_("Refresh schedule"),
    N_("Repeat"),
    N_("Time"),
    N_("Time zone"),
    N_("Environment"),
    N_("Language"),
    N_("Your language"),
    N_("Folder"),
    N_("State and runs"),
    N_("Secrets"),
    N_("Worker"),
)
PREFERENCE = "preference"
"""The kind of target that is a choice of the operator; its name follows after a slash."""
REFRESHES = "refreshes"
"""The target that is the last refreshes."""
COUNT = "count"
"""The kind of target that is a segment which could not be counted; its name follows after a slash."""
THEME = "theme/"
"""Begins the name of a choice of colours; the theme's name follows, nothing where the terminal decides."""


class SystemFacts(Struct, frozen=True):
    """Everything the page tells."""

    now: datetime
    zone: tzinfo
    environment: EnvironmentDefinition
    root: Path
    secrets: Path
    state: Path
    role: Role = Role.ADMINISTRATOR
    segments: tuple[Segment, ...] = ()
    segments_read: bool = False
    segments_version: str = ""
    segment_counts: dict[str, SegmentCount] = {}
    source_problem: str = ""
    exports: tuple[Stored[ExportDefinition] | Broken, ...] = ()
    last_runs: dict[ExportId, Run] = {}
    refreshes: tuple[Refresh, ...] = ()
    worker_alive: bool = True
    serving: bool = False
    keys: tuple[KeyUse, ...] = ()
    audit: tuple[Entry, ...] = ()
    preferences: Preferences = Preferences()
    alerts: tuple[AlertState, ...] = ()

    @property
    def refreshing_profiles(self) -> bool:
        """Whether a refresh is looking at the profiles, and has not come to the segments."""
        return any(one.waiting for one in self.refreshes) and not being_counted(self.segment_counts.values())


# Status


def status_lines(facts: SystemFacts, width: int) -> list[BoardLine]:
    """The groups with their counts, and Task, Status, Last updated of each (S9)."""
    name = max(16, min(_WIDEST, width - _STATUS - _updated_width()))
    head = (
        Part(fill(_("Task"), name), Tone.QUIET),
        Part(fill(_("Status"), _STATUS), Tone.QUIET),
        Part(_("Last updated"), Tone.QUIET),
    )
    lines = [*_refresh_lines(facts, width), BoardLine(), BoardLine(head)]
    lines += _group(_("Profile source"), [_source_line(facts, name)])
    segments = [_segment_line(segment, facts, name) for segment in facts.segments]
    lines += _group(_("Segments"), segments, _counted_so_far(facts))
    lines += _group(_("Exports"), [_export_line(stored, facts, name) for stored in facts.exports])
    if facts.environment.alerts:
        lines += _group(_("Alerts"), [_alert_line(alert, facts, name) for alert in facts.environment.alerts])
    return lines[:-1]


def _refresh_lines(facts: SystemFacts, width: int) -> list[BoardLine]:
    waiting = next((one for one in facts.refreshes if one.waiting), None)
    last = next((one for one in facts.refreshes if not one.waiting), None)
    lines: list[Line] = []
    if waiting is not None:
        text = shown(waiting.problem) or _("The profiles are looked at.")
        if being_counted(facts.segment_counts.values()):
            text = _("Segments are counted, then exports run.")
        lines.append((Part(f"{glyphs.RUNNING} {_('Refreshing')}  ", Tone.ACCENT), Part(text, Tone.QUIET)))
    elif last is not None:
        told = _("Last refreshed {time} ({trigger}, {who})").format(
            time=relative_time(last.ended_at, facts.now),
            trigger=_(TRIGGER_TITLES[last.trigger]),
            who=shown(last.asked_by, 40),
        )
        lines.append((Part(told),))
    else:
        lines.append((Part(_("Never refreshed as a whole."), Tone.QUIET),))
    upcoming = _next_refresh(facts)
    lines.append(
        (
            Part(
                _("Next system refresh: {time}").format(time=upcoming) if upcoming else _("The system refresh is off."),
                Tone.QUIET,
            ),
        )
    )
    if upcoming and not facts.serving:
        lines.append((Part(f"{glyphs.WARNING} {no_worker()}", Tone.WARNING),))
    return [BoardLine(line) for line in wrapped_lines(lines, width)]


def _updated_width() -> int:
    """Cells of the last column: its title is longer in some languages than what stands below it."""
    return max(_UPDATED, cell_len(_("Last updated")) + 2)


def no_worker() -> str:
    """What it means that no worker serves, and what to do."""
    return _("No worker is serving: what comes due runs late. Set one up: cctui service")


def _next_refresh(facts: SystemFacts) -> str:
    schedule = facts.environment.schedule
    runs = next_runs(schedule if schedule.run else None, facts.zone, facts.now, 1)
    return runs[0] if runs else ""


def _group(name: str, lines: Sequence[BoardLine], progress: str = "") -> list[BoardLine]:
    title_line = (Part(name, Tone.STRONG), Part(f"  {progress or number(len(lines))}", Tone.QUIET))
    return [BoardLine(title_line), *lines, BoardLine()]


def being_counted(counts: Iterable[SegmentCount]) -> bool:
    """Whether a refresh is counting segments."""
    return any(not count.status.ended for count in counts)


def _counted_so_far(facts: SystemFacts) -> str:
    """How many of the segments the refresh at work has counted (S5); nothing while none is."""
    counts = facts.segment_counts.values()
    if not being_counted(counts):
        return ""
    newest = max(count.refresh for count in counts)
    tasks = [count for count in counts if count.refresh == newest]
    return _("{done} of {count} refreshed").format(
        done=number(sum(count.status.ended for count in tasks)), count=number(len(tasks))
    )


def _task(name: str, status: Cell, updated: str, width: int, target: str = "") -> BoardLine:
    return BoardLine(
        (
            Part(fill("  " + name, width - 2) + "  "),
            Part(fill(status.text, _STATUS), status.tone),
            Part(clip(updated, _updated_width()), Tone.QUIET),
        ),
        target,
    )


def _source_line(facts: SystemFacts, width: int) -> BoardLine:
    profiles = facts.environment.profiles
    if profiles is None:
        return _task(_("None"), Cell(_("Not set up"), Tone.WARNING), "", width)
    paths = [profiles.path] if isinstance(profiles.path, str) else profiles.path
    name = shown(f"{profiles.kind.value}: {', '.join(paths)}")
    if facts.source_problem:
        return _task(name, Cell(f"{glyphs.BAD} {_('Failed')}", Tone.BAD), "", width, "problem")
    if facts.refreshing_profiles:
        return _task(name, _working(Status.REFRESHING), "", width, REFRESHES)
    if not facts.segments_read:
        return _task(name, Cell(f"{glyphs.RUNNING} {_('Reading')}", Tone.QUIET), "", width)
    moments = [segment.last_refreshed for segment in facts.segments if segment.last_refreshed]
    updated = relative_time(max(moments), facts.now) if moments else "–"
    return _task(name, Cell(f"{glyphs.GOOD} {_('Successful')}", Tone.GOOD), updated, width, REFRESHES)


def _segment_line(segment: Segment, facts: SystemFacts, width: int) -> BoardLine:
    """A segment as the refresh at work, or else the last one, found it; where there was none, as it was read now."""
    count = facts.segment_counts.get(segment.name)
    target = f"segments/{segment.name}"
    if count is not None and not count.status.ended:
        status = _working(count.status)
    elif segment.problem:
        status = Cell(f"{glyphs.BAD} {_('Failed')}", Tone.BAD)
    elif count is not None and count.status is Status.FAILED and count.version == facts.segments_version:
        status = Cell(f"{glyphs.BAD} {_('Failed')}", Tone.BAD)
        target = f"{COUNT}/{segment.name}"
    elif segment.state is SegmentState.INACTIVE:
        status = Cell(f"{glyphs.WARNING} {_('Skipped')}", Tone.WARNING)
    elif segment.members is None:
        status = Cell(f"{glyphs.RUNNING} {_('Counting')}", Tone.QUIET)
    else:
        status = Cell(f"{glyphs.GOOD} {_('Successful')}", Tone.GOOD)
    moment = (count.counted_at if count else None) or segment.last_refreshed
    updated = relative_time(moment, facts.now) if moment else "–"
    return _task(shown(segment.display_name), status, updated, width, target)


def _working(status: Status) -> Cell:
    return Cell(f"{glyphs.status_sign(status)} {_(STATUS_TITLES[status])}", Tone.ACCENT)


def counting_problem(count: SegmentCount) -> CctuiError:
    """What stood in the way of counting a segment, to be shown."""
    what = _("The segment {segment} cannot be counted.").format(segment=shown(count.segment, 60))
    return CctuiError(what, why=shown(count.problem), do=shown(count.do_next))


def _export_line(stored: Stored[ExportDefinition] | Broken, facts: SystemFacts, width: int) -> BoardLine:
    export = identity(stored)
    run = facts.last_runs.get(ExportId(export))
    if isinstance(stored, Broken):
        status = Cell(f"{glyphs.BAD} {_('Cannot be read')}", Tone.BAD)
    else:
        status = status_cell(run, worker_alive=facts.worker_alive)
    return _task(shown(title(stored)), status, refreshed_cell(run, facts.now).text, width, f"history/{export}")


def _alert_line(alert: AlertDefinition, facts: SystemFacts, width: int) -> BoardLine:
    told = alert_lines.told(alert, facts.alerts, facts.now)
    return _task(
        alert_lines.name(alert), alert_lines.status(alert, facts.alerts), told, width, f"alerts/{alert.secret}"
    )


# Schedule


def schedule_lines(facts: SystemFacts, width: int) -> list[BoardLine]:
    """The system refresh and its next times (R15)."""
    schedule = facts.environment.schedule
    zone = facts.environment.environment.time_zone
    lines = [
        _fact(_("Refresh schedule"), _("On") if schedule.run else _("Off"), Tone.STRONG),
        _fact(_("Repeat"), _repeat(schedule)),
        _fact(_("Time"), listed(schedule.times) or "–"),
        _fact(_("Time zone"), zone),
        BoardLine(),
        BoardLine((Part(_("Next runs"), Tone.STRONG),)),
    ]
    runs = next_runs(schedule if schedule.run else None, facts.zone, facts.now)
    lines += [BoardLine((Part(f"  {run}"),)) for run in runs]
    if not runs:
        lines.append(BoardLine((Part("  " + _("None: the system refresh is off."), Tone.QUIET),)))
    if not facts.serving:
        told = (Part(f"{glyphs.WARNING} {no_worker()}", Tone.WARNING),)
        lines += [BoardLine(), *(BoardLine(line) for line in wrapped_lines([told], width))]
    return lines


def _repeat(schedule: RefreshSchedule) -> str:
    if schedule.repeat == "daily":
        return _("Daily")
    days = listed([weekday(day) for day in schedule.days])
    return _("Weekly: {days}").format(days=days) if days else _("Weekly")


# General


def general_lines(facts: SystemFacts) -> list[BoardLine]:
    """Language and formats with a preview (N7, N9)."""
    section = facts.environment.environment
    code = section.language
    named = (
        LANGUAGE_NAMES[code]
        if code
        else _("As the terminal says ({language})").format(language=LANGUAGE_NAMES[_code(locales.language())])
    )
    lines = [
        _fact(_("Environment"), shown(section.name), Tone.STRONG),
        _fact(_("Language"), named),
        *([_fact(_("Your language"), LANGUAGE_NAMES[own])] if (own := facts.preferences.language) else []),
        _fact(_("Time zone"), section.time_zone),
        BoardLine(),
        BoardLine((Part(_("Country/Region format"), Tone.STRONG),)),
    ]
    lines += [BoardLine(line) for line in format_lines(locales.language(), facts.now, facts.zone)]
    return [*lines, BoardLine(), *_preference_lines(facts.preferences), BoardLine(), *_theme_lines(facts.preferences)]


def _theme_lines(chosen: Preferences) -> list[BoardLine]:
    """The colours that the operator wants; one of them is chosen where it stands."""
    now = chosen.theme if chosen.theme in TITLES else ""
    return [
        BoardLine((Part(_("Colours"), Tone.STRONG), Part("  " + _("for you alone"), Tone.QUIET))),
        _theme(_("As the terminal allows"), "", chosen=not now),
        *(_theme(_(called), name, chosen=name == now) for name, called in TITLES.items()),
    ]


def _theme(text: str, name: str, *, chosen: bool) -> BoardLine:
    sign = glyphs.MARK if chosen else " "
    return BoardLine((Part(f"  ({sign}) "), Part(text)), target=f"{PREFERENCE}/{THEME}{name}")


def _preference_lines(chosen: Preferences) -> list[BoardLine]:
    """What the operator at this terminal wants of it; each line is turned on and off where it stands."""
    return [
        BoardLine((Part(_("When a run ends"), Tone.STRONG), Part("  " + _("for you alone"), Tone.QUIET))),
        _switch(_("Ring the terminal's bell"), "bell", on=chosen.bell),
        _switch(_("Say in the terminal's title what goes on and how it ended"), "title", on=chosen.title),
    ]


def _switch(text: str, name: str, *, on: bool) -> BoardLine:
    return BoardLine((Part(f"  [{'x' if on else ' '}] "), Part(text)), target=f"{PREFERENCE}/{name}")


def format_lines(language: str, now: datetime, zone: tzinfo) -> list[Line]:
    """How ``language`` writes numbers, dates and times, with titles in the language in use."""
    titles = (_("Number"), _("Share"), _("Date and time"), _("Ago"))
    before = locales.language()
    locales.use(language)
    try:
        samples = (
            number(1_234_567),
            percent(0.985, 1),
            date_time(now, zone),
            relative_time(now - timedelta(hours=3), now),
        )
    finally:
        locales.use(before)
    return [
        (Part("  " + fill(name, _label()), Tone.QUIET), Part(sample))
        for name, sample in zip(titles, samples, strict=True)
    ]


def _code(language: str) -> LanguageCode:
    return next((code for code in LANGUAGE_NAMES if code == language), "en")


# About


def about_lines(facts: SystemFacts) -> list[BoardLine]:
    """Versions, folders, where secrets are, quotas."""
    lines = [
        _fact("cctui", __version__, Tone.STRONG),
        _fact(_("Environment"), shown(facts.environment.environment.name)),
        _fact(_("Folder"), shown(str(facts.root))),
        _fact(_("State and runs"), shown(str(facts.state))),
        _fact(_("Secrets"), shown(str(facts.secrets))),
        BoardLine((Part(" " * _label()), Part(_secrets_note(facts.environment), Tone.QUIET))),
        _fact(_("Worker"), _("is serving") if facts.serving else _("none; one starts with the next run")),
        BoardLine(),
        BoardLine((Part(_("Requests today"), Tone.STRONG),)),
    ]
    lines += [_key_line(key, facts) for key in facts.keys] or [
        BoardLine((Part("  " + _("No connections yet."), Tone.QUIET),))
    ]
    lines += [BoardLine(), BoardLine((Part(_("Built with"), Tone.STRONG),))]
    lines.append(_fact("  Python", f"{platform.python_version()}, {sys.platform}"))
    return [*lines, *(_fact(f"  {name}", _version(name)) for name in _LIBRARIES)]


def _secrets_note(definition: EnvironmentDefinition) -> str:
    if definition.secrets.store is SecretStore.KEYRING:
        return _("New sign-ins go to the system keyring; a file there says so.")
    return _("For the owner only, never in git.")


def _key_line(key: KeyUse, facts: SystemFacts) -> BoardLine:
    usage = key.usage
    text = _("{used} of {limit}, resets {time}").format(
        used=number(usage.used), limit=number(usage.limit), time=date_time(usage.resets_at, facts.zone)
    )
    names = ", ".join(shown(name, 60) for name in key.names)
    return BoardLine((Part("  " + fill(names, 30) + "  "), Part(text, Tone.BAD if usage.exhausted else Tone.PLAIN)))


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "–"


def _fact(name: str, value: str, tone: Tone = Tone.PLAIN) -> BoardLine:
    return BoardLine((Part(fill(name, _label()), Tone.QUIET), Part(value, tone)))


def _label() -> int:
    """Cells of the names before facts: those of English, more where the language has longer words."""
    return max(_LABEL, *(cell_len(_(name)) + 2 for name in _LABELS))
