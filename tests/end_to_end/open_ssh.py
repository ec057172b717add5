"""A real OpenSSH server on the loopback, started by the account that tests, and its clients with keys of their own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal, plain_environment

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PROGRAMS = ("ssh", "ssh-keygen", "scp", "sftp")

needs_open_ssh = pytest.mark.skipif(
    SSHD is None or any(shutil.which(program) is None for program in PROGRAMS),
    reason="needs OpenSSH: apt-get install openssh-server openssh-client",
)
_SEPARATION = Path("/run/sshd")
"""sshd, started by root, does without no folder of this name."""


class OpenSshServer:
    """``sshd`` with a host key and an ``authorized_keys`` of its own; it serves the account that runs the test."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.folder = folder
        self.account = pwd.getpwuid(os.geteuid()).pw_name
        self.authorized_keys = folder / "authorized_keys"
        self.authorized_keys.touch(mode=0o600)
        self.port = _free_port()
        self.log = folder / "sshd.log"
        self.host_key = self.new_key("host")
        configuration = folder / "sshd_config"
        configuration.write_text(
            f"""
ListenAddress 127.0.0.1:{self.port}
HostKey {self.host_key}
AuthorizedKeysFile {self.authorized_keys}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
AllowAgentForwarding yes
PermitTunnel yes
PermitUserRC yes
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""
        )
        if os.geteuid() == 0:
            _SEPARATION.mkdir(mode=0o755, exist_ok=True)
        assert SSHD is not None
        self.process = subprocess.Popen(
            [SSHD, "-D", "-f", str(configuration), "-E", str(self.log)], stdin=subprocess.DEVNULL
        )
        self._wait()

    def new_key(self, name: str) -> Path:
        """A key pair; the file with the private half."""
        path = self.folder / f"key-{name}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
        return path

    def options(self, key: Path) -> list[str]:
        """What ``ssh``, ``scp`` and ``sftp`` are told: this server, this key, nothing of the developer's own."""
        return [
            *("-F", "none", "-i", str(key), "-o", f"Port={self.port}", "-o", "IdentitiesOnly=yes"),
            *("-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}"),
            *("-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", "ControlPath=none", "-o", "IdentityAgent=none"),
        ]

    @property
    def address(self) -> str:
        return f"{self.account}@127.0.0.1"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _wait(self) -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                if line.recv(4) == b"SSH-":
                    return
            time.sleep(0.02)
        raise AssertionError(f"sshd does not answer:\n{self.log.read_text() if self.log.exists() else ''}")


class KeyHolder:
    """Somebody with a key, at a machine of their own."""

    def __init__(self, server: OpenSshServer, name: str) -> None:
        self.server = server
        self.name = name
        self.key = server.new_key(name)
        self.home = server.folder / f"home-{name}"
        self.home.mkdir()

    @property
    def public_key(self) -> Path:
        return self.key.with_suffix(".pub")

    def asks(self, *words: str) -> subprocess.CompletedProcess[str]:
        """``ssh account@host words``, without a terminal."""
        return self.runs("ssh", *self.server.options(self.key), self.server.address, *words)

    def runs(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            env=plain_environment(self.home),
        )

    def opens(self, *words: str, size: tuple[int, int] = (100, 30)) -> PseudoTerminal:
        """``ssh -t account@host words`` at a terminal."""
        arguments = ["-tt", *self.server.options(self.key), self.server.address, *words]
        return PseudoTerminal(arguments, plain_environment(self.home), size=size, program=shutil.which("ssh") or "ssh")


@contextlib.contextmanager
def open_ssh_server(folder: Path) -> Iterator[OpenSshServer]:
    """The server for as long as the context lasts."""
    server = OpenSshServer(folder)
    try:
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
