"""What the frame says, as pure lines: header, folded menu, command bar, hints, running line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from contoso_stories import NOW
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cctui.access.roles import Operator, Role, Sharing
from cctui.delivery.ledger import new_run
from cctui.delivery.states import Run, Stage, Status, Totals, Trigger
from cctui.tui import frame
from cctui.tui.commands import EVERYWHERE, Choice, Facts
from cctui.tui.export_commands import COMMANDS, ExportFacts
from cctui.tui.parts import Tone, plain, width_of

ADMINISTRATOR = Operator("ops1", Role.ADMINISTRATOR)
ONE = ExportFacts(ADMINISTRATOR, (Choice("n", "Newsletter"),), total=1, last_run="7f3a")
FACTS = frame.HeaderFacts("Contoso Coffee", "ops1", "Administrator", "EN", "10:42", demo=True)


def a_run(**changes: object) -> Run:
    """A run in the middle of sending."""
    run = new_run(
        id="7f3a0001",
        export="newsletter",
        export_name="Newsletter, high value",
        connection=None,
        list_id="3b1d6c1e-0000-4000-8000-000000000001",
        trigger=Trigger.OPERATOR,
        started_by="ops1",
        queued_at=NOW - timedelta(minutes=2),
        dry_run=False,
    )
    return structs.replace(
        run,
        status=Status.REFRESHING,
        stage=Stage.SEND,
        started_at=NOW - timedelta(seconds=103),
        stage_seconds={"select": 1.0, "match": 2.0},
        totals=Totals(selected=400_000, sent=400_000, waiting=400_000),
        contacts_sent=100_000,
        **changes,
    )


def test_the_header_names_product_environment_operator_language_and_minute() -> None:
    text = plain(frame.header(FACTS, 120))
    assert len(text) == 120
    for part in ("Customer Insights", "Contoso Coffee · demo", "ops1, Administrator", "EN", "10:42"):
        assert part in text
    assert abs(text.index("Contoso") + len("Contoso Coffee · demo") / 2 - 60) <= 1


@given(st.integers(60, 200), st.text(min_size=1, max_size=40))
def test_the_header_fits_whatever_the_names_are(width: int, name: str) -> None:
    line = frame.header(structs.replace(FACTS, environment=name, operator=name[:20]), width)
    assert width_of(line) == width
    assert "10:42" in plain(line)


@given(st.integers(60, 200))
def test_no_hint_is_ever_cut_and_help_is_always_there(width: int) -> None:
    commands = (*COMMANDS, *EVERYWHERE)
    text = plain(frame.hints(commands, ONE, width))
    assert len(text) <= width
    assert "? Help" in text
    allowed = {plain(frame._hint(command, command.hint_for(ONE), ONE)) for command in commands if command.hint}
    assert set(text.strip().split("   ")) <= allowed


def test_a_wide_line_shows_every_hint_in_the_order_of_the_table() -> None:
    text = plain(frame.hints((*COMMANDS, *EVERYWHERE), ONE, 200))
    order = [
        text.index(hint)
        for hint in ("Enter Edit", "r Run", "d Duplicate", "x Detach", "Del Remove", "? Help", "q Quit")
    ]
    assert order == sorted(order)


def test_a_disabled_command_looks_disabled() -> None:
    running = structs.replace(ONE, chosen=(Choice("n", "Newsletter", run="7f3a"),))
    keys = {part.text: part.tone for part in frame.hints(COMMANDS, running, 200) if part.text in {"r", "d"}}
    assert keys == {"r": Tone.QUIET, "d": Tone.KEY}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_command_bar_keeps_count_and_search(width: int) -> None:
    text = plain(frame.command_bar(COMMANDS, ONE, "3 of 12", "", width))
    assert text.rstrip().endswith("3 of 12   / Search")
    assert "a Add export" in text
    assert len(text) <= width


def test_the_folded_menu_marks_the_present_page() -> None:
    places = (frame.Place("home", "Home", "h"), frame.Place("exports", "Exports", "e", "Data"))
    assert plain(frame.folded_menu(places, "exports", 80)).startswith(" g   Home  ▌Exports")


def test_the_running_line_tells_name_progress_and_time_left() -> None:
    text = plain(frame.running([a_run()], NOW, 120))
    assert "◐ Newsletter, high value" in text
    assert "100,000 of 400,000 sent" in text
    assert "██████░░░░░░░░░░░░░░░░░░" in text
    assert text.endswith("about 5 min left")


def test_the_running_line_says_when_nobody_carries_the_run_out() -> None:
    assert "▲ Interrupted" in plain(frame.running([a_run()], NOW, 100, worker_alive=False))


def test_more_runs_are_counted_and_a_narrow_line_gives_up_the_least_important_first() -> None:
    runs = [a_run(), structs.replace(a_run(), id="other", status=Status.QUEUED)]
    assert "1 more" in plain(frame.running(runs, NOW, 110))
    for width in range(40, 120):
        line = frame.running(runs, NOW, width)
        assert "100,000 of 400,000 sent" in plain(line)


def test_nothing_is_guessed_before_anything_was_sent() -> None:
    assert frame.seconds_left(structs.replace(a_run(), contacts_sent=0), NOW) is None
    assert frame.share(structs.replace(a_run(), stage=Stage.MATCH)) is None
    assert frame.seconds_left(structs.replace(a_run(), status=Status.PAUSED), NOW) is None


def test_a_contributor_is_told_why_a_command_is_not_for_them() -> None:
    facts = Facts(Operator("ann", Role.CONTRIBUTOR), (Choice("n", "N", sharing=Sharing.ADMINISTRATORS),), total=1)
    run = next(command for command in COMMANDS if command.id == "exports.run")
    assert "not shared with contributors" in run.why_disabled(facts)
