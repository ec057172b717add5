"""A run's plan as files: every selected profile in one state, every contact in one body, nothing left on a fault."""

from __future__ import annotations

import errno
import hashlib
import stat
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_matching import NAMES, Expected, PeopleInMemory, Row, person, read_bodies, read_index, read_rejected

from cctui.definitions.model import AttributeMapping
from cctui.host import files
from cctui.matching import selection
from cctui.matching.mapping import Matching
from cctui.matching.plan_files import match
from cctui.matching.reasons import Reason
from cctui.matching.results import Limits, Matched, MatchingCanceled, NotWritten, TooManyProfiles
from cctui.profiles.source import SegmentName, SourceError

ONE = [SegmentName("One")]
BOTH = [SegmentName("One"), SegmentName("Two")]
EMAIL_ONLY = Matching("EMail")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "run"


def names_left(workspace: Path) -> list[str]:
    return sorted(str(path.relative_to(workspace)) for path in workspace.rglob("*") if path.is_file())


def test_a_small_segment_becomes_one_body_an_index_and_a_list_of_rejects(workspace: Path) -> None:
    people = PeopleInMemory(
        {
            "One": [
                person(1, "Anna@Example.com", "Anna", "likes, commas"),
                person(2, "anna@example.COM", "Anna again"),
                person(3, None),
                person(4, "bob@example", "Bob"),
                person(5, "carl@example.com", "Carl", no="True"),
                person(6, " dora@example.com ", 'Dora "D"'),
            ]
        }
    )
    matched = match(people, ONE, NAMES, workspace)
    data = (workspace / "bodies" / "1.csv").read_bytes()
    assert data == (
        b'email,first_name,cf:note\r\nanna@example.com,Anna,"likes, commas"\r\ndora@example.com,"Dora ""D""",\r\n'
    )
    assert (matched.selected, matched.duplicate, matched.invalid, matched.suppressed, matched.sent) == (6, 1, 2, 1, 2)
    assert matched.rejected == ((Reason.MISSING, 1), (Reason.NO_TOP_LEVEL_DOMAIN, 1))
    assert matched.profiles is None  # counted only where more rows than the limit are read
    (body,) = matched.bodies
    assert (body.number, body.first_position, body.contacts, body.size) == (1, 0, 2, len(data))
    assert body.sha256 == hashlib.sha256(data).hexdigest()
    assert read_index(workspace) == [(0, "p1", "One"), (1, "p6", "One")]
    assert read_rejected(workspace) == [
        {"profile_id": "p3", "reason": "missing", "value": ""},
        {"profile_id": "p4", "reason": "no-top-level-domain", "value": "bob@example"},
    ]


def test_files_are_the_owners_alone_and_nothing_else_is_left(workspace: Path) -> None:
    match(PeopleInMemory({"One": [person(n, f"p{n}@example.com") for n in range(10)]}), ONE, NAMES, workspace)
    assert names_left(workspace) == ["bodies/1.csv", "contacts.parquet", "rejected.csv"]
    for path in workspace.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_the_first_row_of_an_address_wins_in_the_order_of_segments(workspace: Path) -> None:
    people = PeopleInMemory(
        {
            "One": [person(1, "a@example.com", "from One"), person(2, "b@example.com", "from One")],
            "Two": [person(3, "B@example.com", "from Two"), person(4, "c@example.com", "from Two")],
        }
    )
    match(people, [SegmentName("Two"), SegmentName("One")], NAMES, workspace)
    assert read_index(workspace) == [(0, "p3", "Two"), (1, "p4", "Two"), (2, "p1", "One")]


def test_a_flag_on_any_row_of_an_address_suppresses_it(workspace: Path) -> None:
    people = PeopleInMemory(
        {"One": [person(1, "a@example.com"), person(2, "b@example.com")], "Two": [person(3, "A@example.com", no="1")]}
    )
    matched = match(people, BOTH, NAMES, workspace)
    assert (matched.suppressed, matched.duplicate, matched.sent) == (1, 1, 1)
    assert read_index(workspace) == [(0, "p2", "One")]


