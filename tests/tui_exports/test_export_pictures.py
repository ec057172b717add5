"""Pictures of the pane and its windows at the two sizes; look at a difference before accepting it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from export_stories import NARROW, WIDE, Company, press, text_of, type_in, until
from textual.pilot import Pilot

from cctui.access.roles import Role
from cctui.constant_contact.answers import ContactList
from cctui.definitions.model import ListId
from cctui.sandbox.lists import list_id_for
from cctui.tui.export_facts import AccountLists, ListsRead
from cctui.tui.screens.attribute_picker import AttributePicker
from cctui.tui.screens.export_pane import ExportPane
from cctui.tui.widgets.form_fields import TextField

Snap = Callable[..., bool]
Do = Callable[[Pilot[Any]], Awaitable[None]]
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
EXPORT = "exports/everyone-newsletter.toml"
QUIET = list_id_for("Ügyfélhírlevél")


@pytest.fixture
def pictured(company: Company) -> Company:
    """The export fills a list that no other test touches."""
    definition = company.environment.export("everyone-newsletter").definition
    company.write(EXPORT, company.text(EXPORT).replace(definition.list_id, QUIET))
    return company


def shot(
    company: Company,
    do: Do,
    size: tuple[int, int],
    *,
    at: str = "exports/everyone-newsletter",
    role: Role | None = None,
) -> dict[str, Any]:
    app = company.face(open_at=at, role=role or Role.ADMINISTRATOR)

    async def before(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        if at == "exports":
            await press(pilot, "a")
        await rested(pilot)
        await do(pilot)
        await pilot.pause()
        await pilot.pause()

    return {"app": app, "terminal_size": size, "run_before": before}


async def rested(pilot: Pilot[Any]) -> None:
    """Everything is read that the pane reads by itself."""
    await until(pilot, lambda: isinstance(pilot.app.screen, ExportPane) and not pilot.app.screen.busy)


async def nothing(_pilot: Pilot[Any]) -> None:
    """As it opens."""


async def to_the_bottom(pilot: Pilot[Any]) -> None:
    await press(pilot, "pagedown", "pagedown", "pagedown")


async def to_the_errors(pilot: Pilot[Any]) -> None:
    pilot.app.screen.query_one("#name", TextField).value = ""
    pilot.app.screen.query_one("#list", TextField).value = "nonsense"
    await pilot.pause()
    await press(pilot, "f9")


async def to_the_lists(pilot: Pilot[Any]) -> None:
    await press(pilot, "ctrl+l")
    await until(pilot, lambda: "type a new name" in text_of(pilot.app))
    await type_in(pilot, "new")


async def to_the_attributes(pilot: Pilot[Any]) -> None:
    await press(pilot, "f6")
    await until(pilot, lambda: isinstance(pilot.app.screen, AttributePicker))


@SIZES
def test_top(snap_compare: Snap, pictured: Company, size: tuple[int, int]) -> None:
    assert snap_compare(**shot(pictured, nothing, size))


@SIZES
def test_bottom_with_the_preview(snap_compare: Snap, pictured: Company, size: tuple[int, int]) -> None:
    assert snap_compare(**shot(pictured, to_the_bottom, size))


@SIZES
def test_errors(snap_compare: Snap, pictured: Company, size: tuple[int, int]) -> None:
    assert snap_compare(**shot(pictured, to_the_errors, size))


@SIZES
def test_lists(snap_compare: Snap, pictured: Company, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests make lists in the account that they share, so these are told."""
    names = ("Newsletter", "News for shops", "Renewals", "新闻通讯 (new)", "النشرة", "Reactivation")
    lists = [ContactList(ListId(list_id_for(name)), name, 128_402 // n) for n, name in enumerate(names, start=1)]
    read = ListsRead(tuple(lists), whole=True)
    monkeypatch.setattr(AccountLists, "read", lambda accounts: accounts._tell(read))
    assert snap_compare(**shot(pictured, to_the_lists, size))


@SIZES
def test_no_connection(snap_compare: Snap, pictured: Company, size: tuple[int, int]) -> None:
    assert snap_compare(**shot(pictured.without_connections(), nothing, size, at="exports"))


def test_attributes(snap_compare: Snap, pictured: Company) -> None:
    assert snap_compare(**shot(pictured, to_the_attributes, NARROW))


def test_to_read_only(snap_compare: Snap, pictured: Company) -> None:
    assert snap_compare(**shot(pictured, nothing, NARROW, role=Role.VIEWER))


def test_things_that_are_gone(snap_compare: Snap, pictured: Company) -> None:
    text = pictured.text(EXPORT).replace('"AllCustomers"', '"AllCustomers", "Springtime"')
    pictured.write(EXPORT, text.replace('"FirstName"', '"GivenName"'))
    assert snap_compare(**shot(pictured, nothing, WIDE))
