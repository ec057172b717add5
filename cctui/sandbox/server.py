"""The stand-in as a process: listens on one address, writes its port down, leaves on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from uvicorn.config import Config
from uvicorn.server import ServerState

from cctui.host import files
from cctui.host.locks import HeldLock
from cctui.sandbox import account_api, bulk_api, contacts_api, control, sign_in
from cctui.sandbox.front import Front
from cctui.sandbox.rights import answer
from cctui.sandbox.service import Service
from cctui.sandbox.settings import Settings
from cctui.sandbox.transport import SandboxProtocol

PORT_FILE = "port"
"""Beside the store: port and process id, written once the stand-in answers."""

_KEEP_ALIVE = 75
_BACKLOG = 512


def application(service: Service) -> Front:
    """All endpoints behind the front."""
    endpoints = Starlette(
        routes=[
            Mount("/v3", routes=[*account_api.ROUTES, *bulk_api.ROUTES, *contacts_api.ROUTES]),
            *sign_in.ROUTES,
            Mount("/sandbox", routes=control.ROUTES),
        ],
        exception_handlers={msgspec.MsgspecError: _wrong_control_body, 404: _not_found, 405: _wrong_method},
    )
    endpoints.state.service = service
    return Front(service, endpoints)


def serve(
    folder: Path, settings: Settings, *, host: str, port: int, while_open: int | None = None, linger: float = 0.0
) -> None:
    """Serve until SIGTERM or SIGINT, or until the descriptor ``while_open`` ends.

    With ``linger`` it stays after that until nobody has asked anything for so many seconds: runs go on by themselves.

    Raises ``OSError`` where the address cannot be had, :class:`cctui.host.locks.LockHeld` where another one serves
    this folder.
    """
    sys.setswitchinterval(0.001)
    gc.set_threshold(200_000, 50, 1_000)
    folder.mkdir(parents=True, exist_ok=True)
    lock = HeldLock(folder / "sandbox.lock")
    lock.acquire()
    try:
        asyncio.run(_serve(folder, settings, host, port, while_open, linger))
    finally:
        lock.release()


class Listener:
    """The listening socket, which can go away for a while and come back on the same port."""

    def __init__(self, service: Service, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._service = service
        SandboxProtocol.service = service
        self._config = Config(
            application(service),
            http=SandboxProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._back: asyncio.Task[None] | None = None
        service.go_down = self.go_down
        service.end_idle_connections = self.end_idle_connections

    async def open(self) -> int:
        """Listen. Returns the port, which stays the same from then on."""
        # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits 40 ms for an ACK.
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self._host, self._port))
        self._port = sock.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SandboxProtocol(self._config, self._state, {}), sock=sock, backlog=_BACKLOG
        )
        return self._port

    def go_down(self, seconds: float) -> None:
        """Listen no more, and again after ``seconds``."""
        if self._server is None or (self._back is not None and not self._back.done()):
            return
        self._server.close()
        self._back = asyncio.get_running_loop().create_task(self._come_back(seconds))

    async def _come_back(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.open()

    def end_idle_connections(self) -> None:
        """Close kept connections of clients, so that their next request needs a new one."""
        for connection in list(self._state.connections):
            if isinstance(connection, SandboxProtocol):
                connection.end_if_idle()

    async def close(self) -> None:
        """Listen no more and cut every connection."""
        if self._back is not None:
            self._back.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            if isinstance(connection, SandboxProtocol):
                connection.transport.abort()
        await asyncio.sleep(0)
        for task in list(self._state.tasks):
            task.cancel()


async def _serve(folder: Path, settings: Settings, host: str, port: int, while_open: int | None, linger: float) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    service = Service(folder, settings)
    stop_waiting = contextlib.ExitStack()
    try:
        listener = Listener(service, host, port)
        bound = await listener.open()
        if while_open is not None:
            ended = asyncio.Event()
            loop.add_reader(while_open, _end_of_parent, while_open, ended)
            leaving = loop.create_task(_leave_after(ended, service, linger, stop))
            stop_waiting.callback(leaving.cancel)
        service.resume()
        files.save(folder / PORT_FILE, f"{bound} {os.getpid()}\n".encode(), mode=0o600)
        await stop.wait()
        await listener.close()
    finally:
        stop_waiting.close()
        service.close()
        with contextlib.suppress(FileNotFoundError):
            (folder / PORT_FILE).unlink()


def _end_of_parent(descriptor: int, ended: asyncio.Event) -> None:
    if not os.read(descriptor, 1024):
        asyncio.get_running_loop().remove_reader(descriptor)
        ended.set()


async def _leave_after(ended: asyncio.Event, service: Service, linger: float, stop: asyncio.Event) -> None:
    """Stop once the parent has ended and nobody has asked anything for ``linger`` seconds."""
    await ended.wait()
    asked = -1
    while linger and asked != service.journal.total:
        asked = service.journal.total
        await asyncio.sleep(linger)
    stop.set()


async def _wrong_control_body(_request: Request, error: Exception) -> Response:
    return answer({"problem": str(error)}, 400)


async def _not_found(_request: Request, _error: Exception) -> Response:
    return answer([{"error_key": "not.found", "error_message": "The requested resource was not found."}], 404)


async def _wrong_method(_request: Request, _error: Exception) -> Response:
    return answer([{"error_key": "method.not.allowed", "error_message": "Method not allowed."}], 405)
