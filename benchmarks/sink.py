"""A stand-in for the service that costs next to nothing: it takes imports, counts their rows, and is done at once.

Started as ``sink.py [--rate N]``, it prints its port and serves on the loopback until it is killed. Imports are
completed when they are answered, so what is measured against it is the sender. ``GET /sink`` tells what arrived and
when; ``DELETE /sink`` forgets it. With ``--rate`` more than N requests in a second are answered with 429, as the
service does.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import re
import time
import uuid
from typing import Any

ACCOUNT = "a07e1n5benchmark"
_FILE_NAME = re.compile(rb'filename="?([^";\r\n]*)')
_STATS = "/sink"


class Arrivals:
    """What has arrived since the last reset; moments are seconds of the epoch, comparable between processes."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._recent: collections.deque[float] = collections.deque()
        self.activities: dict[str, dict[str, Any]] = {}
        self.moments: list[float] = []
        self.imports: list[float] = []
        self.contacts = 0
        self.size = 0
        self.refused = 0
        self.most_in_a_second = 0

    def take_slot(self) -> bool:
        """Count a request; false where it comes too fast."""
        now = time.time()
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if self._rate and len(self._recent) >= self._rate:
            self.refused += 1
            return False
        self._recent.append(now)
        self.most_in_a_second = max(self.most_in_a_second, len(self._recent))
        self.moments.append(now)
        return True

    def add_import(self, path: str, body: bytes) -> dict[str, Any]:
        """A job that is over: its counters are those of the rows in ``body``."""
        self.imports.append(time.time())
        self.size += len(body)
        name = _FILE_NAME.search(body[:2_000])
        if path.endswith("contacts_file_import"):
            first = body.index(b"\r\n\r\n", name.start() if name else 0) + 4
            rows = body.count(b"\n", first, body.rindex(b"\r\n--")) - 1
        else:
            rows = body.count(b'"email":')
        self.contacts += rows
        identifier = str(uuid.uuid4())
        self.activities[identifier] = {
            "activity_id": identifier,
            "state": "completed",
            "percent_done": 100,
            "source_file_name": name[1].decode() if name else "",
            "created_at": "2026-01-01T00:00:00Z",
            "activity_errors": [],
            "status": {
                "items_total_count": rows + 1,
                "person_count": rows,
                "error_count": 0,
                "correctable_count": 0,
                "cannot_add_to_list_count": 0,
            },
            "_links": {"self": {"href": f"/v3/activities/{identifier}"}},
        }
        return self.activities[identifier]

    def facts(self) -> dict[str, Any]:
        """What to tell about it."""
        return {
            "requests": len(self.moments),
            "imports": len(self.imports),
            "contacts": self.contacts,
            "bytes": self.size,
            "refused": self.refused,
            "most_in_a_second": self.most_in_a_second,
            "first_request": self.moments[0] if self.moments else None,
            "first_import": self.imports[0] if self.imports else None,
            "last_import": self.imports[-1] if self.imports else None,
            "last_request": self.moments[-1] if self.moments else None,
        }


class Conversation(asyncio.Protocol):
    """One connection: HTTP/1.1 as far as clients need it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._received = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (request := self._whole_request()) is not None:
            status, answer = self._service.answer(*request)
            body = json.dumps(answer).encode()
            head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)

    def _whole_request(self) -> tuple[str, str, bytes] | None:
        if self._head is None:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return None
            first, *lines = self._received[:end].decode("latin-1").split("\r\n")
            del self._received[: end + 4]
            headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
            if headers.get("expect"):
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            method, path, _version = first.split(" ", 2)
            self._head = method, path, headers
        method, path, headers = self._head
        body = self._whole_body(headers)
        if body is None:
            return None
        self._head = None
        return method, path, body

    def _whole_body(self, headers: dict[str, str]) -> bytes | None:
        if "chunked" not in headers.get("transfer-encoding", ""):
            size = int(headers.get("content-length", 0))
            if len(self._received) < size:
                return None
            body = bytes(self._received[:size])
            del self._received[:size]
            return body
        chunks, start = [], 0
        while (line_end := self._received.find(b"\r\n", start)) >= 0:
            size = int(self._received[start:line_end].split(b";")[0], 16)
            if len(self._received) < line_end + 4 + size:
                return None
            chunks.append(bytes(self._received[line_end + 2 : line_end + 2 + size]))
            start = line_end + 4 + size
            if not size:
                del self._received[:start]
                return b"".join(chunks)
        return None


class Service:
    """The few paths that senders ask."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._arrivals = Arrivals(rate)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, object]:
        """Status and answer of a request."""
        path = target.partition("?")[0].rstrip("/")
        if path == _STATS:
            facts = self._arrivals.facts()
            if method == "DELETE":
                self._arrivals = Arrivals(self._rate)
            return 200, facts
        if not self._arrivals.take_slot():
            return 429, {"error_key": "throttled", "error_message": "Too Many Requests"}
        if method == "POST":
            return 201, self._arrivals.add_import(path, body)
        known = self._arrivals.activities
        if path.endswith("/activities"):
            return 200, {"activities": list(reversed(known.values()))}
        if path.endswith("/account/summary"):
            return 200, {"encoded_account_id": ACCOUNT, "organization_name": "Sink", "contact_email": "a@example.com"}
        identifier = path.rpartition("/")[2]
        if "/contact_lists/" in path:
            return 200, {"list_id": identifier, "name": "Sink", "membership_count": self._arrivals.contacts}
        return (200, known[identifier]) if identifier in known else (404, [{"error_key": "not_found"}])


async def serve(rate: int) -> None:
    """Serve until killed."""
    service = Service(rate)
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(service), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=0, help="requests a second; 0 for any")
    asyncio.run(serve(parser.parse_args().rate))
