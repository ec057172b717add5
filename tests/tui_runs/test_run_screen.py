"""An operator at the screens around runs: watching, pausing, canceling, coming back, looking at what was rejected."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from run_stories import EXPORT, Story, screen_text
from textual.pilot import Pilot

from cctui.access.roles import Operator, Role
from cctui.delivery import events, launch, runs
from cctui.delivery.events import Level
from cctui.delivery.states import PauseReason, Run, Stage, Status, Totals, Wish
from cctui.errors import NotPermitted
from cctui.tui.app import CctuiApp
from cctui.tui.screens import history
from cctui.tui.screens.dialogs import ConfirmDialog, ErrorDialog
from cctui.tui.screens.history import HistoryScreen
from cctui.tui.screens.rejected import RejectedScreen
from cctui.tui.screens.run import RunScreen
from cctui.tui.widgets.prompt import Prompt

NARROW = (80, 24)


@pytest.fixture(autouse=True)
def no_worker_is_started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the workers that would be started: a real one would carry the run out."""
    started: list[str] = []
    monkeypatch.setattr(
        launch, "ensure_worker", lambda environment: bool(started.append(str(environment.root))) or True
    )
    return started


@pytest.fixture
def worker(story: Story) -> Iterator[None]:
    """A worker that lives for the whole test."""
    with story.worker():
        yield


