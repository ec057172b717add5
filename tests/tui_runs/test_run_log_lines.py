"""The log as a file with offsets: growing, levels, search, torn lines."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import pytest
from run_stories import NOON

from cctui.delivery import events
from cctui.delivery.events import Level
from cctui.delivery.run_log import RunLog
from cctui.delivery.states import Stage
from cctui.tui import log_lines
from cctui.tui.log_lines import LogLines
from cctui.tui.parts import plain


def throttled(number: int, level: Level = Level.WARNING) -> events.Event:
    return events.Throttled(at=NOON + timedelta(seconds=number), level=level, request=f"POST {number}")


@pytest.fixture
def log(tmp_path: Path) -> RunLog:
    return RunLog(tmp_path / "log.jsonl")


@pytest.fixture
def lines(log: RunLog) -> LogLines:
    return LogLines(log.path, UTC)


def test_a_log_that_is_not_there_yet_is_empty(lines: LogLines) -> None:
    assert not lines.grow()
    assert len(lines) == 0
    assert lines.lines(0, 10) == []
    assert list(lines.hits("x", 0, 0)) == []


def test_lines_come_as_they_are_written(log: RunLog, lines: LogLines) -> None:
    log.write(throttled(1))
    assert lines.grow()
    log.write(throttled(2))
    assert len(lines) == 1
    assert lines.grow()
    assert not lines.grow()
    assert [plain(line) for line in lines.lines(0, 9)] == [
        "12:00:01 ▲ Throttled: Constant Contact asks for a slower pace (POST 1).",
        "12:00:02 ▲ Throttled: Constant Contact asks for a slower pace (POST 2).",
    ]


def test_half_a_line_waits_for_its_other_half(log: RunLog, lines: LogLines) -> None:
    whole = events.encode(throttled(1))
    log.path.write_bytes(whole[:20])
    assert not lines.grow()
    log.path.write_bytes(whole)
    assert lines.grow()
    assert len(lines) == 1


def test_a_line_that_a_crash_tore_is_left_out(log: RunLog, lines: LogLines) -> None:
    log.path.write_bytes(b'"level":"error" torn\n' + events.encode(throttled(1)))
    lines.grow()
    assert len(lines) == 1
    log.path.write_bytes(b"{not json}\n" + events.encode(throttled(1)))
    again = LogLines(log.path, UTC)
    again.grow()
    assert again.lines(0, 2)[0] == ()
    assert again.text(0, 2).count("\n") == 1


def test_progress_is_told_but_not_listed(log: RunLog, lines: LogLines) -> None:
    for done in (10, 20, 30):
        log.write(events.Progress(at=NOON, stage=Stage.MATCH, done=done, total=40))
    log.write(throttled(1))
    lines.grow()
    assert len(lines) == 1
    assert lines.progress == {Stage.MATCH: (30, 40)}


def test_the_end_of_a_stage_tells_its_count_too(log: RunLog, lines: LogLines) -> None:
    log.write(events.StageEnded(at=NOON, stage=Stage.SELECT, seconds=1.2, count=412_000))
    lines.grow()
    assert len(lines) == 1
    assert lines.progress == {Stage.SELECT: (412_000, 412_000)}


def test_levels_choose_lines_and_the_cursor_finds_its_line_again(log: RunLog, lines: LogLines) -> None:
    for number in range(30):
        log.write(throttled(number, (Level.INFO, Level.WARNING, Level.ERROR)[number % 3]))
    lines.grow()
    lines.choose(Level.WARNING)
    assert len(lines) == 20
    assert lines.line_of(0) == 1
    assert lines.nearest(12) == 8
    assert lines.line_of(lines.nearest(12)) == 13
    log.write(throttled(30, Level.ERROR))
    log.write(throttled(31, Level.INFO))
    lines.grow()
    assert len(lines) == 21
    lines.choose(Level.ERROR)
    assert len(lines) == 11
    lines.choose(Level.INFO)
    assert len(lines) == lines.total == 32


def test_a_word_in_the_text_of_an_error_is_no_level(log: RunLog, lines: LogLines) -> None:
    log.write(events.Problem(at=NOON, what='the body said "level":"error"'))
    lines.grow()
    lines.choose(Level.ERROR)
    assert len(lines) == 0


def test_a_search_finds_what_is_shown_in_whatever_case(log: RunLog, lines: LogLines) -> None:
    for number in range(1_500):
        log.write(throttled(number))
    lines.grow()
    assert list(lines.hits("post 149", 0, len(lines))) == [149, *range(1490, 1500)]
    assert list(lines.hits("post 149", 150, 1_495)) == [*range(1490, 1495)]
    assert list(lines.hits("post 149", 0, len(lines), lambda: True)) == []


def test_a_long_log_is_taken_in_by_pieces(log: RunLog, lines: LogLines, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        log.write(throttled(number))
    monkeypatch.setattr(log_lines, "READ_AT_ONCE", 1_000)
    taken = 0
    while lines.grow():
        taken += 1
    assert taken > 10
    assert len(lines) == 200
    assert plain(lines.lines(199, 1)[0]).endswith("(POST 199).")
