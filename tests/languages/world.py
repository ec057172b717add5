"""A company with something of everything, at a fixed moment: what every screen in every language is looked at with.

Names are in many scripts, because data is: full-width, right-to-left, combining marks, emoji of several code points.
"""

from __future__ import annotations

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from connection_stories import offer, sign_in
from msgspec import structs
from run_stories import KEY, NOON, Story
from textual.message_pump import MessagePump
from textual.timer import Timer

from cctui.access.roles import Operator, Role, Sharing, User
from cctui.constant_contact.answers import ContactList, CustomField
from cctui.constant_contact.connection_check import ConnectionCheck, ConnectionState, record
from cctui.constant_contact.connection_life import checks_path
from cctui.constant_contact.sign_in import DeviceCode, Pending, Waiting
from cctui.definitions.environment import Environment
from cctui.definitions.model import (
    ConnectionDefinition,
    DataMatching,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ExportId,
    ExportSchedule,
    ListId,
    ProfilesSection,
    SegmentDefinition,
    SegmentKind,
    SegmentState,
    SourceKind,
)
from cctui.delivery import launch
from cctui.delivery.states import Totals
from cctui.tui import sign_in_attempt
from cctui.tui.app import CctuiApp
from cctui.tui.export_facts import AccountLists, CustomFieldsRead, ExportReader, ListRead, ListsRead

_SET_INTERVAL = MessagePump.set_interval

NAMES = {
    "wide": "春季活动 全体客户",
    "right-to-left": "العملاء الأوفياء",
    "combining": "Cafe\u0301 vie\u0323\u0302t",
    "emoji": "Family 👨‍👩‍👧‍👦 and ❤️",
}
LISTS = ("Newsletter", "新闻通讯", "النشرة", "Ügyfélhírlevél", "Renewals")


def company(root: Path) -> Story:
    """Connections, exports, segments, runs and users."""
    story = Story(root)
    environment = story.environment
    rows = [f"C{n},user{n}@contoso.example,Mette,Hansen,{n * 100},{'yes' if n % 2 else 'no'},en" for n in range(1, 41)]
    source = root / "profiles.csv"
    source.write_text("\n".join(["CustomerId,EMail,FirstName,LastName,LifetimeSpend,DoNotEMail,Locale", *rows]) + "\n")
    os.utime(source, (story.clock.now().timestamp() - 7200,) * 2)
    stored = environment.read()
    environment.save_environment(
        structs.replace(
            stored.definition,
            profiles=ProfilesSection(kind=SourceKind.FILES, path="profiles.csv"),
            segments=[
                SegmentDefinition(
                    name="HighValueSegment", display_name="High value customers", where="LifetimeSpend > 500"
                ),
                SegmentDefinition(name="Wide", display_name=NAMES["wide"], where="LifetimeSpend > 100"),
                SegmentDefinition(name="RightToLeft", display_name=NAMES["right-to-left"], where="LifetimeSpend > 0"),
                SegmentDefinition(
                    name="Emoji",
                    display_name=NAMES["emoji"],
                    kind=SegmentKind.STATIC,
                    where="LifetimeSpend > 9000",
                ),
                SegmentDefinition(
                    name="Combining",
                    display_name=NAMES["combining"],
                    kind=SegmentKind.EXPANSION,
                    state=SegmentState.INACTIVE,
                    where="LifetimeSpend < 0",
                ),
                SegmentDefinition(name="Broken", display_name="2019", where="NoSuchField > 1"),
            ],
            users=[User("ops1", Role.ADMINISTRATOR), User("vera", Role.VIEWER), User("group:mkt", Role.CONTRIBUTOR)],
        ),
        stored.fingerprint,
    )
    sign_in(environment)
    record(
        checks_path(environment),
        "marketing",
        ConnectionCheck(ConnectionState.CONNECTED, story.clock.now() - timedelta(hours=2), account="Contoso Coffee"),
    )
    environment.save_connection(
        ConnectionDefinition(
            id="loyalty",
            display_name=NAMES["wide"],
            client_id=f"{KEY[:-1]}7",
            shared_with=Sharing.ADMINISTRATORS,
            created_by="anna",
            created_at=story.clock.now() - timedelta(days=1),
        ),
        None,
    )
    for id_, name, connection, schedule in (
        ("reactivation", "Reactivation", "marketing", ExportSchedule()),
        (
            "tier",
            NAMES["right-to-left"],
            "marketing",
            ExportSchedule(run="custom", repeat="weekly", days=["mon", "thu"], times=["06:30"]),
        ),
        ("winback", NAMES["emoji"], "marketing", ExportSchedule(run="off")),
        (
            "old",
            NAMES["combining"],
            None,
            ExportSchedule(run="custom", repeat="monthly", days_of_month=[1, 15], times=["07:00"]),
        ),
        ("spring", NAMES["wide"], "marketing", ExportSchedule(run="custom", repeat="daily", times=["06:30", "18:00"])),
    ):
        environment.save_export(
            ExportDefinition(
                id=id_,
                display_name=name,
                connection=connection,
                list_id="3b1d6c1e-0000-4000-8000-000000000002",
                segments=["HighValueSegment"],
                data_matching=DataMatching(email="EMail"),
                schedule=schedule,
            ),
            None,
        )
    (root / "exports" / "2019.toml").write_text('id = "2019"\ndisplay_name = 5\n')
    run(story)
    return story


