"""What the tests of the run screens stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from run_stories import Story


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """An environment with an export, and the means to let runs happen in it."""
    told = Story(tmp_path / "contoso")
    yield told
    told.ledger.close()
