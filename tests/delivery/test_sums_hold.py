"""Whatever happens to a run, in any order: its sums hold after every write, and its status only goes the known ways."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

from delivery_stand_ins import OPS, PASSING, Crash, Fault, Points, Story, reshaped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cctui.delivery import runs
from cctui.delivery.journal import Stopped
from cctui.delivery.ledger import Ledger
from cctui.delivery.states import Status, Wish
from cctui.errors import UsageError

WAYS = {
    Status.QUEUED: {Status.REFRESHING, Status.PAUSED, Status.CANCELED},
    Status.REFRESHING: {
        Status.PAUSED,
        Status.QUEUED,  # canceled at the moment it was paused: taken up once more, to be ended
        Status.SUCCESSFUL,
        Status.COMPLETED_WITH_ERRORS,
        Status.FAILED,
        Status.SKIPPED,
        Status.CANCELED,
    },
    Status.PAUSED: {Status.QUEUED, Status.REFRESHING, Status.CANCELED},
}
"""Where a run may go from a status that is no end."""

MOST_GOES = 40

jobs = st.builds(
    dict,
    fate=st.sampled_from(["completed"] * 6 + ["cancelled", "timed_out"]),
    refused=st.integers(0, 3),
    not_added=st.integers(0, 3),
    cut=st.integers(0, 2),
    counters=st.sampled_from([True, True, True, False]),
)
faults = st.dictionaries(
    st.integers(1, 25), st.sampled_from([*PASSING, Fault.QUOTA, Fault.SIGN_IN, Fault.REFUSED]), max_size=6
)
wishes = st.lists(st.tuples(st.floats(0, 40), st.sampled_from(list(Wish))), max_size=3)


def watched(story: Story) -> list[Status]:
    """The statuses that a run goes through, one for each write; the sums are looked at every time."""
    seen: list[Status] = []
    commit = Ledger.commit

    def look(ledger: Ledger, what: str) -> None:
        commit(ledger, what)
        for run in ledger.runs(limit=1):
            assert run.totals.plan_adds_up, what
            if run.planned:
                assert run.totals.adds_up, what
            batches = ledger.batches(run.id)
            assert run.contacts_sent <= run.totals.sent
            assert sum(batch.contacts for batch in batches) == (run.totals.sent if run.planned else 0)
            seen.append(run.status)

    story._monkeypatch.setattr(Ledger, "commit", look)
    return seen


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    bad=st.integers(0, 3),
    fates=st.lists(jobs, max_size=6),
    faults=faults,
    wishes=wishes,
    crashes=st.lists(st.integers(1, 120), max_size=2),
)
def test_the_sums_hold_after_every_write_and_no_status_is_skipped(
    new_story: Callable[[], Story],
    bad: int,
    fates: list[dict[str, object]],
    faults: dict[int, str],
    wishes: list[tuple[float, Wish]],
    crashes: list[int],
) -> None:
    story = new_story()
    story.people.emails += ["nobody"] * bad
    story.service.faults = faults
    left, asked, dying = list(fates), sorted(wishes, key=lambda wish: wish[0]), list(crashes)
    story.service.shape = lambda job: reshaped(job, **(left.pop(0) if left else {}))

    def follow(elapsed: float) -> None:
        while asked and asked[0][0] <= elapsed:
            _at, wish = asked.pop(0)
            try:
                story.ask(wish)
            except UsageError:
                return

    story.clock.on_wait = follow
    with story._monkeypatch.context() as patched:
        story._monkeypatch, former = patched, story._monkeypatch
        seen = watched(story)
        story._monkeypatch = former
        story.start()
        for _go in range(MOST_GOES):
            run = story.run
            if run.status.ended:
                break
            if run.status is Status.PAUSED:
                runs.resume(story.environment, OPS, run.id, clock=story.clock)
            if run.resume_at is not None:
                story.clock.start += timedelta(days=1)
            try:
                story.go(Points(dying.pop(0)) if dying else None)
            except (Crash, Stopped):
                continue
    run = story.run
    assert run.status.ended
    assert run.totals.adds_up
    for before, after in itertools.pairwise(seen):
        assert before is after or after in WAYS[before], (before, after)
