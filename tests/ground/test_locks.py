"""A lock lives as long as its holder and not a moment longer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cctui.host.locks import HeldLock, LockHeld, is_held

HOLDER = """
import sys, pathlib
from cctui.host.locks import HeldLock
lock = HeldLock(pathlib.Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    with HeldLock(path), pytest.raises(LockHeld) as refused:
        HeldLock(path).acquire()
    assert refused.value.holder == str(os.getpid())
    assert not is_held(path)


def test_a_killed_holder_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_held(path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert not is_held(path)
    HeldLock(path).acquire()
