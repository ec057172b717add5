"""Known vulnerabilities in what a user installs: the lock, asked of the advisory service OSV by pip-audit.

A vulnerability fails the check. Where the service cannot be reached, the audit is skipped with a word: a check must
not hang on the network. A lock that was found clean is not asked about again on the same day.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements" / "run-with-keyring.txt"
CLEAN = Path(sys.prefix) / ".audited"
SERVICE = "https://api.osv.dev/v1/query"
PATIENCE = 15.0
"""Seconds for all questions together."""


def audit(lock: Path, service: str = SERVICE, patience: float = PATIENCE) -> list[str] | None:
    """Every known vulnerability, a line each; ``None`` where nobody could be asked."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--require-hashes"]
        command += ["--vulnerability-service", "osv", "--osv-url", service, "--timeout", "3"]
        command += ["--progress-spinner", "off", "--format", "json", "--output", str(found)]
        try:
            subprocess.run(command, capture_output=True, timeout=patience, check=False)
        except subprocess.TimeoutExpired:
            return None
        if not found.exists():
            return None
        return _lines(json.loads(found.read_text()))


def _lines(found: dict[str, Any]) -> list[str]:
    return [
        f"{one['name']} {one['version']}: {known['id']}, fixed in {', '.join(known['fix_versions']) or 'nothing yet'}"
        for one in found["dependencies"]
        for known in one.get("vulns", ())
    ]


def main() -> int:
    today = f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {datetime.now(UTC):%Y-%m-%d}"
    if CLEAN.exists() and CLEAN.read_text() == today:
        print("Audit of the lock: nothing known, asked today already.")
        return 0
    lines = audit(LOCK)
    if lines is None:
        print("Audit of the lock: skipped, the advisory service (OSV) gave no answer.")
        return 0
    if lines:
        print("Audit of the lock:", *lines, sep="\n  ")
        return 1
    print("Audit of the lock: nothing known.")
    CLEAN.write_text(today)
    return 0


if __name__ == "__main__":
    sys.exit(main())
