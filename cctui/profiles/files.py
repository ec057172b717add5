"""Profiles in Parquet or CSV files, with segments by a condition or by a list of ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cctui.definitions.model import ProfilesSection, SegmentDefinition, SegmentState
from cctui.locales import _
from cctui.masking import printable
from cctui.profiles import conditions, tables
from cctui.profiles.columns import no_such_field, position_of, text_reader
from cctui.profiles.source import PROFILE_ID, Attribute, Segment, SegmentName, SourceError
from cctui.profiles.tables import ParquetTable, Table, TextTable
from cctui.profiles.text_files import mark_name, shown, unreadable

if TYPE_CHECKING:
    import pyarrow as pa


class FilesSource:
    """One table of profiles in files (:class:`cctui.profiles.source.Source`)."""

    def __init__(self, root: Path, section: ProfilesSection, segments: Sequence[SegmentDefinition]) -> None:
        self._root = root
        self._section = section
        self._facts = list(segments)

    def segments(self) -> list[Segment]:
        """The segments of environment.toml in its order."""
        if not self._facts:
            raise SourceError(
                _("No segments are defined for these profiles."),
                do=_("Add [[segments]] with where or members to environment.toml."),
            )
        refreshed = max(path.stat().st_mtime for path in self._files())
        return [self._segment(fact, datetime.fromtimestamp(refreshed, UTC)) for fact in self._facts]

    def attributes(self, segment: SegmentName | None = None) -> list[Attribute]:
        """Columns of the table; every segment has them all."""
        if segment is not None:
            self._fact(segment)
        return self._table().attributes()

    def count(self, segment: SegmentName) -> int:
        """The number of profiles that the segment selects."""
        fact = self._fact(segment)
        table = self._table()
        if (
            fact.state is SegmentState.ACTIVE
            and not fact.where
            and not fact.members
            and isinstance(table, ParquetTable)
        ):
            return table.rows()
        with self.members(segment, ()) as reader:
            return sum(batch.num_rows for batch in reader)

    def members(self, segment: SegmentName, fields: Sequence[str]) -> pa.RecordBatchReader:
        """The profiles that the segment selects, in the order of the files."""
        fact = self._fact(segment)
        table = self._table()
        names = (PROFILE_ID, *fields)
        wanted = [self._position(table, name) for name in (self._section.id_field, *fields)]
        if fact.state is SegmentState.INACTIVE:
            return text_reader(names, wanted, [])
        if fact.where is not None and fact.members is not None:
            raise SourceError(
                _("Segment {segment} has both where and members.").format(segment=printable(segment)),
                do=_("Keep one of them in environment.toml."),
            )
        order = list(range(len(wanted)))
        if fact.members is not None:
            ids = self._ids(fact, fact.members)
            return text_reader(names, order, [conditions.matching(table, wanted, segment=segment, ids=ids)])
        if fact.where is not None:
            conditions.check(table, segment, fact.where)
        if fact.where is not None or not table.holds_text(wanted):
            chosen = conditions.matching(table, wanted, segment=segment, where=fact.where, ids=None)
            return text_reader(names, order, [chosen])
        needed = sorted(set(wanted))
        return text_reader(names, [needed.index(position) for position in wanted], [table.batches(needed)])

    def version(self) -> str:
        """Changes with the files, with the lists of ids, and with the segments' definitions."""
        lists = [self._root / fact.members for fact in self._facts if fact.members is not None]
        keys: list[object] = list(self._facts)
        for path in [*self._files(), *lists]:
            try:
                facts = path.stat()
                keys.append((str(path), facts.st_mtime_ns, facts.st_size))
            except FileNotFoundError:
                keys.append(str(path))
            except OSError as error:
                raise unreadable(path, error) from None
        return hashlib.sha256(repr(keys).encode()).hexdigest()[:16]

    def close(self) -> None:
        """Nothing stays open between calls; readers hold their own files."""

    def _files(self) -> list[Path]:
        files = tables.find(self._root, self._section.path)
        for path in files:
            if not path.exists():
                raise unreadable(path, FileNotFoundError())
        return files

    def _table(self) -> Table:
        return tables.open_table(self._files(), self._section.delimiter)

    def _fact(self, segment: SegmentName) -> SegmentDefinition:
        for fact in self._facts:
            if fact.name == segment:
                return fact
        raise SourceError(
            _("There is no segment {segment} in environment.toml.").format(segment=printable(segment)),
            do=_("Add it to [[segments]], or take it out of the export."),
        )

    def _segment(self, fact: SegmentDefinition, refreshed: datetime) -> Segment:
        inactive = fact.state is SegmentState.INACTIVE
        problem = ""
        if not inactive:
            try:
                with self.members(SegmentName(fact.name), ()):
                    pass
            except SourceError as error:
                problem = str(error)
        return Segment(
            name=SegmentName(fact.name),
            display_name=fact.display_name or fact.name,
            kind=fact.kind,
            state=fact.state,
            members=0 if inactive else None,
            last_refreshed=refreshed,
            problem=problem,
        )

    def _position(self, table: Table, name: str) -> int:
        position = position_of(name, table.names)
        if position is not None:
            return position
        error = no_such_field(name, table.names, _("the profiles"))
        marks = table.likely_delimiter() if isinstance(table, TextTable) else None
        if marks:
            error = SourceError(
                error.what,
                why=_("The first line was read as one column with the delimiter {delimiter}.").format(
                    delimiter=mark_name(marks[0])
                ),
                do=_("Set delimiter in environment.toml; the file seems to use {likely}.").format(
                    likely=mark_name(marks[1])
                ),
            )
        raise error

    def _ids(self, fact: SegmentDefinition, members: str) -> Iterator[pa.RecordBatch]:
        """The ids in the members file of a segment, as batches of one column of text."""
        files = tables.find(self._root, members)
        listed = tables.open_table(files, None)
        position = position_of(self._section.id_field, listed.names)
        if position is None:
            raise no_such_field(
                self._section.id_field,
                listed.names,
                _("{file}, the members of segment {segment}").format(
                    file=shown(files[0]), segment=printable(fact.name)
                ),
            )
        return _as_text(listed.batches([position]))


def _as_text(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in batches:
        yield pa.RecordBatch.from_arrays([batch.column(0).cast(pa.string())], names=["id"])
