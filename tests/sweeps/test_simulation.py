"""A share of the simulated runs in every test run; ``make simulate`` plays 10,000 seeds."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from simulated_service import ENDING, FATES, PAUSING, TRANSIENT
from simulation import Scenario, play, prepared, scenario, simulate

from cctui.constant_contact.limits import Limits
from cctui.delivery.lane import Lane
from cctui.delivery.states import Status, Wish

REQUESTS = range(1, 9)
"""Account, list, three imports, and looks at the activities."""


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with prepared() as root:
        yield root


@pytest.mark.parametrize("first", range(1, 201, 50))
def test_two_hundred_seeds(first: int) -> None:
    _figures, problems = play(first, 50)
    assert problems == []


@pytest.mark.parametrize("seed", [190, 1448, 1504])
def test_seeds_that_failed_once(root: Path, seed: int) -> None:
    """190: an account's name with an address in it stood unmasked in an error. 1448: a body that had half arrived was
    sent again and partly refused. 1504: a job that never ends, with few requests a day."""
    assert simulate(root, scenario(seed))[2] == []


def test_a_seed_is_the_same_run_again(root: Path) -> None:
    for seed in (3, 11, 28, 64):
        once, run, _problems = simulate(root, scenario(seed))
        twice, again, _problems = simulate(root, scenario(seed))
        assert [job.name for job in once.service.jobs] == [job.name for job in twice.service.jobs]
        assert (once.service.calls, once.service.met, once.goes) == (twice.service.calls, twice.service.met, twice.goes)
        assert (run.status, run.totals, run.replayed, run.requests) == (
            again.status,
            again.totals,
            again.replayed,
            again.requests,
        )


@pytest.mark.parametrize("kind", [*TRANSIENT, *PAUSING, *FATES, *ENDING])
def test_every_fault_at_every_request(root: Path, kind: str) -> None:
    met = 0
    for number in REQUESTS:
        simulation, _run, problems = simulate(root, Scenario(faults={number: kind}))
        assert problems == [], number
        met += len(simulation.service.met)
    assert met >= 5


@pytest.mark.parametrize("kind", TRANSIENT)
def test_a_fault_that_passes_three_times_in_a_row(root: Path, kind: str) -> None:
    for number in (1, 4):
        faults = dict.fromkeys(range(number, number + 3), kind)
        _simulation, run, problems = simulate(root, Scenario(faults=faults))
        assert (problems, run.status) == ([], Status.SUCCESSFUL)


@pytest.mark.parametrize("seconds", [-4e7, -86_400, -3_600, 3_600, 86_400, 4e7])
def test_the_time_of_day_jumps(root: Path, seconds: float) -> None:
    """Lengths of time are measured by the monotonic clock; a run is not hurried, delayed or ended by a jump."""
    for moment in (0.3, 1.5):
        simulation, run, problems = simulate(root, Scenario(jumps=((moment, seconds),), looks=3))
        assert (problems, run.status, simulation.clock.jumped) == ([], Status.SUCCESSFUL, True)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_the_disk_fails_once_at_every_call(root: Path, error: int) -> None:
    """Full, out of inodes (files cannot be made), broken, read-only: at each open, write and sync of a run's files."""
    for number in range(1, 60, 4):
        _simulation, run, problems = simulate(root, Scenario(disk=((number, error),)))
        assert problems == [], number
        assert run.status in {Status.SUCCESSFUL, Status.FAILED}
        if run.status is Status.FAILED:
            assert (run.planned, bool(run.problem), bool(run.do_next)) == (False, True, True)


def test_the_ledger_fails_once_at_every_commit(root: Path) -> None:
    """A ledger that cannot be written stops the run where it is; the next go is the same run."""
    for number in range(1, 25, 2):
        simulation, run, problems = simulate(root, Scenario(ledger=(number,)))
        assert (problems, run.status) == ([], Status.SUCCESSFUL), number
        assert run.replayed <= 1
        assert simulation.said or number > 16


def test_cancel_at_every_moment_leaves_an_exact_rest(root: Path) -> None:
    for tenth in range(0, 60, 8):
        simulation, run, problems = simulate(root, Scenario(wishes=((tenth / 10, Wish.CANCEL),), looks=3, people=45))
        assert problems == []
        assert run.totals.accepted == len(simulation.service.arrived)
        assert run.totals.waiting == run.totals.sent - len(simulation.service.arrived)


def doubled_or_lost(root: Path, first: int, count: int) -> list[str]:
    return [problem for seed in range(first, first + count) for problem in simulate(root, scenario(seed))[2]]


@contextlib.contextmanager
def without_the_look_up() -> Iterator[None]:
    with mock.patch.object(Lane, "_find", lambda _lane, _batch: None):
        yield


@contextlib.contextmanager
def without_the_pace() -> Iterator[None]:
    def at_once(limits: Any, _client_id: str) -> float:
        return limits._clock.monotonic()

    with mock.patch.object(Limits, "reserve", at_once):
        yield


@contextlib.contextmanager
def with_a_blind_retry() -> Iterator[None]:
    """As so many clients do: whatever went wrong, the body goes out again at once."""
    send = Lane.send

    def impatient(lane: Lane, batch: Any) -> None:
        with mock.patch.object(Lane, "settle_unclear", lambda _lane, going: send(lane, going)):
            send(lane, batch)

    with mock.patch.object(Lane, "send", impatient):
        yield


@pytest.mark.parametrize("taken_out", [without_the_look_up, without_the_pace, with_a_blind_retry])
def test_without_a_protection_the_seeds_fail(root: Path, taken_out: Any) -> None:
    assert doubled_or_lost(root, 1, 8) == []
    with taken_out():
        assert doubled_or_lost(root, 1, 8) != []
