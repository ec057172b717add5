"""The last stage: do the sums hold, and what is the run's status?"""

from __future__ import annotations

from collections.abc import Sequence

from cctui.delivery.journal import Ending
from cctui.delivery.report import sum_sentence
from cctui.delivery.states import Batch, BatchState, Run, Status
from cctui.locales import _

_NOTHING_ARRIVED = {BatchState.FAILED, BatchState.NOT_SENT}


def verdict(run: Run, batches: Sequence[Batch]) -> Ending:
    """How a run ends whose bodies all went their way.

    Unsubscribed people who are not added, duplicates and suppressed profiles are no errors; whatever is invalid,
    refused or not accounted for is. A dry run that could be planned is successful.
    """
    if not run.totals.adds_up:
        return Ending(
            Status.FAILED, sum_sentence(run.totals), _("This is a fault of cctui; please report it with the log.")
        )
    if run.dry_run:
        return Ending(Status.SUCCESSFUL)
    problem = next((batch.problem for batch in batches if batch.problem), "")
    if batches and all(batch.state in _NOTHING_ARRIVED for batch in batches):
        return Ending(Status.FAILED, problem or _("Nothing arrived."), _("Run the export again."))
    if run.totals.invalid or run.totals.refused or run.totals.waiting:
        return Ending(Status.COMPLETED_WITH_ERRORS, problem)
    return Ending(Status.SUCCESSFUL)
