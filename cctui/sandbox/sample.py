"""A sample environment from a seed: Contoso Coffee, its profiles as a storage export leaves them, its exports.

Every row is a function of its number and the seed, made by DuckDB in columns and written as it is made, so a million
profiles need seconds and little memory. All addresses are in domains reserved for examples.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from cctui.host import files
from cctui.sandbox import sample_profiles

if TYPE_CHECKING:
    import duckdb

SEED = 20261122
ID_FIELD = "CustomerId"
_INSTANCE = "CustomerInsights_6c1f8d52-7a3b-4e0d-9b61-2f4f0c9d1e77"
_EXPORT = "ContosoExport"
_REFRESHED = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
_ROWS_A_FILE = 200_000


class SampleSegment(Struct, frozen=True):
    """A segment of the sample: its entity, how lists show it, and how many of a million profiles are in it."""

    name: str
    display_name: str
    kind: str
    share: int
    members: int = 0


SEGMENTS = (
    SampleSegment("AllCustomers", "All customers", "dynamic", 1_000_000),
    SampleSegment("NewsletterReaders", "Newsletter readers", "dynamic", 400_000),
    SampleSegment("Reactivation", "Reactivation", "dynamic", 150_000),
    SampleSegment("LoyaltyTierChange", "Loyalty tier change", "dynamic", 60_000),
    SampleSegment("HighValueCustomers", "High value customers", "dynamic", 25_000),
    SampleSegment("TastingClub", "Tasting club", "static", 6_000),
    SampleSegment("FutureBaristas", "Future baristas", "expansion", 800),
)


class SampleFacts(Struct, frozen=True):
    """What was written: the folder to name as ``[profiles] path``, and the segments with their members."""

    folder: Path
    model: Path
    profiles: int
    seed: int
    segments: tuple[SampleSegment, ...]


def write_profiles(folder: Path, profiles: int, seed: int = SEED, *, refreshed: datetime = _REFRESHED) -> SampleFacts:
    """Write ``profiles`` unified profiles and their segments below ``folder`` in the layout of a storage export.

    The same arguments give the same bytes. ``AllCustomers`` holds all profiles, six segments a share of them. The
    model is written last, and one segment has an earlier run that nobody may read.
    """
    export = folder / _INSTANCE / _EXPORT
    connection = sample_profiles.connect(seed, profiles)
    try:
        segments = tuple(_segment(segment, profiles) for segment in SEGMENTS)
        entities = [_write_entity(connection, export, segment, profiles, refreshed) for segment in segments]
        _write_entity(connection, export, segments[4], profiles // 2, refreshed - timedelta(days=7))
    finally:
        connection.close()
    model = {
        "application": "Customer Insights",
        "name": _EXPORT,
        "version": "1.0",
        "culture": "en-US",
        "modifiedTime": _iso(refreshed),
        "entities": entities,
    }
    path = export / "model.json"
    files.save(path, json.dumps(model, indent=2).encode() + b"\n")
    return SampleFacts(folder, path, profiles, seed, segments)


def write_environment(
    folder: Path,
    *,
    profiles: int,
    api: str,
    authorization: str,
    list_ids: Mapping[str, str],
    client_id: str,
    operator: str,
    time_zone: str = "UTC",
    created: datetime = _REFRESHED,
) -> None:
    """Write the definitions of the sample: environment, one connection that nobody signed in to, five exports.

    Profiles are those that :func:`write_profiles` puts in ``folder / "profiles"``; ``profiles`` is their number.
    ``list_ids`` gives the lists by name, in the order of use; ``operator`` becomes administrator and export user.
    """
    texts = {"connections/marketing.toml": _connection(api, authorization, client_id, operator, created)}
    lists = list(list_ids.values())
    for number, export in enumerate(_EXPORTS):
        texts[f"exports/{export.id}.toml"] = _export(export, lists[number % len(lists)])
    # Last, so that an environment that is there is whole.
    texts["environment.toml"] = _environment(profiles, operator, time_zone)
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        files.save(path, text.encode())


class _SampleExport(Struct, frozen=True):
    id: str
    display_name: str
    segments: tuple[str, ...]
    schedule: str
    connected: bool = True
    attributes: tuple[tuple[str, str], ...] = (("first_name", "FirstName"), ("last_name", "LastName"))


_EXPORTS = (
    _SampleExport("everyone-newsletter", "Everyone, newsletter", ("AllCustomers",), 'run = "system-refresh"'),
    _SampleExport(
        "high-value-customers", "High value customers", ("HighValueCustomers", "TastingClub"), 'run = "system-refresh"'
    ),
    _SampleExport(
        "reactivation",
        "Reactivation",
        ("Reactivation",),
        'run = "custom"\nrepeat = "weekly"\ndays = ["mon", "thu"]\ntimes = ["06:30"]',
    ),
    _SampleExport("loyalty-tier-change", "Loyalty tier change", ("LoyaltyTierChange", "FutureBaristas"), 'run = "off"'),
    _SampleExport("old-campaign", "Old campaign", ("NewsletterReaders",), 'run = "system-refresh"', connected=False),
)


def _segment(segment: SampleSegment, profiles: int) -> SampleSegment:
    members = max(min(1, profiles), profiles * segment.share // 1_000_000)
    return SampleSegment(segment.name, segment.display_name, segment.kind, segment.share, members)


def _write_entity(
    connection: duckdb.DuckDBPyConnection, export: Path, segment: SampleSegment, profiles: int, refreshed: datetime
) -> dict[str, object]:
    """Write one run of a segment; returns its entity in the model."""
    run = f"{segment.name}/{refreshed:%Y/%m/%d/%H%M}"
    (export / run).mkdir(parents=True, exist_ok=True)
    partitions: list[dict[str, object]] = []
    for number, (first, end) in enumerate(_ranges(segment.members, profiles), start=1):
        name = f"{segment.name}_{number}"
        sample_profiles.copy(connection, export / run / f"{name}.csv", first, end, segment.members, profiles)
        partitions.append(
            {
                "name": name,
                "refreshTime": _iso(refreshed),
                "location": f"https://contosocoffee.blob.core.windows.net/insights/{_INSTANCE}/{_EXPORT}/{run}/{name}.csv",
                "fileFormatSettings": {"$type": "CsvFormatSettings", "columnHeaders": False, "delimiter": ","},
            }
        )
    attributes = [_attribute(name, data_type) for name, data_type in sample_profiles.COLUMNS]
    return {"$type": "LocalEntity", "name": segment.name, "attributes": attributes, "partitions": partitions}


def _ranges(members: int, profiles: int) -> Iterator[tuple[int, int]]:
    """The profiles of each file of a segment, so that none has many more than the rows of a file."""
    count = max(1, math.ceil(members / _ROWS_A_FILE))
    size = max(1, math.ceil(profiles / count))
    for number in range(count):
        yield number * size, min(profiles, (number + 1) * size)


def _attribute(name: str, data_type: str) -> dict[str, object]:
    attribute: dict[str, object] = {"name": name, "dataType": data_type}
    if name == "EMail":
        attribute["annotations"] = [{"name": "c360:SemanticType", "value": "Person.Email"}]
    return attribute


def _environment(profiles: int, operator: str, time_zone: str) -> str:
    head = f"""\
