"""Where the tokens of a connection lie: one file per connection, 0600, in a folder that is 0700.

A file is replaced whole and synced before its tokens are used. A file or folder that others may read is refused with
the command that mends it. Where the system keyring was chosen, the tokens are there, and the file tells only that, and
what is no secret. The tokens themselves are :class:`Secret`: their text comes out only where it is asked for, never in
a representation, a log line or an error.
"""

from __future__ import annotations

import errno
import hmac
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cctui.constant_contact import system_keyring
from cctui.constant_contact.errors import SignInReason
from cctui.constant_contact.system_keyring import KeyringTrouble
from cctui.constant_contact.token_errors import (
    TokenExposed,
    TokenFileBroken,
    TokenFileError,
    TokenFileHidden,
    TokenGoneFromKeyring,
    TokenKeyringError,
    unreadable,
)
from cctui.definitions.model import SecretStore
from cctui.host import files
from cctui.host.locks import HeldLock, LockHeld
from cctui.locales import N_, _
from cctui.masking import HIDDEN, harmless

IDLE_LIFE = timedelta(days=180)
"""A refresh token dies when it was not used for this long (vendor's support, refresh token expiry)."""

_LOCK_WAIT = 300.0
"""Seconds to wait for another process that renews; longer than its bounded tries take."""


_Found = TypeVar("_Found")


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


