"""What one does on a page, in numbered steps, what is limited, and what things were called before.

The steps are the documented procedures in our own words. Keys are no business of this module: they come from the one
table of commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cctui.locales import N_, _, number

_MOST_PROFILES = 1_000_000


class Topic(Struct, frozen=True):
    """A procedure: its title, and its steps in their order, marked for translation."""

    title: str
    steps: tuple[str, ...]


CONNECTION = Topic(
    N_("Set up a connection"),
    (
        N_("Open Connections and choose Add connection."),
        N_("Give it a display name that says its purpose and its target."),
        N_("Choose who can use the connection: administrators only, or contributors too."),
        N_("Read about data privacy and compliance, and agree."),
        N_("Choose Connect, then authenticate with Constant Contact as an administrator of the account."),
        N_("Add yourself as export user, and save."),
    ),
)
REMOVAL = Topic(
    N_("Remove a connection"),
    (
        N_("Choose the connection, then Remove."),
        N_("If exports use it, they are listed: remove them or detach them."),
        N_("Then remove the connection."),
    ),
)
EXPORT = Topic(
    N_("Set up an export"),
    (
        N_("Open Exports and choose Add export."),
        N_("Choose the connection for the export, and give the export a display name."),
        N_("Enter the ID of the Constant Contact list, or choose the list by its name."),
        N_("Under Data matching, choose the field that holds the e-mail address. Without it nothing can be sent."),
        N_("Add first name, last name and other attributes as you like."),
        N_("Select the segments, and save. Saving does not run the export."),
    ),
)
RUN = Topic(
    N_("Run and schedule exports"),
    (
        N_("Run sends the chosen exports now, whatever their schedule says."),
        N_("Run all sends every export with an active schedule."),
        N_("Schedule says when an export runs by itself: with every system refresh, at times of its own, or never."),
        N_("Watch shows a run while it goes on, with every request and every rejected row."),
    ),
)
SEGMENTS = Topic(
    N_("Look at segments and export them"),
    (
        N_("View shows the attributes of a segment and its first members."),
        N_("Manage exports shows which exports contain the segment, and adds it to others."),
    ),
)
SYSTEM = Topic(
    N_("Set up the system refresh and the language"),
    (
        N_("On the tab Schedule, switch the system refresh on, choose days and times, and save."),
        N_("On the tab General, choose your language and that of the environment."),
        N_("There, choose your colours, too: Up and Down go to them, Enter chooses. F2 goes to the next."),
        N_("On the tab Status, see how every task went last."),
    ),
)
PERMISSIONS = Topic(
    N_("Give users a role"),
    (
        N_("Choose Add user, and name a user or a group of the operating system."),
        N_("Choose the role: viewers look, contributors work with shared connections, administrators do everything."),
    ),
)

ALL = (CONNECTION, EXPORT, RUN, SEGMENTS, REMOVAL, SYSTEM, PERMISSIONS)
_OF_PLACE = {
    "exports": (EXPORT, RUN),
    "connections": (CONNECTION, REMOVAL),
    "segments": (SEGMENTS,),
    "system": (SYSTEM,),
    "permissions": (PERMISSIONS,),
}
_FORMER_NAMES = (
    (N_("Add destination"), N_("Add export")),
    (N_("Export destinations"), N_("Exports")),
    (N_("Disconnect"), N_("Detach connection")),
    (N_("Security"), N_("Permissions")),
)
"""What older documents call something, and what it is called now."""


def topics_of(place: str) -> tuple[Topic, ...]:
    """The procedures of a page by its place in the menu; Home has the way from nothing to a first run."""
    return _OF_PLACE.get(place, (CONNECTION, EXPORT, RUN))


def limits() -> list[str]:
    """Known limitations, a sentence each."""
    return [
        _("One export takes at most {limit} profiles.").format(limit=number(_MOST_PROFILES)),
        _("Only segments are exported."),
        _("A field with the e-mail address is needed."),
        _("Your contract with Constant Contact may allow less."),
        _("After a run it can take up to an hour until all contacts are seen in Constant Contact."),
    ]


def former_names() -> list[str]:
    """What the older documents call otherwise, a sentence each."""
    return [_("“{former}” is called “{name}” here.").format(former=_(old), name=_(new)) for old, new in _FORMER_NAMES]


def blocks(topics: Iterable[Topic]) -> Iterator[tuple[str, list[str]]]:
    """Titles, each with its lines: the procedures numbered, then limitations and former names."""
    for topic in topics:
        yield _(topic.title), [f"{index}. {_(step)}" for index, step in enumerate(topic.steps, start=1)]
    yield _("Known limitations"), limits()
    yield _("In older documents"), former_names()


def found(query: str) -> Iterator[tuple[str, list[str]]]:
    """The blocks of all help that hold every word of ``query``, with the lines that hold one."""
    words = query.casefold().split()
    for title, lines in blocks(ALL):
        text = f"{title} {' '.join(lines)}".casefold()
        if words and all(word in text for word in words):
            hits = [line for line in lines if any(word in line.casefold() for word in words)]
            yield title, hits or lines
