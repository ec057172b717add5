"""The shared host, with a real OpenSSH server: operators sign in to one account, each with a key of their own.

Needs OpenSSH's server and client; where root tests, the folder /run/sshd is made.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from open_ssh import KeyHolder, OpenSshServer, needs_open_ssh, open_ssh_server
from pseudo_terminal import PseudoTerminal

from cctui.access import authorized_keys
from cctui.cli.demo import LISTS, prepare
from cctui.cli.units import program
from cctui.definitions.environment import Environment
from cctui.sandbox import running

pytestmark = [pytest.mark.slow, needs_open_ssh, pytest.mark.timeout(300)]

SETTINGS = {"lists": list(LISTS), "device_interval": 0, "token_rate": 0}


class Host:
    """A box with an environment, an SSH server, and three people: an administrator, a contributor, a stranger."""

    def __init__(self, environment: Environment, server: OpenSshServer, sandbox: running.RunningSandbox) -> None:
        self.environment = environment
        self.server = server
        self.sandbox = sandbox
        self.boss, self.mette, self.stranger = (KeyHolder(server, name) for name in ("boss", "mette", "stranger"))
        self.cctui("users", "add", "boss", "--role", "administrator", "--ssh-key", str(self.boss.public_key))
        self.cctui("users", "add", "mette", "--role", "contributor", "--ssh-key", str(self.mette.public_key))
        line = authorized_keys.line_for(
            "stranger", self.stranger.public_key.read_text(), program(), self.environment.root
        )
        authorized_keys.add(server.authorized_keys, line)

    def cctui(self, *words: str) -> str:
        """The command line as the owner of the account, who has a shell."""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "cctui", "--environment", str(self.environment.root), *words),
                *("--authorized-keys", str(self.server.authorized_keys)),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    @property
    def secrets(self) -> list[str]:
        """Every token, as it lies on the disk."""
        texts = [path.read_text() for path in self.environment.secrets_folder.rglob("*.json")]
        found = re.findall(r'"(?:access|refresh)_token":\s*"([^"]+)"', "".join(texts))
        assert len(found) >= 2
        return found


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("host")
    with (
        running.start(folder / "sandbox", settings=SETTINGS) as sandbox,
        open_ssh_server(folder / "ssh") as server,
    ):
        environment = prepare(folder / "environment", 2_000, sandbox)
        yield Host(environment, server, sandbox)


def test_users_add_writes_the_line_that_forces_the_command(host: Host) -> None:
    lines = host.server.authorized_keys.read_text().splitlines()
    assert len(lines) == 3
    for line, name in zip(lines, ("boss", "mette", "stranger"), strict=True):
        assert line.startswith('restrict,pty,command="')
        assert f"--operator {name}" in line


@pytest.mark.parametrize(
    "words",
    [
        ("cat secrets/marketing.json",),
        ("sh", "-c", "cat secrets/marketing.json"),
        ("bash -i",),
        ("runs list; cat secrets/marketing.json",),
        ("exports show everyone-newsletter $(cat secrets/marketing.json)",),
        (" --operator boss connections list",),
        ("cctui --environment /tmp --operator boss users list",),
        ("cctui runs list --environment /",),
        ("exports edit everyone-newsletter --edit",),
        ("runs rejected x --output /tmp/out.csv",),
        ("worker",),
        ("demo",),
        ("connections list",),
        ("connections test marketing",),
        ("audit",),
        ("users list",),
    ],
    ids=" ".join,
)
def test_a_contributors_key_reads_no_token_and_runs_nothing_else(host: Host, words: tuple[str, ...]) -> None:
    done = host.mette.asks(*words)
    assert done.returncode in {1, 2}, f"ssh itself failed: {done.stderr}"
    assert done.stdout == ""
    assert not any(secret in done.stderr for secret in host.secrets)
    assert "Constant Contact, marketing" not in done.stderr


def test_no_file_is_copied_in_either_direction(host: Host, tmp_path: Path) -> None:
    options, address, root = host.server.options(host.mette.key), host.server.address, host.environment.root
    got = tmp_path / "got"
    sent = tmp_path / "sent"
    sent.write_text("x")
    batch = tmp_path / "batch"
    batch.write_text(f"get {root}/secrets/marketing.json {got}\nput {sent} {root}/secrets/new.json\n")
    for command in (
        ("scp", *options, f"{address}:{root}/secrets/marketing.json", str(got)),
        ("scp", "-O", *options, f"{address}:{root}/secrets/marketing.json", str(got)),
        ("scp", *options, str(sent), f"{address}:{root}/secrets/new.json"),
        ("scp", "-O", *options, str(sent), f"{address}:{root}/secrets/new.json"),
        ("sftp", "-b", str(batch), *options, address),
    ):
        assert host.mette.runs(*command).returncode != 0, command
    assert not got.exists()
    assert not (root / "secrets" / "new.json").exists()


def test_no_port_is_forwarded(host: Host) -> None:
    options = host.server.options(host.mette.key)
    through = host.mette.runs("ssh", *options, "-W", f"127.0.0.1:{host.sandbox.port}", host.server.address)
    assert through.returncode != 0
    assert "forwarding failed" in through.stderr
    back = ("-o", "ExitOnForwardFailure=yes", "-N", "-R", "0:127.0.0.1:1")
    assert host.mette.runs("ssh", *options, *back, host.server.address).returncode != 0
    port = _free_port()
    forward = ("-N", "-L", f"127.0.0.1:{port}:127.0.0.1:{host.sandbox.port}")
    with _staying("ssh", *options, *forward, host.server.address), _connected(port) as line:
        with contextlib.suppress(OSError):
            line.sendall(b"GET /sandbox/stats HTTP/1.0\r\n\r\n")
        assert _rest(line) == b"", "the sandbox was reached through the forced command"


def test_a_contributor_works(host: Host) -> None:
    listed = json.loads(host.mette.asks("exports list --json").stdout)
    assert len(listed) >= 3
    done = host.mette.asks("run reactivation --json")
    assert done.returncode in {0, 3}, done.stderr
    report = json.loads(done.stdout)
    assert report["adds_up"] is True
    assert report["accepted"] > 0
    rows = host.mette.asks(f"runs rejected {report['run_id']}")
    assert rows.returncode == 0
    assert rows.stdout.count("\n") >= report["invalid"]
    audit = json.loads(host.boss.asks("audit").stdout.splitlines()[-1])
    assert (audit["who"], audit["deed"]) == ("mette", "rejected-rows-taken")


def test_a_contributor_cannot_leave_the_application_nor_see_what_the_role_forbids(host: Host) -> None:
    with host.mette.opens() as terminal:
        terminal.until("mette, Contributor")
        terminal.press("\x1a", "\x1c", "!", ":")
        goes(terminal, "c")
        shown = terminal.until("Ask an administrator")
        assert "Constant Contact, marketing" not in shown
        terminal.press("a")
        terminal.until("Ask an administrator")
        goes(terminal, "p")
        terminal.until("Only administrators see permissions.")
        terminal.press("\x10", "s", "h", "e", "l", "l")
        terminal.until(lambda text: "shell" in text)
        terminal.press("\x1b")
        terminal.until(lambda text: "shell" not in text)
        terminal.press("q")
        assert terminal.ended() == 0
        assert not any(secret.encode() in terminal.bytes for secret in host.secrets)
        assert b"$ " not in terminal.bytes[-200:]


def test_whoever_is_not_listed_gets_a_sentence(host: Host) -> None:
    done = host.stranger.asks("exports list")
    assert (done.returncode, done.stdout) == (1, "")
    assert '"stranger" is no user of this environment.' in done.stderr
    with host.stranger.opens() as terminal:
        assert terminal.ended() == 1
        assert "is no user of this environment." in terminal.text


def test_an_administrator_works_with_a_key_of_the_same_kind(host: Host) -> None:
    listed = host.boss.asks("connections list")
    assert listed.returncode == 0, listed.stderr
    assert "Connected" in listed.stdout
    assert not any(secret in listed.stdout for secret in host.secrets)
    with host.boss.opens() as terminal:
        terminal.until("boss, Administrator")
        goes(terminal, "c")
        terminal.until("Add connection")
        goes(terminal, "p")
        terminal.until("mette")
        terminal.press("q")
        assert terminal.ended() == 0


def test_a_removed_user_has_to_leave_and_the_key_opens_nothing(host: Host) -> None:
    leaver = KeyHolder(host.server, "leaver")
    host.cctui("users", "add", "leaver", "--role", "viewer", "--ssh-key", str(leaver.public_key))
    with leaver.opens() as terminal:
        terminal.until("leaver, Viewer")
        host.cctui("users", "remove", "leaver", "--yes")
        assert terminal.ended() == 1
        assert "is no user of this environment." in terminal.text
    assert "Permission denied" in leaver.asks("exports list").stderr


def goes(terminal: PseudoTerminal, letter: str) -> None:
    """Choose a page in the menu."""
    terminal.press("g")
    terminal.until("Go to")
    terminal.press(letter)


@contextlib.contextmanager
def _staying(*command: str) -> Iterator[None]:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()  # a client that waits for an answer to its forwarding does not always end at SIGTERM
        process.wait(20)


def _connected(port: int) -> socket.socket:
    until = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _rest(line: socket.socket) -> bytes:
    try:
        return line.recv(4096)
    except ConnectionResetError:
        return b""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
