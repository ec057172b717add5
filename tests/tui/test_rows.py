"""Rows made from definitions and runs: what each cell says, in words and signs."""

from __future__ import annotations

import pytest
from contoso_stories import NOW, FixedClock

from cctui.access.roles import Operator, Role
from cctui.constant_contact.connection_check import ConnectionCheck, ConnectionState
from cctui.definitions.environment import Environment
from cctui.delivery.states import Status
from cctui.profiles.source import Segment, SegmentName
from cctui.tui import reading, rows
from cctui.tui.listing import Row
from cctui.tui.parts import Tone, plain

ADMINISTRATOR = Operator("ops1", Role.ADMINISTRATOR)


@pytest.fixture
def snapshot(contoso: Environment) -> reading.Snapshot:
    """Everything read from the company's environment."""
    reader = reading.Reader(contoso, FixedClock())
    try:
        return reader.read()
    finally:
        reader.close()


def _exports(snapshot: reading.Snapshot, operator: Operator = ADMINISTRATOR) -> dict[str, tuple[str, ...]]:
    made = [rows.export_row(stored, snapshot, operator, NOW) for stored in snapshot.exports]
    return {row.key: tuple(cell.text for cell in row.cells) for row in made}


def test_an_export_shows_the_documented_columns(snapshot: reading.Snapshot) -> None:
    """X2, X3: columns in their order, relative times, Never before the first run."""
    shown = _exports(snapshot)
    assert shown["reactivation"] == (
        "Reactivation",
        "Constant Contact",
        "✓ Successful",
        "3 hours ago",
        "System refresh",
        "Constant Contact, marketing",
        "Edit",
    )
    assert shown["winback"][2:5] == ("  Never run", "Never", "Off")
    assert shown["tier"][2] == "▲ Completed with errors"


def test_a_detached_export_says_no_connection_and_skipped(snapshot: reading.Snapshot) -> None:
    """X12: a detached export has status Skipped and shows No Connection."""
    assert _exports(snapshot)["old"][1:3] == ("No Connection", "▲ Skipped")
    assert _exports(snapshot)["old"][5] == "No Connection"


def test_your_permissions_follow_role_and_sharing(snapshot: reading.Snapshot) -> None:
    """X2, checklist 2.7: contributors edit on shared connections only, viewers nothing."""
    contributor = _exports(snapshot, Operator("ann", Role.CONTRIBUTOR))
    assert contributor["newsletter"][6] == "Edit"
    assert contributor["tier"][6] == "View"
    assert {cells[6] for key, cells in _exports(snapshot, Operator("v", Role.VIEWER)).items() if key != "broken"} == {
        "View"
    }


def test_a_broken_file_is_a_row_with_its_state(snapshot: reading.Snapshot) -> None:
    cells = _exports(snapshot)["broken"]
    assert cells[0] == "broken.toml"
    assert cells[2] == "✗ Cannot be read"


def test_a_run_whose_worker_died_is_shown_as_interrupted(snapshot: reading.Snapshot) -> None:
    run = snapshot.last_runs["newsletter"]  # type: ignore[index]
    from msgspec import structs

    going = structs.replace(run, status=Status.REFRESHING)
    assert rows.status_cell(going, worker_alive=False).text == "▲ Interrupted"
    assert rows.status_cell(going, worker_alive=True).text.startswith("◐ Refreshing  0 %")


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_word_and_no_two_look_the_same(snapshot: reading.Snapshot, status: Status) -> None:
    from msgspec import structs

    run = structs.replace(snapshot.last_runs["reactivation"], status=status)  # type: ignore[index]
    texts = [rows.status_cell(structs.replace(run, status=other)).text for other in Status if other is not status]
    text = rows.status_cell(run).text
    assert any(char.isalpha() for char in text)
    assert text not in texts


def test_connections_show_sharing_use_and_state(snapshot: reading.Snapshot) -> None:
    """C3: connection, type, when created, who has access; and by whom, how often used, and its state."""
    good, bad = ConnectionCheck(ConnectionState.CONNECTED), ConnectionCheck(ConnectionState.SIGN_IN_NEEDED)
    checks = {"marketing": good, "loyalty": bad}
    made = {
        row.key: row
        for row in (
            rows.connection_row(stored, snapshot, NOW, checks[reading.identity(stored)])
            for stored in snapshot.connections
        )
    }
    assert [cell.text for cell in made["marketing"].cells] == [
        "Constant Contact, marketing",
        "Constant Contact",
        "24 hours ago",
        "ops1",
        "Administrators and contributors",
        "4 exports",
        "✓ Connected",
    ]
    assert made["loyalty"].cells[6].text == "▲ Sign-in needed"
    assert made["loyalty"].cells[5].text == "1 export"


def test_members_are_an_ellipsis_until_they_are_counted() -> None:
    segment = Segment(SegmentName("a"), "A")
    assert rows.segment_row(segment, NOW).cells[3].text == "…"
    assert rows.segment_row(Segment(SegmentName("a"), "A", members=412_000), NOW).cells[3].text == "412,000"
    assert rows.segment_row(Segment(SegmentName("a"), "A", members=0), NOW).cells[3].tone is Tone.WARNING
    assert rows.segment_row(Segment(SegmentName("a"), "A", problem="gone"), NOW).cells[2].text == "✗ Cannot be read"


def test_hidden_columns_are_told_whole_or_not_at_all(snapshot: reading.Snapshot) -> None:
    row: Row = rows.export_row(snapshot.exports[0], snapshot, ADMINISTRATOR, NOW)
    everything = plain(rows.hidden_cells(row, rows.EXPORT_COLUMNS, [4, 5, 6], 200))
    assert everything.startswith("Your permissions Edit   Connection used ")
    assert everything.endswith("Schedule System refresh")
    assert plain(rows.hidden_cells(row, rows.EXPORT_COLUMNS, [4, 5, 6], 30)) == "Your permissions Edit"
