"""What reached the stand-in: a log of requests, exact counts, and how fast each key came. No token is ever in it."""

from __future__ import annotations

from collections import Counter, deque
from itertools import islice
from typing import Any

from msgspec import Struct, field

_LOGGED = 20_000


class Entry(Struct, kw_only=True, omit_defaults=True):
    """One request. ``at`` is in seconds since 1970 by the box; ``status`` is ``None`` where no answer began."""

    number: int
    at: float
    method: str
    path: str
    query: str = ""
    status: int | None = None
    fault: str | None = None
    bytes: int = 0
    client_id: str = ""
    file_name: str | None = None
    activity_id: str | None = None
    throttled: bool = False
    headers: dict[str, str] | None = None
    """With ``record_requests`` only, without the Authorization header; so are the next two."""
    json: str | None = None
    form: dict[str, Any] | None = None
    """Form fields: text of plain ones, name, type and first line of files; nothing but names at the sign-in."""


class Journal:
    """The log keeps the latest 20,000 requests; counts are exact however many there were."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=_LOGGED)
        self.total = 0
        self.api_total = 0
        self.statuses: Counter[str] = Counter()
        self.bytes = 0

    def begin(self, at: float, method: str, path: str, query: str) -> Entry:
        """Write down that a request arrived."""
        self.total += 1
        self.api_total += path.startswith("/v3/")
        entry = Entry(number=self.total, at=at, method=method, path=path, query=query)
        self.entries.append(entry)
        return entry

    def end(self, entry: Entry) -> None:
        """Count a request that is over, answered or not."""
        self.statuses[f"{entry.method} {_template(entry.path)} {entry.status or 'cut'}"] += 1
        self.bytes += entry.bytes

    def after(self, number: int, limit: int) -> list[Entry]:
        """Requests with a higher number, oldest first."""
        return list(islice((entry for entry in self.entries if entry.number > number), limit))


class Lane(Struct, kw_only=True):
    """The requests of one application key: those of the last second, the most there ever were, those of the day.

    ``busiest_window`` is that of the window that is held against the client, a second less the tolerance.
    """

    recent: deque[float] = field(default_factory=deque)
    admitted: deque[float] = field(default_factory=deque)
    busiest_second: int = 0
    busiest_window: int = 0
    throttled: int = 0
    day: str = ""
    today: int = 0
    most_a_day: int = 0


class Pace:
    """Who may go on: at most so many in a sliding second, so many a day (API guide, rate limits)."""

    def __init__(self) -> None:
        self.lanes: dict[str, Lane] = {}
        self._token_calls: dict[str, float] = {}

    def arrive(self, client_id: str, monotonic: float, day: str, window: float) -> Lane:
        """Count a request of a key. The busiest second is counted whatever the limit is."""
        lane = self.lanes.setdefault(client_id, Lane())
        lane.recent.append(monotonic)
        while lane.recent[0] <= monotonic - 1.0:
            lane.recent.popleft()
        lane.busiest_second = max(lane.busiest_second, len(lane.recent))
        in_window = sum(moment > monotonic - window for moment in lane.recent)
        lane.busiest_window = max(lane.busiest_window, in_window)
        if lane.day != day:
            lane.day, lane.today = day, 0
        lane.today += 1
        lane.most_a_day = max(lane.most_a_day, lane.today)
        return lane

    def admits(self, lane: Lane, monotonic: float, rate: int, window: float) -> bool:
        """Whether a request that arrived is within ``rate`` per ``window`` seconds; a refused one takes no place."""
        if not rate:
            return True
        while lane.admitted and lane.admitted[0] <= monotonic - window:
            lane.admitted.popleft()
        if len(lane.admitted) >= rate:
            lane.throttled += 1
            return False
        lane.admitted.append(monotonic)
        return True

    def admits_token_call(self, client_id: str, monotonic: float, rate: float) -> bool:
        """Whether a call of the token endpoint comes late enough after the one before it."""
        last = self._token_calls.get(client_id)
        if rate and last is not None and monotonic - last < 1 / rate - 0.05:
            return False
        self._token_calls[client_id] = monotonic
        return True


def _template(path: str) -> str:
    """The path with ids replaced, so that counts stay few."""
    return "/".join("{id}" if len(part) == 36 and part.count("-") == 4 else part for part in path.split("/"))
