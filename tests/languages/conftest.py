"""The company of all screens, made once: nothing that is looked at changes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from run_stories import Story
from world import answer_at_once, company, nothing

from cctui.definitions.environment import Environment


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A company with something of everything."""
    story = company(tmp_path_factory.mktemp("world") / "contoso")
    yield story
    story.ledger.close()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment in which nothing is defined yet."""
    return nothing(tmp_path_factory.mktemp("bare") / "contoso")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks a service here."""
    answer_at_once(monkeypatch)
