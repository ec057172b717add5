"""``make bench``: everything that is claimed about speed, measured in one go on this machine, as one table.

``--quick`` takes a tenth of the rows and few rounds. Data lie in ``benchmarks/data`` and are made once; each run writes
its figures to ``benchmarks/results``. What the figures mean stands in ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import customers
import peer_tools
import terminal
import viewers
import watching
from exports import Exports
from measuring import HERE, Failed, Row, as_json, machine, table

_LIBRARIES = ("cctui", "duckdb", "pyarrow", "httpx", "textual")
_MILLION, _SMALL, _LARGE = 1_000_000, 100_000, 10_000_000
_QUICK_PEERS = {"script", "polars"}
_STEPS = ("starts", "plan", "end", "paced", "growth", "history", "viewer", "pane", "watching", "apps")


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, few rounds")
    parser.add_argument("--only", default="", help=f"some of: {', '.join(_STEPS)}")
    parser.add_argument("--peers", default="", help="some of the environments in requirements/, such as script,polars")
    parser.add_argument("--rounds", type=int, default=0, help="how often each is measured")
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.quick else 5)
    work = HERE / "data" / "work"
    work.mkdir(parents=True, exist_ok=True)
    wanted = set(filter(None, options.only.split(",")))
    chosen = set(filter(None, options.peers.split(","))) or (_QUICK_PEERS if options.quick else set())
    try:
        return _measure(options.quick, rounds, wanted, chosen, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _measure(quick: bool, rounds: int, wanted: set[str], chosen: set[str], work: Path) -> int:
    peers, notes = _peers(chosen) if not wanted or "end" in wanted else ([], [])
    _say("making customers")
    small = customers.customers(HERE / "data" / "100k", _SMALL)
    data = small if quick else customers.customers(HERE / "data" / "1m", _MILLION)
    grows = not quick and (not wanted or "growth" in wanted)
    large = None if not grows else customers.customers(HERE / "data" / "10m", _LARGE)
    customers.as_text(data)
    customers.as_database(data)
    began = time.monotonic()
    measured = Exports(data, work, rounds, _say)
    steps = {
        "starts": lambda: viewers.starts(3 if quick else 10),
        "plan": measured.plans,
        "end": lambda: measured.without_pace(peers),
        "paced": measured.paced,
        "growth": lambda: [] if large is None else measured.growth(small, large),
        "history": lambda: viewers.history(rounds),
        "viewer": lambda: viewers.during_a_run(work, data),
        "watching": lambda: watching.watching(viewers.cctui(), work, data),
        "pane": lambda: viewers.set_up_pane(work, data, small, 1 if quick else 3, 1.0 if quick else 4.0),
        "apps": lambda: _applications(work, small, quick, notes),
    }
    rows: list[Row] = []
    for name, step in steps.items():
        if not wanted or name in wanted:
            _say(name)
            try:
                rows.extend(step())
            except (Failed, terminal.NeverReady) as problem:
                notes.append(f"{name}: {problem}")
    notes += measured.notes
    if quick:
        notes.append("the targets are for 1,000,000 customers; a quick run shows that everything can be measured")
    _print(rows, notes, data, time.monotonic() - began)
    return 0


def _peers(chosen: set[str]) -> tuple[list[peer_tools.Peer], list[str]]:
    """The tools that can be had here, and a word about each of the others."""
    found, notes = [], []
    for peer in peer_tools.PEERS:
        if chosen and peer.venv not in chosen:
            continue
        _say(f"setting up {peer.venv}")
        problem = peer_tools.installed(peer.venv)
        if problem:
            notes.append(f"{peer.name} is left out: {problem}")
        else:
            found.append(peer)
    return found, notes


def _applications(work: Path, data: Path, quick: bool, notes: list[str]) -> list[Row]:
    rows, left_out = viewers.applications(work, data, 1 if quick else 5, others=not quick)
    notes += left_out
    return rows


def _print(rows: list[Row], notes: list[str], data: Path, seconds: float) -> None:
    now = datetime.now(UTC)
    versions = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    box = machine()
    if box["load"] > (os.cpu_count() or 1) * 1.5:
        notes.append(f"the machine was shared: its load was {box['load']} at the end; read the ratios")
    print(table(rows))
    print()
    total = sum(customers.expected(data).values())
    print(f"{now:%Y-%m-%d %H:%M} UTC, {total:,} customers of 19 columns, {seconds:.0f} s of measuring")
    print(f"{box['processor']}, {box['cores']} cores, {box['memory_gb']} GB, {box['system']}, Python {box['python']}")
    print(", ".join(f"{name} {release}" for name, release in versions.items()))
    for note in notes:
        print(f"- {note}")
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    path = results / f"{now:%Y%m%dT%H%M%SZ}.json"
    facts = {"at": now.isoformat(), "rows": total, "machine": box, "versions": versions, "notes": notes}
    path.write_text(json.dumps({**facts, "measures": as_json(rows)}, indent=1, ensure_ascii=False) + "\n")
    print(f"JSON: {path.relative_to(HERE.parent)}")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
