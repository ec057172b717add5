"""What can be wrong with the place where tokens lie, each with its sentence and the command that mends it."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from cctui.constant_contact.system_keyring import KeyringTrouble
from cctui.errors import CctuiError
from cctui.locales import _
from cctui.masking import harmless


class TokenFileError(CctuiError):
    """A token file cannot be read, written or trusted. ``path`` is the file or folder."""

    def __init__(self, path: Path, what: str, *, why: str = "", do: str = "") -> None:
        super().__init__(what, why=why, do=do)
        self.path = path


class TokenExposed(TokenFileError):
    """The file or its folder may be read by others, so it is refused."""

    def __init__(self, path: Path, mode: int, wanted: int) -> None:
        super().__init__(
            path,
            _("{path} can be read by other users of this machine (mode {mode}).").format(path=path, mode=f"{mode:04o}"),
            why=_("Whoever can read it could act in the Constant Contact account."),
            do=_("Run: chmod {mode} {path}").format(mode=f"{wanted:o}", path=path),
        )


class TokenFileBroken(TokenFileError):
    """The file is not what this program wrote: cut off, edited, or something else altogether."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            path,
            _("{path} does not hold a sign-in that can be read.").format(path=path),
            why=why,
            do=_("Restore the file from a backup made after the last renewal, or sign in again."),
        )


class TokenFileHidden(TokenFileError):
    """The operating system does not let this user read the file; whoever runs the deliveries may."""


class TokenKeyringError(TokenFileError):
    """The sign-in is kept in the system keyring, or is to be, and the keyring does not play its part."""

    def __init__(self, path: Path, trouble: KeyringTrouble) -> None:
        super().__init__(path, _("The system keyring cannot be used for the sign-in."), why=trouble.why, do=trouble.do)


class TokenGoneFromKeyring(TokenFileError):
    """The file says that the sign-in is in the keyring, and the keyring has none."""

    def __init__(self, path: Path, service: str) -> None:
        super().__init__(
            path,
            _("The keyring of this session has no sign-in for this connection."),
            why=_("It is kept there as {entry}; another user, or another session, has another keyring.").format(
                entry=harmless(service)
            ),
            do=_("Use the session in which it was signed in, or sign in again."),
        )


def unreadable(path: Path, error: OSError) -> TokenFileError:
    """What an error of the operating system while reading ``path`` means."""
    if error.errno == errno.ELOOP:
        return TokenFileError(
            path,
            _("{path} is a symbolic link.").format(path=path),
            why=_("A sign-in is kept in a file of its own, so that no other program replaces it unseen."),
            do=_("Remove the link and sign in again."),
        )
    do = _("Check its owner and mode: only the user that runs cctui may read and write it (chmod 600).")
    with suppress(OSError, KeyError):
        if os.geteuid() != path.stat().st_uid:
            import pwd

            do = _("It belongs to the user {user}; run cctui as that user.").format(
                user=pwd.getpwuid(path.stat().st_uid).pw_name
            )
    kind = TokenFileHidden if error.errno in {errno.EACCES, errno.EPERM} else TokenFileError
    return kind(
        path,
        _("{path} cannot be read.").format(path=path),
        why=harmless(error.strerror or str(error)),
        do=do,
    )
