"""What the set-up pane shows: the same numbers as a run, and no files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from plain_matching import NAMES, PeopleInMemory, person

from cctui.matching.plan_files import match
from cctui.matching.preview import preview
from cctui.matching.reasons import Reason
from cctui.matching.results import Limits, MatchingCanceled, TooManyProfiles
from cctui.profiles.source import SegmentName

ONE = [SegmentName("One")]


@pytest.fixture
def people() -> PeopleInMemory:
    rows = [person(n, f"p{n}@example.com", f"N{n}") for n in range(40)]
    rows += [person(50, None), person(51, "x"), person(52, "P1@example.com"), person(53, "q@example.com", no="true")]
    rows += [person(54, "  "), person(55, "r@example.com", "n" * 60)]
    return PeopleInMemory({"One": rows})


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_numbers_are_those_of_a_run(people: PeopleInMemory, tmp_path: Path) -> None:
    shown = preview(people, ONE, NAMES)
    matched = match(people, ONE, NAMES, tmp_path / "run")
    for name in ("selected", "duplicate", "invalid", "suppressed", "sent", "rejected", "cut", "dropped"):
        assert getattr(shown, name) == getattr(matched, name)
    header = len("email,first_name,cf:note\r\n")
    assert shown.size == sum(body.size - header for body in matched.bodies)
    assert shown.requests == len(matched.bodies) == 1
    assert shown.rejected == ((Reason.MISSING, 2), (Reason.NO_AT_SIGN, 1))


def test_shares_and_first_rows(people: PeopleInMemory) -> None:
    shown = preview(people, ONE, NAMES, rows=2)
    assert shown.headings == ("email", "first_name", "cf:note")
    assert shown.rows == (("p0@example.com", "N0", ""), ("p1@example.com", "N1", ""))
    assert shown.filled_share == pytest.approx(44 / 46)
    assert shown.valid_share == pytest.approx(43 / 46)
    assert shown.double_share == pytest.approx(1 / 46)


@pytest.mark.parametrize("limits", [Limits(max_rows=7), Limits(max_bytes=400, frame_bytes=50), Limits(max_rows=1)])
def test_the_estimate_of_requests_is_close(people: PeopleInMemory, tmp_path: Path, limits: Limits) -> None:
    estimated = preview(people, ONE, NAMES, limits=limits).requests
    made = len(match(people, ONE, NAMES, tmp_path / "run", limits=limits).bodies)
    assert made * 0.75 <= estimated <= made


def test_an_empty_segment_has_no_shares(temporary: Path) -> None:
    shown = preview(PeopleInMemory({"One": []}), ONE, NAMES)
    assert (shown.filled_share, shown.valid_share, shown.double_share, shown.requests) == (0.0, 0.0, 0.0, 0)


def test_nothing_stays_on_the_disk(people: PeopleInMemory, temporary: Path) -> None:
    preview(people, ONE, NAMES)
    with pytest.raises(MatchingCanceled):
        preview(people, ONE, NAMES, cancelled=lambda: True)
    assert list(temporary.iterdir()) == []


def test_too_many_profiles_are_refused_as_in_a_run(people: PeopleInMemory) -> None:
    with pytest.raises(TooManyProfiles):
        preview(people, ONE, NAMES, limits=Limits(max_profiles=10))
