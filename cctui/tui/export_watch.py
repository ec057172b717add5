"""What is known about the choice in the pane of an export, and what has to be read because of it.

Kept apart from the screen: a choice must rest for a moment before it is matched or looked up, and only facts about the
present choice count.
"""

from __future__ import annotations

from collections.abc import Callable

from cctui.definitions.model import ConnectionDefinition, ListId
from cctui.tui import export_lines as says
from cctui.tui.export_draft import Draft
from cctui.tui.export_facts import (
    Asked,
    CustomFieldsRead,
    ExportReader,
    Fact,
    ListRead,
    PreviewRead,
    SourceFields,
)
from cctui.tui.segment_reading import SegmentList

Later = Callable[[str, Callable[[], None]], None]
"""Does something when the choice has rested; asked again under the same name, it begins anew."""


class ExportWatch:
    """The facts of one pane. ``looked`` is called when a request has left and something may look different."""

    def __init__(self, reader: ExportReader, later: Later, looked: Callable[[], None], *, account_fields: bool) -> None:
        self._reader = reader
        self._later = later
        self._looked = looked
        self._account_fields = account_fields
        self._asked: Asked | None = None
        self._place: tuple[str, ListId | None] | None = None
        self._connection: ConnectionDefinition | None = None
        self._looking_up = False
        self._list: ListRead | None = None
        self.source: SourceFields | None = None
        self.custom: CustomFieldsRead | None = None
        self._read: PreviewRead | None = None

    def begin(self) -> None:
        """Read the fields of the profiles."""
        self._reader.read_fields()

    def stop(self) -> None:
        """Nothing is wanted any more."""
        self._reader.stop()

    @property
    def read(self) -> PreviewRead | None:
        """The preview of the present choice, as soon as there is one."""
        return self._read if self._read is not None and self._read.asked == self._asked else None

    @property
    def matching(self) -> bool:
        """Whether a preview is on its way."""
        return self._asked is not None and self.read is None

    @property
    def list_read(self) -> ListRead | None:
        """What is known of the list that is chosen now."""
        found = self._list
        return found if found and (found.connection, found.list_id) == self._place else None

    @property
    def looking_up(self) -> bool:
        """Whether the list is being looked up."""
        return self._looking_up

    @property
    def busy(self) -> bool:
        """Whether anything that was asked for has not come yet."""
        account = self._account_fields and self._connection is not None and self.custom is None
        return self.source is None or self.matching or self.looking_up or account

    def know_list(self, read: ListRead) -> None:
        """The list was just chosen from the account: there is nothing to look up."""
        self._list = read

    def choice(self, draft: Draft, connection: ConnectionDefinition | None, known: SegmentList) -> None:
        """The pane says this now; read what follows from it."""
        self._want_account(draft, connection)
        self._want_preview(draft, known)

    def look_again(self) -> None:
        """Read everything anew."""
        self._list, self.custom, self._place = None, None, None
        self._asked = self._read = None
        self._reader.read_fields()

    def take(self, fact: Fact) -> None:
        """A fact has come."""
        if isinstance(fact, SourceFields):
            self.source = fact
        elif isinstance(fact, PreviewRead):
            self._read = fact
        elif isinstance(fact, ListRead):
            self._list, self._looking_up = fact, False
        else:
            self.custom = fact

    def _want_account(self, draft: Draft, connection: ConnectionDefinition | None) -> None:
        place = (connection.id, draft.list_id) if connection is not None else None
        if place == self._place:
            return
        if self._place is None or place is None or self._place[0] != place[0]:
            self.custom = None
        self._place, self._connection = place, connection
        self._looking_up = bool(place and place[1]) and self.list_read is None
        if place is not None:
            self._later("account", self._ask_account)

    def _ask_account(self) -> None:
        if self._connection is None or self._place is None:
            return
        list_id = self._place[1]
        if list_id is not None and self.list_read is None:
            self._reader.read_list(self._connection, list_id)
        if self.custom is None and self._account_fields:
            self._reader.read_custom_fields(self._connection)

    def _want_preview(self, draft: Draft, known: SegmentList) -> None:
        wanted = self._wanted(draft, known)
        if wanted != self._asked:
            self._asked = wanted
            self._reader.cancel_preview()
            if wanted is not None:
                self._later("preview", self._ask_preview)

    def _wanted(self, draft: Draft, known: SegmentList) -> Asked | None:
        segments = says.known_names(known, draft.segments)
        if not segments or self.source is None or draft.email not in self.source.names:
            return None
        if says.too_large(known, draft.segments):
            return None
        mapped = tuple(mapping for mapping in draft.attributes if mapping.field in self.source.names)
        return Asked(segments, draft.email, mapped, draft.suppress_opted_out)

    def _ask_preview(self) -> None:
        if self._asked is not None:
            self._reader.read_preview(self._asked)
            self._looked()
