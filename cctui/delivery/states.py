"""The words and numbers of a run: statuses, stages, batches, totals, the report and its sums."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NewType

from msgspec import Struct

from cctui.definitions.model import ConnectionId, ExportId, ListId
from cctui.errors import ExitCode
from cctui.locales import N_, _

RunId = NewType("RunId", str)
"""Eight or more lower-case letters, digits and hyphens; chosen by cctui or by the caller of ``run --run-id``."""


class Status(StrEnum):
    """The documented statuses (checklist S1), and Paused, which is ours."""

    NOT_STARTED = "not-started"
    QUEUED = "queued"
    REFRESHING = "refreshing"
    PAUSED = "paused"
    SUCCESSFUL = "successful"
    COMPLETED_WITH_ERRORS = "completed-with-errors"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELED = "canceled"

    @property
    def ended(self) -> bool:
        """Whether a run in this status is over."""
        return self in _ENDED


_ENDED = {
    Status.SUCCESSFUL,
    Status.COMPLETED_WITH_ERRORS,
    Status.FAILED,
    Status.SKIPPED,
    Status.CANCELED,
}

STATUS_TITLES = {
    Status.NOT_STARTED: N_("Not started"),
    Status.QUEUED: N_("Queued"),
    Status.REFRESHING: N_("Refreshing"),
    Status.PAUSED: N_("Paused"),
    Status.SUCCESSFUL: N_("Successful"),
    Status.COMPLETED_WITH_ERRORS: N_("Completed with errors"),
    Status.FAILED: N_("Failed"),
    Status.SKIPPED: N_("Skipped"),
    Status.CANCELED: N_("Canceled"),
}
"""The status as it is shown; translate with ``_``."""


class PauseReason(StrEnum):
    """Why a run is paused."""

    OPERATOR = "operator"
    QUOTA = "quota"
    SIGN_IN = "sign-in"


PAUSE_REASON_TITLES = {
    PauseReason.OPERATOR: N_("an operator paused it"),
    PauseReason.QUOTA: N_("the application key has no requests left today"),
    PauseReason.SIGN_IN: N_("the connection needs a new sign-in"),
}
"""Why a run is paused, in the middle of a sentence; translate with ``_``."""


class Stage(StrEnum):
    """The stages of Progress details, in their order."""

    SELECT = "select"
    MATCH = "match"
    SEND = "send"
    SETTLE = "settle"
    CHECK = "check"


STAGE_TITLES = {
    Stage.SELECT: N_("Select segments"),
    Stage.MATCH: N_("Match and clean"),
    Stage.SEND: N_("Send"),
    Stage.SETTLE: N_("Constant Contact"),
    Stage.CHECK: N_("Check"),
}


class Trigger(StrEnum):
    """What started a run."""

    OPERATOR = "operator"
    SYSTEM_REFRESH = "system-refresh"
    SCHEDULE = "schedule"


TRIGGER_TITLES = {
    Trigger.OPERATOR: N_("by hand"),
    Trigger.SYSTEM_REFRESH: N_("system refresh"),
    Trigger.SCHEDULE: N_("schedule"),
}
"""What started a run, as it is shown; translate with ``_``."""


ACTIVITY_STATE_TITLES = {
    "initialized": N_("accepted for processing"),
    "processing": N_("processing"),
    "completed": N_("completed"),
    "cancelled": N_("canceled by the service"),
    "failed": N_("failed"),
    "timed_out": N_("timed out"),
}
"""What the service calls the states of its jobs (API guide, activities), in words; translate with ``_``."""


def activity_state(state: str) -> str:
    """A state of a job in words; one that is not known as the service calls it."""
    title = ACTIVITY_STATE_TITLES.get(state)
    return _(title) if title else state


class Wish(StrEnum):
    """What an operator has asked of a running run; the worker follows between two requests."""

    NONE = ""
    CANCEL = "cancel"
    PAUSE = "pause"


class BatchState(StrEnum):
    """The life of one request body. ``SENDING`` found by a new worker means: outcome unknown, look it up."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    COMPLETED = "completed"
    FAILED = "failed"
    NOT_SENT = "not-sent"


