"""The measurements of an export: its plan, its delivery, its memory, what grows with what; each beside its baseline."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import customers
import ours
import peer_tools
import workplace
from measuring import HERE, Failed, Measured, Row, Sink, measure, ratio_of, sink

SCRIPT = peer_tools.PEERS[0]
BY_HAND = peer_tools.PEERS[1]
CALLS_A_SECOND = 4
OURS = "cctui"
_TENTH = "Score < 99"
"""A little less than a tenth of the rows, so that it stays below the most that one export takes."""

Say = Callable[[str], None]


class Exports:
    """Measures exports of the customers in ``data``; ``rounds`` times each, peers as often as they have time for."""

    def __init__(self, data: Path, work: Path, rounds: int, say: Say) -> None:
        self._data = data
        self._work = work
        self._rounds = rounds
        self._say = say
        self._kinds = customers.expected(data)
        self._rows = sum(self._kinds.values())
        self.notes: list[str] = []

    def plans(self) -> list[Row]:
        """From the profiles to bodies on the disk: ours as a dry run, whole process; the script; the best by hand."""
        source, target = self._data / "profiles.parquet", self._work / "plan"
        text = customers.as_text(self._data)
        script = [sys.executable, HERE / "peers" / "plan_script.py", text, target]
        by_hand = [sys.executable, HERE / "peers" / "by_hand.py", source, target]
        taken: dict[str, list[Measured]] = {OURS: [], "script": [], "by hand": []}
        with sink() as service:
            for number in range(self._rounds):
                self._say(f"plan, round {number + 1}")
                taken[OURS].append(self._ours(service, dry_run=True))
                if number < 3:
                    taken["script"].append(measure(script))
                taken["by hand"].append(measure(by_hand))
                shutil.rmtree(target, ignore_errors=True)
        walls = {name: [one.wall for one in measured] for name, measured in taken.items()}
        matching = [one.facts["stages"][0]["match"] for one in taken[OURS]]
        return [
            Row("plan: script, row by row", "s", walls["script"]),
            Row("plan: best pipeline by hand, not durable", "s", walls["by hand"]),
            self._row(f"plan: {OURS}, whole process", walls[OURS], "script", walls["script"], "≤ 0.18"),
            self._row(f"plan: {OURS}, whole process", walls[OURS], "by hand", walls["by hand"], "≤ 1.2"),
            self._row(f"plan: {OURS}, the stage alone", matching, "by hand", walls["by hand"]),
        ]

    def without_pace(self, peers: Sequence[peer_tools.Peer]) -> list[Row]:
        """From the start of the process to its end against the sink, as fast as each can, round by round."""
        taken: dict[str, list[Measured]] = {OURS: [], **{peer.name: [] for peer in peers}}
        with sink() as service:
            for number in range(self._rounds):
                self._say(f"end to end, round {number + 1}: {OURS}")
                taken[OURS].append(self._ours(service, paced=False))
                for peer in peers:
                    if number < peer.rounds:
                        self._say(f"end to end, round {number + 1}: {peer.name}")
                        self._try(peer, service, taken[peer.name])
        mine = [one.wall for one in taken[OURS]]
        rows = [Row(f"end to end, no pace: {OURS}", "s", mine, note=_cost(taken[OURS]))]
        targets = {SCRIPT.name: "≤ 0.22", BY_HAND.name: "≤ 1.5", "drt, batch": "≤ 0.3", "dlt, Parquet": "≤ 0.3"}
        for peer in peers:
            if not taken[peer.name]:
                continue
            walls = [one.wall for one in taken[peer.name]]
            release = peer_tools.version(peer.venv, peer.distribution)
            note = f"{peer.distribution} {release}; {_cost(taken[peer.name])}"
            rows.append(Row(f"end to end, no pace: {peer.name}", "s", walls, note=note))
            rows.append(self._row(f"  {OURS} beside it", mine, peer.name, walls, targets.get(peer.name, "")))
        million = self._rows / 1_000_000
        rows.append(Row("peak memory of the runner", "MB", [one.peak for one in taken[OURS]], target="≤ 250"))
        rows.append(Row("processor time per million", "s", [one.cpu / million for one in taken[OURS]], target="≤ 4"))
        return rows

    def paced(self) -> list[Row]:
        """At 4 requests a second, enforced by the sink; the floor is bodies / 4 seconds."""
        taken = []
        with sink(CALLS_A_SECOND) as service:
            for number in range(min(3, self._rounds)):
                self._say(f"paced, round {number + 1}")
                taken.append(self._ours(service).facts)
        if any(facts["sink"]["refused"] for facts in taken):
            raise Failed("the sink saw more than 4 requests in a second")
        floors = [facts["batches"] / CALLS_A_SECOND for facts in taken]
        delivery = [facts["seconds_to_end"] - facts["seconds_to_first_import"] for facts in taken]
        whole = [facts["seconds_to_end"] for facts in taken]
        first = [facts["seconds_to_first_import"] for facts in taken]
        requests = f"{taken[0]['requests']} requests for {taken[0]['batches']} bodies, none answered with 429"
        return [
            Row("floor: bodies / 4 a second", "s", floors),
            self._row("delivery at 4 a second", delivery, "floor", floors, "≤ 1.08", requests),
            self._row("Run to end at 4 a second", whole, "floor", floors, "≤ 1.4"),
            Row("Run to the first body on the wire", "s", first, target="≤ 2.5", note="after the whole, durable plan"),
        ]

    def growth(self, small: Path, large: Path) -> Iterator[Row]:
        """What ten times the contacts take, five exports at once, and a segment of a source ten times as large."""
        with sink() as service:
            self._say("growth")
            one, tenth = self._ours(service, dry_run=True), self._ours(service, data=small, dry_run=True)
            times = [measured.facts["stages"][0]["match"] for measured in (one, tenth)]
            sizes = [self._ledger_size(service, data) for data in (self._data, small)]
            shares = self._rows / sum(customers.expected(small).values())
            note = f"for {shares:.0f} times the contacts; linear is {shares:.0f}"
            yield Row("time of the plan grows by", "×", [times[0] / times[1]], note=note)
            yield Row("ledger grows by", "kB", [sizes[0] - sizes[1]], note=f"{sizes[1]:.0f} → {sizes[0]:.0f} kB")
            self._say("a tenth of a large source")
            segment = self._ours(service, data=large, where=_TENTH, dry_run=True)
            rows = sum(customers.expected(large).values())
            note = f"{segment.facts['selected']:,} of {rows:,} rows in {segment.wall:.1f} s"
            yield self._row("peak memory, large source", [segment.peak], "all of 1,000,000", [one.peak], "≤ 1.15", note)
            for keys in (1, 5):
                self._say(f"five exports on {keys} key(s)")
                five = self._ours(service, exports=5, keys=keys)
                name = f"five exports on {keys} key{'s' * (keys > 1)}, 4 a second each"
                floor = five.facts["batches"] / CALLS_A_SECOND / keys
                note = f"peak {five.peak:.0f} MB"
                yield self._row(name, [five.facts["seconds_to_end"]], "floor", [floor], note=note)

    def _ours(
        self,
        service: Sink,
        *,
        data: Path | None = None,
        exports: int = 1,
        keys: int = 1,
        paced: bool = True,
        dry_run: bool = False,
        where: str | None = None,
    ) -> Measured:
        source = (data or self._data) / "profiles.parquet"
        environment = workplace.make(
            self._work / "environment",
            source,
            service.address,
            exports=exports,
            keys=keys,
            paced=paced and not dry_run,
            where=where,
        )
        names = [f"export-{number}" for number in range(1, exports + 1)]
        measured = ours.carry_out(environment, service, names, dry_run=dry_run)
        kinds = customers.expected(data or self._data)
        found = [measured.facts[name] for name in ("sent", "invalid", "duplicate")]
        wanted = [exports * kinds[name] for name in ("good", "missing", "repeated")]
        wanted[1] += exports * kinds["wrong"]
        if where is None and found != wanted:
            raise Failed(f"sent, invalid and duplicate are {found}, not {wanted}")
        return measured

    def _ledger_size(self, service: Sink, data: Path) -> float:
        self._ours(service, data=data, paced=False)
        return sum(file.stat().st_size for file in (self._work / "environment" / "state").glob("ledger.sqlite*")) / 1e3

    def _try(self, peer: peer_tools.Peer, service: Sink, taken: list[Measured]) -> None:
        service.forget()
        try:
            measured = peer.send(self._data, service.address)
        except Failed as problem:
            self.notes.append(f"{peer.name} is left out: {problem}")
            return
        arrived = service.facts()["contacts"]
        if arrived < self._kinds["good"] * 0.95:
            self.notes.append(f"{peer.name} is left out: only {arrived:,} contacts arrived")
            return
        measured.facts["arrived"] = arrived
        taken.append(measured)

    def _row(
        self,
        name: str,
        values: list[float],
        baseline: str,
        others: list[float],
        target: str = "",
        note: str = "",
    ) -> Row:
        unit = "MB" if "memory" in name else "s"
        return Row(name, unit, values, baseline, ratio_of(values, others), target, note)


def _cost(measured: Sequence[Measured]) -> str:
    cpu = statistics.median(one.cpu for one in measured)
    peak = statistics.median(one.peak for one in measured)
    sent = measured[-1].facts.get("arrived") or measured[-1].facts["sent"]
    return f"processor {cpu:.1f} s, peak {peak:.0f} MB, {sent:,} contacts"
