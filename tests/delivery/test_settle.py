"""The service's counters, read as they are: no number is made up, none is forced to fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctui.constant_contact.answers import Activity
from cctui.delivery.refusals import lines_of
from cctui.delivery.settle import Counted, count

COUNTER = st.none() | st.integers(-3, 60)


def done(**counters: int | None) -> Activity:
    return Activity("a1", "completed", "f.csv", **counters)  # type: ignore[arg-type]


def all_there(items: int, people: int, errors: int = 0, mendable: int = 0, left_out: int = 0) -> Activity:
    return done(
        items_total_count=items,
        person_count=people,
        error_count=errors,
        correctable_count=mendable,
        cannot_add_to_list_count=left_out,
    )


def test_the_header_row_is_counted_as_an_item() -> None:
    activity = done(
        items_total_count=41, person_count=40, error_count=1, correctable_count=2, cannot_add_to_list_count=3
    )
    assert count(40, activity) == Counted(accepted=34, not_added=3, refused=3)


def test_an_answer_that_counts_no_header_is_no_cut() -> None:
    activity = done(
        items_total_count=40, person_count=40, error_count=0, correctable_count=0, cannot_add_to_list_count=0
    )
    assert count(40, activity) == Counted(accepted=40)


def test_rows_that_the_service_did_not_take_are_refused() -> None:
    activity = done(
        items_total_count=39, person_count=38, error_count=0, correctable_count=0, cannot_add_to_list_count=0
    )
    counted = count(40, activity)
    assert (counted.accepted, counted.refused) == (38, 2)
    assert "2 rows less" in counted.problem


@pytest.mark.parametrize(
    "activity",
    [
        done(),
        done(items_total_count=41),
        done(error_count=0, correctable_count=0, cannot_add_to_list_count=0),
        done(items_total_count=41, error_count=0, correctable_count=0),
        done(items_total_count=50, error_count=0, correctable_count=0, cannot_add_to_list_count=0),
        done(items_total_count=41, error_count=30, correctable_count=0, cannot_add_to_list_count=20),
        done(items_total_count=41, error_count=-1, correctable_count=0, cannot_add_to_list_count=0),
    ],
)
def test_what_is_missing_or_contradictory_stays_unaccounted_for(activity: Activity) -> None:
    counted = count(40, activity)
    assert counted.problem
    assert (counted.accepted, counted.not_added, counted.refused) == (0, 0, 0)


@given(st.integers(1, 50), COUNTER, COUNTER, COUNTER, COUNTER, COUNTER)
def test_no_counters_can_break_the_sum(
    contacts: int, items: int | None, people: int | None, errors: int | None, mendable: int | None, left_out: int | None
) -> None:
    counted = count(
        contacts,
        done(
            items_total_count=items,
            person_count=people,
            error_count=errors,
            correctable_count=mendable,
            cannot_add_to_list_count=left_out,
        ),
    )
    parts = (counted.accepted, counted.not_added, counted.refused)
    assert min(parts) >= 0
    assert sum(parts) in {0, contacts}
    assert sum(parts) == contacts or counted.problem


def test_lines_are_read_out_of_free_text() -> None:
    texts = ["Line 2: bad address", "line 7 and Line 9: blocked", "Line 2: again", "Deadline 5 missed", "no number"]
    assert lines_of(texts) == {
        2: "Line 2: bad address",
        7: "line 7 and Line 9: blocked",
        9: "line 7 and Line 9: blocked",
    }
