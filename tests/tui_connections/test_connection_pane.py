"""The pane of a connection: order, defaults, gating, editing, leaving (C5 to C18, C23, N5, N6)."""

from __future__ import annotations

from pathlib import Path

import pytest
from connection_stories import (
    KEY,
    NARROW,
    OTHER_KEY,
    WIDE,
    approve,
    face,
    fill_in,
    offer,
    open_panel,
    paste,
    press,
    save_connection,
    sign_in,
    text_of,
    until,
    words_of,
)
from msgspec import structs
from textual.pilot import Pilot
from textual.widgets import Button, Input

from cctui.access.roles import Role, Sharing
from cctui.constant_contact.connection_check import ConnectionState, last_checks
from cctui.constant_contact.connection_life import checks_path
from cctui.constant_contact.tokens import Standing, TokenStore
from cctui.definitions.environment import Environment, NotFound
from cctui.definitions.model import Account
from cctui.sandbox.running import RunningSandbox
from cctui.tui.app import CctuiApp
from cctui.tui.screens.changed_elsewhere import ChangedElsewhereDialog
from cctui.tui.screens.connection_pane import ConnectionPane
from cctui.tui.screens.connections import ConnectionsPage
from cctui.tui.screens.dialogs import ConfirmDialog, ErrorDialog
from cctui.tui.screens.key_help import KeyHelpDialog
from cctui.tui.screens.sign_in_panel import SignInPanel


async def to_pane(pilot: Pilot[int], key: str = "enter") -> None:
    """From the connections page into the pane."""
    await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionsPage))
    await until(pilot, lambda: pilot.app.screen.query_one("#table").has_focus)
    await press(pilot, key)
    await until(pilot, lambda: isinstance(pilot.app.screen, ConnectionPane))
    await until(pilot, lambda: pilot.app.focused is not None and pilot.app.focused.id == "name")


def standing(environment: Environment, connection: str = "marketing") -> Standing:
    return TokenStore(environment.secrets_folder).state(connection).standing


def button(app: CctuiApp, selector: str) -> Button:
    return app.screen.query_one(selector, Button)


async def test_c5_to_c9_the_empty_pane_has_the_documented_order_and_defaults(empty: Environment) -> None:
    app = face(empty)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot, "a")
        text = text_of(app)
        order = [
            "* = required.",
            "Set up Constant Contact connection",
            "This connection lets this environment share data with Constant Contact.",
            "Display name *",
            "Name its purpose and its target. It can be changed later.",
            "Application key *",
            "Choose who can use this connection",
            "(●) Administrators",
            "( ) Administrators and contributors",
            "Data privacy and compliance",
            "sent to Constant Contact.",
            "[ ] I agree *",
            "Connect ",
            "① Authenticate with Constant Contact",
            "② Add yourself as export user",
            "Save",
            "Cancel",
        ]
        places = [text.index(piece) for piece in order]
        assert places == sorted(places)
        # The real service, and nothing that asks for another one.
        assert "Sandbox" not in text


async def test_c11_c12_c14_each_step_opens_the_next_and_says_why_not(
    empty: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch)
    app = face(empty)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot, "a")
        assert "Save is disabled: Enter a display name." in text_of(app)
        await paste(pilot, "Marketing")
        assert "Save is disabled: Enter the application key." in text_of(app)
        await press(pilot, "enter")
        await paste(pilot, "not a key")
        await press(pilot, "tab")
        assert "✗ A key looks like this: 5a0c7e11" in text_of(app)
        assert "Save is disabled: Correct the application key." in text_of(app)
        await press(pilot, "shift+tab")
        app.screen.query_one("#key", Input).value = ""
        await paste(pilot, f"  {KEY.upper()} ")
        assert "Save is disabled: Agree to data privacy first." in text_of(app)
        assert button(app, "#connect").disabled
        await press(pilot, "f5")
        assert isinstance(app.screen, ConnectionPane)
        await press(pilot, "tab", "tab", "tab", "enter")
        assert "[x] I agree" in text_of(app)
        assert not button(app, "#connect").disabled
        assert button(app, "#authenticate Button").disabled
        await press(pilot, "f9")
        assert "Choose Connect first." in text_of(app)
        await press(pilot, "f4")
        assert not button(app, "#authenticate Button").disabled
        assert not button(app, "#export-user Button").disabled
        assert button(app, ".form-save").disabled
        assert "Save is disabled: Authenticate with Constant Contact first." in text_of(app)


