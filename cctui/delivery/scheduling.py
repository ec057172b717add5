"""The worker as scheduler: fires what has come due and carries out the refreshes that wait.

A schedule begins, and after a change begins anew, when its file was saved; one that the ledger has never seen although
its file is older than a day begins now, so that a state that was deleted starts nothing. What came due while no worker
lived, while the box slept or while definitions could not be read is run once, late, and says so. A moment that is dealt
with never fires again, also when the clock comes by it twice; a clock that goes back by more than two days was wrong
before, and schedules begin anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from cctui.definitions.environment import Broken, Environment, Stored
from cctui.definitions.model import ExportId, ExportSchedule
from cctui.delivery.firings import SYSTEM_REFRESH, Mark, Refresh, export_of, schedule_of
from cctui.delivery.refresh import BY_ITSELF, carry_out
from cctui.delivery.schedule_ledger import ScheduleLedger, new_refresh
from cctui.delivery.segment_counting import Begin, Names, SegmentCounting, in_background
from cctui.delivery.states import Trigger
from cctui.errors import CctuiError
from cctui.host.clock import Clock
from cctui.locales import _
from cctui.masking import harmless
from cctui.profiles.opening import open_source
from cctui.profiles.source import Source, SourceError
from cctui.schedule.due import WRONG_CLOCK, due, next_moment
from cctui.schedule.recurrence import Schedule

_LOG = logging.getLogger("cctui.worker")

SETTLED_AFTER = 3.0
"""Profiles that have not changed for so many seconds are all there."""
LOOK_AGAIN = 10.0
"""Seconds between two looks at profiles that are not all there."""
PATIENCE = 1800.0
"""Seconds that profiles are waited for; then the refresh is given up and its exports are skipped."""
LOOK_BACK = timedelta(days=1)
"""A schedule that the ledger has never seen began when its file was saved, unless that is longer ago than this."""
_READ_AGAIN = timedelta(seconds=10)
"""Definitions that cannot be read are read again after this, or as soon as a file changes."""


class _Rule(Struct, frozen=True):
    """A schedule that is in force."""

    name: str
    schedule: Schedule
    zone: str
    saved: datetime

    @property
    def text(self) -> str:
        return msgspec.json.encode({"schedule": self.schedule, "zone": self.zone}).decode()


class _OfMark(Struct, frozen=True):
    """The rule that a mark of an export's own schedule holds."""

    schedule: ExportSchedule
    zone: str


