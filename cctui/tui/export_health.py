"""What an export uses that is no longer there: its connection, its segments, fields of the profiles.

Its list is looked up in the pane only, because that takes a request.
"""

from __future__ import annotations

from contextlib import closing

from msgspec import Struct, structs

from cctui.definitions.environment import Environment
from cctui.definitions.model import EnvironmentDefinition, ExportDefinition, SourceKind
from cctui.errors import CctuiError
from cctui.locales import _, ngettext
from cctui.matching.mapping import mapping_problems
from cctui.profiles.opening import open_source
from cctui.profiles.source import Attribute, SegmentName, Source
from cctui.tui import glyphs
from cctui.tui.listing import Row
from cctui.tui.parts import Tone, shown
from cctui.tui.reading import Snapshot


class SourceNames(Struct, frozen=True):
    """What the source has; nothing is judged while ``known`` is false, because the source cannot be read."""

    segments: frozenset[str] = frozenset()
    fields: tuple[Attribute, ...] = ()
    known: bool = False


def source_names(environment: Environment) -> SourceNames:
    """Read the names of segments and fields; no member is counted."""
    try:
        definition = environment.read().definition
        with closing(open_source(environment.root, definition.profiles, definition.segments)) as source:
            return SourceNames(frozenset(segment_names(definition, source)), tuple(source.attributes()), known=True)
    except CctuiError:
        return SourceNames()


def segment_names(definition: EnvironmentDefinition, source: Source) -> list[SegmentName]:
    """The names of all segments. Files have those of environment.toml, and listing them would open every one."""
    if definition.profiles is not None and definition.profiles.kind is SourceKind.FILES:
        return [SegmentName(segment.name) for segment in definition.segments]
    return [segment.name for segment in source.segments()]


def gone(export: ExportDefinition, snapshot: Snapshot, names: SourceNames) -> list[str]:
    """What the export uses that is not there, as sentences."""
    found = []
    if export.connection is not None and snapshot.connection(export.connection) is None:
        found.append(_("Its connection {name} is not there.").format(name=shown(export.connection)))
    if not names.known:
        return found
    missing = [name for name in export.segments if name not in names.segments]
    if missing:
        text = ngettext("This segment is gone: {names}.", "These segments are gone: {names}.", len(missing))
        found.append(text.format(names=", ".join(shown(name) for name in missing)))
    names_of = {attribute.name for attribute in names.fields}
    used = (export.data_matching.email, *(mapping.field for mapping in export.attributes))
    for field in dict.fromkeys(used):
        if field not in names_of:
            found += mapping_problems(field, (), names.fields)
    return found


def marked(row: Row, texts: list[str]) -> Row:
    """``row`` with a sign at its name where something is gone."""
    if not texts:
        return row
    name = row.cells[0]
    cell = structs.replace(name, text=f"{glyphs.WARNING} {name.text}", tone=Tone.WARNING)
    return structs.replace(row, cells=(cell, *row.cells[1:]))
