"""Set up or edit a connection: name, key, who can use it, consent, the two sign-ins, Save (C4 to C18).

A new connection has no file before Save; tokens that were gained for it are deleted when it is not saved. In a saved
one a new sign-in is written down at once, because its tokens are in use from then on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from msgspec import structs
from textual.widget import Widget
from textual.widgets import Button, Input

from cctui.access.roles import Action, why_not
from cctui.constant_contact import connection_life
from cctui.constant_contact.connection_check import ConnectionCheck, ConnectionState, check_connection, last_checks
from cctui.constant_contact.sign_in import SignedIn
from cctui.constant_contact.tokens import SIGN_OUT_NOTE, STANDING_TITLES, TokenState, TokenStore
from cctui.definitions import changes
from cctui.definitions.environment import Stored, new_id
from cctui.definitions.model import ConnectionDefinition, ConnectionId, Consent, Endpoints
from cctui.definitions.toml_files import ChangedElsewhere
from cctui.errors import CctuiError
from cctui.locales import N_, _, date_time
from cctui.tui import connection_draft as drafts
from cctui.tui import token_lines
from cctui.tui.commands import Command
from cctui.tui.connection_draft import ConnectionDraft, clean_key
from cctui.tui.connection_pane_commands import COMMANDS, ConnectionPaneFacts, may_sign_out, may_test
from cctui.tui.parts import Tone, shown
from cctui.tui.screens.changed_elsewhere import ChangedElsewhereDialog, Kept
from cctui.tui.screens.form_page import FormPage
from cctui.tui.screens.key_help import KeyHelpDialog
from cctui.tui.screens.sign_in_panel import SignInPanel
from cctui.tui.widgets.connection_form import SHARINGS, ConnectionForm
from cctui.tui.widgets.form import FormFooter, Step
from cctui.tui.widgets.form_fields import Choices, TextField, Tick
from cctui.tui.widgets.paragraph import Paragraph


class ConnectionPane(FormPage):
    """The pane of a new connection, or of the one with ``connection_id``. Only administrators see it (C23)."""

    PLACE = "connections"
    EXPLANATION = N_("This connection lets this environment share data with Constant Contact.")
    COMMANDS: ClassVar[tuple[Command, ...]] = COMMANDS
    DEFAULT_CSS = "ConnectionPane #refused { padding: 1 3; }"

    def __init__(self, connection_id: str | None = None) -> None:
        super().__init__()
        self._id: ConnectionId | None = ConnectionId(connection_id) if connection_id else None
        self._new_id = ConnectionId("")
        self._stored: Stored[ConnectionDefinition] | None = None
        self._services = [drafts.Service("", Endpoints())]
        self._first = ConnectionDraft()
        self._draft = ConnectionDraft()
        self._agreed_at: datetime | None = None
        self._signed_in: SignedIn | None = None
        self._saved = False
        self._testing = False
        self._left: set[str] = set()

    # What the frame asks

    def heading(self) -> str:
        """The documented title (C5)."""
        if self._id is not None:
            return _("Edit Constant Contact connection")
        return _("Set up Constant Contact connection")

    def facts(self) -> ConnectionPaneFacts:
        """What commands look at."""
        tokens = self._tokens()
        return ConnectionPaneFacts(
            operator=self.face.operator,
            draft=self._draft,
            has_tokens=tokens is not None and tokens.path.exists(),
            testing=self._testing,
        )

    def body(self) -> Iterable[Widget]:
        """The form over its footer."""
        refused = why_not(self.face.operator, Action.CHANGE_CONNECTIONS)
        if refused:
            yield Paragraph(f"{_('Only administrators see connections.')}\n{refused}", id="refused")
            return
        self._read()
        yield ConnectionForm(self._draft, [service.title for service in self._services], self._agreed_text())
        yield FormFooter(id="footer")

    @property
    def _form(self) -> ConnectionForm:
        return self.query_one(ConnectionForm)

    @property
    def _connection_id(self) -> ConnectionId:
        return self._id or self._new_id

    def _agreed_text(self) -> str:
        consent = self._stored.definition.consent if self._stored else None
        if consent is None:
            return ""
        moment = date_time(consent.accepted_at, self.face.zone)
        return _("{name} agreed, {moment}").format(name=shown(consent.accepted_by), moment=moment)

    # Reading and showing

    def _read(self) -> None:
        """Read what is edited, or begin anew. A connection that cannot be read closes the pane with its error."""
        connections = self.face.snapshot.connections
        names = drafts.names_of(connections, self._id)
        if self._id is None:
            self._services = drafts.services(connections)
            service = self._services[0]
            self._first = ConnectionDraft(client_id=service.client_id, endpoints=service.endpoints, other_names=names)
        else:
            try:
                self._stored = self.face.environment.connection(self._id)
                self._first = drafts.draft_of(self._stored.definition, names)
            except CctuiError as problem:
                self.call_after_refresh(self._cannot_open, problem)
        self._draft = self._first

    def _cannot_open(self, problem: CctuiError) -> None:
        self.dismiss()
        self.face.call_later(self.face.show_error, problem)

    def on_mount(self) -> None:
        """Begin at the first field."""
        for field in self.query("#name"):
            field.focus()

    def on_unmount(self) -> None:
        """However the pane ends: what was gained for a connection that was not saved goes."""
        self._forget_unsaved()

    def reload(self) -> None:
        """Something changed underneath: what is typed stays, what is told about the sign-in is read again."""
        if self.query(ConnectionForm):
            names = drafts.names_of(self.face.snapshot.connections, self._id)
            self._draft = structs.replace(self._draft, other_names=names)
            self._tell()

    def _tokens(self) -> TokenState | None:
        if self._stored is None:
            return None
        return TokenStore(self.face.environment.secrets_folder).state(self._stored.definition.id, self.face.clock.now())

    def _tell(self) -> None:
        """Show what follows from what was entered and from what lies on the disk."""
        face, draft, tokens = self.face, self._draft, self._tokens()
        self._form.show_draft(draft, self._left)
        self.query_one(FormFooter).show(draft.why_no_save())
        state = _(STANDING_TITLES[tokens.standing]) if tokens is not None else ""
        self._form.show_steps(
            draft,
            signed_in=bool(draft.account) and (tokens is None or token_lines.is_signed_in(tokens)),
            state=state,
            note=drafts.credentials_note(face.snapshot.environment),
        )
        if tokens is not None:
            checks = last_checks(connection_life.checks_path(face.environment))
            check = checks.get(self._connection_id, ConnectionCheck())
            facts = self.facts()
            self._form.show_tokens(
                token_lines.token_lines(tokens, check, face.zone, face.clock.now(), self._form.content_size.width - 1),
                may_test=not may_test(facts),
                may_sign_out=not may_sign_out(facts),
            )
        self.draw()

    # What is entered

    def on_input_changed(self, event: Input.Changed) -> None:
        """A name or a key is being typed."""
        if event.input.id == "name":
            self._change(display_name=event.value)
        elif event.input.id == "key":
            self._change(client_id=event.value)

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """What is wrong with an entry is said when it was left."""
        if event.value and event.input.id:
            self._left.add(event.input.id)
            self._tell()

    def on_choices_changed(self, event: Choices.Changed) -> None:
        """Who can use it, or which service, was chosen."""
        if event.choices.id == "sharing":
            self._change(sharing=SHARINGS[event.choices.chosen])
        else:
            self._change(endpoints=self._services[event.choices.chosen].endpoints)

    def on_tick_changed(self, event: Tick.Changed) -> None:
        """The consent was given, or taken back before it was saved (C9)."""
        self._agreed_at = self.face.clock.now().replace(microsecond=0) if event.tick.ticked else None
        self._change(agreed=event.tick.ticked)

    def _change(self, **changed: object) -> None:
        before, self._draft = self._draft, structs.replace(self._draft, **changed)
        if self._id is None and before.connected and drafts.leads_elsewhere(before, self._draft):
            self._forget_unsaved()
            self._draft = structs.replace(self._draft, connected=False, account="", export_user="")
            self.notice(_("This was changed after Connect: choose Connect again."), Tone.WARNING)
        self._tell()

    def on_text_field_help_asked(self, _message: TextField.HelpAsked) -> None:
        """A question mark in the field of the key."""
        self.do_key_help()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        """Every button does a command."""
        await self._perform_named(event.button.id or "")

    async def on_step_pressed(self, message: Step.Pressed) -> None:
        """So do the two sign-ins."""
        await self._perform_named(message.step)

    async def _perform_named(self, name: str) -> None:
        for command in COMMANDS:
            if command.name == name.replace("-", "_"):
                await self.perform(command)

    # Commands

    def do_key_help(self) -> None:
        """How to get a key."""
        self.app.push_screen(KeyHelpDialog())

    def do_connect(self) -> None:
        """Fix the id, and open the way to the sign-ins (C11)."""
        environment = self.face.environment
        taken = {entry.path.stem for entry in environment.connections()}
        # Tokens may be left of a definition that is on another branch; they are not ours to overwrite.
        taken |= {path.stem for path in environment.secrets_folder.glob("*.json")}
        self._new_id = ConnectionId(new_id(self._draft.display_name, taken))
        self._change(connected=True)
        self._form.query_one("#authenticate Button").focus()

    def _definition(self) -> ConnectionDefinition:
        """The connection as it stands in the pane."""
        draft, operator, stored = self._draft, self.face.operator, self._stored
        consent = stored.definition.consent if stored else None
        if self._agreed_at is not None:
            consent = Consent(accepted_by=operator.name, accepted_at=self._agreed_at)
        base = (
            stored.definition
            if stored
            else ConnectionDefinition(
                id=self._connection_id,
                display_name=draft.display_name,
                client_id=draft.client_id,
                account=self._signed_in.pin if self._signed_in else None,
                created_by=operator.name,
                created_at=self.face.clock.now().replace(microsecond=0),
                endpoints=draft.endpoints,
            )
        )
        return structs.replace(
            base,
            display_name=draft.display_name.strip(),
            client_id=clean_key(draft.client_id),
            shared_with=draft.sharing,
            export_user=draft.export_user or None,
            consent=consent,
        )

    async def do_authenticate(self) -> None:
        """Sign in (C12, C13)."""
        signed_in = await self.app.push_screen_wait(SignInPanel(self._definition(), unsaved=self._id is None))
        if signed_in is None:
            return
        self._signed_in = signed_in
        account = drafts.account_shown(signed_in.pin.name, signed_in.pin.id)
        if self._id is None:
            self._change(account=account)
        else:
            self._record(self._id, signed_in)
            self.notice(_("Signed in to {account}. This is saved already.").format(account=account), Tone.GOOD)
        self._form.query_one("#export-user Button").focus()

    def _record(self, connection_id: ConnectionId, signed_in: SignedIn) -> None:
        """Write the sign-in of a saved connection down; name and sharing in the pane stay unsaved."""
        face, stored = self.face, self._stored
        if stored is None:
            return
        mine, now = self._definition(), face.environment.connection(connection_id)
        saved = connection_life.record_sign_in(
            face.environment,
            face.operator,
            structs.replace(now.definition, client_id=mine.client_id, consent=now.definition.consent or mine.consent),
            now.fingerprint,
            signed_in,
            export_user=now.definition.export_user or "",
            clock=face.clock,
        )
        if now.fingerprint != stored.fingerprint:
            # The rest of the file was changed elsewhere: Save still has to ask about that.
            known = structs.replace(
                stored.definition,
                client_id=saved.definition.client_id,
                consent=saved.definition.consent,
                account=saved.definition.account,
            )
            saved = structs.replace(stored, definition=known)
        self._stored = saved
        self._first = drafts.draft_of(saved.definition, self._draft.other_names)
        self._agreed_at = None
        face.refresh_now()
        self._change(
            agreed=True,
            account=self._first.account,
            client_id=self._first.client_id,
            saved_key=self._first.saved_key,
            export_user=self._draft.export_user or self._first.export_user,
        )

    def do_export_user(self) -> None:
        """The operator becomes who exports run as (C13)."""
        self._change(export_user=self.face.operator.name)
        save = self.query_one(".form-save", Button)
        if not save.disabled:
            save.focus()

    async def do_save(self) -> None:
        """Save and close (C14). A file that was changed elsewhere is asked about."""
        face = self.face
        definition = self._definition()
        if self._stored is not None:
            try:
                changes.edit_connection(face.environment, face.operator, definition, self._stored.fingerprint)
            except ChangedElsewhere as problem:
                if not await self._settle(problem, definition):
                    return
        elif self._signed_in is not None:
            connection_life.record_sign_in(
                face.environment,
                face.operator,
                definition,
                None,
                self._signed_in,
                export_user=self._draft.export_user,
                clock=face.clock,
            )
        self._saved = True
        self.close_pane(_("Saved: {name}").format(name=shown(definition.display_name)))

    async def _settle(self, problem: ChangedElsewhere, definition: ConnectionDefinition) -> bool:
        """Ask whose text stays; returns whether mine was saved."""
        face = self.face
        kept = await self.app.push_screen_wait(ChangedElsewhereDialog(problem))
        if kept is Kept.THEIRS:
            self.close_pane(_("Theirs was kept; nothing of yours was saved."))
        if kept is not Kept.MINE:
            return False
        if problem.fingerprint is None:
            changes.add_connection(face.environment, face.operator, definition)
        else:
            changes.edit_connection(face.environment, face.operator, definition, problem.fingerprint)
        return True

    async def do_test(self) -> None:
        """Ask the service how it stands with the saved connection."""
        face, stored = self.face, self._stored
        if stored is None:
            return
        environment = face.environment
        self._testing = True
        self.notice(_("Asking Constant Contact …"))
        self._tell()
        try:
            check = await asyncio.to_thread(
                check_connection,
                stored.definition,
                environment.secrets_folder,
                environment.limits_path,
                connection_life.checks_path(environment),
                clock=face.clock,
            )
        finally:
            self._testing = False
        self._tell()
        good = check.state is ConnectionState.CONNECTED
        text = _("Connected to {account}").format(account=shown(check.account)) if good else shown(check.sentence, 400)
        self.notice(text, Tone.GOOD if good else Tone.WARNING)

    async def do_sign_out(self) -> None:
        """Ask, then forget the sign-in on this machine."""
        face, stored = self.face, self._stored
        if stored is None:
            return
        lines = [shown(stored.definition.display_name), "", _(SIGN_OUT_NOTE)]
        if await face.confirm(_("Sign out?"), lines, _("Sign out")):
            await asyncio.to_thread(connection_life.sign_out, face.environment, face.operator, stored.definition.id)
            face.refresh_now()
            self._tell()
            self.notice(_("Signed out on this machine."))

    # Leaving

    def loses(self) -> bool:
        """Whether something was entered that is not saved."""
        return self._draft.loses(self._first)

    def what_is_lost(self) -> list[str]:
        """Also the sign-in to a connection that was not saved."""
        lines = super().what_is_lost()
        if self._signed_in is not None and self._id is None:
            account = self._draft.account
            lines.append(_("The sign-in to {account} is deleted from this machine.").format(account=account))
        return lines

    def _forget_unsaved(self) -> None:
        """Delete the tokens of a connection that has no file (yet)."""
        if self._id is not None or self._saved or self._signed_in is None:
            return
        self._signed_in = None
        environment = self.face.environment
        if not (environment.connections_folder / f"{self._new_id}.toml").exists():
            TokenStore(environment.secrets_folder).remove(self._new_id)