def test_do_not_mail_flags_are_read_as_people_write_them(workspace: Path) -> None:
    no = ["", " ", "false", "False", "FALSE", "0", "no", "No ", "n", "Allow", "nein", "nei"]
    yes = ["true", "True", "TRUE", "1", "yes", "Yes", " y ", "x", "Do Not Allow", "ja", "on", "2026-01-31"]
    rows = [person(number, f"p{number}@example.com", no=flag) for number, flag in enumerate([*no, *yes])]
    matched = match(PeopleInMemory({"One": rows}), ONE, NAMES, workspace)
    assert [profile for _position, profile, _segment in read_index(workspace)] == [f"p{n}" for n in range(len(no))]
    assert matched.suppressed == len(yes)


def test_without_suppress_fields_nobody_is_suppressed(workspace: Path) -> None:
    people = PeopleInMemory({"One": [person(1, "a@example.com", no="true")]})
    matched = match(people, ONE, Matching("EMail"), workspace)
    assert (matched.suppressed, matched.sent) == (0, 1)
    assert people.readings == [("One", ("EMail",))]


def test_no_profile_at_all_makes_no_body(workspace: Path) -> None:
    matched = match(PeopleInMemory({"One": []}), ONE, NAMES, workspace)
    assert (matched.selected, matched.sent, matched.bodies) == (0, 0, ())
    assert read_index(workspace) == []
    assert read_rejected(workspace) == []


def test_only_rejected_profiles_make_no_body(workspace: Path) -> None:
    matched = match(PeopleInMemory({"One": [person(1, "nobody")]}), ONE, NAMES, workspace)
    assert (matched.invalid, matched.bodies) == (1, ())
    assert names_left(workspace) == ["contacts.parquet", "rejected.csv"]


def test_one_field_may_be_mapped_to_two_attributes(workspace: Path) -> None:
    twice = Matching(
        "EMail",
        (
            AttributeMapping(attribute="first_name", field="FirstName"),
            AttributeMapping(attribute="cf:address, old", field="EMail"),
        ),
    )
    match(PeopleInMemory({"One": [person(1, "A@example.com")]}), ONE, twice, workspace)
    assert (workspace / "bodies" / "1.csv").read_bytes() == (
        b'email,first_name,"cf:address, old"\r\na@example.com,Ada,A@example.com\r\n'
    )


def test_rejected_values_are_as_they_were_but_no_spreadsheet_runs_them(workspace: Path) -> None:
    shown = {
        "=HYPERLINK(1)": "'=HYPERLINK(1)",
        "+4712345678": "'+4712345678",
        "-1": "'-1",
        "@example.com": "'@example.com",
        "\tx": "'\tx",
        "\rx": "'\rx",
        "\nx": "'\nx",
        "＝1": "'＝1",
        'a "b",c\r\nd': 'a "b",c\r\nd',
        "a\x00b": "a\ufffdb",
        "'quoted": "'quoted",
        "y" * 200_000: "y" * 1_000,
    }
    match(PeopleInMemory({"One": [{**person(1, v), "profile_id": v} for v in shown]}), ONE, NAMES, workspace)
    rows = read_rejected(workspace)
    assert [row["value"] for row in rows] == list(shown.values())
    assert [row["profile_id"] for row in rows] == list(shown.values())


def test_what_an_earlier_call_left_is_replaced(workspace: Path) -> None:
    many = PeopleInMemory({"One": [person(n, f"p{n}@example.com") for n in range(10)]})
    match(many, ONE, NAMES, workspace, limits=Limits(max_rows=2))
    (workspace / "bodies" / ".9.csv.part").write_bytes(b"half")
    (workspace / ".rejected.csv.part").write_bytes(b"half")
    (workspace / "log.jsonl").write_bytes(b"kept")
    match(PeopleInMemory({"One": [person(1, "a@example.com")]}), ONE, NAMES, workspace)
    assert names_left(workspace) == ["bodies/1.csv", "contacts.parquet", "log.jsonl", "rejected.csv"]


