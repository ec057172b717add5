"""An environment without connections, and a stand-in for Constant Contact in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from connection_stories import QUICK

from cctui.definitions.environment import Environment
from cctui.sandbox.running import RunningSandbox, start


@pytest.fixture
def empty(tmp_path: Path) -> Environment:
    """An environment in which nothing is defined yet."""
    root = tmp_path / "contoso"
    for folder in ("connections", "exports"):
        (root / folder).mkdir(parents=True)
    (root / "environment.toml").write_text('[environment]\nname = "Contoso Coffee"\ntime_zone = "Europe/Oslo"\n')
    return Environment(root)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start(tmp_path_factory.mktemp("sandbox") / "sandbox", settings=QUICK) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> RunningSandbox:
    """The stand-in, having forgotten everything."""
    running.ask("faults", method="DELETE")
    running.ask("reset", {})
    return running
