"""An export on the screen: opened, shown, and kept in step with what changes underneath. Entering is beside this.

Nothing here waits for data: fields, counts, previews and the account are read in the background and shown when they
come. Rows in brackets are those of the documented checklist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from msgspec import structs
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button

from cctui.access.roles import Action, may, why_not
from cctui.definitions import changes
from cctui.definitions.environment import Broken, NotFound, Stored
from cctui.definitions.model import ConnectionDefinition, ExportDefinition, ExportId
from cctui.definitions.toml_files import DefinitionError
from cctui.locales import _
from cctui.tui import export_draft as drafts
from cctui.tui import export_lines as says
from cctui.tui.commands import Command
from cctui.tui.export_draft import Draft, PaneField
from cctui.tui.export_facts import CustomFieldsRead, ExportReader, Fact, SourceFields, todays_use
from cctui.tui.export_pane_commands import COMMANDS, ExportPaneFacts
from cctui.tui.export_watch import ExportWatch
from cctui.tui.frame import pane_heading
from cctui.tui.page import Mover, Page
from cctui.tui.parts import Line
from cctui.tui.reading import identity
from cctui.tui.screens.attribute_picker import AttributePicker, attributes_left
from cctui.tui.screens.picker import Option
from cctui.tui.widgets.choice import ChoiceField
from cctui.tui.widgets.export_form import ExportForm, PaneState
from cctui.tui.widgets.fact_lines import FactLines
from cctui.tui.widgets.form import FormFooter, legend

SETTLE_SECONDS = 0.35
"""How long the choice must rest before it is matched or looked up."""


class ExportSheet(Page):
    """An export as far as it is filled in. Who may not edit it gets it to read (X10)."""

    PLACE = "exports"
    FORM = True
    COMMANDS: ClassVar[tuple[Command, ...]] = COMMANDS
    CSS = """
    #broken { height: 1fr; margin: 1 3; }
    .view-footer { height: 1; padding: 0 1 0 3; align-horizontal: right; }
    .beside-button { margin-left: 28; width: auto; padding: 0; background: $background; color: $accent; }
    .beside-button:disabled { color: $quiet; }
    .beside-button:focus { background: $cursor; color: $cursor-text; }
    .beside-button:ansi { background: ansi_default; }
    .beside-button:ansi:focus { text-style: reverse; }
    #form.-viewing ChoiceField, #form.-viewing TextField { background: $background; }
    """

    class FactRead(Message):
        """Something that was asked for in the background is known."""

        def __init__(self, fact: Fact) -> None:
            super().__init__()
            self.fact = fact

    def __init__(
        self, export_id: str | None, *, draft: ExportDefinition | None = None, segment: str | None = None
    ) -> None:
        super().__init__()
        self._export_id: ExportId | None = ExportId(export_id) if export_id else None
        self._base = draft
        self._stored: Stored[ExportDefinition] | None = None
        self._broken: DefinitionError | None = None
        self._first = drafts.draft_of(draft) if draft else Draft(segments=(segment,) if segment else ())
        self._draft = self._first
        self._viewing = ""
        self._errors: dict[PaneField, str] = {}
        self._judged = False
        self._unmasked = False
        self._connections_before: frozenset[str] = frozenset()
        self._adding_connection = False
        self._watch: ExportWatch | None = None
        self._rests: dict[str, Timer] = {}
        self._changed_again = False

    # What the frame asks

    def heading(self) -> str:
        """The documented title: the type is named once a connection is chosen (F1)."""
        if self._viewing:
            return _("Constant Contact export")
        if self._export_id is not None:
            return _("Edit Constant Contact export")
        return _("Set up Constant Contact export") if self._draft.connection else _("Set up export")

    def heading_line(self) -> Line:
        """The title, and how to close."""
        return pane_heading(self.heading(), self.page_width)

    def explanation(self) -> str:
        """What the pane is for, or why it is only to be read."""
        if self._viewing:
            return _("To read only. {reason}").format(reason=self._viewing)
        return _("Choose which profiles go to which contact list.")

    def facts(self) -> ExportPaneFacts:
        """What commands look at."""
        face = self.face
        return ExportPaneFacts(
            operator=face.operator,
            viewing=self._viewing,
            broken=self._broken is not None,
            connected=self._connection() is not None,
            attributes_left=bool(self._attributes_left()),
            unmasked=self._unmasked,
            running=bool(self._export_id and face.snapshot.run_of(self._export_id)),
        )

    def body(self) -> Iterable[Widget]:
        """The form, or the error that keeps the export from being shown."""
        self._open()
        if self._broken is not None:
            yield FactLines(id="broken", beside=False)
        else:
            yield ExportForm(self._draft, viewing=bool(self._viewing))
        if self._viewing or self._broken is not None:
            with Horizontal(classes="view-footer"):
                yield Button(_("Close"), id="close", compact=True)
        else:
            yield FormFooter(id="footer")

    def count(self) -> str:
        """What the star means (N6)."""
        return "" if self._viewing or self._broken is not None else legend()

    @property
    def busy(self) -> bool:
        """Whether something is being read or counted for the pane."""
        return self._watch is not None and (self._watch.busy or self.face.segments.known().reading)

    def mover(self) -> Mover | None:
        """Arrows scroll what is only to be read."""
        return _Scroll(self.query_one(ExportForm)) if self.query(ExportForm) else None

    # Opening

    def _open(self) -> None:
        face = self.face
        if self._export_id is None:
            self._viewing = why_not(face.operator, Action.CHANGE_EXPORT)
            usable = self._usable()
            if len(usable) == 1 and not self._draft.connection and self._base is None:
                self._first = self._draft = structs.replace(self._draft, connection=usable[0].id)
            return
        try:
            self._stored = face.environment.export(self._export_id)
        except DefinitionError as problem:
            self._broken = problem
            return
        except NotFound as problem:
            self.call_after_refresh(self.dismiss)
            face.call_later(face.show_error, problem)
            return
        self._base = self._stored.definition
        self._first = self._draft = drafts.draft_of(self._base)
        self._viewing = why_not(face.operator, Action.CHANGE_EXPORT, changes.sharing_of(face.environment, self._base))

    def on_mount(self) -> None:
        """Begin to read, and begin at the first field that is open."""
        if self._broken is None:
            reader = ExportReader(self.face.environment, self.face.clock, self._tell)
            self._watch = ExportWatch(reader, self._later, self._show_state, account_fields=not self._viewing)
            # Reading beside it would make the pane wait for its own first picture.
            self.call_after_refresh(self._begin_reading)
            self._connections_before = frozenset(connection.id for connection in self._usable())
        if self._broken is not None:
            self.query_one("#broken", FactLines).say(says.problem_lines(self._broken))
        self._first_field().focus()

    def _begin_reading(self) -> None:
        if self._watch is not None:
            self._watch.begin()
            self.face.segments.look()

    def source_changed(self) -> None:
        """The fields may be others, and with them the preview."""
        if self._watch is not None:
            self._watch.look_again()

    def _tell(self, fact: Fact) -> None:
        self.post_message(self.FactRead(fact))

    def _later(self, name: str, do: Callable[[], None]) -> None:
        if name in self._rests:
            self._rests[name].stop()
        self._rests[name] = self.set_timer(SETTLE_SECONDS, do)

    def _first_field(self) -> Widget:
        if self.query("#close"):
            return self.query_one("#close")
        if self._draft.connection:
            return self.query_one("#name")
        if self._usable():
            return self.query(ChoiceField).first()
        add = self.query_one("#add-connection")
        return add if add.display else self.query_one("#name")

    def on_unmount(self) -> None:
        """Nothing is wanted any more."""
        if self._watch is not None:
            self._watch.stop()

    # What changes underneath

    def tick(self, *, changed: bool) -> None:
        """Three hundred segments that are counted one after the other are shown some times a second only."""
        if not changed:
            super().tick(changed=False)
        elif "changes" not in self._rests:
            super().tick(changed=True)
            self._rests["changes"] = self.set_timer(SETTLE_SECONDS, self._rested)
        else:
            self._changed_again = True

    def _rested(self) -> None:
        del self._rests["changes"]
        if self._changed_again:
            self._changed_again = False
            self.tick(changed=True)

    def reload(self) -> None:
        """Connections, segments, or the file of this export may be others now."""
        now = next(
            (one for one in self.face.snapshot.exports if self._export_id and identity(one) == self._export_id), None
        )
        if self._broken is not None and isinstance(now, Stored):
            self.face.call_later(self.face.switch_screen, type(self)(self._export_id))
        if self._watch is None:
            return
        usable = frozenset(connection.id for connection in self._usable())
        new, self._connections_before = usable - self._connections_before, usable
        if self._adding_connection and len(new) == 1:
            self._adding_connection = False
            self._draft = structs.replace(self._draft, connection=next(iter(new)))
            self.query_one("#name").focus()
        if self._stored is not None:
            self._compare(self._stored, now)
        self._follow()

    def _compare(self, stored: Stored[ExportDefinition], now: Stored[ExportDefinition] | Broken | None) -> None:
        """Say how the file differs from what was opened; where nothing was entered, show how it is now."""
        text = ""
        if now is None:
            text = _("This export was removed elsewhere. Saving asks what to keep.")
        elif isinstance(now, Broken):
            text = _("Its file can no longer be read: {reason}").format(reason=now.problem)
        elif now.fingerprint != stored.fingerprint and self._draft == self._first:
            self._adopt(now)
            self.notice(_("This export was changed elsewhere; here is how it is now."))
        elif now.fingerprint != stored.fingerprint:
            text = _("This export was changed elsewhere. Saving asks which one to keep.")
        self.query_one("#elsewhere", FactLines).say([says.warning(text)] if text else [])

    def _adopt(self, stored: Stored[ExportDefinition]) -> None:
        """Show what is saved."""
        self._export_id = ExportId(stored.definition.id)
        self._stored, self._base = stored, stored.definition
        self._first = self._draft = drafts.draft_of(stored.definition)
        self._judged, self._errors = False, {}
        self.query_one(ExportForm).fill(self._draft)

    def on_export_sheet_fact_read(self, message: FactRead) -> None:
        """A fact has come."""
        fact, watch = message.fact, self._watch
        if watch is None:
            return
        watch.take(fact)
        if isinstance(fact, SourceFields) and fact.email and not self._draft.email and self._export_id is None:
            # A guess is nothing that Cancel would lose (F6).
            self._first = structs.replace(self._first, email=fact.email)
            self._draft = structs.replace(self._draft, email=fact.email)
        if isinstance(fact, CustomFieldsRead) and isinstance(self.app.screen, AttributePicker):
            self.app.screen.offer(fact.fields, self._custom_hint())
        self._follow()

    # What is chosen, and what follows from it

    def _custom_hint(self) -> str:
        if self._connection() is None:
            return _("Custom fields are listed once a connection is chosen.")
        custom = self._watch.custom if self._watch else None
        if custom is None:
            return _("Reading the custom fields of the account…")
        if custom.problem is not None:
            return _("Custom fields are not known: {reason} Type cf:name for one.").format(reason=custom.problem.what)
        return ""

    def _usable(self) -> list[ConnectionDefinition]:
        return [
            stored.definition
            for stored in self.face.snapshot.connections
            if isinstance(stored, Stored)
            and may(self.face.operator, Action.CHANGE_EXPORT, stored.definition.shared_with)
        ]

    def _connection(self) -> ConnectionDefinition | None:
        return self.face.snapshot.connection(self._draft.connection) if self._draft.connection else None

    def _attributes_left(self) -> list[Option]:
        custom = self._watch.custom if self._watch else None
        return attributes_left([one.attribute for one in self._draft.attributes], custom.fields if custom else ())

    def _set(self, draft: Draft) -> None:
        self._draft = draft
        if self._judged:
            self._errors = drafts.problems(draft)
        self._follow()

    def _follow(self) -> None:
        if self._watch is not None:
            self._watch.choice(self._draft, self._connection(), self.face.segments.known())
            self._show_state()

    def _show_state(self) -> None:
        watch = self._watch
        if watch is None or not self.query(ExportForm):
            return
        face, connection, list_id = self.face, self._connection(), self._draft.list_id
        others = [
            stored.definition
            for stored in face.snapshot.exports
            if isinstance(stored, Stored)
            and stored.definition.list_id == list_id
            and identity(stored) != self._export_id
        ]
        self.query_one(ExportForm).show(
            PaneState(
                draft=self._draft,
                now=face.clock.now(),
                viewing=bool(self._viewing),
                may_add_connection=may(face.operator, Action.CHANGE_CONNECTIONS),
                connection=changes.as_known(face.operator, connection) if connection else None,
                usable=len(self._usable()),
                source=watch.source,
                segments=face.segments.known(),
                read=watch.read,
                matching=watch.matching,
                list_read=watch.list_read,
                looking_up=watch.looking_up,
                use=todays_use(face.environment, connection) if connection else None,
                others=tuple(others),
                attributes_left=bool(self._attributes_left()),
                unmasked=self._unmasked,
                errors=self._errors,
            )
        )
        for footer in self.query(FormFooter):
            footer.show("")
        self.draw()


class _Scroll:
    """Arrows and paging keys move the body."""

    def __init__(self, form: ExportForm) -> None:
        self._form = form

    @property
    def page(self) -> int:
        """Lines that are visible at once."""
        return max(1, self._form.size.height - 2)

    def move(self, by: int) -> None:
        """Scroll by so many lines."""
        self._form.scroll_relative(y=by, animate=False)
