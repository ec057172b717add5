"""The selected profiles: made contacts as they come in, then de-duplicated and suppressed where they lie.

Contacts lie on the disk in the order of segments and source, and are known by their place in it; what has to be
compared, of each row a few bytes, is in DuckDB. Memory is bounded whatever is selected: DuckDB gets a fixed share and
writes the rest to the same folder. No file here stays.

A selection can be narrowed to profiles that are named. Rows of others are then kept only where they forbid mail, so
that an address is suppressed exactly as it is in a run of everybody, and are counted nowhere.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from cctui.host import files
from cctui.locales import _
from cctui.masking import harmless
from cctui.matching.contact_rows import ContactMaker, ContactRows, facts_schema
from cctui.matching.intake import Intake, MoreRowsThanLimit
from cctui.matching.mapping import Matching
from cctui.matching.named_profiles import NamedProfiles
from cctui.matching.reasons import Reason
from cctui.matching.results import Cancelled, MatchingCanceled, NotWritten, Progress, TooManyProfiles
from cctui.matching.spill import Places, Spill, without
from cctui.profiles.conditions import NO_PROGRESS_BAR
from cctui.profiles.source import SegmentName, Source

if TYPE_CHECKING:
    import pyarrow as pa

SPILL_FOLDER = ".matching"
"""The folder for spilling, beside the files of a plan; it goes with the selection."""

_MEMORY = "64MB"
_MEMORY_FOR_MANY = "128MB"
_MANY_ROWS = 1_500_000
_THREADS = 2


class Tally(Struct, frozen=True):
    """The rows of a selection by what becomes of them; see :class:`cctui.matching.results.Matched`."""

    selected: int
    duplicate: int
    invalid: int
    suppressed: int
    sent: int
    profiles: int | None
    rejected: tuple[tuple[Reason, int], ...]
    cut: int
    dropped: int
    absent: int


class Selection:
    """The rows of some segments on their way to contacts. Use as a context manager; ``folder`` is for spilling."""

    def __init__(self, matching: Matching, folder: Path) -> None:
        import duckdb

        self._matching = matching
        self._folder = files.private_folder(folder)
        self._maker = ContactMaker(matching)
        self._database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": _MEMORY,
                "temp_directory": str(self._folder),
                "threads": 1,  # with more, each appends a share of its own and the order of the rows is lost
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        self._database.execute(NO_PROGRESS_BAR)
        self._segments: tuple[SegmentName, ...] = ()
        self._named: NamedProfiles | None = None
        self._spill: Spill | None = None
        self._profiles: int | None = None
        self._clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._clear()
        self._database.close()
        self._maker.close()
        if self._named is not None:
            self._named.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def narrow(self, profiles: Iterable[str]) -> int:
        """Take in, from now on, only the profiles named, by ids in a ``rejected.csv``; returns how many there are."""
        self._named = NamedProfiles(profiles, self._folder)
        return self._named.count

    def read(
        self,
        source: Source,
        segments: Sequence[SegmentName],
        *,
        max_profiles: int,
        on_progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> None:
        """Take in the members of ``segments``, in that order.

        With more than ``max_profiles`` rows the distinct profiles are counted by their ids alone before more is kept;
        reading then starts again. Raises :class:`TooManyProfiles`, ``MatchingCanceled`` and what the source
        raises.
        """
        self._segments = tuple(segments)
        try:
            # Named profiles were counted by the run that they come from.
            self._take_in(source, None if self._named else max_profiles, on_progress, cancelled)
        except MoreRowsThanLimit:
            profiles = self._distinct_profiles(source, cancelled)
            if profiles > max_profiles:
                raise TooManyProfiles(profiles, max_profiles) from None
            self._take_in(source, None, on_progress, cancelled)
            self._profiles = profiles

    def settle(self) -> None:
        """Find the rows whose address came before, and those of people who want no mail.

        The first row of an address in the order of segments and source wins; it is suppressed when any row with
        that address forbids mail. Where 64 bits of two addresses agree, 128 bits (MD5) tell them apart: both take
        less memory than the text.
        """
        memory = _MEMORY_FOR_MANY if self._kept.rows > _MANY_ROWS else _MEMORY
        self._database.execute(f"""
            SET memory_limit = '{memory}'; SET threads = {_THREADS};
            CREATE TABLE unwanted AS SELECT rowid AS place FROM facts WHERE forbids;
            CREATE TABLE outside AS SELECT rowid AS place FROM facts WHERE outside;
        """)
        alike = self._places(
            "SELECT rowid::UINTEGER FROM facts WHERE key IN (SELECT key FROM facts GROUP BY key HAVING count(*) > 1) "
            "ORDER BY rowid"
        )
        self._insert("CREATE TABLE suspects AS SELECT place, md5_number(address) AS key FROM incoming", self._at(alike))
        self._database.execute("""
            CREATE TABLE shared AS SELECT key, min(place) FILTER (place NOT IN (SELECT place FROM outside)) AS first,
                bool_or(place IN (SELECT place FROM unwanted)) AS forbids
            FROM suspects GROUP BY key HAVING count(*) > 1 AND first IS NOT NULL;
            CREATE TABLE later AS SELECT place FROM suspects
            WHERE key IN (SELECT key FROM shared) AND place NOT IN (SELECT first FROM shared)
                AND place NOT IN (SELECT place FROM outside);
            CREATE TABLE suppressed AS
            SELECT place FROM (SELECT place FROM unwanted UNION SELECT first FROM shared WHERE forbids)
            WHERE place NOT IN (SELECT place FROM later) AND place NOT IN (SELECT place FROM outside);
            CREATE VIEW left_out AS
            SELECT place FROM later UNION ALL SELECT place FROM suppressed UNION ALL SELECT place FROM outside;
        """)
        self._left_out = self._places("SELECT place::UINTEGER FROM left_out ORDER BY place")

    def tally(self) -> Tally:
        """Count the rows by state and reason."""
        (((duplicate,),), ((suppressed,),)) = (
            self._rows(f"SELECT count(*) FROM {table}") for table in ("later", "suppressed")
        )
        cut = dropped = 0
        if self._changed:
            ((cut, dropped),) = self._rows(
                "SELECT sum(cut), sum(dropped) FROM facts WHERE rowid NOT IN (SELECT place FROM left_out)"
            )
        invalid = sum(self._reasons.values())
        absent = self._named.absent if self._named else 0
        return Tally(
            selected=self._kept.rows - self._outside + invalid,
            duplicate=duplicate,
            invalid=invalid,
            suppressed=suppressed,
            sent=self._kept.rows - len(self._left_out),
            profiles=self._named.count - absent if self._named else self._profiles,
            rejected=tuple(sorted(self._reasons.items(), key=lambda one: (-one[1], one[0]))),
            cut=int(cut or 0),
            dropped=int(dropped or 0),
            absent=absent,
        )

    def size(self) -> int:
        """Bytes of all lines to send, without headers."""
        import pyarrow.compute as pc

        return sum(
            pc.sum(pc.binary_length(batch.column(0))).as_py() or 0 for _segment, batch in self._to_send(["line"])
        )

    def contacts(self) -> Iterator[pa.RecordBatch]:
        """The contacts to send in their order: ``line`` (a CSV row with its end), ``profile_id``, ``segment``."""
        import pyarrow as pa

        for segment, batch in self._to_send(["line", "profile_id"]):
            named = pa.repeat(pa.scalar(self._segments[segment], pa.string()), batch.num_rows)
            yield pa.RecordBatch.from_arrays([*batch.columns, named], names=["line", "profile_id", "segment"])

    def first_contacts(self, count: int) -> list[tuple[str, ...]]:
        """The first ``count`` contacts to send, cell by cell."""
        lines = (line.as_py() for _segment, batch in self._to_send(["line"]) for line in batch.column(0))
        return [tuple(cells) for cells in csv.reader(itertools.islice(lines, count))]

    def rejected(self) -> Iterator[bytes]:
        """The rows without a usable address, as lines of profile id, reason and the value as it was."""
        return self._kept.rejected()

    @property
    def _kept(self) -> Spill:
        if self._spill is None:
            raise RuntimeError("nothing has been read")
        return self._spill

    def _clear(self) -> None:
        if self._spill is not None:
            self._spill.close()
        self._spill = None
        self._reasons: Counter[Reason] = Counter()
        self._changed = self._outside = 0
        self._profiles = None

    def _take_in(
        self, source: Source, max_rows: int | None, on_progress: Progress | None, cancelled: Cancelled | None
    ) -> None:
        self._clear()
        self._spill = Spill(self._folder)
        self._database.execute(
            "CREATE OR REPLACE TABLE facts "
            "(key UBIGINT, forbids BOOLEAN, outside BOOLEAN, cut UTINYINT, dropped UTINYINT)"
        )
        intake = Intake(max_rows, on_progress, cancelled)
        for number, segment in enumerate(self._segments):

            def keep(rows: ContactRows, number: int = number) -> pa.RecordBatch:
                self._kept.add(rows, number)
                self._reasons.update(rows.reasons)
                self._changed += rows.cut + rows.dropped
                self._outside += rows.outside
                if self._named and rows.numbers is not None:
                    self._named.meet(rows.numbers)
                return rows.facts

            with intake.contacts(
                source, segment, self._matching.fields, self._maker.contacts, keep, facts_schema(), self._named
            ) as incoming:
                self._insert("INSERT INTO facts SELECT hash(address), * EXCLUDE (address) FROM incoming", incoming)
        self._kept.finish()

    def _distinct_profiles(self, source: Source, cancelled: Cancelled | None) -> int:
        self._clear()
        self._database.execute("DROP TABLE facts; CREATE OR REPLACE TABLE seen (key UBIGINT)")
        intake = Intake(None, None, cancelled)
        for segment in self._segments:
            with intake.ids(source, segment) as incoming:
                self._insert("INSERT INTO seen SELECT hash(coalesce(profile_id, '')) FROM incoming", incoming)
        ((profiles,),) = self._rows("SELECT count(DISTINCT key) FROM seen")
        self._database.execute("DROP TABLE seen")
        return int(profiles)

    def _at(self, places: Places) -> pa.RecordBatchReader:
        """The addresses of the rows at ``places``, with their places."""
        import pyarrow as pa
        import pyarrow.compute as pc

        schema = pa.schema([("place", pa.uint32()), ("address", pa.string())])

        def batches() -> Iterator[pa.RecordBatch]:
            for start, _segment, batch in self._kept.contacts(["address"]) if len(places) else ():
                some = places.within(start, batch.num_rows)
                numbers = pc.add(some, pa.scalar(start, pa.uint32()))
                yield pa.RecordBatch.from_arrays([numbers, batch.column(0).take(some)], schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def _to_send(self, columns: Sequence[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The contacts to send with the number of their segment; they are settled."""
        for start, segment, batch in self._kept.contacts(columns):
            yield segment, without(batch, self._left_out.within(start, batch.num_rows))

    def _places(self, statement: str) -> Places:
        column = self._database.sql(statement).to_arrow_table().column(0)
        return Places(column.combine_chunks())

    def _insert(self, statement: str, incoming: pa.RecordBatchReader) -> None:
        self._database.register("incoming", incoming)
        try:
            self._database.execute(statement)
        finally:
            self._database.unregister("incoming")

    def _rows(self, statement: str) -> list[Any]:
        return list(self._database.execute(statement).fetchall())


def go_on(cancelled: Cancelled | None) -> None:
    """Raises :class:`MatchingCanceled` where somebody has asked to stop."""
    if cancelled is not None and cancelled():
        raise MatchingCanceled


@contextlib.contextmanager
def disk_faults(workspace: Path) -> Iterator[None]:
    """Say what the disk, or DuckDB about it, complains of as :class:`NotWritten`."""
    import duckdb

    try:
        yield
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as problem:
        why = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise NotWritten(
            _("The files of the run could not be written to {folder}.").format(folder=workspace),
            why=harmless(why),
            do=_("Make room or mend the folder, then run again."),
        ) from problem
