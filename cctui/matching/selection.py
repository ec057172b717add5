"""The selected profiles in DuckDB: cleaned as they come in, then de-duplicated and suppressed where they lie.

One row per selected profile, in the order of segments and source; the row's number is its place. Memory is bounded
whatever is selected: DuckDB gets a fixed share and writes the rest to a folder of its own. No file here stays.

A selection can be narrowed to profiles that are named. Rows of others are then kept only where they forbid mail, so
that an address is suppressed exactly as it is in a run of everybody, and are counted nowhere.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from cctui.host import files
from cctui.locales import _
from cctui.masking import harmless
from cctui.matching.attributes import known_attribute
from cctui.matching.cleaning import clean, fitted, is_set, quoted
from cctui.matching.intake import Intake, MoreRowsThanLimit, field_column
from cctui.matching.mapping import Matching
from cctui.matching.reasons import Reason
from cctui.matching.results import Cancelled, MatchingCanceled, NotWritten, Progress, TooManyProfiles
from cctui.profiles.conditions import NO_PROGRESS_BAR
from cctui.profiles.source import SegmentName, Source

if TYPE_CHECKING:
    import pyarrow as pa

SPILL_FOLDER = ".matching"
"""The folder for spilling, beside the files of a plan; it goes with the selection."""

_READING_MEMORY = "48MB"
_SETTLING_MEMORY = "64MB"
_MEMORY_FOR_MANY = "128MB"
_MANY_ROWS = 1_500_000
_MARKED_AT_ONCE = 1_000_000
_THREADS = 2
_BATCH_ROWS = 20_000
_TO_SEND, _INVALID, _DUPLICATE, _SUPPRESSED, _OUTSIDE = range(5)
_SHOWN_VALUE = 1_000
_LINE_END = "chr(13) || chr(10)"
_FORMULA = r"^[=+@\-\t\r\n＝＋－＠]"


class Tally(Struct, frozen=True):
    """The rows of a selection by what becomes of them; see :class:`cctui.matching.results.Matched`."""

    selected: int
    duplicate: int
    invalid: int
    suppressed: int
    sent: int
    profiles: int
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
        self._database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": _READING_MEMORY,
                "temp_directory": str(self._folder),
                "threads": 1,  # with more, each appends a share of its own and the order of the rows is lost
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        self._database.execute(NO_PROGRESS_BAR)
        self._segments: tuple[SegmentName, ...] = ()
        self._narrowed = False
        known = [known_attribute(mapping.attribute) for mapping in matching.attributes]
        self._values = [f"value{number}" for number in range(len(known))]
        self._fitted = fitted(
            [attribute for attribute in known if attribute], [f"clean_{name}" for name in self._values]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._database.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def narrow(self, profiles: Iterable[str]) -> int:
        """Take in, from now on, only the profiles named; returns how many there are.

        Ids are compared as ``rejected.csv`` shows them, since that is where they are read from.
        """
        import pyarrow as pa

        schema = pa.schema([("shown", pa.string())])
        names = iter(profiles)

        def batches() -> Iterator[pa.RecordBatch]:
            while part := list(islice(names, _BATCH_ROWS)):
                yield pa.RecordBatch.from_arrays([pa.array(part, pa.string())], schema=schema)

        self._database.execute(f"SET memory_limit = '{_MEMORY_FOR_MANY}'")
        # A join whose sides are changed does not keep the order of the rows.
        self._database.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        self._insert(
            f"CREATE TABLE named AS SELECT DISTINCT {_key(_printed('shown'))} AS key FROM incoming WHERE shown <> ''",
            pa.RecordBatchReader.from_batches(schema, batches()),
        )
        self._narrowed = True
        ((count,),) = self._rows("SELECT count(*) FROM named")
        return int(count)

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
            self._take_in(source, None if self._narrowed else max_profiles, on_progress, cancelled)
        except MoreRowsThanLimit:
            profiles = self._distinct_profiles(source, cancelled)
            if profiles > max_profiles:
                raise TooManyProfiles(profiles, max_profiles) from None
            self._take_in(source, None, on_progress, cancelled)

    def settle(self) -> None:
        """Mark the rows whose address came before, and those of people who want no mail.

        The first row of an address in the order of segments and source wins; it is suppressed when any row with
        that address forbids mail. Where 64 bits of two addresses agree, 128 bits (MD5) tell them apart: both take
        less memory than the text.
        """
        ((rows,),) = self._rows("SELECT count(*) FROM profiles")
        many = rows > _MANY_ROWS or self._narrowed
        self._database.execute(f"""
            SET memory_limit = '{_MEMORY_FOR_MANY if many else _SETTLING_MEMORY}'; SET threads = {_THREADS};
            CREATE TABLE suspects AS SELECT rowid AS place, md5_number(address) AS key, forbids,
                state = {_OUTSIDE} AS outside FROM profiles
            WHERE address IS NOT NULL AND hash(address) IN (
                SELECT rough FROM (SELECT hash(address) AS rough FROM profiles WHERE address IS NOT NULL)
                GROUP BY rough HAVING count(*) > 1);
            CREATE TABLE shared AS SELECT key, min(place) FILTER (NOT outside) AS first, bool_or(forbids) AS forbids
            FROM suspects GROUP BY key HAVING count(*) > 1 AND NOT bool_and(outside);
            CREATE TABLE later AS SELECT place FROM suspects
            WHERE NOT outside AND key IN (SELECT key FROM shared) AND place NOT IN (SELECT first FROM shared);
            DROP TABLE suspects;
        """)
        for start in range(0, rows, _MARKED_AT_ONCE):
            part = f"BETWEEN {start} AND {start + _MARKED_AT_ONCE - 1}"
            self._database.execute(
                f"UPDATE profiles SET state = {_DUPLICATE} "
                f"WHERE rowid {part} AND rowid IN (SELECT place FROM later WHERE place {part})"
            )
        self._database.execute(f"""
            UPDATE profiles SET state = {_SUPPRESSED} WHERE state = {_TO_SEND}
                AND (forbids OR rowid IN (SELECT first FROM shared WHERE forbids));
            DROP TABLE later;
            DROP TABLE shared;
            DELETE FROM profiles WHERE state = {_OUTSIDE};
        """)
        if not many:
            self._database.execute(f"SET memory_limit = '{_READING_MEMORY}'")

    def tally(self) -> Tally:
        """Count the rows by state and reason. Distinct profiles are told apart by a hash of 64 bits."""
        states = dict(self._rows("SELECT state, count(*) FROM profiles GROUP BY state"))
        reasons = self._rows(
            f"SELECT reason, count(*) AS often FROM profiles WHERE state = {_INVALID} GROUP BY reason "
            "ORDER BY often DESC, reason"
        )
        ((profiles,),) = self._rows("SELECT count(DISTINCT hash(profile_id)) FROM profiles")
        ((cut, dropped),) = self._rows(
            f"SELECT coalesce(sum(cut), 0), coalesce(sum(dropped), 0) FROM profiles WHERE state = {_TO_SEND}"
        )
        absent = 0
        if self._narrowed:
            ((absent,),) = self._rows(
                "SELECT count(*) FROM named "
                f"WHERE key NOT IN (SELECT {_key(_for_spreadsheets('profile_id'))} FROM profiles)"
            )
        return Tally(
            selected=sum(states.values()),
            duplicate=states.get(_DUPLICATE, 0),
            invalid=states.get(_INVALID, 0),
            suppressed=states.get(_SUPPRESSED, 0),
            sent=states.get(_TO_SEND, 0),
            profiles=profiles,
            rejected=tuple((Reason(reason), count) for reason, count in reasons),
            cut=int(cut),
            dropped=int(dropped),
            absent=int(absent),
        )

    def size(self) -> int:
        """Bytes of all lines to send, without headers."""
        ((size,),) = self._rows(
            f"SELECT coalesce(sum(strlen({self._line()})), 0) FROM profiles WHERE state = {_TO_SEND}"
        )
        return int(size)

    def contacts(self) -> Iterator[pa.RecordBatch]:
        """The contacts to send in their order: ``line`` (a CSV row with its end), ``profile_id``, ``segment``."""
        names = ", ".join(map(quoted, self._segments))
        yield from self._batches(
            f"SELECT {self._line()} AS line, profile_id, ([{names}]::VARCHAR[])[segment + 1] AS segment "
            f"FROM profiles WHERE state = {_TO_SEND}"
        )

    def first_contacts(self, count: int) -> list[tuple[str, ...]]:
        """The first ``count`` contacts to send, cell by cell."""
        columns = ", ".join(("address", *self._values))
        return self._rows(f"SELECT {columns} FROM profiles WHERE state = {_TO_SEND} ORDER BY rowid LIMIT {int(count)}")

    def rejected(self) -> Iterator[pa.RecordBatch]:
        """The rows without a usable address: ``line`` with profile id, reason and the value as it was.

        A cell that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection); NUL is
        shown as U+FFFD; of a value of more than 1,000 characters the first 1,000 are kept.
        """
        cells = (_for_spreadsheets("profile_id"), "reason", _for_spreadsheets("coalesce(original, '')"))
        line = " || ',' || ".join(_quoted_cell(cell) for cell in cells)
        yield from self._batches(f"SELECT {line} || {_LINE_END} AS line FROM profiles WHERE state = {_INVALID}")

    def _take_in(
        self, source: Source, max_rows: int | None, on_progress: Progress | None, cancelled: Cancelled | None
    ) -> None:
        values = "".join(f", {name} VARCHAR" for name in self._values)
        self._database.execute(
            "CREATE OR REPLACE TABLE profiles (segment USMALLINT, profile_id VARCHAR, original VARCHAR, "
            "address VARCHAR, reason VARCHAR, forbids BOOLEAN, state UTINYINT, cut INTEGER, dropped INTEGER"
            f"{values})"
        )
        intake = Intake(max_rows, on_progress, cancelled)
        fields = self._matching.fields
        email = fields.index(self._matching.email_field)
        for number, segment in enumerate(self._segments):
            with intake.reading(source, segment, fields, email) as incoming:
                self._insert(self._contact_rows(number), incoming)

    def _contact_rows(self, segment: int) -> str:
        fields = self._matching.fields
        cleaned = "".join(
            f", {clean(field_column(fields.index(mapping.field)))} AS clean_{name}"
            for name, mapping in zip(self._values, self._matching.attributes, strict=True)
        )
        flags = [is_set(field_column(fields.index(field))) for field in self._matching.suppress_fields]
        cut = " + ".join(column.cut for column in self._fitted) or "0"
        dropped = " + ".join(column.dropped for column in self._fitted) or "0"
        values = "".join(f", {column.value}" for column in self._fitted)
        email = field_column(fields.index(self._matching.email_field))
        named = "TRUE"
        if self._narrowed:
            key = _key(_for_spreadsheets("coalesce(profile_id, '')"))
            named = f"{key} IN (SELECT key FROM named)"
        return f"""
            INSERT INTO profiles SELECT {segment}, profile_id, original, address, reason, forbids,
                CASE WHEN NOT named THEN {_OUTSIDE} WHEN address IS NULL THEN {_INVALID} ELSE {_TO_SEND} END,
                {cut}, {dropped}{values}
            FROM (SELECT coalesce(profile_id, '') AS profile_id, address, reason, {named} AS named,
                    CASE WHEN address IS NULL THEN {email} END AS original,
                    {" OR ".join(flags) or "FALSE"} AS forbids{cleaned}
                FROM incoming)
            WHERE named OR (forbids AND address IS NOT NULL)
        """

    def _distinct_profiles(self, source: Source, cancelled: Cancelled | None) -> int:
        self._database.execute("DROP TABLE profiles; CREATE OR REPLACE TABLE seen (key UBIGINT)")
        intake = Intake(None, None, cancelled)
        for segment in self._segments:
            with intake.reading(source, segment, ()) as incoming:
                self._insert("INSERT INTO seen SELECT hash(coalesce(profile_id, '')) FROM incoming", incoming)
        ((profiles,),) = self._rows("SELECT count(DISTINCT key) FROM seen")
        self._database.execute("DROP TABLE seen")
        return int(profiles)

    def _insert(self, statement: str, incoming: pa.RecordBatchReader) -> None:
        self._database.register("incoming", incoming)
        try:
            self._database.execute(statement)
        finally:
            self._database.unregister("incoming")

    def _line(self) -> str:
        return " || ',' || ".join(_cell(column) for column in ("address", *self._values)) + f" || {_LINE_END}"

    def _rows(self, statement: str) -> list[Any]:
        return list(self._database.execute(statement).fetchall())

    def _batches(self, statement: str) -> Iterator[pa.RecordBatch]:
        yield from self._database.sql(statement).to_arrow_reader(_BATCH_ROWS)


def _cell(text: str) -> str:
    """A cell of RFC 4180, in quotation marks only where it needs them; cleaned values hold no line breaks."""
    return f"CASE WHEN contains({text}, ',') OR contains({text}, '\"') THEN {_quoted_cell(text)} ELSE {text} END"


def _quoted_cell(text: str) -> str:
    return f"""'"' || replace({text}, '"', '""') || '"'"""


def _key(text: str) -> str:
    """128 bits (MD5) of a profile id as ``rejected.csv`` shows it: they take less memory than the text."""
    return f"md5_number(left({text}, {_SHOWN_VALUE}))"


def _printed(text: str) -> str:
    return f"left(replace({text}, chr(0), '\ufffd'), {_SHOWN_VALUE})"


def _for_spreadsheets(text: str) -> str:
    shown = _printed(text)
    return f"CASE WHEN regexp_matches({text}, '{_FORMULA}') THEN '''' || {shown} ELSE {shown} END"


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
