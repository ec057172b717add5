"""Render every screen from the sample environment into ``screenshots/`` (``make screenshots``).

The sandbox, the sample, the worker and the runs are real; only the clock of the header is the moment of the rendering.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from textual.pilot import Pilot

from cctui.access.roles import Operator, Role
from cctui.cli.demo import EXPORT, LISTS, prepare
from cctui.definitions.environment import Environment
from cctui.definitions.model import ExportId
from cctui.delivery import runs
from cctui.host.clock import SystemClock
from cctui.sandbox import running
from cctui.sandbox.running import RunningSandbox
from cctui.tui.app import CctuiApp

FOLDER = Path(__file__).parents[1] / "screenshots"
SIZES = ((120, 36), (80, 24))
PROFILES = 400_000
OPERATOR = Operator("ops1", Role.ADMINISTRATOR)


@contextlib.asynccontextmanager
async def opened(environment: Environment, size: tuple[int, int], place: str) -> AsyncIterator[Pilot[int]]:
    """The application at ``place``, settled."""
    app = CctuiApp(environment, OPERATOR, open_at=place, ascii_only=False, color_system="truecolor")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield pilot


async def settled(pilot: Pilot[int]) -> None:
    """Return when nothing is being read any more."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def keep(pilot: Pilot[int], name: str, size: tuple[int, int]) -> None:
    """Write the screen as it is."""
    picture = pilot.app.export_screenshot(title=f"cctui, {name}")
    (FOLDER / f"{name}-{size[0]}x{size[1]}.svg").write_text(picture, encoding="utf-8")
    print(f"{name} {size[0]}x{size[1]}")


async def shoot(environment: Environment, name: str, place: str, *keys: str) -> None:
    """Open ``place``, press ``keys``, keep the picture, at both sizes."""
    for size in SIZES:
        async with opened(environment, size, place) as pilot:
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
            keep(pilot, name, size)


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Look again and again until ``condition`` holds."""
    clock = SystemClock()
    until = clock.monotonic() + seconds
    while not condition():
        if clock.monotonic() > until:
            raise SystemExit("what should be on the picture did not happen")
        clock.wait(0.1)


async def everything(environment: Environment, sandbox: RunningSandbox) -> None:
    """All pictures, in the order in which a newcomer would see them."""
    await shoot(environment, "home-first", "home")
    await shoot(environment, "segments", "segments")
    await shoot(environment, "system", "system")
    await shoot(environment, "permissions", "permissions")
    await shoot(environment, "connections", "connections")
    await shoot(environment, "set-up-connection", "connections", "a")
    await shoot(environment, "set-up-export", "exports", "enter")

    small = runs.start(environment, OPERATOR, ExportId("reactivation"))
    wait_for(lambda: runs.stopped(runs.find(environment, small.id)))
    # A service that takes its time, so that a run can be looked at while it goes on.
    sandbox.ask("settings", {"latency": 1.5, "processing_seconds": 1.0}, method="PUT")
    big = runs.start(environment, OPERATOR, ExportId(EXPORT))

    def under_way() -> bool:
        # A process starts workers seconds apart; an application asks again once a second, too.
        runs.keep_going(environment)
        return runs.find(environment, big.id).batches_sent >= 3

    wait_for(under_way)
    for size in SIZES:
        async with opened(environment, size, f"runs/{big.id}") as pilot:
            keep(pilot, "run", size)
    await shoot(environment, "exports", "exports")
    await shoot(environment, "home", "home")
    sandbox.ask("settings", {"latency": 0.0, "processing_seconds": 0.5}, method="PUT")
    wait_for(lambda: runs.stopped(runs.find(environment, big.id)))
    await shoot(environment, "run-ended", f"runs/{big.id}")
    await shoot(environment, "history", "exports", "h")
    await shoot(environment, "rejected-rows", f"runs/{big.id}", "e")


def main() -> int:
    """Render; returns the exit code."""
    FOLDER.mkdir(exist_ok=True)
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory(prefix="cctui-screenshots-") as place:
        folder = Path(place)
        settings = {"lists": list(LISTS), "device_interval": 0, "token_rate": 0}
        with running.start(folder / "sandbox", settings=settings) as sandbox:
            environment = prepare(folder, PROFILES, sandbox)
            asyncio.run(everything(environment, sandbox))
    return 0


if __name__ == "__main__":
    sys.exit(main())
