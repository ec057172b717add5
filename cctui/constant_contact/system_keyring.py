"""The system keyring, where somebody chose it for sign-ins: one entry for each connection of an environment.

The library ``keyring`` is an extra and is imported only by the functions here. A keyring promises less than a file:
it has no lock between processes (the caller holds one), it says that something is kept, not that it is on the disk,
and it can ask for its password where nobody sits. So every call has an end, and what was put in is read back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cctui.locales import _
from cctui.masking import harmless

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

PATIENCE = 15.0
"""Seconds to wait for the keyring; one that is locked waits for a password for ever."""

_PROBE = "probe"

_Found = TypeVar("_Found")


class KeyringTrouble(Exception):
    """The keyring did not do it; ``why`` and ``do`` are sentences."""

    def __init__(self, why: str, do: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.do = do or _(
            "Run it in a session whose keyring is unlocked, or keep sign-ins in files: "
            '[secrets] store = "files" in environment.toml, then sign in again.'
        )


def service_of(folder: Path) -> str:
    """What the entries of an environment with the secrets folder ``folder`` are called in the keyring."""
    return f"cctui {folder.resolve()}"


def backend_name() -> str:
    """The keyring that answers here, as its library calls it. Raises :class:`KeyringTrouble`."""
    backend = _backend()
    return harmless(str(backend.name), 80)


def read(service: str, name: str) -> str | None:
    """What is kept as ``name``, ``None`` where nothing is. Raises :class:`KeyringTrouble`."""
    backend = _backend()
    return _asked(lambda: backend.get_password(service, name))


def write(service: str, name: str, text: str) -> None:
    """Keep ``text``; the keyring has given it back when this returns. Raises :class:`KeyringTrouble`."""
    backend = _backend()
    # A locked keyring is found by asking; a call that was given up while putting in could still arrive later.
    _asked(lambda: backend.get_password(service, name))
    _asked(lambda: backend.set_password(service, name, text), text)
    if _asked(lambda: backend.get_password(service, name), text) != text:
        raise KeyringTrouble(_("The keyring {name} does not give back what it was given.").format(name=backend_name()))


def remove(service: str, name: str) -> None:
    """Forget ``name``, if it is there. Raises :class:`KeyringTrouble`."""
    backend = _backend()
    if _asked(lambda: backend.get_password(service, name)) is not None:
        _asked(lambda: backend.delete_password(service, name))


def try_out(service: str) -> None:
    """Put something in and take it away again. Raises :class:`KeyringTrouble`."""
    write(service, _PROBE, "cctui")
    remove(service, _PROBE)


def _backend() -> KeyringBackend:
    why = ""
    try:
        import keyring

        found = keyring.get_keyring()
    except ImportError:
        why = _("The library keyring is not installed here.")
        do = _(
            "Install it beside cctui (pip install keyring), or keep sign-ins in files: "
            '[secrets] store = "files" in environment.toml, then sign in again.'
        )
    if why:
        raise KeyringTrouble(why, do)
    return found


def _asked(ask: Callable[[], _Found], secret: str = "") -> _Found:
    """What ``ask`` gives, in a thread of its own that is left behind when it takes too long."""
    answers: list[_Found] = []
    why: list[str] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception as error:  # noqa: BLE001 - a backend raises whatever its system raises
            why.append(_reason(error, secret))

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if answers:
        return answers[0]
    raise KeyringTrouble(
        why[0]
        if why
        else _("It gives no answer; it may be locked and wait for its password on a screen that nobody sees.")
    )


def _reason(error: Exception, secret: str) -> str:
    from keyring.errors import InitError, KeyringLocked, NoKeyringError

    if isinstance(error, NoKeyringError):
        return _("There is no keyring in this session, as is usual over SSH and in a service without a session bus.")
    if isinstance(error, KeyringLocked | InitError):
        return _("The keyring is locked, or there is no session to unlock it in.")
    said = str(error).replace(secret, "") if secret else str(error)
    return _("The keyring says: {text}").format(text=harmless(said or type(error).__name__))
