"""Sending: one body after another, each durable before its POST, and what is unclear looked up before it is sent again.

What an attempt may have done decides what follows. Surely not carried out: the body is planned again as if nothing had
been. Perhaps carried out: the activities are searched for its file name, twice, seconds apart (facts of the service,
recovery); found, the job is adopted; not found, the body is sent again and that is counted as a replay.
"""

from __future__ import annotations

from msgspec import structs

from cctui.constant_contact.answers import Activity
from cctui.constant_contact.errors import OutcomeUnknown, WrongAnswer
from cctui.delivery.destination import Destination, Patience
from cctui.delivery.events import Adopted, BatchSent, Level, Replayed, Unclear
from cctui.delivery.journal import Journal, Stopped
from cctui.delivery.setbacks import Setbacks
from cctui.delivery.spool import BodyDamaged
from cctui.delivery.states import Batch, BatchState
from cctui.errors import CctuiError
from cctui.locales import _
from cctui.locales.said import joined


class Lane:
    """Sends the bodies of one run."""

    def __init__(self, journal: Journal, destination: Destination, patience: Patience, setbacks: Setbacks) -> None:
        self._journal = journal
        self._destination = destination
        self._patience = patience
        self._setbacks = setbacks

    def send(self, batch: Batch) -> None:
        """Send ``batch``, whatever became of earlier attempts. Raises the errors that concern more than this body."""
        try:
            body = self._journal.spool.verify(batch)
        except BodyDamaged as problem:
            self._give_up(batch, problem)
            return
        again = batch.attempts > 0
        going = structs.replace(batch, state=BatchState.SENDING, attempts=batch.attempts + 1, activity_id="")
        self._journal.record("sending", going, replayed=int(again), calls_ahead=1)
        if again:
            self._journal.tell(
                Replayed,
                level=Level.WARNING,
                batch=batch.number,
                attempt=going.attempts,
                reason=batch.problem or _("the outcome is not known"),
            )
        try:
            answer = self._destination.import_file(
                list_id=self._journal.run.list_id, file_name=batch.file_name, body=body
            )
        except (OutcomeUnknown, WrongAnswer) as problem:
            self._journal.tell(Unclear, level=Level.WARNING, batch=batch.number, reason=problem.why or problem.what)
            self.settle_unclear(going)
        except (CctuiError, OSError, Stopped):
            self._journal.record(
                "not-carried-out",
                structs.replace(going, state=BatchState.PLANNED, attempts=batch.attempts),
                replayed=-int(again),
            )
            raise
        else:
            self._setbacks.over()
            sent = structs.replace(
                going,
                state=BatchState.SENT,
                activity_id=answer.activity.activity_id,
                activity_state=answer.activity.state,
                request_id=answer.request_id,
                milliseconds=answer.milliseconds,
                sent_at=self._journal.clock.now(),
                problem="",
            )
            self._journal.record("sent", sent)
            self._journal.tell(
                BatchSent,
                batch=sent.number,
                contacts=sent.contacts,
                size=sent.size,
                activity=sent.activity_id,
                request=sent.request_id,
                milliseconds=answer.milliseconds,
            )

    def settle_unclear(self, batch: Batch) -> None:
        """Find out whether a body that is ``SENDING`` arrived: adopt its job, or plan it to be sent again."""
        for seconds in self._patience.look_up:
            self._journal.wait(seconds)
            activity = self._setbacks.patiently(lambda: self._find(batch))
            if activity is not None:
                self._adopt(batch, activity)
                return
        problem = _("the outcome is not known, and no activity bears its name")
        self._journal.record("not-found", structs.replace(batch, state=BatchState.PLANNED, problem=problem))

    def _find(self, batch: Batch) -> Activity | None:
        """The newest job that bears the name of ``batch`` and did not come to nothing before."""
        for activity in self._destination.activities():
            if activity.source_file_name == batch.file_name and activity.activity_id not in batch.former:
                return activity
        return None

    def _adopt(self, batch: Batch, activity: Activity) -> None:
        adopted = structs.replace(
            batch,
            state=BatchState.SENT,
            activity_id=activity.activity_id,
            activity_state=activity.state,
            sent_at=self._journal.clock.now(),
            problem="",
        )
        self._journal.record("adopted", adopted)
        self._journal.tell(Adopted, level=Level.WARNING, batch=batch.number, activity=activity.activity_id)

    def _give_up(self, batch: Batch, problem: CctuiError) -> None:
        self._journal.record(
            "given-up",
            structs.replace(batch, state=BatchState.NOT_SENT, problem=joined(problem.what, problem.do)),
        )
        self._journal.tell_problem(problem, batch.number)