class Scheduling:
    """The duty of firing schedules; called in every round of the worker with the present moment."""

    def __init__(
        self,
        environment: Environment,
        clock: Clock,
        ledger: ScheduleLedger | None = None,
        begin: Begin = in_background,
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._given = ledger
        self._version = ""
        self._rules: list[_Rule] | None = None
        self._next: datetime | None = None
        self._last_now: datetime | None = None
        self._profiles = _Profiles(self._open_profiles, clock)
        self._counting = SegmentCounting(self._open_profiles, clock, begin)

    def __call__(self, now: datetime) -> bool:
        """Fire and carry out; returns whether a refresh waits for its profiles, or for its segments to be counted."""
        ledger = self._ledger
        self._fire(ledger, now)
        waiting = ledger.waiting_refreshes()
        if not waiting:
            self._profiles.forget()
            self._counting.forget()
            return False
        if not self._profiles.ready():
            return self._wait(ledger, waiting)
        for refresh in waiting:
            if refresh.problem:
                ledger.note_refresh(refresh.number, "")
        counted = self._counting.go_on(ledger, waiting, self._segments_of)
        if counted is None:
            return True
        if counted.again:
            self._profiles.look_again(counted.problem)
            return self._wait(ledger, waiting)
        covered = [refresh for refresh in waiting if counted.covers(refresh, self._segments_of(refresh))]
        for refresh in covered:
            carry_out(self._environment, ledger, refresh, self._clock, not_counted=counted.failed)
        self._profiles.forget()
        self._counting.forget()
        return len(covered) < len(waiting)

    @property
    def counting(self) -> bool:
        """Whether a thread is counting segments at this moment: it cannot be broken off."""
        return self._counting.busy

    def _open_profiles(self) -> Source:
        definition = self._environment.read().definition
        return open_source(self._environment.root, definition.profiles, definition.segments)

    def _segments_of(self, refresh: Refresh) -> Names:
        """What has to be counted for ``refresh``: everything, or for an export that runs by itself what it sends."""
        if refresh.trigger is Trigger.SYSTEM_REFRESH:
            return None
        names: set[str] = set()
        for export in refresh.exports:
            with suppress(CctuiError):  # a run says itself why its export cannot be read
                names.update(self._environment.export(export).definition.segments)
        return frozenset(names)

    @property
    def _ledger(self) -> ScheduleLedger:
        if self._given is None:
            self._given = ScheduleLedger(self._environment.ledger_path, self._clock)
        return self._given

    def _wait(self, ledger: ScheduleLedger, waiting: list[Refresh]) -> bool:
        problem = self._profiles.problem
        gave_up = self._profiles.waited() >= PATIENCE
        for refresh in waiting:
            if gave_up:
                carry_out(self._environment, ledger, refresh, self._clock, given_up=problem)
            elif problem:
                ledger.note_refresh(refresh.number, problem)
        if gave_up:
            self._profiles.forget()
            self._counting.forget()
        return not gave_up

    # What is due

    def _fire(self, ledger: ScheduleLedger, now: datetime) -> None:
        """Fire every schedule that has come due. Between two moments this is one comparison and a look at files."""
        went_back = self._last_now is not None and now < self._last_now
        self._last_now = now
        version = self._environment.version()
        if version == self._version and not went_back and (self._next is None or now < self._next):
            return
        if version != self._version or self._rules is None:
            self._rules = self._read()
            self._version = version
        if self._rules is None:
            self._next = now + _READ_AGAIN
            return
        marks = self._begin(ledger, self._rules, now)
        for rule in self._rules:
            self._fire_one(ledger, rule, marks[rule.name], now)
        upcoming = (next_moment(rule.schedule, ZoneInfo(rule.zone), now) for rule in self._rules)
        self._next = min((moment for moment in upcoming if moment is not None), default=None)

    def _fire_one(self, ledger: ScheduleLedger, rule: _Rule, mark: Mark, now: datetime) -> None:
        found = due(rule.schedule, ZoneInfo(rule.zone), mark.dealt_with, now)
        if found is None:
            return
        export = export_of(rule.name)
        fired = ledger.fire(
            mark,
            Mark(rule.name, rule.text, now),
            new_refresh(
                Trigger.SYSTEM_REFRESH if export is None else Trigger.SCHEDULE,
                asked_by=BY_ITSELF,
                asked_at=now,
                due_at=found.since,
                missed=found.times,
                exports=self._followers() if export is None else [export],
            ),
        )
        if fired is not None:
            _LOG.info("%s came due at %s, %d times by now", rule.name, found.since.isoformat(), found.times)

    def _followers(self) -> list[ExportId]:
        """The exports that run with the system refresh (R1); of those that cannot be read, all without a schedule."""
        of_their_own = {rule.name for rule in self._rules or ()}
        return [
            ExportId(entry.path.stem)
            for entry in self._environment.exports()
            if (
                schedule_of(entry.id) not in of_their_own
                if isinstance(entry, Broken)
                else entry.definition.schedule.run == "system-refresh"
            )
        ]

    def _begin(self, ledger: ScheduleLedger, rules: list[_Rule], now: datetime) -> dict[str, Mark]:
        """The marks of all ``rules``: those of new, changed and wrongly timed ones begin now, others go."""
        marks = ledger.schedules()
        begun: list[Mark] = []
        for rule in rules:
            mark = marks.get(rule.name)
            if mark is None:
                begun.append(Mark(rule.name, rule.text, rule.saved if now - LOOK_BACK < rule.saved < now else now))
            elif mark.rule != rule.text:
                begun.append(Mark(rule.name, rule.text, max(mark.dealt_with, min(rule.saved, now))))
            elif mark.dealt_with - now > WRONG_CLOCK:
                _LOG.warning("the clock went back to %s; %s begins anew", now.isoformat(), rule.name)
                begun.append(Mark(rule.name, rule.text, now))
        known = {rule.name for rule in rules}
        ended = [name for name in marks if name not in known]
        if begun or ended:
            ledger.keep_schedules(begun, ended)
        return {**marks, **{mark.schedule: mark for mark in begun}}

    # What is in force

    def _read(self) -> list[_Rule] | None:
        """The schedules in force; ``None``, with a word in the log, while environment.toml cannot be read."""
        try:
            stored = self._environment.read()
            exports = self._environment.exports()
        except CctuiError as problem:
            _LOG.warning("schedules cannot be read: %s", harmless(str(problem)))
            return None
        zone, zone_saved = stored.definition.environment.time_zone, _saved(stored)
        rules: list[_Rule] = []
        if stored.definition.schedule.run:
            rules.append(_Rule(SYSTEM_REFRESH, stored.definition.schedule, zone, zone_saved))
        for entry in exports:
            if isinstance(entry, Stored):
                if entry.definition.schedule.run == "custom":
                    name = schedule_of(entry.definition.id)
                    rules.append(_Rule(name, entry.definition.schedule, zone, max(_saved(entry), zone_saved)))
            else:
                rules += self._of_broken(entry)
        return rules

    def _of_broken(self, entry: Broken) -> Iterator[_Rule]:
        """The schedule that an export had when it could be read: when it comes due, its run is skipped and says why."""
        mark = self._ledger.schedules().get(schedule_of(entry.id))
        if mark is not None:
            with suppress(msgspec.MsgspecError):
                former = msgspec.json.decode(mark.rule, type=_OfMark)
                yield _Rule(mark.schedule, former.schedule, former.zone, mark.dealt_with)


def _saved(stored: Stored[Any]) -> datetime:
    """When the file of a definition was saved; long ago where it has just gone."""
    try:
        return datetime.fromtimestamp(stored.path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)


class _Profiles:
    """Whether the profiles are all there: they can be read, and nothing about them changes for a while."""

    def __init__(self, open_profiles: Callable[[], Source], clock: Clock) -> None:
        self._open = open_profiles
        self._clock = clock
        self.problem = ""
        self.forget()

    def forget(self) -> None:
        """Begin anew at the next look."""
        self._began: float | None = None
        self._seen: tuple[str, float] | None = None
        self._look_at = 0.0
        self._whole = False

    def look_again(self, problem: str) -> None:
        """They changed, or there is a ``problem`` with them, after all."""
        self.forget()
        self.problem = problem or _("The profiles are still being written.")

    def waited(self) -> float:
        """Seconds since the first look."""
        return 0.0 if self._began is None else self._clock.monotonic() - self._began

    def ready(self) -> bool:
        """Whether a refresh may go on, from then on until they are looked at anew. Cheap while it is too early."""
        self._whole = self._whole or self._look()
        return self._whole

    def _look(self) -> bool:
        now = self._clock.monotonic()
        if self._began is None:
            self._began, self._look_at = now, now
        if now < self._look_at:
            return False
        try:
            version = self._version()
        except SourceError as problem:
            self.problem = problem.happened
            self._seen, self._look_at = None, now + LOOK_AGAIN
            return False
        if version is None:
            return True
        before, self._seen = self._seen, (version, now)
        if before is not None and before[0] == version:
            return True
        if before is not None:
            self.problem = _("The profiles are still being written.")
        self._look_at = now + SETTLED_AFTER
        return False

    def _version(self) -> str | None:
        """What the profiles are now; ``None`` where no look would help: each run then says itself what is wrong."""
        try:
            source = self._open()
        except CctuiError:
            return None
        with closing(source):
            source.segments()
            return source.version()
