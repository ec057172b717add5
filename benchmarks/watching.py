"""What watching costs on the line: the screen of a run while it goes on, its log of 100,000 lines, moving, going, rest.

All of it on 80 by 24, in bytes as they are written and as ``ssh -C`` would send them (zlib 6, flushed at every read).
"""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import workplace
from measuring import Row, sink
from terminal import Burst, NeverReady, Terminal, cpu_seconds

from cctui.definitions.environment import Environment
from cctui.definitions.model import ConnectionId, ExportId, ListId
from cctui.delivery import events
from cctui.delivery.ledger import Ledger, new_run
from cctui.delivery.spool import Spool
from cctui.delivery.states import RunId, Stage, Status, Totals, Trigger
from cctui.host.clock import SystemClock

LINES = 100_000
_LIVE, _LONG = RunId("watched"), RunId("long-log")
_SILENCE = 1.0
_REST = 3.0
_AT_MOST = 300.0


def watching(cctui: Path, work: Path, data: Path) -> list[Row]:
    """Every budget of the line, with its target."""
    with sink(4) as service:
        environment = workplace.make(work / "watched", data / "profiles.parquet", service.address)
        return [*_live(cctui, environment), *_afterwards(cctui, environment)]


def _live(cctui: Path, environment: Environment) -> list[Row]:
    """The screen of a run from its first second to its last."""
    command = [cctui, "--environment", environment.root]
    subprocess.run([*command, "run", "export-1", "--run-id", _LIVE, "--detach"], check=True, capture_output=True)
    seconds: list[Burst] = []
    with Terminal([*command, f"runs/{_LIVE}"]) as terminal, Ledger(environment.ledger_path) as ledger:
        terminal.wait_for("Log ")
        terminal.watch(1.0)
        before, began = cpu_seconds(terminal.pid), time.perf_counter()
        while not seconds or not ledger.run(_LIVE).status.ended:  # a small run may be over by now
            if time.perf_counter() - began > _AT_MOST:
                raise NeverReady("the watched run never ended")
            seconds.append(terminal.watch(1.0))
        busy = (cpu_seconds(terminal.pid) - before) / (time.perf_counter() - began) * 100
        requests = ledger.run(_LIVE).batches
    plain = [second.size / 1000 for second in seconds]
    packed = [second.compressed / 1000 for second in seconds]
    note = f"{len(seconds)} s, {requests} requests; the busiest second {max(plain):.1f} kB, {max(packed):.2f} with -C"
    return [
        Row("watching a run: written a second", "kB", [statistics.mean(plain)], target="≤ 8 kB", note=note),
        Row("watching a run: through ssh -C a second", "kB", [statistics.mean(packed)], target="≤ 0.5 kB"),
        Row("watching a run: of a core", "%", [busy], target="≤ 5 %"),
    ]


def _afterwards(cctui: Path, environment: Environment) -> list[Row]:
    """A run that is over, with a log as long as any: moving, paging, searching, going elsewhere, resting."""
    _with_long_log(environment)
    rows: list[Row] = []
    with Terminal([cctui, "--environment", environment.root, f"runs/{_LONG}"]) as terminal:
        terminal.wait_for(f"{LINES:,} lines")
        terminal.watch(5.0, silence=1.0)
        before, began = cpu_seconds(terminal.pid), time.perf_counter()
        rest = terminal.watch(_REST)
        busy = (cpu_seconds(terminal.pid) - before) / (time.perf_counter() - began) * 100
        rows.append(Row("run screen at rest: written", "B", [rest.size], target="0 B", note=f"in {_REST:.0f} s"))
        rows.append(Row("run screen at rest: of a core", "%", [busy], target="≤ 0.3 %"))
        for name, keys, target in (
            ("a line of the log moved", ["up"] * 4, 1.0),
            ("a page of the log", ["pageup"] * 4 + ["home", "end"], 6.0),
        ):
            answers = [_press(terminal, key) for key in keys]
            rows.append(_sizes(name, answers, target))
            first = [answer.first or 0.0 for answer in answers]
            rows.append(Row(f"{name}: answered", "ms", first, target="< 50", note="of 100,000 lines"))
        rows.append(_searched(terminal))
        _press(terminal, "\x1b")
        changes = [_press(terminal, key) for key in ("h", "\x1b", "b", "b")]
        rows.append(_sizes("a change of screen", changes, 20.0))
    return rows


def _press(terminal: Terminal, key: str) -> Burst:
    terminal.press(key)
    return terminal.watch(3.0, silence=_SILENCE)


def _sizes(name: str, answers: Sequence[Burst], target: float) -> Row:
    """The bytes of some answers; the largest counts against the target, and so do the frames of each."""
    frames = max(answer.frames for answer in answers)
    note = f"at most {max(answer.size for answer in answers) / 1000:.1f} kB, in {frames} frame{'s' * (frames > 1)}"
    return Row(name, "kB", [answer.size / 1000 for answer in answers], target=f"≤ {target:.0f} kB", note=note)


def _searched(terminal: Terminal) -> Row:
    """From the key that confirms a search to the line that is found at the far end of the log."""
    _press(terminal, "end")
    _press(terminal, "/")
    terminal.press("batch 0007 ")
    terminal.watch(2.0, silence=_SILENCE)
    seen = len(terminal.text())
    began = time.perf_counter()
    terminal.press("\r")
    while "counting" not in (text := terminal.text()[seen:]) and " of 1" not in text:
        if time.perf_counter() - began > _AT_MOST:
            raise NeverReady("the log was searched for ever")
        terminal.watch(0.01)
    taken = (time.perf_counter() - began) * 1000
    return Row("search in the log: first hit", "ms", [taken], target="< 200", note="one of 100,000 lines")


def _with_long_log(environment: Environment) -> None:
    """A run that ended, as a worker writes it, whose log has :data:`LINES` lines."""
    now = SystemClock().now()
    at = now - timedelta(hours=1)
    with Ledger(environment.ledger_path) as ledger:
        facts = {"export_name": "Export 1", "connection": ConnectionId("sink-1"), "started_by": "bench"}
        list_id = ListId("00000000-0000-0000-0000-000000000000")
        run = new_run(
            id=_LONG, export=ExportId("export-1"), list_id=list_id, trigger=Trigger.OPERATOR, queued_at=at, **facts
        )
        ledger.queue(run)
        totals = Totals(selected=1, sent=1, accepted=1)
        ended = {"status": Status.SUCCESSFUL, "stage": Stage.CHECK, "started_at": at, "ended_at": now}
        ledger.record("end", run.id, totals=totals, **ended)
    spool = Spool(environment, _LONG)
    spool.make()
    with spool.log.path.open("wb") as log:
        for line in range(LINES):
            batch = 7 if line == 100 else 1_000 + line % 9_000
            settled = {"batch": batch, "state": "completed", "accepted": 39_999}
            log.write(
                events.encode(
                    events.BatchSettled(
                        at=at + timedelta(milliseconds=line), **settled, not_added=0, refused=0, waiting=0
                    )
                )
            )
