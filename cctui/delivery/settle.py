"""Settling: what became of the bodies that were sent, read from the service's own counters and never made up.

One list call tells about all jobs at once (facts of the service, activities). ``accepted`` is what is left of a body
after its refused rows and those not added, and only where the counters are there and agree with each other; where not,
the contacts stay unaccounted for and the batch says so.
"""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, structs

from cctui.constant_contact.answers import Activity
from cctui.constant_contact.errors import NotThere
from cctui.delivery.destination import Destination, Patience
from cctui.delivery.events import BatchSettled, Level, RowsRefused, Unclear
from cctui.delivery.journal import Journal
from cctui.delivery.refusals import write_refusals
from cctui.delivery.setbacks import Setbacks
from cctui.delivery.states import Batch, BatchState
from cctui.errors import CctuiError
from cctui.locales import _, ngettext, number
from cctui.masking import harmless

_GROWTH = 1.5
_LOOKS_FOR_COUNTERS = 3
_LOOKS_FOR_ACTIVITY = 2
_TEXTS_KEPT = 50
_TEXTS_TOLD = 3


class Counted(Struct, frozen=True):
    """What the counters of a completed activity say; a ``problem`` where they leave contacts unaccounted for."""

    accepted: int = 0
    not_added: int = 0
    refused: int = 0
    problem: str = ""


def count(contacts: int, activity: Activity) -> Counted:
    """The outcome of a body with ``contacts`` rows.

    ``items_total_count`` includes the header row of a file; fewer items than rows means that the service cut the body
    without a word, and the missing rows are refused ones (facts of the service, limits).
    """
    parts = (activity.error_count, activity.correctable_count, activity.cannot_add_to_list_count)
    items = activity.items_total_count
    received = activity.person_count if items is None else items - 1
    if items == contacts == activity.person_count:
        received = contacts  # this answer counts no header
    if received is None or any(part is None for part in parts):
        return Counted(problem=_("Constant Contact gave no counters for this request."))
    errors, correctable, not_added = (part or 0 for part in parts)
    cut = contacts - received
    refused = errors + correctable + cut
    if min(errors, correctable, not_added, cut, received) < 0 or refused + not_added > contacts:
        return Counted(problem=_("Constant Contact's counters for this request contradict each other."))
    problem = ""
    if cut:
        problem = ngettext(
            "Constant Contact took {count} row less than was sent.",
            "Constant Contact took {count} rows less than were sent.",
            cut,
        ).format(count=number(cut))
    return Counted(contacts - refused - not_added, not_added, refused, problem)


