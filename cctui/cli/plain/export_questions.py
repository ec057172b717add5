"""The questions of *Set up Constant Contact export*, in its order, and the preview in words."""

from __future__ import annotations

from contextlib import closing

from msgspec import structs

from cctui.cli.plain.conversation import Back, Conversation
from cctui.cli.plain.work import Work
from cctui.constant_contact.answers import ContactList
from cctui.constant_contact.client import open_client
from cctui.definitions.changes import usable_connections
from cctui.definitions.list_ids import list_id_from
from cctui.definitions.model import ConnectionDefinition
from cctui.errors import CctuiError, UsageError
from cctui.locales import _, number
from cctui.masking import mask, printable
from cctui.matching.field_guesses import preselect_field
from cctui.matching.mapping import attribute_title, known_attribute, known_attributes
from cctui.profiles.opening import open_source
from cctui.profiles.source import Attribute, Segment, SegmentName
from cctui.tui.export_draft import Draft, PaneField, problems, targets_problems, with_attribute
from cctui.tui.export_facts import Asked, matched, read_source_fields

_TYPED = "typed"
_NEW = "new"
_CUSTOM = "custom"
_LONGEST_LIST_NAME = 255


def fill_in(talk: Conversation, work: Work, draft: Draft) -> Draft:
    """Every question of an export; what ``draft`` has is offered as the answer."""
    usable = usable_connections(work.environment, work.operator)
    if not usable:
        raise UsageError(
            _("There is no connection of this type that you may use."),
            do=_("Administrators and contributors can add one."),
        )
    connection = talk.choose(
        _("Connection for export"),
        [(printable(one.display_name), one) for one in usable],
        default=next((one for one in usable if one.id == draft.connection), usable[0]),
    )
    draft = structs.replace(draft, connection=connection.id)
    name = talk.text(
        _("Display name"),
        default=draft.display_name,
        why_not=lambda text: problems(structs.replace(draft, display_name=text)).get(PaneField.NAME, ""),
    )
    draft = structs.replace(draft, display_name=name)
    draft = structs.replace(draft, list_text=_list(talk, work, connection, draft))
    fields = read_source_fields(work.environment)
    if fields.problem is not None:
        raise fields.problem
    email = talk.choose(
        _("Data matching") + ", " + _("Email"),
        [(printable(one.name), one.name) for one in fields.attributes],
        default=draft.email or fields.email,
        explanation=_("The field that holds the e-mail address."),
    )
    draft = _attributes(talk, structs.replace(draft, email=email), fields.attributes)
    segments = _segments(work)
    chosen = talk.choose_many(
        _("Select segments"),
        [(printable(one.display_name), str(one.name)) for one in segments],
        default=draft.segments,
        explanation=_("Select at least one segment."),
    )
    draft = structs.replace(draft, segments=tuple(chosen))
    keep_out = talk.sure(_("Leave out people who opted out of e-mail"), default=draft.suppress_opted_out)
    draft = structs.replace(draft, suppress_opted_out=keep_out)
    if talk.sure(_("Preview"), default=True):
        show_preview(talk, work, draft)
    return draft


def show_preview(talk: Conversation, work: Work, draft: Draft) -> None:
    """What a run would do with ``draft``, in numbers and with the first contacts, addresses masked."""
    asked = Asked(
        tuple(SegmentName(name) for name in draft.segments), draft.email, draft.attributes, draft.suppress_opted_out
    )
    talk.say(_("The profiles are looked at."))
    read = matched(work.environment, asked, lambda: False)
    if read.problem is not None:
        talk.problem(read.problem)
        return
    talk.say(*read.misfits)
    if read.preview is None:
        return
    found = read.preview
    talk.facts(
        [
            (_("Selected"), number(found.selected)),
            (_("Duplicate"), number(found.duplicate)),
            (_("Invalid"), number(found.invalid)),
            (_("Suppressed"), number(found.suppressed)),
            (_("Would be sent"), number(found.sent)),
            (_("Requests"), number(found.requests)),
        ]
    )
    titles = [attribute_title(heading) for heading in found.headings]
    for index, row in enumerate(found.rows, 1):
        values = ", ".join(
            f"{printable(title)}: {mask(printable(value))}" for title, value in zip(titles, row, strict=True) if value
        )
        talk.say(f"{_('Contact')} {index}: {values}")


