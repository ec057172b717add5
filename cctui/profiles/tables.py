"""A table of profiles, or a list of ids, in files: delimited text or Parquet, one or several that belong together."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cctui.locales import _
from cctui.masking import printable
from cctui.profiles import text_files
from cctui.profiles.columns import position_of
from cctui.profiles.source import Attribute, SourceError
from cctui.profiles.text_files import Dialect, shown, unreadable

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

_TEXT = {".csv": ",", ".txt": ",", ".tsv": "\t", ".tab": "\t"}
_PARQUET = {".parquet", ".pq"}
_VALUES = 81_920
_FEWEST_ROWS = 4_096
"""A batch has about as many values whatever is asked for, so that it weighs about the same."""


class Table(Protocol):
    """Rows in files. Batches have the chosen columns under their positions as names (``"0"``, ``"3"``)."""

    @property
    def names(self) -> Sequence[str]:
        """The columns in the order of the first file."""
        ...

    @property
    def is_text(self) -> bool:
        """Whether all values are text, whatever they mean."""
        ...

    def attributes(self) -> list[Attribute]:
        """The columns with their types."""
        ...

    def holds_text(self, chosen: Sequence[int]) -> bool:
        """Whether the ``chosen`` columns come as text, and need not be made text."""
        ...

    def batches(self, chosen: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """All rows, file after file, with the ``chosen`` columns, each once. Raises :class:`SourceError`."""
        ...


def find(root: Path, patterns: str | Sequence[str]) -> list[Path]:
    """The files that ``patterns`` name, relative to ``root``, in order, each once. Raises :class:`SourceError`."""
    found: dict[Path, None] = {}
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        path = root / pattern
        if path.is_dir():
            raise SourceError(
                _("{file} is a folder.").format(file=shown(path)),
                do=_("Name its files in environment.toml, for example {example}.").format(
                    example=printable(f"{pattern.rstrip('/')}/*.parquet")
                ),
            )
        if path.exists() or not glob.has_magic(pattern):
            found[path] = None
            continue
        matches = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 - absolute patterns too
        matches = [match for match in matches if match.is_file()]
        if not matches:
            raise SourceError(
                _("No file matches {pattern}.").format(pattern=shown(path)),
                do=_("Put the profiles in place, or correct path in environment.toml."),
            )
        found.update(dict.fromkeys(matches))
    if not found:
        raise SourceError(
            _("No file with profiles is named."), do=_("Name a Parquet or CSV file as path in environment.toml.")
        )
    return list(found)


def open_table(files: Sequence[Path], delimiter: str | None = None) -> Table:
    """The rows of ``files``, all text or all Parquet. Raises :class:`SourceError`."""
    for path in files:
        try:
            size = path.stat().st_size
            with path.open("rb"):
                pass
        except OSError as error:
            raise unreadable(path, error) from None
        if not size:
            raise SourceError(
                _("The file {file} is empty.").format(file=shown(path)),
                do=_("Wait until it has been written, or take it out of environment.toml."),
            )
    endings = {_ending(path) for path in files}
    if endings <= _PARQUET:
        return ParquetTable(files)
    if endings <= set(_TEXT):
        return TextTable(files, delimiter)
    strange = next((path for path in files if _ending(path) not in _PARQUET | set(_TEXT)), None)
    if strange is None:
        raise SourceError(
            _("The profiles are partly Parquet, partly text."), do=_("Name files of one kind in environment.toml.")
        )
    raise SourceError(
        _("The file {file} is neither Parquet nor CSV by its name.").format(file=shown(strange)),
        do=_("Use files that end in .parquet or .csv."),
    )


class TextTable:
    """Delimited text with a header in every file; columns belong together by name."""

    is_text = True

    def __init__(self, files: Sequence[Path], delimiter: str | None = None) -> None:
        self._files = files
        self._dialects = [Dialect(delimiter=delimiter or _TEXT[_ending(path)]) for path in files]
        headers = [self._header(path, dialect) for path, dialect in zip(files, self._dialects, strict=True)]
        self.names: Sequence[str] = headers[0]
        self._places = [self._same(path, header) for path, header in zip(files, headers, strict=True)]

    def attributes(self) -> list[Attribute]:
        """Every column as text: what the values mean is not written down in such a file."""
        return [Attribute(name) for name in self.names]

    def holds_text(self, chosen: Sequence[int]) -> bool:
        """Always: nothing else is in such a file."""
        return True

    def batches(self, chosen: Sequence[int]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        names = [str(position) for position in chosen]
        for path, dialect, places in zip(self._files, self._dialects, self._places, strict=True):
            own = [places[position] for position in chosen]
            for batch in text_files.records(path, dialect, len(places), own, skip_first=True):
                yield pa.RecordBatch.from_arrays(batch.columns, names=names)

    def likely_delimiter(self) -> tuple[str, str] | None:
        """The delimiter in use and the one that the header seems to use, where it was read as one column."""
        likely = text_files.likely_delimiter(self.names, self._dialects[0])
        return (self._dialects[0].delimiter, likely) if likely else None

    def _header(self, path: Path, dialect: Dialect) -> list[str]:
        header = text_files.first_record(path, dialect)
        if header is None:
            raise SourceError(
                _("The file {file} is empty.").format(file=shown(path)),
                do=_("Wait until it has been written, or take it out of environment.toml."),
            )
        header = [name.strip() for name in header]
        double = next((name for name in header if header.count(name) > 1), None)
        if double is not None:
            raise SourceError(
                _("The column {name} is twice in {file}.").format(name=printable(double, 80), file=shown(path)),
                why=_("The first line must name the columns."),
                do=_("Give every column a name of its own."),
            )
        return header

    def _same(self, path: Path, header: Sequence[str]) -> list[int]:
        """Where each column of the first file is in ``header``."""
        places = [position_of(name, header) for name in self.names]
        missing = [name for name, place in zip(self.names, places, strict=True) if place is None]
        if missing or len(header) != len(self.names):
            raise SourceError(
                _("The file {file} has other columns than {first}.").format(
                    file=shown(path), first=shown(self._files[0])
                ),
                why=_("Missing: {names}.").format(names=printable(", ".join(missing))) if missing else "",
                do=_("Files that belong together need the same columns."),
            )
        return [place for place in places if place is not None]


class ParquetTable:
    """Parquet files; columns belong together by name."""

    is_text = False

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        with _parquet(files[0]) as file:
            self._schema = file.schema_arrow
        self.names: Sequence[str] = self._schema.names

    def attributes(self) -> list[Attribute]:
        """Every column with its type in the words of the Common Data Model."""
        return [Attribute(field.name, _model_type(field.type)) for field in self._schema]

    def holds_text(self, chosen: Sequence[int]) -> bool:
        """Whether all ``chosen`` columns are Arrow strings."""
        from pyarrow import types

        return all(types.is_string(self._schema.field(position).type) for position in chosen)

    def batches(self, chosen: Sequence[int]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        schema = pa.schema([pa.field(str(position), self._schema.field(position).type) for position in chosen])
        names = [self.names[position] for position in chosen]
        rows = max(_FEWEST_ROWS, _VALUES // max(1, len(chosen)))
        for path in self._files:
            try:
                with _parquet(path) as file:
                    missing = [name for name in names if name not in file.schema_arrow.names]
                    if missing:
                        raise SourceError(
                            _("The file {file} has other columns than {first}.").format(
                                file=shown(path), first=shown(self._files[0])
                            ),
                            why=_("Missing: {names}.").format(names=printable(", ".join(missing))),
                            do=_("Files that belong together need the same columns."),
                        )
                    for batch in file.iter_batches(batch_size=rows, columns=names, use_threads=False):
                        _require_text(path, batch)
                        yield pa.RecordBatch.from_arrays([batch.column(name) for name in names], schema=schema)
            except (pa.ArrowException, OSError) as error:
                raise _broken(path, error) from None

    def rows(self) -> int:
        """The number of rows, from the files' own footers."""
        total = 0
        for path in self._files:
            with _parquet(path) as file:
                total += file.metadata.num_rows
        return total


def _ending(path: Path) -> str:
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return name.suffix.lower()


def _parquet(path: Path) -> parquet.ParquetFile:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path, memory_map=False, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, error) from None


def _require_text(path: Path, batch: pa.RecordBatch) -> None:
    """Raises :class:`SourceError` where bytes that are called text are none: Parquet's readers do not look."""
    import pyarrow as pa

    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        raise text_files.wrong_encoding(path, Dialect()) from None


def _broken(path: Path, error: BaseException) -> SourceError:
    if isinstance(error, FileNotFoundError | PermissionError):
        return unreadable(path, error)
    return SourceError(
        _("The file {file} is no whole Parquet file.").format(file=shown(path)),
        why=_("It is still being written, was cut when it was copied, or is something else."),
        do=_("Wait until it has been written, or copy it again."),
    )


def _model_type(kind: pa.DataType) -> str:
    from pyarrow import types

    tests = (
        (types.is_boolean, "boolean"),
        (types.is_integer, "int64"),
        (types.is_floating, "double"),
        (types.is_decimal, "decimal"),
        (types.is_date, "date"),
        (types.is_time, "time"),
        (types.is_timestamp, "dateTime"),
    )
    return next((name for test, name in tests if test(kind)), "string")
