"""Rows of the source made contacts, batch by batch and in columns: judged, cleaned, fitted, written as lines of CSV.

What is done here depends on one row alone, so batches may be worked on at the same time. Whether an address came
before is found out later (:mod:`cctui.matching.selection`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cctui.matching.attributes import KnownAttribute, known_attribute
from cctui.matching.cleaning import fitted, is_set, text
from cctui.matching.email_rules import judged
from cctui.matching.mapping import Matching
from cctui.matching.reasons import Reason
from cctui.matching.typed_values import TypedValues

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN_VALUE: Final = 1_000
"""Of a longer value in ``rejected.csv`` so many characters are kept."""

_FORMULA: Final = r"^[=+@\-\t\r\n＝＋－＠]"
_LINE_END: Final = "\r\n"


class ContactRows(Struct, frozen=True):
    """What became of one batch of ``read`` rows.

    ``contacts`` are the rows with a usable address in their order: ``address``, ``line`` (a CSV row with its end),
    ``profile_id``. ``facts`` says of the same rows ``address``, ``forbids`` (mail is not wanted), ``outside`` (it is
    none of the profiles that are selected, and here only because it forbids), ``cut`` and ``dropped`` (how many
    values). The other rows are counted by reason and written down as the lines ``rejected``. ``numbers`` says which of
    the named profiles the rows are, where they were numbered.
    """

    read: int
    contacts: pa.RecordBatch
    facts: pa.RecordBatch
    outside: int
    cut: int
    dropped: int
    reasons: Counter[Reason]
    rejected: pa.Array
    numbers: pa.Array | None


class ContactMaker:
    """Makes contacts by the rules of a matching; safe for several threads. Close it."""

    def __init__(self, matching: Matching) -> None:
        known = [known_attribute(mapping.attribute) for mapping in matching.attributes]
        self._known: list[KnownAttribute] = [attribute for attribute in known if attribute]
        self._typed = TypedValues(self._known)
        fields = matching.fields
        self._fields = 1 + len(fields)
        self._email = 1 + fields.index(matching.email_field)
        self._values = [1 + fields.index(mapping.field) for mapping in matching.attributes]
        self._flags = [1 + fields.index(field) for field in matching.suppress_fields]

    def close(self) -> None:
        """Let go of what was opened."""
        self._typed.close()

    def contacts(self, batch: pa.RecordBatch) -> ContactRows:
        """The rows of ``batch``, whose columns are the profile id and then the fields of the matching.

        Where another column follows it says which named profile a row is: rows of others are kept only where they
        forbid mail.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        read, numbers = batch.num_rows, None
        if batch.num_columns > self._fields:
            batch = batch.filter(pc.or_(pc.is_valid(batch.column(self._fields)), self._forbids(batch.columns, read)))
            numbers = batch.column(self._fields)
        columns = [column.cast(pa.string()) for column in batch.columns[: self._fields]]
        ids = pc.fill_null(columns[0], text(""))
        addresses, reasons = judged(columns[self._email])
        outside = _none(batch.num_rows, pa.bool_()) if numbers is None else pc.is_null(numbers)
        refused = pc.is_null(addresses)
        rejected = pa.nulls(0, pa.string())
        counted: Counter[Reason] = Counter()
        if refused.true_count:
            told = pc.and_not(refused, outside)
            why = reasons.filter(told)
            counted = Counter({Reason(one["values"]): one["counts"] for one in why.value_counts().to_pylist()})
            rejected = _rejected_lines(ids.filter(told), why, columns[self._email].filter(told))
            usable = pc.invert(refused)
            needed = {*self._values, *self._flags}
            columns = [column.filter(usable) if place in needed else column for place, column in enumerate(columns)]
            addresses, ids, outside = (column.filter(usable) for column in (addresses, ids, outside))
        fit = fitted(self._known, [columns[place] for place in self._values], self._typed)
        lines = _lines([addresses, *(_cells(column) for column in fit.values)])
        rows = len(addresses)
        facts = [
            addresses,
            self._forbids(columns, rows),
            outside,
            *(
                _none(rows, pa.uint8()) if column is None else column.cast(pa.uint8())
                for column in (fit.cut, fit.dropped)
            ),
        ]
        return ContactRows(
            read,
            pa.RecordBatch.from_arrays([addresses, lines, ids], schema=contacts_schema()),
            pa.RecordBatch.from_arrays(facts, schema=facts_schema()),
            outside.true_count,
            _sum(fit.cut),
            _sum(fit.dropped),
            counted,
            rejected,
            numbers,
        )

    def _forbids(self, columns: Sequence[pa.Array], rows: int) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        found = _none(rows, pa.bool_())
        for place in self._flags:
            found = pc.or_(found, is_set(columns[place].cast(pa.string())))
        return found


def contacts_schema() -> pa.Schema:
    """The columns of :attr:`ContactRows.contacts`."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in ("address", "line", "profile_id")])


def facts_schema() -> pa.Schema:
    """The columns of :attr:`ContactRows.facts`."""
    import pyarrow as pa

    kinds = {"forbids": pa.bool_(), "outside": pa.bool_(), "cut": pa.uint8(), "dropped": pa.uint8()}
    return pa.schema([("address", pa.string()), *kinds.items()])


def _lines(cells: Sequence[pa.Array]) -> pa.Array:
    """Rows of RFC 4180 with their ends, of cells that are written already."""
    import pyarrow.compute as pc

    *others, last = cells
    ended = pc.binary_join_element_wise(last, text(_LINE_END), text(""))
    return pc.binary_join_element_wise(*others, ended, text(",")) if others else ended


def _cells(values: pa.Array) -> pa.Array:
    """Cells in quotation marks only where they need them; cleaned values hold no line breaks."""
    import pyarrow.compute as pc

    buffer = values.buffers()[2]
    held = buffer.to_pybytes() if buffer is not None else b""
    special: pa.Array | None = None
    for sign in (sign for sign in ',"' if sign.encode() in held):
        found = pc.match_substring(values, sign)
        special = found if special is None else pc.or_(special, found)
    if special is None or not special.true_count:
        return values
    return pc.replace_with_mask(values, special, _quoted(values.filter(special)))


def _quoted(values: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(text('"'), pc.replace_substring(values, '"', '""'), text('"'), text(""))


def _rejected_lines(ids: pa.Array, reasons: pa.Array, values: pa.Array) -> pa.Array:
    """Profile id, reason and the value as it was, as lines of CSV.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection); NUL is shown as
    U+FFFD; of a value of more than 1,000 characters the first 1,000 are kept.
    """
    import pyarrow.compute as pc

    cells = [for_spreadsheets(ids), reasons, for_spreadsheets(pc.fill_null(values, text("")))]
    return _lines([_quoted(cell) for cell in cells])


def for_spreadsheets(values: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    shown = pc.utf8_slice_codeunits(pc.replace_substring(values, "\0", "\ufffd"), 0, SHOWN_VALUE)
    formula = pc.match_substring_regex(values, _FORMULA)
    return pc.replace_with_mask(shown, formula, _with_apostrophe(shown.filter(formula)))


def _with_apostrophe(values: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(text("'"), values, text(""))


def _none(rows: int, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(_nothing(kind), rows)


@lru_cache
def _nothing(kind: pa.DataType) -> pa.Scalar:
    """No, or 0; kept for the reason of :func:`cctui.matching.cleaning.text`."""
    import pyarrow as pa

    return pa.scalar(0, pa.uint8()).cast(kind)


def _sum(column: pa.Array | None) -> int:
    import pyarrow.compute as pc

    return 0 if column is None else int(pc.sum(column).as_py() or 0)
