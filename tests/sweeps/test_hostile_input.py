"""What others write is data, whatever it holds: model files, tables, answers of the API, names, ids and links.

Definitions (TOML), error bodies, events and tables on the screen have such tests in their own rooms.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from delivery_stand_ins import OPS, People, Story
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cctui.constant_contact import reading
from cctui.constant_contact.reading import Unreadable
from cctui.definitions.environment import NotFound
from cctui.definitions.model import ExportId, ProfilesSection, SegmentDefinition, SourceKind
from cctui.delivery import runs
from cctui.delivery.events import RunEnded
from cctui.delivery.refusals import write_refusals
from cctui.delivery.run_log import RunLog
from cctui.delivery.states import RunId, Status, Totals
from cctui.errors import CctuiError, UsageError
from cctui.profiles.opening import open_source
from cctui.profiles.source import SegmentName, SourceError

_FORMULAS = "=+-@\t\r＝＋－＠"
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_MODEL = {
    "name": "Export",
    "modifiedTime": "2026-11-20T06:30:00Z",
    "entities": [
        {
            "$type": "LocalEntity",
            "name": "Gold",
            "attributes": [{"name": "CustomerId", "dataType": "string"}, {"name": "EMail", "dataType": "string"}],
            "partitions": [
                {
                    "name": "Gold_1",
                    "refreshTime": "2026-11-20T06:30:00Z",
                    "location": "https://x.blob.core.windows.net/c/i/Export/Gold/2026/11/20/0630/Gold_1.csv",
                    "fileFormatSettings": {"$type": "CsvFormatSettings", "columnHeaders": False, "delimiter": ","},
                }
            ],
        }
    ],
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything in a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, child in children for found in places(child, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], put: Any) -> Any:
    if not path:
        return put
    copy = dict(value) if isinstance(value, dict) else [*value]
    copy[path[0]] = replaced(value[path[0]], path[1:], put)
    return copy


def read_all(root: Path) -> int:
    """Read a folder of profiles as a run does; how many rows."""
    section = ProfilesSection(kind=SourceKind.FOLDER, path="profiles", id_field="CustomerId")
    source = open_source(root, section, [SegmentDefinition(name="Gold")])
    try:
        for segment in source.segments():
            source.attributes(segment.name)
        source.count(SegmentName("Gold"))
        return sum(batch.num_rows for batch in source.members(SegmentName("Gold"), ["EMail"]))
    finally:
        source.close()


def write_export(root: Path, model: bytes, table: bytes) -> None:
    folder = root / "profiles" / "Export"
    data = folder / "Gold" / "2026" / "11" / "20" / "0630"
    data.mkdir(parents=True, exist_ok=True)
    (data / "Gold_1.csv").write_bytes(table)
    (folder / "model.json").write_bytes(model)


def foreseen(act: Callable[[], Any]) -> None:
    """It works, or it says what is wrong: one line that drives no terminal."""
    try:
        act()
    except CctuiError as problem:
        assert str(problem).isprintable(), str(problem)


def test_the_model_as_it_is_is_read(tmp_path: Path) -> None:
    write_export(tmp_path, json.dumps(_MODEL).encode(), b"1,a@contoso.com\n2,b@contoso.com\n")
    assert read_all(tmp_path) == 2


@_FAST
@given(st.sampled_from(places(_MODEL)), _JSON)
def test_a_model_of_any_shape_is_read_or_refused(tmp_path: Path, place: tuple[Any, ...], put: Any) -> None:
    write_export(tmp_path, json.dumps(replaced(_MODEL, place, put)).encode(), b"1,a@contoso.com\n")
    foreseen(lambda: read_all(tmp_path))


@pytest.mark.parametrize(
    "settings_of_the_file",
    [
        *({"delimiter": text} for text in ("00", "§", '"', "\n", "\r", "\0", "\x1b[2J", " ")),
        *({"encoding": text} for text in ("hex", "rot13", "zlib", "idna", "punycode", "unicode_escape", "undefined")),
        *({"encoding": text} for text in ("utf-7", "a\0b", "\u202eutf-8", "x" * 500, "mbcs", "utf_8_sig", "../x")),
    ],
)
def test_a_model_that_names_odd_delimiters_and_encodings(tmp_path: Path, settings_of_the_file: dict[str, str]) -> None:
    """A delimiter of two characters made the reader fall over (found by the test above)."""
    place = ("entities", 0, "partitions", 0, "fileFormatSettings")
    model = replaced(_MODEL, place, {"columnHeaders": False, "delimiter": ",", **settings_of_the_file})
    for table in (b"1,a@contoso.com\n", b"1,a@contoso.com\n\xff\\x,b.xn--\xc3\xa5\n"):
        write_export(tmp_path, json.dumps(model).encode(), table)
        foreseen(lambda: read_all(tmp_path))


def test_a_model_without_a_bottom_is_refused(tmp_path: Path) -> None:
    write_export(tmp_path, b'{"entities":' + b"[" * 200_000, b"1,a@contoso.com\n")
    with pytest.raises(SourceError):
        read_all(tmp_path)


@_FAST
@given(st.integers(0, 700), st.binary(min_size=1, max_size=6))
def test_a_damaged_model_is_read_or_refused(tmp_path: Path, at: int, put: bytes) -> None:
    sound = json.dumps(_MODEL).encode()
    write_export(tmp_path, sound[:at] + put + sound[at + len(put) :], b"1,a@contoso.com\n")
    foreseen(lambda: read_all(tmp_path))


@_FAST
@given(st.binary(max_size=120) | st.text('1a@.,"\r\n\x00\x1b ', max_size=60).map(str.encode))
def test_a_table_of_any_bytes_is_read_or_refused(tmp_path: Path, table: bytes) -> None:
    write_export(tmp_path, json.dumps(_MODEL).encode(), table)
    foreseen(lambda: read_all(tmp_path))


_READERS = (
    reading.account,
    reading.privileges,
    reading.lists,
    reading.contact_list,
    reading.custom_fields,
    reading.activities,
    reading.activity,
    reading.counts,
)
_ANSWER = {
    "activities": [
        {"activity_id": "a", "state": "completed", "status": {"items_total_count": 3}, "activity_errors": []}
    ],
    "lists": [{"list_id": "3b1d6c1e-0000-4000-8000-000000000001", "name": "N", "membership_count": 1}],
    "custom_fields": [{"custom_field_id": "f", "name": "n", "label": "l", "type": "string"}],
    "_links": {"next": {"href": "/v3/x"}},
    "encoded_account_id": "acc",
    "activity_id": "a",
    "status": {"person_count": 2, "error_count": 0},
    "activity_errors": ["Line 2: bad"],
    "list_id": "3b1d6c1e-0000-4000-8000-000000000001",
}


@pytest.mark.parametrize("read", _READERS)
@given(body=st.binary(max_size=300) | _JSON.map(json.dumps).map(str.encode))
@settings(max_examples=60, deadline=None)
def test_an_answer_of_any_bytes_is_read_or_unreadable(read: Callable[[bytes], Any], body: bytes) -> None:
    try:
        read(body)
    except Unreadable as problem:
        assert str(problem).isprintable()


@pytest.mark.parametrize("read", _READERS)
@given(place=st.sampled_from(places(_ANSWER)), put=_JSON)
@settings(max_examples=60, deadline=None)
def test_an_answer_of_another_shape_is_read_or_unreadable(
    read: Callable[[bytes], Any], place: tuple[Any, ...], put: Any
) -> None:
    try:
        read(json.dumps(replaced(_ANSWER, place, put)).encode())
    except Unreadable as problem:
        assert str(problem).isprintable()


@pytest.mark.parametrize("depth", [10_000, 200_000])
def test_an_answer_without_a_bottom_is_unreadable(depth: int) -> None:
    for read in _READERS:
        with pytest.raises(Unreadable):
            read(b"[" * depth)


@pytest.mark.parametrize("first", _FORMULAS)
def test_no_spreadsheet_runs_what_the_service_refused(story: Story, first: str) -> None:
    """The profile's id, its address and the service's text are all data of others."""
    people = People(3)
    people.emails = [f"{first}cmd|'/c calc'!a1@contoso.com" for _person in range(3)]
    story.people = people
    story.start()
    story.go()
    batch = story.batches[0]
    write_refusals(story.spool, batch, [f"{first}HYPERLINK(1) Line 2 is bad\x1b[2J", f"{first}x Line 3"])
    written = story.spool.refused_path(1).read_text(encoding="utf-8")
    for row in csv.reader(io.StringIO(written, newline="")):
        assert all(not cell.startswith(tuple(_FORMULAS)) for cell in row), row
    assert "\x1b" not in written


@pytest.mark.parametrize(
    "name", ["../elsewhere", "/etc/passwd", "a/../../b", "..", "a\0b", "A B", "‮evil", "x" * 65, ""]
)
def test_an_id_of_a_run_never_leads_anywhere(story: Story, name: str) -> None:
    with pytest.raises(UsageError):
        runs.start(story.environment, OPS, ExportId("newsletter"), run_id=RunId(name), clock=story.clock)
    with pytest.raises(NotFound):
        runs.start(story.environment, OPS, ExportId(name), clock=story.clock)


def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path, story: Story) -> None:
    """A line is lost rather than written where somebody else has pointed to."""
    story.start()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    path = story.spool.log.path
    path.unlink()
    path.symlink_to(elsewhere)
    RunLog(path).write(RunEnded(at=story.clock.now(), status=Status.SUCCESSFUL, totals=Totals(), seconds=0.0))
    story.go()
    assert elsewhere.read_text() == "precious"
    assert story.run.totals.accepted == 30