async def test_c6_a_name_that_is_taken_is_refused(empty: Environment) -> None:
    save_connection(empty)
    app = face(empty)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot, "a")
        await paste(pilot, " marketing ")
        await press(pilot, "tab")
        assert "✗ There is a connection of this name already." in text_of(app)


async def test_c7_sharing_is_chosen_with_arrows_and_space(empty: Environment) -> None:
    save_connection(empty)
    app = face(empty)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot)
        await press(pilot, "down", "down", "down", "space", "f9")
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))
    assert empty.connection("marketing").definition.shared_with is Sharing.ADMINISTRATORS_AND_CONTRIBUTORS


async def test_c9_the_consent_scrolls_and_a_saved_one_names_who_and_when(empty: Environment) -> None:
    save_connection(empty)
    app = face(empty)
    async with app.run_test(size=NARROW) as pilot:
        await to_pane(pilot)
        await press(pilot, "tab", "tab", "tab")
        await press(pilot, *["pagedown"] * 4)
        await until(pilot, lambda: "An administrator can remove this connection at any time" in words_of(app))
        await press(pilot, "tab")
        assert "✓ anna agreed, Nov 22, 2026 10:42" in text_of(app)


async def test_the_question_mark_helps_with_the_key_and_is_typed_elsewhere(empty: Environment) -> None:
    app = face(empty)
    async with app.run_test(size=NARROW) as pilot:
        await to_pane(pilot, "a")
        await press(pilot, "question_mark", "enter")
        assert app.screen.query_one("#name", Input).value == "?"
        await press(pilot, "question_mark")
        assert isinstance(app.screen, KeyHelpDialog)
        text = words_of(app)
        for needed in ("https://app.constantcontact.com/pages/dma/portal/", "Device Flow", "same user who will"):
            assert needed in text
        await press(pilot, "escape")
        assert app.screen.query_one("#key", Input).value == ""


async def test_where_a_sandbox_is_in_use_it_is_the_default_service(empty: Environment) -> None:
    used = save_connection(empty)
    app = face(empty)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot, "a")
        text = text_of(app)
        assert "(●) Sandbox at 127.0.0.1:8025" in text
        assert "( ) Constant Contact" in text
        assert app.screen.query_one("#key", Input).value == KEY
        assert app.screen._draft.endpoints == used.endpoints  # type: ignore[attr-defined]


async def test_n5_cancel_asks_only_if_something_would_be_lost(empty: Environment) -> None:
    app = face(empty)
    async with app.run_test(size=NARROW) as pilot:
        await to_pane(pilot, "a")
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))
        await to_pane(pilot, "a")
        await paste(pilot, "Marketing")
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "Discard your entries?" in text_of(app)
        # The safe answer has the focus.
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        assert app.screen.query_one("#name", Input).value == "Marketing"
        await press(pilot, "down", "down", "down", "tab", "q")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))


async def test_n5_going_to_another_page_asks_too(empty: Environment) -> None:
    app = face(empty)
    async with app.run_test(size=NARROW) as pilot:
        await to_pane(pilot, "a")
        await paste(pilot, "Marketing")
        app.action_go("exports")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        app.action_open("connections", "marketing")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))


