"""Profiles in Parquet and CSV files, with segments by condition and by list."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet
from storage_export import rows  # type: ignore[import-not-found]

from cctui.definitions.model import ProfilesSection, SegmentDefinition, SegmentState, SourceKind
from cctui.profiles.opening import open_source
from cctui.profiles.source import SegmentName, Source, SourceError

PEOPLE = '''CustomerId,FirstName,EMail,LifetimeSpend,Zip,doNotEmail,Since
0a,Mette,m@example.com,900.50,0150,false,2020-01-01
0b,"Hansen, ""Ole""",o@example.com,100,0151,true,2021-05-05
0c,,,n/a,9999,,
0d,Ådne,a@example.com,501,0150,false,2019-12-31
'''


def as_parquet(folder: Path) -> None:
    """Write ``people.parquet`` from ``people.csv``, with numbers, dates and booleans as such."""
    lines = csv.DictReader((folder / "people.csv").open(encoding="utf-8", newline=""))
    people: list[dict[str, Any]] = [{name: value or None for name, value in line.items()} for line in lines]
    for person in people:
        spend, opted_out, since = person["LifetimeSpend"], person["doNotEmail"], person["Since"]
        person["LifetimeSpend"] = float(spend) if spend and spend != "n/a" else None
        person["doNotEmail"] = opted_out and opted_out == "true"
        person["Since"] = since and date.fromisoformat(since)
    parquet.write_table(pa.Table.from_pylist(people), folder / "people.parquet")


@pytest.fixture(params=["people.csv", "people.parquet"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The name of a file with four people."""
    (tmp_path / "people.csv").write_text(PEOPLE)
    if request.param.endswith("parquet"):
        as_parquet(tmp_path)
    return str(request.param)


def opened(root: Path, path: str | list[str], *facts: SegmentDefinition, delimiter: str | None = None) -> Source:
    """The files as the program sees them."""
    section = ProfilesSection(kind=SourceKind.FILES, path=path, delimiter=delimiter)
    return open_source(root, section, facts)


def where(condition: str) -> SegmentDefinition:
    """A segment by a condition."""
    return SegmentDefinition(name="Gold", where=condition)


def ids(root: Path, path: str | list[str], *facts: SegmentDefinition) -> list[str | None]:
    """The ids of the members of the first segment; the count agrees."""
    source = opened(root, path, *facts)
    found = [row[0] for row in rows(source, facts[0].name)]
    assert source.count(SegmentName(facts[0].name)) == len(found)
    return found


def refused(root: Path, path: str | list[str], *facts: SegmentDefinition, **settings: str) -> SourceError:
    """The error of reading the first segment; it says what to do and shows no value."""
    with pytest.raises(SourceError) as caught:
        list(opened(root, path, *facts, **settings).members(SegmentName(facts[0].name), ["EMail"]))
    assert caught.value.what
    assert caught.value.do
    assert "m@example.com" not in str(caught.value)
    return caught.value


def test_a_segment_without_a_condition_is_everybody(tmp_path: Path, people: str) -> None:
    everybody = SegmentDefinition(name="All", display_name="Everybody")
    source = opened(tmp_path, people, everybody)
    assert [(segment.name, segment.display_name, segment.problem) for segment in source.segments()] == [
        ("All", "Everybody", "")
    ]
    assert rows(source, "All", "EMail", "FirstName") == [
        ("0a", "m@example.com", "Mette"),
        ("0b", "o@example.com", 'Hansen, "Ole"'),
        ("0c", None, None),
        ("0d", "a@example.com", "Ådne"),
    ]
    assert source.count(SegmentName("All")) == 4
    assert [attribute.name for attribute in source.attributes()][:3] == ["CustomerId", "FirstName", "EMail"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("LifetimeSpend > 500", ["0a", "0d"]),
        ("Zip = '0150'", ["0a", "0d"]),
        ("Zip LIKE '01%'", ["0a", "0b", "0d"]),
        ("NOT doNotEmail", ["0a", "0d"]),
        ("doNotEmail = 'true'", ["0b"]),
        ("Since >= '2020-01-01'", ["0a", "0b"]),
        ("Since < DATE '2020-01-01'", ["0d"]),
        ("\"FirstName\" = 'Ådne' -- the king", ["0d"]),
        ("EMail IS NULL OR lifetimespend > 900", ["0a", "0c"]),
        ("profiles.Zip = '9999'", ["0c"]),
        ("length(COLUMNS('Fir.*')) = 5", ["0a"]),
        ("false", []),
    ],
)
def test_a_condition_is_what_people_write(tmp_path: Path, condition: str, expected: list[str]) -> None:
    text = PEOPLE.replace("n/a", "")
    (tmp_path / "people.csv").write_text(text)
    as_parquet(tmp_path)
    assert ids(tmp_path, "people.csv", where(condition)) == expected
    assert ids(tmp_path, "people.parquet", where(condition)) == expected


@pytest.mark.parametrize("condition", ["LifetimeSpend > 500", "1 / 0 = 1 OR CAST(LifetimeSpend AS DOUBLE) > 1"])
def test_a_value_that_is_no_number_is_not_shown(tmp_path: Path, condition: str) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE.replace("n/a", "m@example.com"))
    error = refused(tmp_path, "people.csv", where(condition))
    assert "Gold" in error.what


def test_values_that_do_not_fit_later_do_not_meet_the_condition(tmp_path: Path) -> None:
    lines = [f"{number},{number % 1000}" for number in range(300_000)]
    (tmp_path / "people.csv").write_text("\n".join(["CustomerId,LifetimeSpend", *lines, "last,n/a"]))
    found = ids(tmp_path, "people.csv", where("LifetimeSpend >= 990"))
    assert found == [str(number) for number in range(300_000) if number % 1000 >= 990]


@pytest.mark.parametrize(
    "condition",
    [
        "ShoeSize > 40",
        "LifetimeSpend >",
        "",
        "1 = 1; SELECT 1",
        "true) OR (true); COPY (SELECT 1) TO 'out.csv'; SELECT (true",
        "EXISTS (SELECT 1 FROM read_text('{root}/secret.txt'))",
        "EXISTS (SELECT 1 FROM '{root}/people.csv')",
        "EXISTS (SELECT 1 FROM read_csv('{root}/people.csv'))",
        "EXISTS (SELECT 1 FROM glob('{root}/*'))",
        "EXISTS (SELECT 1 FROM people)",
        "FirstName + 1 > 2",
    ],
)
def test_a_condition_that_does_not_fit_is_named_and_opens_nothing(
    tmp_path: Path, people: str, condition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("secret")
    error = refused(tmp_path, people, where(condition.format(root=tmp_path)))
    assert "Gold" in error.what
    assert error.why
    assert not (tmp_path / "out.csv").exists()
    (gold,) = opened(tmp_path, people, where(condition.format(root=tmp_path))).segments()
    assert "Gold" in gold.problem


@pytest.mark.parametrize("listing", ["ids.csv", "ids.parquet"])
def test_a_list_of_ids_chooses_in_the_order_of_the_profiles(tmp_path: Path, people: str, listing: str) -> None:
    (tmp_path / "ids.csv").write_text("note,customerid\nx,0d\ny,0a\nz,0d\nw,nobody\nv,\n")
    read = f"read_csv('{tmp_path}/ids.csv', all_varchar = true)"
    duckdb.sql(f"COPY (FROM {read}) TO '{tmp_path}/ids.parquet' (FORMAT parquet)")
    assert ids(tmp_path, people, SegmentDefinition(name="Gold", members=listing)) == ["0a", "0d"]


def test_a_long_list_keeps_the_order(tmp_path: Path) -> None:
    copy = "COPY (SELECT md5(i::VARCHAR) AS CustomerId, i::VARCHAR AS EMail FROM range(300000) t(i) {}) TO '{}'"
    duckdb.sql(copy.format("", tmp_path / "people.parquet"))
    duckdb.sql(copy.format("WHERE i % 3 > 0 ORDER BY hash(i)", tmp_path / "ids.csv"))
    source = opened(tmp_path, "people.parquet", SegmentDefinition(name="Gold", members="ids.csv"))
    found = [int(row[1] or "") for row in rows(source, "Gold", "EMail")]
    assert found == [number for number in range(300_000) if number % 3]


def test_members_without_the_id_or_without_the_file_are_named(tmp_path: Path, people: str) -> None:
    (tmp_path / "ids.csv").write_text("Name\n0d\n")
    error = refused(tmp_path, people, SegmentDefinition(name="Gold", members="ids.csv"))
    assert "CustomerId" in error.what
    assert "Gold" in error.what
    assert "none.csv" in refused(tmp_path, people, SegmentDefinition(name="Gold", members="none.csv")).what
    (tmp_path / "ids.csv").write_bytes(b"CustomerId\n0d\n\xff\xff\n")
    assert "UTF-8" in refused(tmp_path, people, SegmentDefinition(name="Gold", members="ids.csv")).what
    both = SegmentDefinition(name="Gold", members="ids.csv", where="true")
    assert "both" in refused(tmp_path, people, both).what


def test_an_empty_list_chooses_nobody(tmp_path: Path, people: str) -> None:
    (tmp_path / "ids.csv").write_text("CustomerId\n")
    assert ids(tmp_path, people, SegmentDefinition(name="Gold", members="ids.csv")) == []


def test_several_files_are_one_table_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("EMail,CustomerId\nx@example.com,2\n")
    (tmp_path / "a.csv").write_text("CustomerId,EMail\n1,\n")
    everybody = SegmentDefinition(name="All")
    assert ids(tmp_path, "*.csv", everybody) == ["1", "2"]
    assert ids(tmp_path, ["b.csv", "a.csv"], everybody) == ["2", "1"]
    assert ids(tmp_path, ["b.csv", "*.csv"], where("EMail IS NOT NULL")) == ["2"]
    (tmp_path / "c.csv").write_text("CustomerId,Mail\n3,\n")
    assert "c.csv" in refused(tmp_path, "*.csv", everybody).what
    duckdb.sql(f"COPY (SELECT '7' AS CustomerId, 'e' AS EMail) TO '{tmp_path}/a.parquet'")
    duckdb.sql(f"COPY (SELECT 'e' AS EMail, '8' AS CustomerId) TO '{tmp_path}/[b].parquet'")
    assert ids(tmp_path, ["a.parquet", "[b].parquet"], everybody) == ["7", "8"]
    duckdb.sql(f"COPY (SELECT '8' AS CustomerId) TO '{tmp_path}/b.parquet'")
    assert "b.parquet" in refused(tmp_path, ["a.parquet", "b.parquet"], everybody).what
    assert "partly" in refused(tmp_path, ["a.parquet", "a.csv"], everybody).what


def test_an_inactive_segment_holds_nobody(tmp_path: Path, people: str) -> None:
    inactive = SegmentDefinition(name="Gold", state=SegmentState.INACTIVE)
    assert ids(tmp_path, people, inactive) == []
    assert opened(tmp_path, people, inactive).segments()[0].members == 0


def test_what_is_not_there_or_no_table_is_named(tmp_path: Path) -> None:
    everybody = SegmentDefinition(name="All")
    assert "none.csv" in refused(tmp_path, "none.csv", everybody).what
    assert "*.parquet" in refused(tmp_path, "*.parquet", everybody).what
    (tmp_path / "folder").mkdir()
    assert "folder/*.parquet" in refused(tmp_path, "folder", everybody).do
    (tmp_path / "people.xlsx").write_bytes(b"PK")
    assert "people.xlsx" in refused(tmp_path, "people.xlsx", everybody).what
    for name in ("empty.csv", "empty.parquet"):
        (tmp_path / name).touch()
        assert "empty" in refused(tmp_path, name, everybody).what
    (tmp_path / "blank.csv").write_bytes(b"\xef\xbb\xbf\r\n\r\n")
    assert "empty" in refused(tmp_path, "blank.csv", everybody).what
    (tmp_path / "twice.csv").write_text("CustomerId,a,a\n1,2,3\n")
    assert "twice" in refused(tmp_path, "twice.csv", everybody).what
    assert refused(tmp_path, [], everybody).do


def test_a_parquet_file_that_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    duckdb.sql(f"COPY (SELECT i::VARCHAR AS CustomerId, md5(i::VARCHAR) AS EMail FROM range(50000) t(i)) TO '{path}'")
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], b"PAR1" + b"x" * 100 + b"PAR1", b"CustomerId\n1\n"):
        path.write_bytes(data)
        assert "Parquet" in refused(tmp_path, "people.parquet", SegmentDefinition(name="All")).what
    path.write_bytes(whole[:1000] + b"\xff" * 2000 + whole[3000:])
    assert "Parquet" in refused(tmp_path, "people.parquet", SegmentDefinition(name="All")).what


@pytest.mark.parametrize("column", ["CustomerId", "EMail"])
def test_a_parquet_file_whose_text_is_no_text_is_named(tmp_path: Path, column: str) -> None:
    values = {name: [b"a@example.com", b"b@example.com"] for name in ("CustomerId", "EMail")}
    values[column][1] = b"M\xfcller"
    texts = {name: pa.array(held, pa.binary()).view(pa.string()) for name, held in values.items()}
    parquet.write_table(pa.table(texts), tmp_path / "people.parquet")
    for fact in (SegmentDefinition(name="All"), where("EMail LIKE '%'")):
        error = refused(tmp_path, "people.parquet", fact)
        assert error.what.endswith("people.parquet is not UTF-8.")
        assert "UTF-8" in error.do


def test_the_delimiter_is_set_or_suggested(tmp_path: Path) -> None:
    everybody = SegmentDefinition(name="All")
    (tmp_path / "people.csv").write_text("CustomerId;EMail\n1;x@example.com\n")
    error = refused(tmp_path, "people.csv", everybody)
    assert "CustomerId" in error.what
    assert "“;”" in error.do
    assert rows(opened(tmp_path, "people.csv", everybody, delimiter=";"), "All", "EMail") == [("1", "x@example.com")]
    (tmp_path / "people.tsv").write_text("CustomerId\tEMail\n1\tx@example.com\n")
    assert ids(tmp_path, "people.tsv", everybody) == ["1"]


def test_a_broken_record_stops_every_way_of_reading(tmp_path: Path) -> None:
    good = "".join(f"{number},{number}@example.com,5\n" for number in range(200_000))
    (tmp_path / "people.csv").write_text("CustomerId,EMail,Spend\n" + good + "7,m@example.com\n")
    (tmp_path / "ids.csv").write_text("CustomerId\n1\n")
    for fact in (SegmentDefinition(name="A"), where("Spend = 5"), SegmentDefinition(name="B", members="ids.csv")):
        error = refused(tmp_path, "people.csv", fact)
        assert "Record 200002 of" in error.what
        assert "people.csv" in error.what


def test_no_segments_and_no_such_segment(tmp_path: Path, people: str) -> None:
    with pytest.raises(SourceError, match="No segments"):
        opened(tmp_path, people).segments()
    with pytest.raises(SourceError, match="Silver"):
        opened(tmp_path, people, where("true")).count(SegmentName("Silver"))
    with pytest.raises(SourceError, match="ShoeSize"):
        opened(tmp_path, people, where("true")).members(SegmentName("Gold"), ["ShoeSize"])


def test_the_version_changes_with_files_lists_and_conditions(tmp_path: Path, people: str) -> None:
    (tmp_path / "ids.csv").write_text("CustomerId\n")
    listed = SegmentDefinition(name="Gold", members="ids.csv")
    versions: Sequence[str] = [
        opened(tmp_path, people, where("true")).version(),
        opened(tmp_path, people, where("false")).version(),
        opened(tmp_path, people, listed).version(),
    ]
    assert len(set(versions)) == 3
    assert opened(tmp_path, people, listed).version() == versions[2]
    (tmp_path / "ids.csv").write_text("CustomerId\n0a\n")
    assert opened(tmp_path, people, listed).version() != versions[2]


def test_reading_may_stop_in_the_middle_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    path = tmp_path / "people.parquet"
    duckdb.sql(f"COPY (SELECT i::VARCHAR AS CustomerId, i AS Spend FROM range(500000) t(i)) TO '{path}'")
    source = opened(tmp_path, "people.parquet", where("Spend >= 100"))
    for _time in range(3):
        reader = source.members(SegmentName("Gold"), ["Spend"])
        assert reader.read_next_batch().column(1)[0].as_py() == "100"
        reader.close()
        del reader
    assert source.count(SegmentName("Gold")) == 499_900
    source.close()
    assert list(spill.iterdir()) == []
