"""A run as an operator lives through it: it arrives, is counted, and every way it can end says why."""

from __future__ import annotations

import csv
import itertools
import sqlite3
from datetime import UTC, datetime

import pytest
from delivery_stand_ins import LIST_ID, OPS, Crash, Fault, Job, Points, Story, reshaped
from msgspec import structs

from cctui.access.roles import Operator, Role
from cctui.constant_contact.answers import AccountSummary
from cctui.delivery import runs
from cctui.delivery.events import Level, sentence
from cctui.delivery.journal import Stopped
from cctui.delivery.ledger import AlreadyRunning, LedgerError
from cctui.delivery.states import BatchState, PauseReason, RunId, Stage, Status, Wish
from cctui.errors import ExitCode, NotPermitted, UsageError


def arrived(story: Story) -> dict[str, int]:
    return dict(story.service.arrived)


def everybody(story: Story) -> dict[str, int]:
    return {email: 1 for email in story.people.emails if "@" in email}


def test_everybody_arrives_once_and_the_sums_hold(story: Story) -> None:
    story.start("nightly-1")
    run = story.go()
    assert run.status is Status.SUCCESSFUL
    assert (run.totals.selected, run.totals.sent, run.totals.accepted, run.totals.waiting) == (30, 30, 30, 0)
    assert run.totals.adds_up
    assert arrived(story) == everybody(story)
    assert [batch.state for batch in story.batches] == [BatchState.COMPLETED] * 3
    assert run.requests == story.service.calls
    assert run.replayed == run.resumed == 0
    assert set(run.stage_seconds) == set(Stage)
    assert story.events() == [
        "run-queued",
        "account-checked",
        "stage-started",
        "stage-ended",
        "stage-started",
        "stage-ended",
        "planned",
        "stage-started",
        *["batch-sent"] * 3,
        "stage-ended",
        "stage-started",
        *["batch-settled"] * 3,
        "stage-ended",
        "stage-started",
        "run-ended",
    ]


def test_the_report_says_all_of_it(story: Story) -> None:
    story.people.emails.append("nobody")
    run = story.start()
    story.go()
    report = runs.report(story.environment, run.id)
    assert (report.status, report.invalid, report.sent, report.accepted) == (Status.COMPLETED_WITH_ERRORS, 1, 30, 30)
    assert report.adds_up
    assert report.batches == 3
    assert report.requests == story.service.calls
    assert report.rejected_file == str(story.spool.rejected)
    assert runs.rejected_summary(story.environment, run.id) == [("No @ sign", 1)]
    assert runs.exit_code(story.run) == ExitCode.COMPLETED_WITH_ERRORS


def test_a_request_costs_two_commits(story: Story) -> None:
    story.start()
    points = Points()
    story.go(points)
    calls = [n for n, name in enumerate(points.passed) if name == "before call import"]
    for here, there in itertools.pairwise(calls):
        between = [name for name in points.passed[here:there] if name.startswith("after ") and "call" not in name]
        assert between == ["after sent", "after sending"]


def test_facts_are_durable_before_the_wire(story: Story) -> None:
    """Bodies, their folder and the row are on the disk before the first POST."""
    story.start()
    points = Points()
    story.go(points)
    post = points.passed.index("before call import")
    before = points.passed[:post]
    assert before[-1] == "after sending"
    assert before.index("after plan") < before.index("after sending")
    plan = before.index("before plan")
    assert "sync folder" in before[:plan]
    assert not any(name in {"write", "replace"} for name in before[plan : before.index("after plan")])


def test_an_empty_segment_is_a_successful_run_of_nobody(story: Story) -> None:
    story.people.emails.clear()
    story.start()
    run = story.go()
    assert (run.status, run.totals.selected, run.batches) == (Status.SUCCESSFUL, 0, 0)
    assert story.service.posts == []


def test_a_dry_run_sends_nothing_and_says_what_it_would(story: Story) -> None:
    run = story.start(dry_run=True)
    ended = story.go()
    assert ended.status is Status.SUCCESSFUL
    assert story.service.posts == []
    assert (ended.totals.sent, ended.totals.waiting, ended.totals.adds_up) == (30, 30, True)
    assert {batch.state for batch in story.batches} == {BatchState.NOT_SENT}
    assert runs.report(story.environment, run.id).dry_run
    said = sentence(story.spool.log.read()[0][-1])
    assert "30 to send" in said
    assert "accepted" not in said


