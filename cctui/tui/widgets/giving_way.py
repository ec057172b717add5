"""Text in a window that gives way on a low screen, so that the answers below it stay in sight."""

from __future__ import annotations

from textual.containers import VerticalScroll
from textual.geometry import Size

_AROUND = 9
"""Lines of a window that are not its text: border, padding, a title in two lines, answers, and what separates them."""

_FEWEST = 3


class GivingWay(VerticalScroll):
    """As high as its text where the window has room for it, else it scrolls; ``beside`` is what else stands there."""

    def __init__(
        self,
        *,
        beside: int = 0,
        can_focus: bool = False,
        id: str | None = None,  # noqa: A002 - as Textual calls it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes, can_focus=can_focus)
        self._beside = beside

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The lines of the text that the window has room for: it takes nine tenths of the screen at most."""
        room = viewport.height * 9 // 10 - _AROUND - self._beside
        return min(super().get_content_height(container, viewport, width), max(_FEWEST, room))

    def turn(self, pages: int) -> None:
        """Scroll by so many windows."""
        self.scroll_relative(y=pages * self.size.height, animate=False)
