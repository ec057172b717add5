"""The commands of the System page."""

from __future__ import annotations

from enum import IntEnum

from cctui.access.roles import Action, why_not
from cctui.locales import N_, _
from cctui.tui.commands import LISTING, Command, Facts
from cctui.tui.system_lines import PREFERENCE, THEME

SYSTEM = N_("System")


class Tab(IntEnum):
    """The tabs in their order."""

    STATUS = 0
    SCHEDULE = 1
    GENERAL = 2
    ABOUT = 3
    AUDIT = 4


TAB_TITLES = {
    Tab.STATUS: N_("Status"),
    Tab.SCHEDULE: N_("Schedule"),
    Tab.GENERAL: N_("General"),
    Tab.ABOUT: N_("About"),
    Tab.AUDIT: N_("Audit log"),
}


class SystemFactsForCommands(Facts, frozen=True):
    """Which tab is open, and what the cursor stands on."""

    tab: Tab = Tab.STATUS
    target: str = ""


def something_to_open(facts: SystemFactsForCommands) -> str:
    """Disabled where the cursor stands on nothing."""
    return "" if facts.target else _("There is nothing to open on this line.")


def see_or_switch(facts: SystemFactsForCommands) -> str:
    """What Enter does."""
    if facts.tab is not Tab.GENERAL:
        return _("See details")
    return _("Use these colours") if facts.target.startswith(f"{PREFERENCE}/{THEME}") else _("Turn on or off")


def may_edit(facts: SystemFactsForCommands) -> str:
    """Disabled on tabs that only tell, and for those who may not."""
    if facts.tab not in {Tab.SCHEDULE, Tab.GENERAL}:
        return _("Schedule and General can be edited. Tab goes to them.")
    if facts.tab is Tab.GENERAL:
        # Everybody may choose a language of their own there.
        return ""
    return why_not(facts.operator, Action.CHANGE_SYSTEM)


COMMANDS = (
    Command("system.tab", N_("Next tab"), N_("Go to the next tab."), ("tab", "right"), SYSTEM, hint=N_("Next tab")),
    Command("system.former_tab", N_("Previous tab"), N_("Go to the tab before."), ("shift+tab", "left"), SYSTEM),
    Command(
        "system.open",
        N_("See details"),
        N_("Open the last runs of the export, the segment, or the error under the cursor; or change a choice."),
        ("enter", "space"),
        SYSTEM,
        hint=N_("See details"),
        why=something_to_open,
        naming=see_or_switch,
    ),
    Command(
        "system.edit",
        N_("Edit"),
        N_("Change the refresh schedule, or language and format."),
        ("e",),
        SYSTEM,
        bar=True,
        hint=N_("Edit"),
        why=may_edit,
    ),
    Command(
        "system.refresh_all",
        N_("Refresh all"),
        N_("Run every export with an active schedule now."),
        ("R",),
        SYSTEM,
        bar=True,
        needs=Action.RUN_EXPORT,
        asks=True,
    ),
    Command("system.history", N_("History"), N_("Every run, newest first."), ("h",), SYSTEM, bar=True),
    *LISTING,
)
