"""Whether a connection works, found out by asking and written down with the time, without anything secret.

The answers of the checks lie in one small JSON file, so that a list of connections can show them at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cctui.constant_contact.answers import AccountSummary
from cctui.constant_contact.client import Client, open_client
from cctui.constant_contact.errors import (
    SIGN_IN_REASONS,
    AccountChanged,
    NotAllowed,
    QuotaExceeded,
    SignInNeeded,
    SignInReason,
)
from cctui.constant_contact.sign_in_errors import NoRights
from cctui.constant_contact.token_errors import TokenFileError, TokenKeyringError
from cctui.constant_contact.tokens import Standing, TokenStore
from cctui.definitions.model import ConnectionDefinition
from cctui.errors import CctuiError
from cctui.host import files
from cctui.host.clock import Clock, SystemClock
from cctui.host.locks import HeldLock
from cctui.locales import N_, _

if TYPE_CHECKING:
    import httpx

FILE_NAME = "connection-checks.json"
"""The file's name in the environment's state folder."""


class ConnectionState(StrEnum):
    """How it stands with a connection."""

    CONNECTED = "connected"
    SIGN_IN_NEEDED = "sign-in-needed"
    ACCOUNT_CHANGED = "account-changed"
    NO_RIGHTS = "no-rights"
    UNREACHABLE = "unreachable"
    NEVER_CHECKED = "never-checked"


STATE_TITLES = {
    ConnectionState.CONNECTED: N_("Connected"),
    ConnectionState.SIGN_IN_NEEDED: N_("Sign-in needed"),
    ConnectionState.ACCOUNT_CHANGED: N_("Account changed"),
    ConnectionState.NO_RIGHTS: N_("No rights"),
    ConnectionState.UNREACHABLE: N_("Cannot be reached"),
    ConnectionState.NEVER_CHECKED: N_("Never checked"),
}
"""The state as it is shown; translate with ``_``."""


class ConnectionCheck(Struct, frozen=True, omit_defaults=True):
    """What a check found, and when (aware, UTC; ``None`` where none was made).

    ``reason`` says why a sign-in is needed; ``account`` is the account that answered, ``name (id)``; ``problem`` is
    the sentence that the check ended with, in the language it was made in.
    """

    state: ConnectionState = ConnectionState.NEVER_CHECKED
    checked_at: datetime | None = None
    reason: SignInReason | None = None
    account: str = ""
    problem: str = ""

    @property
    def sentence(self) -> str:
        """Why it is not connected, in the operator's language where it is known; empty where all is well."""
        return _(SIGN_IN_REASONS[self.reason]) if self.reason else self.problem


def require_account(client: Client, connection: ConnectionDefinition) -> AccountSummary:
    """The account of the client's token. Raises :class:`AccountChanged` where it is not the connection's."""
    found = client.account()
    pinned = connection.account
    if pinned is not None and pinned.id != found.encoded_account_id:
        raise AccountChanged(f"{pinned.name} ({pinned.id})", f"{found.name} ({found.encoded_account_id})")
    return found


def check_connection(
    connection: ConnectionDefinition,
    secrets_folder: Path,
    limits_path: Path,
    checks_path: Path,
    *,
    clock: Clock | None = None,
    transport: httpx.BaseTransport | None = None,
    jitter: Callable[[], float] = random.random,
) -> ConnectionCheck:
    """Ask the service (two calls) how it stands with ``connection``, and write it down. Raises ``OSError`` only.

    When the day's calls are used up, nothing can be found out: the last check comes back, with that as its problem.
    """
    clock = clock or SystemClock()
    state, reason, account, problem = ConnectionState.CONNECTED, None, "", ""
    try:
        with open_client(
            connection, secrets_folder, limits_path, clock=clock, transport=transport, jitter=jitter
        ) as client:
            found = require_account(client, connection)
            account = f"{found.name} ({found.encoded_account_id})"
            if not client.privileges().may_import:
                state, problem = ConnectionState.NO_RIGHTS, str(NoRights(found.name))
    except QuotaExceeded as error:
        return replace(last_checks(checks_path).get(connection.id, ConnectionCheck()), problem=str(error))
    except CctuiError as error:
        state, reason, account = _state_of(error)
        problem = str(error)
    check = ConnectionCheck(state, clock.now(), reason, account, problem)
    record(checks_path, connection.id, check)
    return check


def state_without_asking(
    connection: ConnectionDefinition, secrets_folder: Path, checks_path: Path, now: datetime | None = None
) -> ConnectionCheck:
    """What a list shows at once: the last check, unless the tokens on the disk already call for a sign-in."""
    check = last_checks(checks_path).get(connection.id, ConnectionCheck())
    tokens = TokenStore(secrets_folder).state(connection.id, now)
    if tokens.standing in {Standing.NONE, Standing.ENDED}:
        return ConnectionCheck(ConnectionState.SIGN_IN_NEEDED, check.checked_at, tokens.reason)
    if tokens.standing is Standing.UNUSABLE_FILE:
        return ConnectionCheck(ConnectionState.SIGN_IN_NEEDED, check.checked_at, problem=tokens.problem)
    if check.state is ConnectionState.SIGN_IN_NEEDED and tokens.signed_in_at is not None:
        checked_before = check.checked_at is None or check.checked_at < tokens.signed_in_at
        return ConnectionCheck() if checked_before else check
    return check


def last_checks(checks_path: Path) -> dict[str, ConnectionCheck]:
    """The last check of every connection, by its id. A file that cannot be read counts as no checks."""
    try:
        return msgspec.json.decode(checks_path.read_bytes(), type=dict[str, ConnectionCheck])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def record(checks_path: Path, connection_id: str, check: ConnectionCheck | None) -> None:
    """Write a check down, or with ``None`` forget the connection's. Raises ``OSError``."""
    files.private_folder(checks_path.parent)
    with HeldLock(checks_path.with_suffix(".lock")):
        checks = last_checks(checks_path)
        checks.pop(connection_id, None)
        if check is not None:
            checks[connection_id] = check
        files.save(checks_path, msgspec.json.format(msgspec.json.encode(checks, enc_hook=str)), mode=0o600)


def _state_of(error: CctuiError) -> tuple[ConnectionState, SignInReason | None, str]:
    if isinstance(error, SignInNeeded):
        return ConnectionState.SIGN_IN_NEEDED, error.reason, ""
    if isinstance(error, TokenKeyringError):
        return ConnectionState.UNREACHABLE, None, ""
    if isinstance(error, TokenFileError):
        return ConnectionState.SIGN_IN_NEEDED, None, ""
    if isinstance(error, AccountChanged):
        return ConnectionState.ACCOUNT_CHANGED, None, error.found
    if isinstance(error, NotAllowed):
        return ConnectionState.NO_RIGHTS, None, ""
    return ConnectionState.UNREACHABLE, None, ""