def _list(talk: Conversation, work: Work, connection: ConnectionDefinition, draft: Draft) -> str:
    """The id of the list: chosen by name from the account, made there, or typed."""
    environment = work.environment
    found: list[ContactList] = []
    try:
        with open_client(connection, environment.secrets_folder, environment.limits_path) as client:
            found = sorted(client.lists(), key=lambda one: one.name.casefold())
    except CctuiError as problem:
        talk.problem(problem)
        talk.say(_("The ID can be typed all the same."))
    options = [
        *((printable(one.name), str(one.list_id)) for one in found),
        *([(_("Make a new list"), _NEW)] if found else []),
        (_("Type the ID, or paste the list's address"), _TYPED),
    ]
    answer = talk.choose(
        _("Constant Contact List ID"),
        options,
        default=next((str(one.list_id) for one in found if one.list_id == draft.list_id), None),
        explanation=_("Choose the list by name from the account, or make a new one."),
    )
    if answer == _TYPED:
        return str(talk.ask(_("ID or address in the browser"), default=draft.list_text, read=list_id_from))
    if answer != _NEW:
        return answer
    name = talk.text(
        _("Name of the new list"),
        explanation=_("It is made in the account at once and stays there."),
        why_not=lambda text: (
            ""
            if 0 < len(text) <= _LONGEST_LIST_NAME
            else _("At most {count} characters.").format(count=_LONGEST_LIST_NAME)
        ),
    )
    if not talk.sure(_("Make this list?"), default=True):
        raise Back
    with open_client(connection, environment.secrets_folder, environment.limits_path) as client:
        return str(client.create_list(name).list_id)


def _why_no_list_name(text: str) -> str:
    if not text:
        return _("Give it a name.")
    return "" if len(text) <= _LONGEST_LIST_NAME else _("At most {count} characters.").format(count=_LONGEST_LIST_NAME)


def _attributes(talk: Conversation, draft: Draft, fields: tuple[Attribute, ...]) -> Draft:
    """The further attributes, one after the other; those that are there are kept or left together."""
    if draft.attributes:
        talk.say(*(f"{attribute_title(one.attribute)}: {printable(one.field)}" for one in draft.attributes))
        if not talk.sure(_("Keep these attributes?"), default=True):
            draft = structs.replace(draft, attributes=())
    while talk.sure(_("Add attribute"), default=False, explanation=_("Further attributes")):
        taken = {one.attribute for one in draft.attributes}
        offered = [(_(one.title), one.name) for one in known_attributes() if one.name not in taken]
        attribute = talk.choose(_("Attribute"), [*offered, (_("Custom fields"), _CUSTOM)])
        if attribute == _CUSTOM:
            attribute = talk.text(
                _("Name of the custom field, such as cf:tier"),
                default="cf:",
                why_not=lambda text: "" if known_attribute(text) else _("There is no such attribute."),
            )
        field = talk.choose(
            _("Field for {name}").format(name=attribute_title(attribute)),
            [(printable(one.name), one.name) for one in fields],
            default=preselect_field(attribute, fields),
        )
        changed = with_attribute(draft, attribute, field)
        if wrong := targets_problems(changed):
            talk.say(*wrong)
        else:
            draft = changed
    return draft


def _segments(work: Work) -> list[Segment]:
    definition = work.environment.read().definition
    with closing(open_source(work.environment.root, definition.profiles, definition.segments)) as source:
        found = source.segments()
    if not found:
        raise UsageError(_("The profile source has no segments."))
    return found
