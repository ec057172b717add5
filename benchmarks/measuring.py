"""Processes with the time, the processor time and the memory that they took; and what to make of several of them."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


class Failed(Exception):
    """A measured process did not do what it was started for."""


@dataclass(frozen=True)
class Measured:
    """One process: seconds, peak memory in MB (10^6 bytes), the share of the machine that others used meanwhile.

    The peak is that of the process alone, not of its children, and at least what this one has (some 60 MB).
    ``facts`` is the last line that it printed, where that is JSON, and what the measurement adds.
    """

    wall: float
    cpu: float
    peak: float
    others: float
    facts: dict[str, Any] = field(default_factory=dict)


def measure(command: Sequence[str | Path], *, folder: Path | None = None, **environment: str) -> Measured:
    """Run ``command`` to its end. Raises :class:`Failed` with the end of its output where it does not succeed."""
    with tempfile.TemporaryFile() as output:
        busy, started = _busy_seconds(), time.perf_counter()
        child = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **environment},
        )
        try:
            _pid, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            raise
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        cpu = usage.ru_utime + usage.ru_stime
        others = max(0.0, _busy_seconds() - busy - cpu) / wall / (os.cpu_count() or 1)
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if child.returncode:
        raise Failed(f"{Path(command[0]).name} left with {child.returncode}: {said[-600:]}")
    last = said.splitlines()[-1] if said else ""
    facts = json.loads(last) if last.startswith("{") else {}
    return Measured(wall, cpu, usage.ru_maxrss * 1024 / 1e6, others, facts)


class Sink:
    """A sink in a process of its own; see :mod:`sink`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        self.address = f"http://127.0.0.1:{int(process.stdout.readline())}"

    def forget(self) -> None:
        """Count from zero."""
        self._ask("DELETE")

    def facts(self) -> dict[str, Any]:
        """What has arrived."""
        return self._ask("GET")

    def _ask(self, method: str) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.address}/sink", method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            facts: dict[str, Any] = json.load(answer)
            return facts


@contextlib.contextmanager
def sink(rate: int = 0) -> Iterator[Sink]:
    """A sink that lives as long as the context; ``rate`` requests a second are let in, 0 for any."""
    command = [sys.executable, str(HERE / "sink.py"), "--rate", str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Sink(process)
        finally:
            process.kill()


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, in which unit, and each of its values."""

    name: str
    unit: str
    values: list[float]
    baseline: str = ""
    ratio: float | None = None
    target: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)


def ratio_of(values: Sequence[float], baseline: Sequence[float]) -> float:
    """The median of the ratios round by round, so that a slow minute of the machine is in both; else of the medians."""
    if len(values) == len(baseline):
        return statistics.median(one / other for one, other in zip(values, baseline, strict=True))
    return statistics.median(values) / statistics.median(baseline)


def table(rows: Sequence[Row]) -> str:
    """All rows as a table in Markdown."""
    head = ["measure", "median", "min", "max", "runs", "ratio", "of", "target", "note"]
    lines = [
        [
            row.name,
            f"{_figure(row.median)} {row.unit}".strip(),
            _figure(min(row.values)),
            _figure(max(row.values)),
            str(len(row.values)),
            "" if row.ratio is None else f"{row.ratio:.2f}",
            row.baseline,
            row.target,
            row.note,
        ]
        for row in rows
    ]
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in [head, rule, *lines]
    )


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """All rows with their medians, for files."""
    return [{**asdict(row), "median": row.median} for row in rows]


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    model = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": model or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def _figure(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _busy_seconds() -> float:
    """Processor time of the whole machine, all but idle and waiting for disks."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")
