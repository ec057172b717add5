"""The commands of the screens around runs: a run, its log, the history, the rejected rows."""

from __future__ import annotations

from cctui.access.confinement import confined
from cctui.access.roles import Action, Sharing, why_not
from cctui.delivery.states import Run, Status, Wish
from cctui.locales import N_, _
from cctui.tui.commands import LISTING, SEARCHING, Choice, Command, Facts, require, something_chosen
from cctui.tui.parts import shown
from cctui.tui.reading import Snapshot

RUN = N_("Run")
LOG = N_("Log")
HISTORY = N_("History")
REJECTED = N_("Rejected rows")


class RunFacts(Facts, frozen=True):
    """What commands look at on the screen of a run. ``batches`` tells that the batches are in front of the log."""

    run: Run | None = None
    interrupted: bool = False
    batches: bool = False
    following: bool = False


class RejectedFacts(Facts, frozen=True):
    """What commands look at on the screen of rejected rows."""

    run: Run | None = None
    unmasked: bool = False


def choice_of(run: Run, snapshot: Snapshot) -> Choice:
    """The export of a run as commands look at it; one that is gone is the administrators' business."""
    export = snapshot.export(run.export)
    sharing = snapshot.sharing(export) if export is not None else Sharing.ADMINISTRATORS
    return Choice(run.export, shown(run.export_name), sharing=sharing, run=run.id)


def going_on(facts: RunFacts) -> str:
    """Disabled for a run that is over."""
    if facts.run is None:
        return _("There is no run here.")
    return _("This run is over.") if facts.run.status.ended else ""


def not_canceling(facts: RunFacts) -> str:
    """Disabled where somebody has canceled: that is final."""
    if facts.run is not None and facts.run.wish is Wish.CANCEL:
        return _("This run is being canceled already.")
    return ""


def can_pause(facts: RunFacts) -> str:
    """Disabled for a run that stands still."""
    run = facts.run
    if run is None or run.status not in {Status.REFRESHING, Status.QUEUED}:
        return _("Only a run that goes on can be paused.")
    if run.wish is Wish.PAUSE:
        return _("This run is being paused already.")
    return ""


def can_resume(facts: RunFacts) -> str:
    """Disabled for a run that goes on anyway."""
    run = facts.run
    if run is not None and (run.status is Status.PAUSED or run.wish is Wish.PAUSE or facts.interrupted):
        return ""
    return _("This run is neither paused nor interrupted.")


def is_over(facts: RunFacts | RejectedFacts) -> str:
    """Disabled while the run goes on."""
    if facts.run is None:
        return _("There is no run here.")
    return "" if facts.run.status.ended else _("This run goes on. Cancel it first, or wait for its end.")


def has_rejected(facts: RunFacts | RejectedFacts) -> str:
    """Disabled where every row was fine."""
    run = facts.run
    if run is not None and run.totals.invalid + run.totals.refused:
        return ""
    return _("No row was rejected in this run.")


def has_sent(facts: RunFacts | RejectedFacts) -> str:
    """Disabled after a rehearsal: what it did not reject has not been sent either."""
    return _("This was a dry run: it sent nothing.") if facts.run is not None and facts.run.dry_run else ""


def log_in_front(facts: RunFacts) -> str:
    """Disabled while the batches are shown."""
    return _("Press b to see the log.") if facts.batches else ""


def log_or_batches(facts: RunFacts) -> str:
    """What ``b`` goes to."""
    return _("Log") if facts.batches else _("Batches")


def may_see_addresses(facts: Facts) -> str:
    """Disabled for those who may not see whole addresses."""
    return why_not(facts.operator, Action.SEE_ADDRESSES)


def log_can_be_saved(facts: Facts) -> str:
    """Disabled where no file of the box may be written."""
    return _("Not saved in this session. Y copies the log.") if confined(facts.operator) else ""


def rows_can_be_written(facts: Facts) -> str:
    """Disabled where no file of the box may be written; the rows can be fetched with the same key."""
    if confined(facts.operator):
        return _("Not written in this session. On your own machine: ssh HOST runs rejected RUN")
    return ""


def mask_or_show(facts: RejectedFacts) -> str:
    """What ``m`` does."""
    return _("Mask addresses") if facts.unmasked else _("Show addresses")


