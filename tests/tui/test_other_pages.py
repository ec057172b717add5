"""Home, Connections, Segments at the keyboard; coming and going."""

from __future__ import annotations

import pytest
from contoso_stories import NARROW, NOW, WIDE, FixedClock, face, press, text_of, until, write_connection
from textual import events

from cctui.access.roles import Role
from cctui.definitions.environment import Environment
from cctui.delivery.ledger import Ledger
from cctui.delivery.states import Status
from cctui.errors import UsageError
from cctui.tui import last_visit, start
from cctui.tui.screens.connection_in_use import ConnectionInUsePage
from cctui.tui.screens.connections import ConnectionsPage
from cctui.tui.screens.dialogs import ConfirmDialog, ErrorDialog, MenuDialog
from cctui.tui.screens.exports import ExportsPage
from cctui.tui.screens.segment import SegmentPage
from cctui.tui.screens.segment_exports import SegmentExportsPage
from cctui.tui.screens.segments import SegmentsPage
from cctui.tui.widgets.table import Table

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


@SIZES
async def test_home_tells_what_runs_what_needs_a_look_and_the_quota(
    contoso: Environment, size: tuple[int, int]
) -> None:
    app = face(contoso)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "Running now" in text_of(app))
        text = text_of(app)
        assert "‖ Paused" in text
        assert "Needs a look" in text
        assert "Loyalty tier change" in text
        assert "0 of 10,000" in text
        assert "resets 01:00" in text
        assert "First steps" not in text


async def test_a_newcomer_is_shown_four_steps(bare: Environment) -> None:
    app = face(bare)
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: "First steps" in text_of(app))
        assert "1 Set up a connection" in text_of(app)
        assert "4 Run it" in text_of(app)
        await press(pilot, "down", "enter")
        await until(pilot, lambda: getattr(app.screen, "HEADING", "") == "Segments")


async def test_home_tells_what_ended_while_away(contoso: Environment) -> None:
    from datetime import timedelta

    last_visit.write(contoso, "ops1", NOW - timedelta(hours=4))
    app = face(contoso)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "Ended while you were away" in text_of(app))
        assert "408,200 accepted" in text_of(app)
    assert last_visit.read(contoso, "ops1") == NOW


async def test_a_run_that_ends_meanwhile_is_told_in_the_page(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        with Ledger(contoso.ledger_path, FixedClock()) as ledger:
            ledger.record("story", ledger.run("7f3a").id, status=Status.SUCCESSFUL, ended_at=NOW)
        await until(pilot, lambda: "✓ Newsletter, high value: Successful" in text_of(app))


@SIZES
async def test_connections_and_discover(contoso: Environment, size: tuple[int, int]) -> None:
    """C1, C2."""
    app = face(contoso, open_at="connections")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "▲ Sign-in needed" in text_of(app))
        assert "✓ Connected" in text_of(app)
        await press(pilot, "tab")
        assert "Send segments to the contact lists of a Constant Contact account." in text_of(app)
        assert "Enter Set up" in text_of(app)


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.VIEWER])
async def test_only_administrators_see_connections(contoso: Environment, role: Role) -> None:
    """C23."""
    app = face(contoso, open_at="connections", role=role)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        text = text_of(app)
        assert "Only administrators see connections." in text
        assert "marketing" not in text
        await press(pilot, "tab", "enter", "delete", "a")
        assert isinstance(app.screen, ConnectionsPage)
        assert "Ask an administrator." in text_of(app)


async def test_a_connection_in_use_leads_to_its_exports_and_back(contoso: Environment) -> None:
    """C20, C21: the exports are listed, detached or removed, one or several, then the removal goes on."""
    app = face(contoso, open_at="connections")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: "✓ Connected" in text_of(app))
        await press(pilot, "delete")
        await until(pilot, lambda: isinstance(app.screen, ConnectionInUsePage))
        await until(pilot, lambda: len(app.screen.query_one(Table).rows) == 4)
        await press(pilot, "delete")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConnectionInUsePage) and app.screen.table.total == 3)
        await press(pilot, "asterisk", "x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "Remove connection?" in text_of(app)
        assert "grant" in text_of(app)
        await press(pilot, "left", "enter")
        await until(pilot, lambda: not (contoso.root / "connections" / "marketing.toml").exists())
        assert contoso.export("winback").definition.connection is None


async def test_leaving_the_exports_of_a_connection_keeps_it(contoso: Environment) -> None:
    app = face(contoso, open_at="connections")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: "✓ Connected" in text_of(app))
        await press(pilot, "delete")
        await until(pilot, lambda: isinstance(app.screen, ConnectionInUsePage))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ConnectionsPage))
        assert (contoso.root / "connections" / "marketing.toml").exists()


