"""Canaries in tokens and addresses, through a whole life in processes of their own, looked for in every byte written.

Sign-in, export, dry run, preview, a run under faults with a renewed token, rejected rows, logs, reports: the command
line, the application on a terminal, and the worker that it starts. Where a canary may be is :data:`ALLOWED`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs
from pseudo_terminal import PseudoTerminal, plain_environment

from cctui.constant_contact.tokens import TokenStore
from cctui.definitions.environment import Environment
from cctui.sandbox.lists import list_id_for
from cctui.sandbox.running import RunningSandbox, start
from cctui.sandbox.settings import SANDBOX_CLIENT_ID

CANARY = "c4n4ry"
LIST = f"News of boss.{CANARY}@contoso.com"
ALLOWED = {
    "tokens": ("secrets/marketing.json",),
    "addresses": (
        "profiles.csv",  # the source itself
        "state/runs/*/bodies/*",  # what is sent
        "environment.toml",  # the condition of a segment is the operator's own text
        "state/runs/*/definition.json",  # as it was when the run began
        "state/runs/*/rejected.csv",  # the value as it was, so that somebody can mend it
        "state/runs/*/refused/*",  # what the service refused, for the same reason
        "state/runs/*/rejected-all.csv",  # both of them, once somebody looked at them
    ),
}
"""Under the environment; each is for its owner only."""

SETTINGS = {
    "organization_name": f"Contoso owner.{CANARY}@contoso.com",
    "lists": [LIST],
    "device_interval": 0,
    "pending_polls": 0,
    "token_rate": 0,
    "rate_per_second": 0,
    "initialized_seconds": 0,
    "processing_seconds": 0,
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path / "sandbox", settings=SETTINGS) as running:
        yield running


class Box:
    """A host with one environment: everything runs in processes of its own, and everything they write is kept."""

    def __init__(self, root: Path, home: Path) -> None:
        self.environment = Environment(root)
        self.home = home
        self.temporary = home / "tmp"
        self.temporary.mkdir()
        self.variables = plain_environment(home, TMPDIR=str(self.temporary))
        self.said: dict[str, bytes] = {}
        self.tokens: set[str] = set()

    def __call__(self, *words: str, expected: set[int] = frozenset({0})) -> str:  # type: ignore[assignment]
        command = [sys.executable, "-m", "cctui", "--environment", str(self.environment.root), *words]
        done = subprocess.run(command, env=self.variables, capture_output=True, stdin=subprocess.DEVNULL, timeout=100)
        self.said[" ".join(words)] = done.stdout + done.stderr
        assert done.returncode in expected, (words, done.returncode, done.stderr.decode())
        self.remember_tokens()
        return done.stdout.decode()

    def remember_tokens(self) -> None:
        tokens = TokenStore(self.environment.secrets_folder).load("marketing")
        if tokens is not None and tokens.refresh_token is not None:
            self.tokens |= {tokens.access_token.reveal(), tokens.refresh_token.reveal()}

    def make_token_old(self) -> None:
        """The next use renews it."""
        store = TokenStore(self.environment.secrets_folder)
        tokens = store.load("marketing")
        assert tokens is not None
        store.save("marketing", structs.replace(tokens, expires_at=datetime(2026, 1, 1, tzinfo=UTC)))

    def found_in(self, canary: str) -> set[str]:
        """Every file of the environment and the home that holds it, and every command that said it."""
        wanted = canary.encode()
        root = self.environment.root
        files = {path for folder in (root, self.home) for path in folder.rglob("*") if path.is_file()}
        places = {
            str(path.relative_to(root if path.is_relative_to(root) else self.home))
            for path in files
            if wanted in path.read_bytes() or canary in path.name
        }
        return places | {f"said: {words}" for words, said in self.said.items() if wanted in said}


@pytest.fixture
def box(tmp_path: Path, own_home: Path) -> Box:
    """Nothing is defined; the profiles are of every kind that is sent or rejected."""
    root = tmp_path / "contoso"
    root.mkdir()
    good = [f"C{n},p{n}.{CANARY}@contoso.com,Mette {CANARY}{n}@contoso.com" for n in range(60)]
    bad = [
        f"B1,x.{CANARY}@@contoso.com,A",
        f"B2,no {CANARY} at all,B",
        f"B3,{CANARY}.{'x' * 60}@contoso.com,C",
        "B4,,D",
    ]
    twice = [f"D1,P1.{CANARY.upper()}@contoso.com,E"]
    (root / "profiles.csv").write_text("\n".join(["CustomerId,EMail,FirstName", *good, *bad, *twice]) + "\n")
    (root / "environment.toml").write_text(
        '[environment]\nname = "Contoso"\n\n[profiles]\nkind = "files"\npath = "profiles.csv"\n\n'
        f'[[segments]]\nname = "All"\nwhere = "FirstName <> \'{CANARY}.nobody@contoso.com\'"\n'
    )
    return Box(root, own_home)


def _as_an_operator_looks(box: Box) -> None:
    """Through the application: the export and its preview, its run, the log, the rejected rows, the connection."""
    arguments = ["-m", "cctui", "--environment", str(box.environment.root)]
    with PseudoTerminal([*arguments, "exports/everybody"], box.variables, size=(110, 40)) as terminal:
        terminal.until("p…@contoso.com", 30)
        terminal.press("\x1b")
        terminal.until("Add export")
        terminal.press("r")
        terminal.until("e Rejected rows (4)", 60)
        terminal.press("e")
        terminal.until("B1")
        terminal.press("q")
        assert terminal.ended() == 0
        box.said["the application at exports"] = terminal.bytes
    for place, shown in (("connections/marketing", "Dies unused"), ("segments/All", "p…@contoso.com")):
        with PseudoTerminal([*arguments, place], box.variables, size=(110, 40)) as terminal:
            terminal.until("Contoso")
            terminal.until(shown)
            box.said[f"the application at {place}"] = terminal.bytes


def test_no_byte_outside_the_named_places_holds_a_token_or_an_address(box: Box, sandbox: RunningSandbox) -> None:
    add = ("connections", "add", "--name", "Marketing", "--client-id", SANDBOX_CLIENT_ID, "--agree")
    box(*add, "--api", sandbox.api, "--authorization", sandbox.authorization)
    box("connections", "sign-in", "marketing")
    assert len(box.tokens) == 2
    box(
        *("exports", "add", "--name", "Everybody", "--connection", "marketing", "--list", list_id_for(LIST)),
        *("--segment", "All", "--email", "EMail", "--attribute", "first_name=FirstName"),
    )
    box("run", "everybody", "--dry-run")
    box.make_token_old()
    for fault in (
        {"kind": "500", "path": "/v3/activities/contacts_file_import", "nth": 1, "times": 1},
        {"kind": "wrong-shape", "path": "/v3/activities", "nth": 1, "times": 1},
    ):
        sandbox.ask("faults", fault)
    report = json.loads(box("run", "everybody", "--json", expected={3}))
    assert report["sent"] == 60
    _as_an_operator_looks(box)
    box.make_token_old()
    box("connections", "test", "marketing")
    assert len(box.tokens) == 6, "the tokens were renewed twice on the way"
    for words in (*_COMMANDS, ("runs", "show", report["run_id"])):
        box(*words, expected={0, 1, 2, 3})

    for token in box.tokens:
        assert box.found_in(token) <= set(ALLOWED["tokens"])
    found = {place for canary in (CANARY, CANARY.upper()) for place in box.found_in(canary)}
    assert {place for place in found if not any(map(Path(place).match, ALLOWED["addresses"]))} == set()
    for pattern in (*ALLOWED["tokens"], *(place for place in ALLOWED["addresses"] if place.startswith("state/"))):
        for path in box.environment.root.glob(pattern):
            assert path.stat().st_mode & 0o077 == 0, path
    assert not list(box.temporary.iterdir())


_COMMANDS = (
    ("connections", "token", "marketing", "--json"),
    ("connections", "list", "--json"),
    ("exports", "show", "everybody"),
    ("segments", "show", "All"),
    ("runs", "list", "--json"),
    ("doctor",),
    ("audit",),
)