RUN_COMMANDS = (
    Command(
        "run.cancel",
        N_("Cancel job"),
        N_("Send no more. What was sent is watched to its end, the rest is reported exactly."),
        ("c",),
        RUN,
        bar=True,
        needs=Action.RUN_EXPORT,
        asks=True,
        why=require(going_on, not_canceling),
    ),
    Command(
        "run.pause",
        N_("Pause"),
        N_("Stop after the request that is under way, until somebody resumes."),
        ("p",),
        RUN,
        bar=True,
        needs=Action.RUN_EXPORT,
        why=require(going_on, not_canceling, can_pause),
    ),
    Command(
        "run.resume",
        N_("Resume"),
        N_("Go on with a run that is paused or was interrupted."),
        ("u",),
        RUN,
        bar=True,
        needs=Action.RUN_EXPORT,
        why=require(going_on, can_resume),
    ),
    Command(
        "run.again",
        N_("Run again"),
        N_("Start a new run of this export."),
        ("r",),
        RUN,
        bar=True,
        needs=Action.RUN_EXPORT,
        why=is_over,
    ),
    Command(
        "run.rejected",
        N_("Rejected rows"),
        N_("The rows that did not make it, with their reasons."),
        ("e",),
        RUN,
        hint=N_("Rejected rows"),
        why=has_rejected,
    ),
    Command(
        "run.only_rejected",
        N_("Run again with only the rejected"),
        N_("Start a run of the profiles that this one rejected, as the source has them now."),
        ("R",),
        RUN,
        needs=Action.RUN_EXPORT,
        why=require(is_over, has_rejected, has_sent),
    ),
    Command(
        "run.batches",
        N_("Batches"),
        N_("Every request body: size, hash, tries, activity, counters. Again: the log."),
        ("b",),
        RUN,
        hint=N_("Batches"),
        naming=log_or_batches,
    ),
    Command(
        "run.system",
        N_("View system status"),
        N_("Every task of the environment: the profile source, the segments, the exports."),
        ("s",),
        RUN,
    ),
    Command("run.history", N_("History"), N_("Every run of this export."), ("h",), RUN, hint=N_("History")),
    Command(
        "log.search",
        N_("Search"),
        N_("Find a text in the log, from the cursor on."),
        ("slash",),
        LOG,
        hint=N_("Search"),
        why=log_in_front,
    ),
    Command("log.next", N_("Next hit"), N_("Go to the next hit."), ("n",), LOG, why=log_in_front),
    Command("log.previous", N_("Previous hit"), N_("Go to the hit before."), ("N",), LOG, why=log_in_front),
    Command("log.level", N_("Level"), N_("All lines, warnings, errors."), ("l",), LOG, why=log_in_front),
    Command(
        "log.follow",
        N_("Follow"),
        N_("Stay at the end while lines come, or stay where you are."),
        ("f",),
        LOG,
        why=log_in_front,
    ),
    Command("log.copy", N_("Copy line"), N_("Copy the line under the cursor."), ("y",), LOG),
    Command(
        "log.copy_all",
        N_("Copy log"),
        N_("Copy every line listed, as far as the terminal takes it."),
        ("Y",),
        LOG,
        why=log_in_front,
    ),
    Command(
        "log.save",
        N_("Save log"),
        N_("Write every line listed to a file."),
        ("w",),
        LOG,
        why=require(log_in_front, log_can_be_saved),
    ),
    Command("log.left", N_("Left"), N_("The beginning of long lines."), ("left",), LOG, palette=False),
    Command("log.right", N_("Right"), N_("The end of long lines."), ("right",), LOG, palette=False),
    *LISTING,
)

HISTORY_COMMANDS = (
    Command(
        "history.open",
        N_("Open"),
        N_("Open the run under the cursor."),
        ("enter",),
        HISTORY,
        hint=N_("Open"),
        why=something_chosen,
    ),
    Command(
        "history.status",
        N_("Status"),
        N_("Show only runs of some status: all, going on, needs a look, and so on."),
        ("s",),
        HISTORY,
        hint=N_("Status"),
    ),
    *LISTING,
    *SEARCHING,
)

REJECTED_COMMANDS = (
    Command(
        "rejected.mask",
        N_("Show addresses"),
        N_("Show whole addresses, or mask them again."),
        ("m",),
        REJECTED,
        hint=N_("Show addresses"),
        why=may_see_addresses,
        naming=mask_or_show,
    ),
    Command(
        "rejected.write",
        N_("Write CSV"),
        N_("Write all rejected rows, with whole addresses, to a file that only you can read."),
        ("w",),
        REJECTED,
        hint=N_("Write CSV"),
        bar=True,
        why=require(may_see_addresses, rows_can_be_written),
    ),
    Command(
        "rejected.only_rejected",
        N_("Run again with only the rejected"),
        N_("Start a run of the profiles of these rows, whatever reason is chosen, as the source has them now."),
        ("R",),
        REJECTED,
        bar=True,
        needs=Action.RUN_EXPORT,
        why=require(is_over, has_rejected, has_sent),
    ),
    Command(
        "rejected.pane",
        N_("Other pane"),
        N_("Go from the reasons to the rows, and back."),
        ("tab",),
        REJECTED,
        hint=N_("Other pane"),
        palette=False,
    ),
    Command("rejected.left", N_("Left"), N_("The beginning of long lines."), ("left",), REJECTED, palette=False),
    Command("rejected.right", N_("Right"), N_("The end of long lines."), ("right",), REJECTED, palette=False),
    *LISTING,
)
