"""What the stories about profiles start from."""

from __future__ import annotations

from pathlib import Path

import pytest
from storage_export import Export  # type: ignore[import-not-found]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """An export folder without a model yet."""
    return Export(tmp_path)