def test_the_same_profiles_give_the_same_bytes(tmp_path: Path) -> None:
    people = PeopleInMemory({"One": [person(n, f"p{n % 70}@example.com") for n in range(100)]})
    runs = [match(people, ONE, NAMES, tmp_path / name, limits=Limits(max_rows=30)) for name in ("a", "b")]
    assert runs[0] == runs[1]
    assert (tmp_path / "a" / "contacts.parquet").read_bytes() == (tmp_path / "b" / "contacts.parquet").read_bytes()


def test_progress_counts_the_rows_of_all_segments(workspace: Path) -> None:
    people = PeopleInMemory({"One": [person(1, "a@b.co")] * 7, "Two": [person(2, "b@b.co")] * 4})
    told: list[int] = []
    match(people, BOTH, NAMES, workspace, on_progress=told.append)
    assert told == [3, 6, 7, 10, 11]


def test_more_profiles_than_allowed_are_refused_with_the_numbers(workspace: Path) -> None:
    people = PeopleInMemory(
        {
            "One": [person(n, f"p{n}@example.com") for n in range(8)],
            "Two": [person(n, f"p{n}@example.com") for n in range(4, 12)],
        }
    )
    with pytest.raises(TooManyProfiles) as refused:
        match(people, BOTH, NAMES, workspace, limits=Limits(max_profiles=10))
    assert (refused.value.profiles, refused.value.limit) == (12, 10)
    assert "12" in str(refused.value)
    assert names_left(workspace) == []


def test_more_rows_than_allowed_profiles_are_fine_where_the_profiles_are_few(workspace: Path) -> None:
    rows = [person(n, f"p{n}@example.com") for n in range(8)]
    matched = match(PeopleInMemory({"One": rows, "Two": rows}), BOTH, NAMES, workspace, limits=Limits(max_profiles=8))
    assert (matched.selected, matched.profiles, matched.duplicate, matched.sent) == (16, 8, 8, 8)


def test_a_row_that_fits_in_no_body_is_a_fault_and_never_cut(workspace: Path) -> None:
    people = PeopleInMemory({"One": [person(1, "a@example.com", note="n" * 200)]})
    with pytest.raises(ValueError, match="fits in no body"):
        match(people, ONE, NAMES, workspace, limits=Limits(max_bytes=150, frame_bytes=0))
    assert names_left(workspace) == []


def test_canceling_while_reading_leaves_nothing(workspace: Path) -> None:
    people = PeopleInMemory({"One": [person(n, f"p{n}@example.com") for n in range(30)]})
    asked = iter([False, False, True])
    with pytest.raises(MatchingCanceled):
        match(people, ONE, NAMES, workspace, cancelled=lambda: next(asked))
    assert names_left(workspace) == []


def test_canceling_while_writing_leaves_nothing(workspace: Path) -> None:
    people = PeopleInMemory({"One": [person(n, f"p{n}@example.com") for n in range(30)]})

    def wanted() -> bool:
        return (workspace / ".contacts.parquet.part").exists()

    with pytest.raises(MatchingCanceled):
        match(people, ONE, NAMES, workspace, cancelled=wanted)
    assert names_left(workspace) == []


def test_what_the_source_says_while_it_is_read_comes_through(workspace: Path) -> None:
    people = PeopleInMemory({"One": [person(n, f"p{n}@example.com") for n in range(30)]})

    def broken(number: int) -> None:
        if number == 4:
            raise SourceError("The file part-4.csv is damaged.")

    people.before_batch = broken
    with pytest.raises(SourceError, match="part-4"):
        match(people, ONE, NAMES, workspace)
    assert names_left(workspace) == []


