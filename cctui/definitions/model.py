"""The definitions as typed facts, in the shape of the files (design: files on disk).

Field names are the keys of the TOML. Reading, checking, saving and watching the files is the business of the modules
beside this one; nothing here touches a disk.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, NewType

from msgspec import Meta, Struct, field

from cctui.access.roles import Sharing, User
from cctui.locales import N_

ConnectionId = NewType("ConnectionId", str)
ExportId = NewType("ExportId", str)
ListId = NewType("ListId", str)
"""A Constant Contact list, a UUID of 36 characters in lower case."""

Identifier = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,63}\Z",
        description=N_("lower-case letters, digits and hyphens, 64 at most, beginning with a letter or digit"),
    ),
]
"""What a definition is called in file names, commands and other definitions."""
Text = Annotated[str, Meta(min_length=1, max_length=255)]
LanguageCode = Literal["en", "de", "nb", "zh-CN", "hu", "ro"]
TimeOfDay = Annotated[
    str,
    Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description=N_("a time of day with 24 hours, such as 06:30")),
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CONSTANT_CONTACT = "Constant Contact"
"""The type of connections, by its own name in every language."""
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A TOML table: a key that is not declared is an error, never ignored."""


class SourceKind(StrEnum):
    """Where profiles come from."""

    FOLDER = "folder"
    FILES = "files"
    DATAVERSE = "dataverse"
    WAREHOUSE = "warehouse"


class EnvironmentSection(_Table, frozen=True, kw_only=True):
    """``[environment]``: the name in the header, the language and the time zone of times (IANA name)."""

    name: Text
    language: LanguageCode | None = None
    time_zone: str = "UTC"


class ProfilesSection(_Table, frozen=True, kw_only=True):
    """``[profiles]``: the source. ``path`` is relative to the environment; ``files`` takes a glob or a list.

    ``id_field`` names the column that identifies a profile, ``delimiter`` that of CSV files where it is not a comma.
    """

    kind: SourceKind
    path: str | list[str]
    id_field: str = "CustomerId"
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None


class SegmentKind(StrEnum):
    """Documented types of a segment (checklist G2)."""

    DYNAMIC = "dynamic"
    STATIC = "static"
    EXPANSION = "expansion"


class SegmentState(StrEnum):
    """Documented states of a segment (checklist G3)."""

    ACTIVE = "active"
    INACTIVE = "inactive"


SEGMENT_KIND_TITLES = {
    SegmentKind.DYNAMIC: N_("Dynamic"),
    SegmentKind.STATIC: N_("Static"),
    SegmentKind.EXPANSION: N_("Expansion"),
}
SEGMENT_STATE_TITLES = {SegmentState.ACTIVE: N_("Active"), SegmentState.INACTIVE: N_("Inactive")}
"""Types and states as they are shown; translate with ``_``."""


class SegmentDefinition(_Table, frozen=True, kw_only=True):
    """``[[segments]]``: facts about a segment, or its definition for sources that have none of their own.

    At most one of ``where`` (a condition on the profile table) and ``members`` (a file of ids) is given.
    """

    name: Text
    display_name: str | None = None
    kind: SegmentKind = field(name="type", default=SegmentKind.DYNAMIC)
    state: SegmentState = SegmentState.ACTIVE
    where: str | None = None
    members: str | None = None


class RefreshSchedule(_Table, frozen=True, kw_only=True):
    """``[schedule]``: the system refresh, off by default (checklist R15)."""

    run: bool = False
    repeat: Literal["weekly", "daily"] = "weekly"
    days: list[Weekday] = field(default_factory=list)
    times: Annotated[list[TimeOfDay], Meta(max_length=4)] = field(default_factory=list)


class SecretStore(StrEnum):
    """Where sign-ins are kept on this box."""

    FILES = "files"
    KEYRING = "keyring"


class SecretsSection(_Table, frozen=True, kw_only=True):
    """``[secrets]``: where a sign-in is kept; the system keyring needs one that works without a person (README)."""

    store: SecretStore = SecretStore.FILES


