"""Delimited text read as Arrow batches of text columns: strict, bounded in memory, safe with line breaks in quotes.

Arrow's reader does the parsing. DuckDB's was measured too: version 2.0 refuses valid records whose quoted values hold
another kind of line break than the file's own, which names and addresses of real profiles do.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from msgspec import Struct

from cctui.locales import _
from cctui.masking import printable
from cctui.profiles.source import SourceError

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 2 << 20
"""Bytes that are parsed at a time, and so the longest record."""

_HEAD = 1 << 16
_DELIMITERS = ",;\t|"
_WIDTHS = re.compile(r"Expected (\d+) columns, got (\d+)")
_RECORD = re.compile(r"Row #(\d+)")


class Dialect(Struct, frozen=True):
    """How values are written: separated by ``delimiter``, in quotes where ``quoted`` (RFC 4180), in ``encoding``."""

    delimiter: str = ","
    quoted: bool = True
    encoding: str = "utf-8"


def first_record(path: Path, dialect: Dialect) -> list[str] | None:
    """The values of the first record that is not blank, ``None`` where there is none. Raises :class:`SourceError`."""
    try:
        decoder = codecs.getincrementaldecoder(_codec(path, dialect))(errors="strict")
        with _opened(path) as file:
            text = ""
            size = _HEAD
            while size <= _BLOCK:
                data = file.read(size)
                whole = len(data) < size
                text += decoder.decode(data, final=whole)
                try:
                    record, ended = _parsed(text.lstrip("\ufeff\r\n"), dialect)
                except csv.Error:
                    record, ended = None, False
                if ended or (whole and (record is not None or not text.strip("\ufeff\r\n"))):
                    return record
                if whole:
                    break
                size *= 4
    except UnicodeError:
        raise wrong_encoding(path, dialect) from None
    except (OSError, EOFError) as error:
        raise unreadable(path, error) from None
    raise _open_quote(path)


def records(
    path: Path, dialect: Dialect, width: int, chosen: Sequence[int], *, skip_first: bool
) -> Iterator[pa.RecordBatch]:
    """The ``chosen`` columns (positions, each once) of every record of ``path``, in the order of the file.

    Each record must have ``width`` values. Nothing between two delimiters is null, ``""`` is the empty text. Raises
    :class:`SourceError`.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [str(position) for position in range(width)]
    blocks = _Blocks(path, dialect)
    try:
        reader = arrow_csv.open_csv(
            pa.PythonFile(blocks, mode="r"),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char='"' if dialect.quoted else False,
                newlines_in_values=dialect.quoted,
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=[names[position] for position in chosen],
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=False,
            ),
        )
        for batch in reader:
            if skip_first and batch.num_rows:
                skip_first = False
                batch = batch.slice(1)  # not skip_rows: that counts lines, a header may have several
            if batch.num_rows:
                yield batch
    except pa.ArrowInvalid as error:
        if not blocks.empty:
            raise _explained(path, dialect, str(error)) from None
    except UnicodeError:
        raise wrong_encoding(path, dialect) from None
    except (OSError, EOFError) as error:
        raise unreadable(path, error) from None
    finally:
        blocks.close()


def unreadable(path: Path, error: BaseException) -> SourceError:
    """What to tell where the system will not let ``path`` be read."""
    if isinstance(error, FileNotFoundError):
        return SourceError(
            _("The file {file} is missing.").format(file=shown(path)),
            do=_("Put it in place, or wait until the export that writes it has finished."),
        )
    if isinstance(error, PermissionError):
        return SourceError(
            _("The file {file} may not be read by this user.").format(file=shown(path)),
            do=_("Give this user the right to read it (chmod or chown), then try again."),
        )
    return SourceError(
        _("The file {file} cannot be read.").format(file=shown(path)),
        why=printable(getattr(error, "strerror", None) or str(error)),
        do=_("Check the file and its disk, or copy it again."),
    )


def wrong_width(path: Path, dialect: Dialect, expected: int, record: Sequence[str]) -> SourceError:
    """What to tell where the first record of ``path`` has another number of values than expected."""
    likely = max(_DELIMITERS, key=lambda mark: dialect.delimiter.join(record).count(mark))
    many = dialect.delimiter.join(record).count(likely)
    if likely != dialect.delimiter and many and len(record) < expected:
        do = _("The delimiter is set to {set}, the file seems to use {likely}. Correct the setting.").format(
            set=mark_name(dialect.delimiter), likely=mark_name(likely)
        )
    else:
        do = _("Check the delimiter, and that model and file belong together.")
    return SourceError(
        _("The file {file} has {found} columns where {expected} are expected.").format(
            file=shown(path), found=len(record), expected=expected
        ),
        do=do,
    )


def likely_delimiter(record: Sequence[str], dialect: Dialect) -> str | None:
    """The delimiter that a header read as one column seems to use, ``None`` where there is no sign of one."""
    marks = [mark for mark in _DELIMITERS if mark != dialect.delimiter and mark in record[0]]
    return max(marks, key=record[0].count) if len(record) == 1 and marks else None


def mark_name(delimiter: str) -> str:
    """A delimiter as it is written in a sentence."""
    return _("tab") if delimiter == "\t" else f"“{printable(delimiter)}”"


def shown(path: Path) -> str:
    """A path as it may be shown: on one line, without anything that could drive a terminal."""
    return printable(str(path), 300)


