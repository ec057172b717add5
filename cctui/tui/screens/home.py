"""Home: what runs, what ended, what needs a look, how much of the day's quota is left."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from textual.events import Resize
from textual.widget import Widget

from cctui.definitions.environment import Stored
from cctui.delivery.states import Run, RunId, Status
from cctui.locales import N_, _
from cctui.tui.commands import LISTING, Command, Facts
from cctui.tui.home_lines import HomeFacts, home_lines
from cctui.tui.key_use import key_uses
from cctui.tui.page import Page
from cctui.tui.widgets.lines import Board

HOME = N_("Home")

_LATELY = timedelta(days=7)
_TROUBLED = (Status.FAILED, Status.COMPLETED_WITH_ERRORS, Status.SKIPPED)


class HomeFactsForCommands(Facts, frozen=True):
    """Whether the cursor stands on something that can be opened."""

    target: str = ""


class HomePage(Page):
    """The first page."""

    PLACE = "home"
    HEADING = N_("Home")
    COMMANDS: ClassVar[tuple[Command, ...]] = (
        Command(
            "home.open",
            N_("Open"),
            N_("Open the line under the cursor."),
            ("enter",),
            HOME,
            hint=N_("Open"),
            why=lambda facts: "" if facts.target else _("There is nothing to open on this line."),
        ),
        Command("home.exports", N_("Exports"), N_("Go to Exports."), ("e",), HOME, bar=True),
        Command("home.history", N_("History"), N_("Every run, newest first."), ("h",), HOME, bar=True),
        *LISTING,
    )

    def explanation(self) -> str:
        """Where one is."""
        definition = self.face.snapshot.environment
        name = definition.environment.name if definition else ""
        return _("What happens in {name}, and what comes next.").format(name=name) if name else ""

    def body(self) -> Iterable[Widget]:
        """One board."""
        yield Board(id="board")

    def mover(self) -> Board:
        """The keys move on the board."""
        return self.query_one("#board", Board)

    def facts(self) -> HomeFactsForCommands:
        """What the cursor stands on."""
        return HomeFactsForCommands(self.face.operator, target=self.mover().current if self.is_mounted else "")

    def reload(self) -> None:
        """Put the blocks together again."""
        board = self.mover()
        board.show(home_lines(self._home_facts(), max(40, self.page_width)))
        board.focus()

    def tick(self, *, changed: bool) -> None:
        """Times go on even when nothing else changes."""
        super().tick(changed=changed or bool(self.face.snapshot.unfinished))

    def on_resize(self, _event: Resize) -> None:
        """Lines are made for a width."""
        self.call_after_refresh(self.reload)

    def _home_facts(self) -> HomeFacts:
        face = self.face
        snapshot = face.snapshot
        now = face.clock.now()
        recent = face.recent_runs()
        newest = {run.id for run in snapshot.last_runs.values()}
        away = [run for run in recent if _ended_after(run, face.last_visit)]
        troubled = [
            run
            for run in recent
            if run.status in _TROUBLED and run.id in newest and run not in away and _within(run, now, _LATELY)
        ]
        return HomeFacts(
            now=now,
            zone=face.zone,
            unfinished=snapshot.unfinished,
            worker_alive=snapshot.worker_alive,
            ended_away=tuple(away[:5]),
            troubled=tuple(troubled[:5]),
            keys=key_uses(snapshot, face.operator, face.environment.limits_path, face.clock),
            connected=any(
                isinstance(stored, Stored) and stored.definition.id in snapshot.signed_in
                for stored in snapshot.connections
            ),
            segments=bool(snapshot.environment and snapshot.environment.profiles),
            exports=bool(snapshot.exports),
            ran=bool(snapshot.last_runs),
        )

    async def on_board_opened(self, message: Board.Opened) -> None:
        """A click opens."""
        self._open(message.target)

    def do_open(self) -> None:
        """Open what the cursor stands on."""
        self._open(self.mover().current)

    def _open(self, target: str) -> None:
        place, _slash, name = target.partition("/")
        if place == "runs":
            self.face.open_run(RunId(name))
        elif place:
            self.face.action_go(place)

    def do_exports(self) -> None:
        """Go to Exports."""
        self.face.action_go("exports")

    def do_history(self) -> None:
        """Open every run."""
        from cctui.tui.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen(None))


def _ended_after(run: Run, moment: datetime | None) -> bool:
    return moment is not None and run.ended_at is not None and run.ended_at > moment


def _within(run: Run, now: datetime, span: timedelta) -> bool:
    return run.ended_at is not None and now - run.ended_at <= span
