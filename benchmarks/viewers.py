"""The measurements of the face: start, size, bytes and delays beside other terminal applications, and during a run."""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import peer_tools
import terminal
import workplace
from measuring import HERE, Row, sink

from cctui.definitions.model import ConnectionId, ExportId, ListId
from cctui.delivery.ledger import Ledger, new_run
from cctui.delivery.states import RunId, Status, Totals, Trigger
from cctui.host.clock import SystemClock

_HEAVY = {"textual", "duckdb", "pyarrow", "httpx", "authlib", "rich"}
_READY = "Requests today"
_HISTORY = 10_000


def cctui() -> Path:
    """The command, in the environment that measures."""
    return Path(sys.executable).with_name("cctui")


def starts(times: int) -> list[Row]:
    """The command line without the interface, beside the bare interpreter."""
    bare = terminal.start_seconds([sys.executable, "-c", "pass"], times)
    rows = [Row("start: python -c pass", "ms", bare)]
    for option in ("--version", "--help"):
        taken = terminal.start_seconds([cctui(), option], times)
        loaded = ", ".join(sorted(_HEAVY & terminal.modules_of([option])))
        rows.append(Row(f"start: cctui {option}", "ms", taken, target="≤ 150", note=loaded or "nothing heavy loaded"))
    return rows


def applications(work: Path, data: Path, runs: int, *, others: bool) -> tuple[list[Row], list[str]]:
    """cctui, the least Textual application, posting and harlequin on 80 by 24; those that cannot be had are named."""
    notes = []
    with sink() as service:
        environment = workplace.make(work / "viewed", data / "profiles.parquet", service.address, exports=5)
    small = work / "table.sqlite"
    with sqlite3.connect(small) as database:
        database.execute("CREATE TABLE IF NOT EXISTS people (name TEXT)")
    home = {"HOME": str(work), "XDG_CONFIG_HOME": str(work / "config"), "XDG_DATA_HOME": str(work / "data")}
    measured = {
        "minimal Textual": terminal.figures([sys.executable, HERE / "floor_app.py"], "export-0003", "q", starts=runs),
        "cctui": terminal.figures([cctui(), "--environment", environment.root], _READY, "q", starts=runs),
    }
    for name, arguments, ready, leave in (
        ("posting", [], "GET", "ctrl+c"),
        ("harlequin", ["-a", "sqlite", small], "Query Editor", "ctrl+q"),
    ):
        if not others:
            break
        problem = peer_tools.installed(name)
        if not problem:
            command = [peer_tools.python_of(name).with_name(name), *arguments]
            try:
                measured[name] = terminal.figures(command, ready, leave, starts=min(runs, 3), **home)
                continue
            except (terminal.NeverReady, OSError) as error:
                problem = str(error)
        notes.append(f"{name} is left out: {problem}")
    rows = []
    floor = measured["minimal Textual"]
    for name, one in measured.items():
        ours = name == "cctui"
        for what, value, unit, base, target in (
            ("painted", one.first_paint, "ms", floor.first_paint, "≤ 1.3"),
            ("ready", one.ready, "ms", floor.ready, "≤ 1.6"),
            ("memory", one.memory, "MB", floor.memory, "≤ 70 MB"),
            ("first screens", one.start_bytes / 1000, "kB", floor.start_bytes / 1000, ""),
            ("a row moved", one.key_bytes / 1000, "kB", floor.key_bytes / 1000, "≤ 1 kB"),
        ):
            row = Row(f"{name}: {what}", unit, [value], "minimal Textual", value / base, target if ours else "")
            rows.append(row)
        rest = (
            f"at rest {one.rest_bytes:.0f} B/s, {one.rest_cpu:.1f} % of a core; key answered in {one.key_delay:.0f} ms"
        )
        left = f"leaves in {one.leaving:.0f} ms, modes left on: {', '.join(one.modes_left) or 'none'}"
        rows[-1] = Row(**{**_fields(rows[-1]), "note": f"{rest}; {left}"})
    return rows, notes


