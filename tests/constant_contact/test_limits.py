"""4 a second, 10,000 a day, counted once for everybody on the box, whatever the clock or the disk does."""

from __future__ import annotations

import multiprocessing
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_double import StillClock

from cctui.constant_contact.errors import LimitsUnusable, QuotaExceeded
from cctui.constant_contact.limits import Limits, usage

KEY = "5a0c2f7e-1111-4222-8333-444455556666"


def taken(limits: Limits, clock, times: int) -> list[float]:
    """The monotonic moments of ``times`` slots."""
    moments = []
    for _ in range(times):
        clock.wait(limits.take(KEY))
        moments.append(clock.monotonic())
    return moments


def most_in_a_second(moments: list[float]) -> int:
    moments = sorted(moments)
    return max(sum(1 for other in moments if first <= other < first + 1.0) for first in moments)


def test_the_first_call_goes_at_once_and_the_following_at_the_pace(limits_path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        moments = taken(limits, clock, 41)
    assert moments[0] == 1_000.0
    assert most_in_a_second(moments) == 4
    assert moments[-1] - moments[0] < 41 * 0.27


def test_each_key_has_a_lane_of_its_own(limits_path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        limits.take(KEY)
        assert limits.take("another key") == 0.0
        assert limits.take(KEY) > 0.25


@settings(max_examples=25, deadline=None)
@given(
    pauses=st.lists(st.floats(0, 2) | st.just(0.0), min_size=5, max_size=30),
    late=st.lists(st.floats(0, 0.3), max_size=5),
)
def test_no_second_ever_has_more_than_four_slots(tmp_path_factory, pauses, late) -> None:
    clock = StillClock()
    with Limits(tmp_path_factory.mktemp("limits") / "limits.sqlite", clock) as limits:
        moments = []
        for number, pause in enumerate(pauses):
            clock.wait(pause)
            clock.wait(limits.take(KEY))
            if number < len(late):
                clock.wait(late[number])
                limits.delayed(KEY, late[number])
            moments.append(clock.monotonic())
    assert most_in_a_second(moments) <= 4


def _take_many(path: str, times: int, results) -> None:
    limits = Limits(Path(path))
    results.put([limits.reserve(KEY) for _ in range(times)])


def test_several_processes_share_one_pace_and_one_count(limits_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_take_many, args=(str(limits_path), 40, results)) for _ in range(4)]
    for process in processes:
        process.start()
    moments = [moment for _ in processes for moment in results.get(timeout=60)]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(moments) == 160
    assert most_in_a_second(moments) <= 4
    assert usage(limits_path, KEY).used == 160


def test_the_day_ends_at_the_limit_and_starts_anew_at_midnight_utc(limits_path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        limits.allow(KEY, per_second=10, per_day=3)
        taken(limits, clock, 3)
        with pytest.raises(QuotaExceeded) as caught:
            limits.take(KEY)
        assert caught.value.resets_at == datetime(2026, 11, 24, tzinfo=UTC)
        assert "00:00 UTC" in str(caught.value)
        found = limits.usage(KEY)
        assert (found.used, found.limit, found.left, found.exhausted) == (3, 3, 0, True)
        clock.time = datetime(2026, 11, 24, tzinfo=UTC)
        assert limits.usage(KEY).left == 3
        limits.take(KEY)


def test_a_clock_put_back_over_midnight_finds_the_count_it_left(limits_path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        taken(limits, clock, 5)
        clock.time += timedelta(days=1)
        taken(limits, clock, 2)
        clock.time -= timedelta(days=1)
        assert limits.usage(KEY).used == 5
        clock.time += timedelta(days=1)
        assert limits.usage(KEY).used == 2


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-30), timedelta(hours=1), timedelta(days=365)])
def test_a_jump_of_the_clock_neither_stops_nor_hurries_the_pace(limits_path, clock, jump) -> None:
    with Limits(limits_path, clock) as limits:
        limits.take(KEY)
        clock.time += jump
        assert limits.take(KEY) == pytest.approx(0.26)


