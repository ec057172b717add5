"""Saving changes what was changed and nothing else: comments, order, quotes and blank lines of people stay."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from definitions_to_try import CONNECTION, ENVIRONMENT, EXPORT
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from cctui.access.roles import Role, Sharing, User
from cctui.definitions.model import (
    Account,
    AttributeMapping,
    ConnectionDefinition,
    Consent,
    DataMatching,
    Endpoints,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ExportSchedule,
    ProfilesSection,
    RefreshSchedule,
    SegmentDefinition,
    SegmentKind,
    SegmentState,
    SourceKind,
)
from cctui.definitions.toml_files import DefinitionError, parse, require_sound, written

PATHS: dict[type[Struct], Path] = {
    ExportDefinition: Path("exports/newsletter.toml"),
    ConnectionDefinition: Path("connections/marketing.toml"),
    EnvironmentDefinition: Path("environment.toml"),
}
SOUND = {ExportDefinition: EXPORT, ConnectionDefinition: CONNECTION, EnvironmentDefinition: ENVIRONMENT}


def read(text: str, kind: type[Any]) -> Any:
    return parse(text.encode(), PATHS[kind], kind)


def changes(text: str, kind: type[Any], **wanted: object) -> list[str]:
    """The lines that a save takes away (-) and puts in (+)."""
    after = written(structs.replace(read(text, kind), **wanted), PATHS[kind], text.encode()).decode()
    assert read(after, kind) == structs.replace(read(text, kind), **wanted)
    compared = difflib.unified_diff(text.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in compared if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize("kind", SOUND)
def test_a_file_stays_byte_for_byte_where_nothing_changed(kind: type[Struct]) -> None:
    for text in (SOUND[kind], SOUND[kind].replace("\n", "\r\n"), "\ufeff" + SOUND[kind]):
        assert written(read(text, kind), PATHS[kind], text.encode()) == text.encode()


def test_one_changed_value_is_one_changed_line_and_keeps_its_comment() -> None:
    assert changes(EXPORT, ExportDefinition, data_matching=DataMatching(email="WorkEMail")) == [
        '-email = "EMail" # the first one',
        '+email = "WorkEMail" # the first one',
    ]


def test_sharing_a_connection_touches_one_line_c18() -> None:
    shared = Sharing.ADMINISTRATORS_AND_CONTRIBUTORS
    assert changes(CONNECTION, ConnectionDefinition, shared_with=shared) == [
        '-shared_with = "administrators"      # ask Mette before this changes',
        '+shared_with = "administrators-and-contributors"      # ask Mette before this changes',
    ]


def test_detaching_takes_away_one_line_and_attaching_puts_it_back_c22() -> None:
    assert changes(EXPORT, ExportDefinition, connection=None) == [
        '-connection = "marketing"            # the shared one'
    ]
    detached = EXPORT.replace('connection = "marketing"            # the shared one\n', "")
    assert changes(detached, ExportDefinition, connection="marketing") == ['+connection = "marketing"']
    after = written(read(EXPORT, ExportDefinition), PATHS[ExportDefinition], detached.encode()).decode()
    assert after.splitlines()[:4] == [*EXPORT.splitlines()[:3], 'connection = "marketing"']


def test_a_written_default_stays_written_when_it_comes_back() -> None:
    shared = CONNECTION.replace('"administrators"', '"administrators-and-contributors"')
    assert changes(shared, ConnectionDefinition, shared_with=Sharing.ADMINISTRATORS)[1] == (
        '+shared_with = "administrators"      # ask Mette before this changes'
    )


def test_a_schedule_that_is_switched_off_loses_only_its_times() -> None:
    assert changes(EXPORT, ExportDefinition, schedule=ExportSchedule(run="off")) == [
        '-run = "custom"',
        '-repeat = "weekly"',
        '-days = ["mon", "thu"]',
        '-times = ["06:30"]',
        '+run = "off"',
    ]


def test_removing_an_attribute_leaves_the_comment_of_the_next_section() -> None:
    attributes = read(EXPORT, ExportDefinition).attributes
    assert changes(EXPORT, ExportDefinition, attributes=attributes[:1]) == [
        "-[[attributes]]",
        '-attribute = "last_name"',
        '-field = "LastName"',
    ]
    after = written(
        structs.replace(read(EXPORT, ExportDefinition), attributes=[]), PATHS[ExportDefinition], EXPORT.encode()
    )
    assert b"# Schedule: twice a week\n[schedule]" in after


def test_adding_an_attribute_puts_it_after_the_others() -> None:
    attributes = read(EXPORT, ExportDefinition).attributes
    city = AttributeMapping(attribute="city", field="City")
    after = written(
        structs.replace(read(EXPORT, ExportDefinition), attributes=[*attributes, city]),
        PATHS[ExportDefinition],
        EXPORT.encode(),
    ).decode()
    assert 'field = "LastName"\n\n[[attributes]]\nattribute = "city"\nfield = "City"\n\n# Schedule' in after


def test_attributes_change_places_with_what_is_written_in_them() -> None:
    text = EXPORT.replace('field = "FirstName"', 'field = "FirstName" # given name')
    first, second = read(text, ExportDefinition).attributes
    after = written(
        structs.replace(read(text, ExportDefinition), attributes=[second, first]),
        PATHS[ExportDefinition],
        text.encode(),
    ).decode()
    assert after.index('"last_name"') < after.index('"first_name"')
    assert 'field = "FirstName" # given name' in after
    assert "# since 2027" in after


def test_a_new_section_gets_a_place_of_its_own() -> None:
    unsigned = CONNECTION.partition("# agreed")[0]
    agreed = Consent(accepted_by="ops1", accepted_at=datetime(2027, 1, 2, 3, 4, tzinfo=UTC))
    assert changes(unsigned, ConnectionDefinition, consent=agreed) == [
        "+[consent]",
        '+accepted_by = "ops1"',
        "+accepted_at = 2027-01-02T03:04:00Z",
        "+",
    ]
    after = written(
        structs.replace(read(CONNECTION, ConnectionDefinition), consent=None),
        PATHS[ConnectionDefinition],
        CONNECTION.encode(),
    ).decode()
    back = written(read(CONNECTION, ConnectionDefinition), PATHS[ConnectionDefinition], after.encode()).decode()
    assert back.index("created_at") < back.index("[consent]") < back.index("[endpoints]")


def test_a_list_of_segments_on_several_lines_keeps_its_style_and_comments() -> None:
    text = EXPORT.replace(
        '["HighValueSegment", "Loyal"]', '[\n  "HighValueSegment", # big\n  # old friends\n  "Loyal",\n]'
    )
    assert changes(text, ExportDefinition, segments=["HighValueSegment", "Loyal", "Winback"]) == ['+  "Winback",']
    assert changes(text, ExportDefinition, segments=["HighValueSegment"]) == ['-  "Loyal",']
    bare = EXPORT.replace('["HighValueSegment", "Loyal"]', '[\n  "HighValueSegment",\n  "Loyal",\n]')
    assert changes(bare, ExportDefinition, segments=["Loyal", "HighValueSegment"]) in (
        ['-  "HighValueSegment",', '+  "HighValueSegment",'],
        ['+  "Loyal",', '-  "Loyal",'],
    )


def test_windows_line_ends_and_the_byte_order_mark_stay() -> None:
    text = "\ufeff" + EXPORT.replace("\n", "\r\n")
    wanted = structs.replace(
        read(text, ExportDefinition),
        segments=["A" * 60, "B" * 60],
        connection=None,
        attributes=[AttributeMapping(attribute="city", field="City")],
    )
    after = written(wanted, PATHS[ExportDefinition], text.encode())
    assert after.startswith(b"\xef\xbb\xbf")
    assert after.count(b"\n") == after.count(b"\r\n")
    assert parse(after, PATHS[ExportDefinition], ExportDefinition) == wanted


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('[data_matching]\nemail = "EMail" # the first one\n', ""),
        ('[data_matching]\nemail = "EMail" # the first one\n', "[ data_matching ] # x\n\t'email' = '''EMail'''\n"),
        ("[[attributes]]", "[[ attributes ]]"),
        ("\n# Schedule", "# Schedule"),
        ('times = ["06:30"]\n', 'times = ["06:30"]'),
    ],
)
def test_unusual_forms_are_edited_too(old: str, new: str) -> None:
    text = EXPORT.replace(old, new)
    if "data_matching" not in text:
        text = text.replace("suppress_opted_out", 'data_matching.email = "EMail"\nsuppress_opted_out')
    wanted = structs.replace(
        read(text, ExportDefinition),
        connection=None,
        data_matching=DataMatching(email="Other"),
        attributes=[*read(text, ExportDefinition).attributes[1:], AttributeMapping(attribute="zip", field="Zip")],
        schedule=ExportSchedule(run="custom", repeat="cron", cron="0 6 * * *"),
    )
    after = written(wanted, PATHS[ExportDefinition], text.encode()).decode()
    assert read(after, ExportDefinition) == wanted
    assert "# since 2027" in after


def test_tables_in_one_line_are_edited_too() -> None:
    text = (
        'id = "newsletter"\ndisplay_name = "N"\nlist_id = "3b1d6c1e-9a52-11ee-8c90-0242ac120002"\nsegments = ["A"]\n'
        'data_matching = {email = "EMail"}\nattributes = [\n  {attribute = "zip", field = "Z"}, # post\n]\n'
        'schedule.run = "off" # not yet'
    )
    wanted = structs.replace(
        read(text, ExportDefinition),
        data_matching=DataMatching(email="Other"),
        attributes=[
            AttributeMapping(attribute="zip", field="Z"),
            AttributeMapping(attribute="city", field="C"),
        ],
        schedule=ExportSchedule(run="custom", repeat="daily", times=["06:30"]),
    )
    after = written(wanted, PATHS[ExportDefinition], text.encode()).decode()
    assert read(after, ExportDefinition) == wanted
    assert "# post" in after
    assert "# not yet" in after


def test_a_file_that_does_not_fit_is_never_overwritten() -> None:
    with pytest.raises(DefinitionError, match="custm"):
        written(read(EXPORT, ExportDefinition), PATHS[ExportDefinition], EXPORT.replace("custom", "custm").encode())


# -- any definition at all ---------------------------------------------------------------------------------------------

WORDS = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()))
TIMES = st.times().map(lambda time: f"{time:%H:%M}")
DAYS = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), unique=True, max_size=7)
MOMENTS = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


SCHEDULES = st.builds(
    ExportSchedule,
    run=st.sampled_from(["system-refresh", "off"]),
    repeat=maybe(st.sampled_from(["daily", "weekly", "monthly", "cron"])),
    days=DAYS,
    days_of_month=st.lists(st.integers(1, 31), unique=True, max_size=5),
    times=st.lists(TIMES, unique=True, max_size=5),
    cron=maybe(st.just("30 6 * * 1-5")),
) | st.builds(
    ExportSchedule,
    run=st.just("custom"),
    repeat=st.just("daily"),
    times=st.lists(TIMES, min_size=1, max_size=3, unique=True),
)
EXPORTS = st.builds(
    ExportDefinition,
    id=st.just("newsletter"),
    display_name=WORDS,
    connection=maybe(st.just("marketing")),
    list_id=st.uuids().map(str),
    segments=st.lists(WORDS, min_size=1, max_size=12, unique=True),
    data_matching=st.builds(DataMatching, email=WORDS),
    attributes=st.lists(
        st.builds(AttributeMapping, attribute=WORDS.map(lambda text: f"cf:{text}"), field=WORDS),
        max_size=4,
        unique_by=lambda mapping: mapping.attribute.strip().casefold(),
    ),
    schedule=SCHEDULES,
    suppress_opted_out=st.booleans(),
)
CONNECTIONS = st.builds(
    ConnectionDefinition,
    id=st.just("marketing"),
    display_name=WORDS,
    shared_with=st.sampled_from(Sharing),
    client_id=st.uuids().map(str),
    account=maybe(st.builds(Account, id=WORDS, name=WORDS)),
    export_user=maybe(WORDS),
    created_by=WORDS,
    created_at=MOMENTS,
    consent=maybe(st.builds(Consent, accepted_by=WORDS, accepted_at=MOMENTS)),
    endpoints=st.sampled_from([Endpoints(), Endpoints(api="http://localhost:1/v3"), Endpoints(api="https://[::1]/v3")]),
)
ENVIRONMENTS = st.builds(
    EnvironmentDefinition,
    environment=st.builds(
        EnvironmentSection,
        name=WORDS,
        language=maybe(st.sampled_from(["en", "zh-CN", "ro"])),
        time_zone=st.sampled_from(["UTC", "Europe/Oslo", "Asia/Shanghai"]),
    ),
    profiles=maybe(
        st.builds(
            ProfilesSection,
            kind=st.just(SourceKind.FILES),
            path=st.just("profiles") | st.lists(st.just("a/*.csv") | st.just("b.parquet"), min_size=1, max_size=3),
            id_field=st.sampled_from(["CustomerId", "Id"]),
            delimiter=maybe(st.sampled_from([";", "\t"])),
        )
    ),
    segments=st.lists(
        st.builds(
            SegmentDefinition,
            name=WORDS,
            display_name=maybe(WORDS),
            kind=st.sampled_from(SegmentKind),
            state=st.sampled_from(SegmentState),
            where=maybe(WORDS),
        ),
        max_size=4,
        unique_by=lambda segment: segment.name,
    ),
    schedule=st.just(RefreshSchedule())
    | st.builds(RefreshSchedule, run=st.just(True), repeat=st.just("daily"), times=st.just(["06:30"])),
    users=st.lists(
        st.builds(User, name=WORDS.filter(lambda text: not text.startswith("group:")), role=st.sampled_from(Role)),
        max_size=4,
        unique_by=lambda user: user.name,
    ),
)
ANY = st.one_of(EXPORTS, CONNECTIONS, ENVIRONMENTS)


@given(ANY)
def test_every_definition_comes_back_as_it_was_saved(definition: Struct) -> None:
    path = PATHS[type(definition)]
    require_sound(definition, path)
    data = written(definition, path, None)
    assert parse(data, path, type(definition)) == definition
    assert written(definition, path, data) == data


def comments(text: str) -> list[str]:
    """The comment lines of a text, and those behind keys that no change takes away."""
    return sorted(re.findall(r"^[ \t]*(#.*)$", text, re.MULTILINE))


@given(
    st.one_of(
        *(
            st.tuples(st.just(text), strategy)
            for text, strategy in ((EXPORT, EXPORTS), (CONNECTION, CONNECTIONS), (ENVIRONMENT, ENVIRONMENTS))
        )
    )
)
@settings(max_examples=150)
def test_comment_lines_survive_every_edit(case: tuple[str, Struct]) -> None:
    text, definition = case
    path = PATHS[type(definition)]
    after = written(definition, path, text.encode())
    assert parse(after, path, type(definition)) == definition
    assert comments(after.decode()) == comments(text)


@given(EXPORTS, EXPORTS, st.booleans())
@settings(max_examples=150)
def test_any_definition_can_become_any_other(first: ExportDefinition, second: ExportDefinition, windows: bool) -> None:
    path = PATHS[ExportDefinition]
    data = written(first, path, None)
    if windows:
        data = data.replace(b"\n", b"\r\n")
    after = written(second, path, data)
    assert parse(after, path, ExportDefinition) == second
    assert parse(written(first, path, after), path, ExportDefinition) == first


@given(
    st.lists(
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r"), max_size=10),
        min_size=1,
        max_size=6,
        unique=True,
    ),
    st.data(),
)
def test_any_commented_list_can_become_any_other(names: list[str], data: st.DataObject) -> None:
    named = [f"s{name}" for name in names]
    entries = "".join(
        f"  {_quoted(name)}, # about {position}\n  # below {position}\n" for position, name in enumerate(named)
    )
    text = EXPORT.replace('["HighValueSegment", "Loyal"]', f"[\n{entries}]")
    wanted = data.draw(st.lists(st.sampled_from(named) | WORDS, min_size=1, max_size=8, unique=True))
    definition = structs.replace(read(text, ExportDefinition), segments=wanted)
    after = written(definition, PATHS[ExportDefinition], text.encode()).decode()
    assert read(after, ExportDefinition) == definition
    for position in range(len(named)):
        assert f"# below {position}" in after


def _quoted(name: str) -> str:
    import tomlkit

    return tomlkit.item(name).as_string()
