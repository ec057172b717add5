"""A run of only the rejected of an earlier run: who is in it, what it says, and what a crash leaves of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from delivery_stand_ins import OPS, Crash, Fault, Job, Points, Story, reshaped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cctui.definitions.model import ExportId
from cctui.delivery import runs
from cctui.delivery.events import OnlyRejected, sentence
from cctui.delivery.report import facts, sentences
from cctui.delivery.states import Run, Status
from cctui.errors import CctuiError, UsageError


def first_run(story: Story, *, bad: int = 3, refused: tuple[int, ...] = (2, 5)) -> Run:
    """Thirty people arrive, ``bad`` have no address, and the lines ``refused`` of the first body are refused."""
    story.people.emails += ["nobody"] * bad

    def refuse(job: Job) -> None:
        if not story.service.jobs:
            texts = tuple(f"Line {line}: The e-mail address is not valid." for line in refused)
            reshaped(job, refused=len(refused), errors=texts)

    story.service.shape = refuse
    run = story.start("first")
    ended = story.go()
    assert ended.status is Status.COMPLETED_WITH_ERRORS
    story.service.arrived.clear()
    story.service.shape = lambda _job: None
    return run


def mend(story: Story) -> None:
    story.people.emails = [
        email if "@" in email else f"mended{number}@contoso.com" for number, email in enumerate(story.people.emails)
    ]


def test_only_the_rejected_are_sent_once_the_source_is_mended(story: Story) -> None:
    first_run(story)
    mend(story)
    story.start("second", only_rejected_of="first")
    run = story.go()
    assert run.status is Status.SUCCESSFUL
    assert (run.totals.selected, run.totals.sent, run.totals.accepted) == (5, 5, 5)
    assert (run.wanted, run.absent, run.untraced) == (5, 0, 0)
    assert run.totals.adds_up
    assert sorted(story.service.arrived) == [
        "mended30@contoso.com",
        "mended31@contoso.com",
        "mended32@contoso.com",
        "person0@contoso.com",
        "person3@contoso.com",
    ]


def test_the_run_says_what_it_is_wherever_it_is_told(story: Story) -> None:
    first_run(story, refused=(2, 5, 99))
    mend(story)
    story.people.gone = {"p31"}
    story.start("second", only_rejected_of="first")
    run = story.go()
    report = runs.report(story.environment, run.id)
    assert (report.only_rejected_of, report.wanted, report.absent, report.untraced) == ("first", 5, 1, 1)
    assert ("Profiles", "only the 5 rejected of run first") in facts(report)
    said = sentences(report)
    assert "1 profile rejected then is in none of the segments any more." in said
    assert "1 row refused then could not be traced to a profile and is not among them." in said
    events, _offset = story.spool.log.read()
    assert [sentence(event) for event in events if isinstance(event, OnlyRejected)] == [
        "Only the 5 profiles that run first rejected. 1 profile rejected then is in none of the segments any more. "
        "1 row refused then could not be traced to a profile and is not among them."
    ]


def test_what_was_not_mended_is_rejected_again_and_can_be_run_again(story: Story) -> None:
    first_run(story)
    story.start("second", only_rejected_of="first")
    assert story.go().totals.invalid == 3
    mend(story)
    story.start("third", only_rejected_of="second")
    run = story.go()
    assert (run.wanted, run.totals.selected, run.totals.accepted) == (3, 3, 3)


def test_a_whole_run_says_nothing_of_the_kind(story: Story) -> None:
    first_run(story)
    report = runs.report(story.environment, story.run.id)
    assert report.only_rejected_of is None
    assert "Profiles" not in dict(facts(report))


@pytest.mark.parametrize(
    ("named", "why"),
    [("nowhere", "no run nowhere"), ("dry", "dry run"), ("clean", "No row was rejected"), ("open", "not over")],
)
def test_there_must_be_rejected_rows_to_run_again(story: Story, named: str, why: str) -> None:
    story.start("clean")
    story.go()
    story.people.emails.append("nobody")
    story.start("dry", dry_run=True)
    story.go()
    if named == "open":
        story.start("open")
    with pytest.raises(UsageError, match=why):
        story.start("second", only_rejected_of=named)


def test_the_earlier_run_must_be_of_the_same_export(story: Story) -> None:
    first_run(story)
    entry = story.environment.export("newsletter")
    from msgspec import structs

    story.environment.save_export(structs.replace(entry.definition, id="winback", display_name="Winback"), None)
    with pytest.raises(UsageError, match="another export"):
        runs.start(story.environment, OPS, ExportId("winback"), only_rejected_of="first", clock=story.clock)


def test_the_same_run_id_again_is_the_same_run(story: Story) -> None:
    first_run(story)
    started = story.start("second", only_rejected_of="first")
    assert story.start("second", only_rejected_of="first") == started


def test_the_earlier_run_is_kept_while_its_rejected_rows_are_wanted(story: Story) -> None:
    first_run(story)
    mend(story)
    story.start("second", only_rejected_of="first")
    story.clock.start += timedelta(days=100)
    assert runs.prune(story.environment, clock=story.clock) == []
    assert story.go().totals.accepted == 5
    story.clock.start += timedelta(days=100)
    assert runs.prune(story.environment, clock=story.clock) == ["first"]
    assert runs.report(story.environment, story.run.id).only_rejected_of == "first"


def test_rows_that_are_gone_end_the_run_with_a_sentence(story: Story) -> None:
    first_run(story)
    story.start("second", only_rejected_of="first")
    (story.environment.runs_folder / "first" / "rejected.csv").write_bytes(b"\xff\xfe,\x00\n\xff,\xff\n")
    run = story.go()
    assert run.status is Status.FAILED
    assert "rejected rows of the earlier run cannot be read" in run.problem
    assert story.service.arrived == {}


def test_a_worker_that_dies_anywhere_goes_on_with_the_same_profiles(new_story: Callable[[], Story]) -> None:
    whole = new_story()
    first_run(whole)
    mend(whole)
    whole.start("second", only_rejected_of="first")
    points = Points()
    whole.go(points)
    expected = set(whole.service.arrived)
    for crash_at in range(1, len(points.passed) + 1, 3):
        story = new_story()
        first_run(story)
        mend(story)
        story.start("second", only_rejected_of="first")
        with pytest.raises(Crash):
            story.go(Points(crash_at))
        run = story.run if story.run.status.ended else story.go()
        assert (run.status, run.totals.selected, run.wanted) == (Status.SUCCESSFUL, 5, 5), points.passed[crash_at - 1]
        assert set(story.service.arrived) == expected
        assert run.totals.adds_up


PASSING = [Fault.UNREACHABLE, Fault.DONE_UNKNOWN, Fault.LOST_UNKNOWN, Fault.THROTTLED, Fault.FAULT]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    bad=st.integers(1, 6),
    refused=st.sets(st.integers(2, 11), max_size=4),
    unmended=st.integers(0, 6),
    gone=st.sets(st.integers(0, 35), max_size=6),
    faults=st.dictionaries(st.integers(1, 12), st.sampled_from(PASSING), max_size=3),
)
def test_the_sums_hold_and_nobody_else_is_sent_whatever_happens(
    new_story: Callable[[], Story],
    bad: int,
    refused: set[int],
    unmended: int,
    gone: set[int],
    faults: dict[int, str],
) -> None:
    story = new_story()
    first_run(story, bad=bad, refused=tuple(sorted(refused)))
    rejected = {line - 2 for line in refused} | set(range(30, 30 + bad))
    mend(story)
    for number in range(30, 30 + min(unmended, bad)):
        story.people.emails[number] = "nobody still"
    story.people.gone = {f"p{number}" for number in gone}
    calls = story.service.calls
    story.service.faults = {calls + call: fault for call, fault in faults.items()}
    story.start("second", only_rejected_of="first")
    try:
        run = story.go()
    except CctuiError:
        run = story.run
    assert run.totals.adds_up
    assert run.totals.selected == len(rejected - gone)
    assert (run.wanted, run.absent) == (len(rejected), len(rejected & gone))
    left = {story.people.emails[number] for number in rejected - gone}
    assert set(story.service.arrived) <= left
    if run.status is Status.SUCCESSFUL:
        assert set(story.service.arrived) == left
