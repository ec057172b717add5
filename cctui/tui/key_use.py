"""The quota of each application key today, and which connections share it, for those who may know."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from cctui.access.roles import Action, Operator, Sharing, may
from cctui.constant_contact.answers import Usage
from cctui.definitions.environment import Stored
from cctui.host.clock import Clock
from cctui.tui.reading import Snapshot


class KeyUse(Struct, frozen=True):
    """The quota of an application key today, and the connections that share it."""

    names: tuple[str, ...]
    usage: Usage


def key_uses(snapshot: Snapshot, operator: Operator, limits_path: Path, clock: Clock) -> tuple[KeyUse, ...]:
    """One entry for each key of the connections that ``operator`` may use or see."""
    from cctui.constant_contact.limits import usage

    everything = may(operator, Action.SEE_CONNECTIONS)
    names: dict[str, list[str]] = {}
    for stored in snapshot.connections:
        if isinstance(stored, Stored) and (
            everything or stored.definition.shared_with is Sharing.ADMINISTRATORS_AND_CONTRIBUTORS
        ):
            names.setdefault(stored.definition.client_id, []).append(stored.definition.display_name)
    return tuple(
        KeyUse(tuple(connections), usage(limits_path, client_id, clock)) for client_id, connections in names.items()
    )
