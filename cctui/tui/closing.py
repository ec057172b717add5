"""Screens that close themselves, and nothing but themselves."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Result = TypeVar("Result")


class ClosesItself(Screen[Result]):
    """A screen whose ``dismiss`` never takes another one away, which Textual's does: it closes whatever is on top.

    Keys that were typed ahead of a slow line still reach a screen that is closed already; they close nothing more. A
    screen that something lies upon closes as soon as it is on top again.
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

    def on_screen_resume(self) -> None:
        """On top again."""
        if self._leaves_with is not None:
            (result,), self._leaves_with = self._leaves_with, None
            self.dismiss(result)
