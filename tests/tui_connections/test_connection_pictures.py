"""Pictures of the pane and of the sign-in panel at the two sizes; look at a difference before accepting it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from connection_stories import (
    KEY,
    NARROW,
    NOW,
    SIZES,
    HurriedClock,
    face,
    fill_in,
    offer,
    paste,
    press,
    save_connection,
    sign_in,
    text_of,
    until,
)
from msgspec import structs
from textual.pilot import Pilot

from cctui.constant_contact.connection_check import ConnectionCheck, ConnectionState, record
from cctui.constant_contact.connection_life import checks_path
from cctui.constant_contact.sign_in import DeviceCode, Pending, Waiting
from cctui.constant_contact.sign_in_errors import NoRefreshToken, NoRights
from cctui.constant_contact.tokens import TokenState
from cctui.definitions.environment import Environment
from cctui.definitions.model import ConnectionDefinition
from cctui.tui import sign_in_attempt, token_lines
from cctui.tui.parts import Line
from cctui.tui.screens.changed_elsewhere import ChangedElsewhereDialog
from cctui.tui.screens.connection_pane import ConnectionPane
from cctui.tui.screens.connections import ConnectionsPage
from cctui.tui.screens.key_help import KeyHelpDialog
from cctui.tui.screens.sign_in_panel import SignInPanel
from cctui.tui.sign_in_words import Phase, Wait

Snap = Callable[..., bool]


class StillClock(HurriedClock):
    """No time passes; a wait ends only when it is woken."""

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        assert wake is not None
        return wake.wait()


class KnownSignIn:
    """A sign-in with a code that is the same on every picture, approved by nobody."""

    def __init__(self, _connection: object, **_options: object) -> None:
        pass

    def start(self) -> DeviceCode:
        page = "https://identity.constantcontact.com/activate"
        return DeviceCode("BCDFGHJK", page, f"{page}?user_code=BCDFGHJK", NOW + timedelta(minutes=10), 600, 5)

    def poll_once(self) -> Pending:
        return Pending(Waiting.APPROVAL, 5, 600)

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code, the real service's address, the same moment, the same folder."""
    offer(monkeypatch)
    told = token_lines.token_lines

    def told_of_one_folder(tokens: TokenState, *rest: Any) -> list[Line]:
        return told(structs.replace(tokens, path=Path("/srv/contoso/secrets/marketing.json")), *rest)

    monkeypatch.setattr(token_lines, "token_lines", told_of_one_folder)
    monkeypatch.setattr(sign_in_attempt, "DeviceSignIn", KnownSignIn)


def pictured(environment: Environment, do: Callable[[Pilot[Any]], Any], size: tuple[int, int]) -> dict[str, Any]:
    app = face(environment, live=False)
    app.clock = StillClock()

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))
        await do(pilot)
        # The first layout decides how much room the last lines have.
        await pilot.pause()
        await pilot.pause()

    return {"app": app, "terminal_size": size, "run_before": before}


async def to_pane(pilot: Pilot[Any]) -> None:
    await press(pilot, "a")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionPane))
    await until(pilot, lambda: pilot.app.focused is not None and "Esc closes" in text_of(pilot.app))


async def to_panel(pilot: Pilot[Any]) -> None:
    connection = ConnectionDefinition(
        id="marketing", display_name="Marketing", client_id=KEY, created_by="ops1", created_at=NOW
    )
    await pilot.app.push_screen(SignInPanel(connection))
    await until(pilot, lambda: isinstance(pilot.app.screen, SignInPanel) and pilot.app.screen.code)
    await until(pilot, lambda: pilot.app.screen.wait.pending)


@SIZES
def test_empty(snap_compare: Snap, empty: Environment, size: tuple[int, int]) -> None:
    assert snap_compare(**pictured(empty, to_pane, size))


@SIZES
def test_filled_and_wrong(snap_compare: Snap, empty: Environment, size: tuple[int, int]) -> None:
    async def do(pilot: Pilot[Any]) -> None:
        await to_pane(pilot)
        await paste(pilot, "Constant Contact, marketing")
        await press(pilot, "enter")
        await paste(pilot, KEY[:-3])
        await press(pilot, "shift+tab")

    assert snap_compare(**pictured(empty, do, size))


@SIZES
def test_agreed(snap_compare: Snap, empty: Environment, size: tuple[int, int]) -> None:
    async def do(pilot: Pilot[Any]) -> None:
        await to_pane(pilot)
        await fill_in(pilot)

    assert snap_compare(**pictured(empty, do, size))


@SIZES
def test_waiting(snap_compare: Snap, empty: Environment, size: tuple[int, int]) -> None:
    assert snap_compare(**pictured(empty, to_panel, size))


@pytest.mark.parametrize(
    "wait",
    [
        Wait(Phase.ENDED, problem=NoRights("Contoso Coffee")),
        Wait(Phase.QUESTION, problem=NoRefreshToken()),
        Wait(Phase.LOOKING),
    ],
    ids=["ended", "question", "looking"],
)
def test_ends(snap_compare: Snap, empty: Environment, wait: Wait) -> None:
    async def do(pilot: Pilot[Any]) -> None:
        await to_panel(pilot)
        pilot.app.screen._show(wait)  # type: ignore[attr-defined]

    assert snap_compare(**pictured(empty, do, NARROW))


@SIZES
def test_saved(snap_compare: Snap, empty: Environment, size: tuple[int, int]) -> None:
    save_connection(empty)
    sign_in(empty)
    check = ConnectionCheck(ConnectionState.CONNECTED, NOW - timedelta(hours=2), account="Contoso Coffee (a07e1n5)")
    record(checks_path(empty), "marketing", check)

    async def do(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionPane))
        await until(pilot, lambda: pilot.app.focused is not None and pilot.app.focused.id == "name")
        await press(pilot, *["tab"] * 4)

    assert snap_compare(**pictured(empty, do, size))


def test_key_help(snap_compare: Snap, empty: Environment) -> None:
    async def do(pilot: Pilot[Any]) -> None:
        await to_pane(pilot)
        await press(pilot, "f3")
        await until(pilot, lambda: isinstance(pilot.app.screen, KeyHelpDialog))
        await until(pilot, lambda: "6. Copy the API key" in text_of(pilot.app))

    assert snap_compare(**pictured(empty, do, NARROW))


def test_changed_elsewhere(snap_compare: Snap, empty: Environment) -> None:
    save_connection(empty)

    async def do(pilot: Pilot[Any]) -> None:
        await press(pilot, "enter")
        await until(pilot, lambda: pilot.app.focused is not None and pilot.app.focused.id == "name")
        await paste(pilot, ", mine")
        path = empty.root / "connections" / "marketing.toml"
        path.write_text(path.read_text().replace('"Marketing"', '"Theirs"'))
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChangedElsewhereDialog))
        await press(pilot, "d")
        await until(pilot, lambda: "+++ mine" in text_of(pilot.app))

    assert snap_compare(**pictured(empty, do, NARROW))
