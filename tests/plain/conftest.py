"""A sandbox and the profiles of a small company."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cctui.cli.demo import LISTS
from cctui.sandbox import running, sample
from cctui.sandbox.running import RunningSandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    settings = {
        "lists": list(LISTS),
        "device_interval": 0,
        "token_rate": 0,
        "initialized_seconds": 0,
        "processing_seconds": 0,
    }
    with running.start(tmp_path_factory.mktemp("service"), settings=settings) as service:
        yield service


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    """A small storage export."""
    sample.write_profiles(tmp_path / "profiles", 300)
    return tmp_path / "profiles"
