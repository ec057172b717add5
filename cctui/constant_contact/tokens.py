"""Where the tokens of a connection lie: one file per connection, 0600, in a folder that is 0700, and nowhere else.

A file is replaced whole and synced before its tokens are used. A file or folder that others may read is refused with
the command that mends it. The tokens themselves are :class:`Secret`: their text comes out only where it is asked for,
never in a representation, a log line or an error.
"""

from __future__ import annotations

import errno
import hmac
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from cctui.constant_contact.errors import SignInReason
from cctui.errors import CctuiError
from cctui.host import files
from cctui.host.locks import HeldLock, LockHeld
from cctui.locales import N_, _
from cctui.masking import HIDDEN, harmless

IDLE_LIFE = timedelta(days=180)
"""A refresh token dies when it was not used for this long (vendor's support, refresh token expiry)."""

_LOCK_WAIT = 300.0
"""Seconds to wait for another process that renews; longer than its bounded tries take."""


class Secret:
    """A text that shows itself only through :meth:`reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the header or form that needs it; never keep it in a variable that lives on."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return HIDDEN


class Tokens(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a sign-in gave. Moments are aware, in UTC.

    ``renewal_started_at`` is set while a renewal is on its way: when it is still there at the next one, an answer was
    lost. ``ended`` says that the service refused the refresh token for good.
    """

    client_id: str
    access_token: Secret
    expires_at: datetime
    signed_in_at: datetime
    renewed_at: datetime
    refresh_token: Secret | None = None
    scope: str = ""
    renewal_started_at: datetime | None = None
    ended: SignInReason | None = None
    version: int = 1

    def usable(self, now: datetime, leeway: timedelta = timedelta(0)) -> bool:
        """Whether the access token lives longer than ``leeway`` from ``now``."""
        return self.ended is None and now + leeway < self.expires_at


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
            _("{path} can be read by other users of this box (mode {mode}).").format(path=path, mode=f"{mode:04o}"),
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


class Standing(StrEnum):
    """How it stands with a connection's tokens on this box, without asking the service."""

    NONE = "none"
    GOOD = "good"
    RENEWAL_DUE = "renewal-due"
    ENDED = "ended"
    HIDDEN = "hidden"
    UNUSABLE_FILE = "unusable-file"


STANDING_TITLES = {
    Standing.NONE: N_("Not signed in"),
    Standing.GOOD: N_("Signed in"),
    Standing.RENEWAL_DUE: N_("Signed in, renewed at the next use"),
    Standing.ENDED: N_("Sign-in needed"),
    Standing.HIDDEN: N_("Kept by another user"),
    Standing.UNUSABLE_FILE: N_("The file cannot be used"),
}
"""The standing as it is shown; translate with ``_``."""

SIGN_OUT_NOTE = N_(
    "Signing out removes the sign-in from this box. The grant itself lives on in the Constant Contact account and can "
    "be withdrawn there under Settings, Integrations."
)
"""What a person is told before signing out or removing a connection; translate with ``_``."""


class TokenState(Struct, frozen=True):
    """What a screen tells about the tokens of a connection; nothing here is secret.

    ``path`` is where they lie; ``renewed_at`` when they were last renewed or made; ``access_ends_at`` the end of the
    access token, which renews itself; ``dies_at`` when the sign-in dies unless it is used before. ``reason`` tells why
    a sign-in is needed, ``problem`` what is wrong with the file (a sentence), else empty.
    """

    path: Path
    standing: Standing
    signed_in_at: datetime | None = None
    renewed_at: datetime | None = None
    access_ends_at: datetime | None = None
    dies_at: datetime | None = None
    reason: SignInReason | None = None
    problem: str = ""


