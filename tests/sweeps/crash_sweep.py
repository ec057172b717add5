"""The crash sweep: a small export, ended at each of its points in each of three ways, and gone on with.

``python tests/sweeps/crash_sweep.py`` does it all and prints the figures; ``--sample N`` takes N points by chance,
``--lanes N`` works in so many processes. The judge stands outside: the stand-in's own store and its list of what it
took against profiles read by ``plain_reference``, and the ledger as any SQLite reader sees it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "matching")]

from crash_points import KILL, KINDS  # noqa: E402 - the folders of the tests are no packages
from msgspec import Struct, structs  # noqa: E402
from plain_reference import Reference  # noqa: E402

from cctui.access.roles import Operator, Role  # noqa: E402
from cctui.constant_contact.tokens import Secret, Tokens, TokenStore  # noqa: E402
from cctui.definitions.environment import Environment  # noqa: E402
from cctui.definitions.model import Account  # noqa: E402
from cctui.delivery.ledger import Ledger  # noqa: E402
from cctui.delivery.states import Wish  # noqa: E402
from cctui.host.clock import SystemClock  # noqa: E402
from cctui.sandbox.faults import FATES  # noqa: E402
from cctui.sandbox.lists import list_id_for  # noqa: E402
from cctui.sandbox.running import RunningSandbox, start  # noqa: E402
from cctui.sandbox.sample import write_environment, write_profiles  # noqa: E402
from cctui.sandbox.settings import SANDBOX_CLIENT_ID  # noqa: E402

PROFILES = 200
SEGMENTS = ("AllCustomers", "NewsletterReaders")
LIST = "Swept"
BODY_LIMIT = 3_200
SETTINGS = {
    "rate_per_second": 0,
    "token_rate": 0,
    "initialized_seconds": 0.0,
    "processing_seconds": 0.0,
    "body_limit": BODY_LIMIT,
    "lists": [LIST],
}
RUN_ID = "sweep-run"
_GOES = 6
OPS = Operator("ops1", Role.ADMINISTRATOR)


class Case(Struct, frozen=True):
    """One thing to try. ``second`` is a point of the go after the first crash, 0 for none.

    ``fault`` is one of the stand-in's, met by the API request number ``request`` over real sockets.
    """

    point: int
    kind: str = KILL
    seed: int = 0
    second: int = 0
    without: tuple[str, ...] = ()
    fault: str = ""
    request: int = 0


class Outcome(Struct, frozen=True):
    """What became of a case: ``problems`` is empty where nothing was lost, doubled or told wrong."""

    case: Case
    where: str
    crashes: int
    problems: tuple[str, ...]
    replayed: int = 0
    resumed: int = 0
    sign_ins: int = 0
    row: tuple[tuple[str, Any], ...] = ()


class Bench:
    """One lane of the sweep: a stand-in, a fork server, and a fresh environment for each case. Use in a ``with``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox: RunningSandbox = start(folder / "sandbox", settings=SETTINGS)
        self._server = subprocess.Popen(
            [sys.executable, str(_HERE / "crash_server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TZ": "UTC", "LANG": "C.UTF-8"},
        )
        self._template = folder / "template"
        write_profiles(self._template / "profiles", PROFILES)
        write_environment(
            self._template,
            profiles=PROFILES,
            api=self.sandbox.api,
            authorization=self.sandbox.authorization,
            list_ids={LIST: list_id_for(LIST)},
            client_id=SANDBOX_CLIENT_ID,
            operator="ops1",
        )
        environment = Environment(self._template)
        stored = environment.connection("marketing")
        account = Account(id=self.sandbox.ask("settings")["account_id"], name="Contoso Coffee")
        environment.save_connection(structs.replace(stored.definition, account=account), stored.fingerprint)
        everyone = environment.export("everyone-newsletter").definition
        environment.save_export(structs.replace(everyone, id="swept", display_name="Swept", segments=[*SEGMENTS]), None)
        shutil.rmtree(environment.state_folder)
        self.reference = Reference(self._template / "profiles", SEGMENTS)
        self.undisturbed = self.try_case(Case(0))
        self.points: list[str] = json.loads((self.folder / "result").read_text())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.stdin.close()
        self._server.wait()
        self.sandbox.stop()

    def fresh(self, *, expired: bool) -> Environment:
        """A new environment at a stand-in that knows nothing; signed in, with a token that is ``expired`` or not."""
        self.sandbox.ask("reset", {})
        root = self.folder / "environment"
        for path in self.folder.glob("environment*"):
            shutil.rmtree(path)
        shutil.copytree(self._template, root)
        environment = Environment(root)
        self._sign_in(environment, expired=expired)
        return environment

    def try_case(self, case: Case) -> Outcome:
        """Run with the crashes of the case, go on until the run is over, and judge."""
        environment = self.fresh(expired=True)
        root = environment.root
        if case.fault:
            self.sandbox.ask(
                "faults", {"kind": case.fault, "path": "/v3", "nth": case.request, "seconds": 0.2, "hours": 30}
            )
        crashes = sign_ins = 0
        where, problems = "", []
        passed: list[str] = []
        for crash_at in (case.point, case.second, *(0 for _go in range(_GOES))):
            code = self._go(root, case, crash_at)
            self.sandbox.ask("idle")
            if code == -signal.SIGKILL:
                crashes += 1
                passed = passed or json.loads((self.folder / "result").read_text())
                where = where or passed[-1]
            elif code != 0:
                problems.append(self._fault(code))
                break
            elif self._status(environment) == "paused":
                # Only an answer of the sign-in endpoint that was lost may ask for a person.
                sign_ins += 1
                self._sign_in(environment, expired=False)
                with Ledger(environment.ledger_path) as ledger:
                    ledger.ask(RUN_ID, Wish.NONE)
            elif crash_at != case.point or crashes or not case.second:
                break
        row = {} if problems else self._row(environment)
        problems += [] if problems else self._judge(row, sign_ins, case.fault in FATES)
        if (case.point or case.fault) and case.fault not in FATES and not problems and not sign_ins:
            told = ("status", "sent", "accepted", "duplicate", "invalid", "suppressed", "refused", "waiting", "batches")
            before = dict(self.undisturbed.row)
            problems += [
                f"{name}: {row[name]}, undisturbed {before[name]}" for name in told if row[name] != before[name]
            ]
        if sign_ins and not case.second and not answer_was_lost(passed, case.kind):
            problems.append("a sign-in was needed although the answer with the new token had been saved")
        return Outcome(
            case,
            where,
            crashes,
            tuple(problems),
            row.get("replayed", 0),
            row.get("resumed", 0),
            sign_ins,
            tuple(row.items()),
        )

    def _go(self, root: Path, case: Case, crash_at: int) -> int:
        asked = {
            "root": str(root),
            "result": str(self.folder / "result"),
            "crash_at": crash_at,
            "kind": case.kind,
            "seed": case.seed,
            "without": case.without,
        }
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def _fault(self, code: int) -> str:
        trace = self.folder / "result.trace"
        text = trace.read_text().strip().splitlines()[-1] if trace.exists() else ""
        trace.unlink(missing_ok=True)
        return f"the worker left with {code}: {text}"

    def _sign_in(self, environment: Environment, *, expired: bool) -> None:
        """Tokens as of a sign-in; ``expired`` ones have to be renewed before their first use."""
        given, now = self.sandbox.ask("tokens", {}), SystemClock().now()
        TokenStore(environment.secrets_folder).save(
            "marketing",
            Tokens(
                client_id=SANDBOX_CLIENT_ID,
                access_token=Secret(given["access_token"]),
                refresh_token=Secret(given["refresh_token"]),
                expires_at=now if expired else now + timedelta(days=1),
                signed_in_at=now,
                renewed_at=now,
            ),
        )

    def _status(self, environment: Environment) -> str:
        return str(self._row(environment)["status"])

    def _row(self, environment: Environment) -> dict[str, Any]:
        with contextlib.closing(sqlite3.connect(environment.ledger_path)) as plain:
            plain.row_factory = sqlite3.Row
            rows = [dict(row) for row in plain.execute("SELECT * FROM runs")]
            sound = plain.execute("PRAGMA integrity_check").fetchone()[0]
        assert (len(rows), sound) == (1, "ok"), (len(rows), sound)
        return rows[0]

    def _judge(self, row: dict[str, Any], sign_ins: int, fated: bool) -> Iterator[str]:
        """What is wrong: the stand-in's store and jobs against the reference, the ledger against both."""
        wanted, counts = self.reference.people, self.reference.counts
        there = {
            contact["email"]: (contact.get("first_name") or "", contact.get("last_name") or "")
            for contact in self.sandbox.contacts(list_id_for(LIST))
        }
        lost, strange = wanted.keys() - there.keys(), there.keys() - wanted.keys()
        if lost or strange:
            yield f"{len(lost)} lost, {len(strange)} nobody asked for"
        changed = [email for email in wanted.keys() & there.keys() if wanted[email] != there[email]]
        if changed:
            yield f"{len(changed)} have other values"
        jobs = Counter(job["source_file_name"] for job in self.sandbox.ask("imports")["imports"])
        doubled = sum(jobs.values()) - len(jobs)
        if doubled > (row["replayed"] if fated else 0):
            yield f"{doubled} request bodies were carried out twice, {row['replayed']} of them told as sent again"
        if len(jobs) != row["batches"]:
            yield f"{len(jobs)} bodies arrived, the ledger knows {row['batches']}"
        for name, count in counts.items():
            if row[name] != count:
                yield f"the ledger says {row[name]} {name}, counted by hand {count}"
        if row["accepted"] + row["not_added"] + row["refused"] + row["waiting"] != row["sent"]:
            yield "sent = accepted + not added + refused + waiting does not hold"
        if row["accepted"] != len(wanted) and not fated:
            yield f"the ledger says {row['accepted']} accepted of {len(wanted)}"
        if sign_ins > 1:
            yield f"{sign_ins} sign-ins were needed"


def answer_was_lost(passed: Sequence[str], kind: str) -> bool:
    """Whether a process that has passed these points has asked for a new token and had not saved the answer.

    The token file is renamed twice: with the mark that a renewal is on its way, and with the new token. The rename is
    enough against a kill; the power needs the sync of the folder after it.
    """
    renames = [number for number, name in enumerate(passed) if name.startswith("rename .marketing.json")]
    if "connect" not in passed or len(renames) < 2:
        return "connect" in passed
    done = passed[renames[1] : -1]
    return "fsync" not in done if kind != KILL else not done


def sweep(folder: Path, cases: Sequence[Case], lanes: int, tell: bool = False) -> list[Outcome]:
    """Try all cases, in so many lanes at once."""
    waiting, found, guard = [*reversed(cases)], [], threading.Lock()

    def work(lane: int) -> None:
        (folder / f"lane{lane}").mkdir()
        with Bench(folder / f"lane{lane}") as bench:
            while True:
                with guard:
                    if not waiting:
                        return
                    case = waiting.pop()
                outcome = bench.try_case(case)
                with guard:
                    found.append(outcome)
                    if tell and len(found) % 200 == 0:
                        bad = sum(bool(each.problems) for each in found)
                        print(f"{len(found)} of {len(cases)}, {bad} with problems", flush=True)

    threads = [threading.Thread(target=work, args=(lane,)) for lane in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where the box has one: a sweep writes and forgets thousands of environments."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


def main() -> int:
    """All points, all kinds, and pairs of crashes; prints the figures and every problem."""
    asked = argparse.ArgumentParser(description=main.__doc__)
    asked.add_argument("--sample", type=int, default=0, help="so many cases by chance instead of all")
    asked.add_argument("--pairs", type=int, default=200, help="so many pairs of crashes")
    asked.add_argument("--lanes", type=int, default=2)
    asked.add_argument("--seed", type=int, default=2026)
    options = asked.parse_args()
    chance, began = random.Random(options.seed), time.monotonic()
    with scratch() as folder:
        (folder / "first").mkdir()
        with Bench(folder / "first") as bench:
            points, undisturbed = bench.points, bench.undisturbed
        assert not undisturbed.problems, undisturbed.problems
        cases = [Case(point, kind, options.seed) for point in range(1, len(points) + 1) for kind in KINDS]
        cases += [
            Case(chance.randint(1, len(points)), chance.choice(KINDS), seed, chance.randint(1, len(points)))
            for seed in range(options.pairs)
        ]
        if options.sample:
            cases = chance.sample(cases, options.sample)
        found = sweep(folder, cases, options.lanes, tell=True)
    bad = [outcome for outcome in found if outcome.problems]
    for outcome in bad:
        print(f"{outcome.case}: {outcome.where}: {'; '.join(outcome.problems)}")
    kinds = Counter(point.split()[0] for point in points)
    print(f"points of an undisturbed run: {len(points)} ({', '.join(f'{n} {k}' for k, n in kinds.most_common())})")
    print(f"cases: {len(found)}: {dict(Counter(outcome.case.kind for outcome in found))}, pairs {options.pairs}")
    print(f"crashes: {sum(outcome.crashes for outcome in found)}")
    print(f"cases in which a body was sent again, and told so: {sum(outcome.replayed > 0 for outcome in found)}")
    print(f"cases that needed a new sign-in: {sum(outcome.sign_ins for outcome in found)}")
    print(f"cases with something lost, doubled or told wrong: {len(bad)}")
    print(f"seconds: {time.monotonic() - began:.0f}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