def test_a_new_start_of_the_box_keeps_the_pace_by_the_time_of_day(limits_path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        taken(limits, clock, 3)
    with sqlite3.connect(limits_path) as database:
        database.execute("UPDATE keys SET boot = 'an earlier one'")
    clock.ticks = 3.0
    with Limits(limits_path, clock) as limits:
        assert limits.take(KEY) == pytest.approx(0.26)


def test_a_slot_of_a_clock_from_elsewhere_does_not_stop_the_lane(limits_path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        limits.take(KEY)
        clock.ticks -= 900_000
        assert limits.take(KEY) == 0.0


def test_the_services_word_that_the_quota_is_gone_holds_until_midnight(limits_path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        limits.take(KEY)
        assert limits.exhausted(KEY) == datetime(2026, 11, 24, tzinfo=UTC)
    assert usage(limits_path, KEY, clock).exhausted
    with Limits(limits_path, clock) as limits, pytest.raises(QuotaExceeded):
        limits.take(KEY)


def test_a_quota_gone_just_after_midnight_is_yesterdays_and_asked_again_soon(limits_path, clock) -> None:
    clock.time = datetime(2026, 11, 24, 0, 0, 5, tzinfo=UTC)
    with Limits(limits_path, clock) as limits:
        assert limits.exhausted(KEY) == clock.time + timedelta(minutes=15)
        clock.time += timedelta(minutes=15, seconds=1)
        limits.take(KEY)


def test_a_mark_made_by_a_clock_that_ran_ahead_is_not_kept_for_years(limits_path, clock) -> None:
    clock.time += timedelta(days=4_000)
    with Limits(limits_path, clock) as limits:
        limits.exhausted(KEY)
        clock.time -= timedelta(days=4_000)
        limits.take(KEY)


def test_a_viewer_needs_no_file_and_makes_none(limits_path, clock) -> None:
    found = usage(limits_path, KEY, clock)
    assert (found.used, found.limit, found.resets_at) == (0, 10_000, datetime(2026, 11, 24, tzinfo=UTC))
    assert not limits_path.exists()


def test_a_viewer_of_a_file_that_is_just_being_made_sees_that_nothing_is_used(limits_path: Path, clock) -> None:
    """SQLite makes the file before the tables: under load a viewer met it in between."""
    limits_path.parent.mkdir(exist_ok=True)
    sqlite3.connect(limits_path).close()
    limits_path.touch()
    assert usage(limits_path, KEY, clock).used == 0


def test_a_damaged_file_is_refused_and_kept(limits_path: Path, clock) -> None:
    limits_path.parent.mkdir()
    limits_path.write_bytes(b"SQLite format 3\0" + b"\xa5" * 5_000)
    damaged = limits_path.read_bytes()
    with pytest.raises(LimitsUnusable, match=r"mv .*limits\.sqlite") as caught:
        Limits(limits_path, clock).take(KEY)
    assert str(limits_path) in str(caught.value)
    with pytest.raises(LimitsUnusable):
        usage(limits_path, KEY, clock)
    assert limits_path.read_bytes() == damaged


def test_a_file_of_a_later_version_is_refused(limits_path: Path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        limits.take(KEY)
    with sqlite3.connect(limits_path) as database:
        database.execute("PRAGMA user_version = 9")
    with pytest.raises(LimitsUnusable, match="version 9"):
        Limits(limits_path, clock).take(KEY)


def test_a_full_disk_stops_the_call_and_not_the_count(limits_path: Path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        taken(limits, clock, 3)
        # SQLite's own ceiling on pages stands in for the disk's.
        limits._connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(LimitsUnusable, match="Make room") as caught:
            for number in range(2_000):
                limits.allow(f"key {number}" * 20, per_second=4, per_day=10_000)
        assert "No call was made" in caught.value.do
        assert limits.usage(KEY).used == 3
        limits.take(KEY)


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path, clock) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(LimitsUnusable, match=r"limits\.sqlite"):
        Limits(blocked / "limits.sqlite", clock).take(KEY)


def test_the_file_is_for_its_owner_only(limits_path: Path, clock) -> None:
    with Limits(limits_path, clock) as limits:
        limits.take(KEY)
    assert limits_path.stat().st_mode & 0o777 == 0o600
    assert limits_path.parent.stat().st_mode & 0o777 == 0o700