def test_unsubscribed_people_are_no_errors(story: Story) -> None:
    story.service.shape = lambda job: reshaped(job, not_added=3)
    story.start()
    run = story.go()
    assert (run.status, run.totals.accepted, run.totals.not_added) == (Status.SUCCESSFUL, 21, 9)


def test_refused_rows_are_traced_back_to_their_profiles(story: Story) -> None:
    def refuse(job: Job) -> None:
        if len(story.service.jobs) == 1:
            job.refused = 2
            job.errors = ("Line 2: person10@contoso.com is not valid", "Line 11: =cmd(1) blocked", "and more")

    story.service.shape = refuse
    run = story.start()
    ended = story.go()
    assert (ended.status, ended.totals.accepted, ended.totals.refused) == (Status.COMPLETED_WITH_ERRORS, 28, 2)
    assert ended.totals.adds_up
    batch = story.batches[1]
    assert batch.errors[0] == "Line 2: p…@contoso.com is not valid"
    with runs.rejected_path(story.environment, run.id).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["profile_id"], row["value"]) for row in rows] == [
        ("p10", "person10@contoso.com"),
        ("p19", "person19@contoso.com"),
    ]
    assert {row["reason"] for row in rows} == {"refused-by-constant-contact"}
    assert rows[0]["message"] == "Line 2: person10@contoso.com is not valid"
    assert runs.rejected_summary(story.environment, run.id) == [("Refused by Constant Contact", 2)]
    assert "person" not in story.spool.log.path.read_text()


def test_a_silent_cut_is_found_and_counted(story: Story) -> None:
    def cut(job: Job) -> None:
        job.cut = 4 if len(story.service.jobs) == 2 else 0

    story.service.shape = cut
    story.start()
    run = story.go()
    assert (run.status, run.totals.refused, run.totals.accepted) == (Status.COMPLETED_WITH_ERRORS, 4, 26)
    assert "4 rows less" in run.problem


def test_missing_counters_are_not_made_up(story: Story) -> None:
    def silent(job: Job) -> None:
        job.counters = bool(story.service.jobs)

    story.service.shape = silent
    story.start()
    run = story.go()
    assert (run.status, run.totals.accepted, run.totals.waiting) == (Status.COMPLETED_WITH_ERRORS, 20, 10)
    assert run.totals.adds_up
    assert "no counters" in run.problem


def test_a_failed_activity_is_sent_again_once(story: Story) -> None:
    def fail_first(job: Job) -> None:
        job.fate = "failed" if not story.service.jobs else "completed"

    story.service.shape = fail_first
    story.start()
    run = story.go()
    assert (run.status, run.replayed, run.totals.accepted) == (Status.SUCCESSFUL, 1, 30)
    assert story.batches[0].former == ["activity-1"]
    assert len(story.service.posts) == 4
    assert "replayed" in story.events()


@pytest.mark.parametrize("fate", ["failed", "timed_out", "cancelled"])
def test_a_body_that_fails_again_is_refused_with_the_reason(story: Story, fate: str) -> None:
    def fail(job: Job) -> None:
        if "-0001-" in job.file_name:
            job.fate = fate

    story.service.shape = fail
    run = story.start()
    ended = story.go()
    assert (ended.status, ended.totals.refused, ended.totals.accepted) == (Status.COMPLETED_WITH_ERRORS, 10, 20)
    assert story.batches[0].state is BatchState.FAILED
    assert fate in ended.problem
    with runs.rejected_path(story.environment, run.id).open(newline="") as file:
        assert [row["profile_id"] for row in csv.DictReader(file)] == [f"p{n}" for n in range(10)]


def test_a_run_of_which_nothing_arrives_has_failed(story: Story) -> None:
    story.service.shape = lambda job: reshaped(job, fate="failed")
    story.start()
    run = story.go()
    assert (run.status, run.totals.refused, run.totals.adds_up) == (Status.FAILED, 30, True)


