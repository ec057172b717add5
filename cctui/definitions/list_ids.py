"""The id of a Constant Contact list, as people have it: typed, or in the address of the list in a browser."""

from __future__ import annotations

import re
from urllib.parse import unquote

from cctui.definitions.model import ListId
from cctui.errors import UsageError
from cctui.locales import _
from cctui.masking import harmless

_UUID = re.compile(r"(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f-])", re.IGNORECASE)
_LONGEST = 4_000


class NotAListId(UsageError):
    """There is no list id in the text, or more than one (``several``)."""

    several = False


class SeveralListIds(NotAListId):
    """Which of them is meant is not clear."""

    several = True


def is_list_id(text: str) -> bool:
    """Whether ``text`` is a list id in either case and nothing else (API description: a UUID of 36 characters)."""
    return _UUID.fullmatch(text) is not None


def list_id_from(text: str) -> ListId:
    """The list id in ``text``: the id itself in either case, or the whole address copied from the browser (F5).

    Of several ids in an address, the one that follows the word "list" counts. Raises :class:`NotAListId`.
    """
    written = unquote(text[:_LONGEST]).strip()
    found = {match.group().lower(): match.start() for match in reversed(list(_UUID.finditer(written)))}
    if len(found) > 1:
        after_list = {
            one: start for one, start in found.items() if re.search(r"list[a-z_]*[^a-z]*$", written[:start].lower())
        }
        found = after_list or found
    if len(found) == 1:
        return ListId(next(iter(found)))
    if found:
        raise SeveralListIds(
            _("There is more than one list ID in this text."),
            do=_("Give only the ID of the list that the export fills."),
        )
    raise NotAListId(
        _("{text} is not a Constant Contact list ID.").format(text=f'"{harmless(text, 60)}"')
        if text.strip()
        else _("The Constant Contact list ID is missing."),
        do=_(
            "Open the list in Constant Contact and copy the address of the page, or its ID of 36 characters, "
            "such as {example}."
        ).format(example="3b1d6c1e-9a52-11ee-8c90-0242ac120002"),
    )
