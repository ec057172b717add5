"""A stand-in in a process of its own, one for a module, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox_caller import NO_LIMITS, Caller

from cctui.sandbox import running


@pytest.fixture(scope="module")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.RunningSandbox]:
    with running.start(tmp_path_factory.mktemp("sandbox"), settings=NO_LIMITS) as sandbox:
        yield sandbox


@pytest.fixture
def caller(running_sandbox: running.RunningSandbox) -> Iterator[Caller]:
    """A signed-in client of an empty stand-in without limits and delays."""
    caller = Caller(running_sandbox)
    caller.switch("POST", "reset", json={})
    caller.sign_in()
    yield caller
    caller.http.close()


@pytest.fixture
def stranger(caller: Caller) -> Caller:
    """A client without a token."""
    caller.access_token = ""
    return caller