def test_a_forgotten_activity_is_sent_again_once_and_then_open(story: Story) -> None:
    story.service.shape = lambda job: reshaped(job, vanished="-0001-" in job.file_name)
    story.start()
    run = story.go()
    assert (run.status, run.replayed, run.totals.waiting, run.totals.accepted) == (
        Status.COMPLETED_WITH_ERRORS,
        1,
        10,
        20,
    )
    assert "forgotten" in run.problem


def test_an_activity_that_stands_still_does_not_hold_the_run_for_ever(story: Story) -> None:
    story.service.shape = lambda job: reshaped(job, polls=10**9 if "-0002-" in job.file_name else 1)
    story.start()
    run = story.go()
    assert (run.status, run.totals.waiting, run.totals.accepted) == (Status.COMPLETED_WITH_ERRORS, 10, 20)
    assert run.totals.adds_up
    assert "not worked off" in run.problem


def test_a_wrong_list_fails_before_anything_is_read_or_sent(story: Story) -> None:
    story.service.lists.clear()
    story.start()
    run = story.go()
    assert run.status is Status.FAILED
    assert LIST_ID in run.problem
    assert story.service.posts == []
    assert not run.planned
    told, _offset = story.spool.log.read()
    assert [event.level for event in told[-2:]] == [Level.ERROR, Level.ERROR]


def test_another_account_is_refused(story: Story) -> None:
    story.service.account = AccountSummary("Another", "b999")
    story.start()
    run = story.go()
    assert run.status is Status.FAILED
    assert "Another (b999)" in run.problem
    assert story.service.posts == []


def test_a_refused_post_ends_the_sending_and_watches_what_was_sent(story: Story) -> None:
    story.service.faults = {4: Fault.REFUSED}
    story.start()
    run = story.go()
    assert (run.status, run.totals.accepted, run.totals.waiting) == (Status.FAILED, 10, 20)
    assert [batch.state for batch in story.batches] == [
        BatchState.COMPLETED,
        BatchState.NOT_SENT,
        BatchState.NOT_SENT,
    ]
    assert run.totals.adds_up


def test_a_detached_export_is_skipped(story: Story) -> None:
    export = structs.replace(story.export.definition, connection=None)
    story.environment.save_export(export, story.export.fingerprint)
    story.start()
    run = story.go()
    assert (run.status, run.problem) == (Status.SKIPPED, "The export has no connection.")
    assert runs.exit_code(run) == ExitCode.FAILED


def test_a_broken_connection_file_fails_the_run_with_its_place(story: Story) -> None:
    story.start()
    story.connection.path.write_text("id = [")
    run = story.go()
    assert run.status is Status.FAILED
    assert "marketing.toml" in run.problem


def test_a_connection_nobody_signed_in_to_waits_for_that(story: Story) -> None:
    stored = story.environment.save_connection(
        structs.replace(story.connection.definition, account=None), story.connection.fingerprint
    )
    story.start()
    run = story.go()
    assert (run.status, run.pause_reason) == (Status.PAUSED, PauseReason.SIGN_IN)
    assert runs.exit_code(run) == ExitCode.SIGN_IN_NEEDED
    story.environment.save_connection(story.connection.definition, stored.fingerprint)
    runs.resume(story.environment, OPS, run.id, clock=story.clock)
    assert story.go().status is Status.SUCCESSFUL


def test_a_dead_sign_in_pauses_and_a_new_one_goes_on(story: Story) -> None:
    story.service.faults = {4: Fault.SIGN_IN}
    story.start()
    run = story.go()
    assert (run.status, run.pause_reason, run.totals.waiting) == (Status.PAUSED, PauseReason.SIGN_IN, 30)
    assert "sign-in" in run.do_next
    runs.resume(story.environment, OPS, run.id, clock=story.clock)
    run = story.go()
    assert (run.status, run.replayed, run.resumed) == (Status.SUCCESSFUL, 0, 0)
    assert arrived(story) == everybody(story)
    assert "resumed" in story.events()


def test_a_used_up_quota_pauses_until_midnight(story: Story) -> None:
    story.service.faults = {5: Fault.QUOTA}
    story.start()
    run = story.go()
    assert (run.status, run.pause_reason) == (Status.PAUSED, PauseReason.QUOTA)
    assert run.resume_at == datetime(2026, 11, 23, tzinfo=UTC)
    assert runs.exit_code(run) == ExitCode.PAUSED_FOR_QUOTA
    assert not runs.due(run, story.clock)
    story.clock.elapsed += 12 * 3600
    assert runs.due(run, story.clock)
    assert story.go().status is Status.SUCCESSFUL
    assert arrived(story) == everybody(story)