# A sample: Contoso Coffee, {profiles} profiles, made by the demo.

[environment]
name = "Contoso Coffee"
time_zone = {_text(time_zone)}

[profiles]
kind = "folder"
path = "profiles"
id_field = "{ID_FIELD}"
"""
    facts = [
        f'\n[[segments]]\nname = "{segment.name}"\ndisplay_name = "{segment.display_name}"\ntype = "{segment.kind}"\n'
        for segment in SEGMENTS
    ]
    schedule = '\n[schedule]\nrun = false\nrepeat = "weekly"\ndays = ["mon", "thu"]\ntimes = ["06:30"]\n'
    users = f'\n[[users]]\nname = {_text(operator)}\nrole = "administrator"\n'
    return "".join([head, *facts, schedule, users])


def _connection(api: str, authorization: str, client_id: str, operator: str, created: datetime) -> str:
    return f"""\
id = "marketing"
display_name = "Constant Contact, marketing"
type = "constant-contact"
shared_with = "administrators-and-contributors"
client_id = {_text(client_id)}
export_user = {_text(operator)}
created_by = {_text(operator)}
created_at = {_iso(created)}

[consent]
accepted_by = {_text(operator)}
accepted_at = {_iso(created)}

[endpoints]
api = {_text(api)}
authorization = {_text(authorization)}
"""


def _export(export: _SampleExport, list_id: str) -> str:
    connection = 'connection = "marketing"\n' if export.connected else ""
    attributes = "".join(
        f'\n[[attributes]]\nattribute = "{attribute}"\nfield = "{field}"\n' for attribute, field in export.attributes
    )
    return (
        f'id = "{export.id}"\ndisplay_name = "{export.display_name}"\n{connection}list_id = {_text(list_id)}\n'
        f'segments = {json.dumps(list(export.segments))}\n\n[data_matching]\nemail = "EMail"\n{attributes}\n'
        f"[schedule]\n{export.schedule}\n"
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(value: str) -> str:
    """A TOML string; JSON's quoting is a part of TOML's."""
    return json.dumps(value, ensure_ascii=False)
