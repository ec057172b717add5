"""Run all and Refresh all: the same question, the same refresh (R8)."""

from __future__ import annotations

import asyncio

from cctui.delivery import refresh
from cctui.locales import _, ngettext, number
from cctui.tui.page import Page
from cctui.tui.parts import Tone, shown


async def confirm_and_refresh(page: Page, verb: str) -> None:
    """Name the exports with an active schedule, ask, and run them; what cannot run is skipped with its reason."""
    face = page.face
    plan = await asyncio.to_thread(refresh.plan, face.environment, face.operator)
    if not plan.exports:
        page.notice(_("No export that you may run has an active schedule."), Tone.WARNING)
        return
    question = ngettext("Run {count} export?", "Run {count} exports?", len(plan.exports)).format(
        count=number(len(plan.exports))
    )
    lines = [shown(name) for name in plan.names]
    if plan.left_out:
        names = ", ".join(shown(name, 60) for name in plan.left_out)
        lines += ["", _("Left out, because you may not run them: {names}").format(names=names)]
    if await face.confirm(question, lines, verb):
        asked = await asyncio.to_thread(refresh.ask, face.environment, face.operator, clock=face.clock)
        face.refresh_now()
        text = ngettext("{count} export is to be run.", "{count} exports are to be run.", len(asked.exports))
        page.notice(text.format(count=number(len(asked.exports))), Tone.GOOD)
