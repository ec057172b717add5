"""Bulk imports, membership jobs and activities of the API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cctui.sandbox import store
from cctui.sandbox.activities import ActivityRecord, Json, shown
from cctui.sandbox.faults import FATES, Fault, FaultKind
from cctui.sandbox.front import QUEUE_FULL
from cctui.sandbox.imports import WrongImport, check_headings, cut_csv, decode_json
from cctui.sandbox.lists import contact_number, is_uuid
from cctui.sandbox.multipart import Part, WrongMultipart, read_parts
from cctui.sandbox.paging import links_to, place_of
from cctui.sandbox.rights import (
    Refusal,
    answer,
    choice_of,
    endpoint,
    entry_of,
    invalid,
    limit_of,
    not_found,
    service_of,
)
from cctui.sandbox.service import Rows

_LISTS_AT_ONCE = 50
_CONTACTS_AT_ONCE = 500
_STATES = {"processing", "completed", "cancelled", "failed", "timed_out"}


@endpoint(scope="contact_data", privilege="contacts:write")
async def import_file(request: Request) -> Response:
    """``POST /activities/contacts_file_import``: 201 at once, whatever the cut takes away."""
    service = service_of(request)
    if (full := _queue_full(request)) is not None:
        return full
    body = await request.body()
    try:
        parts = {part.name: part for part in read_parts(request.headers.get("content-type", ""), body)}
    except WrongMultipart as error:
        raise Refusal(415, "contacts.api.unsupported_media_type", str(error)) from None
    _note_form(request, parts)
    file, lists = parts.get("file"), parts.get("list_ids")
    if file is None or file.file_name is None or lists is None:
        raise invalid("The parts file and list_ids are required.")
    entry_of(request).file_name = file.file_name
    if not file.file_name.lower().endswith(".csv"):
        raise Refusal(415, "contacts.api.unsupported_media_type", "The file must be of type .csv.")
    list_ids = _checked_lists(request, lists.content.decode("utf-8", "replace").split(","), unknown=404)
    try:
        check_headings(file.content.partition(b"\n")[0], service.custom_field_names())
    except WrongImport as error:
        raise invalid(str(error)) from None
    kept = cut_csv(file.content, service.settings.body_limit - file.start)
    activity = _created(request, "contacts_file_import", list_ids)
    activity.source_file_name = file.file_name
    activity.cut = len(kept) < len(file.content)
    service.take_import(activity, file.content, kept, len(body))
    return answer(shown(activity, service.now(), service.settings, fresh=True), 201)


@endpoint(scope="contact_data", privilege="contacts:write")
async def import_json(request: Request) -> Response:
    """``POST /activities/contacts_json_import``: 201 at once, whatever the cut takes away."""
    service = service_of(request)
    if (full := _queue_full(request)) is not None:
        return full
    body = await _json_body(request)
    settings = service.settings
    try:
        rows, wanted, is_cut = decode_json(
            body,
            service.custom_field_names(),
            byte_limit=settings.body_limit,
            row_limit=settings.line_limit,
        )
    except WrongImport as error:
        raise invalid(str(error)) from None
    list_ids = _checked_lists(request, wanted, unknown=400)
    activity = _created(request, "contacts_json_import", list_ids)
    activity.cut = is_cut
    service.take_import(activity, body, msgspec.json.encode(Rows(import_data=rows)), len(body))
    return answer(shown(activity, service.now(), settings, fresh=True), 201)


class _Source(Struct, frozen=True):
    contact_ids: list[str] | None = None
    list_ids: list[str] | None = None
    all_active_contacts: bool = False


class _Exclude(Struct, frozen=True):
    contact_ids: list[str] = field(default_factory=list)


class _Removal(Struct, frozen=True):
    source: _Source
    list_ids: list[str]
    exclude: _Exclude = _Exclude()


@endpoint(scope="contact_data", privilege="contacts:write")
async def remove_memberships(request: Request) -> Response:
    """``POST /activities/remove_list_memberships``: by contact ids, by lists, or everybody."""
    service = service_of(request)
    if (full := _queue_full(request)) is not None:
        return full
    try:
        wanted = msgspec.json.decode(await _json_body(request), type=_Removal)
    except msgspec.MsgspecError as error:
        raise invalid(str(error)) from None
    source = wanted.source
    if sum((source.contact_ids is not None, source.list_ids is not None, source.all_active_contacts)) != 1:
        raise invalid("source must have exactly one of contact_ids, list_ids and all_active_contacts.")
    if len(source.contact_ids or ()) > _CONTACTS_AT_ONCE:
        raise invalid(f"source may have up to {_CONTACTS_AT_ONCE} contact_ids.")
    targets = _checked_lists(request, wanted.list_ids, unknown=404)
    sources = _checked_lists(request, source.list_ids, unknown=404) if source.list_ids is not None else []
    contacts = None if source.contact_ids is None else _numbers(source.contact_ids)
    excluded = _numbers(wanted.exclude.contact_ids)
    activity = _created(request, "remove_list_memberships", targets)

    def work() -> dict[str, int]:
        concerned = service.contacts.write(
            lambda db: store.remove_members(db, targets, contacts=contacts, source_list_ids=sources, excluded=excluded)
        ).result()
        return {"items_total_count": concerned, "items_completed_count": concerned, "list_count": len(targets)}

    service.take_job(activity, work)
    return answer(shown(activity, service.now(), service.settings, fresh=True), 201)


@endpoint(scope="contact_data", privilege="contacts:write")
async def activities(request: Request) -> Response:
    """``GET /activities``: newest first, of the last ten days."""
    service = service_of(request)
    limit = limit_of(request, 500)
    state = next(iter(choice_of(request, "state", _STATES)), "")
    now, settings = service.now(), service.settings
    page, place = service.activities.page(now, settings, limit=limit, before=place_of(request), state=state)
    return answer({"activities": [shown(activity, now, settings) for activity in page]} | links_to(request, place))


@endpoint(scope="contact_data", privilege="contacts:write")
async def one_activity(request: Request) -> Response:
    """``GET /activities/{activity_id}``: 404 once it is forgotten."""
    service = service_of(request)
    found = service.activities.visible(request.path_params["activity_id"], service.now(), service.settings)
    if found is None:
        raise not_found()
    return answer(shown(found, service.now(), service.settings))


ROUTES = [
    Route("/activities", activities, methods=["GET"]),
    Route("/activities/contacts_file_import", import_file, methods=["POST"]),
    Route("/activities/contacts_json_import", import_json, methods=["POST"]),
    Route("/activities/remove_list_memberships", remove_memberships, methods=["POST"]),
    Route("/activities/{activity_id}", one_activity, methods=["GET"]),
]


def _queue_full(request: Request) -> Response | None:
    service = service_of(request)
    limit = service.settings.queue_limit
    if limit and service.activities.unfinished(service.now(), service.settings) >= limit:
        return answer(QUEUE_FULL, 429)
    return None


async def _json_body(request: Request) -> bytes:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(415, "contacts.api.unsupported_media_type", "The content type must be application/json.")
    return await request.body()


def _checked_lists(request: Request, list_ids: Sequence[str], *, unknown: int) -> list[str]:
    wanted = list(dict.fromkeys(text.strip().lower() for text in list_ids))
    if not 1 <= len(wanted) <= _LISTS_AT_ONCE:
        raise invalid(f"list_ids must have 1 to {_LISTS_AT_ONCE} ids.")
    if not all(is_uuid(text) for text in wanted):
        raise invalid("list_ids must be UUIDs.")
    if not all(service_of(request).active_list(text) for text in wanted):
        raise not_found() if unknown == 404 else invalid("A list of list_ids does not exist.")
    return wanted


def _created(request: Request, kind: str, list_ids: list[str]) -> ActivityRecord:
    """A new activity, with what a fault has in store for it."""
    service = service_of(request)
    entry = entry_of(request)
    activity = service.activities.create(kind, service.now(), list_ids, client_id=entry.client_id)
    entry.activity_id = activity.activity_id
    fault: Fault | None = request.state.fault
    if fault is not None and fault.kind in FATES:
        activity.fate, activity.part = fault.kind, fault.part
    elif fault is not None and fault.kind is FaultKind.CLOCK:
        activity.shown_offset = fault.hours * 3_600
    return activity


def _numbers(contact_ids: Sequence[str]) -> list[int]:
    return [number for text in contact_ids if (number := contact_number(text)) is not None]


def _note_form(request: Request, parts: dict[str, Part]) -> None:
    """Keep the shape of the form where requests are recorded."""
    if not service_of(request).settings.record_requests:
        return
    noted: Json = {}
    for name, part in parts.items():
        if part.file_name is None:
            noted[name] = part.content.decode("utf-8", "replace")
        else:
            first_line = part.content.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
            noted[name] = {"file_name": part.file_name, "content_type": part.content_type, "first_line": first_line}
    entry_of(request).form = noted