async def test_tokens_of_a_connection_that_is_not_saved_are_deleted(
    empty: Environment, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, sandbox)
    app = face(empty)
    async with app.run_test(size=NARROW) as pilot:
        await to_pane(pilot, "a")
        await fill_in(pilot)
        await open_panel(pilot)
        await approve(pilot, sandbox)
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        assert standing(empty) is Standing.GOOD
        # Another key is another application: what was gained with the first one goes.
        app.screen.query_one("#key", Input).value = OTHER_KEY
        await until(pilot, lambda: standing(empty) is Standing.NONE)
        assert "choose Connect again" in words_of(app)
        await press(pilot, "f4", "f5")
        await until(pilot, lambda: isinstance(app.screen, SignInPanel))
        await approve(pilot, sandbox)
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        assert standing(empty) is Standing.GOOD
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "The sign-in to Contoso Coffee (a07e1n5andb0x) is deleted" in words_of(app)
        await press(pilot, "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))
    assert standing(empty) is Standing.NONE
    with pytest.raises(NotFound):
        empty.connection("marketing")


async def test_c17_the_id_avoids_files_and_tokens_that_are_there(
    empty: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch)
    save_connection(empty, name="Other", id_="marketing")
    sign_in(empty, id_="marketing-2")
    app = face(empty)
    async with app.run_test(size=NARROW) as pilot:
        await to_pane(pilot, "a")
        await fill_in(pilot)
        await press(pilot, "f4")
        assert app.screen._definition().id == "marketing-3"  # type: ignore[attr-defined]


async def test_c18_a_connection_is_renamed_and_nothing_else_changes(empty: Environment) -> None:
    before = save_connection(empty)
    app = face(empty)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot)
        assert "Edit Constant Contact connection" in text_of(app)
        await paste(pilot, ", spring")
        await press(pilot, "f9")
        await until(pilot, lambda: "Saved: Marketing, spring" in text_of(app))
    assert empty.connection("marketing").definition == structs.replace(before, display_name="Marketing, spring")


async def test_c18_signing_in_again_is_written_down_at_once(empty: Environment, sandbox: RunningSandbox) -> None:
    save_connection(empty, sandbox, account=Account(id="old", name="Old account"))
    app = face(empty)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot)
        assert "○ Not signed in" in text_of(app)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, SignInPanel))
        await approve(pilot, sandbox)
        await until(pilot, lambda: "Old account (old)" in words_of(app))
        await press(pilot, "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        await until(pilot, lambda: "✓ Connected to Contoso Coffee (a07e1n5andb0x)" in text_of(app))
        saved = empty.connection("marketing").definition
        assert saved.account == Account(id="a07e1n5andb0x", name="Contoso Coffee")
        assert saved.export_user == "anna"
        # Nothing is left to lose.
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))


async def test_another_key_in_a_saved_connection_needs_a_sign_in_first(
    empty: Environment, sandbox: RunningSandbox
) -> None:
    save_connection(empty, sandbox)
    app = face(empty)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot)
        app.screen.query_one("#key", Input).value = OTHER_KEY
        await pilot.pause()
        assert "Save is disabled: The key was changed: authenticate again." in text_of(app)
        await press(pilot, "f5")
        await until(pilot, lambda: isinstance(app.screen, SignInPanel))
        await approve(pilot, sandbox)
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        await until(pilot, lambda: empty.connection("marketing").definition.client_id == OTHER_KEY)
        await until(pilot, lambda: "Save is disabled" not in text_of(app))


async def test_c15_the_test_asks_live_and_shows_the_state(empty: Environment, sandbox: RunningSandbox) -> None:
    save_connection(empty, sandbox)
    sign_in(empty, sandbox)
    app = face(empty)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot)
        await press(pilot, "f7")
        await until(
            pilot, lambda: "Connected to Contoso Coffee (a07e1n5andb0x)" in app.screen.query_one("#detail").line[0].text
        )  # type: ignore[attr-defined]
        sandbox.ask("tokens?refresh=1", method="DELETE")
        await press(pilot, "f7")
        await until(pilot, lambda: last_checks(checks_path(empty))["marketing"].state is ConnectionState.SIGN_IN_NEEDED)
        await until(pilot, lambda: "no longer accepts the saved sign-in" in words_of(app))
        assert "▲ Sign-in needed" in text_of(app)


