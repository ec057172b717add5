"""The way to the service: httpx over HTTP/1.1, one kept connection, no redirects, and what its failures mean.

HTTP/2 is left out on purpose: bodies of 4 MB take twenty times as long over it.
"""

from __future__ import annotations

import ipaddress
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cctui import __version__
from cctui.constant_contact.errors import InsecureAddress

if TYPE_CHECKING:
    import httpx

USER_AGENT = f"cctui/{__version__}"
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
IMPORT_SECONDS = 120.0
"""An import is acknowledged when it is queued; 4 MB over a slow line and a slow acknowledgement take their time."""

_KEPT_SECONDS = 4.0
"""Shorter than servers keep idle connections, so that no request is written to one that is being closed."""

REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-apigw-id", "x-eig-tracking-id", "x-request-id")


def is_loopback(address: str) -> bool:
    """Whether an address points to this box."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_safe(address: str) -> None:
    """Return where tokens may travel to ``address``. Raises :class:`InsecureAddress`."""
    try:
        parts = urlsplit(address)
        safe = bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(address)))
    except ValueError:
        safe = False
    if not safe:
        raise InsecureAddress(address)


def open_http(address: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client for the server at ``address``. Raises :class:`InsecureAddress`."""
    import httpx

    require_safe(address)
    return httpx.Client(
        http1=True,
        http2=False,
        follow_redirects=False,
        headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEPT_SECONDS),
        # A proxy of the environment is for the way out of the box, never for the sandbox on it.
        trust_env=not is_loopback(address),
        verify=_certificates(address),
        transport=transport,
    )


def _certificates(address: str) -> ssl.SSLContext | bool:
    """Those of the usual authorities; none, which takes a while to read, where no TLS is spoken: nobody is trusted."""
    return address.startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def surely_not_sent(error: Exception) -> bool:
    """Whether ``error`` happened before the first byte of a request could leave: name, connection, TLS, pool."""
    import httpx

    return isinstance(
        error,
        (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError),
    )
