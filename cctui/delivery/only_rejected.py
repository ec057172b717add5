"""A run of only the profiles that an earlier run rejected, after the source was mended: who they are, how it is told.

The earlier run is over, so its files do not change any more, and it is kept while such a run has not ended.
"""

from __future__ import annotations

from cctui.delivery.states import Report, Run, RunId
from cctui.errors import UsageError
from cctui.locales import _, ngettext, number


def require_rejected(run: Run) -> None:
    """Raises :class:`UsageError` where there is nothing of ``run`` to run again."""
    if not run.status.ended:
        raise UsageError(_("Run {run} is not over.").format(run=run.id), do=_("Wait for its end, or cancel it."))
    if run.dry_run:
        raise UsageError(
            _("Run {run} was a dry run: it sent nothing.").format(run=run.id), do=_("Run the whole export.")
        )
    if not run.totals.invalid + run.totals.refused:
        raise UsageError(_("No row was rejected in run {run}.").format(run=run.id), do=_("Run the whole export."))


def limited_to(run: Run | Report) -> str:
    """Whom a run is limited to, within a line; empty for a run of everybody."""
    if run.only_rejected_of is None:
        return ""
    if not run.wanted:
        return _("only the rejected of run {run}").format(run=run.only_rejected_of)
    return ngettext(
        "only the {count} rejected of run {run}", "only the {count} rejected of run {run}", run.wanted
    ).format(count=number(run.wanted), run=run.only_rejected_of)


def missing_sentences(absent: int, untraced: int) -> list[str]:
    """Which of the rejected could not be taken along, in whole sentences."""
    said = []
    if absent:
        said.append(
            ngettext(
                "{count} profile rejected then is in none of the segments any more.",
                "{count} profiles rejected then are in none of the segments any more.",
                absent,
            ).format(count=number(absent))
        )
    if untraced:
        said.append(
            ngettext(
                "{count} row refused then could not be traced to a profile and is not among them.",
                "{count} rows refused then could not be traced to profiles and are not among them.",
                untraced,
            ).format(count=number(untraced))
        )
    return said


def still_wanted(unfinished: list[Run]) -> set[RunId]:
    """The runs whose rejected rows somebody still needs."""
    return {run.only_rejected_of for run in unfinished if run.only_rejected_of is not None}