class Settlement:
    """Watches the jobs of one run. ``give_up`` says that nothing is sent any more, so failed jobs are final."""

    def __init__(self, journal: Journal, destination: Destination, patience: Patience, setbacks: Setbacks) -> None:
        self._journal = journal
        self._destination = destination
        self._patience = patience
        self._setbacks = setbacks
        self._interval = patience.first_poll
        self._last = journal.clock.monotonic()
        self._progress = self._last
        self._missing: Counter[int] = Counter()
        self._without_counters: Counter[int] = Counter()
        self._held_until = 0.0
        self.give_up = False

    def seconds_to_poll(self, *, sending: bool) -> float:
        """How long until the next look; while bodies are to be sent their requests come first."""
        interval = max(self._interval, self._patience.poll_while_sending) if sending else self._interval
        return max(self._last + interval, self._held_until) - self._journal.clock.monotonic()

    def standing_still(self) -> bool:
        """Whether no job has moved for longer than anybody waits."""
        return self._journal.clock.monotonic() - self._progress > self._patience.no_progress

    def sent_now(self) -> None:
        """A body was sent: there is something to expect."""
        self._interval = self._patience.first_poll
        self._progress = self._journal.clock.monotonic()

    def poll(self) -> None:
        """Look at all open jobs with one list call, and settle those that are over, in one commit."""
        open_batches = {batch.activity_id: batch for batch in self._journal.in_state(BatchState.SENT)}
        self._last = self._journal.clock.monotonic()
        if not open_batches:
            return
        try:
            found = self._look(open_batches)
            changed = [self._judge(batch, found.get(activity_id)) for activity_id, batch in open_batches.items()]
        except CctuiError as problem:
            self._held_until = self._journal.clock.monotonic() + self._setbacks.take(problem)
            return
        self._setbacks.over()
        before = self._journal.batches
        news = [batch for batch in changed if batch != before[batch.number]]
        moved = bool(news)
        self._last = self._journal.clock.monotonic()
        self._interval = min(
            self._patience.poll_after_news if moved else self._interval * _GROWTH, self._patience.longest_poll
        )
        if not moved:
            return
        self._progress = self._last
        self._journal.record("settled", *news)
        for batch in news:
            self._announce(batch)

    def _look(self, open_batches: dict[str, Batch]) -> dict[str, Activity]:
        found: dict[str, Activity] = {}
        for activity in self._destination.activities():
            if activity.activity_id in open_batches:
                found[activity.activity_id] = activity
                if len(found) == len(open_batches):
                    break
        return found

    def _judge(self, batch: Batch, activity: Activity | None) -> Batch:
        if activity is None:
            activity = self._look_for(batch)
            if activity is None:
                return batch if self._missing[batch.number] < _LOOKS_FOR_ACTIVITY else self._vanished(batch)
        self._missing.pop(batch.number, None)
        if not activity.ended:
            return structs.replace(batch, activity_state=harmless(activity.state, 40))
        if not activity.completed:
            return self._came_to_nothing(batch, activity)
        counted = count(batch.contacts, activity)
        if counted.problem and not counted.refused:
            self._without_counters[batch.number] += 1
            if self._without_counters[batch.number] < _LOOKS_FOR_COUNTERS:
                return batch
        if counted.refused or activity.activity_errors:
            write_refusals(self._journal.spool, batch, activity.activity_errors)
        return structs.replace(
            batch,
            state=BatchState.COMPLETED,
            activity_state=activity.state,
            settled_at=self._journal.clock.now(),
            accepted=counted.accepted,
            not_added=counted.not_added,
            refused=counted.refused,
            errors=_kept(activity),
            problem=counted.problem,
        )

    def _look_for(self, batch: Batch) -> Activity | None:
        """The job of ``batch`` by its id; ``None``, and one more miss, where the service does not know it."""
        try:
            return self._destination.activity(batch.activity_id)
        except NotThere:
            self._missing[batch.number] += 1
            return None

    def _vanished(self, batch: Batch) -> Batch:
        """Activities are forgotten after 10 days: the outcome is unknown, so the body goes out once more."""
        return self._once_more(batch, _("Constant Contact has forgotten the activity"), refused=0)

    def _came_to_nothing(self, batch: Batch, activity: Activity) -> Batch:
        state = harmless(activity.state, 40)
        problem = _("Constant Contact's activity ended as {state}").format(state=state)
        after = self._once_more(
            structs.replace(batch, activity_state=state, errors=_kept(activity)), problem, refused=batch.contacts
        )
        if after.state is BatchState.FAILED:
            write_refusals(self._journal.spool, batch, activity.activity_errors, all_rows=problem + ".")
        return after

    def _once_more(self, batch: Batch, problem: str, *, refused: int) -> Batch:
        if batch.former or self.give_up:
            return structs.replace(
                batch,
                state=BatchState.FAILED,
                settled_at=self._journal.clock.now(),
                refused=refused,
                problem=problem + ".",
            )
        return structs.replace(
            batch, state=BatchState.PLANNED, activity_id="", former=[*batch.former, batch.activity_id], problem=problem
        )

    def _announce(self, batch: Batch) -> None:
        journal = self._journal
        if batch.state is BatchState.PLANNED:
            journal.tell(Unclear, level=Level.WARNING, batch=batch.number, reason=batch.problem)
        if batch.state not in {BatchState.COMPLETED, BatchState.FAILED}:
            return
        good = batch.state is BatchState.COMPLETED and not batch.refused and not batch.waiting
        journal.tell(
            BatchSettled,
            level=Level.INFO if good else Level.WARNING,
            batch=batch.number,
            state=batch.activity_state,
            accepted=batch.accepted,
            not_added=batch.not_added,
            refused=batch.refused,
            waiting=batch.waiting,
        )
        if batch.refused:
            texts = batch.errors[:_TEXTS_TOLD] or [batch.problem or _("no reason given")]
            journal.tell(RowsRefused, level=Level.WARNING, batch=batch.number, refused=batch.refused, texts=texts)


def _kept(activity: Activity) -> list[str]:
    return [harmless(text) for text in activity.activity_errors[:_TEXTS_KEPT]]
