"""When an operator was here last, so that the application can tell what ended meanwhile."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from cctui.definitions.environment import Environment
from cctui.host import files


def read(environment: Environment, operator: str) -> datetime | None:
    """The end of the last visit (aware); ``None`` for the first one."""
    try:
        moment = datetime.fromisoformat(_path(environment, operator).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
    return moment if moment.tzinfo else None


def write(environment: Environment, operator: str, moment: datetime) -> None:
    """Remember ``moment`` as the end of a visit; where that is not possible, nothing is lost but a hint."""
    try:
        files.private_folder(environment.state_folder)
        files.save(_path(environment, operator), moment.isoformat().encode("ascii"), mode=0o600)
    except OSError:
        return


def _path(environment: Environment, operator: str) -> Path:
    # A login name may hold characters that no file name may.
    name = hashlib.blake2b(operator.encode(), digest_size=8).hexdigest()
    return environment.state_folder / f"visit-{name}"
