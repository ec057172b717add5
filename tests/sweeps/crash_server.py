"""Runs of the worker at a millisecond's notice: imports everything once, then forks a child for each go.

Reads one JSON object a line: ``root``, ``result`` (a file for the points passed), ``crash_at`` (0: never),
``kind``, ``seed``, ``without`` (names of protections to take out). Answers with how the child ended, one line each.
The child starts the run as an operator does and is its worker; both are the same whether it is the first go or a later
one, since the id of the run is given.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import authlib.oauth2
import duckdb
import httpcore
import httpx
import pyarrow.parquet
from crash_points import Points, install
from httpx._transports import default

from cctui.access.roles import Operator, Role
from cctui.constant_contact import client, limits, renewal
from cctui.definitions.environment import Environment
from cctui.definitions.model import ExportId
from cctui.delivery import lane, launch, ledger, runs, worker, worker_log
from cctui.delivery.destination import Patience
from cctui.delivery.states import RunId
from cctui.host import files
from cctui.host.clock import SystemClock
from cctui.matching import plan_files
from cctui.matching.results import Limits

limits.CALLS_PER_SECOND = 1_000.0
_IMPORTED = (client, renewal, authlib.oauth2, duckdb, httpcore, plan_files, pyarrow.parquet)
OPS = Operator("ops1", Role.ADMINISTRATOR)
RUN_ID = RunId("sweep-run")
ROWS, BYTES = 100, 3_000
"""Contacts and bytes of a body: so few that a small sample makes several requests."""
_LONGEST = 60.0
_HASTE = 25


class HurriedClock(SystemClock):
    """The clock of the box for impatient people: waits are shorter by ``_HASTE``, and count in full."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self._skipped += max(0.0, seconds)
        return super().wait(seconds / _HASTE, wake)


def go(asked: dict[str, Any]) -> int:
    """Start the run and serve it, as far as it goes."""
    root = Path(asked["root"])
    result = Path(asked["result"])
    points = Points(root, asked["crash_at"], asked["kind"], asked["seed"], result)
    sizes = Limits(max_rows=ROWS, max_bytes=BYTES, frame_bytes=600)
    for name in asked["without"]:
        sizes = _take_out(name, sizes)
    install(points)
    launch.ensure_worker = lambda _environment: False
    clock = HurriedClock()
    environment = Environment(root)
    worker_log.open_log(environment.worker_log_path)
    runs.start(environment, OPS, ExportId("swept"), run_id=RUN_ID, clock=clock)
    serving = worker.Worker(
        environment, clock=clock, limits=sizes, patience=Patience(look_up=(2.0, 5.0), first_poll=0.5)
    )
    code = serving.serve(until_idle=True)
    points.disk.tell(result, points.passed)
    return code


def _take_out(name: str, sizes: Limits) -> Limits:
    """Run without one of the protections, to see that the sweep misses it."""
    match name:
        case "sync of files":
            files.Disk.sync = files.Disk.sync_folder = lambda _disk, _of: None
        case "sync of the ledger":
            prepare = ledger.Ledger._prepare

            def careless(self: ledger.Ledger) -> None:
                prepare(self)
                self._db.execute("PRAGMA synchronous = OFF")

            ledger.Ledger._prepare = careless
        case "look-up":
            lane.Lane._find = lambda _lane, _batch: None
        case "intent before the request":
            record = lane.Journal.record

            def late(self: lane.Journal, what: str, *batches: Any, **facts: Any) -> None:
                if what == "sending":
                    self.batches.update((batch.number, batch) for batch in batches)
                else:
                    record(self, what, *batches, **facts)

            lane.Journal.record = late
        case "byte limit":
            return Limits(max_rows=sizes.max_rows, max_bytes=1_000_000, frame_bytes=0)
        case _:
            raise ValueError(name)
    return sizes


def child(asked: dict[str, Any]) -> None:
    """A go in the forked process; never returns."""
    code = 70
    try:
        code = go(asked)
    except BaseException:  # noqa: BLE001 - told to the sweep
        Path(f"{asked['result']}.trace").write_text(traceback.format_exc(), encoding="utf-8")
    finally:
        os._exit(code)


def main() -> None:
    """Serve until the input ends."""
    context = httpx.create_ssl_context()
    default.create_ssl_context = lambda *_facts, **_more: context  # made once for all children; none uses TLS
    httpx.Client().close()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(asked)
        until = time.monotonic() + _LONGEST
        ended = status = 0
        while not ended:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended and time.monotonic() > until:
                os.kill(pid, signal.SIGABRT)
            time.sleep(0 if ended else 0.002)
        print(os.waitstatus_to_exitcode(status), flush=True)
    os._exit(0)  # DuckDB's binding has a lot to say about a tidy end


if __name__ == "__main__":
    main()
