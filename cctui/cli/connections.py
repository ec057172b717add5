"""``cctui connections``: accounts of Constant Contact, signing in and out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from cctui.access.confinement import Reach
from cctui.access.roles import Action, Sharing, require
from cctui.cli import completion
from cctui.cli.session import Session, confirm, in_session, print_facts, print_table
from cctui.errors import ExitCode, UsageError
from cctui.host.clock import SystemClock
from cctui.locales import _, date_time, duration, relative_time
from cctui.masking import printable

if TYPE_CHECKING:
    from cctui.constant_contact.connection_check import ConnectionCheck
    from cctui.constant_contact.sign_in import NewTokens, SignedIn
    from cctui.definitions.environment import Environment
    from cctui.definitions.model import ConnectionDefinition

_SHARE = click.option(
    "--share/--no-share", default=None, help=_("Let contributors use it too, or administrators only (the default).")
)


@click.group("connections", help=_("Connections to Constant Contact accounts."))
def connections() -> None:
    pass


@connections.command("list", help=_("All connections and how it stands with them."))
@in_session
def list_connections(session: Session) -> None:
    from cctui.access.roles import SHARING_TITLES
    from cctui.constant_contact.connection_check import STATE_TITLES
    from cctui.definitions.environment import Broken

    environment = session.environment
    require(session.operator, Action.SEE_CONNECTIONS)
    entries = environment.connections()
    checks = {
        entry.definition.id: _state(environment, entry.definition) for entry in entries if not isinstance(entry, Broken)
    }
    if session.as_json:
        session.emit(
            [
                {"id": entry.id, "problem": str(entry.problem)}
                if isinstance(entry, Broken)
                else {"definition": entry.definition, "state": checks[entry.definition.id].state}
                for entry in entries
            ]
        )
        return
    print_table(
        [_("Connection"), _("Display name"), _("State"), _("Account"), _("Created by"), _("Who can use it")],
        (
            [entry.id, printable(str(entry.problem)), "", "", "", ""]
            if isinstance(entry, Broken)
            else [
                entry.definition.id,
                printable(entry.definition.display_name),
                _(STATE_TITLES[checks[entry.definition.id].state]),
                printable(entry.definition.account.name) if entry.definition.account else "",
                printable(entry.definition.created_by),
                _(SHARING_TITLES[entry.definition.shared_with]),
            ]
            for entry in entries
        ),
        _("There is no connection yet. Make one: cctui connections add"),
    )


@connections.command("add", help=_("Add a connection. Afterwards sign in: cctui connections sign-in."))
@click.option("--name", required=True, help=_("Display name: its purpose and its target."))
@click.option("--client-id", required=True, metavar="KEY", help=_("Application key from the developer portal."))
@click.option("--id", "connection_id", metavar="ID", help=_("Its id; made from the name where absent."))
@_SHARE
@click.option("--agree", is_flag=True, help=_("Agree to data privacy and compliance."))
@click.option("--api", metavar="ADDRESS", help=_("Where the API is, for a sandbox."))
@click.option("--authorization", metavar="ADDRESS", help=_("Where sign-in is, for a sandbox."))
@in_session
def add_connection(
    session: Session,
    name: str,
    client_id: str,
    connection_id: str | None,
    share: bool | None,
    agree: bool,
    api: str | None,
    authorization: str | None,
) -> None:
    from cctui.definitions import changes
    from cctui.definitions.consent import consent_text
    from cctui.definitions.environment import new_id
    from cctui.definitions.model import ConnectionDefinition, Consent, Endpoints

    environment, operator = session.environment, session.operator
    require(operator, Action.CHANGE_CONNECTIONS)
    if not agree:
        click.echo(consent_text(), err=True)
        if not sys.stdin.isatty():
            raise click.UsageError(_("Data privacy and compliance: read the text above and say --agree."))
        click.confirm(_("I agree"), abort=True)
    now = SystemClock().now().replace(microsecond=0)
    if api or authorization:
        session.stay_within(Reach.SERVICE)
    given = {key: value for key, value in (("api", api), ("authorization", authorization)) if value}
    saved = changes.add_connection(
        environment,
        operator,
        ConnectionDefinition(
            id=connection_id or new_id(name, {entry.path.stem for entry in environment.connections()}),
            display_name=name,
            client_id=client_id,
            shared_with=_sharing(share) or Sharing.ADMINISTRATORS,
            created_by=operator.name,
            created_at=now,
            consent=Consent(accepted_by=operator.name, accepted_at=now),
            endpoints=Endpoints(**given),
        ),
    )
    if session.as_json:
        session.emit(saved.definition)
        return
    click.echo(_("Saved: {name}").format(name=printable(name)))
    click.echo(_("Sign in: cctui connections sign-in {connection}").format(connection=saved.definition.id))


@connections.command("sign-in", help=_("Authenticate with Constant Contact and become the export user."))
@click.argument("connection", shell_complete=completion.connections)
@click.option("--paste", is_flag=True, help=_("Sign in by a pasted address instead of a code."))
@click.option("--other-account", is_flag=True, help=_("Accept another account than before."))
@click.option("--without-renewal", is_flag=True, help=_("Accept a sign-in that ends within a day."))
@in_session
def sign_in(session: Session, connection: str, paste: bool, other_account: bool, without_renewal: bool) -> None:
    from cctui.constant_contact import connection_life
    from cctui.constant_contact import sign_in as signing

    environment, operator = session.environment, session.operator
    require(operator, Action.CHANGE_CONNECTIONS)
    stored = environment.connection(connection)
    keep_in = connection_life.sign_in_store(environment)
    tokens = _by_pasted_address(stored.definition) if paste else _by_code(session, stored.definition)
    signed_in: SignedIn = signing.finish(
        stored.definition,
        tokens,
        environment.secrets_folder,
        environment.limits_path,
        accept_other_account=other_account,
        accept_no_refresh_token=without_renewal,
        keep_in=keep_in,
    )
    saved = connection_life.record_sign_in(environment, operator, stored.definition, stored.fingerprint, signed_in)
    if session.as_json:
        session.emit(saved.definition)
        return
    click.echo(_("Connected to {account}.").format(account=printable(signed_in.account.name)))
    click.echo(_("The export user is {operator}.").format(operator=printable(operator.name)))


@connections.command("sign-out", help=_("Forget the sign-in on this machine."))
@click.argument("connection", shell_complete=completion.connections)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@in_session
def sign_out(session: Session, connection: str, yes: bool) -> None:
    from cctui.constant_contact import connection_life

    environment = session.environment
    require(session.operator, Action.CHANGE_CONNECTIONS)
    definition = environment.connection(connection).definition
    confirm(_("Sign {connection} out?").format(connection=printable(definition.display_name)), yes=yes)
    if connection_life.sign_out(environment, session.operator, definition.id):
        click.echo(_("The sign-in is gone from this machine."))
        click.echo(_("To withdraw the grant too: Constant Contact, Settings, Integrations."))
    else:
        click.echo(_("Nobody was signed in."))


@connections.command("test", help=_("Ask Constant Contact how it stands with a connection."))
@click.argument("connection", shell_complete=completion.connections)
@in_session
def test_connection(session: Session, connection: str) -> int:
    from cctui.constant_contact.connection_check import STATE_TITLES, ConnectionState
    from cctui.constant_contact.tokens import TokenStore, kept_in

    environment = session.environment
    require(session.operator, Action.SEE_CONNECTIONS)
    definition = environment.connection(connection).definition
    check = _check(environment, definition)
    tokens = TokenStore(environment.secrets_folder).state(definition.id)
    if session.as_json:
        session.emit({"check": check, "tokens": tokens})
    else:
        zone = environment.zone()
        print_facts(
            [
                (_("State"), _(STATE_TITLES[check.state])),
                *([(_("Why"), printable(check.sentence, 400))] if check.sentence else []),
                (_("Account"), printable(check.account)),
                (_("Tokens"), printable(kept_in(tokens), 400)),
                (_("Last renewed"), relative_time(tokens.renewed_at)),
                (_("Dies unused"), date_time(tokens.dies_at, zone) if tokens.dies_at else ""),
            ]
        )
    if check.state is ConnectionState.CONNECTED:
        return ExitCode.SUCCESSFUL
    return ExitCode.SIGN_IN_NEEDED if check.state is ConnectionState.SIGN_IN_NEEDED else ExitCode.FAILED


@connections.command("token", help=_("Where the sign-in of a connection is kept, how old it is, and when it dies."))
@click.argument("connection", shell_complete=completion.connections)
@click.option("--move", is_flag=True, help=_("Keep it where [secrets] in environment.toml says."))
@in_session
def token(session: Session, connection: str, move: bool) -> int:
    from cctui.constant_contact import connection_life
    from cctui.constant_contact.tokens import STANDING_TITLES, Standing, TokenStore, kept_in

    environment = session.environment
    require(session.operator, Action.SEE_CONNECTIONS)
    definition = environment.connection(connection).definition
    if move:
        connection_life.move_sign_in(environment, session.operator, definition.id)
    tokens = TokenStore(environment.secrets_folder).state(definition.id)
    if session.as_json:
        session.emit(tokens)
    else:
        zone = environment.zone()
        print_facts(
            [
                (_("Sign-in"), _(STANDING_TITLES[tokens.standing])),
                *([(_("Why"), printable(tokens.problem, 400))] if tokens.problem else []),
                (_("Kept in"), printable(kept_in(tokens), 400)),
                (_("Signed in"), date_time(tokens.signed_in_at, zone) if tokens.signed_in_at else ""),
                (_("Last renewed"), relative_time(tokens.renewed_at)),
                (_("Dies unused"), date_time(tokens.dies_at, zone) if tokens.dies_at else ""),
            ]
        )
        chosen = connection_life.chosen_store(environment)
        if tokens.standing is not Standing.NONE and not tokens.problem and tokens.store is not chosen:
            click.echo(
                _(
                    "environment.toml says to keep it elsewhere. Move it: cctui connections token {connection} --move"
                ).format(connection=definition.id),
                err=True,
            )
    in_use = tokens.standing in {Standing.GOOD, Standing.RENEWAL_DUE, Standing.HIDDEN}
    return ExitCode.SUCCESSFUL if in_use else ExitCode.SIGN_IN_NEEDED


@connections.command("edit", help=_("Rename, share or unshare a connection."))
@click.argument("connection", shell_complete=completion.connections)
@click.option("--name", help=_("Display name."))
@_SHARE
@in_session
def edit_connection(session: Session, connection: str, name: str | None, share: bool | None) -> None:
    from cctui.definitions import changes

    environment = session.environment
    require(session.operator, Action.CHANGE_CONNECTIONS)
    stored = environment.connection(connection)
    changed: dict[str, Any] = {}
    if name:
        changed["display_name"] = name
    sharing = _sharing(share)
    if sharing is not None:
        changed["shared_with"] = sharing
    definition = structs.replace(stored.definition, **changed)
    saved = changes.edit_connection(environment, session.operator, definition, stored.fingerprint)
    if session.as_json:
        session.emit(saved.definition)
    else:
        click.echo(_("Saved: {name}").format(name=printable(saved.definition.display_name)))


@connections.command("remove", help=_("Remove a connection that no export uses, with its sign-in."))
@click.argument("connection", shell_complete=completion.connections)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@in_session
def remove_connection(session: Session, connection: str, yes: bool) -> None:
    from cctui.constant_contact import connection_life

    environment = session.environment
    require(session.operator, Action.CHANGE_CONNECTIONS)
    definition = environment.connection(connection).definition
    confirm(_("Remove {connection}?").format(connection=printable(definition.display_name)), yes=yes)
    connection_life.remove_connection(environment, session.operator, definition.id)
    click.echo(_("Removed: {name}").format(name=printable(definition.display_name)))
    click.echo(_("To withdraw the grant too: Constant Contact, Settings, Integrations."))


def _by_code(session: Session, definition: ConnectionDefinition) -> NewTokens:
    """Sign in by a code that is approved in any browser; waits until then."""
    from cctui.constant_contact.sign_in import DeviceSignIn, Pending

    signing = DeviceSignIn(definition)
    clock = SystemClock()
    try:
        code = signing.start()
        if session.as_json:
            session.emit({"verification_uri": code.verification_uri, "user_code": code.user_code})
            sys.stdout.flush()
        click.echo(_("Open {address} in any browser.").format(address=code.verification_uri), err=True)
        click.echo(_("Code: {code}").format(code=code.user_code), err=True)
        click.echo(
            _("The code is good for {time}. Waiting for the approval …").format(time=duration(code.expires_in)),
            err=True,
        )
        while isinstance(found := signing.poll_once(), Pending):
            clock.wait(found.wait)
        return found
    finally:
        signing.close()


def _by_pasted_address(definition: ConnectionDefinition) -> NewTokens:
    """Sign in by the address that a browser was led to; needs a terminal to paste into."""
    from cctui.constant_contact.sign_in import PkceSignIn

    if not sys.stdin.isatty():
        raise UsageError(
            _("Pasting an address needs a terminal."), do=_("Leave out --paste to sign in by a code instead.")
        )
    signing = PkceSignIn(definition)
    try:
        click.echo(_("Open {address} in any browser.").format(address=signing.address), err=True)
        return signing.redeem(click.prompt(_("Paste the address that the browser was led to"), hide_input=True))
    finally:
        signing.close()


def _state(environment: Environment, definition: ConnectionDefinition) -> ConnectionCheck:
    from cctui.constant_contact.connection_check import state_without_asking
    from cctui.constant_contact.connection_life import checks_path

    return state_without_asking(definition, environment.secrets_folder, checks_path(environment))


def _check(environment: Environment, definition: ConnectionDefinition) -> ConnectionCheck:
    from cctui.constant_contact.connection_check import check_connection
    from cctui.constant_contact.connection_life import checks_path

    return check_connection(definition, environment.secrets_folder, environment.limits_path, checks_path(environment))


def _sharing(share: bool | None) -> Sharing | None:
    if share is None:
        return None
    return Sharing.ADMINISTRATORS_AND_CONTRIBUTORS if share else Sharing.ADMINISTRATORS
