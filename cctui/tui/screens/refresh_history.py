"""The last refreshes in a window: see details of the profile source (S9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import ClassVar

from cctui.delivery.firings import Refresh
from cctui.delivery.states import RunId, Status
from cctui.locales import _
from cctui.tui.frame import pane_heading
from cctui.tui.parts import plain
from cctui.tui.refresh_lines import refresh_lines
from cctui.tui.screens.dialogs import BoardDialog
from cctui.tui.widgets.lines import BoardLine


class RefreshHistoryDialog(BoardDialog):
    """It only tells; Esc closes it."""

    SHAPE: ClassVar[str] = "large"
    WIDTH: ClassVar[int] = 100

    def __init__(self, refreshes: Iterable[Refresh], statuses: Mapping[RunId, Status], zone: tzinfo) -> None:
        super().__init__()
        self._refreshes = tuple(refreshes)
        self._statuses = statuses
        self._zone = zone

    def title_text(self) -> str:
        """What the window is, and how to close it."""
        return plain(pane_heading(_("Last refreshes"), self.width))

    def lines(self, width: int) -> Iterable[BoardLine]:
        """One refresh after the other."""
        return refresh_lines(self._refreshes, self._statuses, self._zone, width)
