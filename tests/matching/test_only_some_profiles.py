"""A plan of named profiles only: nobody else is in it, and whoever is suppressed or doubled stays so."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_matching import NAMES, PeopleInMemory, Row, person, plain_address, read_bodies, read_index, read_rejected

from cctui.matching.plan_files import match
from cctui.matching.results import Limits
from cctui.profiles.source import SegmentName

ONE = [SegmentName("One")]
BOTH = [SegmentName("One"), SegmentName("Two")]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "run"


def test_only_the_profiles_named_are_selected_and_the_absent_ones_are_counted(workspace: Path) -> None:
    people = PeopleInMemory({"One": [person(n, f"p{n}@example.com") for n in range(6)]})
    matched = match(people, ONE, NAMES, workspace, only=["p4", "p2", "p2", "p77", ""])
    assert (matched.selected, matched.sent, matched.profiles) == (2, 2, 2)
    assert (matched.wanted, matched.absent) == (3, 1)
    assert [profile for _position, profile, _name in read_index(workspace)] == ["p2", "p4"]


def test_what_is_still_wrong_is_rejected_again_and_doubles_are_told(workspace: Path) -> None:
    people = PeopleInMemory({"One": [person(1, "a@example.com"), person(2, "A@example.com"), person(3, "nobody")]})
    matched = match(people, ONE, NAMES, workspace, only=["p1", "p2", "p3"])
    assert (matched.selected, matched.sent, matched.duplicate, matched.invalid) == (3, 1, 1, 1)
    assert [row["profile_id"] for row in read_rejected(workspace)] == ["p3"]


def test_an_address_that_others_have_too_is_sent_again(workspace: Path) -> None:
    """Whoever was sent by the first run and is not named is no reason to leave a mended profile out."""
    people = PeopleInMemory({"One": [person(1, "a@example.com"), person(2, "a@example.com")]})
    matched = match(people, ONE, NAMES, workspace, only=["p2"])
    assert (matched.selected, matched.sent, matched.duplicate) == (1, 1, 0)


def test_a_flag_on_a_profile_that_is_not_named_suppresses_all_the_same(workspace: Path) -> None:
    people = PeopleInMemory(
        {"One": [person(1, "a@example.com"), person(2, "b@example.com")], "Two": [person(3, "A@example.com", no="1")]}
    )
    matched = match(people, BOTH, NAMES, workspace, only=["p1", "p2"])
    assert (matched.selected, matched.suppressed, matched.sent, matched.duplicate) == (2, 1, 1, 0)
    assert read_index(workspace) == [(0, "p2", "One")]


def test_a_run_of_nobody_named_is_empty(workspace: Path) -> None:
    matched = match(PeopleInMemory({"One": [person(1, "a@example.com", no="1")]}), ONE, NAMES, workspace, only=[])
    assert (matched.selected, matched.wanted, matched.bodies) == (0, 0, ())


def test_ids_are_found_again_as_the_file_of_rejected_rows_shows_them(tmp_path: Path) -> None:
    ids = ["=1", "-2", "@x", "\tt", "a\x00b", "y" * 2_000, "=" + "z" * 2_000, 'a "b",c\r\nd', "'quoted", "plain"]
    rows: list[Row] = [{**person(1, "nobody"), "profile_id": profile} for profile in ids]
    match(PeopleInMemory({"One": rows}), ONE, NAMES, tmp_path / "first")
    shown = [row["profile_id"] for row in read_rejected(tmp_path / "first")]
    mended: list[Row] = [{**row, "EMail": f"n{number}@example.com"} for number, row in enumerate(rows)]
    others: list[Row] = [{**person(n, f"o{n}@example.com"), "profile_id": f"o{n}"} for n in range(5)]
    matched = match(PeopleInMemory({"One": [*others, *mended]}), ONE, NAMES, tmp_path / "second", only=shown)
    assert [profile for _position, profile, _name in read_index(tmp_path / "second")] == ids
    assert matched.absent == 0


def test_as_many_rows_as_there_are_may_be_read_to_find_a_few(workspace: Path) -> None:
    people = PeopleInMemory({"One": [person(n, f"p{n}@example.com") for n in range(30)]})
    matched = match(people, ONE, NAMES, workspace, only=["p29"], limits=Limits(max_profiles=10))
    assert matched.sent == 1


def test_the_order_of_the_source_holds_over_many_batches(workspace: Path) -> None:
    count = 130_000
    rows = [person(n, f"p{n}@example.com") for n in range(count)]
    wanted = [f"p{n}" for n in range(count - 1, 0, -2)]
    match(PeopleInMemory({"One": rows}, batch=7_000), ONE, NAMES, workspace, only=iter(wanted))
    assert pq.read_table(workspace / "contacts.parquet")["profile_id"].to_pylist() == wanted[::-1]


people_rows = st.lists(
    st.builds(
        person,
        st.integers(0, 12),
        st.sampled_from(["a@b.co", "A@b.co", "c@b.co", "d@b.co", "nobody", None, "e@b.co"]),
        no=st.sampled_from(["", "", "", "true"]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(people_rows, people_rows, st.sets(st.integers(0, 15)), st.integers(1, 5))
def test_nobody_outside_the_names_is_sent_and_nobody_suppressed_is(
    one: list[Row], two: list[Row], numbers: set[int], batch: int
) -> None:
    wanted = {f"p{number}" for number in numbers}
    rows = [*one, *two]
    chosen = [(row, plain_address(row["EMail"])) for row in rows if row["profile_id"] in wanted]
    opted_out = {plain_address(row["EMail"]) for row in rows if row["doNotEmail"]} - {None}
    addresses = [address for _row, address in chosen if address is not None]
    expected = [address for address in dict.fromkeys(addresses) if address not in opted_out]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        source = PeopleInMemory({"One": one, "Two": two}, batch=batch)
        matched = match(source, BOTH, NAMES, workspace, only=sorted(wanted))
        bodies = read_bodies(workspace, matched.bodies)
        assert [record[0] for body in bodies for record in body] == expected
        assert {profile for _position, profile, _name in read_index(workspace)} <= wanted
    assert matched.adds_up
    assert matched.selected == len(chosen)
    assert matched.invalid == len(chosen) - len(addresses)
    assert matched.duplicate == len(addresses) - len(set(addresses))
    assert matched.absent == len(wanted - {row["profile_id"] for row in rows})
