"""Admin > System: status, schedule, general settings, about, and the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import ClassVar

from textual.events import Resize
from textual.widget import Widget

from cctui.access.roles import Action, may, why_not
from cctui.definitions.audit import newest
from cctui.definitions.model import EnvironmentDefinition, EnvironmentSection, ExportId
from cctui.delivery import alerting, refresh
from cctui.delivery.alerts import AlertState
from cctui.delivery.firings import Refresh
from cctui.delivery.launch import worker_alive
from cctui.delivery.ledger import RunNotFound
from cctui.delivery.states import RunId, Status
from cctui.errors import CctuiError
from cctui.locales import N_, _
from cctui.tui import alert_lines, audit_lines, glyphs, system_lines
from cctui.tui.commands import Command
from cctui.tui.key_use import key_uses
from cctui.tui.page import Page
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.run_all import confirm_and_refresh
from cctui.tui.system_commands import COMMANDS, TAB_TITLES, SystemFactsForCommands, Tab
from cctui.tui.system_lines import SystemFacts
from cctui.tui.widgets.lines import Board, BoardLine, TextLine


class SystemPage(Page):
    """Five tabs over one board."""

    PLACE = "system"
    HEADING = N_("System")
    EXPLANATION = N_("What is refreshed when, and how it went.")
    COMMANDS: ClassVar[tuple[Command, ...]] = COMMANDS

    def __init__(self, tab: Tab = Tab.STATUS) -> None:
        super().__init__()
        self._tab = tab

    def body(self) -> Iterable[Widget]:
        """The tabs over the board."""
        yield TextLine(id="tabs")
        yield Board(id="board")

    def mover(self) -> Board:
        """The keys move on the board."""
        return self.query_one("#board", Board)

    def _move(self, by: int) -> None:
        # What Enter does is another thing on another line.
        super()._move(by)
        self.draw()

    def facts(self) -> SystemFactsForCommands:
        """Which tab is open, and what the cursor stands on."""
        acts = self.is_mounted and self._tab in {Tab.STATUS, Tab.GENERAL, Tab.AUDIT}
        target = self.mover().current if acts else ""
        return SystemFactsForCommands(self.face.operator, tab=self._tab, target=target)

    def open_object(self, name: str) -> None:
        """Open a tab by its name: ``system/schedule``."""
        for tab in Tab:
            if tab.name.lower() == name:
                self._tab = tab
                self.call_after_refresh(self.reload)

    def on_mount(self) -> None:
        """Let segments be read, and the keys go to the board."""
        self.face.segments.look()
        self.mover().focus()

    def on_resize(self, _event: Resize) -> None:
        """Lines are made for a width."""
        self.call_after_refresh(self.reload)

    def reload(self) -> None:
        """Put the tab together again."""
        if not self.is_there:
            return
        self.query_one("#tabs", TextLine).show(_tabs(self._tab))
        board = self.mover()
        board.show(self._lines(max(40, board.size.width - 3)))
        self.draw()

    def _lines(self, width: int) -> list[BoardLine]:
        facts = self._system_facts()
        match self._tab:
            case Tab.SCHEDULE:
                return system_lines.schedule_lines(facts, width)
            case Tab.GENERAL:
                return system_lines.general_lines(facts)
            case Tab.ABOUT:
                return system_lines.about_lines(facts)
            case Tab.AUDIT:
                refused = why_not(self.face.operator, Action.CHANGE_SYSTEM)
                if refused:
                    return [BoardLine((Part(refused, Tone.QUIET),))]
                return audit_lines.audit_lines(facts.audit, facts.zone, width)
        return system_lines.status_lines(facts, width)

    def _system_facts(self) -> SystemFacts:
        face = self.face
        snapshot, environment, known = face.snapshot, face.environment, face.segments.known()
        definition = snapshot.environment or EnvironmentDefinition(
            environment=EnvironmentSection(name=environment.root.name or "-")
        )
        sees_audit = self._tab is Tab.AUDIT and may(face.operator, Action.CHANGE_SYSTEM)
        return SystemFacts(
            now=face.clock.now(),
            zone=face.zone,
            environment=definition,
            root=environment.root,
            secrets=environment.secrets_folder,
            state=environment.state_folder,
            role=face.operator.role,
            segments=known.segments,
            segments_read=not known.reading,
            segments_version=known.version,
            segment_counts=snapshot.segment_counts,
            source_problem=str(known.problem) if known.problem else "",
            exports=snapshot.exports,
            last_runs=snapshot.last_runs,
            refreshes=tuple(self._refreshes()),
            worker_alive=snapshot.worker_alive,
            serving=worker_alive(environment),
            keys=key_uses(snapshot, face.operator, environment.limits_path, face.clock),
            audit=tuple(newest(environment)) if sees_audit else (),
            preferences=face.preferences,
            alerts=tuple(self._alerts(definition)),
        )

    def _alerts(self, definition: EnvironmentDefinition) -> list[AlertState]:
        if not definition.alerts or self._tab is not Tab.STATUS:
            return []
        try:
            return alerting.states(self.face.environment)
        except CctuiError:
            return []

    def _refreshes(self) -> list[Refresh]:
        try:
            return refresh.recent(self.face.environment, 5)
        except CctuiError:
            return []

    # Commands

    def _show_tab(self, tab: Tab) -> None:
        self._tab = tab
        self.detail = ()
        board = self.mover()
        board.scroll_to(y=0, animate=False, force=True)
        self.reload()

    def action_tab(self, index: int) -> None:
        """A click on a tab."""
        self._show_tab(Tab(index))

    def do_tab(self) -> None:
        """Go to the next tab."""
        self._show_tab(Tab((self._tab + 1) % len(Tab)))

    def do_former_tab(self) -> None:
        """Go to the tab before."""
        self._show_tab(Tab((self._tab - 1) % len(Tab)))

    def on_board_opened(self, message: Board.Opened) -> None:
        """A click opens."""
        self._open(message.target)

    def do_open(self) -> None:
        """Open what the cursor stands on."""
        self._open(self.mover().current)

    def _open(self, target: str) -> None:
        kind, _slash, name = target.partition("/")
        if kind == "history":
            from cctui.tui.screens.history import HistoryScreen

            self.app.push_screen(HistoryScreen(ExportId(name)))
        elif kind == "segments":
            self.face.call_later(self.face.open_object, "segments", name)
        elif kind == system_lines.REFRESHES:
            self._open_refreshes()
        elif kind == system_lines.COUNT:
            count = self.face.snapshot.segment_counts.get(name)
            if count is not None:
                self.face.show_error(system_lines.counting_problem(count))
        elif kind == system_lines.PREFERENCE:
            try:
                if name.startswith(system_lines.THEME):
                    self.face.choose_theme(name.removeprefix(system_lines.THEME) or None)
                else:
                    self.face.prefer(self.face.preferences.switched(name))
            except CctuiError as error:
                self.face.show_error(error)
            self.reload()
        elif kind == audit_lines.KIND:
            self._open_entry(target)
        elif kind == "alerts":
            self.notice(*alert_lines.sentence(name, self._system_facts().alerts))
        elif kind == "problem":
            problem = self.face.segments.known().problem
            if problem is not None:
                self.face.show_error(problem)

    def _open_refreshes(self) -> None:
        from cctui.tui.screens.refresh_history import RefreshHistoryDialog

        ledger, statuses = self.face.ledger, dict[RunId, Status]()
        refreshes = refresh.recent(self.face.environment)
        for run_id in (run_id for one in refreshes for run_id in one.runs):
            with suppress(RunNotFound):  # forgotten meanwhile
                if ledger is not None:
                    statuses[run_id] = ledger.run(run_id).status
        self.app.push_screen(RefreshHistoryDialog(refreshes, statuses, self.face.zone))

    def _open_entry(self, target: str) -> None:
        from cctui.tui.screens.audit_entry import AuditEntryDialog

        facts = self._system_facts()
        for entry in facts.audit:
            if audit_lines.target(entry) == target:
                self.app.push_screen(AuditEntryDialog(entry, facts.zone))
                return

    def do_history(self) -> None:
        """Open every run."""
        from cctui.tui.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen(None))

    def do_edit(self) -> None:
        """Open the pane of the tab."""
        stored = self.face.environment.read()
        if self._tab is Tab.SCHEDULE:
            from cctui.tui.screens.refresh_schedule import RefreshSchedulePane

            self.app.push_screen(RefreshSchedulePane(stored))
        else:
            from cctui.tui.screens.general_settings import GeneralSettingsPane

            self.app.push_screen(GeneralSettingsPane(stored))

    async def do_refresh_all(self) -> None:
        """Ask, then refresh."""
        await confirm_and_refresh(self, _("Refresh all"))


def _tabs(open_tab: Tab) -> Line:
    parts: list[Part] = []
    for tab in Tab:
        here = tab is open_tab
        tone = Tone.ACCENT if here else Tone.QUIET
        parts.append(Part((glyphs.BAR if here else " ") + shown(_(TAB_TITLES[tab])), tone, f"screen.tab({tab.value})"))
        parts.append(Part("   "))
    return tuple(parts[:-1])
