"""An environment that is signed in to a sandbox, and the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from cctui.cli import main
from cctui.cli.demo import LISTS, prepare
from cctui.sandbox import running


class Outcome(Struct):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """``cctui`` in an environment."""

    def __init__(self, folder: Path, sandbox: running.RunningSandbox) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self._capture: pytest.CaptureFixture[str] | None = None

    def reading(self, capture: pytest.CaptureFixture[str]) -> CommandLine:
        self._capture = capture
        return self

    def __call__(self, *arguments: str) -> Outcome:
        assert self._capture is not None
        self._capture.readouterr()
        code = main(["--environment", str(self.folder), *arguments])
        said = self._capture.readouterr()
        return Outcome(int(code), said.out, said.err)


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    folder = tmp_path_factory.mktemp("environment")
    settings = {
        "lists": list(LISTS),
        "device_interval": 0,
        "token_rate": 0,
        "initialized_seconds": 0,
        "processing_seconds": 0,
    }
    with running.start(folder / "sandbox", settings=settings) as sandbox:
        prepare(folder, 600, sandbox)
        yield CommandLine(folder, sandbox)


@pytest.fixture
def cctui(signed_in: CommandLine, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line in an environment that is signed in."""
    return signed_in.reading(capsys)
