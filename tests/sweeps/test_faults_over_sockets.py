"""Every fault of the stand-in over real sockets, at every request of a run that a worker process makes.

The simulation has them all in memory, in greater numbers; here the kernel, the sockets and the HTTP library are real.
What a run does not outlive by itself (quota, 403, a job that is stuck for ever) is told in the simulation.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_sweep import Bench, Case

from cctui.sandbox.faults import FATES, FaultKind

_ENDING = {FaultKind.QUOTA_EXCEEDED, FaultKind.FORBIDDEN, FaultKind.STUCK, FaultKind.SIGN_IN_ERROR}
KINDS = [kind for kind in FaultKind if kind not in _ENDING]
REQUESTS = range(1, 8)
"""Account, list, four imports, the first look at the activities."""
_IMPORT = 4


@pytest.fixture(scope="module")
def bench(in_memory: Path) -> Iterator[Bench]:
    (in_memory / "sockets").mkdir()
    with Bench(in_memory / "sockets") as bench:
        yield bench


@pytest.mark.parametrize("kind", [FaultKind.NO_ANSWER, FaultKind.RESET_IN_BODY, FaultKind.BAD_GATEWAY])
def test_an_import_meets_a_fault(bench: Bench, kind: FaultKind) -> None:
    outcome = bench.try_case(Case(0, fault=kind, request=_IMPORT))
    assert outcome.problems == ()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_at_every_request(bench: Bench, kind: FaultKind) -> None:
    for request in REQUESTS if kind not in FATES else range(3, 7):
        assert bench.try_case(Case(0, fault=kind, request=request)).problems == (), request