async def settled(pilot: Pilot[int]) -> None:
    """Until every message is handled and no background work is under way."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def look_again(pilot: Pilot[int]) -> None:
    """What the timer does twice a second."""
    screen = pilot.app.screen
    assert isinstance(screen, RunScreen)
    screen.poll()
    await settled(pilot)


@asynccontextmanager
async def watching(
    story: Story, run: Run, size: tuple[int, int] = (120, 36), role: Role = Role.ADMINISTRATOR
) -> AsyncIterator[Pilot[int]]:
    async with story.app(run.id, role=role).run_test(size=size) as pilot:
        await settled(pilot)
        assert isinstance(pilot.app.screen, RunScreen)
        yield pilot


def text(pilot: Pilot[int]) -> str:
    assert isinstance(pilot.app, CctuiApp)
    return screen_text(pilot.app)


# Watching


@pytest.mark.usefixtures("worker")
async def test_a_run_is_watched_from_sending_to_its_end(story: Story) -> None:
    run = story.running()
    async with watching(story, run, NARROW) as pilot:
        shown = text(pilot)
        for fact in ("◐ Refreshing", "260,344 / 409,117", "4 of 7 jobs done", "7 of 10,000 requests", "Log"):
            assert fact in shown
        run = story.settle(story.send(run, 4), 7)
        await look_again(pilot)
        assert "409,117 sent in 11 requests" in text(pilot)
        assert "batch 0011 completed" in text(pilot)
        story.end(run, Status.SUCCESSFUL)
        await look_again(pilot)
        shown = text(pilot)
        for fact in ("✓ Successful", "412,000 selected = 1,903 duplicate", "409,117 sent = ", "r Run again"):
            assert fact in shown


@pytest.mark.usefixtures("worker")
async def test_nothing_is_drawn_while_nothing_changes(story: Story) -> None:
    async with watching(story, story.completed_with_errors()) as pilot:
        drawn: list[object] = []
        pilot.app._display = lambda *arguments: drawn.append(arguments)  # type: ignore[method-assign]
        for _look in range(4):
            await look_again(pilot)
        assert drawn == []
        await pilot.press("up")
        assert drawn


@pytest.mark.usefixtures("worker")
async def test_two_viewers_see_the_same(story: Story) -> None:
    run = story.running()
    async with watching(story, run) as first, watching(story, run) as second:
        assert text(first) == text(second)


async def test_a_queued_run_waits(story: Story) -> None:
    async with watching(story, story.queue()) as pilot:
        assert "○ Queued" in text(pilot)
        assert "Waits for the worker." in text(pilot)


@pytest.mark.usefixtures("worker")
async def test_matching_shows_how_far_it_is(story: Story) -> None:
    run = story.ledger.claim(story.queue().id)
    run = story.ledger.record("stage", run.id, stage=Stage.MATCH, totals=Totals(selected=412_000))
    story.log(run, events.Progress(at=story.clock.now(), stage=Stage.MATCH, done=103_000, total=412_000))
    async with watching(story, run) as pilot:
        assert "103,000 / 412,000" in text(pilot)
        story.log(run, events.Progress(at=story.clock.now(), stage=Stage.MATCH, done=206_000, total=412_000))
        await look_again(pilot)
        assert "206,000 / 412,000" in text(pilot)


async def test_an_interrupted_run_goes_on_with_one_key(story: Story, no_worker_is_started: list[str]) -> None:
    async with watching(story, story.running()) as pilot:
        assert "▲ Interrupted" in text(pilot)
        assert "The worker that did this run is gone." in text(pilot)
        await pilot.press("u")
        await settled(pilot)
        assert no_worker_is_started
        with story.worker():
            await look_again(pilot)
            assert "◐ Refreshing" in text(pilot)


@pytest.mark.usefixtures("worker")
async def test_a_run_paused_for_quota_says_when_it_goes_on(story: Story) -> None:
    async with watching(story, story.paused_for_quota()) as pilot:
        assert "‖ Paused" in text(pilot)
        assert "Paused until" in text(pilot)
        assert "left" not in text(pilot).split("Log")[0].replace("no requests left", "")


@pytest.mark.usefixtures("worker")
async def test_a_sum_that_does_not_add_up_is_told_at_once(story: Story) -> None:
    run = story.running()
    story.ledger.record("wrong", run.id, totals=structs.replace(run.totals, duplicate=1_902))
    async with watching(story, run) as pilot:
        assert "The sums do not add up: 412,000 selected, but 411,999 accounted for." in text(pilot)


# Asking for something


@pytest.mark.usefixtures("worker")
async def test_pausing_and_going_on(story: Story) -> None:
    run = story.running()
    async with watching(story, run) as pilot:
        await pilot.press("p")
        await settled(pilot)
        assert story.ledger.run(run.id).wish is Wish.PAUSE
        assert "◐ Pausing" in text(pilot)
        await pilot.press("p")
        await settled(pilot)
        assert "This run is being paused already." in text(pilot)
        story.ledger.record("pause", run.id, status=Status.PAUSED, pause_reason=PauseReason.OPERATOR, wish=Wish.NONE)
        await look_again(pilot)
        assert "Paused by an operator." in text(pilot)
        await pilot.press("u")
        await settled(pilot)
        assert story.ledger.run(run.id).status is Status.QUEUED


@pytest.mark.usefixtures("worker")
async def test_canceling_asks_first_and_enter_alone_does_nothing(story: Story) -> None:
    run = story.running()
    async with watching(story, run) as pilot:
        await pilot.press("c")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ConfirmDialog)
        assert "148,773 contacts are not sent" in text(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert story.ledger.run(run.id).wish is Wish.NONE
        await pilot.press("c")
        await pilot.pause()
        await pilot.press("left", "enter")
        await settled(pilot)
        assert story.ledger.run(run.id).wish is Wish.CANCEL
        assert "◐ Canceling" in text(pilot)


@pytest.mark.usefixtures("worker")
async def test_a_run_that_goes_on_needs_no_resuming(story: Story) -> None:
    async with watching(story, story.running()) as pilot:
        await pilot.press("u")
        await pilot.pause()
        assert "This run is neither paused nor interrupted." in text(pilot)


@pytest.mark.parametrize("key", ["c", "p"])
@pytest.mark.usefixtures("worker")
async def test_a_viewer_is_told_why_not(story: Story, key: str) -> None:
    run = story.running()
    async with watching(story, run, role=Role.VIEWER) as pilot:
        await pilot.press(key)
        await settled(pilot)
        assert "Your role is Viewer. Ask an administrator." in text(pilot)
        assert story.ledger.run(run.id).wish is Wish.NONE


async def test_running_again_watches_the_new_run(story: Story, no_worker_is_started: list[str]) -> None:
    run = story.completed_with_errors()
    async with watching(story, run) as pilot:
        await pilot.press("r")
        await settled(pilot)
        newest = story.ledger.runs()[0]
        assert newest.id != run.id
        assert isinstance(pilot.app.screen, RunScreen)
        assert pilot.app.screen.run_id == newest.id
        assert no_worker_is_started


async def test_running_again_while_a_colleague_runs_it_watches_that_run(story: Story) -> None:
    run = story.completed_with_errors()
    async with watching(story, run) as pilot:
        others = story.queue("c0lleague", started_by="ops2")
        await pilot.press("r")
        await settled(pilot)
        assert isinstance(pilot.app.screen, RunScreen)
        assert pilot.app.screen.run_id == others.id
        assert "started by ops2" in text(pilot)
        assert "A run started by ops2 goes on already. This is it; no other one was started." in text(pilot)


@pytest.mark.parametrize("keys", [["R"], ["e", "R"]])
async def test_running_again_with_only_the_rejected(
    story: Story, keys: list[str], no_worker_is_started: list[str]
) -> None:
    """From the end of the run and from the rows themselves."""
    run = story.completed_with_errors()
    async with watching(story, run, NARROW) as pilot:
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        newest = story.ledger.runs()[0]
        assert newest.only_rejected_of == run.id
        assert isinstance(pilot.app.screen, RunScreen)
        assert pilot.app.screen.run_id == newest.id
        assert "only the rejected of run 7f3a2b6c" in text(pilot)
        assert no_worker_is_started


async def test_only_the_rejected_can_be_run_again_where_there_are_any_and_it_is_over(story: Story) -> None:
    for run, reason in (
        (story.failed(), "No row was rejected in this run."),
        (story.running_other(), "This run goes on. Cancel it first, or wait for its end."),
    ):
        async with watching(story, run) as pilot:
            await pilot.press("R")
            await pilot.pause()
            assert reason in text(pilot)


async def test_a_viewer_runs_nothing_again(story: Story) -> None:
    async with watching(story, story.completed_with_errors(), role=Role.VIEWER) as pilot:
        await pilot.press("e")
        await settled(pilot)
        await pilot.press("R")
        await settled(pilot)
        assert "Your role is Viewer. Ask an administrator." in text(pilot)
        assert len(story.ledger.runs()) == 1


async def test_what_cannot_be_done_says_why(story: Story) -> None:
    async with watching(story, story.failed()) as pilot:
        for key, reason in (
            ("c", "This run is over."),
            ("p", "This run is over."),
            ("u", "This run is over."),
            ("e", "No row was rejected in this run."),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert reason in text(pilot)


# The log


def long_log(story: Story, run: Run, lines: int) -> None:
    """Lines of every level, written at once."""
    kinds = [
        events.encode(events.Throttled(at=story.clock.now(), level=level, request="GET 0000")).split(b'0000"')
        for level in (Level.INFO, Level.ERROR)
    ]
    with (story.environment.runs_folder / run.id / "log.jsonl").open("ab") as log:
        for number in range(lines):
            before, after = kinds[number % 1_000 == 999]
            log.write(b'%s%d"%s' % (before, number, after))


async def test_a_log_of_a_hundred_thousand_lines(story: Story) -> None:
    run = story.completed_with_errors()
    long_log(story, run, 100_000)
    async with watching(story, run) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        log = screen.log_pane
        assert "(GET 99999)" in text(pilot)
        assert "100,028 lines" in text(pilot)
        await pilot.press("home")
        assert "Queued by ops1" in text(pilot)
        assert "1 of 100,028" in text(pilot)
        await pilot.press("slash", *"77777", "enter")
        await settled(pilot)
        assert "(GET 77777)" in text(pilot)
        assert "“77777” 1 of 1" in text(pilot)
        await pilot.press("escape")
        await pilot.press("l", "l")
        await settled(pilot)
        assert len(log.log_lines) == 100
        assert "errors" in text(pilot)
        await pilot.press("end")
        assert "(GET 99999)" in text(pilot)


async def test_searching_goes_from_hit_to_hit_and_round(story: Story) -> None:
    async with watching(story, story.completed_with_errors()) as pilot:
        await pilot.press("home", "slash", *"completed:", "enter")
        await settled(pilot)
        assert "1 of 11" in text(pilot)
        await pilot.press("n", "n")
        assert "3 of 11" in text(pilot)
        await pilot.press("N", "N", "N")
        assert "11 of 11" in text(pilot)
        await pilot.press("slash", *"xyz", "enter")
        await settled(pilot)
        await pilot.press("n")
        assert "is not in the log." in text(pilot)


@pytest.mark.usefixtures("worker")
async def test_following_stops_where_one_looks_and_goes_on_at_the_end(story: Story) -> None:
    run = story.running()
    async with watching(story, run, NARROW) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        await pilot.press("up", "up")
        assert not screen.log_pane.follow
        story.send(run, 4)
        await look_again(pilot)
        assert "batch 0011" not in text(pilot)
        await pilot.press("f")
        assert "batch 0011" in text(pilot)
        await pilot.press("home")
        assert not screen.log_pane.follow
        await pilot.press("end")
        assert screen.log_pane.follow


async def test_copying_goes_through_the_terminal(story: Story) -> None:
    async with watching(story, story.completed_with_errors()) as pilot:
        await pilot.press("y")
        assert pilot.app.clipboard.endswith("Completed with errors: 409,096 accepted of 409,117 sent, in 11 s")
        await pilot.press("Y")
        assert pilot.app.clipboard.count("\n") == 28
        assert "28 lines copied." in text(pilot)
        await pilot.press("b", "y")
        assert "cctui-7f3a2b6c-0001-" in pilot.app.clipboard


async def test_copying_too_much_takes_the_end_and_says_so(story: Story) -> None:
    run = story.completed_with_errors()
    long_log(story, run, 2_000)
    async with watching(story, run) as pilot:
        await pilot.press("Y")
        assert len(pilot.app.clipboard.encode()) < 75_000
        assert pilot.app.clipboard.endswith("(GET 1999).\n")
        assert "terminals take no more" in text(pilot)


async def test_saving_writes_a_new_private_file_and_no_other(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with watching(story, story.completed_with_errors()) as pilot:
        await pilot.press("w", "enter")
        await settled(pilot)
        saved = tmp_path / "cctui-7f3a2b6c.log"
        assert saved.read_text(encoding="utf-8").count("\n") == 28
        assert saved.stat().st_mode & 0o077 == 0
        assert "Saved to" in text(pilot)
        await pilot.press("w", "enter")
        await settled(pilot)
        assert "There is a file of this name already." in text(pilot)


async def test_over_ones_own_key_nothing_is_saved_on_the_box(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = story.completed_with_errors()
    async with watching(story, run) as pilot:
        pilot.app.operator = Operator("ops1", Role.ADMINISTRATOR, confined=True)
        await pilot.press("w")
        await settled(pilot)
        assert "Not saved in this session. Y copies the log." in text(pilot)
        pilot.app.screen.query_one(Prompt).post_message(Prompt.Answered("save", str(tmp_path / "any.log")))
        await settled(pilot)
        assert "No file of this machine is read or written in this session." in text(pilot)
    with pytest.raises(NotPermitted, match="session"):
        runs.write_rejected(
            story.environment, Operator("ops1", Role.ADMINISTRATOR, confined=True), run.id, tmp_path / "any.csv"
        )
    assert list(tmp_path.rglob("any.*")) == []


# Batches


async def test_batches_tell_everything_about_one(story: Story) -> None:
    async with watching(story, story.completed_with_errors(), NARROW) as pilot:
        await pilot.press("b")
        await settled(pilot)
        shown = text(pilot)
        for fact in ("0001", "✓ Completed", "37,171", "1b6e0001-0000-11f0-a1b2-fa163e5bc304", "req-0001", "Line 7:"):
            assert fact in shown
        await pilot.press("down", "down")
        await settled(pilot)
        assert "1b6e0003-0000-11f0-a1b2-fa163e5bc304" in text(pilot)
        await pilot.press("b")
        assert "Completed with errors: 409,096 accepted" in text(pilot)


# History


async def test_the_history_opens_a_run_and_comes_back(story: Story) -> None:
    story.successful("aaaa0001", Totals(selected=1_000, sent=1_000))
    run = story.completed_with_errors()
    async with watching(story, run) as pilot:
        await pilot.press("h")
        await settled(pilot)
        assert isinstance(pilot.app.screen, HistoryScreen)
        assert "▲ Completed with" in text(pilot)
        assert "✓ Successful" in text(pilot)
        assert "against the run before: selected +411,000" in text(pilot)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, RunScreen)
        assert pilot.app.screen.run_id == "aaaa0001"
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(pilot.app.screen, HistoryScreen)


async def test_the_history_shows_only_what_one_asks_for(story: Story) -> None:
    story.successful("aaaa0001", Totals(selected=1_000, sent=1_000))
    story.failed()
    async with story.app().run_test(size=(120, 36)) as pilot:
        await pilot.app.push_screen(HistoryScreen(EXPORT))
        await settled(pilot)
        assert "all, 2" in text(pilot)
        await pilot.press("s")
        await settled(pilot)
        assert "No run here: going on." in text(pilot)
        await pilot.press("s")
        await settled(pilot)
        assert "needs a look, 1" in text(pilot)
        assert "aaaa0001" not in text(pilot)


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 30 runs: a history of a few pages in little time."""
    monkeypatch.setattr(history, "PAGE", 30)
    monkeypatch.setattr(history, "NEAR", 5)


