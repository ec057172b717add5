"""What Home says at the width at hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from rich.cells import cell_len

from cctui.constant_contact.answers import Usage
from cctui.delivery.ledger import new_run
from cctui.delivery.states import Run, RunId, Stage, Status, Totals, Trigger
from cctui.tui.home_lines import HomeFacts, home_lines
from cctui.tui.key_use import KeyUse
from cctui.tui.parts import plain

NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
NARROW, WIDE = 76, 96


def run_named(name: str, status: Status, **facts: object) -> Run:
    run = new_run(
        id=RunId("7f3a"),
        export="newsletter",
        export_name=name,
        connection=None,
        list_id="3b1d6c1e-0000-4000-8000-000000000001",
        trigger=Trigger.OPERATOR,
        started_by="ops1",
        queued_at=NOW - timedelta(minutes=4),
        started_at=NOW - timedelta(minutes=3),
        totals=Totals(selected=412_000, sent=409_117, accepted=408_200),
        contacts_sent=272_000,
    )
    return msgspec.structs.replace(run, status=status, stage=Stage.SEND, **facts)


def texts(facts: HomeFacts, width: int) -> list[str]:
    lines = [plain(line.parts).rstrip() for line in home_lines(facts, width)]
    assert all(cell_len(line) <= width for line in lines)
    return lines


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_running_run_has_its_name_and_numbers_whole(width: int) -> None:
    facts = HomeFacts(NOW, UTC, unfinished=(run_named("Everyone, newsletter", Status.REFRESHING),), ran=True)
    line = next(line for line in texts(facts, width) if "Everyone" in line)
    assert "Everyone, newsletter " in line
    assert line.split("   ")[-1].endswith("left" if width == WIDE else "272,000 of 409,117 sent")
    assert "…" not in line


def test_a_problem_goes_on_to_the_margin_and_says_that_it_is_cut() -> None:
    problem = "Constant Contact has no list with this id in the account Contoso Coffee of the connection marketing."
    ended = run_named("Loyal", Status.FAILED, ended_at=NOW - timedelta(hours=3), problem=problem)
    line = next(line for line in texts(HomeFacts(NOW, UTC, troubled=(ended,), ran=True), WIDE) if "Loyal" in line)
    assert "3 hours ago" in line
    assert line.endswith("…")


def test_the_name_of_a_connection_is_worth_more_than_the_bar_of_its_key() -> None:
    key = KeyUse(("Constant Contact, marketing",), Usage(used=22, limit=10_000, resets_at=NOW + timedelta(hours=15)))
    for width in (NARROW, WIDE):
        line = next(line for line in texts(HomeFacts(NOW, UTC, keys=(key,), ran=True), width) if "22 of" in line)
        assert "Constant Contact, marketing  " in line
        assert line.endswith("resets 00:42")


def test_first_steps_have_their_sentences_beside_them_where_all_fit() -> None:
    newcomer = HomeFacts(NOW, UTC, connected=True)
    wide, narrow = texts(newcomer, WIDE), texts(newcomer, NARROW)
    assert any("See who is in them" in line and "Look at your segments" in line for line in wide)
    assert "  See who is in them before you send anything." in narrow
    assert not any("Watch every profile" in line for line in narrow)
    assert not any("…" in line for line in (*wide, *narrow))
