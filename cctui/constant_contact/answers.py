"""What the API answers, as facts: account, lists, custom fields, activities and the use of the day's calls.

Shapes are those of the V3 API description; every field that the description does not promise is optional, and
a counter that is missing stays ``None`` (facts of the service: each of them may be null). Reading them from bytes is
the business of :mod:`cctui.constant_contact.reading`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from cctui.definitions.model import ListId
from cctui.masking import harmless


class AccountSummary(Struct, frozen=True):
    """The account that a token belongs to (``GET /account/summary``). ``contact_email`` is empty where not given."""

    organization_name: str
    encoded_account_id: str
    contact_email: str = ""

    @property
    def name(self) -> str:
        """The organisation's name without addresses in it, or the account's id where the account has no name."""
        return harmless(self.organization_name) or self.encoded_account_id

    def __repr__(self) -> str:
        return f"AccountSummary({self.organization_name!r}, {self.encoded_account_id!r})"


class Privileges(Struct, frozen=True):
    """What the signed-in user may do, by the service's names (``GET /account/user/privileges``)."""

    names: frozenset[str]

    @property
    def may_import(self) -> bool:
        """Imports, and the reading of activities, need ``contacts:write``."""
        return "contacts:write" in self.names

    @property
    def may_read_lists(self) -> bool:
        """Whether lists may be read."""
        return "contacts:lists:read" in self.names

    @property
    def may_create_lists(self) -> bool:
        """Whether lists may be made."""
        return "contacts:lists:write" in self.names


class ContactList(Struct, frozen=True):
    """A contact list; ``membership_count`` is ``None`` where it was not asked for or not given.

    ``name`` holds no whole address.
    """

    list_id: ListId
    name: str
    membership_count: int | None = None


class CustomField(Struct, frozen=True):
    """A custom field. ``name`` is what follows ``cf:`` in an import; ``kind`` is the service's ``type``."""

    custom_field_id: str
    label: str
    name: str
    kind: str = "string"


class ContactCounts(Struct, frozen=True):
    """Contacts of the whole account by permission (``GET /contacts/counts``)."""

    total: int
    explicit: int | None = None
    implicit: int | None = None
    pending: int | None = None
    unsubscribed: int | None = None


class ActivityState(StrEnum):
    """States of a bulk activity (API guide, activity status)."""

    INITIALIZED = "initialized"
    PROCESSING = "processing"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


_FINAL = {ActivityState.COMPLETED, ActivityState.CANCELLED, ActivityState.FAILED, ActivityState.TIMED_OUT}


class Activity(Struct, frozen=True):
    """One bulk job. ``state`` is one of :class:`ActivityState`, or a word the service has added since.

    ``source_file_name`` is the name the CSV was sent under; ``items_total_count`` counts the header row of a file;
    ``activity_errors`` are texts of the service, in which e-mail addresses are as they were sent.
    """

    activity_id: str
    state: str
    source_file_name: str = ""
    created_at: datetime | None = None
    percent_done: int | None = None
    items_total_count: int | None = None
    person_count: int | None = None
    error_count: int | None = None
    correctable_count: int | None = None
    cannot_add_to_list_count: int | None = None
    activity_errors: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether the job is over, well or not."""
        return self.state in _FINAL

    @property
    def completed(self) -> bool:
        """Whether the job ran to its end; single rows may still have been refused."""
        return self.state == ActivityState.COMPLETED

    def __repr__(self) -> str:
        return f"Activity({self.activity_id!r}, {self.state!r}, {self.source_file_name!r})"


class ImportAnswer(Struct, frozen=True):
    """The service has taken an import: the job, the request's id for support, and how long the call took."""

    activity: Activity
    request_id: str
    milliseconds: int


class Usage(Struct, frozen=True):
    """Calls of an application key on the present UTC day, as this box has counted them.

    ``exhausted`` means that no call is possible before ``resets_at`` (aware, UTC), by our count or the service's word.
    """

    used: int
    limit: int
    resets_at: datetime
    exhausted: bool = False

    @property
    def left(self) -> int:
        """Calls that are left today."""
        return 0 if self.exhausted else max(0, self.limit - self.used)


class CallOutcome(StrEnum):
    """How one HTTP exchange ended, for the log."""

    OK = "ok"
    THROTTLED = "throttled"
    QUOTA_EXCEEDED = "quota-exceeded"
    QUEUE_FULL = "queue-full"
    UNAUTHORIZED = "unauthorized"
    REFUSED = "refused"
    FAULT = "fault"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no-answer"


class Call(Struct, frozen=True):
    """One exchange with the API, for logs: no query, no body, no header but the request's id."""

    method: str
    path: str
    status: int | None
    milliseconds: int
    request_id: str
    outcome: CallOutcome
