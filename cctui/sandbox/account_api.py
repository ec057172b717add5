"""Account, lists and custom fields of the API."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cctui.sandbox import store
from cctui.sandbox.activities import Json, moment, shown
from cctui.sandbox.paging import links_to, place_of
from cctui.sandbox.rights import (
    PRIVILEGES,
    Refusal,
    answer,
    choice_of,
    endpoint,
    entry_of,
    invalid,
    limit_of,
    not_found,
    privileges_of,
    service_of,
)
from cctui.sandbox.service import CustomFieldRecord, ListRecord
from cctui.sandbox.store import Members

_LISTS = 1_000
_NAME = 255


@endpoint()
async def privileges(request: Request) -> Response:
    """``GET /account/user/privileges``."""
    names = privileges_of(service_of(request).settings.user_role)
    return answer([{"privilege_id": PRIVILEGES[name], "privilege_name": name} for name in names])


@endpoint(scope="account_read", privilege="account:read")
async def summary(request: Request) -> Response:
    """``GET /account/summary``."""
    settings = service_of(request).settings
    return answer(
        {
            "contact_email": settings.contact_email,
            "contact_phone": "555-0100",
            "country_code": "US",
            "encoded_account_id": settings.account_id,
            "first_name": "Ines",
            "last_name": "Contoso",
            "organization_name": settings.organization_name,
            "organization_phone": "555-0101",
            "state_code": "MA",
            "time_zone_id": "US/Eastern",
            "website": "https://contoso.example",
        }
    )


@endpoint(scope="contact_data", privilege="contacts:lists:read")
async def lists(request: Request) -> Response:
    """``GET /contact_lists``."""
    service = service_of(request)
    limit = limit_of(request, 1_000)
    counted = choice_of(request, "include_membership_count", {"all", "active"})
    statuses = choice_of(request, "status", {"all", "active", "deleted"}, several=True) or {"active"}
    name = request.query_params.get("name")
    found = [
        item
        for item in service.lists
        if (name is None or item.name == name)
        and ("all" in statuses or ("deleted" if item.deleted_at is not None else "active") in statuses)
    ]
    found.sort(key=lambda item: (item.created_at, item.list_id))
    start = place_of(request) or 0
    page = found[start : start + limit]
    members = await service.members() if counted else {}
    body: Json = {"lists": [_shown_list(item, counted, members) for item in page]}
    if request.query_params.get("include_count") == "true":
        body["lists_count"] = len(found)
    return answer(body | links_to(request, start + limit if start + limit < len(found) else None))


@endpoint(scope="contact_data", privilege="contacts:lists:read")
async def one_list(request: Request) -> Response:
    """``GET /contact_lists/{list_id}``."""
    service = service_of(request)
    counted = choice_of(request, "include_membership_count", {"all", "active"})
    found = service.active_list(request.path_params["list_id"])
    if found is None:
        raise not_found()
    return answer(_shown_list(found, counted, await service.members() if counted else {}))


class _ListInput(Struct, frozen=True):
    name: str
    description: str = ""
    favorite: bool = False


@endpoint(scope="contact_data", privilege="contacts:lists:write")
async def create_list(request: Request) -> Response:
    """``POST /contact_lists``: 201, or 409 where the name is taken."""
    service = service_of(request)
    wanted = await _list_input(request)
    _refuse_taken_name(request, wanted.name, None)
    if sum(item.deleted_at is None for item in service.lists) >= _LISTS:
        raise invalid(f"The account has {_LISTS} lists already.")
    made = service.add_list(wanted.name, description=wanted.description, favorite=wanted.favorite)
    return answer(_shown_list(made, frozenset(), {}), 201)


@endpoint(scope="contact_data", privilege="contacts:lists:write")
async def change_list(request: Request) -> Response:
    """``PUT /contact_lists/{list_id}``."""
    service = service_of(request)
    found = service.active_list(request.path_params["list_id"])
    if found is None:
        raise not_found()
    wanted = await _list_input(request)
    _refuse_taken_name(request, wanted.name, found.list_id)
    found.name, found.description, found.favorite = wanted.name, wanted.description, wanted.favorite
    found.updated_at = service.now()
    service.lists.put(found.list_id, found)
    return answer(_shown_list(found, frozenset(), {}))


@endpoint(scope="contact_data", privilege="contacts:lists:write")
async def delete_list(request: Request) -> Response:
    """``DELETE /contact_lists/{list_id}``: 202; only memberships are lost."""
    service = service_of(request)
    found = service.active_list(request.path_params["list_id"])
    if found is None:
        raise not_found()
    now = service.now()
    found.deleted_at = now
    service.lists.put(found.list_id, found)
    activity = service.activities.create("list_delete", now, [found.list_id], client_id=entry_of(request).client_id)

    def work() -> dict[str, int]:
        gone = service.contacts.write(lambda db: store.empty_list(db, found.list_id)).result()
        return {"items_total_count": 1, "items_completed_count": 1, "person_count": gone}

    service.take_job(activity, work)
    return answer(shown(activity, now, service.settings, fresh=True), 202)


@endpoint(scope="contact_data", privilege="contacts:read")
async def custom_fields(request: Request) -> Response:
    """``GET /contact_custom_fields``."""
    limit = limit_of(request, 100)
    found = sorted(service_of(request).custom_fields, key=lambda item: item.name)
    start = place_of(request) or 0
    return answer(
        {"custom_fields": [_shown_field(item) for item in found[start : start + limit]]}
        | links_to(request, start + limit if start + limit < len(found) else None)
    )


class _FieldInput(Struct, frozen=True):
    label: str
    type: str


@endpoint(scope="contact_data", privilege="contacts:write")
async def create_custom_field(request: Request) -> Response:
    """``POST /contact_custom_fields``: 201, or 409 where the label is taken."""
    service = service_of(request)
    try:
        wanted = msgspec.json.decode(await request.body(), type=_FieldInput)
    except msgspec.MsgspecError as error:
        raise invalid(str(error)) from None
    if not 0 < len(wanted.label) <= 50:
        raise invalid("The label must have 1 to 50 characters.")
    if wanted.label.replace(" ", "_") in service.custom_field_names():
        raise Refusal(409, "contacts.api.conflict", "A custom field with this label exists already.")
    return answer(_shown_field(service.add_custom_field(wanted.label, wanted.type)), 201)


ROUTES = [
    Route("/account/user/privileges", privileges, methods=["GET"]),
    Route("/account/summary", summary, methods=["GET"]),
    Route("/contact_lists", lists, methods=["GET"]),
    Route("/contact_lists", create_list, methods=["POST"]),
    Route("/contact_lists/{list_id}", one_list, methods=["GET"]),
    Route("/contact_lists/{list_id}", change_list, methods=["PUT"]),
    Route("/contact_lists/{list_id}", delete_list, methods=["DELETE"]),
    Route("/contact_custom_fields", custom_fields, methods=["GET"]),
    Route("/contact_custom_fields", create_custom_field, methods=["POST"]),
]


async def _list_input(request: Request) -> _ListInput:
    try:
        wanted = msgspec.json.decode(await request.body(), type=_ListInput)
    except msgspec.MsgspecError as error:
        raise invalid(str(error)) from None
    if not 0 < len(wanted.name) <= _NAME:
        raise invalid(f"The name must have 1 to {_NAME} characters.")
    return wanted


def _refuse_taken_name(request: Request, name: str, own_id: str | None) -> None:
    taken = service_of(request).list_named(name)
    if taken and taken.list_id != own_id:
        raise Refusal(409, "contacts.api.conflict", "A list with this name exists already.")


def _shown_list(item: ListRecord, counted: frozenset[str], members: dict[str, Members]) -> Json:
    body: Json = {
        "list_id": item.list_id,
        "name": item.name,
        "description": item.description,
        "favorite": item.favorite,
        "created_at": moment(item.created_at),
        "updated_at": moment(item.updated_at),
    }
    if item.deleted_at is not None:
        body["deleted_at"] = moment(item.deleted_at)
    if counted:
        count = members.get(item.list_id, Members())
        body["membership_count"] = count.active if "active" in counted else count.all
    return body


def _shown_field(item: CustomFieldRecord) -> Json:
    return {
        "custom_field_id": item.custom_field_id,
        "label": item.label,
        "name": item.name,
        "type": item.type,
        "created_at": moment(item.created_at),
        "updated_at": moment(item.created_at),
    }
