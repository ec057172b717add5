"""Connections in the plain mode: set up with both sign-ins, look at, test, change, remove."""

from __future__ import annotations

from functools import partial

from msgspec import structs

from cctui.access.roles import SHARING_TITLES, Action, Sharing, require
from cctui.cli.plain.conversation import CLOSES, Back, Conversation, Entries, Entry
from cctui.cli.plain.work import Work
from cctui.constant_contact import connection_life
from cctui.constant_contact import sign_in as signing
from cctui.constant_contact.connection_check import (
    STATE_TITLES,
    ConnectionCheck,
    check_connection,
    state_without_asking,
)
from cctui.constant_contact.connection_life import checks_path
from cctui.constant_contact.errors import AccountChanged
from cctui.constant_contact.sign_in import DeviceSignIn, NewTokens, Pending, PkceSignIn, SignedIn
from cctui.constant_contact.sign_in_errors import NoRefreshToken
from cctui.definitions import changes
from cctui.definitions.consent import consent_text
from cctui.definitions.environment import Broken, new_id
from cctui.definitions.model import ConnectionDefinition, Consent
from cctui.host.clock import SystemClock
from cctui.locales import _, duration
from cctui.masking import harmless, printable
from cctui.tui.connection_draft import ConnectionDraft, clean_key, names_of, services


def connections(talk: Conversation, work: Work) -> None:
    """Choose a connection, or add one."""
    require(work.operator, Action.SEE_CONNECTIONS)
    talk.menu(_("Connections"), partial(_listed, talk, work), _("Back"))


def _listed(talk: Conversation, work: Work) -> Entries:
    found: list[Entry] = []
    for entry in work.environment.connections():
        if isinstance(entry, Broken):
            label = _("{name}, cannot be read").format(name=harmless(entry.id, 64))
            found.append((label, partial(talk.problem, entry.problem)))
        else:
            one = entry.definition
            label = f"{printable(one.display_name)}, {_(STATE_TITLES[_state(work, one).state])}"
            found.append((label, partial(connection, talk, work, one.id)))
    return [*found, (_("Add connection"), partial(add, talk, work))]


def connection(talk: Conversation, work: Work, connection_id: str) -> None:
    """One connection: how it stands with it, and what can be done."""
    definition = work.environment.connection(connection_id).definition
    check = _state(work, definition)
    talk.facts(
        [
            (_("Display name"), printable(definition.display_name)),
            (_("State"), _(STATE_TITLES[check.state])),
            (_("Why"), printable(check.sentence, 400)),
            (_("Account"), printable(definition.account.name) if definition.account else ""),
            (_("Export user"), printable(definition.export_user or "")),
            (_("Who can use it"), _(SHARING_TITLES[definition.shared_with])),
            (_("Created by"), printable(definition.created_by)),
        ]
    )
    talk.menu(
        printable(definition.display_name),
        lambda: [
            (_("Sign in"), partial(sign_in, talk, work, connection_id)),
            (_("Test connection"), partial(_test, talk, work, connection_id)),
            (_("Edit"), partial(_edit, talk, work, connection_id)),
            (_("Sign out"), partial(_sign_out, talk, work, connection_id)),
            (_("Remove"), partial(_remove, talk, work, connection_id)),
        ],
        _("Back"),
    )


def add(talk: Conversation, work: Work) -> None:
    """Set up a connection: name, key, who can use it, consent, then the two sign-ins (checklist C6 to C14)."""
    environment, operator = work.environment, work.operator
    require(operator, Action.CHANGE_CONNECTIONS)
    present = environment.connections()
    offered = services(present)
    draft = ConnectionDraft(other_names=names_of(present, None))
    name = talk.text(
        _("Display name"),
        explanation=_("Name its purpose and its target. It can be changed later."),
        why_not=lambda text: structs.replace(draft, display_name=text).name_problem(),
    )
    service = offered[0] if len(offered) == 1 else talk.choose(_("Service"), [(one.title, one) for one in offered])
    key = talk.text(
        _("Application key"),
        default=service.client_id,
        explanation=_("Application key from the developer portal."),
        why_not=lambda text: structs.replace(draft, client_id=text).key_problem(),
    )
    sharing = _choose_sharing(talk, Sharing.ADMINISTRATORS)
    talk.say(_("Data privacy and compliance"), *consent_text().split("\n\n"))
    if not talk.sure(_("I agree"), default=False):
        raise Back
    now = SystemClock().now().replace(microsecond=0)
    saved = changes.add_connection(
        environment,
        operator,
        ConnectionDefinition(
            id=new_id(name, {entry.path.stem for entry in present}),
            display_name=name,
            client_id=clean_key(key),
            shared_with=sharing,
            created_by=operator.name,
            created_at=now,
            consent=Consent(accepted_by=operator.name, accepted_at=now),
            endpoints=service.endpoints,
        ),
    )
    talk.say(_("Saved: {name}").format(name=printable(name)), _("Now the two sign-ins."))
    if talk.sure(_("Sign in now?"), default=True):
        sign_in(talk, work, saved.definition.id)


