"""The sweeps stand on what other rooms' tests have built: their folders are on the path here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_TESTS = Path(__file__).parents[1]
for _room in ("delivery", "matching"):
    if str(_TESTS / _room) not in sys.path:
        sys.path.append(str(_TESTS / _room))


@pytest.fixture(scope="session")
def in_memory() -> Iterator[Path]:
    """A folder in memory where the box has one."""
    from crash_sweep import scratch

    with scratch() as folder:
        yield folder


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One export of one environment against a service in memory."""
    from delivery_stand_ins import StillClock, Story

    return Story(tmp_path / "environment", StillClock(), monkeypatch)