def test_a_full_queue_is_waited_for(story: Story) -> None:
    story.service.faults = dict.fromkeys(range(4, 40), Fault.QUEUE_FULL)
    story.start()
    run = story.go()
    assert (run.status, run.replayed) == (Status.SUCCESSFUL, 0)
    assert arrived(story) == everybody(story)


def test_a_service_that_stays_away_ends_the_run_with_the_exact_rest(story: Story) -> None:
    story.service.faults = dict.fromkeys(range(4, 10_000), Fault.UNREACHABLE)
    story.start()
    run = story.go()
    assert run.status is Status.FAILED
    assert "could not be used for" in run.problem
    assert (run.totals.waiting, run.totals.adds_up, run.batches_sent) == (30, True, 1)
    assert [batch.attempts for batch in story.batches] == [1, 0, 0]


def test_cancel_sends_no_more_and_watches_what_was_sent(story: Story) -> None:
    story.patience = structs.replace(story.patience, first_back_off=10.0)
    story.service.faults = {5: Fault.UNREACHABLE}
    story.service.polls = 3
    story.start()
    story.when(1.0, lambda: runs.cancel(story.environment, OPS, story.run.id, clock=story.clock))
    run = story.go()
    assert (run.status, run.totals.accepted, run.totals.waiting) == (Status.CANCELED, 20, 10)
    assert [batch.state for batch in story.batches][-1] is BatchState.NOT_SENT
    assert run.totals.adds_up
    assert len(story.service.posts) == 2
    assert runs.exit_code(run) == ExitCode.CANCELED


def test_cancel_of_a_run_that_nobody_holds_is_at_once(story: Story) -> None:
    run = story.start()
    canceled = runs.cancel(story.environment, OPS, run.id, clock=story.clock)
    assert canceled.status is Status.CANCELED
    assert canceled.ended_at is not None
    assert story.events()[-2:] == ["wish", "run-ended"]
    with pytest.raises(UsageError):
        runs.resume(story.environment, OPS, run.id)


def test_cancel_of_a_paused_run_still_watches_what_was_sent(story: Story) -> None:
    story.service.faults = {5: Fault.QUOTA}
    story.start()
    run = story.go()
    asked = runs.cancel(story.environment, OPS, run.id, clock=story.clock)
    assert (asked.status, asked.wish) == (Status.QUEUED, Wish.CANCEL)
    assert runs.pause(story.environment, OPS, run.id).wish is Wish.CANCEL
    run = story.go()
    assert (run.status, run.totals.accepted, run.totals.waiting) == (Status.CANCELED, 20, 10)


def test_cancel_where_nobody_can_look_ends_with_what_is_known(story: Story) -> None:
    story.service.faults = {5: Fault.SIGN_IN}
    story.start()
    story.go()
    runs.cancel(story.environment, OPS, story.run.id, clock=story.clock)
    story.service.always = Fault.SIGN_IN
    run = story.go()
    assert (run.status, run.totals.waiting, run.totals.adds_up) == (Status.CANCELED, 30, True)


def test_pause_and_resume(story: Story) -> None:
    story.service.faults = {5: Fault.UNREACHABLE}
    story.start()
    story.when(0.5, lambda: runs.pause(story.environment, OPS, story.run.id, clock=story.clock))
    run = story.go()
    assert (run.status, run.pause_reason, run.batches_sent) == (Status.PAUSED, PauseReason.OPERATOR, 2)
    assert not runs.due(run, story.clock)
    assert runs.stopped(run)
    runs.resume(story.environment, OPS, run.id, clock=story.clock)
    assert story.go().status is Status.SUCCESSFUL
    assert arrived(story) == everybody(story)


def test_a_queued_run_can_be_paused(story: Story) -> None:
    run = story.start()
    assert runs.pause(story.environment, OPS, run.id).status is Status.PAUSED
    assert runs.resume(story.environment, OPS, run.id).status is Status.QUEUED


