"""Pages: an opaque cursor in a next link that is a path below ``/v3`` and carries all parameters."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request

from cctui.sandbox.activities import Json, cursor, cursor_value
from cctui.sandbox.rights import invalid


def place_of(request: Request) -> int | None:
    """Where the page that is asked for begins; ``None`` for the first one."""
    text = request.query_params.get("cursor")
    if text is None:
        return None
    value = cursor_value(text)
    if value is None or not value.isdecimal():
        raise invalid("The cursor is not valid.")
    return int(value)


def links_to(request: Request, place: int | None) -> Json:
    """``_links`` of a page whose next one begins at ``place``; nothing on the last page."""
    if place is None:
        return {}
    given = {name: value for name, value in request.query_params.items() if name != "cursor"}
    return {"_links": {"next": {"href": f"{request.url.path}?{urlencode({**given, 'cursor': cursor(place)})}"}}}
