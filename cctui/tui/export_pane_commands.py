"""The commands of the pane in which an export is set up, edited or viewed. Letters belong to its fields."""

from __future__ import annotations

from cctui.access.roles import Action
from cctui.locales import N_, _
from cctui.tui.commands import LISTING, Command, Facts

EXPORT = N_("Export")


class ExportPaneFacts(Facts, frozen=True):
    """What stands in the pane.

    ``viewing`` is why nothing can be changed here, ``broken`` tells that the file cannot be read, ``connected`` that a
    connection is chosen, ``attributes_left`` that there are attributes to add, ``running`` the run that is not over.
    """

    viewing: str = ""
    broken: bool = False
    connected: bool = False
    attributes_left: bool = True
    unmasked: bool = False
    running: bool = False


def may_change(facts: ExportPaneFacts) -> str:
    """Why nothing can be changed."""
    if facts.broken:
        return _("This export cannot be read. Mend its file in an editor.")
    return facts.viewing


def may_list(facts: ExportPaneFacts) -> str:
    """Why lists cannot be shown."""
    return may_change(facts) or ("" if facts.connected else _("Choose a connection first."))


def may_add_attribute(facts: ExportPaneFacts) -> str:
    """Why there is nothing to add (checklist F7)."""
    return may_change(facts) or ("" if facts.attributes_left else _("Every attribute is there already."))


def may_dry_run(facts: ExportPaneFacts) -> str:
    """Why there can be no dry run now."""
    return may_change(facts) or (_("This export is running.") if facts.running else "")


COMMANDS = (
    Command(
        "export.save",
        N_("Save"),
        N_("Save and close. Saving does not run the export."),
        ("f9", "ctrl+s"),
        EXPORT,
        hint=N_("Save"),
        why=may_change,
    ),
    Command(
        "export.lists",
        N_("Lists"),
        N_("Choose the list by name from the account, or make a new one."),
        ("ctrl+l", "f4"),
        EXPORT,
        hint=N_("Lists"),
        why=may_list,
    ),
    Command(
        "export.attribute",
        N_("Add attribute"),
        N_("Send one more field of the profiles."),
        ("f6",),
        EXPORT,
        hint=N_("Add attribute"),
        why=may_add_attribute,
    ),
    Command(
        "export.dry_run",
        N_("Dry run"),
        N_("Do everything but send, and leave a report. It needs the saved export."),
        ("f8",),
        EXPORT,
        bar=True,
        why=may_dry_run,
    ),
    Command(
        "export.unmask",
        N_("Show addresses"),
        N_("Show e-mail addresses of the preview in full, or hide them again."),
        ("f7",),
        EXPORT,
        bar=True,
        needs=Action.SEE_ADDRESSES,
        naming=lambda facts: _("Hide addresses") if facts.unmasked else _("Show addresses"),
    ),
    Command(
        "export.read_again",
        N_("Read again"),
        N_("Read profiles, segments and the account again."),
        ("f5",),
        EXPORT,
        bar=True,
    ),
    *LISTING,
)
