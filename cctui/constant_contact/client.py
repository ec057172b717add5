"""The API of Constant Contact as this program uses it: each call typed, paced, counted and told to the log."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import quote

from cctui.constant_contact import reading
from cctui.constant_contact.answers import (
    AccountSummary,
    Activity,
    Call,
    ContactCounts,
    ContactList,
    CustomField,
    ImportAnswer,
    Privileges,
)
from cctui.constant_contact.calls import Answer, Caller, Request
from cctui.constant_contact.errors import OutcomeUnknown, WrongAnswer
from cctui.constant_contact.limits import Limits
from cctui.constant_contact.limits import usage as usage
from cctui.constant_contact.reading import Unreadable
from cctui.constant_contact.renewal import AccessTokens, StoredTokens
from cctui.constant_contact.tokens import TokenStore
from cctui.definitions.model import ConnectionDefinition, ListId
from cctui.host.clock import Clock, SystemClock
from cctui.locales import _

if TYPE_CHECKING:
    import httpx

_PAGES_AT_MOST = 1_000
_Fact = TypeVar("_Fact")


class Client:
    """A connection's calls, one at a time. Use it in a ``with``; make one with :func:`open_client`.

    Every method raises the kinds of :class:`cctui.constant_contact.errors.ServiceError`.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    @property
    def requests(self) -> int:
        """Calls made so far, each try counted, as the service counts them."""
        return self._caller.requests

    def account(self) -> AccountSummary:
        """``GET /account/summary``; scope ``account_read``."""
        return self._get("account/summary", reading.account)

    def privileges(self) -> Privileges:
        """``GET /account/user/privileges``; any token will do."""
        return self._get("account/user/privileges", reading.privileges)

    def lists(self, *, include_counts: bool = True) -> Iterator[ContactList]:
        """All lists, page by page of 500. Counting members makes the service slower, so it can be left out."""
        query = "&include_membership_count=all" if include_counts else ""
        return self._pages(f"contact_lists?limit=500{query}", reading.lists)

    def contact_list(self, list_id: ListId) -> ContactList:
        """One list with its members counted. Raises :class:`cctui.constant_contact.errors.NotThere`."""
        return self._get(f"contact_lists/{quote(list_id, safe='')}?include_membership_count=all", reading.contact_list)

    def create_list(self, name: str) -> ContactList:
        """A new list; a name that exists is refused with 409. ``name`` has at most 255 characters."""
        return self._created(Request(method="POST", target="contact_lists", json={"name": name}), reading.contact_list)[
            1
        ]

    def custom_fields(self) -> Iterator[CustomField]:
        """All custom fields, page by page of 100."""
        return self._pages("contact_custom_fields?limit=100", reading.custom_fields)

    def import_file(self, *, list_id: ListId, file_name: str, body: Path) -> ImportAnswer:
        """Queue the import of a CSV file into a list; the file is streamed, and ``file_name`` is echoed by the job.

        Raises :class:`OutcomeUnknown` where the job may exist all the same: look for ``file_name`` in
        :meth:`activities` before sending again. ``OSError`` where ``body`` cannot be opened.
        """
        request = Request(
            method="POST",
            target="activities/contacts_file_import",
            form={"list_ids": list_id},
            file=(file_name, body),
        )
        answer, activity = self._created(request, reading.activity)
        return ImportAnswer(activity, answer.request_id, answer.milliseconds)

    def activities(self) -> Iterator[Activity]:
        """The jobs of the last 10 days, newest first, page by page of 500; stop reading to save calls."""
        return self._pages("activities?limit=500", reading.activities)

    def activity(self, activity_id: str) -> Activity:
        """One job; unknown after 10 days (:class:`cctui.constant_contact.errors.NotThere`)."""
        return self._get(f"activities/{quote(activity_id, safe='')}", reading.activity)

    def contact_counts(self) -> ContactCounts:
        """``GET /contacts/counts``: contacts of the account by permission."""
        return self._get("contacts/counts", reading.counts)

    def close(self) -> None:
        """Let go of the connection."""
        self._caller.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _get(self, target: str, read: Callable[[bytes], _Fact]) -> _Fact:
        answer = self._caller.ask(Request(method="GET", target=target))
        fact, problem = _read(answer, read)
        if fact is None:
            raise WrongAnswer(problem, status=answer.status, request_id=answer.request_id)
        return fact

    def _created(self, request: Request, read: Callable[[bytes], _Fact]) -> tuple[Answer, _Fact]:
        answer = self._caller.ask(request)
        fact, problem = _read(answer, read)
        if fact is None:
            raise OutcomeUnknown(problem, status=answer.status, request_id=answer.request_id)
        return answer, fact

    def _pages(self, target: str, read: Callable[[bytes], tuple[list[_Fact], str]]) -> Iterator[_Fact]:
        """All pages. A next link that was followed before, or too many of them, is an error and not a loop."""
        seen: set[str] = set()
        link = target
        while link:
            address = self._caller.address(link)
            if address in seen or len(seen) >= _PAGES_AT_MOST:
                raise WrongAnswer(_("The pages of the answer lead back to a page that was read before."))
            seen.add(address)
            facts, link = self._get(link, read)
            yield from facts


def _read(answer: Answer, read: Callable[[bytes], _Fact]) -> tuple[_Fact | None, str]:
    try:
        return read(answer.body), ""
    except Unreadable as error:
        return None, str(error)


def open_client(
    connection: ConnectionDefinition,
    secrets_folder: Path,
    limits_path: Path,
    *,
    clock: Clock | None = None,
    on_call: Callable[[Call], None] | None = None,
    transport: httpx.BaseTransport | None = None,
    jitter: Callable[[], float] = random.random,
    tokens: AccessTokens | None = None,
) -> Client:
    """A client for ``connection``, with its saved tokens unless ``tokens`` gives others (those of a fresh sign-in).

    ``transport`` and ``jitter`` (0..1) are for tests. Raises
    :class:`cctui.constant_contact.errors.InsecureAddress`; nothing is sent before the first call.
    """
    clock = clock or SystemClock()
    source = tokens or StoredTokens(connection, TokenStore(secrets_folder), clock, jitter, transport)
    limits = Limits(limits_path, clock)
    return Client(Caller(connection, source, limits, clock=clock, jitter=jitter, on_call=on_call, transport=transport))
