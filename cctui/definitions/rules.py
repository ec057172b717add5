"""What must hold in a definition beyond its types: ids, names that occur once, time zones, complete schedules."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from msgspec import Struct

from cctui.definitions.list_ids import is_list_id
from cctui.definitions.model import (
    ConnectionDefinition,
    EnvironmentDefinition,
    ExportDefinition,
    ExportSchedule,
    ProfilesSection,
    RefreshSchedule,
    SourceKind,
)
from cctui.definitions.outline import KeyPath
from cctui.definitions.shape import Finding, shown
from cctui.locales import _


def broken_rules(definition: Struct, file_id: str | None = None) -> list[Finding]:
    """Every rule that ``definition`` breaks; ``file_id`` is the name of its file without the ending, if it has one."""
    match definition:
        case EnvironmentDefinition():
            return list(_of_environment(definition))
        case ConnectionDefinition():
            return [*_of_id(definition.id, file_id), *_of_connection(definition)]
        case ExportDefinition():
            return [*_of_id(definition.id, file_id), *_of_export(definition)]
    return []


def _of_id(declared: str, file_id: str | None) -> Iterator[Finding]:
    if file_id is not None and declared != file_id:
        yield Finding(
            ("id",),
            _("The id is not the name of the file."),
            shown(declared),
            _('"{id}", or rename the file').format(id=file_id),
        )


def _of_environment(definition: EnvironmentDefinition) -> Iterator[Finding]:
    zone = definition.environment.time_zone
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        yield Finding(
            ("environment", "time_zone"),
            _("There is no such time zone."),
            shown(zone),
            _("a name of the IANA time zone database, such as {example}").format(example="Europe/Oslo"),
        )
    if definition.profiles is not None:
        yield from _of_profiles(definition.profiles)
    yield from _twice(
        [one.name for one in definition.segments], ("segments",), _("This segment is listed twice."), ("name",)
    )
    for position, segment in enumerate(definition.segments):
        if segment.where is not None and segment.members is not None:
            yield Finding(
                ("segments", position, "members"),
                _("A segment has either a condition or a list of members, not both."),
                allowed=_('"where" or "members"'),
            )
    yield from _of_refresh(definition.schedule)
    yield from _twice([one.name for one in definition.users], ("users",), _("This user is listed twice."), ("name",))
    yield from _twice(
        [one.secret for one in definition.alerts], ("alerts",), _("This alert is listed twice."), ("secret",)
    )
    for position, user in enumerate(definition.users):
        if not user.name.removeprefix("group:").strip():
            yield Finding(
                ("users", position, "name"),
                _("The name of the user is empty."),
                shown(user.name),
                _('a login name, or "group:" and the name of a group'),
            )


def _of_profiles(section: ProfilesSection) -> Iterator[Finding]:
    paths = [section.path] if isinstance(section.path, str) else section.path
    if not paths or not all(path.strip() and "\0" not in path for path in paths):
        yield Finding(("profiles", "path"), _("The path of the profiles is empty."), allowed=_("a folder or files"))
    elif section.kind is not SourceKind.FILES and not isinstance(section.path, str):
        yield Finding(
            ("profiles", "path"),
            _("Only profiles of the kind {kind} are in several places.").format(kind='"files"'),
            shown(section.path),
            _("one path"),
        )


def _of_refresh(schedule: RefreshSchedule) -> Iterator[Finding]:
    yield from _twice(schedule.days, ("schedule", "days"), _("This day is listed twice."))
    yield from _twice(schedule.times, ("schedule", "times"), _("This time is listed twice."))
    if schedule.run and not schedule.times:
        yield _incomplete("times", _("A system refresh that is on needs a time."), '["06:30"]')
    if schedule.run and schedule.repeat == "weekly" and not schedule.days:
        yield _incomplete("days", _("A weekly schedule needs at least one day."), '["mon"]')


def _of_connection(definition: ConnectionDefinition) -> Iterator[Finding]:
    if not definition.client_id.isprintable() or re.search(r"\s", definition.client_id):
        yield Finding(("client_id",), _("The application key holds a blank or a character that cannot be seen."))
    yield from _of_moment(definition.created_at, ("created_at",))
    if definition.consent is not None:
        yield from _of_moment(definition.consent.accepted_at, ("consent", "accepted_at"))
    for name in ("api", "authorization"):
        address = getattr(definition.endpoints, name)
        if not _is_safe_address(address):
            yield Finding(
                ("endpoints", name),
                _("This is not an address that tokens may be sent to."),
                shown(address),
                _("an address with https://, or with http:// on this machine"),
            )


def _of_moment(moment: datetime, where: KeyPath) -> Iterator[Finding]:
    if moment.tzinfo is None:
        yield Finding(
            where,
            _("This date and time does not say its time zone."),
            shown(moment),
            _("Z at the end for UTC, such as {example}").format(example="2026-11-22T10:00:00Z"),
        )


def _is_safe_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.query or parts.fragment or not address.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _of_export(definition: ExportDefinition) -> Iterator[Finding]:
    if not is_list_id(definition.list_id):
        yield Finding(
            ("list_id",),
            _("This is not a Constant Contact list ID."),
            shown(definition.list_id),
            _("the 36 characters at the end of the list's address in Constant Contact, such as {example}").format(
                example="3b1d6c1e-9a52-11ee-8c90-0242ac120002"
            ),
        )
    if not definition.segments:
        yield Finding(("segments",), _("No segment is selected."), allowed=_("at least one segment"))
    for position, segment in enumerate(definition.segments):
        if not segment.strip():
            yield Finding(("segments", position), _("The name of the segment is empty."))
    yield from _twice(definition.segments, ("segments",), _("This segment is selected twice."))
    names = [mapping.attribute.strip().casefold() for mapping in definition.attributes]
    yield from _twice(names, ("attributes",), _("This attribute is mapped twice."), ("attribute",))
    for position, name in enumerate(names):
        if name == "email":
            yield Finding(
                ("attributes", position, "attribute"),
                _("The e-mail address is mapped twice."),
                '"email"',
                _('only "email" in [data_matching]'),
            )
    yield from _of_schedule(definition.schedule)


def _of_schedule(schedule: ExportSchedule) -> Iterator[Finding]:
    yield from _twice(schedule.days, ("schedule", "days"), _("This day is listed twice."))
    yield from _twice(schedule.days_of_month, ("schedule", "days_of_month"), _("This day is listed twice."))
    yield from _twice(schedule.times, ("schedule", "times"), _("This time is listed twice."))
    if schedule.cron is not None and not _is_cron(schedule.cron):
        yield Finding(
            ("schedule", "cron"),
            _("This is not a cron expression."),
            shown(schedule.cron),
            _("five fields: minute, hour, day of the month, month, day of the week"),
        )
    if schedule.run != "custom":
        return
    if schedule.repeat is None:
        yield _incomplete("repeat", _("A schedule of its own needs a recurrence."), '"daily"')
    elif schedule.repeat == "cron":
        if schedule.cron is None:
            yield _incomplete("cron", _("This schedule needs a cron expression."), '"30 6 * * 1-5"')
    elif not schedule.times:
        yield _incomplete("times", _("This schedule needs a time."), '["06:30"]')
    if schedule.repeat == "weekly" and not schedule.days:
        yield _incomplete("days", _("A weekly schedule needs at least one day."), '["mon"]')
    if schedule.repeat == "monthly" and not schedule.days_of_month:
        yield _incomplete("days_of_month", _("A monthly schedule needs at least one day of the month."), "[1]")


def _incomplete(key: str, what: str, example: str) -> Finding:
    return Finding(("schedule", key), what, allowed=f"{key} = {example}")


def _is_cron(expression: str) -> bool:
    """Whether this is a cron expression of five fields that comes due some day."""
    from cronsim import CronSim, CronSimError

    try:
        return (
            len(expression.split()) == 5
            and next(CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC)), None) is not None
        )
    except CronSimError:
        return False


def _twice(values: Sequence[str | int], listed: KeyPath, what: str, key: KeyPath = ()) -> Iterator[Finding]:
    """One finding for each of ``values`` that came before in the list ``listed``, each under ``key`` of its entry."""
    seen = set()
    for position, value in enumerate(values):
        if value in seen:
            yield Finding((*listed, position, *key), what, shown(value))
        seen.add(value)
