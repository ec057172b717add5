"""``cctui segments``: what the profile source offers."""

from __future__ import annotations

import click

from cctui.access.roles import Action, require
from cctui.cli import completion
from cctui.cli.session import Session, in_session, print_facts, print_table
from cctui.errors import UsageError
from cctui.locales import _, number, relative_time
from cctui.masking import mask, printable


@click.group("segments", help=_("Segments of the profile source."))
def segments() -> None:
    pass


@segments.command("list", help=_("Names, type, state and member count."))
@click.option("--no-count", is_flag=True, help=_("Do not count the members."))
@in_session
def list_segments(session: Session, no_count: bool) -> None:
    from cctui.definitions.model import SEGMENT_KIND_TITLES, SEGMENT_STATE_TITLES
    from cctui.profiles.opening import open_source
    from cctui.profiles.source import counted

    definition = session.environment.read().definition
    source = open_source(session.environment.root, definition.profiles, definition.segments)
    found = source.segments()
    if not no_count:
        found = [counted(source, segment) for segment in found]
    if session.as_json:
        session.emit(found)
        return
    print_table(
        [_("Name"), _("Display name"), _("Type"), _("State"), _("Members"), _("Last refreshed")],
        (
            [
                printable(segment.name),
                printable(segment.display_name),
                _(SEGMENT_KIND_TITLES[segment.kind]),
                segment.problem or _(SEGMENT_STATE_TITLES[segment.state]),
                "" if segment.members is None else number(segment.members),
                relative_time(segment.last_refreshed),
            ]
            for segment in found
        ),
        _("The profile source has no segments."),
    )


@segments.command("show", help=_("One segment: its attributes and its first members."))
@click.argument("name", shell_complete=completion.segments)
@click.option("--rows", default=5, show_default=True, type=click.IntRange(0, 100), help=_("How many members."))
@click.option("--unmasked", is_flag=True, help=_("Show whole e-mail addresses."))
@in_session
def show_segment(session: Session, name: str, rows: int, unmasked: bool) -> None:
    from cctui.profiles.opening import open_source
    from cctui.profiles.source import SegmentName, counted, first_members

    if unmasked:
        require(session.operator, Action.SEE_ADDRESSES)
    definition = session.environment.read().definition
    source = open_source(session.environment.root, definition.profiles, definition.segments)
    known = {segment.name: segment for segment in source.segments()}
    if name not in known:
        raise UsageError(
            _("There is no segment {name}.").format(name=printable(name)), do=_("See: cctui segments list")
        )
    segment = counted(source, known[SegmentName(name)])
    attributes = source.attributes(segment.name)
    if session.as_json:
        session.emit({"segment": segment, "attributes": attributes})
        return
    print_facts(
        [
            (_("Name"), printable(segment.name)),
            (_("Display name"), printable(segment.display_name)),
            (_("Members"), "" if segment.members is None else number(segment.members)),
            (_("Last refreshed"), relative_time(segment.last_refreshed)),
        ]
    )
    click.echo()
    shown = [attribute.name for attribute in attributes]
    print_table(
        [printable(title) for title in shown],
        (
            [printable(value if unmasked else mask(value)) for value in member[1:]]
            for member in first_members(source, segment.name, shown, rows)
        ),
        _("This segment has no members."),
    )