@pytest.mark.usefixtures("short_pages")
async def test_a_long_history_is_read_by_pages(story: Story) -> None:
    runs = 50
    for number in range(runs):
        run = story.queue(f"r{number:05d}", at=story.clock.now() + timedelta(minutes=number))
        story.ledger.record("end", run.id, status=Status.CANCELED, ended_at=story.clock.now())
    async with story.app().run_test(size=(120, 36)) as pilot:
        await pilot.app.push_screen(HistoryScreen())
        await settled(pilot)
        assert "all, 30+" in text(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, HistoryScreen)
        screen.table.move_to(26)
        await settled(pilot)
        assert f"all, {runs}" in text(pilot)
        assert f"all, {runs}+" not in text(pilot)


@pytest.mark.usefixtures("short_pages")
async def test_searching_a_long_history_reads_all_of_it(story: Story) -> None:
    for number in range(35):
        run = story.queue(f"r{number:05d}")
        story.ledger.record("end", run.id, status=Status.CANCELED, ended_at=story.clock.now())
    async with story.app().run_test(size=(120, 36)) as pilot:
        await pilot.app.push_screen(HistoryScreen())
        await settled(pilot)
        await pilot.press("slash", *"r00001", "enter")
        await settled(pilot)
        assert "1 of 35" in text(pilot)
        assert "run r00001" in text(pilot)


