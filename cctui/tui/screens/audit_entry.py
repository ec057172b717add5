"""One entry of the audit log in a window: who did what, and what was before and after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import ClassVar

from cctui.definitions.audit import DEED_TITLES, Entry
from cctui.locales import _
from cctui.tui.audit_lines import entry_lines
from cctui.tui.frame import pane_heading
from cctui.tui.parts import plain
from cctui.tui.screens.dialogs import BoardDialog
from cctui.tui.widgets.lines import BoardLine


class AuditEntryDialog(BoardDialog):
    """It only tells; Esc closes it."""

    SHAPE: ClassVar[str] = "large"
    WIDTH: ClassVar[int] = 100

    def __init__(self, entry: Entry, zone: tzinfo) -> None:
        super().__init__()
        self._entry = entry
        self._zone = zone

    def title_text(self) -> str:
        """What was done, and how to close the window."""
        return plain(pane_heading(_(DEED_TITLES[self._entry.deed]), self.width))

    def lines(self, width: int) -> Iterable[BoardLine]:
        """The facts, then what differs."""
        return entry_lines(self._entry, self._zone, width)
