"""A connection as it stands in the pane, not saved yet: what it still lacks, and what would be lost.

Order and gating are those of the documents (checklist C6 to C14). Sentences that a disabled button answers with are
made here, from plain facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from cctui.access.roles import Sharing
from cctui.definitions.environment import Broken, Stored
from cctui.definitions.model import ConnectionDefinition, Endpoints, EnvironmentDefinition, SourceKind
from cctui.locales import _
from cctui.tui.parts import shown

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST_NAME = 255


class Service(Struct, frozen=True):
    """A service that a new connection can be made to. ``client_id`` is a key that is known there, empty for none."""

    title: str
    endpoints: Endpoints
    client_id: str = ""


class ConnectionDraft(Struct, frozen=True, kw_only=True):
    """What has been entered. ``account`` is the account of the sign-in, shown; ``saved_key`` the key on the disk."""

    display_name: str = ""
    client_id: str = ""
    sharing: Sharing = Sharing.ADMINISTRATORS
    agreed: bool = False
    connected: bool = False
    account: str = ""
    export_user: str = ""
    endpoints: Endpoints = Endpoints()
    saved_key: str = ""
    other_names: frozenset[str] = frozenset()

    @property
    def is_new(self) -> bool:
        """Whether there is no file of it yet."""
        return not self.saved_key

    def name_problem(self) -> str:
        """What is wrong with the display name (C6), else empty."""
        name = self.display_name.strip()
        if not name:
            return _("Enter a display name.")
        if len(name) > _LONGEST_NAME:
            return _("The display name is too long.")
        if not name.isprintable():
            return _("The display name holds a character that cannot be seen.")
        if name.casefold() in self.other_names:
            return _("There is a connection of this name already.")
        return ""

    def key_problem(self) -> str:
        """What is wrong with the application key, else empty. A key that is saved already is not judged anew."""
        key = clean_key(self.client_id)
        if not key:
            return _("Enter the application key.")
        if key != self.saved_key and not _UUID.fullmatch(key):
            return _("A key looks like this: {key}").format(key="5a0c7e11-0d15-4b0e-9c1a-5bd0c0ffee01")
        return ""

    def why_no_connect(self) -> str:
        """Why Connect is disabled (C11: it comes after consent), else empty."""
        return self._why_not_named() or ("" if self.agreed else _("Agree to data privacy first."))

    def why_no_sign_in(self) -> str:
        """Why the sign-ins are disabled (C12: they come after Connect), else empty."""
        return self.why_no_connect() or ("" if self.connected else _("Choose Connect first."))

    def why_no_save(self) -> str:
        """Why Save is disabled (C14), else empty. A saved connection can be renamed and shared while signed out."""
        if self.is_new:
            return (
                self.why_no_sign_in()
                or ("" if self.account else _("Authenticate with Constant Contact first."))
                or ("" if self.export_user else _("Add yourself as export user first."))
            )
        problem = self._why_not_named()
        if not problem and clean_key(self.client_id) != self.saved_key:
            return _("The key was changed: authenticate again.")
        return problem

    def _why_not_named(self) -> str:
        if problem := self.name_problem():
            return _("Correct the display name.") if self.display_name.strip() else problem
        if problem := self.key_problem():
            return _("Correct the application key.") if clean_key(self.client_id) else problem
        return ""

    def loses(self, first: ConnectionDraft) -> bool:
        """Whether closing would lose something that was entered since ``first``."""
        return _entered(self) != _entered(first)


def clean_key(text: str) -> str:
    """An application key as it is sent: without blanks around it; a UUID in lower case."""
    text = text.strip()
    return text.lower() if _UUID.fullmatch(text.lower()) else text


def leads_elsewhere(before: ConnectionDraft, after: ConnectionDraft) -> bool:
    """Whether a change undoes Connect: another key or service, or the consent taken back."""
    key_changed = clean_key(before.client_id) != clean_key(after.client_id)
    return key_changed or before.endpoints != after.endpoints or not after.agreed


def draft_of(definition: ConnectionDefinition, others: Iterable[str]) -> ConnectionDraft:
    """A saved connection, to be edited (C18)."""
    account = definition.account
    return ConnectionDraft(
        display_name=definition.display_name,
        client_id=definition.client_id,
        sharing=definition.shared_with,
        agreed=definition.consent is not None,
        connected=True,
        account=account_shown(account.name, account.id) if account else "",
        export_user=definition.export_user or "",
        endpoints=definition.endpoints,
        saved_key=definition.client_id,
        other_names=frozenset(others),
    )


def account_shown(name: str, account_id: str) -> str:
    """An account as it is shown: its name and its id."""
    return f"{shown(name, 60)} ({shown(account_id, 40)})"


def names_of(connections: Sequence[Stored[ConnectionDefinition] | Broken], besides: str | None) -> frozenset[str]:
    """The names that are taken, folded for comparison; the connection ``besides`` may keep its own."""
    return frozenset(
        stored.definition.display_name.strip().casefold()
        for stored in connections
        if isinstance(stored, Stored) and stored.definition.id != besides
    )


def services(connections: Sequence[Stored[ConnectionDefinition] | Broken]) -> list[Service]:
    """The services to choose from, the default first: a stand-in that the environment uses already, then the real one.

    An environment with no stand-in has one choice only, and is not asked.
    """
    stand_ins: dict[Endpoints, Service] = {}
    for stored in connections:
        if isinstance(stored, Stored) and stored.definition.endpoints != Endpoints():
            definition = stored.definition
            title = _("Sandbox at {address}").format(address=shown(urlsplit(definition.endpoints.api).netloc, 60))
            known = definition.client_id if _UUID.fullmatch(definition.client_id) else ""
            stand_ins.setdefault(definition.endpoints, Service(title, definition.endpoints, known))
    return [*stand_ins.values(), Service(_("Constant Contact"), Endpoints())]


def credentials_note(environment: EnvironmentDefinition | None) -> str:
    """What the profile source asks of the export user (C13)."""
    source = environment.profiles if environment else None
    if source is not None and source.kind in {SourceKind.DATAVERSE, SourceKind.WAREHOUSE}:
        return _("Exports run in this name. The profile source takes its credentials from its own settings.")
    return _("Exports run in this name. Profiles from a folder or from files need no credentials.")


def _entered(draft: ConnectionDraft) -> tuple[object, ...]:
    return (
        draft.display_name.strip(),
        clean_key(draft.client_id),
        draft.sharing,
        draft.agreed,
        draft.account,
        draft.export_user,
        draft.endpoints,
    )
