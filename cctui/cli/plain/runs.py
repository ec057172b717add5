"""Runs in the plain mode: start, follow line by line, look back, stop, rejected rows."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cctui.access.confinement import Reach, require_reach
from cctui.access.roles import Action, require
from cctui.cli.plain.conversation import Conversation, Entries, Entry, Unfit
from cctui.cli.plain.work import Work
from cctui.cli.progress import follow
from cctui.definitions.model import ExportId
from cctui.delivery import runs as operations
from cctui.delivery.events import Event, Progress, sentence
from cctui.delivery.report import facts, sentences
from cctui.delivery.states import STATUS_TITLES, Run, RunId
from cctui.locales import _, date_time, number
from cctui.masking import mask, printable

_SHOWN_ROWS = 20


def start(talk: Conversation, work: Work, export_id: str, *, dry_run: bool) -> None:
    """Run an export, or try it without sending, and follow it."""
    run = operations.start(work.environment, work.operator, ExportId(export_id), dry_run=dry_run)
    talk.say(_("Run {run} is queued.").format(run=run.id))
    watch(talk, work, run)


def watch(talk: Conversation, work: Work, run: Run) -> None:
    """Tell what happens in a run until it ends; Ctrl+C asks what to do with it."""
    talk.say(_("Ctrl+C: pause it, cancel it, or stop watching."))
    told = skipped = 0

    def tell(_run: Run, events: Sequence[Event]) -> None:
        nonlocal told, skipped
        for event in events:
            if skipped:
                # Watching again begins with the first event.
                skipped -= 1
                continue
            told += 1
            if not isinstance(event, Progress):
                talk.say(sentence(event))

    while True:
        try:
            ended = follow(work.environment, run, tell)
            break
        except KeyboardInterrupt:
            talk.say("")
            if not _interrupted(talk, work, run):
                return
            skipped = told
    _report(talk, work, ended.id)


def _interrupted(talk: Conversation, work: Work, run: Run) -> bool:
    """What to do with a run that is being watched; whether to watch on."""
    answer = talk.choose(
        printable(run.export_name),
        [(_("Watch on"), "on"), (_("Pause"), "pause"), (_("Cancel job"), "cancel"), (_("Stop watching"), "leave")],
        default="leave",
    )
    if answer == "pause":
        operations.pause(work.environment, work.operator, run.id)
        talk.say(_("Run {run} pauses after the request that is under way.").format(run=run.id))
    elif answer == "cancel":
        operations.cancel(work.environment, work.operator, run.id)
        talk.say(_("Run {run} sends no more. What was sent is watched to its end.").format(run=run.id))
    elif answer == "leave":
        talk.say(_("Leave. Runs go on without you."))
    return answer != "leave"


def history(talk: Conversation, work: Work, export_id: str | None = None) -> None:
    """Choose one of the last runs, of one export or of all."""
    talk.menu(_("History"), partial(_listed, talk, work, export_id), _("Back"))


def _listed(talk: Conversation, work: Work, export_id: str | None) -> Entries:
    zone = work.environment.zone()
    found = operations.history(work.environment, export=ExportId(export_id) if export_id else None)
    if not found:
        talk.say(_("Nothing has run yet."))
    return [
        (
            ", ".join(
                [
                    printable(run.export_name),
                    _(STATUS_TITLES[run.status]),
                    date_time(run.started_at or run.queued_at, zone),
                    run.id,
                ]
            ),
            partial(one, talk, work, run.id),
        )
        for run in found
    ]


def one(talk: Conversation, work: Work, run_id: str) -> None:
    """One run: its report, and what can be done with it."""
    run = operations.find(work.environment, run_id)
    _report(talk, work, run.id)
    talk.menu(f"{_('Run ID')} {run.id}", partial(_entries, talk, work, run.id), _("Back"))


def _entries(talk: Conversation, work: Work, run_id: RunId) -> Entries:
    run = operations.find(work.environment, run_id)
    entries: list[Entry] = []
    if not run.status.ended:
        entries += [
            (_("Follow"), partial(watch, talk, work, run)),
            (_("Pause"), partial(_pause, talk, work, run)),
            (_("Resume"), partial(_resume, talk, work, run)),
            (_("Cancel job"), partial(_cancel, talk, work, run)),
        ]
    entries += [
        (_("See details"), partial(_report, talk, work, run.id)),
        (_("Rejected rows"), partial(_rejected, talk, work, run.id)),
        (_("Run again"), partial(start, talk, work, run.export, dry_run=run.dry_run)),
    ]
    return entries


def _pause(talk: Conversation, work: Work, run: Run) -> None:
    operations.pause(work.environment, work.operator, run.id)
    talk.say(_("Run {run} pauses after the request that is under way.").format(run=run.id))


def _resume(talk: Conversation, work: Work, run: Run) -> None:
    operations.resume(work.environment, work.operator, run.id)
    talk.say(_("Run {run} goes on.").format(run=run.id))
    watch(talk, work, run)


def _cancel(talk: Conversation, work: Work, run: Run) -> None:
    question = _("Cancel run {run} of {export}?").format(run=run.id, export=printable(run.export_name))
    if talk.sure(question, default=False):
        operations.cancel(work.environment, work.operator, run.id)
        talk.say(_("Run {run} sends no more. What was sent is watched to its end.").format(run=run.id))


def _report(talk: Conversation, work: Work, run_id: RunId) -> None:
    report = operations.report(work.environment, run_id)
    talk.facts(facts(report))
    talk.say(*sentences(report))


def _rejected(talk: Conversation, work: Work, run_id: RunId) -> None:
    """The reasons with their counts, then the first rows, masked, then a file."""
    reasons = operations.rejected_summary(work.environment, run_id)
    if not reasons:
        talk.say(_("No row was rejected in this run."))
        return
    talk.facts((title, number(count)) for title, count in reasons)
    if talk.sure(_("Show the first rows?"), default=False):
        with operations.rejected_path(work.environment, run_id).open(encoding="utf-8", newline="") as file:
            for index, row in enumerate(csv.reader(file)):
                if index > _SHOWN_ROWS:
                    break
                if index:
                    talk.say(", ".join(mask(printable(value)) for value in row if value))
    if talk.sure(_("Save them to a file?"), default=False):
        require_reach(work.operator, Reach.PATH)
        require(work.operator, Action.SEE_ADDRESSES)
        target = talk.ask(_("File"), default=str(Path.home() / f"rejected-{run_id}.csv"), read=_new_file)
        operations.write_rejected(work.environment, work.operator, run_id, target)
        talk.say(_("Written to {file}.").format(file=target))


def _new_file(answer: str) -> Path:
    path = Path(answer).expanduser().absolute()
    if path.exists():
        raise Unfit(_("There is a file of this name already."))
    if not path.parent.is_dir():
        raise Unfit(_("There is no folder {folder}.").format(folder=printable(str(path.parent))))
    return path