# Rejected rows


async def test_rejected_rows_by_reason_then_the_rows(story: Story) -> None:
    async with watching(story, story.completed_with_errors(), NARROW) as pilot:
        await pilot.press("e")
        await settled(pilot)
        assert isinstance(pilot.app.screen, RejectedScreen)
        shown = text(pilot)
        for fact in ("All rejected rows", "864", "No e-mail address", "Refused by Constant Contact", "P000000"):
            assert fact in shown
        await pilot.press("end")
        await settled(pilot)
        assert "1 of 3" in text(pilot)
        assert "o…@example.com" in text(pilot)
        assert "ola.0@example.com" not in text(pilot)
        await pilot.press("m")
        await settled(pilot)
        assert "ola.0@example.com" in text(pilot)


async def test_a_viewer_sees_masked_addresses_and_writes_no_file(story: Story, tmp_path: Path) -> None:
    async with watching(story, story.completed_with_errors(), role=Role.VIEWER) as pilot:
        await pilot.press("e")
        await settled(pilot)
        await pilot.press("end", "m")
        await settled(pilot)
        assert "ola.0@example.com" not in text(pilot)
        assert "Your role is Viewer. Ask an administrator." in text(pilot)


async def test_rejected_rows_are_written_to_a_private_csv(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with watching(story, story.completed_with_errors()) as pilot:
        await pilot.press("e")
        await settled(pilot)
        await pilot.press("w", "enter")
        await settled(pilot)
        written = tmp_path / "rejected-7f3a2b6c.csv"
        assert written.read_text(encoding="utf-8").count("\n") == 865
        assert written.stat().st_mode & 0o077 == 0
        assert "Written to" in text(pilot)
        await pilot.press("w", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ErrorDialog)
        assert "exists already" in text(pilot)


async def test_refused_rows_that_nobody_can_name_are_told(story: Story) -> None:
    run = story.send(story.plan(story.queue()), 11)
    run = story.settle(run, 11, refused=7)
    story.reject(run, 861)
    async with watching(story, story.end(run, Status.COMPLETED_WITH_ERRORS), NARROW) as pilot:
        await pilot.press("e")
        await settled(pilot)
        assert "4 more rows were refused, and Constant Contact did not say which ones." in text(pilot)


async def test_the_rows_have_keys_of_their_own(story: Story) -> None:
    async with watching(story, story.completed_with_errors()) as pilot:
        await pilot.press("e")
        await settled(pilot)
        await pilot.press("tab", "down", "down")
        await settled(pilot)
        assert "3 of 864" in text(pilot)
        await pilot.press("tab", "down")
        await settled(pilot)
        assert "1 of 287" in text(pilot)


async def test_a_run_that_was_pruned_meanwhile_is_told(story: Story) -> None:
    run = story.completed_with_errors()
    async with watching(story, run) as pilot:
        story.ledger.remove([run.id])
        screen = pilot.app.screen
        assert isinstance(screen, RunScreen)
        screen.reload()
        await settled(pilot)
        assert "There is no run 7f3a2b6c." in text(pilot)


async def test_a_run_that_ended_while_away_is_told_at_the_next_start(story: Story) -> None:
    run = story.running()
    async with story.app().run_test(size=NARROW) as pilot:
        await settled(pilot)
    story.end(run, Status.CANCELED)
    async with story.app().run_test(size=NARROW) as pilot:
        await settled(pilot)
        assert "Newsletter, high value: Canceled" in text(pilot)
