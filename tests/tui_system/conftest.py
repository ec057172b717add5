"""The company, made anew for every test."""

from __future__ import annotations

from pathlib import Path

import pytest
from system_stories import company

from cctui.definitions.environment import Environment
from cctui.delivery import launch


@pytest.fixture
def contoso(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setattr(launch, "ensure_worker", lambda _environment: False)
    return company(tmp_path / "contoso")
