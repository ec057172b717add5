"""What the tests of the face tell stories with: a company's files and runs, a fixed moment, and hands on the keys."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot

from cctui.access.roles import Operator, Role
from cctui.constant_contact.connection_check import FILE_NAME, ConnectionCheck, ConnectionState, record
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore
from cctui.definitions.environment import Environment
from cctui.delivery.ledger import Ledger, new_run
from cctui.delivery.states import Run, RunId, Stage, Status, Totals, Trigger
from cctui.tui.app import CctuiApp

NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
WIDE = (120, 36)
NARROW = (80, 24)

ENVIRONMENT = """
[environment]
name = "Contoso Coffee"
time_zone = "Europe/Oslo"

[profiles]
kind = "files"
path = "profiles.csv"

[[segments]]
name = "HighValue"
display_name = "High value customers"
where = "LifetimeSpend > 500"

[[segments]]
name = "Loyal"
display_name = "Loyal 忠诚的客户"
where = "Loyal = 'yes'"

[[segments]]
name = "Gone"
display_name = "Gone quiet"
state = "inactive"
where = "LifetimeSpend < 0"
"""

CONNECTION = """
id = "{id}"
display_name = "{name}"
shared_with = "{shared}"
client_id = "{key}"
created_by = "ops1"
created_at = 2026-11-22T10:00:00Z
{account}
[endpoints]
api = "http://127.0.0.1:8025/v3"
authorization = "http://127.0.0.1:8025/oauth2/default/v1"
"""

EXPORT = """
id = "{id}"
display_name = "{name}"
{connection}
list_id = "3b1d6c1e-0000-4000-8000-0000000000{number:02}"
segments = ["HighValue"]

[data_matching]
email = "EMail"

[schedule]
run = "{schedule}"
"""

TOTALS = Totals(
    selected=412_000, duplicate=1_903, invalid=861, suppressed=119, sent=409_117, accepted=408_200, not_added=917
)


class FixedClock:
    """It is always the same moment."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        return False


def write_connection(root: Path, id_: str, name: str, shared: str, key: str, account: str) -> None:
    """Write the file of a connection as an editor would."""
    (root / "connections" / f"{id_}.toml").write_text(
        CONNECTION.format(id=id_, name=name, shared=shared, key=key, account=account)
    )


def sign_in(environment: Environment, connection_id: str) -> None:
    """Leave what a sign-in and a check of the connection leave."""
    TokenStore(environment.secrets_folder).save(
        connection_id,
        Tokens(
            client_id="key-1",
            access_token=Secret("access-0001"),
            refresh_token=Secret("refresh-0001"),
            expires_at=NOW + timedelta(hours=20),
            signed_in_at=NOW - timedelta(hours=4),
            renewed_at=NOW - timedelta(hours=4),
        ),
    )
    check = ConnectionCheck(ConnectionState.CONNECTED, NOW - timedelta(hours=1), account="Contoso Coffee (a07e1n5)")
    record(environment.state_folder / FILE_NAME, connection_id, check)


def write_export(
    root: Path,
    id_: str,
    name: str,
    *,
    number: int = 9,
    connection: str = "marketing",
    schedule: str = "system-refresh",
) -> None:
    """Write the file of an export as an editor would."""
    (root / "exports" / f"{id_}.toml").write_text(
        EXPORT.format(
            id=id_,
            name=name,
            number=number,
            schedule=schedule,
            connection=f'connection = "{connection}"' if connection else "",
        )
    )


def put_run(
    ledger: Ledger,
    id_: str,
    export: str,
    name: str,
    status: Status,
    ago: timedelta,
    totals: Totals,
    *,
    stage: Stage = Stage.CHECK,
    problem: str = "",
) -> Run:
    """Put a run into the ledger that ended (or stands) ``ago``."""
    run = new_run(
        id=RunId(id_),
        export=export,
        export_name=name,
        connection=None,
        list_id="3b1d6c1e-0000-4000-8000-000000000001",
        trigger=Trigger.OPERATOR,
        started_by="ops1",
        queued_at=NOW - ago - timedelta(minutes=3),
        dry_run=False,
    )
    ledger.queue(run)
    return ledger.record(
        "story",
        run.id,
        status=status,
        stage=stage,
        totals=totals,
        started_at=NOW - ago - timedelta(minutes=2),
        ended_at=NOW - ago if status.ended else None,
        problem=problem,
    )


def face(
    environment: Environment, *, role: Role = Role.ADMINISTRATOR, open_at: str | None = None, ascii_only: bool = False
) -> CctuiApp:
    """The application as an operator with this role sees it."""
    return CctuiApp(environment, Operator("ops1", role), open_at=open_at, clock=FixedClock(), ascii_only=ascii_only)


def text_of(app: CctuiApp) -> str:
    """Everything on the screen as plain lines."""
    return "\n".join(
        "".join(segment.text for segment in strip).rstrip()
        for strip in app.screen._compositor.render_strips(app.screen.size)
    )


async def until(pilot: Pilot[int], true: Callable[[], object]) -> None:
    """Let the application work until something holds; a test's own time limit ends the wait."""
    while not true():
        await pilot.pause(0.01)


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys one after the other and let each take effect, dialogs included."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
