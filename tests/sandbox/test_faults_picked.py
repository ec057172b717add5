"""Which request meets which fault: numbers, rhythms, shares and bounds, without a network."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctui.sandbox.faults import FATES, Fault, FaultKind, Faults

PATHS = st.sampled_from(
    ["/v3/activities", "/v3/activities/contacts_file_import", "/v3/contacts", "/oauth2/default/v1/token"]
)
CALLS = st.lists(st.tuples(st.sampled_from(["GET", "POST"]), PATHS), max_size=60)


@given(calls=CALLS, nth=st.integers(1, 20), path=PATHS, method=st.sampled_from(["", "get", "POST"]))
def test_the_nth_matching_request_meets_it_and_no_other(
    calls: list[tuple[str, str]], nth: int, path: str, method: str
) -> None:
    faults = Faults([Fault(kind=FaultKind.UNAVAILABLE, path=path, method=method, nth=nth)])
    met = [number for number, call in enumerate(calls) if faults.meet(*call)]
    matching = [
        number for number, (verb, place) in enumerate(calls) if place.startswith(path) and method.upper() in {"", verb}
    ]
    assert met == matching[nth - 1 : nth]


@given(calls=CALLS, share=st.floats(0, 1), seed=st.integers(), times=st.integers(0, 5))
def test_a_seeded_share_replays_and_stays_within_its_bound(
    calls: list[tuple[str, str]], share: float, seed: int, times: int
) -> None:
    fault = Fault(kind=FaultKind.SERVER_ERROR, share=share, seed=seed, times=times)
    runs = []
    for _run in range(2):
        faults = Faults([fault])
        runs.append([faults.meet(*call) is not None for call in calls])
    assert runs[0] == runs[1]
    assert sum(runs[0]) <= times


@given(calls=CALLS)
def test_the_first_of_two_faults_wins_and_both_count(calls: list[tuple[str, str]]) -> None:
    faults = Faults([Fault(kind=FaultKind.UNAVAILABLE, every=2), Fault(kind=FaultKind.SERVER_ERROR)])
    kinds = [fault.kind for call in calls if (fault := faults.meet(*call))]
    assert kinds == [FaultKind.UNAVAILABLE if number % 2 else FaultKind.SERVER_ERROR for number in range(len(calls))]
    assert [armed.matched for armed in faults.armed] == [len(calls), len(calls)]


@pytest.mark.parametrize("kind", sorted(FATES))
def test_fates_wait_for_imports_unless_told_otherwise(kind: FaultKind) -> None:
    fault = Fault(kind=kind)
    assert fault.matches("POST", "/v3/activities/contacts_json_import")
    assert not fault.matches("GET", "/v3/activities")


def test_a_refusal_comes_before_the_request_that_it_is_for() -> None:
    faults = Faults([Fault(kind=FaultKind.REFUSE, nth=2, times=2)])
    assert faults.due() is None
    faults.answered("GET", "/v3/activities")
    assert [faults.meet_connection() is not None for _connection in range(3)] == [True, True, False]
    assert faults.meet("GET", "/v3/activities") is None


@pytest.mark.parametrize("wrong", [{"kind": "503", "nth": 0}, {"kind": "no"}, {"kind": "503", "share": 2}, {"nth": 1}])
def test_faults_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Fault)
