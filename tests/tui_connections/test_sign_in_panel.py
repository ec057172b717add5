"""Every way a sign-in can go on the panel has its sentence and its next step (C12, C13)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from connection_stories import KEY, NARROW, NOW, WIDE, approve, face, paste, press, text_of, until, words_of
from msgspec import structs
from textual.pilot import Pilot
from textual.widgets import Input

from cctui import sandbox as stand_in
from cctui.constant_contact.sign_in import DEFAULT_REDIRECT, SignedIn
from cctui.constant_contact.tokens import Standing, TokenStore
from cctui.definitions.environment import Environment
from cctui.definitions.model import Account, ConnectionDefinition, Endpoints
from cctui.sandbox.running import RunningSandbox
from cctui.tui.screens.sign_in_panel import SignInPanel
from cctui.tui.sign_in_words import Phase

TOKEN = "/oauth2/default/v1/token"


@pytest.fixture
def connection(sandbox: RunningSandbox) -> ConnectionDefinition:
    """A connection of the stand-in that nobody has signed in to."""
    return ConnectionDefinition(
        id="marketing",
        display_name="Marketing",
        client_id=KEY,
        created_by="ops1",
        created_at=NOW,
        endpoints=Endpoints(api=sandbox.api, authorization=sandbox.authorization),
    )


Panel = tuple[Pilot[int], SignInPanel, list[SignedIn | None]]


@asynccontextmanager
async def opened(
    environment: Environment,
    connection: ConnectionDefinition,
    *,
    size: tuple[int, int] = NARROW,
    ascii_only: bool = False,
    unsaved: bool = False,
) -> AsyncIterator[Panel]:
    """The panel over the connections page, and what it ends with."""
    app = face(environment, ascii_only=ascii_only)
    ended: list[SignedIn | None] = []
    async with app.run_test(size=size) as pilot:
        panel = SignInPanel(connection, unsaved=unsaved)
        await app.push_screen(panel, ended.append)
        yield pilot, panel, ended


async def reached(pilot: Pilot[int], panel: SignInPanel, phase: Phase) -> str:
    """Wait until the sign-in stands there; returns all words on the screen."""
    await until(pilot, lambda: panel.wait.phase is phase)
    await pilot.pause()
    return words_of(pilot.app)  # type: ignore[arg-type]


async def test_address_code_and_time_are_shown_and_it_goes_on_by_itself(empty, sandbox, connection) -> None:
    async with opened(empty, connection, size=WIDE) as (pilot, panel, ended):
        await until(pilot, lambda: panel.code)
        text = await reached(pilot, panel, Phase.WAITING)
        assert f"{sandbox.base_url}/activate" in text
        assert " ".join(panel.code.user_code) in text
        assert "The code is good for" in text
        assert "Waiting for your approval in the browser." in text
        assert "██ █▄▄▄█ █" in text_of(pilot.app)
        await approve(pilot, sandbox)
        await until(pilot, lambda: ended)
        assert ended[0] is not None
        assert ended[0].pin == Account(id="a07e1n5andb0x", name="Contoso Coffee")
    assert TokenStore(empty.secrets_folder).state("marketing").standing is Standing.GOOD


async def test_everything_needed_fits_80_by_24(empty, sandbox, connection) -> None:
    async with opened(empty, connection) as (pilot, panel, _ended):
        await until(pilot, lambda: panel.code)
        text = await reached(pilot, panel, Phase.WAITING)
        for needed in ("/activate", " ".join(panel.code.user_code), "good for", "c Copy", "r New code", "Esc Close"):
            assert needed in text
        assert "██ █▄▄▄█ █" in text_of(pilot.app)


async def test_a_small_window_and_an_ascii_terminal_say_why_there_is_no_qr_code(empty, sandbox, connection) -> None:
    async with opened(empty, connection, size=(70, 18)) as (pilot, panel, _ended):
        await until(pilot, lambda: panel.code)
        assert "the window is too small" in await reached(pilot, panel, Phase.WAITING)
    async with opened(empty, connection, ascii_only=True) as (pilot, panel, _ended):
        await until(pilot, lambda: panel.code)
        text = await reached(pilot, panel, Phase.WAITING)
        assert "this terminal draws ASCII only" in text
        assert " ".join(panel.code.user_code) in text


async def test_c_copies_address_and_code_and_r_asks_for_a_new_one(empty, sandbox, connection) -> None:
    async with opened(empty, connection) as (pilot, panel, _ended):
        await until(pilot, lambda: panel.code)
        first = panel.code
        await press(pilot, "c")
        assert pilot.app.clipboard == f"{first.verification_uri_complete}\n{first.user_code}"
        assert "Copied" in text_of(pilot.app)
        await press(pilot, "r")
        await until(pilot, lambda: panel.code not in {None, first})


async def test_closing_stops_the_wait_and_leaves_no_tokens(empty, sandbox, connection) -> None:
    async with opened(empty, connection, unsaved=True) as (pilot, panel, ended):
        await until(pilot, lambda: panel.code)
        await press(pilot, "escape")
        await until(pilot, lambda: ended == [None])
        await pilot.app.workers.wait_for_complete()
        asked = len(sandbox.ask("requests")["requests"])
        sandbox.ask("approve", {"user_code": panel.code.user_code})
        await pilot.pause()
        assert len(sandbox.ask("requests")["requests"]) == asked
    assert TokenStore(empty.secrets_folder).state("marketing").standing is Standing.NONE


REFUSALS = {
    "expired_token": ("The code has expired before it was approved.", "for a new code."),
    "access_denied": ("The sign-in was denied.", "choose Allow"),
    "unauthorized_client": ("does not accept the application key for this kind of sign-in.", "the device flow"),
    "invalid_client": ("does not accept the application key for this kind of sign-in.", "the developer portal"),
    "invalid_grant": ("does not accept the code.", "Start the sign-in again."),
}


async def test_each_refusal_has_its_sentence_and_its_next_step_and_can_be_followed_by_a_success(
    empty, sandbox, connection
) -> None:
    def refuse(error: str) -> None:
        sandbox.ask("faults", method="DELETE")
        sandbox.ask("faults", {"kind": "sign-in-error", "path": TOKEN, "error": error, "nth": 1})

    refuse("expired_token")
    async with opened(empty, connection) as (pilot, panel, ended):
        for error, (sentence, step) in REFUSALS.items():
            if error != "expired_token":
                refuse(error)
                await press(pilot, "r")
            text = await reached(pilot, panel, Phase.ENDED)
            assert sentence in text, error
            assert step in text, error
        await press(pilot, "r")
        await approve(pilot, sandbox)
        await until(pilot, lambda: ended)


async def test_a_denial_in_the_browser_ends_the_wait(empty, sandbox, connection) -> None:
    async with opened(empty, connection) as (pilot, panel, _ended):
        await until(pilot, lambda: panel.code)
        sandbox.ask("deny", {"user_code": panel.code.user_code})
        assert "The sign-in was denied." in await reached(pilot, panel, Phase.ENDED)


async def test_an_application_of_another_flow_is_named_at_once(empty, sandbox, connection) -> None:
    sandbox.ask("settings", {"flows": ["pkce"]}, method="PUT")
    async with opened(empty, connection) as (pilot, panel, _ended):
        text = await reached(pilot, panel, Phase.ENDED)
        assert "The application must have been made for the device flow" in text
        assert "p Paste an address instead" in text


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "sign-in-error", "path": TOKEN, "error": "slow_down"},
        {"kind": "throttled", "path": TOKEN},
    ],
    ids=["slow_down", "429"],
)
async def test_being_asked_to_slow_down_is_said_and_not_an_end(empty, sandbox, connection, fault) -> None:
    sandbox.ask("faults", fault)
    async with opened(empty, connection) as (pilot, _panel, ended):
        await until(pilot, lambda: "wants to be asked less often" in words_of(pilot.app))
        sandbox.ask("faults", method="DELETE")
        await approve(pilot, sandbox)
        await until(pilot, lambda: ended)


async def test_a_fault_on_the_way_is_said_and_the_wait_goes_on(empty, sandbox, connection) -> None:
    sandbox.ask("faults", {"kind": "503", "path": TOKEN})
    async with opened(empty, connection) as (pilot, panel, ended):
        await until(pilot, lambda: "cannot be reached or does not answer." in words_of(pilot.app))
        assert panel.wait.phase is Phase.WAITING
        sandbox.ask("faults", method="DELETE")
        await approve(pilot, sandbox)
        await until(pilot, lambda: ended)


async def test_without_a_network_it_says_so_and_what_to_check(empty, connection) -> None:
    nowhere = Endpoints(api="http://127.0.0.1:9/v3", authorization="http://127.0.0.1:9/oauth2/default/v1")
    async with opened(empty, structs.replace(connection, endpoints=nowhere)) as (pilot, panel, _ended):
        text = await reached(pilot, panel, Phase.ENDED)
        assert "cannot be reached" in text
        assert "Check the network" in text


async def test_without_a_refresh_token_it_asks_first(empty, sandbox, connection) -> None:
    sandbox.ask("settings", {"refresh_tokens": "none"}, method="PUT")
    async with opened(empty, connection) as (pilot, panel, ended):
        await approve(pilot, sandbox)
        text = await reached(pilot, panel, Phase.QUESTION)
        assert "gave no refresh token" in text
        assert TokenStore(empty.secrets_folder).state("marketing").standing is Standing.NONE
        await press(pilot, "left", "enter")
        await until(pilot, lambda: ended)
        assert ended[0] is not None
    assert TokenStore(empty.secrets_folder).state("marketing").standing is Standing.GOOD


async def test_a_sign_in_without_an_account_is_none(empty, sandbox, connection) -> None:
    sandbox.ask("settings", {"assigned": False}, method="PUT")
    async with opened(empty, connection) as (pilot, panel, _ended):
        await approve(pilot, sandbox)
        text = await reached(pilot, panel, Phase.ENDED)
        assert "belongs to no Constant Contact account." in text
        assert "private window" in text


async def test_a_user_without_rights_is_told_whom_to_sign_in_as(empty, sandbox, connection) -> None:
    sandbox.ask("settings", {"user_role": "campaign-creator"}, method="PUT")
    async with opened(empty, connection) as (pilot, panel, _ended):
        await approve(pilot, sandbox)
        text = await reached(pilot, panel, Phase.ENDED)
        assert "may not change contacts in" in text
        assert "Sign in as Account Owner or Account Manager." in text
    assert TokenStore(empty.secrets_folder).state("marketing").standing is Standing.NONE


@pytest.mark.parametrize("accepted", [True, False])
async def test_another_account_is_refused_unless_confirmed(empty, sandbox, connection, accepted: bool) -> None:
    pinned = structs.replace(connection, account=Account(id="b11", name="Fabrikam"))
    async with opened(empty, pinned) as (pilot, panel, ended):
        await approve(pilot, sandbox)
        text = await reached(pilot, panel, Phase.QUESTION)
        assert "Fabrikam (b11)" in text
        assert "Contoso Coffee (a07e1n5andb0x)" in text
        # The safe answer has the focus.
        await press(pilot, *(["left", "enter"] if accepted else ["enter"]))
        await until(pilot, lambda: ended)
        assert (ended[0] is not None) is accepted
    standing = TokenStore(empty.secrets_folder).state("marketing").standing
    assert standing is (Standing.GOOD if accepted else Standing.NONE)


async def test_a_pasted_address_signs_in_too_and_is_never_shown(empty, sandbox, connection) -> None:
    async with opened(empty, connection, size=WIDE) as (pilot, panel, ended):
        await until(pilot, lambda: panel.code)
        await press(pilot, "p")
        await reached(pilot, panel, Phase.PASTING)
        await press(pilot, "escape")
        assert ended == [None]
    async with opened(empty, connection, size=WIDE) as (pilot, panel, ended):
        await press(pilot, "p")
        await paste(pilot, f"{DEFAULT_REDIRECT}?code=abc&state=other")
        assert "state=other" not in text_of(pilot.app)
        await press(pilot, "f3")
        assert pilot.app.clipboard == panel.address
        await press(pilot, "enter")
        await until(pilot, lambda: "another sign-in" in words_of(pilot.app))
        assert panel.query_one("#pasted", Input).has_focus
        await paste(pilot, led_to(panel))
        await press(pilot, "enter")
        await until(pilot, lambda: ended)
        assert ended[0] is not None


def led_to(panel: SignInPanel) -> str:
    """Open the panel's address, allow, and say where the browser was led to."""
    address = panel.address
    fields = {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}
    page = httpx.post(address.partition("?")[0], data={**fields, "decision": "approve"}, follow_redirects=False)
    shown = page.headers.get("location") or page.text.replace("&amp;", "&")
    found = re.search(re.escape(DEFAULT_REDIRECT) + r"\?[^\"'<\s]+", shown)
    assert found is not None
    return found.group()


