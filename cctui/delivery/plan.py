"""The plan of a run: what it was started with, and the request bodies, whole and on the disk before the ledger says so.

One commit is the plan's end. Before it a crash leaves only files, which the next worker clears away; after it planning
is never repeated, whatever happens to profiles and definitions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module

from msgspec import structs

from cctui.definitions.environment import Environment, NotFound
from cctui.definitions.toml_files import DefinitionError
from cctui.delivery.events import Level, OnlyRejected, Planned, Progress
from cctui.delivery.journal import Ending, Journal, Pause
from cctui.delivery.ledger import RunNotFound
from cctui.delivery.refusals import RejectedProfiles
from cctui.delivery.spool import Snapshot, Spool
from cctui.delivery.states import Batch, PauseReason, Stage, Status, Totals
from cctui.locales import _
from cctui.masking import printable
from cctui.matching.mapping import Matching, matching_of
from cctui.matching.plan_files import match
from cctui.matching.results import Body, Limits, Matched, MatchingCanceled, TooManyProfiles
from cctui.profiles.opening import open_source
from cctui.profiles.source import SegmentName, Source

_LOOK_EVERY = 0.2
_TELL_EVERY = 1.0
_PLANNING = threading.Lock()
_HEAVY = ("duckdb", "pyarrow", "pyarrow.compute", "pyarrow.parquet", "email_validator")


def get_ready() -> None:
    """Load the libraries that a plan needs in the background, while the list waits for its turn to be looked at."""
    threading.Thread(target=lambda: [import_module(name) for name in _HEAVY], name="libraries", daemon=True).start()


def take_snapshot(environment: Environment, journal: Journal) -> Snapshot:
    """What the run is started with, written down at its first start and read again at every later one.

    Raises :class:`Ending` (failed, or skipped where the export has no connection) and :class:`Pause` where nobody has
    signed in to the connection.
    """
    known = journal.spool.snapshot()
    if known is not None:
        return known
    try:
        snapshot = _load(environment, journal)
    except (DefinitionError, NotFound) as problem:
        raise Ending.failed(problem) from problem
    if snapshot.connection.account is None:
        raise Pause(
            PauseReason.SIGN_IN,
            problem=_("Nobody has signed in to the connection {name} yet.").format(
                name=printable(snapshot.connection.display_name)
            ),
            do_next=_("Sign in: cctui connections sign-in {connection}").format(connection=snapshot.connection.id),
        )
    journal.spool.keep_snapshot(snapshot)
    return snapshot


def make_plan(environment: Environment, journal: Journal, snapshot: Snapshot, limits: Limits) -> None:
    """Select, match and pack into a clean spool, and commit the plan. Raises what the source and matching raise.

    Raises :class:`Ending` (skipped) where the target does not take so many profiles (R14). A process makes one plan at
    a time: its memory stays that of one, and the bodies of one run leave while the next is planned.
    """
    with _turn(journal):
        _make_plan(environment, journal, snapshot, limits)


def _make_plan(environment: Environment, journal: Journal, snapshot: Snapshot, limits: Limits) -> None:
    spool = journal.spool
    spool.clear_plan()
    spool.require_room()
    rejected, rows = _rejected(environment, journal)
    with closing(open_source(environment.root, snapshot.profiles, snapshot.segments)) as source:
        names = [SegmentName(name) for name in snapshot.export.segments]
        selected = _count(journal, source, names)
        journal.enter(Stage.MATCH)
        try:
            matched = match(
                source,
                names,
                _matching(source, snapshot, names),
                spool.folder,
                only=rejected,
                on_progress=_teller(journal, selected),
                cancelled=_watcher(journal),
                limits=limits,
            )
        except TooManyProfiles as problem:
            raise Ending(Status.SKIPPED, problem.happened, problem.do) from problem
    spool.sync_names()
    _commit(journal, matched, untraced=rows - rejected.traced if rejected else 0)
    journal.leave(matched.selected)
    _tell_whom(journal)
    run = journal.run
    journal.tell(Planned, totals=run.totals, cut=run.cut, dropped=run.dropped, batches=run.batches)


def _rejected(environment: Environment, journal: Journal) -> tuple[RejectedProfiles | None, int]:
    """The profiles that the run is limited to, and how many rejected rows they stand for; ``None`` for everybody.

    Raises :class:`Ending` (failed) where the earlier run is not kept any more.
    """
    earlier = journal.run.only_rejected_of
    if earlier is None:
        return None, 0
    try:
        totals = journal.ledger.run(earlier).totals
    except RunNotFound as problem:
        raise Ending.failed(problem) from problem
    return RejectedProfiles(Spool(environment, earlier)), totals.invalid + totals.refused


def _tell_whom(journal: Journal) -> None:
    run = journal.run
    if run.only_rejected_of is not None:
        level = Level.WARNING if run.absent or run.untraced else Level.INFO
        facts = {"wanted": run.wanted, "absent": run.absent, "untraced": run.untraced}
        journal.tell(OnlyRejected, level=level, of=run.only_rejected_of, **facts)


@contextmanager
def _turn(journal: Journal) -> Iterator[None]:
    """Wait until no other run of this process is being planned. Raises :class:`MatchingCanceled` where disturbed."""
    while not _PLANNING.acquire(blocking=False):
        if journal.disturbed():
            raise MatchingCanceled
        journal.wait(_LOOK_EVERY)
    try:
        yield
    finally:
        _PLANNING.release()


def _load(environment: Environment, journal: Journal) -> Snapshot:
    export = environment.export(journal.run.export).definition
    if export.connection is None:
        raise Ending(
            Status.SKIPPED,
            _("The export has no connection."),
            _("Edit the export and choose a connection."),
        )
    definition = environment.read().definition
    return Snapshot(
        export=export,
        connection=environment.connection(export.connection).definition,
        profiles=definition.profiles,
        segments=definition.segments,
    )


def _count(journal: Journal, source: Source, names: list[SegmentName]) -> int:
    """The members of the chosen segments, one after another, as the stage Select segments."""
    journal.enter(Stage.SELECT)
    selected = sum(source.count(name) for name in names)
    journal.leave(selected)
    return selected


def _matching(source: Source, snapshot: Snapshot, names: list[SegmentName]) -> Matching:
    """The mapping, on the attributes that all chosen segments have."""
    of_each = [source.attributes(name) for name in names]
    common = set.intersection(*({attribute.name for attribute in attributes} for attributes in of_each))
    return matching_of(snapshot.export, [attribute for attribute in of_each[0] if attribute.name in common])


def _commit(journal: Journal, matched: Matched, *, untraced: int) -> None:
    batches = [_batch(journal, body) for body in matched.bodies]
    journal.planned(
        Totals(
            selected=matched.selected,
            duplicate=matched.duplicate,
            invalid=matched.invalid,
            suppressed=matched.suppressed,
            sent=matched.sent,
        ),
        batches,
        cut=matched.cut,
        dropped=matched.dropped,
        wanted=matched.wanted,
        absent=matched.absent,
        untraced=untraced,
    )


def _batch(journal: Journal, body: Body) -> Batch:
    return Batch(run=journal.run.id, **structs.asdict(body))


def _teller(journal: Journal, total: int) -> Callable[[int], None]:
    """Tells the log how far matching is, at most once a second."""
    last = journal.clock.monotonic()

    def tell(done: int) -> None:
        nonlocal last
        now = journal.clock.monotonic()
        if now - last >= _TELL_EVERY:
            last = now
            journal.tell(Progress, stage=Stage.MATCH, done=done, total=max(done, total))

    return tell


def _watcher(journal: Journal) -> Callable[[], bool]:
    """Says whether to stop; looks into the ledger a few times a second, however often it is asked."""
    last = journal.clock.monotonic() - _LOOK_EVERY
    disturbed = False

    def look() -> bool:
        nonlocal last, disturbed
        now = journal.clock.monotonic()
        if not disturbed and now - last >= _LOOK_EVERY:
            last = now
            disturbed = journal.disturbed()
        return disturbed

    return look
