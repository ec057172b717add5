"""The switches of the stand-in below ``/sandbox``: settings, faults, decisions, seeds, and what arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from cctui.sandbox import store
from cctui.sandbox.faults import Fault, FaultKind
from cctui.sandbox.rights import answer, service_of
from cctui.sandbox.service import ListRecord
from cctui.sandbox.settings import SANDBOX_CLIENT_ID
from cctui.sandbox.transport import meet_connection_faults

T = TypeVar("T")

_EVERY_SCOPE = "contact_data account_read offline_access"


async def health(_request: Request) -> Response:
    """Whether it answers."""
    return answer({"ready": True})


async def stats(request: Request) -> Response:
    """What arrived, in figures: counted here, not by the client."""
    service = service_of(request)

    def read() -> tuple[dict[str, int], int]:
        reader = service.contacts.reader
        return store.counts_by_permission(reader), store.written_more_than_once(reader)

    (permissions, more_than_once), members = await asyncio.gather(asyncio.to_thread(read), service.members())
    journal = service.journal

    def count(record: ListRecord) -> int:
        return members[record.list_id].all if record.list_id in members else 0

    return answer(
        {
            "contacts": sum(permissions.values()),
            "permissions": permissions,
            "written_more_than_once": more_than_once,
            "members": {record.list_id: count(record) for record in service.lists},
            "members_by_name": {record.name: count(record) for record in service.lists},
            "requests": journal.total,
            "api_requests": journal.api_total,
            "requests_by_status": dict(sorted(journal.statuses.items())),
            "bytes": journal.bytes,
            "imports": service.imports,
            "unfinished": service.activities.unfinished(service.now(), service.settings),
            "keys": {
                client_id: {
                    "busiest_second": lane.busiest_second,
                    "busiest_window": lane.busiest_window,
                    "throttled": lane.throttled,
                    "today": lane.today,
                    "most_a_day": lane.most_a_day,
                }
                for client_id, lane in service.pace.lanes.items()
            },
        }
    )


async def contacts(request: Request) -> Response:
    """Every contact, or those of the list ``list``, by address, one JSON object a line."""
    service = service_of(request)
    list_id = request.query_params.get("list")
    await service.idle()
    reader = service.contacts.new_reader()
    chunks = store.every_contact(reader, list_id)

    async def lines() -> AsyncIterator[str]:
        try:
            while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                yield chunk
        finally:
            reader.close()

    return StreamingResponse(lines(), media_type="application/x-ndjson")


async def add_contacts(request: Request) -> Response:
    """Put contacts there as a person would: ``{"contacts": [{"email", …}], "list_ids": […]}``."""
    service = service_of(request)
    wanted = await _body(request, _Contacts)
    rows = [
        (line, given["email"].strip().lower(), given.get("first_name", ""), given.get("last_name", ""), None)
        for line, given in enumerate(wanted.contacts, start=2)
    ]
    now = service.now()
    await asyncio.wrap_future(service.contacts.write(lambda db: store.import_rows(db, rows, wanted.list_ids, now)))
    return answer({"contacts": len(rows)})


async def unsubscribe(request: Request) -> Response:
    """Unsubscribe people: ``{"emails": […], "source": "Contact"}``."""
    service = service_of(request)
    wanted = await _body(request, _Emails)
    now = service.now()
    done = service.contacts.write(lambda db: store.unsubscribe(db, wanted.emails, wanted.source, now))
    return answer({"unsubscribed": await asyncio.wrap_future(done)})


async def delete(request: Request) -> Response:
    """Delete contacts as the service does: ``{"emails": […]}``."""
    service = service_of(request)
    wanted = await _body(request, _Emails)
    now = service.now()
    done = service.contacts.write(lambda db: store.delete_contacts(db, wanted.emails, now))
    return answer({"deleted": await asyncio.wrap_future(done)})


async def imports(request: Request) -> Response:
    """Every bulk job as it was taken: file name, rows, bytes, fingerprint, fate; the forgotten ones too."""
    service = service_of(request)
    return answer({"imports": list(service.activities)})


async def change_activity(request: Request) -> Response:
    """Give a job another fate: ``{"activity_id" or "file_name": …, "fate": "vanished"}``; ``null`` takes it back."""
    service = service_of(request)
    wanted = await _body(request, _Fate)
    found = service.activities.find(wanted.activity_id or wanted.file_name)
    if found is None:
        return answer({"problem": "no such activity"}, 404)
    found.fate = wanted.fate
    service.activities.save(found)
    return answer(found)


async def requests(request: Request) -> Response:
    """The log after number ``after``, oldest first, at most ``limit``; ``full=1`` with what was recorded."""
    query = request.query_params
    entries = service_of(request).journal.after(int(query.get("after", "0")), int(query.get("limit", "20000")))
    if query.get("full") != "1":
        entries = [msgspec.structs.replace(entry, headers=None, json=None, form=None) for entry in entries]
    return answer({"requests": entries})


async def settings(request: Request) -> Response:
    """``GET`` shows the settings, ``PUT`` changes those it names; lists and fields that are missing are made."""
    service = service_of(request)
    if request.method == "PUT":
        service.change(await _body(request, dict[str, Any]))
    return answer(service.settings)


async def faults(request: Request) -> Response:
    """``GET`` shows what is switched on, ``POST`` adds one fault or several, ``DELETE`` ends all or the one ``id``."""
    service = service_of(request)
    if request.method == "DELETE":
        wanted = request.query_params.get("id")
        service.faults.disarm(int(wanted) if wanted else None)
    elif request.method == "POST":
        body = await request.body()
        several = body.lstrip().startswith(b"[")
        for fault in (
            msgspec.json.decode(body, type=list[Fault]) if several else [msgspec.json.decode(body, type=Fault)]
        ):
            service.faults.arm(fault)
        service.end_idle_connections()
        meet_connection_faults(service)
    return answer({"faults": service.faults.armed})


async def approve(request: Request) -> Response:
    """Approve a sign-in: ``{"user_code": "BCDF-GHJK"}``."""
    return await _decide(request, approve=True)


async def deny(request: Request) -> Response:
    """Deny a sign-in: ``{"user_code": "BCDF-GHJK"}``."""
    return await _decide(request, approve=False)


async def tokens(request: Request) -> Response:
    """``POST`` gives tokens without a sign-in (``client_id``, ``scope``); ``DELETE`` ends access tokens, or all."""
    service = service_of(request)
    if request.method == "DELETE":
        service.tokens.expire(refresh=request.query_params.get("refresh") == "1")
        return answer({})
    wanted = await _body(request, _Client)
    return answer(service.tokens.issue(wanted.client_id, wanted.scope, service.now(), service.settings))


async def lists(request: Request) -> Response:
    """Ids of lists by name; ``POST`` makes those of ``{"names": […]}`` that are missing."""
    service = service_of(request)
    if request.method == "POST":
        for name in (await _body(request, _Names)).names:
            if service.list_named(name) is None:
                service.add_list(name)
    return answer({record.name: record.list_id for record in service.lists if record.deleted_at is None})


async def custom_fields(request: Request) -> Response:
    """Ids of custom fields by name; ``POST`` makes those of ``{"names": […]}`` that are missing."""
    service = service_of(request)
    if request.method == "POST":
        for label in (await _body(request, _Names)).names:
            if label.replace(" ", "_") not in service.custom_field_names():
                service.add_custom_field(label)
    return answer({record.name: record.custom_field_id for record in service.custom_fields})


async def idle(request: Request) -> Response:
    """Answers when every import that was taken is processed."""
    await service_of(request).idle()
    return answer({"idle": True})


async def reset(request: Request) -> Response:
    """Forget everything; ``{"settings": {…}}`` begins anew with the settings of the start, changed by these."""
    wanted = await _body(request, _Reset)
    service = service_of(request)
    await service.reset(service.first_settings.changed(wanted.settings))
    return answer(service.settings)


ROUTES = [
    Route("/health", health),
    Route("/stats", stats),
    Route("/contacts", contacts, methods=["GET"]),
    Route("/contacts", add_contacts, methods=["POST"]),
    Route("/unsubscribe", unsubscribe, methods=["POST"]),
    Route("/delete", delete, methods=["POST"]),
    Route("/imports", imports),
    Route("/activities", change_activity, methods=["POST"]),
    Route("/requests", requests),
    Route("/settings", settings, methods=["GET", "PUT"]),
    Route("/faults", faults, methods=["GET", "POST", "DELETE"]),
    Route("/approve", approve, methods=["POST"]),
    Route("/deny", deny, methods=["POST"]),
    Route("/tokens", tokens, methods=["POST", "DELETE"]),
    Route("/lists", lists, methods=["GET", "POST"]),
    Route("/custom_fields", custom_fields, methods=["GET", "POST"]),
    Route("/idle", idle),
    Route("/reset", reset, methods=["POST"]),
]


class _Contacts(Struct, frozen=True):
    contacts: list[dict[str, str]]
    list_ids: list[str] = field(default_factory=list)


class _Emails(Struct, frozen=True):
    emails: list[str]
    source: str = "Contact"


class _Names(Struct, frozen=True):
    names: list[str]


class _UserCode(Struct, frozen=True):
    user_code: str


class _Client(Struct, frozen=True):
    client_id: str = SANDBOX_CLIENT_ID
    scope: str = _EVERY_SCOPE


class _Fate(Struct, frozen=True):
    activity_id: str = ""
    file_name: str = ""
    fate: FaultKind | None = None


class _Reset(Struct, frozen=True):
    settings: dict[str, Any] = field(default_factory=dict)


async def _body(request: Request, kind: type[T]) -> T:
    """The JSON body; an empty one is an empty object. Raises ``msgspec.MsgspecError``, which is answered with 400."""
    return msgspec.json.decode(await request.body() or b"{}", type=kind)


async def _decide(request: Request, *, approve: bool) -> Response:
    service = service_of(request)
    grant = service.tokens.device_for((await _body(request, _UserCode)).user_code, service.now())
    if grant is None:
        return answer({"problem": "no such user code"}, 404)
    service.tokens.decide(grant, approve=approve)
    return answer({"approved": approve})
