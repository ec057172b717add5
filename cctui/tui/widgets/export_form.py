"""The fields of an export in the documented order, drawn from one state; what is entered becomes messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from msgspec import Struct
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Button, Input, Static

from cctui.constant_contact.answers import Usage
from cctui.definitions.model import CONSTANT_CONTACT, ConnectionDefinition, ExportDefinition
from cctui.locales import _
from cctui.matching.mapping import attribute_title
from cctui.matching.results import Preview
from cctui.tui import export_lines as says
from cctui.tui import glyphs
from cctui.tui.export_draft import Draft, PaneField
from cctui.tui.export_facts import ListRead, PreviewRead, SourceFields
from cctui.tui.parts import Line, Part, Tone, shown
from cctui.tui.segment_reading import SegmentList
from cctui.tui.widgets.choice import ChoiceField
from cctui.tui.widgets.fact_lines import FactLines
from cctui.tui.widgets.form import Field, Form, SectionTitle
from cctui.tui.widgets.form_fields import TextField, Tick
from cctui.tui.widgets.lines import TextLine
from cctui.tui.widgets.paragraph import Paragraph
from cctui.tui.widgets.segment_checks import SegmentChecks

_FILTER_FROM = 12
"""With more segments than this there is a field to search them."""


class PaneState(Struct, frozen=True):
    """Everything the form shows.

    ``connection`` is the chosen one where it is there, ``usable`` the number of those that can be chosen, ``read`` the
    newest preview and ``matching`` whether a newer one is on its way, ``others`` the exports that fill the same list.
    """

    draft: Draft
    now: datetime
    viewing: bool = False
    may_add_connection: bool = False
    connection: ConnectionDefinition | None = None
    usable: int = 0
    source: SourceFields | None = None
    segments: SegmentList = SegmentList()
    read: PreviewRead | None = None
    matching: bool = False
    list_read: ListRead | None = None
    looking_up: bool = False
    use: Usage | None = None
    others: tuple[ExportDefinition, ...] = ()
    attributes_left: bool = True
    unmasked: bool = False
    errors: dict[PaneField, str] = {}

    @property
    def preview(self) -> Preview | None:
        """The preview of what is chosen now."""
        return self.read.preview if self.read is not None else None


class AttributeRow(Field):
    """One further attribute and the field that fills it. ``serial`` names the row in its action."""

    _serials = count()

    def __init__(self, attribute: str, *, locked: bool) -> None:
        self.attribute = attribute
        self.serial = next(self._serials)
        self.choice = ChoiceField(attribute, empty=_("Choose a field"), removable=not locked)
        self.choice.disabled = locked
        remove = TextLine(classes="remove")
        action = f"screen.remove_attribute({self.serial})"
        remove.show((Part(f"{glyphs.REMOVES} {_('Remove')}", Tone.QUIET, action),))
        super().__init__(shown(attribute_title(attribute), 60), self.choice, beside=None if locked else remove)


class ExportForm(Form):
    """The body of the pane."""

    DEFAULT_CSS = """
    ExportForm .form-link { width: auto; min-width: 4; margin: 0 1; }
    ExportForm .remove { width: 12; margin-left: 1; }
    ExportForm #attribute-fields { height: auto; }
    ExportForm #segment-filter { display: none; max-width: 40; }
    ExportForm #segment-filter.-open { display: block; }
    ExportForm #segments-title, ExportForm #suppress, ExportForm #saving { margin-top: 1; }
    ExportForm .form-error { height: auto; color: $bad; display: none; }
    ExportForm .form-error.-there { display: block; }
    ExportForm #saving { height: auto; color: $quiet; }
    """

    class Edited(Message):
        """A text was changed. ``field`` is ``display_name`` or ``list_id``."""

        def __init__(self, field: PaneField, text: str) -> None:
            super().__init__()
            self.field = field
            self.text = text

    def __init__(self, draft: Draft, *, viewing: bool) -> None:
        super().__init__(id="form", classes="-viewing" if viewing else None)
        self._draft = draft
        self._viewing = viewing
        self._rows: list[AttributeRow] = []

    def compose(self) -> ComposeResult:
        """The fields."""
        off = self._viewing
        yield FactLines(id="elsewhere", beside=False)
        yield self._choice_row(
            PaneField.CONNECTION, _("Connection for export"), _("Choose a connection"), required=True
        )
        yield FactLines(id="connection-facts")
        yield Button(_("+ Add connection"), id="add-connection", classes="beside-button", compact=True)
        name = TextField(self._draft.display_name, id="name")
        name.disabled = off
        yield Field(_("Display name"), name, required=True, id=_row(PaneField.NAME))
        list_id = TextField(self._draft.list_text, placeholder=_("ID or address in the browser"), id="list")
        list_id.disabled = off
        link = TextLine(classes="form-link")
        yield Field(
            _("Constant Contact List ID"), list_id, required=True, beside=None if off else link, id=_row(PaneField.LIST)
        )
        yield FactLines(id="list-facts")
        yield SectionTitle(_("Data matching"))
        yield self._choice_row(PaneField.EMAIL, _("Email"), _("Choose a field"), required=True)
        yield FactLines(id="email-facts")
        yield Vertical(id="attribute-fields")
        yield Paragraph("", id="attributes-error", classes="form-error")
        if not off:
            yield Button(_("+ Add attribute"), id="add-attribute", classes="beside-button", compact=True)
        yield TextLine(id="segments-title")
        filtering = Input(placeholder=_("Type to search"), id="segment-filter", select_on_focus=False)
        filtering.cursor_blink = False
        yield filtering
        checks = SegmentChecks(says.SEGMENT_COLUMNS, id="segments")
        checks.locked = off
        yield checks
        yield Paragraph("", id="segments-error", classes="form-error")
        yield FactLines(id="segment-facts", beside=False)
        suppress = Tick(
            _("Leave out people who opted out of e-mail"), ticked=self._draft.suppress_opted_out, id="suppress"
        )
        suppress.disabled = off
        yield suppress
        yield FactLines(id="suppress-facts", beside=False)
        yield SectionTitle(_("Preview"))
        yield FactLines(id="preview", beside=False)
        yield Paragraph(
            _("Saving does not run the export. It runs with every scheduled refresh, or when you choose Run."),
            id="saving",
        )

    def _choice_row(self, field: PaneField, label: str, empty: str, *, required: bool) -> Field:
        control = ChoiceField(field, empty=empty)
        control.disabled = self._viewing
        return Field(label, control, required=required, id=_row(field))

    def on_mount(self) -> None:
        """The titles that are lines."""
        title = _("Select segments")
        self.query_one("#segments-title", TextLine).show((Part(title, Tone.STRONG), Part(" *", Tone.ACCENT)))
        for link in self.query(".form-link").results(TextLine):
            text = f"^l {_('Lists')}"
            link.styles.width = cell_len(text)
            link.show((Part("^l", Tone.KEY, _LISTS), Part(f" {_('Lists')}", Tone.PLAIN, _LISTS)))

    # What is entered

    def on_input_changed(self, event: Input.Changed) -> None:
        """A text is being typed, or the segments are searched."""
        event.stop()
        if event.input.id == "segment-filter":
            self.query_one(SegmentChecks).search(event.value)
        elif event.input.id == "name":
            self.post_message(self.Edited(PaneField.NAME, event.value))
        else:
            self.post_message(self.Edited(PaneField.LIST, event.value))

    # What is shown

    def fill(self, draft: Draft) -> None:
        """Put the texts of ``draft`` into their fields."""
        for name, text in (("#name", draft.display_name), ("#list", draft.list_text)):
            field = self.query_one(name, TextField)
            if field.value != text:
                field.value = text
                field.cursor_position = len(text)
        tick = self.query_one("#suppress", Tick)
        tick.ticked = draft.suppress_opted_out
        tick.refresh()

    def show(self, state: PaneState) -> None:
        """Show everything as it is now."""
        self._show_connection(state)
        self._facts("list-facts").say(
            says.list_lines(
                state.list_read, reading=state.looking_up, account=_account(state.connection), others=state.others
            )
        )
        self._show_matching(state)
        self._show_segments(state)
        for field in (PaneField.CONNECTION, PaneField.NAME, PaneField.LIST, PaneField.EMAIL):
            self.query_one(f"#{_row(field)}", Field).show_problem(state.errors.get(field, ""))
        for name, field in (("attributes", PaneField.ATTRIBUTES), ("segments", PaneField.SEGMENTS)):
            error = self.query_one(f"#{name}-error", Static)
            text = state.errors.get(field, "")
            error.update(f"{glyphs.BAD} {text}")
            error.set_class(bool(text), "-there")

    def focus_field(self, field: PaneField) -> None:
        """Go to a field, as far as it can be gone to."""
        targets = {
            PaneField.NAME: "#name",
            PaneField.LIST: "#list",
            PaneField.ATTRIBUTES: "#attribute-fields ChoiceField",
            PaneField.SEGMENTS: "#segments",
        }
        for widget in self.query(targets.get(field, f"#{_row(field)} ChoiceField")):
            widget.focus()
            # A field that has the focus already may have been scrolled away.
            widget.scroll_visible(animate=False)
            return

    def _facts(self, name: str) -> FactLines:
        return self.query_one(f"#{name}", FactLines)

    def _choice(self, field: PaneField) -> ChoiceField:
        return self.query_one(f"#{_row(field)}", Field).query_one(ChoiceField)

    def _show_connection(self, state: PaneState) -> None:
        choice = self._choice(PaneField.CONNECTION)
        chosen = state.draft.connection
        none = not state.usable and not chosen
        choice.disabled = state.viewing or none
        lines: list[Line] = []
        if state.connection is not None:
            names = dict.fromkeys([CONSTANT_CONTACT, shown(state.connection.display_name)])
            choice.show(" › ".join(names))
        elif chosen:
            choice.show(shown(chosen), Tone.WARNING)
            lines = [says.warning(_("This connection does not exist any more. Choose another one."))]
        else:
            choice.show("")
        if none:
            choice.show(_("None available"), Tone.QUIET)
            text = _("There is no connection of this type that you may use.")
            if not state.may_add_connection:
                text += " " + _("Ask an administrator to set one up, or to share one with contributors.")
            lines = [(Part(text, Tone.QUIET),)]
        if state.viewing and not chosen:
            choice.show(_("No Connection"), Tone.QUIET)
            lines = []
        self._facts("connection-facts").say(lines)
        self.query_one("#add-connection").display = none and state.may_add_connection and not state.viewing

    def _show_matching(self, state: PaneState) -> None:
        draft, source = state.draft, state.source
        self._show_field(self._choice(PaneField.EMAIL), draft.email, source)
        self._facts("email-facts").say(
            says.email_lines(draft.email, source, state.preview, working=state.matching or state.segments.reading)
        )
        self._facts("suppress-facts").say(says.opted_out_lines(source, state.preview, on=draft.suppress_opted_out))
        self._arrange_rows([mapping.attribute for mapping in draft.attributes])
        self._show_rows(state)
        for button in self.query("#add-attribute").results(Button):
            button.disabled = not state.attributes_left

    def _show_field(self, choice: ChoiceField, field: str, source: SourceFields | None) -> None:
        gone = bool(says.field_texts(field, source))
        choice.show(shown(field), Tone.WARNING if gone else Tone.PLAIN)

    def _arrange_rows(self, names: Sequence[str]) -> None:
        """See that there is a row for each attribute, in their order; rows that stay keep the focus."""
        box = self.query_one("#attribute-fields", Vertical)
        kept = [row for row in self._rows if row.attribute in names]
        if [row.attribute for row in kept] != list(names[: len(kept)]):
            kept = []
        for row in self._rows:
            if row not in kept:
                row.remove()
        new = [AttributeRow(name, locked=self._viewing) for name in names[len(kept) :]]
        self._rows = [*kept, *new]
        if new:
            box.mount_all(new)

    def _show_rows(self, state: PaneState) -> None:
        if any(not row.query(".field-note") for row in self._rows):
            self.call_after_refresh(self._show_rows, state)
            return
        fields = {mapping.attribute: mapping.field for mapping in state.draft.attributes}
        for row in self._rows:
            field = fields.get(row.attribute, "")
            self._show_field(row.choice, field, state.source)
            row.show_problem(" ".join(says.field_texts(field, state.source)))

    def attribute_of(self, serial: int) -> str | None:
        """The attribute of the row with this number."""
        return next((row.attribute for row in self._rows if row.serial == serial), None)

    def _show_segments(self, state: PaneState) -> None:
        known, chosen = state.segments, state.draft.segments
        rows = says.segment_rows(known, chosen, state.now)
        empty = ""
        if known.problem is None and not rows:
            empty = _("Reading segments…") if known.reading else _("There are no segments.")
        self.query_one("#segment-filter").set_class(len(rows) > _FILTER_FROM, "-open")
        self.query_one(SegmentChecks).show(rows, chosen, empty)
        self._facts("segment-facts").say(says.total_lines(known, chosen, state.read, state.use, working=state.matching))
        ready = ""
        if not chosen:
            ready = _("Select segments to see the first contacts as they will be sent.")
        elif not state.draft.email:
            ready = _("Choose the e-mail field to see the first contacts as they will be sent.")
        self._facts("preview").draw_with(
            lambda width: says.preview_lines(
                state.read, working=state.matching, unmasked=state.unmasked, width=width, ready=ready
            )
        )


_LISTS = "screen.command('export.lists')"


def _row(field: PaneField) -> str:
    return f"field-{field.replace('_', '-')}"


def _account(connection: ConnectionDefinition | None) -> str:
    return connection.account.name if connection and connection.account else ""
