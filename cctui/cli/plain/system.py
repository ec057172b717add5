"""The system in the plain mode: the refresh and its schedule, the language, segments, users and their roles."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from cctui import locales
from cctui.access import authorized_keys
from cctui.access.rights import rights
from cctui.access.roles import ROLE_TITLES, Action, Role, User, require
from cctui.cli.plain.conversation import CLOSES, Conversation, Entries
from cctui.cli.plain.schedules import fill_in_schedule
from cctui.cli.plain.work import Work
from cctui.definitions import system_changes
from cctui.definitions.model import SEGMENT_KIND_TITLES, SEGMENT_STATE_TITLES
from cctui.delivery import refresh as refreshes
from cctui.delivery import runs as operations
from cctui.host.clock import SystemClock
from cctui.locales import _, ngettext, number, relative_time
from cctui.masking import printable
from cctui.profiles.opening import open_source
from cctui.profiles.source import counted
from cctui.tui.schedule_draft import MOST_TIMES, Recurrence, draft_of_refresh, next_runs


def system(talk: Conversation, work: Work) -> None:
    """The system refresh: its schedule, and now; the language."""
    talk.menu(
        _("System"),
        lambda: [
            (_("Refresh schedule"), partial(_refresh_schedule, talk, work)),
            (_("Refresh all"), partial(_refresh_now, talk, work)),
            (_("Language"), partial(_language, talk)),
        ],
        _("Back"),
    )


def _refresh_schedule(talk: Conversation, work: Work) -> None:
    stored = work.environment.read()
    present = stored.definition.schedule
    following = next_runs(present, work.environment.zone(), SystemClock().now(), 3) if present.run else []
    talk.facts(
        [
            (_("Schedule run"), _("On") if present.run else _("Off")),
            (_("Time zone"), stored.definition.environment.time_zone),
            (_("Next runs"), "; ".join(following) or _("None: the system refresh is off.")),
        ]
    )
    require(work.operator, Action.CHANGE_SYSTEM)
    if not talk.sure(_("Change it?"), default=False):
        return
    offered = [Recurrence.WEEKLY, Recurrence.DAILY]
    draft = fill_in_schedule(talk, work, draft_of_refresh(present), offered, MOST_TIMES)
    system_changes.edit_system(work.environment, work.operator, stored.fingerprint, schedule=draft.of_refresh())
    talk.say(_("The schedule is saved."))


def _refresh_now(talk: Conversation, work: Work) -> None:
    planned = refreshes.plan(work.environment, work.operator)
    talk.facts([(_("Exports"), ", ".join(printable(name, 60) for name in planned.names))])
    count = len(planned.exports)
    question = ngettext("Run {count} export?", "Run {count} exports?", count).format(count=number(count))
    if count and not talk.sure(question, default=False):
        return
    asked = refreshes.ask(work.environment, work.operator)
    operations.keep_going(work.environment)
    count = len(asked.exports)
    text = ngettext("{count} export is to be run.", "{count} exports are to be run.", count)
    talk.say(text.format(count=number(count)))


def _language(talk: Conversation) -> None:
    """For this session; the environment's own is set in the application and in ``environment.toml``."""
    chosen = talk.choose(_("Language"), [(code, code) for code in locales.LANGUAGES], default=locales.language())
    locales.use(chosen)


def segments(talk: Conversation, work: Work) -> None:
    """Every segment with its members."""
    definition = work.environment.read().definition
    with closing(open_source(work.environment.root, definition.profiles, definition.segments)) as source:
        found = [counted(source, segment) for segment in source.segments()]
    if not found:
        talk.say(_("There are no segments."))
    for one in found:
        facts = [
            printable(one.display_name),
            _(SEGMENT_KIND_TITLES[one.kind]),
            one.problem or _(SEGMENT_STATE_TITLES[one.state]),
            "" if one.members is None else f"{_('Members')} {number(one.members)}",
            f"{_('Last refreshed')} {relative_time(one.last_refreshed)}",
        ]
        talk.say(", ".join(fact for fact in facts if fact))


def permissions(talk: Conversation, work: Work) -> None:
    """Users and roles. Administrators only."""
    require(work.operator, Action.CHANGE_USERS)
    talk.menu(_("Permissions"), partial(_users, talk, work), _("Back"))


def _users(talk: Conversation, work: Work) -> Entries:
    users = work.environment.read().definition.users
    return [
        *((f"{printable(user.name)}, {_(ROLE_TITLES[user.role])}", partial(_user, talk, work, user)) for user in users),
        (_("Add user"), partial(_add_user, talk, work)),
        (_("Roles"), partial(_roles, talk)),
    ]


def _add_user(talk: Conversation, work: Work) -> None:
    name = talk.text(
        _("Name"),
        explanation=_("Add a user of the operating system, or group:NAME."),
        why_not=lambda text: "" if text else _("The name of the user is empty."),
    )
    role = _choose_role(talk, Role.VIEWER)
    system_changes.add_user(work.environment, work.operator, User(name, role))
    talk.say(_("{name} is {role} now.").format(name=printable(name), role=_(ROLE_TITLES[role])))


def _user(talk: Conversation, work: Work, user: User) -> None:
    name = printable(user.name)
    talk.menu(
        name,
        lambda: [
            (_("Role"), partial(_change_role, talk, work, user)),
            (_("Remove"), partial(_remove_user, talk, work, user)),
        ],
        _("Back"),
    )


def _change_role(talk: Conversation, work: Work, user: User) -> object:
    role = _choose_role(talk, user.role)
    system_changes.change_user(work.environment, work.operator, user.name, role)
    talk.say(_("{name} is {role} now.").format(name=printable(user.name), role=_(ROLE_TITLES[role])))
    return CLOSES


def _remove_user(talk: Conversation, work: Work, user: User) -> object:
    path = authorized_keys.default_path()
    question = _("Remove {name}?")
    if system_changes.has_key(work.environment, user.name, path):
        question = _("Remove {name}, and their key from {file}?")
    if not talk.sure(question.format(name=printable(user.name), file=path), default=False):
        return None
    key_too = system_changes.remove_user(work.environment, work.operator, user.name, keys=path)
    talk.say(_("Removed: {name}").format(name=printable(user.name)))
    if key_too:
        talk.say(_("Their key is gone from {file}.").format(file=path))
    return CLOSES


def _choose_role(talk: Conversation, present: Role) -> Role:
    return talk.choose(_("Role"), [(_(title), role) for role, title in ROLE_TITLES.items()], default=present)


def _roles(talk: Conversation) -> None:
    for right in rights():
        answers = ", ".join(f"{_(ROLE_TITLES[role])}: {right.allowed[role]}" for role in Role)
        talk.say(f"{right.title}. {answers}")
