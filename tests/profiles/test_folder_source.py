"""An operator points the program at a storage export: what is read, in which order, from which run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storage_export import Export, rows  # type: ignore[import-not-found]

from cctui.definitions.model import SegmentDefinition, SegmentKind, SegmentState
from cctui.profiles.source import SegmentName, SourceError

GOLD = SegmentName("Gold")


def test_the_members_of_a_segment_come_in_the_order_of_the_file_with_the_chosen_fields_only(export: Export) -> None:
    export.segment("Gold", b'1,Mette,m@example.com\n2,"Hansen, Ole",\n3,"",o@example.com\n')
    source = export.source()
    assert rows(source, "Gold", "EMail", "FirstName") == [
        ("1", "m@example.com", "Mette"),
        ("2", None, "Hansen, Ole"),
        ("3", "o@example.com", ""),
    ]
    assert rows(source, "Gold") == [("1",), ("2",), ("3",)]
    assert rows(source, "Gold", "EMail", "EMail", "CustomerId")[0] == ("1", "m@example.com", "m@example.com", "1")
    assert source.count(GOLD) == 3


def test_the_list_of_segments_leaves_out_what_is_none(export: Export) -> None:
    for name in ("Gold", "Customer", "Customer_Measure", "UnifiedActivity", "BrandEnrichment", "Silver"):
        export.file(name, b"1,a,b\n")
        export.entity(name, [export.partition(name)])
    export.file("Sales", b"1,a\n")
    export.entity("Sales", [export.partition("Sales")], attributes=("SalesId", "Sum"))
    export.model()
    facts = SegmentDefinition(name="Silver", display_name="Silver people", kind=SegmentKind.STATIC)
    gold, silver = export.source(facts).segments()
    assert (gold.name, gold.display_name, gold.members) == ("Gold", "Gold", None)
    assert gold.last_refreshed == datetime(2021, 10, 8, 14, 35, tzinfo=UTC)
    assert (silver.display_name, silver.kind, silver.problem) == ("Silver people", SegmentKind.STATIC, "")


def test_an_inactive_segment_holds_nobody(export: Export) -> None:
    export.segment("Gold", b"1,a,b\n")
    source = export.source(SegmentDefinition(name="Gold", state=SegmentState.INACTIVE))
    (gold,) = source.segments()
    assert (gold.state, gold.members) == (SegmentState.INACTIVE, 0)
    assert source.count(GOLD) == 0
    assert rows(source, "Gold", "EMail") == []


def test_f17_a_segment_of_another_audience_is_refused_by_name(export: Export) -> None:
    """F17: members without the mapped field, as business accounts are."""
    export.file("Accounts", b"1,Contoso\n")
    export.entity("Accounts", [export.partition("Accounts")], attributes=("CustomerId", "AccountName"))
    export.model()
    with pytest.raises(SourceError) as refused:
        rows(export.source(), "Accounts", "EMail")
    assert "EMail" in str(refused.value)
    assert "Accounts" in str(refused.value)


def test_f18_fields_are_those_of_the_segments_own_table(export: Export) -> None:
    """F18: attributes of other tables are not offered and cannot be exported."""
    export.segment("Gold", b"1,a,b\n")
    export.entity("Purchases", attributes=("CustomerId", "LastPurchase"))
    export.model()
    source = export.source()
    assert "LastPurchase" not in {attribute.name for attribute in source.attributes(GOLD)}
    with pytest.raises(SourceError, match="LastPurchase"):
        rows(source, "Gold", "LastPurchase")


def test_attributes_come_with_type_and_meaning(export: Export) -> None:
    entity = export.entity("Gold", [export.partition("Gold")])
    entity["attributes"][2] |= {"annotations": [{"name": "c360:SemanticType", "value": "Person.Email"}]}
    entity["attributes"][1] |= {"dataType": "int64"}
    export.entity("Customer", attributes=("CustomerId", "EMail", "City"))
    export.model()
    source = export.source()
    of_gold = source.attributes(GOLD)
    assert [attribute.name for attribute in of_gold] == ["CustomerId", "FirstName", "EMail"]
    assert [attribute.semantic_type for attribute in of_gold] == ["", "", "email"]
    assert of_gold[1].data_type == "int64"
    assert [attribute.name for attribute in source.attributes()] == ["CustomerId", "EMail", "City"]


@pytest.mark.parametrize(
    ("columns_header", "first", "expected"),
    [
        (True, b"CustomerId,FirstName,EMail\n", ["1"]),
        ("true", b"customerid,FIRSTNAME,Email\n", ["1"]),
        (False, b"CustomerId,FirstName,EMail\n", ["CustomerId", "1"]),
        ("false", b"0,x,y\n", ["0", "1"]),
        (None, b"customerid,firstname,EMAIL\n", ["1"]),
        (None, b'"CustomerId","FirstName","EMail"\r\n', ["1"]),
        (None, b"0,FirstName,EMail\n", ["0", "1"]),
        (None, b"", ["1"]),
    ],
)
def test_a_header_is_left_out_where_there_is_one(
    export: Export, columns_header: object, first: bytes, expected: list[str]
) -> None:
    settings_ = {} if columns_header is None else {"columnHeaders": columns_header}
    export.segment("Gold", first + b"1,Mette,m@example.com\n", **settings_)
    source = export.source()
    assert [row[0] for row in rows(source, "Gold", "EMail")] == expected
    assert source.count(GOLD) == len(expected)


def test_each_partition_has_its_own_header(export: Export) -> None:
    export.file("Gold", b"CustomerId,FirstName,EMail\n1,a,b\n")
    export.file("Gold", b"2,c,d\n", number=2)
    export.entity("Gold", [export.partition("Gold"), export.partition("Gold", number=2)])
    export.model()
    assert rows(export.source(), "Gold") == [("1",), ("2",)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xef\xbb\xbf1,\xc3\x85se,a\n", {}),
        ("1;Åse;a\n".encode(), {"delimiter": ";"}),
        ("1\tÅse\ta\n".encode(), {"delimiter": "\\t"}),
        ("1,Åse,a\n".encode("utf-16"), {"encoding": "UTF-16"}),
        ("1,Åse,a\n".encode("latin-1"), {"encoding": "ISO-8859-1"}),
        ("1,Åse,a\r\n\r\n".encode(), {}),
        ("1,Åse,a\r".encode(), {}),
        ("1,Åse,a".encode(), {}),
    ],
)
def test_the_model_says_how_the_file_is_written(export: Export, data: bytes, said: dict[str, str]) -> None:
    export.segment("Gold", data, **said)
    assert rows(export.source(), "Gold", "FirstName", "EMail") == [("1", "Åse", "a")]


def test_quotes_are_letters_where_the_style_is_none(export: Export) -> None:
    export.segment("Gold", b'1,5" pipe,"a\n', quoteStyle="QuoteStyle.None")
    assert rows(export.source(), "Gold", "FirstName", "EMail") == [("1", '5" pipe', '"a')]


def test_of_several_runs_only_the_one_of_the_model_is_read(export: Export) -> None:
    export.file("Gold", b"1,old,x\n2,old,x\n", run="2021/10/07/0900")
    export.file("Gold", b"9,half,x\n", run="2021/10/09/0900")
    export.segment("Gold", b"1,now,x\n")
    assert rows(export.source(), "Gold", "FirstName") == [("1", "now")]


def test_a_model_that_lists_several_runs_counts_with_the_newest(export: Export) -> None:
    runs = ("2021/10/07/0900", "2021/10/08/1433")
    for number, run in enumerate(runs, start=1):
        export.file("Gold", b"%d,a,b\n" % number, run=run)
    export.entity("Gold", [export.partition("Gold", run=run) for run in reversed(runs)])
    export.model()
    assert rows(export.source(), "Gold") == [("2",)]


def test_without_a_usable_location_the_newest_complete_run_is_read(export: Export) -> None:
    export.file("Gold", b"1,a,b\n", run="2021/10/06/0900")
    for number in (2, 10, 1, 3, 4, 5, 6, 7, 8, 9):
        export.file("Gold", b"%d,a,b\n" % number, number=number, run="2021/10/07/0900")
    export.file("Gold", b"1,a,b\n", run="2021/10/08/0900")
    export.file("Gold", b"3,a,b\n", number=3, run="2021/10/08/0900")
    export.file("Gold", b"1,a,b\n", run="2021/10/09/0900").with_name("Gold_2.csv.tmp").touch()
    export.entity("Gold", [{"name": "p", "location": "https://elsewhere.example.net/x/y.csv"}])
    export.entities[0]["partitions"] = []
    export.model()
    source = export.source()
    assert rows(source, "Gold") == [(str(number),) for number in range(1, 11)]
    assert source.segments()[0].last_refreshed == datetime(2021, 10, 7, 9, 0, tzinfo=UTC)


def test_a_model_at_the_chosen_folder_and_relative_locations_will_do(export: Export) -> None:
    (export.folder / "gold people.csv").write_bytes(b"1,a,b\n")
    export.entity("Gold", [{"name": "p", "location": "gold people.csv"}])
    export.model()
    path = "profiles/CustomerInsights_1f/BlobExport"
    assert rows(export.source(path=path), "Gold") == [("1",)]


def test_a_folder_may_lie_anywhere_where_the_operator_says_so(export: Export, tmp_path: Path) -> None:
    export.segment("Gold", b"1,a,b\n")
    assert rows(export.source(path=str(tmp_path / "profiles")), "Gold") == [("1",)]
    assert rows(export.source(path="../" + tmp_path.name + "/profiles"), "Gold") == [("1",)]


def test_reading_may_stop_in_the_middle_and_start_again(export: Export) -> None:
    data = b"".join(b"%d,name,%d@example.com\n" % (number, number) for number in range(300_000))
    export.segment("Gold", data)
    source = export.source()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _time in range(5):
        reader = source.members(GOLD, ["EMail"])
        assert reader.read_next_batch().column(1)[0].as_py() == "0@example.com"
        reader.close()
        del reader
    unread = source.members(GOLD, ["EMail"])
    source.close()
    del unread
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert source.count(GOLD) == 300_000
    first, second = source.members(GOLD, ["EMail"]), source.members(GOLD, ["EMail"])
    assert first.read_next_batch().equals(second.read_next_batch())


def test_the_version_changes_with_data_model_and_facts(export: Export) -> None:
    path = export.segment("Gold", b"1,a,b\n")
    source = export.source()
    first = source.version()
    assert source.version() == export.source().version() == first
    path.write_bytes(b"1,a,b\n2,a,b\n")
    second = source.version()
    assert second != first
    assert export.source(SegmentDefinition(name="Gold", state=SegmentState.INACTIVE)).version() != second
    export.entity("Silver")
    export.model()
    assert source.version() != second
    assert [segment.name for segment in source.segments()] == ["Gold", "Silver"]


_VALUES = st.none() | st.text(
    st.one_of(st.sampled_from('",;\n\r\t\x00\x1b\u2028\ufeff é'), st.characters(exclude_categories=("Cs",))),
    max_size=20,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(st.tuples(st.text("0123456789abcdef", min_size=1), _VALUES, _VALUES), max_size=30),
    line_end=st.sampled_from(["\n", "\r\n"]),
    always=st.booleans(),
)
def test_every_text_survives_the_folder(
    tmp_path_factory: pytest.TempPathFactory,
    people: list[tuple[str, str | None, str | None]],
    line_end: str,
    always: bool,
) -> None:
    def written(value: str | None) -> str:
        if value is None:
            return ""
        quoted = always or not value or set(value) & set('",\r\n') or value.startswith("\ufeff")
        return '"' + value.replace('"', '""') + '"' if quoted else value

    export = Export(tmp_path_factory.mktemp("export"))
    lines = ["CustomerId,FirstName,EMail", *(",".join(map(written, person)) for person in people)]
    export.segment("Gold", "".join(line + line_end for line in lines).encode(), columnHeaders=True)
    source = export.source()
    assert rows(source, "Gold", "FirstName", "EMail") == people
    assert source.count(GOLD) == len(people)
