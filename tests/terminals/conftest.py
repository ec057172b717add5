"""An environment in which nothing is defined yet, on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from cctui.definitions.environment import Environment


@pytest.fixture
def bare(tmp_path: Path) -> Environment:
    """An environment in which nothing is defined yet."""
    root = tmp_path / "contoso"
    root.mkdir()
    (root / "environment.toml").write_text('[environment]\nname = "Contoso Coffee"\ntime_zone = "Europe/Oslo"\n')
    return Environment(root)
