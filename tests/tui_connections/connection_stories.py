"""What the tests of the connection pane tell stories with: a hurried clock, saved connections, hands on the keys."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from cctui.access.roles import Operator, Role
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.environment import Environment
from cctui.definitions.model import Account, ConnectionDefinition, Consent, Endpoints
from cctui.sandbox.running import RunningSandbox
from cctui.tui import connection_draft
from cctui.tui.app import CctuiApp
from cctui.tui.screens.connection_pane import ConnectionPane
from cctui.tui.screens.sign_in_panel import SignInPanel

KEY = "5a0c7e11-0d15-4b0e-9c1a-5bd0c0ffee01"
OTHER_KEY = "0b1c7e11-0d15-4b0e-9c1a-5bd0c0ffee02"
NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
WIDE = (120, 36)
NARROW = (80, 24)
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
QUICK = {"rate_per_second": 0, "token_rate": 0, "device_interval": 0, "device_expires_in": 1_000_000}
"""No limits, and a code that outlives the hurried clock."""


class HurriedClock:
    """The moment is a fixed one; waiting takes nearly no time, and counts in full."""

    def __init__(self, moment: datetime = NOW) -> None:
        self._begun = moment
        self._skipped = 0.0

    def now(self) -> datetime:
        return self._begun

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        if wake is not None and wake.wait(0.05):
            return True
        self._skipped += seconds
        return False


class LiveClock(HurriedClock):
    """Tells the moment as it is; tokens are judged by it."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def face(
    environment: Environment,
    *,
    role: Role = Role.ADMINISTRATOR,
    open_at: str = "connections",
    ascii_only: bool = False,
    live: bool = True,
) -> CctuiApp:
    """The application as an operator with this role sees it."""
    clock = LiveClock() if live else HurriedClock()
    return CctuiApp(environment, Operator("ops1", role), open_at=open_at, clock=clock, ascii_only=ascii_only)


def offer(monkeypatch: pytest.MonkeyPatch, sandbox: RunningSandbox | None = None) -> Endpoints:
    """Let new connections lead to the stand-in, as in an environment that uses it already."""
    base = sandbox.base_url if sandbox else "http://127.0.0.1:8025"
    endpoints = Endpoints(api=f"{base}/v3", authorization=f"{base}/oauth2/default/v1")
    service = connection_draft.Service("Sandbox", endpoints)
    monkeypatch.setattr(connection_draft, "services", lambda _connections: [service])
    return endpoints


def save_connection(
    environment: Environment,
    sandbox: RunningSandbox | None = None,
    *,
    id_: str = "marketing",
    name: str = "Marketing",
    account: Account | None = None,
    key: str = KEY,
) -> ConnectionDefinition:
    """A connection as somebody set it up yesterday."""
    base = sandbox.base_url if sandbox else "http://127.0.0.1:8025"
    definition = ConnectionDefinition(
        id=id_,
        display_name=name,
        client_id=key,
        account=account or Account(id="a07e1n5andb0x", name="Contoso Coffee"),
        export_user="anna",
        created_by="anna",
        created_at=NOW - timedelta(days=1),
        consent=Consent(accepted_by="anna", accepted_at=NOW - timedelta(days=1)),
        endpoints=Endpoints(api=f"{base}/v3", authorization=f"{base}/oauth2/default/v1"),
    )
    return environment.save_connection(definition, None).definition


def sign_in(environment: Environment, sandbox: RunningSandbox | None = None, id_: str = "marketing") -> None:
    """Tokens of that connection, from the stand-in or made up."""
    given = (
        sandbox.ask("tokens", {"client_id": KEY})
        if sandbox
        else {"access_token": "made-up-access", "refresh_token": "made-up-refresh"}
    )
    now = datetime.now(UTC) if sandbox else NOW - timedelta(hours=3)
    tokens = Tokens(
        client_id=KEY,
        access_token=Secret(given["access_token"]),
        refresh_token=Secret(given["refresh_token"]),
        expires_at=now + timedelta(days=1),
        signed_in_at=now,
        renewed_at=now,
    )
    TokenStore(environment.secrets_folder).save(id_, tokens)


def text_of(app: CctuiApp) -> str:
    """Everything on the screen as plain lines."""
    return "\n".join(
        "".join(segment.text for segment in strip).rstrip()
        for strip in app.screen._compositor.render_strips(app.screen.size)
    )


def words_of(app: CctuiApp) -> str:
    """Everything on the screen as one line, so that it does not matter where a sentence wraps; no QR code."""
    return " ".join(re.sub("[│█▀▄]+", " ", text_of(app)).split())


async def until(pilot: Pilot[int], true: Callable[[], object]) -> None:
    """Let the application work until something holds; a test's own time limit ends the wait."""
    while not true():
        await pilot.pause(0.01)


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys one after the other and let each take effect, dialogs included."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


async def paste(pilot: Pilot[int], text: str) -> None:
    """Paste a text into the field that has the focus, as a terminal does."""
    pilot.app.post_message(Paste(text))
    await pilot.pause()


async def fill_in(pilot: Pilot[int], name: str = "Marketing", key: str = KEY) -> None:
    """Fill the fields of a new pane up to Connect, with keys only."""
    await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionPane))
    await paste(pilot, name)
    await press(pilot, "enter")
    await paste(pilot, key)
    # Sharing, the text of the consent, the box.
    await press(pilot, "tab", "tab", "tab", "space", "tab")


async def open_panel(pilot: Pilot[int]) -> SignInPanel:
    """From the filled pane to the code on the panel."""
    await press(pilot, "enter", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, SignInPanel))
    panel = pilot.app.screen
    assert isinstance(panel, SignInPanel)
    return panel


async def approve(pilot: Pilot[int], sandbox: RunningSandbox) -> None:
    """Wait for the code, and approve it as a person at a browser would."""
    panel = pilot.app.screen
    assert isinstance(panel, SignInPanel)
    await until(pilot, lambda: panel.code)
    assert panel.code is not None
    sandbox.ask("approve", {"user_code": panel.code.user_code})
