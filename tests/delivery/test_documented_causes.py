"""The documented rows on what a status means and why exports fail (S2, S11, S12), each by its number."""

from __future__ import annotations

from typing import Any

import pytest
from delivery_stand_ins import OPS, Fault, Story
from msgspec import structs

from cctui.definitions.model import DataMatching, ExportId
from cctui.delivery import plan, runs
from cctui.delivery.states import PauseReason, Status, Wish
from cctui.matching.results import TooManyProfiles
from cctui.profiles.source import SourceError


def test_s2_canceled_is_stopped_by_the_user_failed_has_errors_skipped_could_not_begin(story: Story) -> None:
    story.start()
    assert story.run.status is Status.QUEUED
    story.ask(Wish.CANCEL)
    assert story.run.status is Status.CANCELED
    story.service.always = Fault.REFUSED
    story.start()
    assert story.go().status is Status.FAILED
    stored = story.environment.export("newsletter")
    story.environment.save_export(structs.replace(stored.definition, connection=None), stored.fingerprint)
    story.start()
    run = story.go()
    assert run.status is Status.SKIPPED
    assert "no connection" in run.problem


def test_s11_the_same_segment_to_the_same_list_twice_meets_no_name_that_exists(story: Story) -> None:
    story.start()
    first = story.go()
    definition = structs.replace(story.environment.export("newsletter").definition, id="twice", display_name="Twice")
    story.environment.save_export(definition, None)
    runs.start(story.environment, OPS, ExportId("twice"), clock=story.clock)
    second = story.go()
    assert (first.status, second.status) == (Status.SUCCESSFUL, Status.SUCCESSFUL)
    assert second.export == "twice"
    assert len(set(story.service.posts)) == len(story.service.posts) == 6, "each request has a name of its own"


def above_the_limit(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_many(*_facts: Any, **_options: Any) -> None:
        raise TooManyProfiles(1_200_000, 1_000_000)

    monkeypatch.setattr(plan, "match", too_many)


def field_missing(story: Story, _monkeypatch: pytest.MonkeyPatch) -> None:
    stored = story.environment.export("newsletter")
    definition = structs.replace(stored.definition, data_matching=DataMatching(email="NoSuchField"))
    story.environment.save_export(definition, stored.fingerprint)


def rate_limit(story: Story, _monkeypatch: pytest.MonkeyPatch) -> None:
    story.service.faults = {5: Fault.QUOTA}


def data_format(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_facts: Any, **_options: Any) -> None:
        raise SourceError("The file part-4.csv is damaged.", do="Export the profiles again.")

    monkeypatch.setattr(plan, "match", damaged)


@pytest.mark.parametrize("cause", [above_the_limit, field_missing, rate_limit, data_format])
def test_s12_each_general_cause_says_what_happened_and_what_to_do(
    story: Story, monkeypatch: pytest.MonkeyPatch, cause: Any
) -> None:
    cause(story, monkeypatch)
    story.start()
    run = story.go()
    assert run.status in {Status.FAILED, Status.SKIPPED, Status.PAUSED}
    assert run.problem.endswith(".")
    assert run.do_next.endswith(".")
    if run.status is Status.PAUSED:
        assert run.pause_reason is PauseReason.QUOTA
        assert run.resume_at is not None
    assert run.totals.adds_up


def test_a_quota_that_is_used_up_pauses_until_midnight_and_goes_on_by_itself(story: Story) -> None:
    story.service.faults = {5: Fault.QUOTA}
    story.start()
    run = story.go()
    assert run.resume_at is not None
    assert (run.status, run.resume_at.hour, run.resume_at.minute) == (Status.PAUSED, 0, 0)
    assert not runs.due(run, story.clock)
    story.clock.elapsed += (run.resume_at - story.clock.now()).total_seconds()
    assert runs.due(run, story.clock), "a worker takes it without being asked"
    ended = story.go()
    assert ended.status is Status.SUCCESSFUL
    assert set(story.service.arrived.values()) == {1}
