"""The body of the pane of a connection: its fields in the documented order, and what follows from them."""

from __future__ import annotations

from collections.abc import Container, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button

from cctui.access.roles import SHARING_TITLES, Sharing
from cctui.definitions.consent import consent_text
from cctui.locales import _
from cctui.tui import glyphs
from cctui.tui.connection_draft import ConnectionDraft
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.widgets.form import Field, Form, SectionTitle, Step
from cctui.tui.widgets.form_fields import Choices, ReadingText, TextField, Tick
from cctui.tui.widgets.line_block import LineBlock
from cctui.tui.widgets.lines import TextLine
from cctui.tui.widgets.paragraph import Paragraph

SHARINGS = tuple(Sharing)
"""The choices of who can use a connection, in the documented order (C7)."""


class ConnectionForm(Form):
    """Shows a draft. ``services`` are titles to choose from; ``agreed`` is the sentence of a consent on the disk."""

    DEFAULT_CSS = """
    ConnectionForm #connect-row { height: 1; margin-bottom: 1; }
    ConnectionForm #connect-why { width: 1fr; padding-left: 2; }
    ConnectionForm #agreed { color: $quiet; margin-bottom: 1; }
    ConnectionForm #token-buttons { height: 1; margin-top: 1; }
    """

    def __init__(self, draft: ConnectionDraft, services: Sequence[str], agreed: str) -> None:
        super().__init__(id="form")
        self._draft = draft
        self._services = services
        self._agreed = agreed

    def compose(self) -> ComposeResult:
        """Name, key, who can use it, consent, Connect, the two sign-ins; below them what is known of a saved one."""
        draft = self._draft
        yield Field(
            _("Display name"),
            TextField(draft.display_name, id="name"),
            required=True,
            hint=_("Name its purpose and its target. It can be changed later."),
            id="name-field",
        )
        yield Field(
            _("Application key"),
            TextField(draft.client_id, asks=True, id="key"),
            required=True,
            hint=_key_hint(draft),
            id="key-field",
        )
        if len(self._services) > 1:
            yield Field(_("Service"), Choices(self._services, id="service"))
        yield SectionTitle(_("Choose who can use this connection"))
        yield Choices([_(SHARING_TITLES[one]) for one in SHARINGS], SHARINGS.index(draft.sharing), id="sharing")
        yield SectionTitle(_("Data privacy and compliance"))
        yield ReadingText(consent_text(), id="consent")
        if self._agreed:
            yield Paragraph(f"{glyphs.GOOD} {self._agreed}", id="agreed")
        else:
            yield Tick(_("I agree"), required=True, id="agree")
        if draft.is_new:
            with Horizontal(id="connect-row"):
                yield Button(_("Connect"), id="connect", compact=True)
                yield TextLine(id="connect-why")
        yield Step(f"① {_('Authenticate with Constant Contact')}", id="authenticate")
        yield Step(f"② {_('Add yourself as export user')}", id="export-user")
        if not draft.is_new:
            yield SectionTitle(_("Sign-in on this machine"))
            yield LineBlock(id="tokens")
            with Horizontal(id="token-buttons"):
                yield Button(_("Test connection"), id="test", compact=True)
                yield Button(_("Sign out"), id="sign-out", compact=True)

    def show_draft(self, draft: ConnectionDraft, left: Container[str]) -> None:
        """Show what follows from the fields; what is wrong with an entry is said once it was ``left``."""
        for name, problem in (("name", draft.name_problem()), ("key", draft.key_problem())):
            self.query_one(f"#{name}-field", Field).show_problem(problem if name in left else "")
        for button in self.query("#connect").results(Button):
            why = draft.why_no_connect()
            button.disabled = bool(why) or draft.connected
            line: Line = (Part(why, Tone.QUIET),)
            if draft.connected:
                line = (Part(f"{glyphs.GOOD} {_('Now the two sign-ins.')}", Tone.GOOD),)
            self.query_one("#connect-why", TextLine).show(line)

    def show_steps(self, draft: ConnectionDraft, *, signed_in: bool, state: str, note: str) -> None:
        """Show the two sign-ins: ``state`` is that of the first, ``note`` what the second one asks for (C12, C13)."""
        enabled = not draft.why_no_sign_in()
        if signed_in:
            state = _("Connected to {account}").format(account=draft.account)
        self.query_one("#authenticate", Step).show(state, done=signed_in, enabled=enabled)
        user = shown(draft.export_user)
        self.query_one("#export-user", Step).show(user, done=bool(user), enabled=enabled, note=note)

    def show_tokens(self, lines: Sequence[Line], *, may_test: bool, may_sign_out: bool) -> None:
        """Show what is known about the sign-in of a saved connection."""
        self.query_one("#tokens", LineBlock).show(lines)
        self.query_one("#test", Button).disabled = not may_test
        self.query_one("#sign-out", Button).disabled = not may_sign_out


def _key_hint(draft: ConnectionDraft) -> str:
    if draft.is_new and draft.client_id:
        return _("Filled in from the connection to this sandbox. Press ? to read how to get one.")
    return _("Press ? to read how to get one.")
