"""Pictures of System, Permissions and the schedule panes at both sizes; look at a difference before accepting it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from system_stories import NARROW, WIDE, face, press, settled, with_alerts, with_users
from textual.pilot import Pilot

from cctui.access.roles import Role, User
from cctui.definitions.environment import Environment

Snap = Callable[..., bool]

PICTURES = {
    "status": ("system", ()),
    "schedule": ("system/schedule", ()),
    "general": ("system/general", ()),
    "refresh-schedule": ("system/schedule", ("e", "up", "space", "tab", "tab", "space", "tab", *"0630")),
    "language": ("system/general", ("e", "down", "space")),
    "permissions": ("permissions", ("down",)),
    "roles": ("permissions", ("tab",)),
    "user": ("permissions", ("a",)),
    "schedule-export": ("exports", ("s",)),
    "schedule-exports": ("exports", ("space", "space", "s")),
    "schedule-exports-anew": ("exports", ("space", "space", "s", "down", "space", "tab", "tab", "end")),
}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
def test_status_with_alerts(snap_compare: Snap, contoso: Environment, size: tuple[int, int]) -> None:
    with_alerts(contoso)

    async def do(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await press(pilot, "end", "enter")
        await settled(pilot)

    assert snap_compare(face(contoso, "system"), terminal_size=size, run_before=do)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
@pytest.mark.parametrize("name", PICTURES)
def test_picture(snap_compare: Snap, contoso: Environment, name: str, size: tuple[int, int]) -> None:
    place, keys = PICTURES[name]
    with_users(contoso, User("ops1", Role.ADMINISTRATOR), User("group:marketing", Role.CONTRIBUTOR))

    async def do(pilot: Pilot[Any]) -> None:
        await settled(pilot)
        await press(pilot, *keys)
        await settled(pilot)

    assert snap_compare(face(contoso, place), terminal_size=size, run_before=do)
