"""Screens as they lie on one another: each closes nothing but itself, and is drawn once when it comes on top."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Result = TypeVar("Result")

_SECONDS_TO_REST = 0.005
"""Until layout, styles and focus of a screen have come to rest; each step would be drawn whole and go over the line."""


class StackedScreen(Screen[Result]):
    """A screen whose ``dismiss`` never takes another one away, which Textual's does: it closes whatever is on top.

    Keys that were typed ahead of a slow line still reach a screen that is closed already; they close nothing more. A
    screen that something lies upon closes as soon as it is on top again.

    Coming on top it is laid out several times; where :meth:`is_drawn_once`, only the last one is drawn.
    """

    _leaves_with: tuple[Result | None] | None = None

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close, with ``result`` for whoever asked."""
        stack = self.app.screen_stack
        if self in stack and stack[-1] is not self:
            self._leaves_with = (result,)
        if not stack or stack[-1] is not self:
            return AwaitComplete()
        return super().dismiss(result)

    def is_drawn_once(self) -> bool:
        """Whether it is drawn only when it has come to rest: not where resting takes longer than people wait."""
        return True

    def on_screen_resume(self) -> None:
        """On top, for the first time or again."""
        if self.is_drawn_once():
            self.app.delay_update(_SECONDS_TO_REST)
        if self._leaves_with is not None:
            (result,), self._leaves_with = self._leaves_with, None
            self.dismiss(result)
