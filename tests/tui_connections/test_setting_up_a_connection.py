"""From an empty environment to a saved, connected connection, with keys only (C4 to C14)."""

from __future__ import annotations

import pytest
from connection_stories import (
    KEY,
    SIZES,
    approve,
    face,
    fill_in,
    offer,
    open_panel,
    press,
    text_of,
    until,
    words_of,
)

from cctui.access.roles import Sharing
from cctui.constant_contact.connection_check import ConnectionState, last_checks
from cctui.constant_contact.connection_life import checks_path
from cctui.constant_contact.tokens import Standing, TokenStore
from cctui.definitions.environment import Environment
from cctui.sandbox.running import RunningSandbox
from cctui.tui.screens.connection_pane import ConnectionPane
from cctui.tui.screens.connections import ConnectionsPage


@SIZES
async def test_c4_to_c14_from_nothing_to_a_connected_connection(
    empty: Environment, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    endpoints = offer(monkeypatch, sandbox)
    app = face(empty)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "No connections yet." in text_of(app))
        await press(pilot, "a")
        await fill_in(pilot, "Marketing, spring")
        await open_panel(pilot)
        await approve(pilot, sandbox)
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        await until(pilot, lambda: "✓ Connected to Contoso Coffee (a07e1n5andb0x)" in text_of(app))
        assert "Add yourself as export user first." in words_of(app)
        await press(pilot, "enter")
        assert "✓ ops1" in text_of(app)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))
        await until(pilot, lambda: "✓ Connected" in text_of(app))
    saved = empty.connection("marketing-spring").definition
    assert saved.display_name == "Marketing, spring"
    assert saved.client_id == KEY
    assert saved.shared_with is Sharing.ADMINISTRATORS
    assert saved.account is not None
    assert saved.account.name == "Contoso Coffee"
    assert saved.export_user == saved.created_by == "ops1"
    assert saved.consent is not None
    assert saved.consent.accepted_by == "ops1"
    assert saved.endpoints == endpoints
    assert TokenStore(empty.secrets_folder).state(saved.id).standing is Standing.GOOD
    assert last_checks(checks_path(empty))[saved.id].state is ConnectionState.CONNECTED
