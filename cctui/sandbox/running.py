"""Starting the stand-in as a process of its own and stopping it again."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cctui.errors import CctuiError
from cctui.host import files
from cctui.locales import _
from cctui.masking import harmless

if TYPE_CHECKING:
    from cctui.sandbox.settings import Settings

_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_LINGER = 600.0
_LIBRARIES = ("starlette", "uvicorn", "python_multipart")


class SandboxFailed(CctuiError):
    """The stand-in did not start; ``why`` is the end of what it said, or which library is missing."""


class RunningSandbox:
    """A stand-in that answers. Leaving the context stops it; its folder keeps what arrived."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.port = port
        self.process = process
        self.base_url = f"http://127.0.0.1:{port}"
        self.api = f"{self.base_url}/v3"
        self.authorization = f"{self.base_url}/oauth2/default/v1"
        self.control = f"{self.base_url}/sandbox"

    def ask(self, path: str, body: object = None, *, method: str | None = None) -> Any:
        """Use a switch: ``ask("stats")``, ``ask("faults", {"kind": "503"})``. Returns the JSON that it answers.

        Without a body it is a GET, with one a POST. Raises ``urllib.error.HTTPError``.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - always http on the loopback
            f"{self.control}/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=120) as reply:
            return json.loads(reply.read() or b"null")

    def contacts(self, list_id: str = "") -> list[dict[str, Any]]:
        """Every contact (of a list) by address, once all that was taken is processed."""
        import msgspec

        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        query = f"?list={list_id}" if list_id else ""
        with opener.open(f"{self.control}/contacts{query}", timeout=120) as reply:
            return msgspec.json.Decoder(dict[str, Any]).decode_lines(reply.read())

    def wait(self) -> int:
        """Return when it has ended, with its exit code. Ctrl+C ends it."""
        try:
            return self.process.wait()
        except KeyboardInterrupt:
            self.stop()
            return self.process.wait()

    def stop(self) -> None:
        """End it. What arrived stays in its folder."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()


def need_libraries() -> None:
    """See that the libraries of the stand-in are there: cctui can be installed without them.

    Raises :class:`SandboxFailed`.
    """
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise SandboxFailed(
            _("The sandbox is not installed."),
            why=_("Not found: {libraries}.").format(libraries=", ".join(missing)),
            do=_("Install it: pip install --require-hashes -r requirements/run.txt"),
        )


def start(
    folder: Path,
    *,
    port: int = 0,
    settings: Settings | Mapping[str, Any] | None = None,
    outlive: bool = False,
) -> RunningSandbox:
    """Start a stand-in on the loopback that keeps its contacts in ``folder``, and wait until it answers.

    ``port`` 0 takes any free one; ``settings`` are those of :class:`cctui.sandbox.settings.Settings`, or some of them
    by name. It ends with the process that started it; if it is to ``outlive`` it, only when nobody has asked anything
    for ten minutes after that. Raises :class:`SandboxFailed`.
    """
    need_libraries()
    files.private_folder(folder)
    port_file = folder / "port"
    arguments = [sys.executable, "-m", "cctui.sandbox", "--folder", str(folder), "--port", str(port)]
    if settings is not None:
        (folder / "settings.json").write_bytes(_encoded(settings))
        arguments += ["--settings", str(folder / "settings.json")]
    arguments += ["--end-with-input", "--linger", str(_LINGER if outlive else 0)]
    log = folder / "sandbox.log"
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        bound = _port_of(port_file, process.pid)
        if bound is not None:
            return RunningSandbox(folder, bound, process)
        time.sleep(0.01)
    process.kill()
    process.wait()
    said = log.read_bytes()[begin:].decode("utf-8", "replace").strip().splitlines()
    raise SandboxFailed(
        _("The sandbox did not start."),
        why=harmless(said[-1]) if said else "",
        do=_("See {log}.").format(log=harmless(str(log))),
    )


def take_over(folder: Path) -> int:
    """End a stand-in that was left running in ``folder``; returns the port it had, 0 where there was none."""
    try:
        port, _space, owner = (folder / "port").read_text(encoding="ascii").strip().partition(" ")
    except OSError:
        return 0
    with contextlib.suppress(ProcessLookupError, PermissionError):
        command = Path(f"/proc/{owner}/cmdline")
        # A process id is used again: only what says that it is a sandbox of this folder is ended.
        if not command.exists() or str(folder).encode() in command.read_bytes().split(b"\0"):
            os.kill(int(owner), signal.SIGTERM)
            _wait_until_free(int(port))
    return int(port) if _is_free(int(port)) else 0


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _wait_until_free(port: int) -> None:
    until = time.monotonic() + _STOP_SECONDS
    while not _is_free(port) and time.monotonic() < until:
        time.sleep(0.05)


def _port_of(port_file: Path, pid: int) -> int | None:
    """The port that the process with this id wrote down; an older file is of another one."""
    try:
        port, _space, owner = port_file.read_text(encoding="ascii").strip().partition(" ")
    except OSError:
        return None
    return int(port) if owner == str(pid) else None


def _encoded(settings: Settings | Mapping[str, Any]) -> bytes:
    import msgspec

    return msgspec.json.encode(settings)
