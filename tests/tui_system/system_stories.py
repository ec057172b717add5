"""A company whose schedules are looked at: exports of every kind of schedule, at a fixed moment."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import structs
from textual.pilot import Pilot

from cctui.access.roles import Operator, Role, Sharing
from cctui.definitions.environment import Environment
from cctui.definitions.model import (
    Account,
    AlertDefinition,
    AlertEvent,
    ConnectionDefinition,
    DataMatching,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ExportSchedule,
    ProfilesSection,
    SegmentDefinition,
    SegmentState,
    SourceKind,
)
from cctui.delivery.alert_ledger import AlertLedger
from cctui.delivery.alerts import AlertState, not_told, told
from cctui.tui.app import CctuiApp

NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
WIDE, NARROW = (120, 36), (80, 24)
DAILY = ExportSchedule(run="custom", repeat="daily", times=["06:30"])


class FixedClock:
    """It is always the same moment."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        return False


def company(root: Path) -> Environment:
    """Two connections, four exports, three segments."""
    root.mkdir()
    rows = [f"C{n},user{n}@contoso.example,{n * 100}" for n in range(10)]
    (root / "profiles.csv").write_text("\n".join(["CustomerId,EMail,LifetimeSpend", *rows]) + "\n")
    os.utime(root / "profiles.csv", (NOW.timestamp() - 7200,) * 2)
    environment = Environment.create(
        root,
        EnvironmentDefinition(
            environment=EnvironmentSection(name="Contoso Coffee", time_zone="Europe/Oslo"),
            profiles=ProfilesSection(kind=SourceKind.FILES, path="profiles.csv"),
            segments=[
                SegmentDefinition(name="High", display_name="High value customers", where="LifetimeSpend > 500"),
                SegmentDefinition(name="Gone", state=SegmentState.INACTIVE, where="LifetimeSpend < 0"),
                SegmentDefinition(name="Odd", where="NoSuchColumn > 0"),
            ],
        ),
    )
    for name, sharing in (
        ("marketing", Sharing.ADMINISTRATORS_AND_CONTRIBUTORS),
        ("loyalty", Sharing.ADMINISTRATORS),
    ):
        environment.save_connection(
            ConnectionDefinition(
                id=name,
                display_name=f"Constant Contact, {name}",
                client_id=f"key-{name}",
                shared_with=sharing,
                account=Account(id="a07e1n5", name="Contoso Coffee"),
                created_by="ops1",
                created_at=NOW,
            ),
            None,
        )
    add_export(environment, "newsletter", "Newsletter, high value", ExportSchedule())
    add_export(environment, "own", "Loyalty tier change", DAILY, connection="loyalty")
    add_export(environment, "winback", "Winback (test)", ExportSchedule(run="off"))
    add_export(environment, "old", "Old campaign", ExportSchedule(), connection=None)
    return environment


def add_export(
    environment: Environment, id_: str, name: str, schedule: ExportSchedule, connection: str | None = "marketing"
) -> None:
    environment.save_export(
        ExportDefinition(
            id=id_,
            display_name=name,
            connection=connection,
            list_id="3b1d6c1e-0000-4000-8000-000000000001",
            segments=["High"],
            data_matching=DataMatching(email="EMail"),
            schedule=schedule,
        ),
        None,
    )


def schedule(environment: Environment, export: str) -> ExportSchedule:
    return environment.export(export).definition.schedule


def with_users(environment: Environment, *users: object) -> None:
    stored = environment.read()
    environment.save_environment(structs.replace(stored.definition, users=list(users)), stored.fingerprint)


def with_alerts(environment: Environment) -> None:
    """One alert told of a failure three hours ago, another could not."""
    stored = environment.read()
    alerts = [
        AlertDefinition(secret="mail"),
        AlertDefinition(secret="teams", events=[AlertEvent.FAILED, AlertEvent.SIGN_IN]),
    ]
    environment.save_environment(structs.replace(stored.definition, alerts=alerts), stored.fingerprint)
    title, text, since = "Newsletter, high value failed", "Run 7f3a2b6c: The list is gone.", NOW - timedelta(hours=3)
    state = AlertState("mail", "failed:newsletter", True, title, text, since)
    with AlertLedger(environment.ledger_path) as ledger:
        untold = not_told(structs.replace(state, alert="teams"), "The message was not taken.", NOW)
        ledger.keep_alerts([told(state, since), untold])


def face(environment: Environment, open_at: str, role: Role = Role.ADMINISTRATOR) -> CctuiApp:
    return CctuiApp(environment, Operator("ops1", role), open_at=open_at, clock=FixedClock(), ascii_only=False)


def text_of(app: CctuiApp) -> str:
    """Everything on the screen as plain lines."""
    strips = app.screen._compositor.render_strips(app.screen.size)
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def until(pilot: Pilot[int], true: Callable[[], object]) -> None:
    """Let the application work until something holds; a test's own time limit ends the wait."""
    while not true():
        await pilot.pause(0.01)


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys one after the other and let each take effect."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


async def write(pilot: Pilot[int], text: str) -> None:
    """Type a text into the field that has the focus."""
    names = {" ": "space", ":": "colon", ",": "comma", "*": "asterisk", "/": "slash", "-": "minus"}
    await press(pilot, *(names.get(char, char) for char in text))


async def settled(pilot: Pilot[int]) -> None:
    """Every segment is counted and everything is drawn."""
    app = pilot.app
    assert isinstance(app, CctuiApp)
    if app.segments_known:
        await until(pilot, lambda: not app.segments.known().reading and not app.segments_busy)
    await pilot.pause()
