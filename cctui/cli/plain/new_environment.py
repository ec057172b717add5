"""A new environment, where somebody starts cctui without one: asked for line by line, in the application too."""

from __future__ import annotations

from zoneinfo import available_timezones

from cctui.cli.plain.conversation import Back, Conversation
from cctui.definitions.environment import Environment
from cctui.definitions.model import EnvironmentDefinition, EnvironmentSection, ProfilesSection, SourceKind
from cctui.locales import _
from cctui.masking import printable


def make(talk: Conversation, environment: Environment) -> None:
    """Ask for what ``environment.toml`` needs and write it. Raises :class:`Back` where nobody wants one."""
    talk.say(_("There is no environment in {folder}.").format(folder=printable(str(environment.root), 400)))
    if not talk.sure(_("Make one there?"), default=False):
        raise Back
    name = talk.text(_("Name"), why_not=lambda text: "" if text else _("Give it a name."))
    zone = talk.text(_("Time zone"), default=_zone_here(), why_not=_why_no_zone)
    kind = talk.choose(
        _("Profile source"),
        [
            (_("Storage export of Customer Insights, a folder"), SourceKind.FOLDER),
            (_("Parquet or CSV files"), SourceKind.FILES),
        ],
        default=SourceKind.FOLDER,
    )
    path = talk.text(_("Folder") if kind is SourceKind.FOLDER else _("File"), why_not=_why_no_path)
    Environment.create(
        environment.root,
        EnvironmentDefinition(
            environment=EnvironmentSection(name=name, time_zone=zone), profiles=ProfilesSection(kind=kind, path=path)
        ),
    )
    talk.say(_("Saved: {name}").format(name=printable(name)))


def _zone_here() -> str:
    """The time zone of this box, UTC where it has none with a name."""
    from babel.dates import LOCALTZ

    name = str(getattr(LOCALTZ, "key", "UTC")).removeprefix("Etc/")
    return name if name in available_timezones() else "UTC"


def _why_no_zone(text: str) -> str:
    return "" if text in available_timezones() else _("There is no such time zone.")


def _why_no_path(text: str) -> str:
    return "" if text else _("The path of the profiles is empty.")
