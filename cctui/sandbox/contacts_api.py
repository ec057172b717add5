"""Contacts of the API, for reading."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cctui.sandbox import store
from cctui.sandbox.activities import Json, moment
from cctui.sandbox.lists import contact_id_for, custom_field_id_for, is_uuid
from cctui.sandbox.paging import links_to, place_of
from cctui.sandbox.rights import answer, choice_of, endpoint, invalid, limit_of, service_of
from cctui.sandbox.store import StoredContact, Wanted

_STATUSES = {"all", "active", "deleted", "not_set", "pending_confirmation", "temp_hold", "unsubscribed"}
_INCLUDES = {"custom_fields", "list_memberships", "phone_numbers", "street_addresses", "taggings", "notes"}
_LISTS_AT_ONCE = 25
_OTHER_FIELDS = ("job_title", "company_name", "anniversary")


@endpoint(scope="contact_data", privilege="contacts:read")
async def contacts(request: Request) -> Response:
    """``GET /contacts``: deleted ones are left out unless asked for."""
    service = service_of(request)
    limit = limit_of(request, 500)
    included = choice_of(request, "include", _INCLUDES, several=True)
    list_ids = tuple(text for text in request.query_params.get("lists", "").lower().split(",") if text)
    if len(list_ids) > _LISTS_AT_ONCE or not all(is_uuid(text) for text in list_ids):
        raise invalid(f"lists must be up to {_LISTS_AT_ONCE} UUIDs.")
    wanted = Wanted(
        email=request.query_params.get("email", ""),
        statuses=choice_of(request, "status", _STATUSES, several=True),
        list_ids=list_ids,
        updated_after=_moment_of(request, "updated_after"),
        optout_after=_moment_of(request, "optout_after"),
        optout_before=_moment_of(request, "optout_before"),
    )
    after = place_of(request) or 0
    counted = request.query_params.get("include_count") == "true"

    def read() -> tuple[list[StoredContact], int]:
        reader = service.contacts.reader
        count = store.count_contacts(reader, wanted) if counted else 0
        return store.page_of_contacts(reader, wanted, after, limit + 1), count

    found, count = await asyncio.to_thread(read)
    page = found[:limit]
    body: Json = {"contacts": [_shown(contact, included) for contact in page]}
    if counted:
        body["contacts_count"] = count
    return answer(body | links_to(request, page[-1].id if len(found) > limit else None))


@endpoint(scope="contact_data", privilege="contacts:read")
async def counts(request: Request) -> Response:
    """``GET /contacts/counts``."""
    service = service_of(request)
    found = await asyncio.to_thread(lambda: store.counts_by_permission(service.contacts.reader))
    return answer(
        {
            "total": sum(found.values()),
            "explicit": found.get("explicit", 0),
            "implicit": found.get("implicit", 0),
            "pending": found.get("pending_confirmation", 0),
            "unsubscribed": found.get("unsubscribed", 0),
        }
    )


ROUTES = [
    Route("/contacts", contacts, methods=["GET"]),
    Route("/contacts/counts", counts, methods=["GET"]),
]


def _moment_of(request: Request, name: str) -> float | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{name} must be a date and time in ISO 8601.") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _shown(contact: StoredContact, included: frozenset[str]) -> Json:
    address: Json = {
        "address": contact.email,
        "permission_to_send": contact.permission,
        "created_at": moment(contact.created_at),
        "updated_at": moment(contact.opt_out_at or contact.created_at),
        "confirm_status": "off",
    }
    if contact.opt_out_at is None:
        address |= {"opt_in_source": "Account", "opt_in_date": moment(contact.created_at)}
    else:
        address |= {"opt_out_source": contact.opt_out_source or "Contact", "opt_out_date": moment(contact.opt_out_at)}
    body: Json = {
        "contact_id": contact_id_for(contact.id),
        "email_address": address,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "create_source": "Account",
        "update_source": "Account",
        "created_at": moment(contact.created_at),
        "updated_at": moment(contact.updated_at),
    }
    body |= {name: contact.fields[name] for name in _OTHER_FIELDS if name in contact.fields}
    if contact.deleted_at is not None:
        body["deleted_at"] = datetime.fromtimestamp(contact.deleted_at, UTC).date().isoformat()
    if "list_memberships" in included:
        body["list_memberships"] = contact.list_ids
    if "custom_fields" in included:
        body["custom_fields"] = [
            {"custom_field_id": custom_field_id_for(name.removeprefix("cf:")), "value": value}
            for name, value in contact.fields.items()
            if name.startswith("cf:")
        ]
    for name in included & {"phone_numbers", "street_addresses", "taggings", "notes"}:
        body[name] = []
    return body
