"""A file that does not fit is named with file, line, key, what was found and what is allowed; the others go on."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from definitions_to_try import CONNECTION, ENVIRONMENT, EXPORT
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cctui.definitions.environment import Broken, Environment, NotFound, Stored
from cctui.definitions.model import ConnectionDefinition, EnvironmentDefinition, ExportDefinition
from cctui.definitions.toml_files import LARGEST_FILE, DefinitionError, parse, parse_export
from cctui.errors import ExitCode

KINDS: dict[str, tuple[type[Any], str, Path]] = {
    "export": (ExportDefinition, EXPORT, Path("exports/newsletter.toml")),
    "connection": (ConnectionDefinition, CONNECTION, Path("connections/marketing.toml")),
    "environment": (EnvironmentDefinition, ENVIRONMENT, Path("environment.toml")),
}


def problem_of(kind: str, old: str, new: str) -> DefinitionError:
    """What reading says after ``old`` was replaced by ``new`` in a sound file."""
    declared, text, path = KINDS[kind]
    assert old in text
    with pytest.raises(DefinitionError) as problem:
        parse(text.replace(old, new, 1).encode(), path, declared)
    return problem.value


def line_of(kind: str, text: str) -> int:
    return KINDS[kind][1].partition(text)[0].count("\n") + 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_documented_example_is_read(kind: str) -> None:
    declared, text, path = KINDS[kind]
    assert parse(text.encode(), path, declared)


@pytest.mark.parametrize(
    ("kind", "old", "new", "key", "words"),
    [
        # wrong types
        ("export", 'display_name = "Newsletter, high value"', "display_name = 7", "display_name", ["7", "text"]),
        ("export", 'segments = ["HighValueSegment", "Loyal"]', 'segments = "Loyal"', "segments", ["Loyal", "a list"]),
        ("export", '"Loyal"]', "7]", "segments[1]", ["7", "text"]),
        ("export", "suppress_opted_out = true", 'suppress_opted_out = "yes"', "suppress_opted_out", ["true or false"]),
        ("export", 'field = "LastName"', "field = [1]", "attributes[1].field", ["a list", "text"]),
        ("connection", "created_at = 2026-11-22T10:00:00Z", "created_at = 2026-11-22", "created_at", ["2026-11-22T"]),
        ("connection", "account = {", "account = [", "", ["not valid TOML"]),
        ("environment", "run = true", "run = 1", "schedule.run", ["1", "true or false"]),
        ("environment", 'path = "profiles"', "path = 7", "profiles.path", ["7", "text in quotation marks or a list"]),
        # values that are not among the choices
        ("export", 'run = "custom"', 'run = "custm"', "schedule.run", ["custm", "system-refresh"]),
        ("export", '"mon"', '"monday"', "schedule.days[0]", ["monday", '"mon", "tue", "wed"']),
        ("connection", '"administrators"', '"everybody"', "shared_with", ["everybody", "administrators-and-contrib"]),
        ("connection", '"constant-contact"', '"mailchimp"', "type", ["mailchimp", "constant-contact"]),
        ("environment", '"Europe/Oslo"', '"Europe/Olso"', "environment.time_zone", ["Olso", "Europe/Oslo"]),
        ("environment", '"Europe/Oslo"', '"../../etc/passwd"', "environment.time_zone", ["IANA"]),
        ("environment", 'language = "en"', 'language = "fr"', "environment.language", ["fr", '"en", "de", "nb"']),
        ("environment", 'role = "viewer"', 'role = "admin"', "users[1].role", ["admin", "contributor"]),
        ("environment", '"06:30"]', '"6:30"]', "schedule.times[0]", ["6:30", "06:30"]),
        ("environment", '"06:30"]', '"24:00"]', "schedule.times[0]", ["24:00"]),
        ("environment", '"06:30"]', '"06:30\\n"]', "schedule.times[0]", ["06:30"]),
        # unknown and missing keys
        ("export", "display_name", "display_nam", "display_nam", ["Did you mean", "display_name"]),
        ("export", "[data_matching]", "[data_maching]", "data_maching", ["Did you mean"]),
        ("connection", 'created_by = "ops1"', "", "created_by", ["missing"]),
        ("export", 'email = "EMail"', "", "data_matching.email", ["missing", "text"]),
        ("environment", "[profiles]", "[colour]", "colour", ["not a known key"]),
        # empty and too long
        ("export", '"Newsletter, high value"', '""', "display_name", ["empty"]),
        ("export", '"Newsletter, high value"', '"  "', "display_name", ["empty"]),
        ("export", '"Newsletter, high value"', f'"{"x" * 256}"', "display_name", ["256", "255"]),
        ("export", '["HighValueSegment", "Loyal"]', "[]", "segments", ["at least one"]),
        ("environment", '["06:30"]', '["01:00", "02:00", "03:00", "04:00", "05:00"]', "schedule.times", ["5", "4"]),
        # rules
        ("export", 'id = "newsletter"', 'id = "news"', "id", ["news", "newsletter", "file"]),
        ("export", 'id = "newsletter"', 'id = "News Letter"', "id", ["News Letter", "lower-case"]),
        ("export", "3b1d6c1e-9a52-11ee-8c90-0242ac120002", "3b1d6c1e", "list_id", ["3b1d6c1e", "36 characters"]),
        ("export", '"Loyal"', '"HighValueSegment"', "segments[1]", ["HighValueSegment", "twice"]),
        ("export", '"last_name"', '"First_Name"', "attributes[1].attribute", ["mapped twice"]),
        ("export", '"last_name"', '"email"', "attributes[1].attribute", ["e-mail", "twice"]),
        ("export", 'repeat = "weekly"', 'repeat = "cron"', "schedule.cron", ["cron"]),
        ("export", 'repeat = "weekly"', 'repeat = "monthly"', "schedule.days_of_month", ["day of the month"]),
        ("export", 'repeat = "weekly"', "", "schedule.repeat", ["recurrence"]),
        (
            "export",
            'repeat = "weekly"',
            'repeat = "weekly"\ncron = "every day"',
            "schedule.cron",
            ["every day", "five fields"],
        ),
        ("export", 'days = ["mon", "thu"]', "", "schedule.days", ["weekly"]),
        ("export", 'days = ["mon", "thu"]', "days_of_month = [32]", "schedule.days_of_month[0]", ["32", "1 to 31"]),
        ("export", '"thu"]', '"mon"]', "schedule.days[1]", ["twice"]),
        ("connection", "10:00:00Z", "10:00:00", "created_at", ["time zone", "Z at the end"]),
        ("connection", 'client_id = "5a0c1f2e"', 'client_id = "5a0c 1f2e"', "client_id", ["blank"]),
        ("connection", "http://127.0.0.1:8025/v3", "http://example.com/v3", "endpoints.api", ["https://"]),
        ("connection", "http://127.0.0.1:8025/v3", "https://user:pass@example.com", "endpoints.api", ["tokens"]),
        ("connection", "http://127.0.0.1:8025/v3", "file:///etc/passwd", "endpoints.api", ["tokens"]),
        ("connection", "http://127.0.0.1:8025/v3", "https://[", "endpoints.api", ["tokens"]),
        ("environment", '"Loyal"', '"HighValueSegment"', "segments[1].name", ["listed twice"]),
        ("environment", "members = ", 'where = "a > 1"\nmembers = ', "segments[1].members", ["not both"]),
        ("environment", '"group:crm"', '"ops1"', "users[1].name", ["twice"]),
        ("environment", '"group:crm"', '"group: "', "users[1].name", ["group"]),
        ("environment", 'path = "profiles"', 'path = ["a", "b"]', "profiles.path", ["one path"]),
        ("environment", 'path = "profiles"', 'path = ""', "profiles.path", ["empty"]),
        ("environment", 'days = ["mon", "thu"]', "", "schedule.days", ["weekly"]),
    ],
)
def test_what_does_not_fit_is_named(kind: str, old: str, new: str, key: str, words: list[str]) -> None:
    problem = problem_of(kind, old, new)
    assert problem.key == key
    for word in words:
        assert word in str(problem)
    name = "environment.toml" if kind == "environment" else f"{kind}s/{KINDS[kind][2].name}"
    assert name in problem.what
    assert problem.exit_code is ExitCode.WRONG_USAGE


@pytest.mark.parametrize(
    ("kind", "old", "new", "line_with"),
    [
        ("export", 'field = "LastName"', "field = 7", 'field = "LastName"'),
        ("export", '"thu"]', '"thursday"]', "days = ["),
        ("export", 'email = "EMail"', "", "[data_matching]"),
        ("connection", 'name = "Contoso Coffee"', "name = 7", "account = "),
        ("environment", 'role = "viewer"', 'role = "admin"', 'role = "viewer"'),
        ("environment", 'name = "Contoso Coffee"', 'name = "Contoso Coffee', 'name = "Contoso Coffee"'),
    ],
)
def test_the_line_is_that_of_the_key(kind: str, old: str, new: str, line_with: str) -> None:
    problem = problem_of(kind, old, new)
    assert problem.line == line_of(kind, line_with)
    assert f"line {problem.line}" in problem.what


def test_several_problems_are_counted_and_the_first_one_in_the_file_is_told() -> None:
    text = EXPORT.replace('field = "LastName"', "field = 7").replace('run = "custom"', 'run = "x"')
    with pytest.raises(DefinitionError, match="One more thing does not fit") as problem:
        parse(text.encode(), KINDS["export"][2], ExportDefinition)
    assert problem.value.key == "attributes[1].field"


def test_nothing_secret_and_nothing_that_moves_the_terminal_is_told() -> None:
    found = problem_of(
        "export", '"custom"', '"mette.hansen@contoso.com \\u001b[31m\\u202e access_token=abcdefgh12345678"'
    )
    assert "mette.hansen" not in str(found)
    assert "abcdefgh12345678" not in str(found)
    assert not {"\x1b", "\u202e"} & set(str(found))
    key = problem_of("export", "[data_matching]", '"\\u001b[2J" = 1\n[data_matching]')
    assert "\x1b" not in str(key) + key.key


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", None, "missing"),
        (b'id = "newsletter"\nid = "again"\n', 2, "not valid TOML"),
        (b'id = "newsl', 1, "not valid TOML"),
        (b'a = 1\nb = "\xff\xfe"\n', 2, "UTF-8"),
        ("id = 1".encode("utf-16"), 1, "UTF-8"),
        (b"a = 1\x00", 1, "not valid TOML"),
        (b"a = " + b"[" * 5_000, None, "too deeply"),
        (b"a = " + b"9" * 5_000, None, "not"),
        (b"#" * (LARGEST_FILE + 1), None, "too large"),
    ],
)
def test_a_file_that_is_no_toml_is_named(data: bytes, line: int | None, words: str) -> None:
    with pytest.raises(DefinitionError, match=words) as problem:
        parse(data, KINDS["export"][2], ExportDefinition)
    if line is not None:
        assert problem.value.line == line


@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf")
@example(b"a.b.c = {d.e = [1979-05-27 07:32:00, '''x''']}")
def test_no_bytes_make_reading_fall_over(data: bytes) -> None:
    for kind, _text, path in KINDS.values():
        with pytest.raises(DefinitionError):
            parse(data, path, kind)


@given(st.integers(0, len(EXPORT.encode()) - 1), st.binary(min_size=0, max_size=3))
@settings(max_examples=200)
def test_no_damage_to_a_sound_file_makes_reading_fall_over(at: int, put: bytes) -> None:
    data = EXPORT.encode()
    try:
        parse(data[:at] + put + data[at + 1 :], KINDS["export"][2], ExportDefinition)
    except DefinitionError as problem:
        assert problem.line is None or 1 <= problem.line <= EXPORT.count("\n") + 3


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_file_is_never_taken_for_a_whole_one_without_a_word(kind: str) -> None:
    declared, text, path = KINDS[kind]
    whole = parse(text.encode(), path, declared)
    for length in range(len(text)):
        try:
            part = parse(text[:length].encode(), path, declared)
        except DefinitionError:
            continue
        assert part != whole or text[length:].strip() == "" or text[length:].lstrip().startswith("#")


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    data = b"\xef\xbb\xbf" + EXPORT.replace("\n", "\r\n").encode()
    plain = parse(EXPORT.encode(), KINDS["export"][2], ExportDefinition)
    assert parse(data, KINDS["export"][2], ExportDefinition) == plain
    with pytest.raises(DefinitionError) as problem:
        parse(data.replace(b'"LastName"', b"7"), KINDS["export"][2], ExportDefinition)
    assert problem.value.line == line_of("export", 'field = "LastName"')


def test_list_ids_come_in_lower_case_and_moments_in_utc() -> None:
    upper = EXPORT.replace("3b1d6c1e-9a52-11ee-8c90-0242ac120002", "3B1D6C1E-9A52-11EE-8C90-0242AC120002")
    export = parse(upper.encode(), KINDS["export"][2], ExportDefinition)
    assert export.list_id == "3b1d6c1e-9a52-11ee-8c90-0242ac120002"
    offset = CONNECTION.replace("2026-11-22T10:00:00Z", "2026-11-22T11:00:00+01:00")
    connection = parse(offset.encode(), KINDS["connection"][2], ConnectionDefinition)
    assert connection.created_at == datetime(2026, 11, 22, 11, tzinfo=timezone(timedelta(hours=1)))
    assert connection.created_at.tzinfo is UTC


def test_a_text_without_a_file_is_read_for_the_editor() -> None:
    assert parse_export(EXPORT.replace('id = "newsletter"', 'id = "any-id"')).id == "any-id"
    with pytest.raises(DefinitionError, match="line 1"):
        parse_export("nonsense")


def test_a_broken_file_disables_that_definition_only(environment: Environment) -> None:
    (environment.exports_folder / "newsletter.toml").write_text(EXPORT)
    (environment.exports_folder / "a-broken.toml").write_text(EXPORT.replace('"custom"', '"custm"'))
    (environment.exports_folder / "half.toml").write_text(EXPORT[:40])
    first, *others = environment.exports()
    assert isinstance(first, Stored)
    assert first.definition.id == "newsletter"
    assert [entry.id for entry in others if isinstance(entry, Broken)] == ["a-broken", "half"]
    with pytest.raises(DefinitionError, match="half"):
        environment.export("half")


def test_files_that_are_no_definitions_are_passed_over(environment: Environment) -> None:
    for name in (".newsletter.toml.1a2b.part", ".hidden.toml", "notes.txt", "newsletter.toml~", "newsletter.toml.orig"):
        (environment.exports_folder / name).write_text("whatever")
    assert environment.exports() == []


def test_what_stands_in_the_place_of_a_file_is_named_and_does_not_hang(environment: Environment) -> None:
    (environment.exports_folder / "folder.toml").mkdir()
    os.mkfifo(environment.exports_folder / "pipe.toml")
    (environment.exports_folder / "loop.toml").symlink_to("loop.toml")
    (environment.exports_folder / "dangling.toml").symlink_to("nowhere.toml")
    problems = {entry.id: entry.problem for entry in environment.exports() if isinstance(entry, Broken)}
    assert set(problems) == {"folder", "pipe", "loop"}


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../../outside.toml", "../secrets/marketing.json", "../state/x.toml"]
)
def test_a_link_out_of_the_environment_or_to_a_secret_is_not_read(environment: Environment, target: str) -> None:
    (environment.root.parent / "outside.toml").write_text(EXPORT)
    (environment.secrets_folder / "marketing.json").write_text('{"refresh_token": "canary-1234567890"}')
    (environment.state_folder / "x.toml").write_text(EXPORT)
    (environment.exports_folder / "newsletter.toml").symlink_to(target)
    with pytest.raises(DefinitionError, match="link that leads out") as problem:
        environment.export("newsletter")
    assert "canary" not in str(problem.value)


def test_a_link_inside_the_environment_is_followed(environment: Environment) -> None:
    (environment.root / "shared").mkdir()
    (environment.root / "shared" / "any.toml").write_text(EXPORT)
    (environment.exports_folder / "newsletter.toml").symlink_to("../shared/any.toml")
    assert environment.export("newsletter").definition.id == "newsletter"


def test_an_unreadable_file_disables_that_definition_only(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    (environment.exports_folder / "newsletter.toml").write_text(EXPORT)
    (environment.exports_folder / "locked.toml").write_text(EXPORT)
    system_open = os.open

    def refusing(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).endswith("locked.toml"):
            raise PermissionError(13, "Permission denied", str(path))
        return system_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refusing)
    first, second = environment.exports()
    assert isinstance(first, Stored)
    assert isinstance(second, Broken)
    assert "Permission denied" in str(second.problem)


def test_a_file_that_vanishes_between_listing_and_reading_is_not_there(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = environment.exports_folder / "newsletter.toml"
    path.write_text(EXPORT)
    listed = Path.iterdir

    def list_then_lose(folder: Path) -> Any:
        found = list(listed(folder))
        path.unlink(missing_ok=True)
        return iter(found)

    monkeypatch.setattr(Path, "iterdir", list_then_lose)
    assert environment.exports() == []


def test_an_unknown_id_is_refused_with_the_near_ones(environment: Environment) -> None:
    (environment.exports_folder / "newsletter.toml").write_text(EXPORT)
    with pytest.raises(NotFound, match="Did you mean newsletter"):
        environment.export("newletter")
    for strange in ("", "../environment", "/etc/passwd", ".", "..", "a\0b", "a/b", "x" * 300):
        with pytest.raises(NotFound):
            environment.export(strange)
        with pytest.raises(NotFound):
            environment.connection(strange)
