"""What a run needs of the service, as a seam: the client of ``constant_contact``, or a stand-in that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, Self

from msgspec import Struct

from cctui.constant_contact.answers import AccountSummary, Activity, Call, ContactList, ImportAnswer
from cctui.definitions.model import ConnectionDefinition, ListId
from cctui.host.clock import Clock


class Destination(Protocol):
    """The calls of :class:`cctui.constant_contact.client.Client` that a run makes; they raise its errors."""

    @property
    def requests(self) -> int:
        """Calls made so far."""
        ...

    def account(self) -> AccountSummary: ...

    def contact_list(self, list_id: ListId) -> ContactList: ...

    def import_file(self, *, list_id: ListId, file_name: str, body: Path) -> ImportAnswer: ...

    def activities(self) -> Iterator[Activity]: ...

    def activity(self, activity_id: str) -> Activity: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_exc: object) -> None: ...


OpenDestination = Callable[[ConnectionDefinition, Clock, Callable[[Call], None]], Destination]
"""Makes the destination of a connection; each call is told to the third argument."""


class Patience(Struct, frozen=True, kw_only=True):
    """How long a run waits for what, in seconds. Tests shrink it; operators do not change it.

    ``look_up`` are the waits before each look for an unclear body; ``unreachable`` is how long setbacks may follow each
    other, ``no_progress`` how long activities may stand still, before the run ends with what is known.
    """

    look_up: tuple[float, ...] = (2.0, 5.0)
    first_poll: float = 0.25
    poll_after_news: float = 1.0
    longest_poll: float = 30.0
    poll_while_sending: float = 15.0
    first_back_off: float = 1.0
    longest_back_off: float = 60.0
    queue_full: float = 30.0
    unreachable: float = 1_800.0
    no_progress: float = 21_600.0