@SIZES
async def test_segments_are_counted_in_the_background(contoso: Environment, size: tuple[int, int]) -> None:
    """G1, G2, G3."""
    app = face(contoso, open_at="segments")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: not app.segments.known().reading)
        await until(pilot, lambda: "…" not in text_of(app) and "19" in text_of(app))
        text = text_of(app)
        assert "High value customers" in text
        assert "Dynamic" in text
        assert "Inactive" in text


async def test_members_are_masked_unless_asked(contoso: Environment) -> None:
    """G5."""
    app = face(contoso, open_at="segments/HighValue")
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "u…@contoso.example" in text_of(app))
        assert "user21@contoso.example" not in text_of(app)
        await press(pilot, "m")
        assert "user21@contoso.example" in text_of(app)
        await press(pilot, "m", "tab")
        assert "LifetimeSpend" in text_of(app)
        assert "user21" not in text_of(app)


async def test_a_viewer_cannot_unmask(contoso: Environment) -> None:
    app = face(contoso, open_at="segments/HighValue", role=Role.VIEWER)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "u…@contoso.example" in text_of(app))
        await press(pilot, "m")
        assert "user21@contoso.example" not in text_of(app)
        assert "Ask an administrator." in text_of(app)


async def test_a_segment_is_added_to_an_export(contoso: Environment) -> None:
    """G4: which exports contain it; Add segment."""
    app = face(contoso, open_at="segments")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: not app.segments.known().reading)
        await press(pilot, "down", "down", "e")
        await until(pilot, lambda: isinstance(app.screen, SegmentExportsPage))
        assert "Exports for segment Loyal 忠诚的客户" in text_of(app)
        await press(pilot, "s")
        first = app.screen.query_one(Table).rows[0].key
        await until(pilot, lambda: contoso.export("tier").definition.segments == ["HighValue", "Loyal"])
        assert first == "tier"
        await press(pilot, "s")
        assert "contains the segment already" in text_of(app)


async def test_a_source_that_is_gone_says_what_to_do(contoso: Environment) -> None:
    (contoso.root / "profiles.csv").unlink()
    app = face(contoso, open_at="segments")
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "Put it in place" in text_of(app))
        assert app.segments.known().problem
        assert "profiles.csv" in str(app.segments.known().problem)


async def test_news_that_comes_while_a_page_is_mounted_is_not_lost(contoso: Environment) -> None:
    app = face(contoso, open_at="segments")
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "High value" in text_of(app) and not app.segments_busy)
        page = app.screen
        assert isinstance(page, SegmentsPage)
        page.table.show([])
        page._is_mounted = False
        page.tick(changed=True)
        page._is_mounted = True
        page.draw()
        await until(pilot, lambda: "High value" in text_of(app))


async def test_a_link_to_nowhere_is_told(contoso: Environment) -> None:
    app = face(contoso, open_at="nowhere")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "There is no page nowhere." in text_of(app)
    app = face(contoso, open_at="segments/Nobody")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, SegmentPage))
        await until(pilot, lambda: not app.segments.detail("Nobody").reading)  # type: ignore[arg-type]


async def test_an_environment_that_cannot_be_read_still_opens(contoso: Environment) -> None:
    (contoso.root / "environment.toml").write_text("[environment\n")
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ErrorDialog))
        assert "environment.toml" in text_of(app)


def test_without_a_terminal_the_command_line_is_named(contoso: Environment) -> None:
    from cctui.access.roles import Operator

    with pytest.raises(UsageError) as refused:
        start.run_app(contoso, Operator("ops1", Role.ADMINISTRATOR))
    assert "cctui --help" in refused.value.do


