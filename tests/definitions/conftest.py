"""An environment on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from cctui.definitions.environment import Environment
from cctui.definitions.model import EnvironmentDefinition, EnvironmentSection


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment without connections and exports."""
    return Environment.create(
        tmp_path / "contoso", EnvironmentDefinition(environment=EnvironmentSection(name="Contoso Coffee"))
    )
