"""Constant Contact in memory, under the real client: an httpx transport that remembers, and fails by the number.

Nothing here waits: time is the simulation's clock. What a fault does is what ``cctui.sandbox.faults`` does over real
sockets; the names are the same, so that both can be told side by side.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
from delivery_stand_ins import ACCOUNT, LIST_ID
from msgspec import Struct

CANARY = "eyJraWQiOiJzaW11bGF0aW9u.c2VjcmV0LW9mLXRoZS1zaW11bGF0aW9u"
EVIL = "\x1b[2J\u202eperson1@contoso.com " + CANARY
"""What a hostile body may say: it drives the terminal, turns the line around, names a person and a token."""

TRANSIENT = (
    "refuse",
    "connect-timeout",
    "reset-before-body",
    "reset-in-body",
    "black-hole",
    "no-answer",
    "cut-answer",
    "slow-drip",
    "500",
    "500-carried-out",
    "502",
    "503",
    "503-carried-out",
    "throttled",
    "queue-full",
    "wrong-json",
    "wrong-shape",
    "empty-body",
    "looping-next",
    "unauthorized",
    "clock-ahead",
    "clock-behind",
)
"""Faults of one request. A run that meets some of them, and nothing else, still delivers everybody."""

PAUSING = ("quota-exceeded", "sign-in-ended")
"""Faults that make a run wait for midnight or for a person."""

FATES = (
    "failed",
    "timed-out",
    "cancelled",
    "stuck",
    "slow",
    "vanished",
    "missing-counters",
    "no-file-name",
    "refusing",
    "not-adding",
)
"""What becomes of the job that a request creates."""

ENDING = ("403", "400", "404")
"""Refusals; the run ends with them."""

_CARRIED_OUT_UNSEEN = {"no-answer", "cut-answer", "500-carried-out", "503-carried-out", "wrong-json", "wrong-shape"}
_CARRIED_OUT_UNSEEN |= {"empty-body"}
_SEEN = {"slow-drip", "looping-next", "clock-ahead", "clock-behind"}
_TEN_DAYS = 864_000.0
_NAME = re.compile(rb'name="file"; filename="([^"]+)".*?\r\n\r\n(.*)\r\n--', re.DOTALL)


class Job(Struct):
    """A job as the service knows it; ``looks`` is how many lists it takes to end."""

    activity_id: str
    name: str
    emails: list[str]
    fate: str
    looks: int
    created_at: datetime
    made_at: float
    taken: int = 0

    def shown_at(self, moment: float) -> bool:
        """Whether the service still knows it: it forgets jobs after ten days."""
        return self.fate != "vanished" and moment - self.made_at < _TEN_DAYS

    def findable_at(self, moment: float) -> bool:
        """Whether a look-up by name must find it, and it has not come to nothing."""
        return self.shown_at(moment) and self.fate not in {"no-file-name", "failed", "timed-out", "cancelled"}


class SimulatedService(httpx.BaseTransport):
    """The far side. ``faults`` go by the number of the request, from 1; ``reach`` is a point of the crash sweep."""

    def __init__(self, now: Callable[[], datetime], tick: Callable[[], float], pass_time: Callable[[float], None]):
        self._now, self._tick, self._pass_time = now, tick, pass_time
        self.reach: Callable[[str], None] = lambda _name: None
        self.faults: dict[int, str] = {}
        self.met: list[str] = []
        self.looks = 1
        self.jobs: list[Job] = []
        self.arrived: Counter[str] = Counter()
        self.calls = 0
        self.departures: list[float] = []
        self.days: Counter[str] = Counter()
        self.unexplained: list[str] = []
        self.refresh_tokens = {"refresh-0"}
        self.access_tokens = {"access-0"}
        self.renewals = 0
        self.ended = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request of the client."""
        self.reach("before a request")
        body = b"".join(request.stream)
        renewal = request.url.path.endswith("/token")
        answer = self._renew(body) if renewal else self._meet(request, body)
        self.reach("after a request")
        return answer

    def sign_in(self) -> tuple[str, str]:
        """What a person gets who signs in: access and refresh token."""
        self.ended = False
        return self._issue()

    def _issue(self) -> tuple[str, str]:
        self.renewals += 1
        pair = (f"access-{self.renewals}", f"refresh-{self.renewals}")
        self.access_tokens, self.refresh_tokens = {pair[0]}, {pair[1]}
        return pair

    def _renew(self, body: bytes) -> httpx.Response:
        used = dict(part.split("=", 1) for part in body.decode().split("&")).get("refresh_token", "")
        if self.ended or used not in self.refresh_tokens:
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": EVIL})
        access, refresh = self._issue()
        return httpx.Response(
            200,
            json={"access_token": access, "refresh_token": refresh, "expires_in": 86_400, "token_type": "Bearer"},
        )

    def _meet(self, request: httpx.Request, body: bytes) -> httpx.Response:
        self.calls += 1
        fault = self.faults.get(self.calls, "")
        if fault:
            self.met.append(fault)
        if fault == "refuse":
            raise httpx.ConnectError("Connection refused")
        if fault == "connect-timeout":
            self._pass_time(10.0)
            raise httpx.ConnectTimeout("no route")
        self.departures.append(self._tick())
        self.days[self._now().date().isoformat()] += 1
        if fault in {"reset-before-body", "reset-in-body"}:
            raise httpx.WriteError("reset by peer")
        if fault == "black-hole":
            self._pass_time(120.0)
            raise httpx.ReadTimeout("silence")
        if fault == "sign-in-ended":
            self.ended = True
            self.access_tokens.clear()
        if fault == "unauthorized":
            self.access_tokens.clear()
        refusal = self._refusal(fault, request.headers.get("authorization", ""))
        if refusal is not None:
            return refusal
        answer = self._carry_out(request, body, fault)
        if fault in _CARRIED_OUT_UNSEEN:
            return self._unseen(fault, answer)
        if fault == "slow-drip":
            self._pass_time(100.0)
        return answer

    def _refusal(self, fault: str, authorization: str) -> httpx.Response | None:
        match fault:
            case "500":
                return httpx.Response(500, json=[{"error_key": "server", "error_message": EVIL}])
            case "502":
                return httpx.Response(502, html=f"<html><b>{EVIL}</b></html>")
            case "503":
                return httpx.Response(503)
            case "throttled":
                return httpx.Response(429, json={"error_key": "throttled", "error_message": "Too Many Requests"})
            case "quota-exceeded":
                return httpx.Response(429, json={"error_key": "quota_exceeded", "error_message": "Limit Exceeded"})
            case "queue-full":
                said = "There are 1,000 queued activities for this user account."
                return httpx.Response(429, json=[{"error_key": "too_many", "error_message": said}])
            case "400" | "403" | "404":
                return httpx.Response(int(fault), json=[{"error_key": "no", "error_message": EVIL}])
        if authorization.removeprefix("Bearer ") not in self.access_tokens:
            return httpx.Response(401, json={"error_key": "unauthorized", "error_message": EVIL})
        return None

    def _carry_out(self, request: httpx.Request, body: bytes, fault: str) -> httpx.Response:
        path = request.url.path.removeprefix("/v3/")
        if request.method == "POST":
            return httpx.Response(201, json=self._shown(self._take(body, fault)))
        if path == "account/summary":
            found: dict[str, Any] = {"encoded_account_id": ACCOUNT.encoded_account_id, "organization_name": EVIL}
        elif path == f"contact_lists/{LIST_ID}":
            found = {"list_id": LIST_ID, "name": f"Newsletter {EVIL}", "membership_count": 3}
        elif path == "activities":
            for job in self.jobs:
                job.looks -= job.fate != "stuck"
            shown = [self._shown(job) for job in reversed(self.jobs) if job.shown_at(self._tick())]
            found = {"activities": shown}
            if fault == "looping-next":
                found["_links"] = {"next": {"href": "/v3/activities?limit=500"}}
        else:
            wanted = path.removeprefix("activities/")
            match = [job for job in self.jobs if job.activity_id == wanted and job.shown_at(self._tick())]
            if not match:
                return httpx.Response(404, json=[{"error_key": "not_found", "error_message": EVIL}])
            found = self._shown(match[0])
        return httpx.Response(200, json=found)

    def _take(self, body: bytes, fault: str) -> Job:
        name, text = _NAME.search(body).groups()
        emails = [row["email"] for row in csv.DictReader(io.StringIO(text.decode()))]
        for before in self.jobs:
            if before.name == name.decode() and before.findable_at(self._tick()):
                self.unexplained.append(before.name)
        job = Job(
            f"activity-{len(self.jobs) + 1}",
            name.decode(),
            emails,
            fault if fault in FATES or fault in _SEEN else "",
            9 if fault == "slow" else self.looks,
            self._now(),
            self._tick(),
        )
        self.jobs.append(job)
        taken = {"failed": emails[: len(emails) // 2], "timed-out": emails[: len(emails) // 2], "cancelled": []}
        refused = emails[:2] if fault in {"refusing", "not-adding"} else []
        arrived = [email for email in taken.get(fault, emails) if email not in refused]
        job.taken = len(arrived)
        self.arrived.update(arrived)
        return job

    def _shown(self, job: Job) -> dict[str, Any]:
        shown: dict[str, Any] = {"activity_id": job.activity_id, "created_at": self._created(job)}
        if job.fate != "no-file-name":
            shown["source_file_name"] = job.name
        if job.looks > 0:
            return {**shown, "state": "processing", "percent_done": 50}
        ends = {"failed": "failed", "timed-out": "timed_out", "cancelled": "cancelled"}
        shown["state"] = ends.get(job.fate, "completed")
        rows, bad = len(job.emails), min(2, len(job.emails))
        if job.fate == "refusing":
            shown["activity_errors"] = [f"Line {line + 2}: {EVIL}" for line in range(bad)]
        if job.fate != "missing-counters" and shown["state"] == "completed":
            shown["status"] = {
                "items_total_count": rows + 1,
                "person_count": rows,
                "error_count": 0,
                "correctable_count": bad if job.fate == "refusing" else 0,
                "cannot_add_to_list_count": bad if job.fate == "not-adding" else 0,
            }
        return shown

    def _created(self, job: Job) -> str:
        days = {"clock-ahead": 365, "clock-behind": -365}.get(job.fate, 0)
        return (job.created_at + timedelta(days=days)).isoformat()

    def _unseen(self, fault: str, answer: httpx.Response) -> httpx.Response:
        """The request was carried out; its answer tells nothing of use."""
        match fault:
            case "no-answer":
                self._pass_time(120.0)
                raise httpx.ReadTimeout("silence")
            case "cut-answer":
                return httpx.Response(answer.status_code, stream=_Cut(answer.content))
            case "500-carried-out" | "503-carried-out":
                return httpx.Response(int(fault[:3]), text=EVIL)
            case "wrong-json":
                return httpx.Response(answer.status_code, content=answer.content[:-3])
            case "wrong-shape":
                return httpx.Response(answer.status_code, content=json.dumps([EVIL]))
            case _:
                return httpx.Response(answer.status_code)


class _Cut(httpx.SyncByteStream):
    """An answer whose connection is cut in the middle."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content[: len(self._content) // 2]
        raise httpx.ReadError("connection reset")
