"""The audit of the lock fails on a known vulnerability, and on nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import audit
import pytest

KNOWN = {
    "id": "GHSA-xxxx",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [{"package": {"name": "httpx", "ecosystem": "PyPI"}}],
}


class Advisories(BaseHTTPRequestHandler):
    """Knows one thing about httpx."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"vulns": [KNOWN]} if asked["package"]["name"] == "httpx" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    """The address of the advisories."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock of two libraries, with hashes."""
    path = tmp_path / "lock.txt"
    path.write_text("".join(f"{name} \\\n    --hash=sha256:{'0' * 64}\n" for name in ("httpx==0.28.1", "click==8.2.1")))
    return path


def test_a_known_vulnerability_is_named(lock: Path, service: str) -> None:
    assert audit.audit(lock, service) == ["httpx 0.28.1: GHSA-xxxx, fixed in nothing yet"]


def test_nobody_to_ask_is_no_vulnerability(lock: Path) -> None:
    assert audit.audit(lock, "http://127.0.0.1:9/v1/query") is None


def test_the_lock_of_the_project_can_be_audited(service: str) -> None:
    assert [line.partition(" ")[0] for line in audit.audit(audit.LOCK, service) or ()] == ["httpx"]