def run(story: Story) -> None:
    """What has happened: a good run, one with rejected rows, one that failed, one that goes on."""
    story.successful(
        "aaaa0001",
        Totals(selected=412_000, duplicate=1_900, sent=410_100),
        export=ExportId("reactivation"),
        export_name="Reactivation",
    )
    story.clock.moment += timedelta(hours=30)
    story.completed_with_errors("5d1e9c40")
    story.clock.moment += timedelta(hours=3)
    story.failed()
    story.running_other()


def nothing(root: Path) -> Environment:
    """An environment in which nothing is defined yet."""
    return Environment.create(
        root, EnvironmentDefinition(environment=EnvironmentSection(name="Contoso Coffee", time_zone="UTC"))
    )


class StillClock:
    """It is always the same moment; a wait ends only when it is woken."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        return wake.wait() if wake is not None else False


def face(environment: Environment, moment: datetime) -> CctuiApp:
    """The application as an administrator sees it."""
    return CctuiApp(environment, Operator("ops1", Role.ADMINISTRATOR), clock=StillClock(moment), ascii_only=False)


class _KnownSignIn:
    """A sign-in with a code that is the same on every screen, approved by nobody."""

    def __init__(self, _connection: object, **_options: object) -> None:
        pass

    def start(self) -> DeviceCode:
        page = "https://identity.constantcontact.com/activate"
        return DeviceCode("BCDFGHJK", page, f"{page}?user_code=BCDFGHJK", NOON + timedelta(days=9), 600, 5)

    def poll_once(self) -> Pending:
        return Pending(Waiting.APPROVAL, 5, 600)

    def close(self) -> None:
        pass


def answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account, the sign-in and the worker answer from memory: words are looked at here, not the service."""
    lists = [
        ContactList(ListId(f"3b1d6c1e-0000-4000-8000-{number:012}"), name, 128_402 // number)
        for number, name in enumerate(LISTS, start=1)
    ]
    fields = tuple(CustomField(name, name, name) for name in ("tier", "咖啡"))

    def looked_up(_reader: ExportReader, connection: ConnectionDefinition, list_id: ListId) -> ListRead:
        return ListRead(connection.id, list_id, next((one for one in lists if one.list_id == list_id), None))

    def custom(_reader: ExportReader, connection: ConnectionDefinition, _canceled: Any) -> CustomFieldsRead:
        return CustomFieldsRead(connection.id, fields)

    monkeypatch.setattr(ExportReader, "_looked_up", looked_up)
    monkeypatch.setattr(ExportReader, "_custom_fields", custom)
    monkeypatch.setattr(AccountLists, "read", lambda accounts: accounts._tell(ListsRead(tuple(lists), whole=True)))
    monkeypatch.setattr("cctui.tui.screens.export_sheet.SETTLE_SECONDS", 0.01)
    monkeypatch.setattr(launch, "ensure_worker", lambda _environment: False)
    monkeypatch.setattr(sign_in_attempt, "DeviceSignIn", _KnownSignIn)
    offer(monkeypatch)
    monkeypatch.setattr(MessagePump, "set_interval", _hardly_ever)


def _hardly_ever(
    pump: MessagePump, interval: float, callback: Any = None, *, name: str | None = None, pause: bool = False, **_: Any
) -> Timer:
    """What an application looks at again and again comes between two keys or not, as the machine has time: never here.

    What draws is left as it is.
    """
    return _SET_INTERVAL(pump, interval if interval < 0.1 else 1e6, callback, name=name, pause=pause)
