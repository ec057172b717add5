"""cctui as it is measured: a queued run and the worker process that carries it out, from its start to its end."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from measuring import Failed, Measured, Sink, measure

from cctui.definitions.environment import Environment
from cctui.definitions.model import ConnectionId, ExportId, ListId
from cctui.delivery.ledger import Ledger, new_run
from cctui.delivery.runs import new_run_id
from cctui.delivery.states import Run, RunId, Trigger
from cctui.host.clock import SystemClock


def queue(environment: Environment, exports: Sequence[str], *, dry_run: bool = False) -> list[RunId]:
    """Queue a run of each export as Run does, but start no worker."""
    queued = []
    with Ledger(environment.ledger_path) as ledger:
        for export in exports:
            definition = environment.export(ExportId(export)).definition
            run = new_run(
                id=new_run_id(),
                export=ExportId(export),
                export_name=definition.display_name,
                connection=ConnectionId(definition.connection or ""),
                list_id=ListId(definition.list_id),
                trigger=Trigger.OPERATOR,
                started_by="bench",
                queued_at=SystemClock().now(),
                dry_run=dry_run,
            )
            ledger.queue(run)
            queued.append(run.id)
    return queued


def carry_out(environment: Environment, sink: Sink, exports: Sequence[str], *, dry_run: bool = False) -> Measured:
    """Run ``exports`` in a worker of their own, measured as a whole process from its start on.

    Facts: the runs' totals, the seconds of each stage, and when the first request body began to arrive, counted from
    the start of the process. Raises :class:`Failed` where a run does not end well.
    """
    sink.forget()
    queued = queue(environment, exports, dry_run=dry_run)
    began = time.time()
    worker = measure([sys.executable, "-m", "cctui", "--environment", environment.root, "worker", "--until-idle"])
    with Ledger(environment.ledger_path) as ledger:
        ended = [ledger.run(run_id) for run_id in queued]
    arrived = sink.facts()
    facts = {**_totals(ended), "sink": arrived, "seconds_to_end": max(_moment(run) for run in ended) - began}
    for name in ("first_request", "first_import", "last_import", "last_request"):
        facts[f"seconds_to_{name}"] = arrived[name] - began if arrived[name] else None
    if not dry_run and (arrived["contacts"] != facts["sent"] or arrived["contacts"] != facts["accepted"]):
        raise Failed(f"{facts['sent']} contacts planned, {facts['accepted']} accepted, {arrived['contacts']} arrived")
    return replace(worker, facts=facts)


def _totals(ended: Sequence[Run]) -> dict[str, Any]:
    for run in ended:
        if not run.status.ended or run.problem:
            raise Failed(f"run {run.id} is {run.status}: {run.problem}")
    names = ("selected", "duplicate", "invalid", "sent", "accepted")
    facts: dict[str, Any] = {name: sum(getattr(run.totals, name) for run in ended) for name in names}
    facts["requests"] = sum(run.requests for run in ended)
    facts["batches"] = sum(run.batches for run in ended)
    facts["stages"] = [run.stage_seconds for run in ended]
    return facts


def _moment(run: Run) -> float:
    if run.ended_at is None:
        raise Failed(f"run {run.id} is not over")
    return run.ended_at.timestamp()
