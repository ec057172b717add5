"""Authenticate with Constant Contact: the address, the code, how it stands with the wait, and every way it can end.

The waiting is done in a thread, which says what happened in messages; closing the panel stops it. The screen draws
once a second while there is a time to count, and otherwise only when something changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Static
from textual.worker import Worker, WorkerState

from cctui.constant_contact.sign_in import DeviceCode, SignedIn
from cctui.definitions.model import ConnectionDefinition
from cctui.errors import CctuiError
from cctui.locales import _
from cctui.tui import sign_in_words as words
from cctui.tui.glyphs import AsciiOnly
from cctui.tui.parts import Part, Tone
from cctui.tui.sign_in_attempt import Attempt, Happening
from cctui.tui.sign_in_words import Phase, Wait
from cctui.tui.stacked_screen import StackedScreen
from cctui.tui.widgets.form_fields import TextField
from cctui.tui.widgets.lines import TextLine
from cctui.tui.widgets.paragraph import Paragraph

if TYPE_CHECKING:
    from cctui.tui.app import CctuiApp

_LEFT_AT_LEAST = 34
_ROWS_AROUND = 6
_ROWS_AROUND_LOW = 4
_LOW = 30


class SignInPanel(ModalScreen[SignedIn | None], StackedScreen[SignedIn | None]):
    """One sign-in for ``connection``. Ends with what was saved, or with ``None`` when it was closed before.

    Tokens of a connection that has no file yet are taken away again when the panel was closed meanwhile.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("c,f3", "copy", show=False),
        Binding("r,f4", "again", show=False),
        Binding("p,f5", "paste", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]
    # Letters are keys here; the field takes the focus only when an address is to be pasted.
    AUTO_FOCUS = ""
    CSS_PATH = "../form.tcss"
    DEFAULT_CSS = """
    SignInPanel #sign-in-title { margin-bottom: 1; text-style: bold; }
    SignInPanel.-low .-with-qr #sign-in-title { margin-bottom: 0; }
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
    SignInPanel.-low .-with-qr #keys { margin-top: 0; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (_LOW, "-high")]  # noqa: RUF012 - as Textual declares it

    class Happened(Message):
        """Something happened in an attempt."""

        def __init__(self, attempt: Attempt, happening: Happening) -> None:
            super().__init__()
            self.attempt = attempt
            self.happening = happening

    def __init__(self, connection: ConnectionDefinition, *, unsaved: bool = False) -> None:
        super().__init__()
        self._connection = connection
        self._unsaved = unsaved
        self._wait = Wait()
        self._code: DeviceCode | None = None
        self._deadline = 0.0
        self._attempt: Attempt | None = None
        self._said = ""
        self._drawn = ""

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
    def address(self) -> str:
        """The address to open where the sign-in goes by a pasted one, else empty."""
        return self._attempt.address if self._attempt else ""

    @property
    def _ascii_only(self) -> bool:
        return any(isinstance(line_filter, AsciiOnly) for line_filter in self.app.get_line_filters())

    def compose(self) -> ComposeResult:
        """What to do on the left, the QR code on the right, the keys below."""
        with Vertical(id="panel"):
            yield Paragraph(_("Authenticate with Constant Contact"), id="sign-in-title")
            with Horizontal(id="sides"):
                with VerticalScroll(id="told", can_focus=False):
                    yield Paragraph(id="how")
                    yield Paragraph(id="address")
                    yield Static(id="code", markup=False)
                    yield Static(id="plain-code", markup=False)
                    yield TextField(id="pasted", password=True, placeholder=_("the address from the browser"))
                    yield Paragraph(id="state")
                    yield Paragraph(id="next")
                    yield TextLine(id="left")
                    yield Paragraph(id="no-qr")
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

    # The attempt, in a thread

    def _begin(self) -> Attempt:
        self._stop()
        face = self.face
        self._attempt = Attempt(
            self._connection,
            face.environment,
            face.clock,
            lambda attempt, happening: self.post_message(self.Happened(attempt, happening)),
            unsaved=self._unsaved,
        )
        self._code = None
        self._said = ""
        return self._attempt

    def _stop(self) -> None:
        if self._attempt is not None:
            self._attempt.stop()
            self._attempt = None
        self.workers.cancel_group(self, "sign-in")

    def _work(self, work: Callable[[], None]) -> None:
        self.run_worker(work, thread=True, exclusive=True, exit_on_error=False, group="sign-in")

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

    def on_sign_in_panel_happened(self, message: Happened) -> None:
        """Show how it stands; when the sign-in is saved, go back to the pane by itself."""
        happening = message.happening
        if message.attempt is not self._attempt:
            return
        if happening.signed_in is not None:
            self.dismiss(happening.signed_in)
            return
        if happening.code is not None:
            self._code = happening.code
            self._deadline = self.face.clock.monotonic() + happening.code.expires_in
        self._show(happening.wait)

    # Keys

    def action_close(self) -> None:
        """Close; nothing is changed by it."""
        self._stop()
        self.dismiss(None)

    def action_again(self) -> None:
        """Ask for a new code."""
        attempt = self._begin()
        self._show(Wait())
        self._work(attempt.follow_code)

    def action_paste(self) -> None:
        """Sign in by an address instead: it is pasted from the browser (PKCE)."""
        attempt = self._begin()
        try:
            # After a wrong user or a denial the browser would let the same person in again without asking.
            attempt.use_address(fresh=self._wait.phase is Phase.ENDED)
        except CctuiError as problem:
            self._show(Wait(Phase.ENDED, problem=problem))
            return
        self.query_one("#pasted", TextField).value = ""
        self._show(Wait(Phase.PASTING))

    def on_input_submitted(self, event: TextField.Submitted) -> None:
        """The address was pasted."""
        event.stop()
        attempt, pasted = self._attempt, event.value.strip()
        if attempt is not None and pasted:
            self.query_one("#pasted", TextField).value = ""
            self._show(Wait(Phase.LOOKING))
            self._work(lambda: attempt.redeem(pasted))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Use the sign-in in spite of what was said, or do not."""
        event.stop()
        if event.button.id == "accept" and self._attempt is not None:
            self._show(Wait(Phase.LOOKING))
            self._work(self._attempt.accept)
        else:
            self.action_close()

    def action_copy(self) -> None:
        """Copy the address, and the code where there is one."""
        text = ""
        if self.address:
            text = self.address
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
        elif pasting:
            how = _(
                "Open this address in any browser and choose Allow. The browser is then led to an address that does "
                "not load: copy that address and paste it below."
            )
            address = self.address
        self._put("how", how)
        self._put("address", address)
        lines = words.large_code(code.user_code, room) if coding and code else []
        if self._ascii_only:
            lines = [" ".join(code.user_code)] if coding and code else []
        self._put("code", "\n".join(lines))
        self._put("plain-code", " ".join(code.user_code) if coding and code and len(lines) > 1 else "")
        self.query_one("#pasted").display = pasting
        self._put("state", words.sentence(self._wait))
        self._put("next", words.next_step(self._wait))
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
            height = self.app.size.height
            around = _ROWS_AROUND_LOW if height < _LOW else _ROWS_AROUND
            fits = width - side - 2 >= _LEFT_AT_LEAST and (side + 1) // 2 + around <= height
            if self._ascii_only:
                fits, why = False, _("No QR code: this terminal draws ASCII only.")
            elif not fits:
                why = _("No QR code: the window is too small for it.")
            if fits:
                if address != self._drawn:
                    qr.update(words.qr_text(address))
                    self._drawn = address
                width -= side + 2
        qr.display = fits
        self.query_one("#panel").set_class(fits, "-with-qr")
        self._put("no-qr", why)
        return width

    def _draw_keys(self) -> None:
        pasting = self._wait.phase is Phase.PASTING
        keys = []
        if pasting or self._wait.phase is Phase.WAITING:
            # While an address is pasted letters belong to the field.
            keys.append(("F3" if pasting else "c", _("Copy")))
        keys.append(("F4" if pasting else "r", _("New code")))
        if not self.address:
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