def sign_in(talk: Conversation, work: Work, connection_id: str) -> None:
    """Both sign-ins: with Constant Contact, then as the export user."""
    environment, operator = work.environment, work.operator
    require(operator, Action.CHANGE_CONNECTIONS)
    stored = environment.connection(connection_id)
    way = talk.choose(
        _("Authenticate with Constant Contact"),
        [
            (_("with a code, typed in any browser"), _by_code),
            (_("by pasting the address that the browser was led to"), _by_pasted_address),
        ],
        default=_by_code,
        explanation=_("Sign in to Constant Contact with a browser on any device."),
    )
    signed_in = _finished(talk, work, stored.definition, way(talk, stored.definition))
    talk.say(_("Connected to {account}.").format(account=printable(signed_in.account.name)))
    user = talk.text(
        _("Export user"),
        default=operator.name,
        explanation=_("Add yourself as export user: exports then run in your name."),
        why_not=lambda text: "" if text else _("Add yourself as export user first."),
    )
    connection_life.record_sign_in(
        environment, operator, stored.definition, stored.fingerprint, signed_in, export_user=user
    )
    talk.say(_("The export user is {operator}.").format(operator=printable(user)))


def _by_code(talk: Conversation, definition: ConnectionDefinition) -> NewTokens:
    flow = DeviceSignIn(definition)
    clock = SystemClock()
    try:
        code = flow.start()
        talk.say(
            _("Open {address} in any browser.").format(address=code.verification_uri),
            _("Code: {code}").format(code=code.user_code),
            _("The code is good for {time}. Waiting for the approval …").format(time=duration(code.expires_in)),
            _("Ctrl+C gives up."),
        )
        while isinstance(found := flow.poll_once(), Pending):
            clock.wait(found.wait)
        return found
    except KeyboardInterrupt:
        raise Back from None
    finally:
        flow.close()


def _by_pasted_address(talk: Conversation, definition: ConnectionDefinition) -> NewTokens:
    flow = PkceSignIn(definition)
    try:
        talk.say(_("Open {address} in any browser.").format(address=flow.address))
        return talk.ask(_("Paste the address that the browser was led to"), read=flow.redeem, secret=True)
    finally:
        flow.close()


def _finished(talk: Conversation, work: Work, definition: ConnectionDefinition, tokens: NewTokens) -> SignedIn:
    """The sign-in, saved; what is unusual about it is asked first."""
    environment = work.environment
    other_account = without_renewal = False
    while True:
        try:
            return signing.finish(
                definition,
                tokens,
                environment.secrets_folder,
                environment.limits_path,
                accept_other_account=other_account,
                accept_no_refresh_token=without_renewal,
            )
        except (AccountChanged, NoRefreshToken) as problem:
            talk.problem(problem)
            if not talk.sure(_("Take it all the same?"), default=False):
                raise Back from None
            other_account = other_account or isinstance(problem, AccountChanged)
            without_renewal = without_renewal or isinstance(problem, NoRefreshToken)


def _test(talk: Conversation, work: Work, connection_id: str) -> None:
    environment = work.environment
    definition = environment.connection(connection_id).definition
    check = check_connection(definition, environment.secrets_folder, environment.limits_path, checks_path(environment))
    talk.facts(
        [
            (_("State"), _(STATE_TITLES[check.state])),
            (_("Why"), printable(check.sentence, 400)),
            (_("Account"), printable(check.account)),
        ]
    )


def _edit(talk: Conversation, work: Work, connection_id: str) -> None:
    environment = work.environment
    require(work.operator, Action.CHANGE_CONNECTIONS)
    stored = environment.connection(connection_id)
    draft = ConnectionDraft(other_names=names_of(environment.connections(), connection_id))
    name = talk.text(
        _("Display name"),
        default=stored.definition.display_name,
        why_not=lambda text: structs.replace(draft, display_name=text).name_problem(),
    )
    sharing = _choose_sharing(talk, stored.definition.shared_with)
    changed = structs.replace(stored.definition, display_name=name, shared_with=sharing)
    changes.edit_connection(environment, work.operator, changed, stored.fingerprint)
    talk.say(_("Saved: {name}").format(name=printable(name)))


def _choose_sharing(talk: Conversation, present: Sharing) -> Sharing:
    return talk.choose(
        _("Choose who can use this connection"),
        [(_(title), one) for one, title in SHARING_TITLES.items()],
        default=present,
    )


def _sign_out(talk: Conversation, work: Work, connection_id: str) -> None:
    require(work.operator, Action.CHANGE_CONNECTIONS)
    definition = work.environment.connection(connection_id).definition
    if not talk.sure(_("Sign {connection} out?").format(connection=printable(definition.display_name)), default=False):
        return
    if connection_life.sign_out(work.environment, work.operator, connection_id):
        talk.say(
            _("The sign-in is gone from this machine."),
            _("To withdraw the grant too: Constant Contact, Settings, Integrations."),
        )
    else:
        talk.say(_("Nobody was signed in."))


def _remove(talk: Conversation, work: Work, connection_id: str) -> object:
    require(work.operator, Action.CHANGE_CONNECTIONS)
    name = printable(work.environment.connection(connection_id).definition.display_name)
    if talk.sure(_("Remove {connection}?").format(connection=name), default=False):
        connection_life.remove_connection(work.environment, work.operator, connection_id)
        talk.say(_("Removed: {name}").format(name=name))
        return CLOSES
    return None


def _state(work: Work, definition: ConnectionDefinition) -> ConnectionCheck:
    environment = work.environment
    return state_without_asking(definition, environment.secrets_folder, checks_path(environment))