class Totals(Struct, frozen=True):
    """Profiles by what became of them. Each selected profile is counted in exactly one place."""

    selected: int = 0
    duplicate: int = 0
    invalid: int = 0
    suppressed: int = 0
    unchanged: int = 0
    sent: int = 0
    accepted: int = 0
    not_added: int = 0
    refused: int = 0
    waiting: int = 0

    @property
    def plan_adds_up(self) -> bool:
        """``selected = duplicate + invalid + suppressed + unchanged + sent``."""
        return self.selected == self.duplicate + self.invalid + self.suppressed + self.unchanged + self.sent

    @property
    def delivery_adds_up(self) -> bool:
        """``sent = accepted + not_added + refused + waiting``."""
        return self.sent == self.accepted + self.not_added + self.refused + self.waiting

    @property
    def adds_up(self) -> bool:
        """Whether both sums hold and no number is negative."""
        return (
            self.plan_adds_up
            and self.delivery_adds_up
            and min(
                self.duplicate,
                self.invalid,
                self.suppressed,
                self.unchanged,
                self.accepted,
                self.not_added,
                self.refused,
                self.waiting,
            )
            >= 0
        )


class Run(Struct, frozen=True):
    """One row of the ledger. Moments are aware and in UTC.

    ``cut`` counts values cut at a limit, ``dropped`` values left out because they do not fit their attribute.

    ``planned``: the plan is durable and is never made again. ``resumed`` counts workers that took the run over from one
    that died, ``replayed`` the bodies that were sent again although an earlier POST may have been carried out.
    ``due_at`` is the moment that a schedule meant, ``None`` for a run that somebody asked for.

    ``only_rejected_of`` limits a run to the profiles that an earlier run rejected: ``wanted`` of them are named by its
    rejected rows, ``absent`` of those are in no segment any more, and ``untraced`` rows name no profile.
    """

    id: RunId
    export: ExportId
    export_name: str
    connection: ConnectionId | None
    list_id: ListId
    status: Status
    stage: Stage
    wish: Wish
    trigger: Trigger
    started_by: str
    queued_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    pause_reason: PauseReason | None = None
    resume_at: datetime | None = None
    dry_run: bool = False
    totals: Totals = Totals()
    cut: int = 0
    dropped: int = 0
    batches: int = 0
    batches_sent: int = 0
    batches_settled: int = 0
    contacts_sent: int = 0
    requests: int = 0
    replayed: int = 0
    resumed: int = 0
    stage_seconds: dict[str, float] = {}
    planned: bool = False
    problem: str = ""
    do_next: str = ""
    due_at: datetime | None = None
    only_rejected_of: RunId | None = None
    wanted: int = 0
    absent: int = 0
    untraced: int = 0

    @property
    def seconds(self) -> float | None:
        """How long the run took, from its start to its end; ``None`` before it ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


class Batch(Struct, frozen=True):
    """One request body of a run and what became of it.

    ``first_position`` counts the run's contacts from 0; line ``n`` of the body (the header is line 1) is the contact
    at ``first_position + n - 2``. ``size`` is bytes of the file, ``sha256`` its hash in hexadecimal. ``former`` are
    activities of earlier attempts that came to nothing: they bear the same file name and must not be taken for the
    present one.
    """

    run: RunId
    number: int
    first_position: int
    contacts: int
    size: int
    sha256: str
    state: BatchState = BatchState.PLANNED
    attempts: int = 0
    activity_id: str = ""
    activity_state: str = ""
    request_id: str = ""
    sent_at: datetime | None = None
    settled_at: datetime | None = None
    milliseconds: int | None = None
    accepted: int = 0
    not_added: int = 0
    refused: int = 0
    errors: list[str] = []
    former: list[str] = []
    problem: str = ""

    @property
    def waiting(self) -> int:
        """Contacts of which nothing final is known."""
        return self.contacts - self.accepted - self.not_added - self.refused

    @property
    def file_name(self) -> str:
        """The name the body is sent under; the service echoes it as ``source_file_name``."""
        return f"cctui-{self.run}-{self.number:04d}-{self.sha256[:12]}.csv"


class Report(Struct, frozen=True):
    """What a run ends with. Field names are those of ``--json`` and are a promise."""

    run_id: RunId
    export: ExportId
    status: Status
    selected: int
    duplicate: int
    invalid: int
    suppressed: int
    unchanged: int
    sent: int
    accepted: int
    not_added: int
    refused: int
    waiting: int
    batches: int
    requests: int
    seconds: float
    rejected_file: str
    adds_up: bool
    dry_run: bool
    cut: int
    dropped: int
    replayed: int
    resumed: int
    problem: str
    do_next: str
    only_rejected_of: RunId | None
    wanted: int
    absent: int
    untraced: int


EXIT_CODES = {
    Status.SUCCESSFUL: ExitCode.SUCCESSFUL,
    Status.COMPLETED_WITH_ERRORS: ExitCode.COMPLETED_WITH_ERRORS,
    Status.FAILED: ExitCode.FAILED,
    Status.SKIPPED: ExitCode.FAILED,
    Status.CANCELED: ExitCode.CANCELED,
}
"""How ``cctui run`` leaves after a run that ended; a run paused for quota or sign-in has codes of its own."""
