"""Authenticate with Constant Contact: the address, the code, how it stands with the wait, and every way it can end.

The waiting is done in a thread, which says what happened in messages; closing the panel stops it. The screen draws
once a second while there is a time to count, and otherwise only when something changes.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Static
from textual.worker import Worker, WorkerState

from cctui.errors import CctuiError
from cctui.locales import _
from cctui.tui import sign_in_words as words
from cctui.tui.glyphs import AsciiOnly
from cctui.tui.parts import Part, Tone
from cctui.tui.sign_in_words import Phase, Wait
from cctui.tui.widgets.form_fields import TextField
from cctui.tui.widgets.lines import TextLine

if TYPE_CHECKING:
    from cctui.constant_contact.sign_in import DeviceCode, NewTokens, PkceSignIn, SignedIn
    from cctui.definitions.model import ConnectionDefinition
    from cctui.tui.app import CctuiApp

_LEFT_AT_LEAST = 34
_ROWS_AROUND = 5


class SignInPanel(ModalScreen["SignedIn | None"]):
    """One sign-in for ``connection``. Ends with what was saved, or with ``None`` when it was closed before.

    Tokens of a connection that has no file yet are taken away again when the panel was closed meanwhile.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("c", "copy", show=False),
        Binding("r", "again", show=False),
        Binding("p", "paste", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]
    CSS_PATH = "../form.tcss"
    DEFAULT_CSS = """
    SignInPanel #sign-in-title { margin-bottom: 1; text-style: bold; }
    SignInPanel #sides { height: auto; }
    SignInPanel #told { width: 1fr; height: auto; max-height: 100%; }
    SignInPanel #qr { width: auto; height: auto; margin-left: 2; }
    SignInPanel #told > Static { height: auto; width: 1fr; }
    SignInPanel #address { color: $accent; text-style: bold; }
    SignInPanel #code { margin-top: 1; text-style: bold; }
    SignInPanel #plain-code { color: $quiet; }
    SignInPanel #pasted { margin: 1 0; }
    SignInPanel #state { margin-top: 1; }
    SignInPanel #state.-problem { color: $bad; }
    SignInPanel #state.-question { color: $warn; }
    SignInPanel #left { color: $quiet; height: 1; }
    SignInPanel #no-qr { color: $quiet; }
    SignInPanel #accept-row { height: 1; margin-top: 1; display: none; }
    SignInPanel #accept-row.-open { display: block; }
    SignInPanel #keys { height: 1; margin-top: 1; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012 - as Textual declares it

    class Told(Message):
        """Something happened in the wait of attempt number ``attempt``."""

        def __init__(self, attempt: int, wait: Wait, code: DeviceCode | None = None) -> None:
            super().__init__()
            self.attempt = attempt
            self.wait = wait
            self.code = code

    class Asked(Message):
        """Tokens came that can be used only after a yes."""

        def __init__(self, attempt: int, problem: CctuiError, tokens: NewTokens) -> None:
            super().__init__()
            self.attempt = attempt
            self.problem = problem
            self.tokens = tokens

    class Finished(Message):
        """The sign-in is saved."""

        def __init__(self, attempt: int, signed_in: SignedIn) -> None:
            super().__init__()
            self.attempt = attempt
            self.signed_in = signed_in

    def __init__(self, connection: ConnectionDefinition, *, unsaved: bool = False) -> None:
        super().__init__()
        self._connection = connection
        self._unsaved = unsaved
        self._wait = Wait()
        self._code: DeviceCode | None = None
        self._deadline = 0.0
        self._attempt = 0
        self._wake = threading.Event()
        self._pkce: PkceSignIn | None = None
        self._asked: NewTokens | None = None
        self._accepted: set[str] = set()
        self._said = ""

    @property
    def face(self) -> CctuiApp:
        """The application, typed."""
        return cast("CctuiApp", self.app)

    @property
    def wait(self) -> Wait:
        """How it stands."""
        return self._wait

    @property
    def code(self) -> DeviceCode | None:
        """The code to type in the browser, once there is one."""
        return self._code

    @property
    def _ascii_only(self) -> bool:
        return any(isinstance(line_filter, AsciiOnly) for line_filter in self.app.get_line_filters())

    def compose(self) -> ComposeResult:
        """What to do on the left, the QR code on the right, the keys below."""
        with Vertical(id="panel"):
            yield Static(_("Authenticate with Constant Contact"), id="sign-in-title", markup=False)
            with Horizontal(id="sides"):
                with VerticalScroll(id="told", can_focus=False):
                    yield Static(id="how", markup=False)
                    yield Static(id="address", markup=False)
                    yield Static(id="code", markup=False)
                    yield Static(id="plain-code", markup=False)
                    yield TextField(id="pasted", password=True, placeholder=_("the address from the browser"))
                    yield Static(id="state", markup=False)
                    yield TextLine(id="left")
                    yield Static(id="no-qr", markup=False)
                    with Horizontal(id="accept-row"):
                        yield Button("", id="accept", compact=True)
                        yield Button(_("Do not use it"), id="refuse", compact=True)
                yield Static(id="qr", markup=False)
            yield TextLine(id="keys")

    def on_mount(self) -> None:
        """Ask for a code at once."""
        self.query_one("#told").show_vertical_scrollbar = False
        self.set_interval(1.0, self._count)
        self.action_again()

    def on_unmount(self) -> None:
        """Stop the wait."""
        self._stop()

    def on_resize(self, _event: events.Resize) -> None:
        """Show the QR code where it fits."""
        self.call_after_refresh(self._draw)

    # The wait, in a thread

    def _stop(self) -> None:
        self._attempt += 1
        self._wake.set()
        self._wake = threading.Event()
        self._asked = None
        if self._pkce is not None:
            self._pkce.close()
            self._pkce = None
        self.workers.cancel_group(self, "sign-in")

    def _follow(self, attempt: int, wake: threading.Event) -> None:
        from cctui.constant_contact.sign_in import DeviceSignIn, Pending

        clock = self.face.clock
        signing = DeviceSignIn(self._connection, clock=clock)
        try:
            code = signing.start()
            self.post_message(self.Told(attempt, Wait(Phase.WAITING), code))
            while isinstance(found := signing.poll_once(), Pending):
                self.post_message(self.Told(attempt, Wait(Phase.WAITING, found)))
                if clock.wait(found.wait, wake) or wake.is_set():
                    return
            self._look(attempt, wake, found)
        except CctuiError as problem:
            self.post_message(self.Told(attempt, Wait(Phase.ENDED, problem=problem)))
        finally:
            signing.close()

    def _redeem(self, attempt: int, wake: threading.Event, signing: PkceSignIn, pasted: str) -> None:
        from cctui.constant_contact.sign_in_errors import WrongRedirect

        try:
            self._look(attempt, wake, signing.redeem(pasted))
        except WrongRedirect as problem:
            # The sign-in in the browser is still good: only the wrong text was pasted.
            self.post_message(self.Told(attempt, Wait(Phase.PASTING, problem=problem)))
        except CctuiError as problem:
            self.post_message(self.Told(attempt, Wait(Phase.ENDED, problem=problem)))

    def _look(self, attempt: int, wake: threading.Event, tokens: NewTokens) -> None:
        from cctui.constant_contact import sign_in
        from cctui.constant_contact.errors import AccountChanged
        from cctui.constant_contact.sign_in_errors import NoRefreshToken
        from cctui.constant_contact.tokens import TokenStore

        self.post_message(self.Told(attempt, Wait(Phase.LOOKING)))
        environment = self.face.environment
        try:
            signed_in = sign_in.finish(
                self._connection,
                tokens,
                environment.secrets_folder,
                environment.limits_path,
                accept_other_account=AccountChanged.__name__ in self._accepted,
                accept_no_refresh_token=NoRefreshToken.__name__ in self._accepted,
                clock=self.face.clock,
            )
        except (AccountChanged, NoRefreshToken) as problem:
            self.post_message(self.Asked(attempt, problem, tokens))
            return
        except CctuiError as problem:
            self.post_message(self.Told(attempt, Wait(Phase.ENDED, problem=problem)))
            return
        if wake.is_set():
            if self._unsaved:
                TokenStore(environment.secrets_folder).remove(self._connection.id)
            return
        self.post_message(self.Finished(attempt, signed_in))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A fault of this program must not look like a wait."""
        if event.state is WorkerState.ERROR:
            problem = CctuiError(
                _("The sign-in stopped because of a fault in this program."),
                why=type(event.worker.error).__name__,
                do=_("Try again, or sign in with: cctui connections sign-in {connection}").format(
                    connection=self._connection.id
                ),
            )
            self._show(Wait(Phase.ENDED, problem=problem))

    # What happened

    def on_sign_in_panel_told(self, message: Told) -> None:
        """Show how it stands."""
        if message.attempt != self._attempt:
            return
        if message.code is not None:
            self._code = message.code
            self._deadline = self.face.clock.monotonic() + message.code.expires_in
        self._show(message.wait)

    def on_sign_in_panel_asked(self, message: Asked) -> None:
        """Ask before the tokens are used."""
        if message.attempt == self._attempt:
            self._asked = message.tokens
            self._show(Wait(Phase.QUESTION, problem=message.problem))

    def on_sign_in_panel_finished(self, message: Finished) -> None:
        """Go back to the pane by itself."""
        if message.attempt == self._attempt:
            self.dismiss(message.signed_in)

    # Keys

    def action_close(self) -> None:
        """Close; nothing is changed by it."""
        self._stop()
        self.dismiss(None)

    def action_again(self) -> None:
        """Ask for a new code."""
        self._stop()
        self._code = None
        self._accepted.clear()
        self._said = ""
        self._show(Wait())
        attempt, wake = self._attempt, self._wake
        self.run_worker(
            lambda: self._follow(attempt, wake), thread=True, exclusive=True, exit_on_error=False, group="sign-in"
        )

    def action_paste(self) -> None:
        """Sign in by an address instead: it is pasted from the browser (PKCE)."""
        from cctui.constant_contact.sign_in import PkceSignIn

        self._stop()
        self._code = None
        self._accepted.clear()
        self._said = ""
        try:
            self._pkce = PkceSignIn(self._connection, fresh=self._wait.phase is Phase.ENDED, clock=self.face.clock)
        except CctuiError as problem:
            self._show(Wait(Phase.ENDED, problem=problem))
            return
        self.query_one("#pasted", TextField).value = ""
        self._show(Wait(Phase.PASTING))

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        """The address was pasted."""
        event.stop()
        signing, pasted = self._pkce, event.value.strip()
        if signing is None or not pasted:
            return
        self.query_one("#pasted", TextField).value = ""
        self._show(Wait(Phase.LOOKING))
        attempt, wake = self._attempt, self._wake
        self.run_worker(
            lambda: self._redeem(attempt, wake, signing, pasted),
            thread=True,
            exclusive=True,
            exit_on_error=False,
            group="sign-in",
        )

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Use the sign-in in spite of what was said, or do not."""
        event.stop()
        tokens, problem = self._asked, self._wait.problem
        if event.button.id != "accept" or tokens is None or problem is None:
            self.action_close()
            return
        self._asked = None
        self._accepted.add(type(problem).__name__)
        self._show(Wait(Phase.LOOKING))
        attempt, wake = self._attempt, self._wake
        self.run_worker(
            lambda: self._look(attempt, wake, tokens),
            thread=True,
            exclusive=True,
            exit_on_error=False,
            group="sign-in",
        )

    def action_copy(self) -> None:
        """Copy the address, and the code where there is one."""
        text = ""
        if self._pkce is not None:
            text = self._pkce.address
        elif self._code is not None:
            text = f"{self._code.verification_uri_complete}\n{self._code.user_code}"
        if text:
            self.face.copy(text)
            self._said = _("Copied, where your terminal allows it.")
            self._draw_keys()

    # Drawing

    def _show(self, wait: Wait) -> None:
        before, self._wait = self._wait, wait
        if before.phase != wait.phase and wait.phase is not Phase.WAITING:
            self._said = ""
        self._draw()
        if wait.phase is Phase.PASTING:
            self.query_one("#pasted").focus()
        elif wait.phase is Phase.QUESTION:
            # The safe answer has the focus.
            self.query_one("#refuse").focus()

    def _count(self) -> None:
        code = self._code
        counting = code is not None and self._wait.phase is Phase.WAITING
        text = words.time_left(self._deadline - self.face.clock.monotonic()) if counting else ""
        self.query_one("#left", TextLine).show((Part(text, Tone.QUIET),))

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        phase, code = self._wait.phase, self._code
        coding = code is not None and phase is Phase.WAITING
        pasting = phase is Phase.PASTING
        room = self._draw_qr(code.verification_uri_complete if coding and code else "")
        how, address = "", ""
        if coding and code:
            how, address = _("Open this address in any browser and type the code:"), code.verification_uri
        elif pasting and self._pkce is not None:
            how = _(
                "Open this address in any browser and choose Allow. The browser is then led to an address that does "
                "not load: copy that address and paste it below."
            )
            address = self._pkce.address
        self._put("how", how)
        self._put("address", address)
        lines = words.large_code(code.user_code, room) if coding and code else []
        if self._ascii_only:
            lines = [" ".join(code.user_code)] if coding and code else []
        self._put("code", "\n".join(lines))
        self._put("plain-code", " ".join(code.user_code) if coding and code and len(lines) > 1 else "")
        self.query_one("#pasted").display = pasting
        self._put("state", words.sentence(self._wait))
        state = self.query_one("#state")
        state.set_class(self._wait.problem is not None and phase is not Phase.QUESTION, "-problem")
        state.set_class(phase is Phase.QUESTION, "-question")
        self.query_one("#accept-row").set_class(phase is Phase.QUESTION, "-open")
        if phase is Phase.QUESTION and self._wait.problem is not None:
            self.query_one("#accept", Button).label = words.accept_label(self._wait.problem)
        self.query_one("#left").display = coding
        self._count()
        self._draw_keys()

    def _draw_qr(self, address: str) -> int:
        """Draw the QR code where it fits beside the text; returns the width that is left for the text."""
        qr, width = self.query_one("#qr", Static), min(100, self.app.size.width) - 4
        why, fits = "", False
        if address:
            side = len(words.qr_rows(address))
            fits = width - side - 2 >= _LEFT_AT_LEAST and (side + 1) // 2 + _ROWS_AROUND <= self.app.size.height
            if self._ascii_only:
                fits, why = False, _("No QR code: this terminal draws ASCII only.")
            elif not fits:
                why = _("No QR code: the window is too small for it.")
            if fits:
                qr.update(words.qr_text(address))
                width -= side + 2
        qr.display = fits
        self._put("no-qr", why)
        return width

    def _draw_keys(self) -> None:
        phase = self._wait.phase
        keys = []
        if phase in {Phase.WAITING, Phase.PASTING}:
            keys.append(("c", _("Copy")))
        keys.append(("r", _("New code")))
        if self._pkce is None:
            keys.append(("p", _("Paste an address instead")))
        keys.append(("Esc", _("Close")))
        parts: list[Part] = []
        for key, text in keys:
            parts += [Part("   ")] if parts else []
            parts += [Part(key, Tone.KEY), Part(f" {text}")]
        if self._said:
            parts += [Part("   "), Part(self._said, Tone.GOOD)]
        self.query_one("#keys", TextLine).show(parts)

    def _put(self, name: str, text: str) -> None:
        widget = self.query_one(f"#{name}", Static)
        widget.display = bool(text)
        if str(widget.content) != text:
            widget.update(text)