class _Blocks:
    """A file as Arrow reads it: in UTF-8, in blocks that end where a record ends.

    Arrow (26.0) drops a line feed at the start of a block whose predecessor ended with a carriage return, also inside
    quotes, and lets an open quote at the end of the file through; whole records leave it nothing to mend.
    """

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.closed = False
        self.empty = True
        self._path = path
        self._quoted = dialect.quoted
        self._waiting = b""
        self._ended = False
        codec = _codec(path, dialect)
        self._decoder = None if codec == "utf-8" else codecs.getincrementaldecoder(codec)(errors="strict")
        try:
            self._file = _opened(path)
        except OSError as error:
            raise unreadable(path, error) from None

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes of whole records, empty at the end."""
        while not self._ended and len(self._waiting) < size:
            data = self._file.read(size - len(self._waiting))
            self._ended = not data
            self._waiting += data if self._decoder is None else self._decoder.decode(data, final=not data).encode()
        data = self._waiting[:size]
        end = self._record_end(data, last=self._ended and len(data) == len(self._waiting))
        self._waiting = self._waiting[end:]
        self.empty = self.empty and not data.lstrip(b"\xef\xbb\xbf\r\n")
        return data[:end]

    def _record_end(self, data: bytes, *, last: bool) -> int:
        """Where the last whole record in ``data`` ends: after a line break that has an even number of quotes before."""
        before = data.count(b'"') if self._quoted else 0
        if last and before % 2 == 0:
            return len(data)
        end = len(data)
        while end and not last:
            line_break = max(data.rfind(b"\n", 0, end), data.rfind(b"\r", 0, end - 1))
            if line_break < 0:
                break
            before -= data.count(b'"', line_break, end) if self._quoted else 0
            if before % 2 == 0:
                return line_break + 1
            end = line_break
        raise _open_quote(self._path)

    def close(self) -> None:
        """Let go of the file; again is fine."""
        self.closed = True
        self._file.close()

    def readable(self) -> bool:
        """Always: Arrow asks."""
        return True

    def writable(self) -> bool:
        """Never: Arrow asks."""
        return False

    def seekable(self) -> bool:
        """Never: Arrow asks."""
        return False


def _opened(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _codec(path: Path, dialect: Dialect) -> str:
    """The name of the encoding, once it and the delimiter are known to be some that a table can be written in."""
    if len(dialect.delimiter) != 1 or not dialect.delimiter.isascii() or dialect.delimiter in '"\r\n\0':
        raise SourceError(
            _("The file {file} cannot be read.").format(file=shown(path)),
            do=_("Check the delimiter, and that model and file belong together."),
        )
    try:
        name = codecs.lookup(dialect.encoding).name
        "x".encode(name)  # Python knows codecs that make no text, as hex and zlib
    except (LookupError, ValueError):
        raise SourceError(
            _("The encoding {encoding} of {file} is not known.").format(
                encoding=printable(dialect.encoding, 40), file=shown(path)
            ),
            do=_("Export the data as UTF-8."),
        ) from None
    return "utf-8" if name in {"utf-8", "utf-8-sig", "ascii"} else name


def _parsed(head: str, dialect: Dialect) -> tuple[list[str] | None, bool]:
    """The first record of ``head``, and whether something follows it. Raises ``csv.Error`` where a quote is open."""
    source = io.StringIO(head, newline="")
    if dialect.quoted:
        reader = csv.reader(source, delimiter=dialect.delimiter, strict=True)
    else:
        reader = csv.reader(source, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE)
    limit = csv.field_size_limit(_BLOCK)
    try:
        return next(reader, None), source.tell() < len(head)
    finally:
        csv.field_size_limit(limit)


def wrong_encoding(path: Path, dialect: Dialect) -> SourceError:
    """What to tell where bytes of a file are no text in the encoding of ``dialect``."""
    return SourceError(
        _("The file {file} is not {encoding}.").format(
            file=shown(path), encoding=printable(dialect.encoding, 40).upper()
        ),
        why=_("Some of its bytes are no text in this encoding."),
        do=_("Export it again as UTF-8, or convert it (iconv -t UTF-8)."),
    )


def _open_quote(path: Path) -> SourceError:
    return SourceError(
        _("A quoted value in {file} has no end.").format(file=shown(path)),
        why=_("A quotation mark is missing or stands alone; perhaps the file is only half written."),
        do=_("Wait until the export has finished or copy the file again; quotes within a value must be doubled."),
    )


def _explained(path: Path, dialect: Dialect, message: str) -> SourceError:
    """The reader's complaint in our words: its own quote the record, which holds personal data."""
    widths, record = _WIDTHS.search(message), _RECORD.search(message)
    if widths:
        return SourceError(
            _("Record {record} of {file} has {found} columns instead of {expected}.").format(
                record=record[1] if record else "?", file=shown(path), found=widths[2], expected=widths[1]
            ),
            why=_("The file is half written, a quotation mark is missing, or the delimiter is not {delimiter}.").format(
                delimiter=mark_name(dialect.delimiter)
            ),
            do=_("Wait until the export has finished, copy the file again, or correct the delimiter."),
        )
    if "UTF8" in message:
        return wrong_encoding(path, dialect)
    if "straddl" in message:
        return _open_quote(path)
    return SourceError(
        _("The file {file} cannot be read.").format(file=shown(path)),
        why=_("It is not delimited text."),
        do=_("Check that it is the right file."),
    )