def test_a_worker_told_to_leave_leaves_the_run_for_the_next(story: Story) -> None:
    story.service.polls = 3
    story.start()
    story.when(0.5, story.stop.set)
    run = story.go()
    assert run.status is Status.REFRESHING
    assert runs.interrupted(run, alive=False)
    assert not runs.interrupted(run, alive=True)
    story.stop.clear()
    run = story.go()
    assert (run.status, run.resumed, run.replayed) == (Status.SUCCESSFUL, 1, 0)
    assert "recovered" in story.events()


def test_later_edits_do_not_change_a_run_under_way(story: Story) -> None:
    story.service.faults = {4: Fault.QUOTA}
    story.start()
    story.go()
    story.environment.save_export(
        structs.replace(story.export.definition, segments=["Another"], connection=None), story.export.fingerprint
    )
    story.people.emails.append("late@contoso.com")
    story.clock.elapsed += 24 * 3600
    run = story.go()
    assert (run.status, run.totals.selected) == (Status.SUCCESSFUL, 30)


def test_a_damaged_body_is_never_sent(story: Story) -> None:
    story.service.faults = {4: Fault.QUOTA}
    story.start()
    story.go()
    story.spool.body(2).write_bytes(story.spool.body(2).read_bytes().replace(b"person1", b"person9"))
    story.clock.elapsed += 24 * 3600
    run = story.go()
    assert (run.status, run.totals.accepted, run.totals.waiting) == (Status.COMPLETED_WITH_ERRORS, 20, 10)
    assert "not what was planned" in run.problem
    assert len(story.service.posts) == 2


def test_a_full_disk_before_the_plan_fails_with_a_sentence(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from cctui.delivery import spool

    monkeypatch.setattr(spool, "LEAST_FREE_BYTES", 10**18)
    story.start()
    run = story.go()
    assert run.status is Status.FAILED
    assert "nearly full" in run.problem
    assert story.service.posts == []


def test_a_ledger_that_cannot_be_written_leaves_the_run_where_it_was(story: Story) -> None:
    class Full(Points):
        def reach(self, name: str) -> None:
            super().reach(name)
            if name == "before sent":
                raise sqlite3.OperationalError("database or disk is full")

    story.start()
    with pytest.raises(LedgerError):
        story.go(Full())
    assert story.run.status is Status.REFRESHING
    run = story.go()
    assert (run.status, run.replayed) == (Status.SUCCESSFUL, 0)
    assert arrived(story) == everybody(story)


def test_the_second_start_is_told_and_the_same_id_is_the_same_run(story: Story) -> None:
    run = story.start("nightly-1")
    assert story.start("nightly-1").id == run.id
    with pytest.raises(AlreadyRunning):
        story.start()
    with pytest.raises(UsageError):
        story.start("Not an id!")
    story.go()
    assert story.start("nightly-1").status is Status.SUCCESSFUL
    assert len(story.service.posts) == 3
    assert len(story.start().id) == 8


def test_who_may_not_run_is_told(story: Story) -> None:
    contributor = Operator("maria", Role.CONTRIBUTOR)
    with pytest.raises(NotPermitted):
        runs.start(story.environment, contributor, story.export.definition.id)  # type: ignore[arg-type]
    run = story.start()
    with pytest.raises(NotPermitted):
        runs.cancel(story.environment, contributor, run.id)
    story.environment.remove_export("newsletter")
    with pytest.raises(NotPermitted):
        runs.cancel(story.environment, contributor, run.id)
    assert runs.cancel(story.environment, OPS, run.id).status is Status.CANCELED


def test_old_runs_are_forgotten_with_their_spools(story: Story) -> None:
    for name in ("first", "second", "third"):
        story.start(name)
        story.go()
        story.clock.elapsed += 40 * 24 * 3600
    assert runs.prune(story.environment, clock=story.clock) == [RunId("first")]
    assert not (story.environment.runs_folder / "first").exists()
    assert (story.environment.runs_folder / "second").exists()
    story.clock.elapsed += 500 * 24 * 3600
    assert runs.prune(story.environment, clock=story.clock) == [RunId("second")]


def test_a_crash_is_no_error_of_the_run(story: Story) -> None:
    story.start()
    with pytest.raises(Crash):
        story.go(Points(crash_at=20))
    assert story.run.status is Status.REFRESHING
    assert not issubclass(Stopped, Crash)
