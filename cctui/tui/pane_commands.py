"""The commands of the panes for schedules, general settings and users. Letters belong to their fields."""

from __future__ import annotations

from cctui.access.roles import Action
from cctui.locales import N_
from cctui.tui.commands import Command, Facts


class PaneFacts(Facts, frozen=True):
    """Why nothing can be saved at this moment; empty where it can."""

    why_no_save: str = ""


def save(area: str, title: str, needs: Action | None) -> Command:
    """The Save of a pane; ``title`` is its group in the help."""
    return Command(
        f"{area}.save",
        N_("Save"),
        N_("Save and close."),
        ("f9",),
        title,
        hint=N_("Save"),
        needs=needs,
        why=lambda facts: facts.why_no_save,
    )
