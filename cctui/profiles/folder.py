"""Profiles in a folder as the storage exports of Customer Insights write it: ``model.json`` and dated CSV partitions.

Each segment is an entity of its own that holds all attributes of its members, so nothing is joined.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cctui.definitions.model import ProfilesSection, SegmentDefinition, SegmentState
from cctui.locales import _
from cctui.masking import printable
from cctui.profiles import model_json, run_folders, text_files
from cctui.profiles.columns import no_such_field, position_of, text_reader
from cctui.profiles.model_json import Model, ModelEntity
from cctui.profiles.run_folders import Part, Run
from cctui.profiles.source import PROFILE_ID, Attribute, Segment, SegmentName, SourceError
from cctui.profiles.text_files import shown, unreadable

if TYPE_CHECKING:
    import pyarrow as pa

_PROFILES = "Customer"
_NO_SEGMENTS = re.compile(r"customer|customer_measure|unifiedactivity|.*enrichment.*", re.IGNORECASE)
"""Entities that hold profiles but are no segment: all profiles, measures, activities, enrichments."""


class FolderSource:
    """A storage export on this disk (:class:`cctui.profiles.source.Source`)."""

    def __init__(self, root: Path, section: ProfilesSection, segments: Sequence[SegmentDefinition]) -> None:
        if not isinstance(section.path, str):
            raise SourceError(
                _("For profiles of kind “folder”, path is one folder, not a list."),
                do=_("Correct path in environment.toml."),
            )
        self._folder = root / section.path
        self._id_field = section.id_field
        self._facts = {fact.name: fact for fact in segments}
        self._model: tuple[object, Path, Model] | None = None

    def segments(self) -> list[Segment]:
        """All segments in the order of the model, then those that only environment.toml knows."""
        path, model = self._read()
        found = [self._segment(path.parent, entity) for entity in self._candidates(model)]
        known = {segment.name for segment in found}
        lost = [fact for name, fact in self._facts.items() if name not in known]
        for fact in lost:
            problem = _("It is in environment.toml, but not in {file}.").format(file=shown(path))
            found.append(self._described(SegmentName(fact.name), None, problem))
        if not found:
            raise SourceError(
                _("There are no segments in {file}.").format(file=shown(path)),
                why=_("None of its entities has the field {field}.").format(field=printable(self._id_field)),
                do=_("Tick the segments in the export, or correct id_field in environment.toml."),
            )
        return found

    def attributes(self, segment: SegmentName | None = None) -> list[Attribute]:
        """Columns of the segment, or of all profiles: those of the entity Customer, else of all segments."""
        path, model = self._read()
        if segment is not None:
            return [column.attribute() for column in self._entity(path, model, segment).attributes]
        entities = [entity for entity in model.entities if entity.name == _PROFILES] or self._candidates(model)
        together = {column.name: column.attribute() for entity in entities for column in entity.attributes}
        return list(together.values())

    def count(self, segment: SegmentName) -> int:
        """The number of records in the newest run of the segment."""
        with self.members(segment, ()) as reader:
            return sum(batch.num_rows for batch in reader)

    def members(self, segment: SegmentName, fields: Sequence[str]) -> pa.RecordBatchReader:
        """The records of the newest run of the segment, partition after partition."""
        path, model = self._read()
        entity = self._entity(path, model, segment)
        names = [column.name for column in entity.attributes]
        chosen = [position_of(name, names) for name in (self._id_field, *fields)]
        for name, position in zip((self._id_field, *fields), chosen, strict=True):
            if position is None:
                raise no_such_field(name, names, _("segment {segment}").format(segment=printable(segment)))
        positions = [position for position in chosen if position is not None]
        if self._inactive(segment):
            return text_reader((PROFILE_ID, *fields), positions, [])
        run = run_folders.locate(path.parent, entity)
        parts = [(part, self._has_header(part, names)) for part in run.parts]
        wanted = sorted(set(positions))
        files = (
            text_files.records(part.path, part.settings.dialect, len(names), wanted, skip_first=header)
            for part, header in parts
        )
        return text_reader((PROFILE_ID, *fields), [wanted.index(position) for position in positions], files)

    def version(self) -> str:
        """Changes with the model, with any file that it leads to, and with the facts in environment.toml."""
        path, model = self._read()
        digest = hashlib.sha256(repr((self._key(path), list(self._facts.values()))).encode())
        for entity in self._candidates(model):
            try:
                parts = run_folders.locate(path.parent, entity).parts
                digest.update(repr([self._key(part.path) for part in parts]).encode())
            except (SourceError, OSError) as error:
                digest.update(str(error).encode())
        return digest.hexdigest()[:16]

    def close(self) -> None:
        """Nothing stays open between calls; readers hold their own files."""
        self._model = None

    def _read(self) -> tuple[Path, Model]:
        """The model, read again when its file has changed."""
        if self._model is not None and self._model[0] == self._key(self._model[1]):
            return self._model[1:]
        path = model_json.find(self._folder)
        key = self._key(path)
        self._model = (key, path, model_json.read(path))
        return self._model[1:]

    def _key(self, path: Path) -> object:
        try:
            facts = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(path, error) from None
        return str(path), facts.st_mtime_ns, facts.st_size

    def _candidates(self, model: Model) -> list[ModelEntity]:
        return [
            entity
            for entity in model.entities
            if entity.kind == "LocalEntity"
            and position_of(self._id_field, [column.name for column in entity.attributes]) is not None
            and (entity.name in self._facts or not _NO_SEGMENTS.fullmatch(entity.name))
        ]

    def _entity(self, path: Path, model: Model, segment: SegmentName) -> ModelEntity:
        for entity in self._candidates(model):
            if entity.name == segment:
                return entity
        raise SourceError(
            _("There is no segment {segment} in {file}.").format(segment=printable(segment), file=shown(path)),
            do=_("Add it to the storage export, or take it out of the export to Constant Contact."),
        )

    def _segment(self, base: Path, entity: ModelEntity) -> Segment:
        run: Run | None = None
        problem = ""
        try:
            run = run_folders.locate(base, entity)
        except SourceError as error:
            problem = str(error)
        return self._described(SegmentName(entity.name), run.refreshed if run else None, problem)

    def _described(self, name: SegmentName, refreshed: datetime | None, problem: str) -> Segment:
        fact = self._facts.get(name) or SegmentDefinition(name=name)
        if fact.where is not None or fact.members is not None:
            problem = problem or _("where and members are for profiles of kind “files” only.")
        inactive = fact.state is SegmentState.INACTIVE
        return Segment(
            name=name,
            display_name=fact.display_name or name,
            kind=fact.kind,
            state=fact.state,
            members=0 if inactive else None,
            last_refreshed=refreshed,
            problem="" if inactive else problem,
        )

    def _inactive(self, segment: SegmentName) -> bool:
        """An inactive segment holds no members, whatever an old run left behind (checklist G3)."""
        return segment in self._facts and self._facts[segment].state is SegmentState.INACTIVE

    def _has_header(self, part: Part, names: Sequence[str]) -> bool:
        """Whether the first record is a header: as the model says, and where it says nothing, if it is the names."""
        _refuse_empty(part.path)
        dialect = part.settings.dialect
        record = text_files.first_record(part.path, dialect)
        if record is None:
            return False
        if len(record) != len(names):
            raise text_files.wrong_width(part.path, dialect, len(names), record)
        same = [value.strip().lower() for value in record] == [name.lower() for name in names]
        if part.settings.header and not same:
            raise SourceError(
                _("The first record of {file} is not the header that the model promises.").format(
                    file=shown(part.path)
                ),
                why=_("Expected: {names}.").format(names=printable(", ".join(names))),
                do=_("Export again, so that model and file belong together."),
            )
        return same if part.settings.header is None else part.settings.header


def _refuse_empty(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from None
    if not size:
        raise SourceError(
            _("The file {file} is empty.").format(file=shown(path)),
            why=_("The export has not finished, or the segment has no members."),
            do=_("Wait until the export has finished, or make the segment inactive in environment.toml."),
        )
