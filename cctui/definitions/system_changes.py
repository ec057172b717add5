"""What administrators do to the environment itself: its users, the system refresh, language and time zone.

Screens and commands call these and nothing below them; each asks :mod:`cctui.access.roles` first.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, structs

from cctui.access import authorized_keys
from cctui.access.roles import Action, Operator, Role, User, require
from cctui.definitions import audit
from cctui.definitions.audit import Deed
from cctui.definitions.environment import Environment, Stored
from cctui.definitions.model import AlertDefinition, EnvironmentDefinition, LanguageCode, RefreshSchedule
from cctui.errors import CctuiError, UsageError
from cctui.locales import _
from cctui.masking import harmless


class LastAdministrator(UsageError):
    """Without an administrator nobody could change the environment any more."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _("{name} is the last administrator.").format(name=harmless(name, 60)),
            do=_("Make somebody else an administrator first."),
        )


def edit_system(
    environment: Environment,
    operator: Operator,
    expected: str,
    *,
    schedule: RefreshSchedule | None = None,
    language: LanguageCode | None = None,
    time_zone: str | None = None,
) -> Stored[EnvironmentDefinition]:
    """Change what is given and keep the rest (R15, N7). ``expected`` is the fingerprint of the file as it was shown.

    Raises :class:`ChangedElsewhere`, :class:`DefinitionError` for what does not fit.
    """
    require(operator, Action.CHANGE_SYSTEM)
    before = environment.read().definition
    section = before.environment
    after = structs.replace(
        before,
        schedule=schedule if schedule is not None else before.schedule,
        environment=structs.replace(
            section,
            language=language if language is not None else section.language,
            time_zone=time_zone if time_zone is not None else section.time_zone,
        ),
    )
    saved = environment.save_environment(after, expected)
    audit.record(environment, operator, Deed.SYSTEM_CHANGED, "environment", before=before, after=saved.definition)
    return saved


def add_user(environment: Environment, operator: Operator, user: User) -> None:
    """Add a user or a group (``group:NAME``). The first one does not shut out the operator, who is added too.

    Raises :class:`UsageError` where the name is taken.
    """
    require(operator, Action.CHANGE_USERS)
    stored = environment.read()
    users = stored.definition.users
    if any(one.name == user.name for one in users):
        raise UsageError(
            _("{name} is a user already.").format(name=harmless(user.name, 60)),
            do=_("Change the role: cctui users edit NAME --role ROLE"),
        )
    if not users and user.name != operator.name:
        users = [User(operator.name, Role.ADMINISTRATOR)]
    _save(environment, operator, stored, [*users, user], Deed.USER_ADDED, user.name, after=user)


def change_user(environment: Environment, operator: Operator, name: str, role: Role) -> None:
    """Give a user another role. Raises :class:`LastAdministrator`, :class:`UsageError`."""
    require(operator, Action.CHANGE_USERS)
    stored = environment.read()
    users = stored.definition.users
    before = _user(users, name)
    after = User(name, role)
    changed = [after if one.name == name else one for one in users]
    _save(environment, operator, stored, changed, Deed.USER_CHANGED, name, before=before, after=after)


def remove_user(environment: Environment, operator: Operator, name: str, *, keys: Path | None = None) -> bool:
    """Remove a user, and then their key from the ``authorized_keys`` at ``keys``, or in that of this account.

    Returns whether there was a key. One whose user is gone already is removed too: an earlier removal was cut short.
    Raises :class:`LastAdministrator`, :class:`UsageError`, and :class:`CctuiError` where only the key is left.
    """
    require(operator, Action.CHANGE_USERS)
    stored = environment.read()
    users = stored.definition.users
    before = next((one for one in users if one.name == name), None)
    if before is None and not has_key(environment, name, keys):
        _user(users, name)
    if before is not None:
        others = [one for one in users if one is not before]
        _save(environment, operator, stored, others, Deed.USER_REMOVED, name, before=before)
    path = keys or authorized_keys.default_path()
    try:
        key_too = authorized_keys.remove(path, name, environment.root)
    except OSError as problem:
        raise CctuiError(
            _("{name} is removed, but their key is still in {file}.").format(name=harmless(name, 60), file=path),
            why=problem.strerror or str(problem),
            do=_("With that key nobody gets in any more. Delete the line that ends with {end}.").format(
                end=authorized_keys.comment(harmless(name, 60))
            ),
        ) from problem
    if key_too:
        audit.record(environment, operator, Deed.KEY_REMOVED, name)
    return key_too


