"""The ids of lists, custom fields and contacts in the sandbox: made from names, so that definitions can name them."""

from __future__ import annotations

import uuid

_SPACE = uuid.UUID("6f1d0c58-7d0b-4c43-9a3e-2f6b1f0f7a11")
_CONTACT_PREFIX = "c0ffee00-0000-4000-8000-"


def list_id_for(name: str) -> str:
    """The id that the sandbox gives a list of this name: the same in every sandbox, a UUID of 36 characters."""
    return str(uuid.uuid5(_SPACE, f"list:{name}"))


def custom_field_id_for(name: str) -> str:
    """The id that the sandbox gives a custom field of this name."""
    return str(uuid.uuid5(_SPACE, f"custom field:{name}"))


def contact_id_for(number: int) -> str:
    """The id of the contact with this number in the store."""
    return f"{_CONTACT_PREFIX}{number:012x}"


def contact_number(contact_id: str) -> int | None:
    """The number behind a contact's id; ``None`` where the sandbox never gave such an id."""
    if not contact_id.startswith(_CONTACT_PREFIX):
        return None
    try:
        return int(contact_id.removeprefix(_CONTACT_PREFIX), 16)
    except ValueError:
        return None


def is_uuid(text: str) -> bool:
    """Whether ``text`` is a UUID in its usual form of 36 characters."""
    try:
        return len(text) == 36 and str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