@pytest.mark.parametrize(
    ("surroundings", "expected"),
    [
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, None),
        ({"TERM": "vt100"}, "standard"),
        ({"TERM": "no-such-terminal"}, "standard"),
    ],
)
def test_colours_follow_the_terminals_description(
    monkeypatch: pytest.MonkeyPatch, surroundings: dict[str, str], expected: str | None
) -> None:
    for name in ("TERM", "COLORTERM", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    assert start.color_system() == expected


def test_the_mouse_is_off_over_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_TTY", raising=False)
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    assert start.over_ssh()
    monkeypatch.delenv("SSH_CONNECTION")
    assert not start.over_ssh()


def test_starting_reads_no_profiles_and_no_network_libraries() -> None:
    import subprocess
    import sys

    code = (
        "import sys; import cctui.tui.app, cctui.tui.screens.home, cctui.tui.screens.exports;"
        "print(sorted({'duckdb', 'pyarrow', 'httpx', 'authlib', 'tomlkit', 'pygments'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("exports/nothing", "There is no export nothing."),
        ("connections/nothing", "There is no connection nothing."),
        ("segments/nothing", "There is no segment"),
        ("runs/zzzz", "There is no run zzzz."),
        ("somewhere/else", "There is no page somewhere/else."),
        ("/", "There is no page /."),
    ],
)
async def test_a_wrong_link_is_a_sentence(contoso: Environment, place: str, said: str) -> None:
    app = face(contoso, open_at=place)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: said in text_of(app))


PROFILES = '\n[profiles]\nkind = "files"\npath = "people.csv"\n\n[[segments]]\nname = "Everyone"\n'


async def test_segments_written_in_an_editor_show_up_without_a_restart(bare: Environment) -> None:
    (bare.root / "people.csv").write_text("CustomerId,EMail\nC1,mette@contoso.example\n")
    app = face(bare, open_at="segments")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: "does not say where its profiles are" in text_of(app))
        bare.path.write_text(bare.path.read_text() + PROFILES)
        app.read_again()
        await until(pilot, lambda: "Everyone" in text_of(app) and not app.segments_busy)
        bare.path.write_text(bare.path.read_text() + "where = \"EMail = 'nobody'\"\n")
        app.read_again()
        await until(pilot, lambda: app.segments.known().segments[0].members == 0)


async def test_an_export_pane_that_is_open_sees_the_profiles_come(bare: Environment) -> None:
    (bare.root / "people.csv").write_text("CustomerId,EMail\nC1,mette@contoso.example\n")
    write_connection(bare.root, "marketing", "Marketing", "administrators", "key-1", "")
    app = face(bare, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "a")
        await until(pilot, lambda: "This environment does not say where its profiles are." in text_of(app))
        bare.path.write_text(bare.path.read_text() + PROFILES)
        app.read_again()
        await until(pilot, lambda: "Everyone" in text_of(app))
        await until(pilot, lambda: "EMail" in text_of(app))


async def test_a_key_typed_ahead_closes_nothing_but_its_own_window(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "g")
        menu = app.screen
        assert isinstance(menu, MenuDialog)
        stack = len(app.screen_stack)
        for key in ("s", "e", "y"):
            menu.post_message(events.Key(key, key))
        await until(pilot, lambda: len(app.screen_stack) == stack - 1 and app.screen is not menu)
        await until(pilot, lambda: isinstance(app.screen, SegmentsPage))


async def test_a_window_that_is_covered_closes_when_it_is_on_top_again(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "g")
        menu = app.screen
        app.push_screen(ConfirmDialog("Sure?", [], "Do it", ""))
        await pilot.pause()
        menu.dismiss("segments")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmDialog)
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, SegmentsPage))


async def test_escape_twice_in_a_hurry_leaves_the_page_below(contoso: Environment) -> None:
    app = face(contoso, open_at="exports")
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "a")
        pane = app.screen
        pane.do_back()
        pane.do_back()
        await until(pilot, lambda: app.screen is not pane)
        await pilot.pause()
        assert isinstance(app.screen, ExportsPage)
