"""From the service's bytes to facts, tolerant where the API description promises nothing.

A body that lacks what a fact cannot be without raises :class:`Unreadable`, whose text names fields and never values.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from cctui.constant_contact.answers import (
    AccountSummary,
    Activity,
    ContactCounts,
    ContactList,
    CustomField,
    Privileges,
)
from cctui.definitions.model import ListId
from cctui.masking import mask


class Unreadable(Exception):
    """An answer is not what the API description says. The text holds nothing of the body."""


class _Href(Struct, frozen=True):
    href: str | None = None


class _Links(Struct, frozen=True):
    next: _Href | None = None


class _Page(Struct, frozen=True, kw_only=True):
    links: _Links | None = field(name="_links", default=None)

    @property
    def next_link(self) -> str:
        return (self.links.next.href or "") if self.links and self.links.next else ""


class _List(Struct, frozen=True):
    list_id: str
    name: str | None = None
    membership_count: int | None = None


class _ListPage(_Page, frozen=True, kw_only=True):
    lists: list[_List] | None = None


class _Field(Struct, frozen=True):
    custom_field_id: str
    name: str
    label: str | None = None
    type: str | None = None


class _FieldPage(_Page, frozen=True, kw_only=True):
    custom_fields: list[_Field] | None = None


class _Counters(Struct, frozen=True):
    items_total_count: int | None = None
    person_count: int | None = None
    error_count: int | None = None
    correctable_count: int | None = None
    cannot_add_to_list_count: int | None = None


class _Activity(Struct, frozen=True):
    activity_id: str
    state: str | None = None
    source_file_name: str | None = None
    created_at: str | None = None
    percent_done: float | None = None
    activity_errors: list[Any] | None = None
    status: _Counters | None = None


class _ActivityPage(_Page, frozen=True, kw_only=True):
    activities: list[_Activity] | None = None


class _Account(Struct, frozen=True):
    encoded_account_id: str
    organization_name: str | None = None
    contact_email: str | None = None


class _Privilege(Struct, frozen=True):
    privilege_name: str | None = None


_Shape = TypeVar("_Shape")


def _decoded(body: bytes, shape: type[_Shape]) -> _Shape:
    problem = ""
    try:
        return msgspec.json.decode(body, type=shape, strict=False)
    except msgspec.ValidationError as error:
        problem = str(error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = "not JSON"
    # Raised outside the handler: the library's own error must not hang on to this one as its context.
    raise Unreadable(problem)


def account(body: bytes) -> AccountSummary:
    """``GET /account/summary``. Raises :class:`Unreadable`."""
    found = _decoded(body, _Account)
    return AccountSummary(found.organization_name or "", found.encoded_account_id, found.contact_email or "")


def privileges(body: bytes) -> Privileges:
    """``GET /account/user/privileges``. Raises :class:`Unreadable`."""
    return Privileges(
        frozenset(each.privilege_name for each in _decoded(body, list[_Privilege]) if each.privilege_name)
    )


def lists(body: bytes) -> tuple[list[ContactList], str]:
    """A page of ``GET /contact_lists`` and its next link, empty on the last. Raises :class:`Unreadable`."""
    page = _decoded(body, _ListPage)
    return [_contact_list(each) for each in page.lists or ()], page.next_link


def contact_list(body: bytes) -> ContactList:
    """``GET`` or ``POST`` of one list. Raises :class:`Unreadable`."""
    return _contact_list(_decoded(body, _List))


def _contact_list(found: _List) -> ContactList:
    return ContactList(ListId(found.list_id.lower()), mask(found.name or ""), found.membership_count)


def custom_fields(body: bytes) -> tuple[list[CustomField], str]:
    """A page of ``GET /contact_custom_fields`` and its next link. Raises :class:`Unreadable`."""
    page = _decoded(body, _FieldPage)
    fields = [
        CustomField(each.custom_field_id, each.label or each.name, each.name, each.type or "string")
        for each in page.custom_fields or ()
    ]
    return fields, page.next_link


def activities(body: bytes) -> tuple[list[Activity], str]:
    """A page of ``GET /activities`` and its next link. Raises :class:`Unreadable`."""
    page = _decoded(body, _ActivityPage)
    return [_fact(each) for each in page.activities or ()], page.next_link


def activity(body: bytes) -> Activity:
    """One activity: ``GET /activities/{id}`` or the answer to an import. Raises :class:`Unreadable`."""
    return _fact(_decoded(body, _Activity))


def counts(body: bytes) -> ContactCounts:
    """``GET /contacts/counts``. Raises :class:`Unreadable`."""
    return _decoded(body, ContactCounts)


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 date and time as an aware moment in UTC; ``None`` where it is missing or not one."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _fact(found: _Activity) -> Activity:
    counters = found.status or _Counters()
    return Activity(
        activity_id=found.activity_id,
        state=(found.state or "").lower(),
        source_file_name=found.source_file_name or "",
        created_at=moment(found.created_at),
        percent_done=None if found.percent_done is None else round(found.percent_done),
        items_total_count=counters.items_total_count,
        person_count=counters.person_count,
        error_count=counters.error_count,
        correctable_count=counters.correctable_count,
        cannot_add_to_list_count=counters.cannot_add_to_list_count,
        activity_errors=tuple(each if isinstance(each, str) else str(each) for each in found.activity_errors or ()),
    )
