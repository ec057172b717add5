"""The sample environment: the same from the same seed, as dirty as real life, and read by the program itself."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from cctui.definitions.model import ConnectionDefinition, EnvironmentDefinition, ExportDefinition
from cctui.profiles.opening import open_source
from cctui.profiles.source import SegmentName, Source
from cctui.sandbox.sample import SampleFacts, write_environment, write_profiles

PROFILES = 20_000
FIELDS = ("FirstName", "LastName", "EMail", "City", "doNotEmail", "donotBulkEmail", "doNotContact")
RESERVED = re.compile(r"@((.+\.)?example\.(com|net|org)|contoso\.com|fabrikam\.com)$", re.IGNORECASE)
LISTS = {
    "Newsletter": "3b1d6c1e-0000-4000-8000-000000000001",
    "Offers": "3b1d6c1e-0000-4000-8000-000000000002",
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleFacts:
    """A whole environment of 20,000 profiles."""
    root = tmp_path_factory.mktemp("sample")
    facts = write_profiles(root / "profiles", PROFILES)
    write_environment(
        root,
        profiles=PROFILES,
        api="http://127.0.0.1:8025/v3",
        authorization="http://127.0.0.1:8025/oauth2/default/v1",
        list_ids=LISTS,
        client_id="sandbox-key",
        operator='åse "ops"',
        time_zone="Europe/Oslo",
    )
    return facts


def environment(sample: SampleFacts) -> EnvironmentDefinition:
    """The sample's own ``environment.toml``."""
    return msgspec.toml.decode((sample.folder.parent / "environment.toml").read_bytes(), type=EnvironmentDefinition)


def source(sample: SampleFacts) -> Source:
    """The sample's profiles as its environment declares them."""
    declared = environment(sample)
    return open_source(sample.folder.parent, declared.profiles, declared.segments)


def everybody(sample: SampleFacts) -> list[dict[str, str | None]]:
    """All profiles."""
    return list(source(sample).members(SegmentName("AllCustomers"), FIELDS).read_all().to_pylist())


