"""What a run has come to: the report, its lines and its closing sentences, and the rows that did not make it."""

from __future__ import annotations

import csv
import os
import secrets
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

from msgspec import structs

from cctui.definitions.environment import Environment
from cctui.delivery.only_rejected import limited_to, missing_sentences
from cctui.delivery.refusals import COLUMNS, REFUSED, rejected_parts
from cctui.delivery.spool import Spool
from cctui.delivery.states import STATUS_TITLES, Report, Run, Status, Totals
from cctui.host.clock import SystemClock
from cctui.host.files import disk
from cctui.locales import C_, _, duration, ngettext, number


def report(environment: Environment, run: Run, now: datetime | None = None) -> Report:
    """The report of ``run`` as it stands."""
    totals = structs.asdict(run.totals)
    return Report(
        run_id=run.id,
        export=run.export,
        status=run.status,
        **totals,
        batches=run.batches,
        requests=run.requests,
        seconds=round(_seconds(run, now), 3),
        rejected_file=str(rejected_file(environment, run)),
        adds_up=run.totals.adds_up,
        dry_run=run.dry_run,
        cut=run.cut,
        dropped=run.dropped,
        replayed=run.replayed,
        resumed=run.resumed,
        problem=run.problem,
        do_next=run.do_next,
        only_rejected_of=run.only_rejected_of,
        wanted=run.wanted,
        absent=run.absent,
        untraced=run.untraced,
    )


def facts(report: Report) -> list[tuple[str, str]]:
    """The report as titles and values, in the order of the sums."""
    counts = (
        (_("Selected"), report.selected),
        (_("Duplicate"), report.duplicate),
        (_("Invalid"), report.invalid),
        (_("Suppressed"), report.suppressed),
        (_("Unchanged"), report.unchanged),
        (_("Would be sent") if report.dry_run else _("Sent"), report.sent),
        (_("Accepted"), report.accepted),
        (_("Not added (unsubscribed)"), report.not_added),
        (_("Refused"), report.refused),
        (_("Waiting"), report.waiting),
        (_("Request bodies"), report.batches),
        (_("Requests"), report.requests),
    )
    return [
        (_("Run ID"), report.run_id),
        (_("Export"), report.export),
        *([(_("Profiles"), limited_to(report))] if report.only_rejected_of else []),
        (_("Status"), _(STATUS_TITLES[report.status])),
        *((title, number(count)) for title, count in counts),
        (C_("length", "Time"), duration(report.seconds)),
        (_("Rejected rows"), report.rejected_file or _("none")),
    ]


def sentences(report: Report) -> list[str]:
    """How the run went and what to do next, in whole sentences; the sums first."""
    said = [sum_sentence(report), *missing_sentences(report.absent, report.untraced)]
    if report.dry_run and report.status is Status.SUCCESSFUL:
        said.append(_("This was a dry run: nothing was sent."))
    if report.replayed:
        said.append(
            ngettext(
                "{count} request was sent again because its first outcome was not known or had failed.",
                "{count} requests were sent again because their first outcome was not known or had failed.",
                report.replayed,
            ).format(count=number(report.replayed))
        )
    if report.cut:
        said.append(
            ngettext(
                "{count} value was too long and was cut.", "{count} values were too long and were cut.", report.cut
            ).format(count=number(report.cut))
        )
    if report.dropped:
        said.append(
            ngettext(
                "{count} value did not fit its attribute and was left out.",
                "{count} values did not fit their attribute and were left out.",
                report.dropped,
            ).format(count=number(report.dropped))
        )
    if report.waiting and report.status.ended and not report.dry_run:
        said.append(
            ngettext(
                "{count} contact was not delivered or has no known outcome.",
                "{count} contacts were not delivered or have no known outcome.",
                report.waiting,
            ).format(count=number(report.waiting))
        )
    said += [text for text in (report.problem, report.do_next) if text]
    if report.invalid or report.refused:
        said.append(_("The rejected rows and their reasons: cctui runs rejected {run}").format(run=report.run_id))
    return said


def sum_sentence(counted: Report | Totals) -> str:
    """Both sums in words and numbers, or the plain statement that they do not hold."""
    plan = _(
        "{selected} selected = {duplicate} duplicate + {invalid} invalid + {suppressed} suppressed"
        " + {unchanged} unchanged + {sent} sent"
    )
    delivery = _("{sent} sent = {accepted} accepted + {not_added} not added + {refused} refused + {waiting} waiting")
    values = {field: number(getattr(counted, field)) for field in Totals.__struct_fields__}
    text = f"{plan.format(**values)}; {delivery.format(**values)}."
    return text if counted.adds_up else _("The numbers do not add up: {sums}").format(sums=text)


def rejected_file(environment: Environment, run: Run) -> Path | str:
    """Where the rejected rows are; empty text where there are none."""
    spool = Spool(environment, run.id)
    return spool.rejected if run.totals.invalid + run.totals.refused and spool.rejected.exists() else ""


def rejected_summary(environment: Environment, run: Run) -> list[tuple[str, int]]:
    """Titles of reasons with their counts, most frequent first; the service's refusals among them."""
    from cctui.matching.reasons import REASON_TITLES, Reason

    counts: Counter[str] = Counter()
    for path in rejected_parts(Spool(environment, run.id)):
        with path.open(encoding="utf-8", newline="") as rows:
            counts.update(row["reason"] for row in csv.DictReader(rows))
    counts[REFUSED] = run.totals.refused
    titles = {reason.value: _(REASON_TITLES[reason]) for reason in Reason}
    titles[REFUSED] = _("Refused by Constant Contact")
    return [(titles.get(reason, reason), count) for reason, count in counts.most_common() if count]


def rejected_path(environment: Environment, run: Run) -> Path:
    """One CSV with all rejected rows: those that matching refused, and after them those that the service refused.

    Columns are those of ``refusals``; ``message`` is what the service said. Made anew at
    each call.
    """
    spool = Spool(environment, run.id)
    target = spool.folder / "rejected-all.csv"
    spool.make()
    part = spool.folder / f".{target.name}.{secrets.token_hex(4)}.part"
    try:
        with os.fdopen(disk.open_new(part, 0o600), "w", encoding="utf-8", newline="") as merged:
            writer = csv.DictWriter(merged, COLUMNS, restval="", extrasaction="ignore", lineterminator="\r\n")
            writer.writeheader()
            for path in rejected_parts(spool):
                with path.open(encoding="utf-8", newline="") as rows:
                    writer.writerows(csv.DictReader(rows))
        disk.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target


def write_rejected(environment: Environment, run: Run, target: Path) -> None:
    """Copy the rejected rows to ``target``, a file of the operator's, readable by its owner only."""
    source = rejected_path(environment, run)
    target.touch(mode=0o600)
    shutil.copyfile(source, target)


def _seconds(run: Run, now: datetime | None) -> float:
    if run.started_at is None:
        return 0.0
    end = run.ended_at or now or SystemClock().now()
    return max(0.0, (end - run.started_at).total_seconds())
