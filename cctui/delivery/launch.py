"""Whether a worker lives, and starting one that outlives the terminal it was started from."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import ClassVar, NamedTuple

from cctui.definitions.environment import Environment
from cctui.errors import CctuiError
from cctui.host.files import private_folder
from cctui.host.locks import is_held
from cctui.locales import _

_SECONDS_BETWEEN_STARTS = 5.0


class _Start(NamedTuple):
    """A worker that this process has started, and when."""

    child: subprocess.Popen[bytes]
    at: float

    def holds_up(self, now: float) -> bool:
        """Whether the next has to wait: this one is still starting, or left because something is wrong."""
        return self.child.poll() != 0 and now - self.at < _SECONDS_BETWEEN_STARTS


class _Started:
    """Workers that this process has started: the last of each environment, and those to be reaped when they leave."""

    last: ClassVar[dict[str, _Start]] = {}
    former: ClassVar[list[subprocess.Popen[bytes]]] = []


def worker_alive(environment: Environment) -> bool:
    """Whether some process holds the worker's lock at this moment."""
    return is_held(environment.worker_lock_path)


def ensure_worker(environment: Environment) -> bool:
    """Start a worker that leaves when it is idle, unless one lives; returns whether one was started.

    It gets a session of its own, no terminal and no standard streams, so that a dropped line ends nothing. Starts by
    the same process are seconds apart, unless the one before had nothing left to do.
    """
    _Started.former = [child for child in _Started.former if child.poll() is None]
    key = str(environment.root)
    now = time.monotonic()
    last = _Started.last.get(key)
    if worker_alive(environment) or (last is not None and last.holds_up(now)):
        return False
    private_folder(environment.state_folder)
    command = [sys.executable, "-m", "cctui", "--environment", str(environment.root), "worker", "--until-idle"]
    try:
        log = os.open(environment.worker_log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=environment.root,
                start_new_session=True,
            )
        finally:
            os.close(log)
    except OSError as problem:
        raise CctuiError(
            _("The worker cannot be started."), why=problem.strerror or "", do=_("Start it by hand: cctui worker")
        ) from problem
    if last is not None:
        _Started.former.append(last.child)
    _Started.last[key] = _Start(child, now)
    return True
