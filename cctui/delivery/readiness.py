"""Everything that a run needs, looked at one by one: what is in order, what is not, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from cctui.constant_contact.answers import Usage
from cctui.constant_contact.client import open_client
from cctui.constant_contact.connection_check import FILE_NAME, STATE_TITLES, ConnectionState, check_connection
from cctui.constant_contact.connection_life import chosen_store
from cctui.constant_contact.errors import NotThere
from cctui.constant_contact.limits import Limits
from cctui.constant_contact.tokens import Standing, TokenStore
from cctui.definitions.environment import Broken, Environment
from cctui.definitions.model import ConnectionDefinition, ExportDefinition, ListId
from cctui.delivery import launch
from cctui.delivery.ledger import Ledger
from cctui.delivery.spool import LEAST_FREE_BYTES
from cctui.errors import CctuiError
from cctui.locales import _, byte_size, date_time, ngettext, number
from cctui.masking import harmless, printable
from cctui.matching.mapping import matching_of
from cctui.profiles.opening import open_source
from cctui.profiles.source import SegmentName, Source


class Verdict(StrEnum):
    """How it stands with one thing."""

    GOOD = "good"
    NOTE = "note"
    PROBLEM = "problem"


class Finding(Struct, frozen=True):
    """One thing that was looked at: ``about`` names it, ``found`` says how it stands, ``do`` what would mend it."""

    verdict: Verdict
    about: str
    found: str
    do: str = ""


def findings(environment: Environment, *, online: bool = True, connections: bool = True) -> Iterator[Finding]:
    """Look at everything, in the order in which a run needs it. With ``online`` Constant Contact is asked too.

    Without ``connections`` nothing is said about these, for those who may not see them, and nothing is asked.
    """
    try:
        definition = environment.read().definition
    except CctuiError as problem:
        yield _problem(_("Environment"), problem)
        return
    yield Finding(Verdict.GOOD, _("Environment"), f"{printable(definition.environment.name)}, {environment.root}")
    yield _disk(environment)
    yield from _ledger(environment)
    try:
        source = open_source(environment.root, definition.profiles, definition.segments)
        segments = {segment.name: segment for segment in source.segments()}
    except CctuiError as problem:
        yield _problem(_("Profiles"), problem)
        source, segments = None, {}
    else:
        yield Finding(
            Verdict.GOOD,
            _("Profiles"),
            ngettext("{count} segment", "{count} segments", len(segments)).format(count=number(len(segments))),
        )
    online = online and connections
    sound: dict[str, ConnectionDefinition] = {}
    for connection in environment.connections():
        if isinstance(connection, Broken):
            if connections:
                yield _problem(_("Connection {name}").format(name=connection.id), connection.problem)
            continue
        sound[connection.definition.id] = connection.definition
        if connections:
            yield from _connection(environment, connection.definition, online=online)
    for export in environment.exports():
        if isinstance(export, Broken):
            yield _problem(_("Export {name}").format(name=export.id), export.problem)
        else:
            yield _export(environment, export.definition, sound, source, set(segments), online=online)
    if source is not None:
        source.close()
    alive = launch.worker_alive(environment)
    yield Finding(
        Verdict.GOOD if alive else Verdict.NOTE,
        _("Worker"),
        _("One is serving.") if alive else _("None is serving; the next run starts one that leaves when it is done."),
        "" if alive else _("For schedules and for runs that outlive a logout, keep one: cctui worker"),
    )


def _disk(environment: Environment) -> Finding:
    import shutil

    folder = environment.state_folder if environment.state_folder.exists() else environment.root
    free = shutil.disk_usage(folder).free
    enough = free >= LEAST_FREE_BYTES
    return Finding(
        Verdict.GOOD if enough else Verdict.PROBLEM,
        _("Disk"),
        _("{size} free").format(size=byte_size(free)),
        "" if enough else _("Free at least {size}.").format(size=byte_size(LEAST_FREE_BYTES)),
    )


def _ledger(environment: Environment) -> Iterator[Finding]:
    if not environment.ledger_path.exists():
        yield Finding(Verdict.GOOD, _("Ledger"), _("Nothing has run yet."))
        return
    try:
        with Ledger(environment.ledger_path) as ledger:
            ledger.check()
            unfinished = len(ledger.unfinished())
    except CctuiError as problem:
        yield _problem(_("Ledger"), problem)
        return
    yield Finding(
        Verdict.GOOD,
        _("Ledger"),
        ngettext("sound, {count} run is not over", "sound, {count} runs are not over", unfinished).format(
            count=number(unfinished)
        ),
    )


def _connection(environment: Environment, definition: ConnectionDefinition, *, online: bool) -> Iterator[Finding]:
    about = _("Connection {name}").format(name=printable(definition.display_name))
    tokens = TokenStore(environment.secrets_folder).state(definition.id)
    if tokens.problem:
        yield Finding(Verdict.PROBLEM, about, tokens.problem)
        return
    if tokens.keyring:
        try:
            TokenStore(environment.secrets_folder).load(definition.id)
        except CctuiError as problem:
            yield _problem(about, problem)
            return
    if tokens.standing is not Standing.NONE and tokens.store is not chosen_store(environment):
        yield Finding(
            Verdict.NOTE,
            about,
            _("Its sign-in is not kept where environment.toml says."),
            _("Move it: cctui connections token {connection} --move").format(connection=definition.id),
        )
    if online:
        check = check_connection(
            definition,
            environment.secrets_folder,
            environment.limits_path,
            environment.state_folder / FILE_NAME,
        )
        good = check.state is ConnectionState.CONNECTED
        signing_in = _("Sign in: cctui connections sign-in {connection}").format(connection=definition.id)
        yield Finding(
            Verdict.GOOD if good else Verdict.PROBLEM,
            about,
            " ".join(part for part in (_(STATE_TITLES[check.state]), check.account, check.sentence) if part),
            signing_in if check.state is ConnectionState.SIGN_IN_NEEDED else "",
        )
    if tokens.dies_at is not None:
        yield Finding(
            Verdict.GOOD,
            about,
            _("The sign-in lives until {moment} unless it is used before.").format(
                moment=date_time(tokens.dies_at, environment.zone())
            ),
        )
    if environment.limits_path.exists():
        with Limits(environment.limits_path) as limits:
            yield _usage(about, limits.usage(definition.client_id))


def _usage(about: str, usage: Usage) -> Finding:
    return Finding(
        Verdict.GOOD if usage.left else Verdict.PROBLEM,
        about,
        _("{used} of {limit} requests of the day").format(used=number(usage.used), limit=number(usage.limit)),
    )


def _export(
    environment: Environment,
    definition: ExportDefinition,
    connections: dict[str, ConnectionDefinition],
    source: Source | None,
    segments: set[SegmentName],
    *,
    online: bool,
) -> Finding:
    about = _("Export {name}").format(name=printable(definition.display_name))
    editing = _("Edit it: cctui exports edit {export}").format(export=definition.id)
    if definition.connection is None:
        return Finding(Verdict.NOTE, about, _("It is detached; it does not run."), editing)
    connection = connections.get(definition.connection)
    if connection is None:
        return Finding(
            Verdict.PROBLEM,
            about,
            _("Its connection {name} does not exist.").format(name=printable(definition.connection)),
            editing,
        )
    missing = [name for name in definition.segments if name not in segments]
    if source is not None and missing:
        return Finding(
            Verdict.PROBLEM,
            about,
            _("These segments do not exist: {names}").format(names=", ".join(map(printable, missing))),
            editing,
        )
    try:
        if source is not None and definition.segments:
            matching_of(definition, source.attributes(SegmentName(definition.segments[0])))
        if online:
            with open_client(connection, environment.secrets_folder, environment.limits_path) as client:
                found = client.contact_list(ListId(definition.list_id))
            return Finding(Verdict.GOOD, about, _("It goes to the list {name}.").format(name=harmless(found.name)))
    except NotThere as problem:
        return Finding(Verdict.PROBLEM, about, _("Its list does not exist in the account."), problem.do or editing)
    except CctuiError as problem:
        return _problem(about, problem)
    return Finding(Verdict.GOOD, about, _("It is defined."))


def _problem(about: str, problem: CctuiError) -> Finding:
    return Finding(Verdict.PROBLEM, about, " ".join(part for part in (problem.what, problem.why) if part), problem.do)