class AlertEvent(StrEnum):
    """What an alert can be about."""

    FAILED = "failed"
    ERRORS = "errors"
    LATE = "late"
    SIGN_IN = "sign-in"


class AlertDefinition(_Table, frozen=True, kw_only=True):
    """``[[alerts]]``: somebody who is told when something goes wrong, and when it is over.

    ``secret`` names the file in ``secrets/alerts`` that holds the address, which is one of Apprise's and may hold a
    password. ``errors`` are told where more than ``share`` percent of the selected profiles were rejected.
    """

    secret: Identifier
    events: list[AlertEvent] = field(default_factory=lambda: list(AlertEvent))
    share: Annotated[int, Meta(ge=0, le=100)] = 5


class EnvironmentDefinition(_Table, frozen=True, kw_only=True):
    """``environment.toml``."""

    environment: EnvironmentSection
    profiles: ProfilesSection | None = None
    segments: list[SegmentDefinition] = field(default_factory=list)
    schedule: RefreshSchedule = field(default_factory=RefreshSchedule)
    secrets: SecretsSection = field(default_factory=SecretsSection)
    users: list[User] = field(default_factory=list)
    alerts: list[AlertDefinition] = field(default_factory=list)


class Account(_Table, frozen=True, kw_only=True):
    """The Constant Contact account that a connection was signed in to: ``encoded_account_id`` and organisation."""

    id: str
    name: str


class Consent(_Table, frozen=True, kw_only=True):
    """``[consent]``: who agreed to *Data privacy and compliance*, and when (aware, UTC)."""

    accepted_by: str
    accepted_at: datetime


class Endpoints(_Table, frozen=True, kw_only=True):
    """``[endpoints]``: where the service is; absent means the real one (API guide, overview)."""

    api: str = "https://api.cc.email/v3"
    authorization: str = "https://authz.constantcontact.com/oauth2/default/v1"


class ConnectionDefinition(_Table, frozen=True, kw_only=True):
    """``connections/<id>.toml``. Without ``account`` nobody has signed in yet."""

    id: Identifier
    display_name: Text
    type: Literal["constant-contact"] = "constant-contact"
    shared_with: Sharing = Sharing.ADMINISTRATORS
    client_id: Text
    account: Account | None = None
    export_user: str | None = None
    created_by: str
    created_at: datetime
    consent: Consent | None = None
    endpoints: Endpoints = field(default_factory=Endpoints)


class DataMatching(_Table, frozen=True, kw_only=True):
    """``[data_matching]``: the field of the profile that holds the e-mail address."""

    email: Text


class AttributeMapping(_Table, frozen=True, kw_only=True):
    """One ``[[attributes]]``: a Constant Contact attribute (``first_name``, ``cf:tier``) and the profile's field."""

    attribute: Text
    field: Text


class ExportSchedule(_Table, frozen=True, kw_only=True):
    """``[schedule]`` of an export.

    ``system-refresh``: with every system refresh; ``custom``: by ``repeat`` and ``times`` (or ``cron``), in the time
    zone of the environment; ``off``: only when asked.
    """

    run: Literal["system-refresh", "custom", "off"] = "system-refresh"
    repeat: Literal["daily", "weekly", "monthly", "cron"] | None = None
    days: list[Weekday] = field(default_factory=list)
    days_of_month: list[Annotated[int, Meta(ge=1, le=31)]] = field(default_factory=list)
    times: list[TimeOfDay] = field(default_factory=list)
    cron: str | None = None


class ExportDefinition(_Table, frozen=True, kw_only=True):
    """``exports/<id>.toml``. Without ``connection`` the export is detached."""

    id: Identifier
    display_name: Text
    connection: Identifier | None = None
    list_id: str
    segments: list[str]
    data_matching: DataMatching
    attributes: list[AttributeMapping] = field(default_factory=list)
    schedule: ExportSchedule = field(default_factory=ExportSchedule)
    suppress_opted_out: bool = True
