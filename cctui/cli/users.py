"""``cctui users`` and ``cctui audit``: who may do what, and who did what."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cctui.access.confinement import Reach
from cctui.access.roles import ROLE_TITLES, Action, Role, User, require
from cctui.cli import completion
from cctui.cli.session import Session, confirm, in_session, print_table
from cctui.errors import UsageError
from cctui.locales import _
from cctui.masking import printable

if TYPE_CHECKING:
    from cctui.definitions.environment import Environment

_ROLE = click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help=_("The role."))
_KEY = click.option(
    "--ssh-key",
    metavar="KEY",
    help=_("A public key, or its file: who signs in with it works as this user and gets nothing but cctui."),
)
_KEYS_FILE = click.option(
    "--authorized-keys",
    "keys_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("The file for the key; without it that of this account."),
)


@click.group("users", help=_("Users and their roles. Administrators only."))
def users() -> None:
    pass


@users.command("list", help=_("Users, and what each role may do."))
@_KEYS_FILE
@in_session
def list_users(session: Session, keys_path: Path | None) -> None:
    from cctui.access import authorized_keys
    from cctui.access.rights import rights

    require(session.operator, Action.CHANGE_USERS)
    _see_to_paths(session, None, keys_path)
    found = session.environment.read().definition.users
    if session.as_json:
        session.emit(found)
        return
    keys = authorized_keys.names(keys_path or authorized_keys.default_path(), session.environment.root)
    print_table(
        [_("User"), _("Role"), _("SSH key")],
        ([printable(user.name), _(ROLE_TITLES[user.role]), _("yes") if user.name in keys else ""] for user in found),
        _("There are no users yet: the owner of the environment's folder is administrator, others are viewers."),
    )
    click.echo()
    print_table(
        [_("May"), *(_(ROLE_TITLES[role]) for role in Role)],
        ([right.title, *(right.allowed[role] for role in Role)] for right in rights()),
        "",
    )


@users.command("add", help=_("Add a user of the operating system, or group:NAME."))
@click.argument("name")
@_ROLE
@_KEY
@_KEYS_FILE
@in_session
def add_user(session: Session, name: str, role: str, ssh_key: str | None, keys_path: Path | None) -> None:
    from cctui.definitions import system_changes

    _see_to_paths(session, ssh_key, keys_path)
    line = _key_line(session.environment, name, ssh_key)
    system_changes.add_user(session.environment, session.operator, User(name, Role(role)))
    click.echo(_("{name} is {role} now.").format(name=printable(name), role=_(ROLE_TITLES[Role(role)])))
    _keep_key(session, name, line, keys_path)


@users.command("edit", help=_("Give a user another role or another key."))
@click.argument("name", shell_complete=completion.users)
@click.option("--role", type=click.Choice([role.value for role in Role]), help=_("The role."))
@_KEY
@_KEYS_FILE
@in_session
def edit_user(session: Session, name: str, role: str | None, ssh_key: str | None, keys_path: Path | None) -> None:
    from cctui.definitions import system_changes

    if role is None and ssh_key is None:
        raise click.UsageError(_("Say also {options}.").format(options="--role, --ssh-key"))
    _see_to_paths(session, ssh_key, keys_path)
    line = _key_line(session.environment, name, ssh_key)
    if role is None:
        require(session.operator, Action.CHANGE_USERS)
        system_changes.user(session.environment, name)
    else:
        system_changes.change_user(session.environment, session.operator, name, Role(role))
        click.echo(_("{name} is {role} now.").format(name=printable(name), role=_(ROLE_TITLES[Role(role)])))
    _keep_key(session, name, line, keys_path)


@users.command("remove", help=_("Remove a user, and the key with which they sign in to this account."))
@click.argument("name", shell_complete=completion.users)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@_KEYS_FILE
@in_session
def remove_user(session: Session, name: str, yes: bool, keys_path: Path | None) -> None:
    from cctui.access import authorized_keys
    from cctui.definitions import system_changes

    require(session.operator, Action.CHANGE_USERS)
    _see_to_paths(session, None, keys_path)
    path = keys_path or authorized_keys.default_path()
    question = _("Remove {name}?")
    if system_changes.has_key(session.environment, name, path):
        question = _("Remove {name}, and their key from {file}?")
    confirm(question.format(name=printable(name), file=path), yes=yes)
    key_too = system_changes.remove_user(session.environment, session.operator, name, keys=path)
    click.echo(_("Removed: {name}").format(name=printable(name)))
    if key_too:
        click.echo(_("Their key is gone from {file}.").format(file=path))


@click.command("audit", help=_("Who did what when, as JSON, one object a line, oldest first. Administrators only."))
@in_session
def audit(session: Session) -> None:
    from cctui.definitions.audit import path_of

    require(session.operator, Action.CHANGE_SYSTEM)
    path = path_of(session.environment)
    if path.exists():
        with path.open("rb") as log:
            shutil.copyfileobj(log, sys.stdout.buffer)


def _see_to_paths(session: Session, key: str | None, keys_path: Path | None) -> None:
    """A key itself may always be given; a file only by those who may name files."""
    if keys_path is not None or (key is not None and " " not in key):
        session.stay_within(Reach.PATH)


def _key_line(environment: Environment, name: str, key: str | None) -> str | None:
    """The line for a key, checked before anything is changed."""
    from cctui.access import authorized_keys
    from cctui.cli.units import program

    if key is None:
        return None
    path = Path(key).expanduser()
    try:
        content = path.read_text(encoding="utf-8") if " " not in key else key
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(
            _("The key {file} cannot be read.").format(file=printable(key)),
            do=_("Name a .pub file, or put its line in quotation marks."),
        ) from problem
    return authorized_keys.line_for(name, content, program(), environment.root)


def _keep_key(session: Session, name: str, line: str | None, path: Path | None) -> None:
    from cctui.definitions import system_changes

    if line is not None:
        path = system_changes.give_key(session.environment, session.operator, name, line, keys=path)
        click.echo(_("Their key opens cctui and nothing else, by {file}.").format(file=path))