def bytes_of(folder: Path) -> dict[str, str]:
    """Every file with the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_profiles(tmp_path / name, 3_000, seed)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert bytes_of(tmp_path / "a") != bytes_of(tmp_path / "c")


def test_the_segments_have_the_promised_sizes(sample: SampleFacts) -> None:
    counted = {segment.name: source(sample).count(segment.name) for segment in source(sample).segments()}
    assert counted == {segment.name: segment.members for segment in sample.segments}
    assert list(counted.values()) == [20_000, 8_000, 3_000, 1_200, 500, 120, 16]
    assert [segment.share for segment in sample.segments[1:]] == [400_000, 150_000, 60_000, 25_000, 6_000, 800]
    names = [segment.display_name for segment in source(sample).segments()]
    assert names[:2] == ["All customers", "Newsletter readers"]
    assert not any(segment.problem for segment in source(sample).segments())


@pytest.mark.parametrize("profiles", [1, 7, 1_000, 450_000])
def test_every_size_is_whole(tmp_path: Path, profiles: int) -> None:
    write_profiles(tmp_path / "profiles", profiles)
    facts = SampleFacts(tmp_path / "profiles", tmp_path, profiles, 0, ())
    write_environment(
        tmp_path, profiles=profiles, api="a", authorization="b", list_ids=LISTS, client_id="c", operator="d"
    )
    ids = source(facts).members(SegmentName("AllCustomers"), []).read_all().column(0).to_pylist()
    assert len(set(ids)) == len(ids) == profiles
    members = source(facts).members(SegmentName("FutureBaristas"), []).read_all().column(0).to_pylist()
    assert len(members) == max(1, profiles * 800 // 1_000_000)
    assert set(members) <= set(ids)
    partitions = list((tmp_path / "profiles").rglob("AllCustomers_*.csv"))
    assert len(partitions) == (3 if profiles == 450_000 else 1)


def test_an_earlier_run_lies_beside_the_one_that_counts(sample: SampleFacts) -> None:
    runs = sorted(path.as_posix()[-15:] for path in sample.model.parent.glob("HighValueCustomers/*/*/*/*"))
    assert runs == ["2026/11/13/0630", "2026/11/20/0630"]
    high = next(segment for segment in source(sample).segments() if segment.name == "HighValueCustomers")
    assert high.last_refreshed == datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def test_people_have_names_in_many_scripts(sample: SampleFacts) -> None:
    letters = {letter for person in everybody(sample) for letter in (person["FirstName"] or "") + person["LastName"]}  # type: ignore[operator]
    scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in letters if letter.isalpha()}
    wanted = {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "DEVANAGARI"}
    assert wanted | {"THAI"} <= scripts
    assert {"ø", "ș", "ő", "ễ"} <= letters


def test_life_has_left_its_dirt(sample: SampleFacts) -> None:
    people = everybody(sample)
    addresses = [person["EMail"] or "" for person in people]
    names = [person["FirstName"] or "" for person in people]

    def share(count: int) -> float:
        return count / PROFILES

    assert {person["EMail"] for person in people if not (person["EMail"] or "").strip()} == {None, "", "   "}
    assert 0.006 < share(sum(not address.strip() for address in addresses)) < 0.010
    plain = [address.strip().lower() for address in addresses if RESERVED.search(address.strip())]
    assert 0.006 < share(len(plain) - len(set(plain))) < 0.014
    assert any(address != address.strip() for address in addresses)
    assert any(address.isupper() for address in addresses)
    assert 0.0015 < share(sum(len(address) > 50 for address in addresses)) < 0.006
    broken = (" <", "@@", "..", "@-", "[127.0.0.1]", "n/a", "mailto:", ";", "\u200b", "\x07", " at ", "example,com")
    assert [sign for sign in broken if not any(sign in address for address in addresses)] == []
    assert any("@" not in address for address in addresses)
    for flag, least in (("doNotEmail", 0.009), ("donotBulkEmail", 0.006), ("doNotContact", 0.002)):
        assert {person[flag] for person in people} == {"true", "false", None}
        assert least < share(sum(person[flag] == "true" for person in people)) < least * 2
    for sign in ('"', ",", "\n", "\r\n", "\x00", "\x1b[", "\u202e", "=SUM"):
        assert any(sign in name for name in names), repr(sign)
    assert max(map(len, names)) > 50
    assert None in {person["FirstName"] for person in people}


def test_nobody_real_can_be_reached(sample: SampleFacts) -> None:
    whole = [person["EMail"].strip() for person in everybody(sample) if (person["EMail"] or "").count("@") == 1]  # type: ignore[union-attr]
    domains = {address.rpartition("@")[2].lower() for address in whole}
    made_up = ("example", "-", "[127", "contoso", "fabrikam", "aaaa")
    assert [domain for domain in domains if domain and not any(sign in domain for sign in made_up)] == []


def test_the_definitions_are_those_of_the_program(sample: SampleFacts) -> None:
    root = sample.folder.parent
    declared = environment(sample)
    assert declared.environment.time_zone == "Europe/Oslo"
    assert [(user.name, user.role.value) for user in declared.users] == [('åse "ops"', "administrator")]
    connection = msgspec.toml.decode((root / "connections/marketing.toml").read_bytes(), type=ConnectionDefinition)
    assert connection.account is None
    assert connection.consent is not None
    assert connection.endpoints.api == "http://127.0.0.1:8025/v3"
    exports = {
        path.stem: msgspec.toml.decode(path.read_bytes(), type=ExportDefinition)
        for path in (root / "exports").glob("*.toml")
    }
    assert {name: export.id for name, export in exports.items()} == {name: name for name in exports}
    assert {export.display_name for export in exports.values()} == {
        "Everyone, newsletter",
        "High value customers",
        "Reactivation",
        "Loyalty tier change",
        "Old campaign",
    }
    assert exports["everyone-newsletter"].segments == ["AllCustomers"]
    assert exports["everyone-newsletter"].list_id == LISTS["Newsletter"]
    assert exports["old-campaign"].connection is None
    assert exports["loyalty-tier-change"].schedule.run == "off"
    known = {segment.name for segment in source(sample).segments()}
    fields = {attribute.name for attribute in source(sample).attributes()}
    for export in exports.values():
        assert set(export.segments) <= known
        assert {export.data_matching.email, *(mapping.field for mapping in export.attributes)} <= fields
    assert [attribute.name for attribute in source(sample).attributes() if attribute.semantic_type == "email"] == [
        "EMail"
    ]


def test_the_environment_stands_the_checks_of_its_own_room(sample: SampleFacts) -> None:
    environments = pytest.importorskip("cctui.definitions.environment")
    opened = environments.Environment(sample.folder.parent)
    assert opened.read().definition.environment.name == "Contoso Coffee"
    assert [type(stored).__name__ for stored in opened.exports()] == ["Stored"] * 5
    assert [type(stored).__name__ for stored in opened.connections()] == ["Stored"]
