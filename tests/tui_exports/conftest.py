"""The sample company, made once; every test gets definitions of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from export_stories import Company

from cctui.cli.demo import LISTS, prepare
from cctui.definitions.environment import Environment
from cctui.sandbox import running

SETTINGS = {
    "lists": [*LISTS, "新闻通讯", "Ügyfélhírlevél", "النشرة", "Кампания"],
    "custom_fields": ["loyalty_tier", "favourite_coffee"],
    "device_interval": 0,
    "token_rate": 0,
    "rate_per_second": 0,
    "initialized_seconds": 0,
    "processing_seconds": 0,
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """600 profiles, a connection that is signed in, five exports."""
    folder = tmp_path_factory.mktemp("sample")
    with running.start(folder / "sandbox", settings=SETTINGS) as sandbox:
        yield Company(prepare(folder, 600, sandbox), sandbox)


@pytest.fixture
def company(made: Company, tmp_path: Path) -> Company:
    """A copy of the definitions and the sign-in, over the same profiles."""
    root = tmp_path / "contoso"
    shutil.copytree(made.root, root, ignore=shutil.ignore_patterns("profiles", "sandbox", "state"))
    (root / "profiles").symlink_to(made.root / "profiles")
    return Company(Environment(root), made.sandbox)


@pytest.fixture(autouse=True)
def quick_to_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice rests only for a moment: nobody types here."""
    monkeypatch.setattr("cctui.tui.screens.export_sheet.SETTLE_SECONDS", 0.01)