async def test_the_pane_tells_where_the_tokens_are_how_old_and_when_they_die_and_signs_out(empty: Environment) -> None:
    save_connection(empty)
    sign_in(empty)
    app = face(empty, live=False)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot)
        app.screen.query_one("#form").scroll_end(animate=False)
        await pilot.pause()
        text = words_of(app)
        assert "Signed in 3 hours ago, renewed 3 hours ago" in text
        assert "May 22, 2027 08:42 · Dies after 180 days without use" in text
        assert str(empty.secrets_folder / "marketing.json") in text.replace(" ", "")
        assert "made-up" not in text
        await press(pilot, "f8")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "withdrawn there under Settings" in words_of(app)
        await press(pilot, "left", "enter")
        await until(pilot, lambda: standing(empty) is Standing.NONE)
        await until(pilot, lambda: "Signed out on this machine." in text_of(app))
        await press(pilot, "f8")
        assert "Nobody is signed in on this machine." in text_of(app)


def rename_in_an_editor(environment: Environment) -> None:
    path = environment.root / "connections" / "marketing.toml"
    path.write_text(path.read_text().replace('"Marketing"', '"Theirs"'))


@pytest.mark.parametrize(("answer", "name"), [("mine", "Marketing, mine"), ("theirs", "Theirs"), ("cancel", "Theirs")])
async def test_a_file_that_was_changed_elsewhere_is_asked_about(empty: Environment, answer: str, name: str) -> None:
    save_connection(empty)
    app = face(empty)
    async with app.run_test(size=NARROW) as pilot:
        await to_pane(pilot)
        await paste(pilot, ", mine")
        rename_in_an_editor(empty)
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, ChangedElsewhereDialog))
        await press(pilot, "enter")
        assert '+ display_name = "Marketing, mine"' in text_of(app)
        assert '- display_name = "Theirs"' in text_of(app)
        await pilot.click(f"#{answer}")
        stays = answer == "cancel"
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane if stays else ConnectionsPage))
    assert empty.connection("marketing").definition.display_name == name


async def test_a_connection_that_cannot_be_read_closes_the_pane_with_its_error(empty: Environment) -> None:
    save_connection(empty)
    app = face(empty)
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))
        (empty.root / "connections" / "marketing.toml").write_text("id = 5\n")
        app.push_screen(ConnectionPane("marketing"))
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        await until(pilot, lambda: "marketing.toml" in text_of(app))


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.VIEWER])
async def test_c23_others_never_see_the_pane(empty: Environment, role: Role) -> None:
    save_connection(empty)
    app = face(empty, role=role)
    async with app.run_test(size=NARROW) as pilot:
        app.push_screen(ConnectionPane("marketing"))
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane) and app.screen.is_mounted)
        await until(pilot, lambda: "Only administrators see connections." in text_of(app))
        assert KEY not in text_of(app)
        assert "Marketing" not in text_of(app)
        await press(pilot, "f9", "f5", "f8")
        assert isinstance(app.screen, ConnectionPane)


async def test_c19_removing_deletes_the_sign_in_and_the_check(empty: Environment) -> None:
    save_connection(empty)
    sign_in(empty)
    app = face(empty)
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: "Marketing" in text_of(app))
        await press(pilot, "delete")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "withdrawn in the Constant Contact account" in words_of(app)
        await press(pilot, "left", "enter")
        await until(pilot, lambda: standing(empty) is Standing.NONE)
    assert not list(Path(empty.connections_folder).glob("*.toml"))


async def test_nothing_of_it_needs_colour_or_unicode(empty: Environment) -> None:
    save_connection(empty)
    sign_in(empty)
    app = face(empty, ascii_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await to_pane(pilot)
        text = text_of(app)
        assert text.isascii()
        assert "(*) Administrators" in text
        assert "1 Authenticate with Constant Contact" in text
        assert "+ Connected to" in text
