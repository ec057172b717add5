"""Below HTTP: connections that can be refused, reset and cut, on top of uvicorn's protocol."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from cctui.sandbox.faults import FaultKind
from cctui.sandbox.service import Service

CONTROL = "/sandbox"
"""Paths below this one are the switches; no fault, limit or count touches them."""


class SandboxProtocol(H11Protocol):
    """A connection that hands its transport to the application and meets the faults of connections."""

    service: Service
    """Set once by :mod:`cctui.sandbox.server`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._answered_api = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse the connection where a fault says so."""
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)
        faults = self.service.faults
        if (due := faults.due()) and due.kind is FaultKind.REFUSE:
            faults.meet_connection()
            reset(transport)

    def on_response_complete(self) -> None:
        """End the connection where the next request is to meet a refusal."""
        path = self.scope["path"]
        super().on_response_complete()
        self._answered_api = not path.startswith(CONTROL)
        if not self._answered_api:
            return
        self.service.faults.answered(self.scope["method"], path)
        meet_connection_faults(self.service, self)

    def end_if_idle(self) -> None:
        """Close the connection, unless it is one of the switches' or in the middle of a request."""
        if self._answered_api and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()


def meet_connection_faults(service: Service, protocol: SandboxProtocol | None = None) -> None:
    """Prepare for a connection fault that is due: no kept connection, and no listener where it is to be down."""
    due = service.faults.due()
    if due is None:
        return
    if protocol is not None:
        protocol.end_if_idle()
    if due.kind is FaultKind.DOWN:
        service.faults.meet_connection()
        service.go_down(due.seconds or 1.0)


def reset(transport: asyncio.BaseTransport) -> None:
    """Cut a connection with RST: what was not read or sent is gone."""
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


async def cut(scope: Scope, receive: Receive, *, gently: bool = False) -> None:
    """Cut the connection of a request and return when it is gone; ``gently`` lets what was sent arrive."""
    transport = scope["state"]["transport"]
    if gently:
        transport.close()
    else:
        reset(transport)
    while (await receive())["type"] != "http.disconnect":
        pass