class TokenStore:
    """The token files in ``folder``, by connection id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, connection_id: str) -> Path:
        """The token file of a connection. Raises ``ValueError`` for an id that is no identifier."""
        if not connection_id or connection_id.startswith(".") or "/" in connection_id or "\0" in connection_id:
            raise ValueError("not the id of a connection")
        return self.folder / f"{connection_id}.json"

    def load(self, connection_id: str) -> Tokens | None:
        """The tokens on the disk at this moment, ``None`` where nobody signed in. Raises :class:`TokenFileError`."""
        path = self.path(connection_id)
        problem: OSError | None = None
        try:
            self._check_folder()
            content = _read_private(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = error
        if problem is not None:
            raise _unreadable(path, problem)
        return _decode(path, content)

    def save(self, connection_id: str, tokens: Tokens) -> None:
        """Put ``tokens`` on the disk, under :meth:`lock`; they are durable when this returns.

        Raises :class:`TokenFileError`; what was there before is then still whole.
        """
        path = self.path(connection_id)
        problem: OSError | None = None
        try:
            files.private_folder(self.folder)
            self._check_folder()
            self._sweep(path)
            files.save(
                path, msgspec.json.format(msgspec.json.encode(tokens, enc_hook=_encode)), mode=0o600, keep_mode=False
            )
        except OSError as error:
            problem = error
        if problem is not None:
            raise TokenFileError(
                path,
                _("The sign-in cannot be saved to {path}.").format(path=path),
                why=harmless(problem.strerror or str(problem)),
                do=_("Make room and check who owns the folder, then try again."),
            )

    def remove(self, connection_id: str) -> bool:
        """Forget the tokens of a connection on this box (sign out). Returns whether there were any.

        The grant lives on in the account (:data:`SIGN_OUT_NOTE`): the service documents no way to revoke it from here.
        """
        path = self.path(connection_id)
        with self.lock(connection_id):
            self._sweep(path)
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            files.disk.sync_folder(self.folder)
            return True

    @contextmanager
    def lock(self, connection_id: str) -> Iterator[None]:
        """Hold a connection's tokens against every other process. Raises :class:`TokenFileError` after minutes."""
        files.private_folder(self.folder)
        self._check_folder()
        held = HeldLock(self.path(connection_id).with_suffix(".lock"))
        holder: str | None = None
        try:
            held.acquire(timeout=_LOCK_WAIT)
        except LockHeld as error:
            holder = error.holder
        if holder is not None:
            raise TokenFileError(
                self.path(connection_id),
                _("Another process has been renewing the sign-in for minutes."),
                why=_("Its process id is {pid}.").format(pid=harmless(holder)) if holder else "",
                do=_("Look whether that process hangs, then try again."),
            )
        try:
            yield
        finally:
            held.release()

    def state(self, connection_id: str, now: datetime | None = None) -> TokenState:
        """What a screen tells about the tokens; never raises for what is wrong with the file."""
        now = now or datetime.now(UTC)
        path = self.path(connection_id)
        try:
            tokens = self.load(connection_id)
        except TokenFileError as error:
            hidden = isinstance(error, TokenFileHidden)
            return TokenState(path, Standing.HIDDEN if hidden else Standing.UNUSABLE_FILE, problem=str(error))
        if tokens is None:
            return TokenState(path, Standing.NONE, reason=SignInReason.NEVER)
        dies_at = tokens.renewed_at + IDLE_LIFE if tokens.refresh_token else tokens.expires_at
        reason = tokens.ended
        if reason is None and now >= dies_at:
            reason = SignInReason.REVOKED if tokens.refresh_token else SignInReason.NO_REFRESH_TOKEN
        standing = Standing.ENDED if reason else Standing.GOOD if tokens.usable(now) else Standing.RENEWAL_DUE
        return TokenState(path, standing, tokens.signed_in_at, tokens.renewed_at, tokens.expires_at, dies_at, reason)

    def _sweep(self, path: Path) -> None:
        """Take away half-written copies that a killed process left; the lock keeps everybody else's safe."""
        for left in self.folder.glob(f".{path.name}.*.part"):
            left.unlink(missing_ok=True)

    def _check_folder(self) -> None:
        mode = stat.S_IMODE(self.folder.stat().st_mode)
        if mode & 0o077:
            raise TokenExposed(self.folder, mode, 0o700)


def _read_private(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        # The mode is that of the very file that is read, not of a name that may point elsewhere a moment later.
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise TokenExposed(path, stat.S_IMODE(found.st_mode), 0o600)
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            return stream.read(1_000_000)
    finally:
        os.close(descriptor)


def _decode(path: Path, content: bytes) -> Tokens:
    why = ""
    try:
        return msgspec.json.decode(content, type=Tokens, dec_hook=read_secret)
    except msgspec.ValidationError as error:
        # The library names keys and types, never values of text.
        why = harmless(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError):
        why = _("It is empty.") if not content.strip(b"\0 \n") else _("It is not JSON; it may have been cut off.")
    raise TokenFileBroken(path, why)


def _unreadable(path: Path, error: OSError) -> TokenFileError:
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


def _encode(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value).__name__)


def read_secret(kind: type, value: Any) -> Any:
    """Msgspec's hook that makes a :class:`Secret` of a text."""
    # What no header could carry is refused here, where no library can put it in an error of its own.
    if kind is Secret and isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value:
        return Secret(value)
    raise ValueError("Expected a token")
