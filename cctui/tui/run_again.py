"""Running an export again from the screens of a run that is over: all of it, or only what was rejected."""

from __future__ import annotations

import asyncio

from cctui.delivery import runs
from cctui.delivery.ledger import AlreadyRunning
from cctui.delivery.states import Run
from cctui.locales import _
from cctui.tui.page import Page
from cctui.tui.parts import shown


async def run_again(page: Page, run: Run, *, only_rejected: bool = False) -> None:
    """Start a new run in the place of ``page`` and watch it; where one goes on already, say so and watch that one."""
    from cctui.tui.screens.run import RunScreen

    face, told = page.face, ""
    try:
        new = await asyncio.to_thread(
            runs.start,
            face.environment,
            face.operator,
            run.export,
            only_rejected_of=run.id if only_rejected else None,
        )
    except AlreadyRunning as other:
        new = other.run
        told = _("A run started by {who} goes on already. This is it; no other one was started.").format(
            who=shown(new.started_by, 40)
        )
    # Not awaited: this command is work of the screen that goes away.
    page.app.call_later(page.app.switch_screen, RunScreen(new.id, told=told))
