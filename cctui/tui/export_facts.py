"""What the pane of an export reads in the background: fields of the profiles, previews, and the account.

Each kind of fact is an errand of its own, so that a slow account never holds up a preview. Nothing here knows a widget.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import closing

from msgspec import Struct

from cctui.constant_contact.answers import ContactList, CustomField, Usage
from cctui.constant_contact.client import Client, open_client
from cctui.constant_contact.errors import NotThere
from cctui.constant_contact.limits import usage
from cctui.definitions.environment import Environment
from cctui.definitions.model import AttributeMapping, ConnectionDefinition, EnvironmentDefinition, ListId
from cctui.errors import CctuiError
from cctui.host.clock import Clock
from cctui.matching.mapping import Matching, mapping_problems, preselect_email, suppress_fields
from cctui.matching.preview import preview
from cctui.matching.results import MatchingCanceled, Preview
from cctui.profiles.opening import open_source
from cctui.profiles.source import Attribute, SegmentName, Source, SourceError, first_members
from cctui.tui.errands import Canceled, Errand
from cctui.tui.export_health import segment_names

PREVIEW_ROWS = 5
_SAMPLE_ROWS = 200


class SourceFields(Struct, frozen=True):
    """The fields of the profiles, and which one is most likely the e-mail address (``None`` where none looks so)."""

    attributes: tuple[Attribute, ...] = ()
    email: str | None = None
    problem: CctuiError | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields."""
        return frozenset(attribute.name for attribute in self.attributes)

    @property
    def opted_out(self) -> tuple[str, ...]:
        """The fields that forbid mail."""
        return suppress_fields(self.attributes)


class Asked(Struct, frozen=True):
    """What a preview is asked for; a preview belongs to exactly this."""

    segments: tuple[SegmentName, ...]
    email: str
    attributes: tuple[AttributeMapping, ...]
    suppress_opted_out: bool


class PreviewRead(Struct, frozen=True):
    """What came of a preview: the preview, or why there is none. ``misfits`` are fields that a segment lacks."""

    asked: Asked
    preview: Preview | None = None
    misfits: tuple[str, ...] = ()
    opted_out: tuple[str, ...] = ()
    problem: CctuiError | None = None


class ListRead(Struct, frozen=True):
    """The list behind an id. Without ``found`` and ``problem`` the account does not have it."""

    connection: str
    list_id: ListId
    found: ContactList | None = None
    problem: CctuiError | None = None


class CustomFieldsRead(Struct, frozen=True):
    """The custom fields of an account."""

    connection: str
    fields: tuple[CustomField, ...] = ()
    problem: CctuiError | None = None


Fact = SourceFields | PreviewRead | ListRead | CustomFieldsRead


class ExportReader:
    """Reads for one pane. ``tell`` is called from other threads, once for each request that still counts."""

    def __init__(self, environment: Environment, clock: Clock, tell: Callable[[Fact], object]) -> None:
        self._environment = environment
        self._clock = clock
        self._fields = Errand[Fact]("fields", tell)
        self._preview = Errand[Fact]("preview", tell)
        self._list = Errand[Fact]("list", tell)
        self._custom = Errand[Fact]("custom fields", tell)

    def read_fields(self) -> None:
        """Read the fields of the profiles."""
        self._fields.ask(lambda _canceled: read_source_fields(self._environment))

    def read_preview(self, asked: Asked) -> None:
        """Match as a run would, and cancel what was being matched before."""
        self._preview.ask(lambda canceled: matched(self._environment, asked, canceled))

    def cancel_preview(self) -> None:
        """The choice has changed: what is being matched is no longer wanted."""
        self._preview.cancel()

    def read_list(self, connection: ConnectionDefinition, list_id: ListId) -> None:
        """Look up a list in the account."""
        self._list.ask(lambda _canceled: self._looked_up(connection, list_id))

    def read_custom_fields(self, connection: ConnectionDefinition) -> None:
        """Read the custom fields of the account."""
        self._custom.ask(lambda canceled: self._custom_fields(connection, canceled))

    def stop(self) -> None:
        """Nothing is wanted any more."""
        for errand in (self._fields, self._preview, self._list, self._custom):
            errand.stop()

    def _looked_up(self, connection: ConnectionDefinition, list_id: ListId) -> ListRead:
        try:
            with _client(self._environment, connection, self._clock) as client:
                return ListRead(connection.id, list_id, client.contact_list(list_id))
        except NotThere:
            return ListRead(connection.id, list_id)
        except CctuiError as problem:
            return ListRead(connection.id, list_id, problem=problem)

    def _custom_fields(self, connection: ConnectionDefinition, canceled: Canceled) -> CustomFieldsRead:
        found: list[CustomField] = []
        try:
            with _client(self._environment, connection, self._clock) as client:
                for field in client.custom_fields():
                    if canceled():
                        break
                    found.append(field)
        except CctuiError as problem:
            return CustomFieldsRead(connection.id, tuple(found), problem)
        return CustomFieldsRead(connection.id, tuple(found))


