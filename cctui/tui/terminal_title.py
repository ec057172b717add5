"""What the title of the terminal says: what goes on, how the last run ended, else where one is.

It leaves the application's own screen, into window lists and the records of a terminal, so it is made harmless once
more as a whole: no control characters, no address, no secret.
"""

from __future__ import annotations

from collections.abc import Sequence

from cctui.delivery.states import STATUS_TITLES, Run, Status
from cctui.locales import _, ngettext, number, percent
from cctui.masking import harmless

_LONGEST = 100
_NAME = 50


def title(environment: str, running: Sequence[Run], ended: Run | None) -> str:
    """The title. ``running`` are the runs that are not over, ``ended`` is the last one that nobody has looked at."""
    if ended is not None:
        words = _named(ended, _(STATUS_TITLES[ended.status]))
    elif len(running) > 1:
        words = ngettext("{count} run goes on", "{count} runs go on", len(running)).format(count=number(len(running)))
    elif running:
        words = _named(running[0], _progress(running[0]))
    else:
        words = harmless(environment, _NAME)
    return harmless(f"{words} – cctui", _LONGEST)


def _named(run: Run, words: str) -> str:
    return f"{harmless(run.export_name, _NAME)}: {words}"


def _progress(run: Run) -> str:
    if run.status is not Status.REFRESHING or not run.planned or not run.totals.sent:
        return _(STATUS_TITLES[run.status])
    # In tenths, so that a title is not written with every request.
    return percent(int(run.contacts_sent / run.totals.sent * 10) / 10)
