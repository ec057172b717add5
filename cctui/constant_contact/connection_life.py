"""What belongs to a connection beyond its definition: a finished sign-in is written down here, and taken away again.

The command line and the application do these through the same functions. Whether an operator may is asked first.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import structs

from cctui.access.roles import Action, Operator, require
from cctui.constant_contact.connection_check import FILE_NAME, ConnectionCheck, ConnectionState, record
from cctui.constant_contact.sign_in import SignedIn
from cctui.constant_contact.tokens import TokenStore
from cctui.definitions import audit, changes
from cctui.definitions.audit import Deed
from cctui.definitions.environment import Environment, Removed, Stored
from cctui.definitions.model import ConnectionDefinition, SecretStore
from cctui.errors import CctuiError
from cctui.host.clock import Clock, SystemClock


def checks_path(environment: Environment) -> Path:
    """Where the last checks of the environment's connections are written down."""
    return environment.state_folder / FILE_NAME


def sign_in_store(environment: Environment) -> SecretStore:
    """Where the next sign-in will be kept, tried out: nobody approves a code for nothing.

    Raises :class:`TokenKeyringError` where the keyring was chosen and cannot be used, or as ``Environment.read``.
    """
    chosen = chosen_store(environment)
    TokenStore(environment.secrets_folder).try_out(chosen)
    return chosen


def chosen_store(environment: Environment) -> SecretStore:
    """Where ``environment.toml`` says that sign-ins are kept. Raises as ``Environment.read``."""
    return environment.read().definition.secrets.store if environment.exists() else SecretStore.FILES


def move_sign_in(environment: Environment, operator: Operator, connection_id: str) -> bool:
    """Keep a connection's sign-in where ``environment.toml`` says; returns whether it was elsewhere.

    Raises :class:`NotPermitted`, ``TokenFileError``, or as ``Environment.read``.
    """
    require(operator, Action.CHANGE_CONNECTIONS)
    moved = TokenStore(environment.secrets_folder).move(connection_id, chosen_store(environment))
    if moved:
        audit.record(environment, operator, Deed.SIGN_IN_MOVED, connection_id)
    return moved


def record_sign_in(
    environment: Environment,
    operator: Operator,
    definition: ConnectionDefinition,
    expected: str | None,
    signed_in: SignedIn,
    *,
    export_user: str = "",
    clock: Clock | None = None,
) -> Stored[ConnectionDefinition]:
    """Save ``definition`` with the account that was signed in to and the export user (C13, C14), here the operator.

    ``expected`` is the fingerprint of the connection's file, ``None`` for a new connection. The sign-in has just asked
    whose account it is, so it also counts as a check. Raises as :func:`cctui.definitions.changes.edit_connection`.
    """
    definition = structs.replace(definition, account=signed_in.pin, export_user=export_user or operator.name)
    if expected is None:
        saved = changes.add_connection(environment, operator, definition)
    else:
        saved = changes.edit_connection(environment, operator, definition, expected)
    account = f"{signed_in.account.name} ({signed_in.account.encoded_account_id})"
    moment = (clock or SystemClock()).now()
    record(checks_path(environment), definition.id, ConnectionCheck(ConnectionState.CONNECTED, moment, account=account))
    audit.record(environment, operator, Deed.SIGNED_IN, definition.id, clock=clock)
    return saved


def sign_out(environment: Environment, operator: Operator, connection_id: str) -> bool:
    """Forget the sign-in on this box; returns whether there was one. Raises :class:`NotPermitted`, ``TokenFileError``.

    The grant lives on in the account (:data:`cctui.constant_contact.tokens.SIGN_OUT_NOTE`).
    """
    require(operator, Action.CHANGE_CONNECTIONS)
    had_tokens = _forget(environment, connection_id)
    if had_tokens:
        audit.record(environment, operator, Deed.SIGNED_OUT, connection_id)
    return had_tokens


def remove_connection(environment: Environment, operator: Operator, connection_id: str) -> Removed:
    """Remove a connection with its sign-in and its last check (C19); what comes back can restore the definition only.

    Raises as :func:`cctui.definitions.changes.remove_connection`, for one in use (C20) before anything is taken away,
    and ``TokenFileError`` where the sign-in cannot be deleted; the connection is then still there.
    """
    removed = changes.remove_connection(environment, operator, connection_id)
    try:
        _forget(environment, connection_id)
    except CctuiError:
        changes.restore(environment, operator, removed)
        raise
    return removed


def _forget(environment: Environment, connection_id: str) -> bool:
    path = checks_path(environment)
    had_tokens = TokenStore(environment.secrets_folder).remove(connection_id)
    if path.exists():
        record(path, connection_id, None)
    return had_tokens