class FullDisk(files.Disk):
    """A disk that takes ``room`` bytes, or fails at the n-th of the calls that make things last."""

    def __init__(self, room: int = 10**9, failing: int = 0) -> None:
        self.room = room
        self.failing = failing
        self.calls = 0

    def write(self, descriptor: int, data: bytes) -> int:
        if len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(data)
        self._count()
        return super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._count()
        super().sync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        self._count()
        super().sync_folder(folder)

    def replace(self, source: Path, target: Path) -> None:
        self._count()
        super().replace(source, target)

    def open_new(self, path: Path, mode: int) -> int:
        self._count()
        return super().open_new(path, mode)

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self.failing:
            raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("room", [0, 30, 500, 1_500])
def test_a_full_disk_is_told_and_leaves_nothing(workspace: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    people = PeopleInMemory({"One": [person(n, f"p{n}@example.com") for n in range(60)]})
    monkeypatch.setattr(files, "disk", FullDisk(room))
    with pytest.raises(NotWritten, match="No space left"):
        match(people, ONE, NAMES, workspace, limits=Limits(max_rows=20))
    assert names_left(workspace) == []


def test_a_disk_that_fails_at_any_call_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = PeopleInMemory({"One": [*(person(n, f"p{n}@example.com") for n in range(5)), person(9, "x")]})
    whole = FullDisk()
    monkeypatch.setattr(files, "disk", whole)
    match(people, ONE, NAMES, tmp_path / "whole", limits=Limits(max_rows=2))
    assert whole.calls > 20
    for failing in range(1, whole.calls + 1):
        monkeypatch.setattr(files, "disk", FullDisk(failing=failing))
        workspace = tmp_path / f"run{failing}"
        with pytest.raises(NotWritten):
            match(people, ONE, NAMES, workspace, limits=Limits(max_rows=2))
        assert names_left(workspace) in ([], names_left(tmp_path / "whole"))


def test_everything_is_on_the_disk_before_it_has_its_name(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    class Watched(files.Disk):
        def sync(self, descriptor: int) -> None:
            order.append("sync")
            super().sync(descriptor)

        def replace(self, source: Path, target: Path) -> None:
            order.append("name")
            super().replace(source, target)

        def sync_folder(self, folder: Path) -> None:
            order.append(f"folder {folder.name}")
            super().sync_folder(folder)

    monkeypatch.setattr(files, "disk", Watched())
    people = PeopleInMemory({"One": [person(n, f"p{n}@example.com") for n in range(5)]})
    match(people, ONE, NAMES, workspace, limits=Limits(max_rows=2))
    assert [step for step in order if not step.startswith("folder")] == ["sync"] * 5 + ["name"] * 5
    last_name = len(order) - order[::-1].index("name")
    assert set(order[last_name:]) == {"folder bodies", "folder run"}


_PLAIN = [*"ab ,;'\"=@-", "O'Neill", '""', "x" * 48]
_BREAKS = ["\n", "\r\n", "\r", "\t", "\x00", "\x07", "\x85", "\u2028"]
_SCRIPTS = ["é", "e\u0301", "ﬁ", "😀", "👩\u200d🚀", "שלום", "東京", "名" * 49]
_UNSEEN = ["\u200f", "\u202e", "\u200b", "\ufeff", "\u00a0", "\u3000"]
pieces = st.sampled_from([*_PLAIN, *_BREAKS, *_SCRIPTS, *_UNSEEN])
values = st.none() | st.lists(pieces, max_size=8).map("".join)
mailboxes = st.sampled_from(["anna", "Anna", "ANNA", "bob", "o'neill", "x+y", "jürgen", "a..b", "", "long" * 12])
domains = st.sampled_from(["example.com", "EXAMPLE.com", "bücher.de", "xn--bcher-kva.de", "b.co", "a.test", "nowhere"])
emails = st.builds(
    lambda before, box, domain, after: f"{before}{box}@{domain}{after}",
    st.sampled_from(["", "", "", " ", "\ufeff", "\n"]),
    mailboxes,
    domains,
    st.sampled_from(["", "", "", " ", "\t", "\u200b", ";", "\x00"]),
)
rows = st.builds(
    person,
    st.integers(0, 99),
    emails | values,
    values,
    values,
    st.sampled_from(["", "", "", "False", "True"]),
)
segment_lists = st.lists(st.lists(rows, max_size=24), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(segment_lists, st.integers(1, 6), st.integers(900, 1_500), st.integers(1, 5))
def test_no_input_can_break_a_limit_or_lose_or_double_a_row(
    lists: list[list[Row]], max_rows: int, max_bytes: int, batch: int
) -> None:
    segments = {f"S{number}": rows for number, rows in enumerate(lists)}
    limits = Limits(max_rows=max_rows, max_bytes=max_bytes, frame_bytes=100)
    chosen = [SegmentName(name) for name in segments]
    expected = Expected(segments, chosen)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        matched = match(PeopleInMemory(segments, batch=batch), chosen, NAMES, workspace, limits=limits)
        bodies = read_bodies(workspace, matched.bodies)
        assert [record for body in bodies for record in body] == expected.contacts
        assert [(profile, name) for _position, profile, name in read_index(workspace)] == expected.index
        assert [position for position, _profile, _name in read_index(workspace)] == list(range(len(expected.index)))
        assert [row["profile_id"] for row in read_rejected(workspace)] == expected.rejected
        for body, records in zip(matched.bodies, bodies, strict=True):
            data = (workspace / "bodies" / f"{body.number}.csv").read_bytes()
            assert len(data) == body.size <= max_bytes - limits.frame_bytes
            assert len(records) == body.contacts <= max_rows
            assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n") == body.contacts + 1
            assert hashlib.sha256(data).hexdigest() == body.sha256
        assert _states(matched) == {
            state: expected.states[state] for state in ("invalid", "duplicate", "suppressed", "sent")
        }
        assert matched.adds_up


def test_more_memory_for_many_rows_changes_nothing(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "_MANY_ROWS", 5)
    rows = [person(n, f"p{n % 9}@example.com", no="true" if n in {4, 17} else "") for n in range(30)]
    matched = match(PeopleInMemory({"One": rows, "Two": rows[::-1]}), BOTH, NAMES, workspace)
    expected = Expected({"One": rows, "Two": rows[::-1]}, ["One", "Two"])
    assert _states(matched) == {**expected.states, "invalid": 0}
    assert [(profile, name) for _position, profile, name in read_index(workspace)] == expected.index


def test_the_order_of_the_source_holds_over_many_batches(workspace: Path) -> None:
    """DuckDB works in groups of 122,880 rows and, with several threads, in any order of them."""
    count = 250_000
    rows = [person(n, f"p{n}@example.com", "Zoe\u0308 ", "\u00a0Ł") for n in range(count)]
    matched = match(PeopleInMemory({"One": rows}, batch=7_000), ONE, NAMES, workspace, limits=Limits(max_rows=100_000))
    assert [body.contacts for body in matched.bodies] == [100_000, 100_000, 50_000]
    index = pq.read_table(workspace / "contacts.parquet")
    assert index["position"].to_pylist() == list(range(count))
    assert index["profile_id"].to_pylist() == [f"p{n}" for n in range(count)]
    (last,) = read_bodies(workspace, matched.bodies)[2:]
    assert last == [[f"p{n}@example.com", "Zoë", "Ł"] for n in range(200_000, count)]


def test_bodies_are_as_full_as_the_limits_allow(workspace: Path) -> None:
    rows = [person(n, f"p{n:03d}@example.com", "A" * (n % 40), "é" * (n % 90)) for n in range(200)]
    limits = Limits(max_rows=50, max_bytes=2_000, frame_bytes=10)
    matched = match(PeopleInMemory({"One": rows}), ONE, NAMES, workspace, limits=limits)
    for body, following in zip(matched.bodies, matched.bodies[1:], strict=False):
        lines = (workspace / "bodies" / f"{following.number}.csv").read_bytes().splitlines(keepends=True)
        assert body.contacts == 50 or body.size + len(lines[1]) > 1_990


def _states(matched: Matched) -> dict[str, int]:
    return {
        "invalid": matched.invalid,
        "duplicate": matched.duplicate,
        "suppressed": matched.suppressed,
        "sent": matched.sent,
    }
