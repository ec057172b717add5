"""The commands of Data > Exports."""

from __future__ import annotations

from cctui.access.roles import Action, why_not
from cctui.locales import N_, NC_, _
from cctui.tui.commands import (
    LISTING,
    MARKING,
    SEARCHING,
    Command,
    Facts,
    none_broken,
    one_chosen,
    require,
    something_chosen,
    something_there,
)

EXPORTS = N_("Exports")


def can_be_run(facts: Facts) -> str:
    """Disabled for exports that have no connection or are running already."""
    for choice in facts.chosen:
        if not choice.attached:
            return _("{name} has no connection. Edit it and choose one.").format(name=choice.title)
        if choice.run and len(facts.chosen) == 1:
            return _("{name} is running. Press w to watch it.").format(name=choice.title)
    return ""


def attached(facts: Facts) -> str:
    """Disabled for exports that are detached already."""
    if facts.chosen and not any(choice.attached for choice in facts.chosen):
        return _("There is no connection to detach.")
    return ""


def not_running(facts: Facts) -> str:
    """Disabled while a chosen export runs."""
    for choice in facts.chosen:
        if choice.run:
            return _("{name} is running. Wait for its end, or cancel it first.").format(name=choice.title)
    return ""


def has_run(facts: ExportFacts) -> str:
    """Disabled for an export that never ran."""
    return "" if facts.last_run else _("This export has never run.")


def something_removed(facts: ExportFacts) -> str:
    """Disabled while nothing was removed in this session."""
    return "" if facts.removed else _("Nothing was removed since you opened cctui.")


def may_add(facts: ExportFacts) -> str:
    """Disabled for viewers."""
    return why_not(facts.operator, Action.CHANGE_EXPORT)


class ExportFacts(Facts, frozen=True):
    """What the exports page knows beyond rows: the last run under the cursor, and removals to undo."""

    last_run: str = ""
    removed: int = 0


def edit_or_view(facts: Facts) -> str:
    """Edit for those who may, View for the others (checklist X10)."""
    choice = facts.chosen[0] if facts.chosen else None
    if choice is not None and why_not(facts.operator, Action.CHANGE_EXPORT, choice.sharing):
        return _("View")
    return _("Edit")


COMMANDS = (
    Command(
        "exports.add",
        N_("Add export"),
        N_("Set up a new export."),
        ("a",),
        EXPORTS,
        bar=True,
        why=may_add,
    ),
    Command(
        "exports.run_all",
        N_("Run all"),
        N_("Run every export with an active schedule."),
        ("R",),
        EXPORTS,
        bar=True,
        asks=True,
        why=require(may_add, something_there),
    ),
    Command(
        "exports.open",
        N_("Edit"),
        N_("Open the export, to change it or to look at it."),
        ("enter", "e"),
        EXPORTS,
        hint=N_("Edit"),
        why=something_chosen,
        naming=edit_or_view,
    ),
    Command(
        "exports.run",
        NC_("action", "Run"),
        N_("Run the chosen exports now."),
        ("r",),
        EXPORTS,
        hint=NC_("action", "Run"),
        needs=Action.RUN_EXPORT,
        why=require(something_chosen, none_broken, can_be_run),
    ),
    Command(
        "exports.watch",
        N_("Watch"),
        N_("Open the last run of the export, live while it goes on."),
        ("w",),
        EXPORTS,
        hint=N_("Watch"),
        why=require(one_chosen, has_run),
    ),
    Command(
        "exports.history",
        N_("History"),
        N_("Every run of the export."),
        ("h",),
        EXPORTS,
        why=require(one_chosen, has_run),
    ),
    Command(
        "exports.duplicate",
        N_("Create duplicate"),
        N_("Set up a new export like this one."),
        ("d",),
        EXPORTS,
        hint=NC_("action", "Duplicate"),
        needs=Action.CHANGE_EXPORT,
        why=require(one_chosen, none_broken),
    ),
    Command(
        "exports.schedule",
        NC_("action", "Schedule"),
        N_("Say when the chosen exports run by themselves."),
        ("s",),
        EXPORTS,
        hint=NC_("action", "Schedule"),
        needs=Action.CHANGE_EXPORT,
        why=require(something_chosen, none_broken),
    ),
    Command(
        "exports.detach",
        N_("Detach connection"),
        N_("Keep the export, take its connection away. It does not run until it has one again."),
        ("x",),
        EXPORTS,
        hint=N_("Detach connection"),
        needs=Action.DETACH_EXPORT,
        asks=True,
        why=require(something_chosen, none_broken, attached),
    ),
    Command(
        "exports.remove",
        N_("Remove"),
        N_("Remove the chosen exports; u brings them back in this session."),
        ("delete", "backspace"),
        EXPORTS,
        hint=N_("Remove"),
        needs=Action.CHANGE_EXPORT,
        asks=True,
        why=require(something_chosen, not_running),
    ),
    Command(
        "exports.undo",
        N_("Undo removal"),
        N_("Bring back what was removed last."),
        ("u",),
        EXPORTS,
        why=something_removed,
    ),
    *LISTING,
    *SEARCHING,
    *MARKING,
)