def read_source_fields(environment: Environment) -> SourceFields:
    """The fields of the profiles; blocks while they are read."""
    try:
        definition, opened = _open(environment)
        with closing(opened) as source:
            attributes = tuple(source.attributes())
            email = preselect_email(attributes)
            if email is None:
                segments = segment_names(definition, source)
                email = preselect_email(attributes, _samples(source, segments, attributes))
            return SourceFields(attributes, email)
    except CctuiError as problem:
        return SourceFields(problem=problem)


def matched(environment: Environment, asked: Asked, canceled: Canceled) -> PreviewRead:
    """What a run would do; blocks while the profiles are read and matched."""
    try:
        _definition, opened = _open(environment)
        with closing(opened) as source:
            attributes = _common(source, asked.segments)
            misfits = mapping_problems(asked.email, asked.attributes, attributes)
            opted_out = suppress_fields(attributes)
            if misfits:
                return PreviewRead(asked, misfits=tuple(misfits), opted_out=opted_out)
            matching = Matching(asked.email, asked.attributes, opted_out if asked.suppress_opted_out else ())
            found = preview(source, asked.segments, matching, rows=PREVIEW_ROWS, cancelled=canceled)
            return PreviewRead(asked, found, opted_out=opted_out)
    except MatchingCanceled:
        return PreviewRead(asked)
    except CctuiError as problem:
        return PreviewRead(asked, problem=problem)


def _open(environment: Environment) -> tuple[EnvironmentDefinition, Source]:
    definition = environment.read().definition
    return definition, open_source(environment.root, definition.profiles, definition.segments)


class ListsRead(Struct, frozen=True):
    """The account's lists as far as they are read: page by page, ``whole`` with the last one."""

    lists: tuple[ContactList, ...] = ()
    whole: bool = False
    problem: CctuiError | None = None


class ListCreated(Struct, frozen=True):
    """A list that was made, or why it was not."""

    created: ContactList | None = None
    problem: CctuiError | None = None


class AccountLists:
    """The lists of one connection's account, for the picker: reads them in pages and makes new ones."""

    _PAGE = 500

    def __init__(
        self,
        environment: Environment,
        connection: ConnectionDefinition,
        clock: Clock,
        tell: Callable[[ListsRead | ListCreated], object],
    ) -> None:
        self._environment = environment
        self._connection = connection
        self._clock = clock
        self._tell = tell
        self._reading = Errand[ListsRead | ListCreated]("lists", tell)
        self._making = Errand[ListsRead | ListCreated]("new list", tell)

    def read(self) -> None:
        """Read all lists; every page is told at once."""
        self._reading.ask(self._read)

    def create(self, name: str) -> None:
        """Make a list called ``name``."""
        self._making.ask(lambda _canceled: self._create(name))

    def stop(self) -> None:
        """Nothing is wanted any more."""
        self._reading.stop()
        self._making.stop()

    def _read(self, canceled: Canceled) -> ListsRead:
        found: list[ContactList] = []
        try:
            with _client(self._environment, self._connection, self._clock) as client:
                for one in client.lists():
                    if canceled():
                        break
                    found.append(one)
                    if len(found) % self._PAGE == 0:
                        self._tell(ListsRead(tuple(found)))
        except CctuiError as problem:
            return ListsRead(tuple(found), problem=problem)
        return ListsRead(tuple(found), whole=True)

    def _create(self, name: str) -> ListCreated:
        try:
            with _client(self._environment, self._connection, self._clock) as client:
                return ListCreated(client.create_list(name))
        except CctuiError as problem:
            return ListCreated(problem=problem)


def todays_use(environment: Environment, connection: ConnectionDefinition) -> Usage | None:
    """The calls of the connection's key today; ``None`` where the count cannot be read. Quick: a small local file."""
    try:
        return usage(environment.limits_path, connection.client_id)
    except CctuiError:
        return None


def _client(environment: Environment, connection: ConnectionDefinition, clock: Clock) -> Client:
    return open_client(connection, environment.secrets_folder, environment.limits_path, clock=clock)


def _common(source: Source, segments: Sequence[SegmentName]) -> list[Attribute]:
    """The fields that every segment has, in the order of the first one."""
    of_each = [source.attributes(segment) for segment in segments]
    names = set.intersection(*({attribute.name for attribute in attributes} for attributes in of_each))
    return [attribute for attribute in of_each[0] if attribute.name in names]


def _samples(
    source: Source, segments: Sequence[SegmentName], attributes: Sequence[Attribute]
) -> dict[str, list[str | None]]:
    """Some values of every field, from the first segment that has members."""
    names = [attribute.name for attribute in attributes]
    for segment in segments:
        with contextlib.suppress(SourceError):
            members = first_members(source, segment, names, _SAMPLE_ROWS)
            if members:
                return {name: [member[index] for member in members] for index, name in enumerate(names, start=1)}
    return {}