def during_a_run(work: Path, data: Path) -> list[Row]:
    """Keys in the list of exports while a worker beside it delivers everything."""
    with sink(4) as service:
        environment = workplace.make(work / "viewed", data / "profiles.parquet", service.address, exports=5)
        command = [cctui(), "--environment", environment.root]
        run = [*command, "run", "export-1", "--json"]
        delays, busy = terminal.key_delays(command, [(_READY, "g"), (_READY, "e"), ("Export 5", "down")], run)
    note = f"{len(delays)} keys; median {statistics.median(delays):.0f} ms"
    last = statistics.quantiles(delays, n=20)[-1]
    return [
        Row("key answered during a run, 95th percentile", "ms", [last], target="< 50", note=note),
        Row("viewer during a run, of a core", "%", [busy], target="≤ 5", note="with some six keys a second pressed"),
    ]


def set_up_pane(work: Path, data: Path, small: Path, times: int, seconds: float) -> list[Row]:
    """Setting up an export of all customers: the pane opened, keys typed for ``seconds`` while counts run, memory."""
    opened: list[float] = []
    delays: list[float] = []
    memory = {}
    with sink() as service:
        for name, source in [("small", small)] * (small != data) + [("all", data)]:
            environment = workplace.make(work / f"pane-{name}", source / "profiles.parquet", service.address, exports=5)
            command = [cctui(), "--environment", environment.root, "exports/"]
            for _time in range(times):
                opening = ("Export 1", "enter")
                took, answers, memory[name] = terminal.pane(command, opening, "Connection for export", seconds)
                if name == "all":
                    opened.append(took)
                    delays += answers
    last = statistics.quantiles(delays, n=20)[-1]
    note = f"{len(delays)} keys; median {statistics.median(delays):.0f} ms"
    grows = f"{memory['small']:.0f} MB with a tenth of the customers" if "small" in memory else ""
    return [
        Row("set up export: the pane is open", "ms", opened, target="< 300"),
        Row("a key while its counts run, 95th percentile", "ms", [last], target="< 50", note=note),
        Row("memory of the viewer after the counts", "MB", [memory["all"]], note=grows),
    ]


def history(times: int) -> list[Row]:
    """What the history page reads of 10,000 runs: the newest hundred, and all of them."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        path = Path(folder) / "ledger.sqlite"
        now = SystemClock().now()
        with Ledger(path) as ledger:
            for number in range(_HISTORY):
                at = now - timedelta(minutes=_HISTORY - number)
                run = new_run(
                    id=RunId(f"run-{number}"),
                    export=ExportId(f"export-{number % 20}"),
                    export_name=f"Export {number % 20}",
                    connection=ConnectionId("sink-1"),
                    list_id=ListId("00000000-0000-0000-0000-000000000000"),
                    trigger=Trigger.SCHEDULE,
                    started_by="bench",
                    queued_at=at,
                )
                ledger.queue(run)
                ledger.record("end", run.id, status=Status.SUCCESSFUL, ended_at=at, totals=Totals(selected=1, sent=1))
        size = path.stat().st_size / 1e6
        first, whole = [], []
        for _time in range(times):
            for limit, taken in ((100, first), (_HISTORY, whole)):
                began = time.perf_counter()
                with Ledger(path) as ledger:
                    ledger.runs(limit=limit)
                    ledger.last_runs()
                taken.append((time.perf_counter() - began) * 1000)
    return [
        Row("history of 10,000 runs: first hundred", "ms", first, target="< 200", note=f"ledger of {size:.1f} MB"),
        Row("history of 10,000 runs: all of them", "ms", whole),
    ]


def _fields(row: Row) -> dict[str, object]:
    return {name: getattr(row, name) for name in Row.__dataclass_fields__}
