"""Keys in the order in which they were typed: each is carried out before the next one is given to anything.

Textual hands a key at once to what has the focus, and carries out a command later, when the key has come up from there
to the application. Over a slow line several keys come in one piece, and those behind Tab, Enter or a letter that opens
a page would still go to the field before. Here they wait until the key before has gone all the way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from textual.app import App
from textual.events import Key, Paste
from textual.message_pump import MessagePump
from textual.screen import Screen

PATIENCE = 0.5
"""Seconds after which the next key goes on although something still works on the one before."""

_ROUNDS = 2
"""How often the way up is gone: a key that presses a button is followed by the button's own message."""


class TypedKeys:
    """What was typed or pasted and waits for its turn. ``pass_on`` is how Textual takes an event."""

    def __init__(self, app: App[Any], pass_on: Callable[[Key | Paste], Awaitable[None]]) -> None:
        self._app = app
        self._pass_on = pass_on
        self._waiting: deque[Key | Paste] = deque()
        self._under_way: object | None = None

    async def take(self, event: Key | Paste) -> None:
        """Pass ``event`` on, now or when all before it have been carried out."""
        self._waiting.append(event)
        if self._under_way is None:
            await self._go_on()
        else:
            self._app.set_timer(PATIENCE, partial(self._end, self._under_way))

    async def _go_on(self) -> None:
        while self._waiting and self._under_way is None:
            event = self._waiting.popleft()
            if not self._app.screen_stack:
                await self._pass_on(event)
                continue
            screen = self._app.screen
            target = self._app.focused or screen
            self._under_way = turn = object()
            await self._pass_on(event)
            if event.is_forwarded:
                self._follow(turn, screen, target, _ROUNDS)
            else:
                self._under_way = None

    def _follow(self, turn: object, screen: Screen[Any], node: MessagePump | None, rounds: int) -> None:
        """Go up behind the event: what stands in line behind it is called after it."""
        if turn is not self._under_way or not self._app.screen_stack:
            return
        follow: Callable[[], object]
        if node is not None and node is not self._app:
            follow = partial(self._follow, turn, screen, node._parent, rounds)
        elif rounds > 1:
            again = self._app.focused or self._app.screen
            follow = partial(self._follow, turn, screen, again, rounds - 1)
            node = self._app
        else:
            follow = partial(self._arrive, turn, screen)
            node = self._app
        if not node.call_later(follow):
            self._app.call_later(self._end, turn)

    async def _arrive(self, turn: object, screen: Screen[Any]) -> None:
        if not self._app.screen_stack:
            return
        now = self._app.screen
        # A page that has just been opened has its focus only after it has been laid out.
        if now is screen or not now.call_after_refresh(lambda: self._app.call_later(self._end, turn)):
            await self._end(turn)

    async def _end(self, turn: object) -> None:
        if turn is self._under_way:
            self._under_way = None
            await self._go_on()
