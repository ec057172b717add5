"""The three kinds of files in their documented form (design: files on disk), small definitions, and operators."""

from __future__ import annotations

from datetime import UTC, datetime

from cctui.access.roles import Operator, Role, Sharing
from cctui.definitions.model import ConnectionDefinition, DataMatching, ExportDefinition

ENVIRONMENT = """\
# What this box delivers.
[environment]
name = "Contoso Coffee"
language = "en"                     # of screens and reports
time_zone = "Europe/Oslo"

[profiles]
kind = "folder"
path = "profiles"                   # relative to this file

# Names for people.
[[segments]]
name = "HighValueSegment"
display_name = "High value customers"

[[segments]]
name = "Loyal"
members = "segments/loyal.parquet"

[schedule]
run = true
repeat = "weekly"
days = ["mon", "thu"]
times = ["06:30"]                   # before the shops open

[[users]]
name = "ops1"
role = "administrator"

# The whole team looks on.
[[users]]
name = "group:crm"
role = "viewer"
"""

CONNECTION = """\
id = "marketing"
display_name = "Constant Contact, marketing"
type = "constant-contact"
shared_with = "administrators"      # ask Mette before this changes
client_id = "5a0c1f2e"
account = { id = "a07e1n5", name = "Contoso Coffee" }
export_user = "ops1"
created_by = "ops1"
created_at = 2026-11-22T10:00:00Z

# agreed in the meeting of November
[consent]
accepted_by = "ops1"
accepted_at = 2026-11-22T10:00:00Z

[endpoints]                         # the sandbox
api = "http://127.0.0.1:8025/v3"
authorization = "http://127.0.0.1:8025/oauth2/default/v1"
"""

EXPORT = """\
# Every second Thursday the copy is new.
id = "newsletter"
display_name = "Newsletter, high value"
connection = "marketing"            # the shared one
list_id = "3b1d6c1e-9a52-11ee-8c90-0242ac120002"
segments = ["HighValueSegment", "Loyal"]
suppress_opted_out = true

# how people are found
[data_matching]
email = "EMail" # the first one

[[attributes]]
attribute = "first_name"
field = "FirstName"

# since 2027
[[attributes]]
attribute = "last_name"
field = "LastName"

# Schedule: twice a week
[schedule]
run = "custom"
repeat = "weekly"
days = ["mon", "thu"]
times = ["06:30"]
"""

LIST_ID = "3b1d6c1e-9a52-11ee-8c90-0242ac120002"
ADMINISTRATOR = Operator("ops1", Role.ADMINISTRATOR)
CONTRIBUTOR = Operator("ops2", Role.CONTRIBUTOR)
VIEWER = Operator("ops3", Role.VIEWER)


def an_export(export_id: str = "newsletter", **content: object) -> ExportDefinition:
    facts: dict[str, object] = {
        "id": export_id,
        "display_name": export_id.capitalize(),
        "list_id": LIST_ID,
        "segments": ["HighValueSegment"],
        "data_matching": DataMatching(email="EMail"),
    }
    return ExportDefinition(**{**facts, **content})  # type: ignore[arg-type]


def a_connection(
    connection_id: str = "marketing", sharing: Sharing = Sharing.ADMINISTRATORS, **content: object
) -> ConnectionDefinition:
    facts: dict[str, object] = {
        "id": connection_id,
        "display_name": f"Constant Contact, {connection_id}",
        "shared_with": sharing,
        "client_id": "5a0c1f2e",
        "created_by": "ops1",
        "created_at": datetime(2026, 11, 22, 10, tzinfo=UTC),
    }
    return ConnectionDefinition(**{**facts, **content})  # type: ignore[arg-type]