class _Key(Struct, frozen=True):
    """What the audit log tells of a key."""

    ssh_key: str


def give_key(environment: Environment, operator: Operator, name: str, line: str, *, keys: Path | None = None) -> Path:
    """Put the ``line`` of a user's key into the ``authorized_keys`` at ``keys``, or in that of this account.

    Returns the file. Raises :class:`UsageError` for somebody who is no user, :class:`CctuiError` where it cannot be
    written.
    """
    require(operator, Action.CHANGE_USERS)
    user(environment, name)
    path = keys or authorized_keys.default_path()
    try:
        authorized_keys.add(path, line)
    except OSError as problem:
        raise CctuiError(
            _("The key of {name} cannot be written to {file}.").format(name=harmless(name, 60), file=path),
            why=problem.strerror or str(problem),
            do=_("Mend the file and give the key again: cctui users edit NAME --ssh-key KEY"),
        ) from problem
    audit.record(environment, operator, Deed.KEY_GIVEN, name, after=_Key(authorized_keys.fingerprint(line)))
    return path


def has_key(environment: Environment, name: str, keys: Path | None = None) -> bool:
    """Whether ``name`` signs in to this account with a key that opens ``environment``."""
    try:
        return name in authorized_keys.names(keys or authorized_keys.default_path(), environment.root)
    except OSError:
        return False


def add_alert(environment: Environment, operator: Operator, alert: AlertDefinition) -> None:
    """Add an alert, or change the one of its name. Raises :class:`DefinitionError` for what does not fit."""
    require(operator, Action.CHANGE_SYSTEM)
    stored = environment.read()
    others = [one for one in stored.definition.alerts if one.secret != alert.secret]
    environment.save_environment(structs.replace(stored.definition, alerts=[*others, alert]), stored.fingerprint)
    audit.record(environment, operator, Deed.ALERT_ADDED, alert.secret, after=alert)


def remove_alert(environment: Environment, operator: Operator, name: str) -> None:
    """Tell this one no more. Raises :class:`UsageError`."""
    require(operator, Action.CHANGE_SYSTEM)
    stored = environment.read()
    before = alert_of(stored.definition, name)
    others = [one for one in stored.definition.alerts if one is not before]
    environment.save_environment(structs.replace(stored.definition, alerts=others), stored.fingerprint)
    audit.record(environment, operator, Deed.ALERT_REMOVED, name, before=before)


def alert_of(definition: EnvironmentDefinition, name: str) -> AlertDefinition:
    """The alert of this name. Raises :class:`UsageError`."""
    for alert in definition.alerts:
        if alert.secret == name:
            return alert
    raise UsageError(
        _("There is no alert {name}.").format(name=f'"{harmless(name, 60)}"'), do=_("cctui alerts list shows them.")
    )


def user(environment: Environment, name: str) -> User:
    """The user of this name. Raises :class:`UsageError`."""
    return _user(environment.read().definition.users, name)


def _user(users: list[User], name: str) -> User:
    for user in users:
        if user.name == name:
            return user
    raise UsageError(
        _("There is no user {name}.").format(name=f'"{harmless(name, 60)}"'), do=_("cctui users list shows them.")
    )


def _save(
    environment: Environment,
    operator: Operator,
    stored: Stored[EnvironmentDefinition],
    users: list[User],
    deed: Deed,
    name: str,
    *,
    before: User | None = None,
    after: User | None = None,
) -> None:
    if not any(user.role is Role.ADMINISTRATOR for user in users):
        raise LastAdministrator(name if before is not None else operator.name)
    environment.save_environment(structs.replace(stored.definition, users=users), stored.fingerprint)
    audit.record(environment, operator, deed, name, before=before, after=after)