DEVICE = "/oauth2/default/v1/device/authorize"
ODD = ("server_error", "invalid_scope", "invalid_request", "unsupported_grant_type", "unsupported_response_type")
ODD_ANSWERS = [*({"kind": "sign-in-error", "error": code} for code in ODD), {"kind": "wrong-json"}, {"kind": "500"}]


def test_every_sign_in_error_of_the_stand_in_is_met_here() -> None:
    folder = Path(stand_in.__file__).parent
    text = "".join((folder / name).read_text() for name in ("tokens.py", "sign_in.py"))
    codes = set(re.findall(r'SignInFailed\(\s*"(\w+)"', text)) | {"server_error"}
    assert codes == {*REFUSALS, *ODD, "authorization_pending", "slow_down"}


@pytest.mark.parametrize("fault", ODD_ANSWERS, ids=lambda fault: fault.get("error", fault["kind"]))
async def test_a_start_that_cannot_be_says_why_and_what_to_do(empty, sandbox, connection, fault) -> None:
    sandbox.ask("faults", {**fault, "path": DEVICE})
    async with opened(empty, connection) as (pilot, panel, ended):
        text = await reached(pilot, panel, Phase.ENDED)
        problem = panel.wait.problem
        assert problem is not None
        for sentence in (problem.what, problem.do):
            assert sentence
            assert sentence in text
        sandbox.ask("faults", method="DELETE")
        await press(pilot, "r")
        await approve(pilot, sandbox)
        await until(pilot, lambda: ended)


async def test_a_deactivated_application_is_among_the_causes_named(empty, sandbox, connection) -> None:
    sandbox.ask("settings", {"deactivated": True}, method="PUT")
    async with opened(empty, connection) as (pilot, panel, _ended):
        await approve(pilot, sandbox)
        assert "the application was deactivated" in await reached(pilot, panel, Phase.ENDED)
    assert TokenStore(empty.secrets_folder).state("marketing").standing is Standing.NONE
