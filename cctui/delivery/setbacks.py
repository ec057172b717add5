"""Setbacks: what passes by itself is waited for, longer each time and not for ever; what does not ends the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cctui.constant_contact.errors import (
    OutcomeUnknown,
    QueueFull,
    QuotaExceeded,
    ServiceError,
    ServiceFault,
    SignInNeeded,
    Throttled,
    Unreachable,
    WrongAnswer,
)
from cctui.delivery.destination import Patience
from cctui.delivery.events import Level, Waiting
from cctui.delivery.journal import Ending, Journal, Pause
from cctui.delivery.states import BatchState, PauseReason, Status, Wish
from cctui.errors import CctuiError
from cctui.locales import _, duration

_PASSING = (Unreachable, ServiceFault, Throttled, WrongAnswer, OutcomeUnknown, QueueFull)
_Fact = TypeVar("_Fact")


class Setbacks:
    """Counts setbacks in a row of one run, and knows how long to wait after each."""

    def __init__(self, journal: Journal, patience: Patience) -> None:
        self._journal = journal
        self._patience = patience
        self._since: float | None = None
        self._next = patience.first_back_off

    def over(self) -> None:
        """The service has answered: whatever was, is over."""
        self._since = None
        self._next = self._patience.first_back_off

    def take(self, problem: CctuiError) -> float:
        """The seconds to wait before the next try.

        Raises :class:`Pause` where a person or midnight is needed, :class:`Ending` where waiting does not help or has
        been long enough.
        """
        match problem:
            case QuotaExceeded():
                raise Pause(PauseReason.QUOTA, problem.resets_at, problem.what, problem.do) from problem
            case SignInNeeded():
                raise Pause(PauseReason.SIGN_IN, None, problem.happened, problem.do) from problem
            case QueueFull():
                wait = self._patience.queue_full
            case ServiceError() if isinstance(problem, _PASSING):
                wait = self._back_off(problem)
            case _:
                raise Ending.failed(problem) from problem
        self._journal.tell(Waiting, level=Level.WARNING, reason=problem.happened, wait=round(wait, 1))
        return wait

    def patiently(self, call: Callable[[], _Fact]) -> _Fact:
        """What ``call`` returns, tried again while its errors pass by themselves.

        Wishes are heard between two tries; a canceled run with bodies on their way still looks after them. Raises as
        :meth:`take` does.
        """
        while True:
            self._journal.require_worker()
            wish = self._journal.wish()
            if wish is Wish.PAUSE:
                raise Pause(PauseReason.OPERATOR)
            if wish is Wish.CANCEL and not self._journal.in_state(BatchState.SENDING, BatchState.SENT):
                raise Ending(Status.CANCELED)
            try:
                fact = call()
            except CctuiError as problem:
                self._journal.wait(self.take(problem))
            else:
                self.over()
                return fact

    def _back_off(self, problem: ServiceError) -> float:
        now = self._journal.clock.monotonic()
        self._since = now if self._since is None else self._since
        if now - self._since > self._patience.unreachable:
            raise Ending.failed(
                CctuiError(
                    _("Constant Contact could not be used for {time}.").format(time=duration(now - self._since)),
                    why=problem.happened,
                    do=problem.do or _("Run the export again when it is back."),
                )
            ) from problem
        wait, self._next = self._next, min(self._next * 2, self._patience.longest_back_off)
        return wait
