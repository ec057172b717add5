"""A few of the crash points in every test run; ``make crash-sweep`` does them all.

And the proof that the sweep sees: with a protection taken out of the product, a case that is good with it is not.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_points import KILL, KINDS, POWER, TORN
from crash_sweep import Bench, Case
from msgspec import structs

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="open files are read back through /proc")


@pytest.fixture(scope="module")
def bench(in_memory: Path) -> Iterator[Bench]:
    (in_memory / "bench").mkdir()
    with Bench(in_memory / "bench") as bench:
        yield bench


def point(bench: Bench, name: str, *, after: int = 0) -> int:
    """The number of the first point of this name beyond the point ``after``."""
    return next(number for number, found in enumerate(bench.points, 1) if number > after and found == name)


def first_post(bench: Bench) -> int:
    """The first send that is of an import: after the plan was committed, a body was opened and its intent written."""
    plan = max(number for number, found in enumerate(bench.points, 1) if found.startswith("sqlite insert batches"))
    intent = point(bench, "sqlite update batches ledger.sqlite", after=plan)
    return point(bench, "send", after=intent)


def test_an_undisturbed_run_is_what_plain_reading_says(bench: Bench) -> None:
    assert bench.undisturbed.problems == ()
    assert bench.reference.counts["duplicate"] > 50
    assert bench.reference.counts["invalid"] > 3
    assert bench.reference.counts["suppressed"] > 3
    assert dict(bench.undisturbed.row)["batches"] > 3


def test_the_points_are_everywhere(bench: Bench) -> None:
    """Every kind of contact with the world is among them, in numbers that a hand-kept list would not have."""
    kinds = {name.split()[0].rstrip(",") for name in bench.points}
    assert kinds >= {"sqlite", "open", "write", "fsync", "rename", "unlink", "mkdir", "connect", "send", "receive"}
    assert len(bench.points) >= 300


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_of_points(bench: Bench, kind: str) -> None:
    chance = random.Random(f"sample of {kind}")
    for number in sorted(chance.sample(range(1, len(bench.points) + 1), 3)):
        assert bench.try_case(Case(number, kind, number)).problems == ()


def test_two_crashes_in_one_run(bench: Bench) -> None:
    chance = random.Random("pairs")
    for seed in range(2):
        case = Case(chance.randint(1, len(bench.points)), TORN, seed, chance.randint(1, 200))
        assert bench.try_case(case).problems == ()


def after_the_first_answer(bench: Bench) -> int:
    """The service has carried out the first import; the ledger is about to be told."""
    return point(bench, "sqlite update batches ledger.sqlite", after=first_post(bench))


def around(case: Case) -> Iterator[Case]:
    """``case`` and its neighbours: threads share a run, so that a moment's number differs by a few from run to run."""
    for shift in (0, -3, 1, -1, 2, -2, 3, -4, 4, -5, 5, -6, 6):
        yield structs.replace(case, point=case.point + shift)


def test_an_answer_that_the_ledger_was_never_told_is_looked_up(bench: Bench) -> None:
    """The next worker adopts the job and sends nothing again."""
    for kind in KINDS:
        outcomes = (bench.try_case(case) for case in around(Case(after_the_first_answer(bench), kind)))
        assert any((one.problems, one.crashes, one.replayed) == ((), 1, 0) for one in outcomes)


@pytest.mark.parametrize("kind", [KILL, POWER])
def test_a_sign_in_is_needed_only_where_the_answer_with_the_new_token_was_lost(bench: Bench, kind: str) -> None:
    """The one window that nobody can close: the service has taken the old token, the new one is not on the disk."""
    renamed = point(bench, "rename .marketing.json.part", after=bench.points.index("connect"))
    lost = bench.try_case(Case(renamed - 2, kind))
    saved = bench.try_case(Case(renamed + 8, kind))
    assert (lost.problems, lost.sign_ins) == ((), 1)
    assert (saved.problems, saved.sign_ins) == ((), 0)


def test_a_ledger_of_a_folder_that_was_never_synced_outlives_the_power(bench: Bench) -> None:
    """Found by the sweep: the folder ``state`` was made by the first run, and its name was not on the disk."""
    after_posts = point(bench, "receive", after=first_post(bench) + 100)
    assert bench.try_case(Case(after_posts, POWER)).problems == ()


@pytest.mark.parametrize(
    ("protection", "kind"),
    [
        ("sync of files", POWER),
        ("sync of the ledger", POWER),
        ("intent before the request", KILL),
        ("look-up", KILL),
        ("byte limit", KILL),
    ],
)
def test_without_a_protection_the_sweep_fails(bench: Bench, protection: str, kind: str) -> None:
    """The same case is good with the protection in its place."""
    case = Case(after_the_first_answer(bench), kind)
    assert bench.try_case(case).problems == ()
    without = structs.replace(case, without=(protection,))
    assert any(bench.try_case(one).problems for one in around(without))
