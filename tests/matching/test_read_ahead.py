"""Reading ahead changes nothing but the time it takes: the same order, the same errors, and no thread left behind."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator

import pytest

from cctui.matching.read_ahead import ReadAhead, in_order


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read ahead"]


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("work ahead")]


def test_everything_comes_in_its_order() -> None:
    with contextlib.closing(ReadAhead(iter(range(1_000)))) as numbers:
        assert list(numbers) == list(range(1_000))
    assert not readers()


def test_what_goes_wrong_while_reading_is_raised_where_it_is_read_after_what_came_before() -> None:
    def broken() -> Iterator[int]:
        yield from (1, 2)
        raise OSError("gone")

    seen = []
    with contextlib.closing(ReadAhead(broken())) as numbers, pytest.raises(OSError, match="gone"):
        for number in numbers:
            seen.append(number)  # noqa: PERF402 - extend would lose what came before the error
    assert seen == [1, 2]
    assert not readers()


def test_a_reader_that_stops_early_leaves_no_thread_and_reads_little_further() -> None:
    taken = itertools.count()
    with contextlib.closing(ReadAhead(taken)) as numbers:
        assert next(iter(numbers)) == 0
    assert not readers()
    assert next(taken) < 10


def test_a_reader_that_never_starts_leaves_no_thread() -> None:
    ReadAhead(itertools.count()).close()
    assert not readers()


def test_work_done_by_several_at_a_time_comes_in_the_order_of_the_items() -> None:
    first_may_end = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert first_may_end.wait(30)
        elif number == 1:
            first_may_end.set()
        return number * 2

    assert list(in_order(work, iter(range(50)), 2)) == [number * 2 for number in range(50)]
    assert not workers()


def test_what_the_items_raise_comes_after_the_work_on_those_before() -> None:
    def broken() -> Iterator[int]:
        yield from (1, 2)
        raise OSError("gone")

    seen = []
    with pytest.raises(OSError, match="gone"):
        for number in in_order(lambda number: number, broken(), 4):
            seen.append(number)  # noqa: PERF402 - extend would lose what came before the error
    assert seen == [1, 2]
    assert not workers()


def test_nothing_comes_after_work_that_failed() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    seen = []
    with pytest.raises(ValueError, match="two"):
        for number in in_order(work, iter(range(10)), 2):
            seen.append(number)  # noqa: PERF402 - extend would lose what came before the error
    assert seen == [0, 1]
    assert not workers()


def test_who_stops_early_leaves_no_worker() -> None:
    made = in_order(lambda number: number, itertools.count(), 2)
    with contextlib.closing(ReadAhead(made)) as numbers:
        assert next(iter(numbers)) == 0
    assert not readers()
    assert not workers()
