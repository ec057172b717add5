"""An environment with one export, a service that remembers, and a go at a run that may end at any point."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from delivery_stand_ins import StillClock, Story


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the box has one: these runs sync thousands of times."""
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


@pytest.fixture
def story(memory: Path, clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> Story:
    return Story(memory / "environment", clock, monkeypatch)


@pytest.fixture
def new_story(memory: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Story]:
    """Makes as many stories as a test wants."""
    numbers = itertools.count()
    return lambda: Story(memory / f"environment{next(numbers)}", StillClock(), monkeypatch)
