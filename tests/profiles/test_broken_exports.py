"""A storage export is not as it should be: each error names the file and says what to do, and shows nobody's data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from storage_export import ADDRESS, Export, rows  # type: ignore[import-not-found]

from cctui.definitions.model import ProfilesSection, SegmentDefinition, SourceKind
from cctui.profiles import text_files
from cctui.profiles.opening import open_source
from cctui.profiles.source import SegmentName, SourceError

GOLD = SegmentName("Gold")
PERSON = "kari.nordmann@example.com"


def refused(act: Callable[[], object]) -> SourceError:
    """The error of ``act``, which is whole: it says what to do and holds no address."""
    with pytest.raises(SourceError) as caught:
        act()
    error = caught.value
    assert error.what
    assert error.do
    assert PERSON not in str(error)
    assert str(error).isprintable()
    return error


def test_the_folder_is_missing(export: Export) -> None:
    error = refused(export.source(path="nowhere").segments)
    assert "nowhere" in error.what
    assert "environment.toml" in error.do


def test_there_is_no_model_yet(export: Export) -> None:
    export.file("Gold", b"1,a,b\n")
    error = refused(export.source().segments)
    assert "model.json" in error.what
    assert "Wait" in error.do


def test_the_model_is_half_written(export: Export) -> None:
    export.segment("Gold", b"1,a,b\n")
    path = export.model()
    whole = path.read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "not complete" in refused(export.source().segments).what


@pytest.mark.parametrize("text", ['{"name": "x"}', "[]", '{"entities": [{"attributes": []}]}', '{"entities": {}}'])
def test_the_model_is_something_else(export: Export, text: str) -> None:
    (export.folder / "model.json").write_text(text)
    error = refused(export.source().segments)
    assert "model.json" in error.what
    assert error.why


def test_a_model_that_grew_is_read_again(export: Export) -> None:
    path = export.folder / "model.json"
    path.write_text("{")
    source = export.source()
    refused(source.segments)
    export.segment("Gold", b"1,a,b\n")
    assert [segment.name for segment in source.segments()] == ["Gold"]


def test_two_exports_lie_below_the_folder(export: Export) -> None:
    export.segment("Gold", b"1,a,b\n")
    other = export.folder.parent / "Other"
    other.mkdir()
    (other / "model.json").write_bytes((export.folder / "model.json").read_bytes())
    error = refused(export.source().segments)
    assert "BlobExport" in error.why
    assert "Other" in error.why


def test_there_are_no_partitions_yet(export: Export) -> None:
    export.entity("Gold")
    export.model()
    source = export.source()
    assert "no partitions of Gold yet" in refused(lambda: source.count(GOLD)).what
    assert "no partitions" in source.segments()[0].problem
    export.file("Gold", b"1,a,b\n", number=2)
    assert "2021" in refused(lambda: source.count(GOLD)).why


def test_a_partition_of_the_model_is_missing(export: Export) -> None:
    export.file("Gold", b"1,a,b\n")
    export.entity("Gold", [export.partition("Gold"), export.partition("Gold", number=2)])
    export.model()
    error = refused(lambda: export.source().members(GOLD, []))
    assert "Gold_2.csv" in error.what
    assert "Gold_2.csv" in export.source().segments()[0].problem


def test_a_partition_is_empty(export: Export) -> None:
    export.segment("Gold", b"")
    error = refused(lambda: export.source().count(GOLD))
    assert "empty" in error.what
    assert "inactive" in error.do


def test_a_header_alone_is_a_segment_without_members(export: Export) -> None:
    export.segment("Gold", b"CustomerId,FirstName,EMail\n", columnHeaders=True)
    assert export.source().count(GOLD) == 0


def test_the_text_is_not_utf_8(export: Export) -> None:
    export.segment("Gold", b"1,Kari," + PERSON.encode() + b"\n2,K\xe5re,x@example.com\n")
    assert "not UTF-8" in refused(lambda: rows(export.source(), "Gold", "FirstName")).what
    export.segment("Gold", b"1,K\xe5re," + PERSON.encode() + b"\n")
    assert "not UTF-8" in refused(lambda: rows(export.source(), "Gold", "FirstName")).what


def test_the_encoding_of_the_model_is_unknown_or_wrong(export: Export) -> None:
    export.segment("Gold", b"1,a,b\n", encoding="klingon")
    assert "klingon" in refused(lambda: export.source().count(GOLD)).what
    export.entities.clear()
    export.segment("Gold", b"1,a,\x00\xd8\x00\n", encoding="utf-16-le")
    refused(lambda: export.source().count(GOLD))


def test_the_delimiter_is_wrong(export: Export) -> None:
    export.segment("Gold", b"1;Kari;" + PERSON.encode() + b"\n")
    error = refused(lambda: export.source().count(GOLD))
    assert "1 columns where 3" in error.what
    assert "“;”" in error.do


@pytest.mark.parametrize("broken", [b"2,Kari\n", b"2,Kari,%s,more\n" % PERSON.encode(), b"2\n"])
def test_a_record_has_too_few_or_too_many_columns(export: Export, broken: bytes) -> None:
    export.segment("Gold", b"1,a,b\n" * 5 + broken + b"3,a,b\n")
    error = refused(lambda: export.source().count(GOLD))
    assert "Record 6 of" in error.what
    assert "Gold_1.csv" in error.what


@pytest.mark.parametrize(
    "data",
    [
        b'1,"a",b\n2,"Kari,%s\n3,a,b\n' % PERSON.encode(),
        b'1,a,b\n2,Kari,"%s' % PERSON.encode(),
        b'1,a,b\n2,Kari,"%s\n' % PERSON.encode(),
        b'"1,a,b\n',
    ],
)
def test_a_quoted_value_has_no_end(export: Export, data: bytes) -> None:
    export.segment("Gold", data)
    assert "quot" in refused(lambda: rows(export.source(), "Gold", "EMail")).why


def test_a_file_that_ends_within_a_record_is_never_read_as_whole(export: Export) -> None:
    whole = b'"1","Kari","%s"\n' % PERSON.encode() * 3
    for length in range(len(whole) - len(whole) // 3 + 1, len(whole) - 1):
        if whole[:length].endswith(b'"Kari",'):
            continue  # a last record whose last value is missing cannot be told from a whole one
        export.entities.clear()
        export.segment("Gold", whole[:length])
        with pytest.raises(SourceError):
            export.source().count(GOLD)


def test_a_record_may_not_be_longer_than_a_block(export: Export) -> None:
    export.segment("Gold", b'1,"' + b"x\n" * text_files._BLOCK + b'",b\n')
    assert "no end" in refused(lambda: export.source().count(GOLD)).what
    export.segment("Gold", b"1,a,b\n2," + b"x" * (text_files._BLOCK + 10) + b",b\n")
    refused(lambda: export.source().count(GOLD))


def test_there_is_no_such_column(export: Export) -> None:
    export.segment("Gold", b"1,a,b\n")
    error = refused(lambda: export.source().members(GOLD, ["Shoe\x1b[31msize"]))
    assert "\x1b" not in error.what
    assert "FirstName" in error.why
    assert rows(export.source(), "Gold", "email") == [("1", "b")]


def test_the_header_is_not_that_of_the_model(export: Export) -> None:
    export.segment("Gold", b"CustomerId,EMail,FirstName\n1,a,b\n", columnHeaders=True)
    assert "header" in refused(lambda: export.source().count(GOLD)).what


def test_there_is_no_such_segment_and_none_at_all(export: Export) -> None:
    export.entity("Sales", attributes=("SalesId",))
    export.model()
    assert "Gold" in refused(lambda: export.source().count(GOLD)).what
    assert "no segments" in refused(export.source().segments).what
    (lost,) = export.source(SegmentDefinition(name="Gold")).segments()
    assert "model.json" in lost.problem


@pytest.mark.parametrize(
    "location",
    [
        f"{ADDRESS}CustomerInsights_1f/BlobExport/../../../outside.csv",
        f"{ADDRESS}CustomerInsights_1f/BlobExport/Gold/%2e%2e/%2e%2e/%2e%2e/%2e%2e/outside.csv",
        "../../../outside.csv",
        "Gold/..\\..\\..\\outside.csv",
        "Gold/../../../../outside.csv",
        "/etc/passwd",
        "file:///etc/passwd",
    ],
)
def test_a_partition_never_leads_out_of_the_folder(export: Export, location: str) -> None:
    (export.root / "outside.csv").write_bytes(b"1,a,b\n")
    export.entity("Gold", [{"name": "p", "location": location}])
    export.model()
    refused(lambda: export.source().count(GOLD))


def test_a_link_does_not_lead_out_of_the_folder(export: Export) -> None:
    secret = export.root / "outside.csv"
    secret.write_bytes(b"1,a,b\n")
    path = export.segment("Gold", b"1,a,b\n")
    path.unlink()
    path.symlink_to(secret)
    assert "link" in refused(lambda: export.source().count(GOLD)).what


def test_an_entity_with_a_path_for_a_name_is_refused(export: Export) -> None:
    export.entity("../..")
    export.model()
    refused(lambda: export.source().count(SegmentName("../..")))


def test_a_file_may_not_be_read(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    path = export.segment("Gold", b"1,a,b\n")

    opened = Path.open

    def denied(self: Path, *arguments: Any, **options: Any) -> object:
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", denied)
    error = refused(lambda: export.source().count(GOLD))
    assert path.name in error.what
    assert "chmod" in error.do


def test_a_file_goes_away_while_it_is_read(export: Export) -> None:
    for number in (1, 2):
        export.file("Gold", b"%d,a,b\n" % number, number=number)
    export.entity("Gold", [export.partition("Gold"), export.partition("Gold", number=2)])
    export.model()
    reader = export.source().members(GOLD, [])
    reader.read_next_batch()
    (export.folder / "Gold/2021/10/08/1433/Gold_2.csv").unlink()
    assert "missing" in refused(reader.read_next_batch).what


def test_a_list_of_folders_and_kinds_to_come_are_refused(tmp_path: Path) -> None:
    refused(lambda: open_source(tmp_path, None, []))
    refused(lambda: open_source(tmp_path, ProfilesSection(kind=SourceKind.DATAVERSE, path="x"), []))
    refused(lambda: open_source(tmp_path, ProfilesSection(kind=SourceKind.FOLDER, path=["a", "b"]), []))


def test_conditions_are_not_for_folders(export: Export) -> None:
    export.segment("Gold", b"1,a,b\n")
    (gold,) = export.source(SegmentDefinition(name="Gold", where="1 = 1")).segments()
    assert "files" in gold.problem
