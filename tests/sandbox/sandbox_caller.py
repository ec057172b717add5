"""A client of the stand-in that a test talks with, and the settings that make it quick."""

from __future__ import annotations

from typing import Any

import httpx

from cctui.sandbox import running
from cctui.sandbox.lists import list_id_for
from cctui.sandbox.settings import SANDBOX_CLIENT_ID

NO_LIMITS: dict[str, Any] = {
    "lists": ["News", "Old customers"],
    "custom_fields": ["Loyalty tier"],
    "initialized_seconds": 0,
    "processing_seconds": 0,
    "rate_per_second": 0,
    "daily_quota": 0,
    "token_rate": 0,
    "device_interval": 0,
}
NEWS = list_id_for("News")
SCOPE = "contact_data account_read offline_access"


class Caller:
    """A client of the service that was let in, and the switches."""

    def __init__(self, sandbox: running.RunningSandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(base_url=sandbox.base_url, timeout=20)
        self.access_token = ""

    def sign_in(self, **wanted: str) -> dict[str, Any]:
        """Tokens without a sign-in."""
        tokens = self.http.post("/sandbox/tokens", json=wanted).json()
        self.access_token = tokens["access_token"]
        return tokens

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A call of the API with the token."""
        headers = {"Authorization": f"Bearer {self.access_token or 'none'}", **options.pop("headers", {})}
        return self.http.request(method, f"/v3/{path}", headers=headers, **options)

    def get(self, path: str, **query: Any) -> httpx.Response:
        """A GET of the API."""
        return self.call("GET", path, params=query)

    def send(self, body: str | bytes, name: str = "batch.csv", lists: str = NEWS) -> httpx.Response:
        """A file import."""
        data = body.encode() if isinstance(body, str) else body
        return self.call(
            "POST",
            "activities/contacts_file_import",
            files={"file": (name, data, "text/csv"), "list_ids": (None, lists)},
        )

    def imported(self, body: str | bytes, name: str = "batch.csv", lists: str = NEWS) -> dict[str, Any]:
        """A file import that is over, as its activity tells it."""
        reply = self.send(body, name, lists)
        assert reply.status_code == 201, reply.text
        self.switch("GET", "idle")
        return self.get(f"activities/{reply.json()['activity_id']}").json()

    def switch(self, method: str, path: str, **options: Any) -> Any:
        """A switch of the stand-in."""
        reply = self.http.request(method, f"/sandbox/{path}", **options)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def set(self, **settings: Any) -> None:
        """Change settings."""
        self.switch("PUT", "settings", json=settings)

    def arm(self, kind: str, **fault: Any) -> None:
        """Switch a fault on."""
        self.switch("POST", "faults", json={"kind": kind, **fault})

    def stats(self) -> dict[str, Any]:
        """What arrived, in figures."""
        return self.switch("GET", "stats")

    def members(self, name: str = "News") -> dict[str, dict[str, Any]]:
        """The contacts of a list by address."""
        return {contact["email"]: contact for contact in self.sandbox.contacts(list_id_for(name))}

    def oauth(self, path: str, **form: str) -> httpx.Response:
        """A call of the authorization service."""
        return self.http.post(f"/oauth2/default/v1/{path}", data=form)

    def device(self, scope: str = SCOPE) -> dict[str, Any]:
        """The start of a device flow."""
        reply = self.oauth("device/authorize", client_id=SANDBOX_CLIENT_ID, scope=scope)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def poll(self, device_code: str) -> httpx.Response:
        """One poll of the token endpoint."""
        return self.oauth(
            "token",
            client_id=SANDBOX_CLIENT_ID,
            device_code=device_code,
            grant_type="urn:ietf:params:oauth:grant-type:device_code",
        )

    def refresh(self, refresh_token: str) -> httpx.Response:
        """One refresh."""
        return self.oauth("token", client_id=SANDBOX_CLIENT_ID, refresh_token=refresh_token, grant_type="refresh_token")
