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

from msgspec import structs
from textual.pilot import Pilot

from cctui.access.roles import Operator, Role
from cctui.cli.demo import CONNECTION, EXPORT, LISTS, prepare
from cctui.definitions.environment import Environment
from cctui.definitions.model import ExportId
from cctui.delivery import runs
from cctui.delivery.states import Run, RunId, Status
from cctui.host.clock import SystemClock
from cctui.sandbox import running
from cctui.sandbox.lists import list_id_for
from cctui.sandbox.running import RunningSandbox
from cctui.sandbox.settings import SANDBOX_CLIENT_ID
from cctui.tui.app import CctuiApp
from cctui.tui.screens.sign_in_panel import SignInPanel

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
    """Return when nothing is being read any more; a command whose question is on the screen may wait."""
    quiet = 0
    while quiet < 5:
        await pilot.pause(0.05)
        busy = any(worker.is_running and worker.group != "command" for worker in pilot.app.workers)
        quiet = 0 if busy else quiet + 1


def keep(pilot: Pilot[int], name: str, size: tuple[int, int]) -> None:
    """Write the screen as it is."""
    picture = pilot.app.export_screenshot(title=f"cctui, {name}")
    (FOLDER / f"{name}-{size[0]}x{size[1]}.svg").write_text(picture, encoding="utf-8")
    print(f"{name} {size[0]}x{size[1]}")


async def shoot(environment: Environment, name: str, place: str, *keys: str, seen: str = "") -> None:
    """Open ``place``, press ``keys``, keep the picture when ``seen`` is on it, at both sizes."""
    for size in SIZES:
        async with opened(environment, size, place) as pilot:
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
            while seen not in pilot.app.export_screenshot().replace("&#160;", " "):
                await pilot.pause(0.1)
            keep(pilot, name, size)


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Look again and again until ``condition`` holds."""
    clock = SystemClock()
    until = clock.monotonic() + seconds
    while not condition():
        if clock.monotonic() > until:
            raise SystemExit("what should be on the picture did not happen")
        clock.wait(0.1)


async def signing_in(environment: Environment) -> None:
    """The panel with address, code and QR code, waiting for somebody to type the code."""
    connection = environment.connection(CONNECTION).definition
    for size in SIZES:
        async with opened(environment, size, "connections") as pilot:
            panel = SignInPanel(connection)
            await pilot.app.push_screen(panel)
            while not (panel.code and panel.wait.pending):
                await pilot.pause(0.05)
            keep(pilot, "sign-in", size)
            await pilot.press("escape")


async def settings_and_definitions(environment: Environment) -> None:
    """What is there before anything has run."""
    await shoot(environment, "home-first", "home")
    await shoot(environment, "segments", "segments")
    await shoot(environment, "segment", "segments", "enter")
    await shoot(environment, "segment-exports", "segments", "e")
    await shoot(environment, "system", "system")
    await shoot(environment, "system-schedule", "system", "tab", "e", "up", "space")
    await shoot(environment, "system-general", "system", "tab", "tab")
    await shoot(environment, "system-about", "system", "tab", "tab", "tab")
    await shoot(environment, "permissions", "permissions")
    await shoot(environment, "roles", "permissions", "tab")
    await shoot(environment, "connections", "connections")
    await shoot(environment, "set-up-connection", "connections", "a")
    await shoot(environment, "remove-connection", "connections", "delete")
    await signing_in(environment)
    await shoot(environment, "set-up-export", "exports", "enter", seen="% valid")
    await shoot(environment, "set-up-export-preview", "exports", "enter", "pagedown", "pagedown", "pagedown")
    await shoot(environment, "set-up-export-errors", "exports", "a", "f9")
    await shoot(environment, "lists", "exports", "enter", "ctrl+l")
    await shoot(environment, "schedule-export", "exports", "end", "s")
    await shoot(environment, "help", "exports", "question_mark")
    await shoot(environment, "commands", "exports", "ctrl+p")


def until(environment: Environment, run: RunId, reached: Callable[[Run], bool]) -> None:
    """Wait for a run; workers are kept going as an application does it, once a second."""

    def looked() -> bool:
        runs.keep_going(environment)
        return reached(runs.find(environment, run))

    wait_for(looked)


async def everything(environment: Environment, sandbox: RunningSandbox) -> None:
    """All pictures, in the order in which a newcomer would see them."""
    await settings_and_definitions(environment)

    small = runs.start(environment, OPERATOR, ExportId("reactivation"))
    until(environment, small.id, runs.stopped)
    # A service that takes its time, so that a run can be looked at while it goes on.
    sandbox.ask("settings", {"latency": 1.5, "processing_seconds": 1.0}, method="PUT")
    big = runs.start(environment, OPERATOR, ExportId(EXPORT))
    until(environment, big.id, lambda run: run.batches_sent >= 3)
    for size in SIZES:
        async with opened(environment, size, f"runs/{big.id}") as pilot:
            keep(pilot, "run", size)
    await shoot(environment, "exports", "exports")
    await shoot(environment, "home", "home")
    sandbox.ask("settings", {"latency": 0.0, "processing_seconds": 0.5}, method="PUT")
    until(environment, big.id, runs.stopped)
    await shoot(environment, "run-ended", f"runs/{big.id}")
    await shoot(environment, "batches", f"runs/{big.id}", "b")
    await shoot(environment, "rejected-rows", f"runs/{big.id}", "e")

    export = environment.export("loyalty-tier-change")
    elsewhere = structs.replace(export.definition, list_id=list_id_for("A list of another account"))
    environment.save_export(elsewhere, export.fingerprint)
    failed = runs.start(environment, OPERATOR, ExportId("loyalty-tier-change"))
    until(environment, failed.id, runs.stopped)
    await shoot(environment, "run-failed", f"runs/{failed.id}")

    # The day's requests come to an end in the middle of a run.
    used = sandbox.ask("stats")["keys"][SANDBOX_CLIENT_ID]["today"]
    sandbox.ask("settings", {"daily_quota": used + 6}, method="PUT")
    held = runs.start(environment, OPERATOR, ExportId(EXPORT))
    until(environment, held.id, lambda run: run.status is Status.PAUSED)
    await shoot(environment, "run-paused", f"runs/{held.id}")
    await shoot(environment, "history", "home", "h")
    await shoot(environment, "audit-log", "system", "tab", "tab", "tab", "tab")


def main() -> int:
    """Render; returns the exit code."""
    FOLDER.mkdir(exist_ok=True)
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory(prefix="cctui-screenshots-") as place:
        folder = Path(place)
        settings = {"lists": list(LISTS), "device_interval": 0, "token_rate": 0}
        with running.start(folder / "sandbox", settings=settings) as sandbox:
            environment = prepare(folder, PROFILES, sandbox, operator=OPERATOR)
            asyncio.run(everything(environment, sandbox))
    return 0


if __name__ == "__main__":
    sys.exit(main())
