"""Events: one JSON line each, read back as they were, in words that are safe to show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctui.delivery import events
from cctui.delivery.events import EVENT_KINDS, BatchSent, BatchSettled, Event, Level, Paused, Problem, Progress
from cctui.delivery.run_log import RunLog
from cctui.delivery.states import PauseReason, Stage, Totals
from cctui.host import files

NOW = datetime(2026, 11, 22, 10, 40, 2, tzinfo=UTC)
SENT = BatchSent(at=NOW, batch=7, contacts=39_999, size=2_610_000, activity="1b6e-x", request="r1", milliseconds=412)
MOMENTS = st.datetimes(timezones=st.just(UTC))
NUMBERS = st.integers(0, 10**12)
OF_A_KIND = {
    datetime: MOMENTS,
    float: st.floats(0, 1e9),
    int: NUMBERS,
    Totals: st.builds(Totals, **dict.fromkeys(Totals.__struct_fields__, NUMBERS)),
}


def fields_of(kind: type[Event]) -> dict[str, st.SearchStrategy[object]]:
    hints = get_type_hints(kind)
    known = {name: OF_A_KIND[hint] for name, hint in hints.items() if hint in OF_A_KIND}
    return known | ({"what": st.text().map("It broke: {}".format)} if kind is Problem else {})


any_event = st.one_of([st.builds(kind, **fields_of(kind)) for kind in EVENT_KINDS])


def test_a_line_is_one_json_object_of_version_1() -> None:
    line = events.encode(SENT)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "event": "batch-sent",
        "v": 1,
        "at": "2026-11-22T10:40:02Z",
        "level": "info",
        "batch": 7,
        "contacts": 39999,
        "size": 2610000,
        "activity": "1b6e-x",
        "request": "r1",
        "milliseconds": 412,
    }


@given(any_event)
def test_every_event_comes_back_as_it_was(event: Event) -> None:
    assert events.decode(events.encode(event)) == event


@given(any_event)
def test_every_event_has_one_harmless_line_of_words(event: Event) -> None:
    words = events.sentence(event)
    assert words
    assert "\n" not in words
    assert "\x1b" not in words
    assert events.batch_of(event) == getattr(event, "batch", None)


def test_the_sentences_of_a_good_run() -> None:
    settled = BatchSettled(at=NOW, batch=6, state="completed", accepted=39_981, not_added=18, refused=0, waiting=0)
    assert events.sentence(SENT) == "batch 0007 39,999 contacts, 2.61 MB, activity 1b6e-x, 412 ms"
    assert events.sentence(settled) == "batch 0006 completed: 39,981 accepted, 18 not added (unsubscribed)"
    paused = Paused(at=NOW, reason=PauseReason.QUOTA, resume_at=datetime(2026, 11, 23, tzinfo=UTC))
    assert "no requests left today" in events.sentence(paused)
    assert "Nov 23, 2026 00:00 UTC" in events.sentence(paused)


def test_kinds_have_tags_of_their_own() -> None:
    tags = [msgspec.inspect.type_info(kind).tag for kind in EVENT_KINDS]  # type: ignore[union-attr]
    assert len(set(tags)) == len(tags)


@pytest.fixture
def log(tmp_path: Path) -> RunLog:
    return RunLog(tmp_path / "log.jsonl")


def test_a_log_is_read_on_from_where_a_reader_was(log: RunLog) -> None:
    assert log.read() == ([], 0)
    log.write(SENT)
    first, offset = log.read()
    assert first == [SENT]
    assert log.read(offset) == ([], offset)
    problem = Problem(at=NOW, level=Level.ERROR, what="No.")
    log.write(problem)
    assert log.read(offset)[0] == [problem]


def test_a_torn_last_line_is_skipped_and_closed(log: RunLog) -> None:
    log.write(SENT)
    with log.path.open("ab") as torn:
        torn.write(events.encode(SENT)[:20])
    seen, offset = log.read()
    assert seen == [SENT]
    RunLog(log.path).write(SENT)
    more, _offset = log.read(offset)
    assert more == [SENT]


def test_lines_of_other_versions_and_garbage_are_skipped(log: RunLog) -> None:
    log.path.write_bytes(b'{"event":"from-the-future","v":1}\n\x00\x00\xff\n\n[]\n' + events.encode(SENT))
    assert log.read()[0] == [SENT]


def test_a_long_log_is_read_in_pieces(log: RunLog) -> None:
    line = events.encode(Progress(at=NOW, stage=Stage.MATCH, done=1, total=2))
    log.path.write_bytes(line * 30_000)
    count, offset = 0, 0
    while True:
        found, offset_after = log.read(offset)
        if not found:
            break
        count, offset = count + len(found), offset_after
    assert count == 30_000


def test_a_full_disk_loses_a_line_and_nothing_else(log: RunLog, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(files.Disk):
        def write(self, descriptor: int, data: bytes) -> int:
            raise OSError(28, "No space left on device")

    log.write(SENT)
    monkeypatch.setattr(files, "disk", Full())
    log.write(SENT)
    monkeypatch.undo()
    log.write(SENT)
    assert len(log.read()[0]) == 2


def test_the_log_is_the_owners_only(log: RunLog) -> None:
    log.write(SENT)
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_no_event_has_room_for_an_address(log: RunLog) -> None:
    fields: set[str] = set()
    for kind in EVENT_KINDS:
        fields |= set(kind.__struct_fields__)
    assert not fields & {"email", "address", "profile", "profile_id", "value", "token"}


def test_every_event_is_described_with_its_fields_and_no_other_one() -> None:
    """The table for those who follow a run from another program."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## Following a run from another program")[2].partition("\n## ")[0]
    told = {
        cells[1].strip().strip("`"): [field.strip().strip("`") for field in cells[2].split(",")]
        for cells in (line.split("|") for line in table.splitlines() if line.startswith("| `"))
    }
    of_all = {"at", "level", "v", "words"}
    assert told == {
        str(kind.__struct_config__.tag): [field for field in kind.__struct_fields__ if field not in of_all]
        for kind in EVENT_KINDS
    }