class _InKeyring(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the file tells where the tokens are in the keyring: their place, and what of them is no secret.

    The keyring's own copy counts; this one answers questions without asking a keyring, and shows that a write was lost.
    """

    kept_in: Literal["keyring"]
    service: str
    expires_at: datetime
    signed_in_at: datetime
    renewed_at: datetime
    renews: bool
    renewal_started_at: datetime | None = None
    ended: SignInReason | None = None
    version: int = 1


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
    "Signing out removes the sign-in from this machine. The grant itself lives on in the Constant Contact account and "
    "can be withdrawn there under Settings, Integrations."
)
"""What a person is told before signing out or removing a connection; translate with ``_``."""


class TokenState(Struct, frozen=True):
    """What a screen tells about the tokens of a connection; nothing here is secret.

    ``path`` is where they lie, or the file that tells of ``keyring``, their entry in the system keyring;
    ``renewed_at`` when they were last renewed or made; ``access_ends_at`` the end of the access token, which renews
    itself; ``dies_at`` when the sign-in dies unless it is used before. ``reason`` tells why a sign-in is needed,
    ``problem`` what is wrong with the file (a sentence), else empty.
    """

    path: Path
    standing: Standing
    signed_in_at: datetime | None = None
    renewed_at: datetime | None = None
    access_ends_at: datetime | None = None
    dies_at: datetime | None = None
    reason: SignInReason | None = None
    problem: str = ""
    keyring: str = ""

    @property
    def store(self) -> SecretStore:
        """Which of the two places it is."""
        return SecretStore.KEYRING if self.keyring else SecretStore.FILES


def kept_in(tokens: TokenState) -> str:
    """Where the tokens are, in words; not yet fit for a screen."""
    if tokens.keyring:
        return _("The system keyring, as {entry}").format(entry=tokens.keyring)
    return str(tokens.path)


class TokenStore:
    """The tokens of connections, by connection id: files in ``folder``, or entries of the keyring that they name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, connection_id: str) -> Path:
        """The token file of a connection. Raises ``ValueError`` for an id that is no identifier."""
        if not connection_id or connection_id.startswith(".") or "/" in connection_id or "\0" in connection_id:
            raise ValueError("not the id of a connection")
        return self.folder / f"{connection_id}.json"

    def load(self, connection_id: str) -> Tokens | None:
        """The tokens as they are at this moment, ``None`` where nobody signed in. Raises :class:`TokenFileError`."""
        path = self.path(connection_id)
        found = self._read(path)
        if not isinstance(found, _InKeyring):
            return found
        kept = self._in_keyring(path, lambda: system_keyring.read(found.service, connection_id))
        if kept is None:
            raise TokenGoneFromKeyring(path, found.service)
        tokens = _decode(path, kept.encode())
        if not isinstance(tokens, Tokens):
            raise TokenFileBroken(path, _("Its entry in the keyring is another one's."))
        if tokens.renewed_at > found.renewed_at:
            return tokens
        # A keyring may give back less than it was told last; then the pair in it may be used up, and that gets named.
        lost = found.renewed_at if tokens.renewed_at < found.renewed_at else found.renewal_started_at
        return replace(tokens, renewal_started_at=tokens.renewal_started_at or lost, ended=tokens.ended or found.ended)

    def save(self, connection_id: str, tokens: Tokens, keep_in: SecretStore | None = None) -> None:
        """Keep ``tokens``, under :meth:`lock`, in ``keep_in``, else where they are kept already (files at first).

        They are durable when this returns; of a keyring it is known that it gives them back.
        Raises :class:`TokenFileError`; what was there before is then still whole.
        """
        path = self.path(connection_id)
        before = self._before(path)
        whole = msgspec.json.format(msgspec.json.encode(tokens, enc_hook=_encode))
        if keep_in is None:
            keep_in = SecretStore.KEYRING if before else SecretStore.FILES
        if keep_in is SecretStore.KEYRING:
            service = before.service if before else system_keyring.service_of(self.folder)
            self._in_keyring(path, lambda: system_keyring.write(service, connection_id, whole.decode()))
            told = _InKeyring(
                kept_in="keyring",
                service=service,
                expires_at=tokens.expires_at,
                signed_in_at=tokens.signed_in_at,
                renewed_at=tokens.renewed_at,
                renews=tokens.refresh_token is not None,
                renewal_started_at=tokens.renewal_started_at,
                ended=tokens.ended,
            )
            whole = msgspec.json.format(msgspec.json.encode(told))
        self._write(path, whole)
        if before and keep_in is SecretStore.FILES:
            # Who leaves a keyring that no longer opens must be able to; the entry in it is out of use.
            with suppress(KeyringTrouble):
                system_keyring.remove(before.service, connection_id)

    def move(self, connection_id: str, to: SecretStore) -> bool:
        """Keep a connection's tokens in ``to`` from now on. Returns whether there were any to move.

        Raises :class:`TokenFileError`; what was not moved is where it was.
        """
        with self.lock(connection_id):
            tokens = self.load(connection_id)
            if tokens is None or self.state(connection_id).store is to:
                return False
            self.save(connection_id, tokens, to)
            return True

    def try_out(self, store: SecretStore) -> None:
        """Whether tokens can be kept in ``store`` at all, before anybody signs in. Raises :class:`TokenFileError`."""
        if store is SecretStore.KEYRING:
            self._in_keyring(self.folder, lambda: system_keyring.try_out(system_keyring.service_of(self.folder)))

    def remove(self, connection_id: str) -> bool:
        """Forget the tokens of a connection on this box (sign out). Returns whether there were any.

        The grant lives on in the account (:data:`SIGN_OUT_NOTE`): the service documents no way to revoke it from here.
        """
        path = self.path(connection_id)
        with self.lock(connection_id):
            self._sweep(path)
            if before := self._before(path):
                self._in_keyring(path, lambda: system_keyring.remove(before.service, connection_id))
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
            found = self._read(path)
        except TokenFileError as error:
            hidden = isinstance(error, TokenFileHidden)
            return TokenState(path, Standing.HIDDEN if hidden else Standing.UNUSABLE_FILE, problem=str(error))
        if found is None:
            return TokenState(path, Standing.NONE, reason=SignInReason.NEVER)
        renews = found.renews if isinstance(found, _InKeyring) else found.refresh_token is not None
        dies_at = found.renewed_at + IDLE_LIFE if renews else found.expires_at
        reason = found.ended
        if reason is None and now >= dies_at:
            reason = SignInReason.REVOKED if renews else SignInReason.NO_REFRESH_TOKEN
        standing = Standing.ENDED if reason else Standing.GOOD if now < found.expires_at else Standing.RENEWAL_DUE
        return TokenState(
            path,
            standing,
            found.signed_in_at,
            found.renewed_at,
            found.expires_at,
            dies_at,
            reason,
            keyring=found.service if isinstance(found, _InKeyring) else "",
        )

    def _read(self, path: Path) -> Tokens | _InKeyring | None:
        problem: OSError | None = None
        try:
            self._check_folder()
            content = _read_private(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            problem = error
        if problem is not None:
            raise unreadable(path, problem)
        return _decode(path, content)

    def _before(self, path: Path) -> _InKeyring | None:
        """The entry in the keyring that the file names; a file that cannot be read names none."""
        try:
            found = self._read(path)
        except TokenFileError:
            return None
        return found if isinstance(found, _InKeyring) else None

    def _write(self, path: Path, content: bytes) -> None:
        problem: OSError | None = None
        try:
            files.private_folder(self.folder)
            self._check_folder()
            self._sweep(path)
            files.save(path, content, mode=0o600, keep_mode=False)
        except OSError as error:
            problem = error
        if problem is not None:
            raise TokenFileError(
                path,
                _("The sign-in cannot be saved to {path}.").format(path=path),
                why=harmless(problem.strerror or str(problem)),
                do=_("Make room and check who owns the folder, then try again."),
            )

    def _in_keyring(self, path: Path, ask: Callable[[], _Found]) -> _Found:
        trouble: KeyringTrouble | None = None
        try:
            return ask()
        except KeyringTrouble as found:
            trouble = found
        raise TokenKeyringError(path, trouble)

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


def _decode(path: Path, content: bytes) -> Tokens | _InKeyring:
    why = ""
    try:
        if b'"kept_in"' in content:
            return msgspec.json.decode(content, type=_InKeyring)
        return msgspec.json.decode(content, type=Tokens, dec_hook=read_secret)
    except msgspec.ValidationError as error:
        # The library names keys and types, never values of text.
        why = harmless(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError):
        why = _("It is empty.") if not content.strip(b"\0 \n") else _("It is not JSON; it may have been cut off.")
    raise TokenFileBroken(path, why)


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
