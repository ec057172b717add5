"""How the values of a column are made fit for their attribute, all of them at once (Arrow).

Line breaks and tabs become one space, other control characters and NUL go, text is composed (NFC), white space and
zero-width characters at the ends go; what is then longer than the attribute takes is cut and counted. Dates, birthdays
and phones have rules of their own (:mod:`cctui.matching.typed_values`). A value without anything is an empty cell,
which the service leaves as it was (API guide, import).

Most values need nothing of this: one pattern finds them, and only the rest is worked on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cctui.matching.attributes import AttributeKind, KnownAttribute
from cctui.matching.typed_values import TypedValues

if TYPE_CHECKING:
    import pyarrow as pa

_BREAKS: Final = r"[\x{9}-\x{D}\x{85}\x{2028}\x{2029}]+"
_CONTROLS: Final = r"\p{Cc}"
_BLANK: Final = r"[\s\p{Z}\x{180E}\x{200B}-\x{200F}\x{2060}\x{FEFF}]"
_ENDS: Final = rf"^{_BLANK}+|{_BLANK}+$"

_SETTLED: Final = (
    *("!-~", r"\x{A1}-\x{AC}\x{AE}-\x{2AF}", r"\x{388}-\x{3FF}", r"\x{400}-\x{482}\x{48A}-\x{52F}"),
    *(r"\x{531}-\x{556}\x{561}-\x{587}", r"\x{5D0}-\x{5EA}", r"\x{621}-\x{64A}", r"\x{1E00}-\x{1EFF}"),
    *(r"\x{2010}-\x{2027}", r"\x{3041}-\x{3096}\x{30A1}-\x{30FA}\x{30FC}-\x{30FE}"),
    *(r"\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}", r"\x{AC00}-\x{D7A3}"),
)
"""Characters that are seen, are composed already and combine with none of the others."""

PLAIN_TEXT: Final = rf"\A(?:[{''.join(_SETTLED)}](?: *[{''.join(_SETTLED)}])*)?\z"
"""The pattern (RE2) of a value that surely stays as it is."""

_NOT_SET: Final = (
    *("", "0", "0.0", "false", "f", "no", "n", "off", "none", "null", "nan", "n/a", "-", "allow", "allowed"),
    *("falsch", "nein", "usann", "nei", "hamis", "nem", "fals", "nu", "否", "假"),
)


class Fitted(Struct, frozen=True):
    """What is sent for some attributes: a column for each, and per row how many values were cut and left out.

    ``cut`` and ``dropped`` are ``None`` where that is nowhere more than 0.
    """

    values: list[pa.Array]
    cut: pa.Array | None = None
    dropped: pa.Array | None = None


@lru_cache
def text(value: str) -> pa.Scalar:
    """``value`` for Arrow; kept, because where NumPy is not installed Arrow looks for it each time it makes one."""
    import pyarrow as pa

    return pa.scalar(value, pa.string())


@lru_cache
def _ways_to_say_no() -> pa.Array:
    import pyarrow as pa

    return pa.array(_NOT_SET, pa.string())


def cleaned(values: pa.Array) -> pa.Array:
    """The values without what no attribute takes, not yet cut; never null."""
    import pyarrow.compute as pc

    values = pc.fill_null(values, text(""))
    odd = pc.invert(pc.match_substring_regex(values, PLAIN_TEXT))
    if not odd.true_count:
        return values
    some = pc.replace_substring_regex(values.filter(odd), _BREAKS, " ")
    some = pc.replace_substring_regex(some, _CONTROLS, "")
    return pc.replace_with_mask(values, odd, _stripped(pc.utf8_normalize(some, form="NFC")))


def fitted(known: Sequence[KnownAttribute], columns: Sequence[pa.Array], typed: TypedValues) -> Fitted:
    """What is sent for each attribute of ``known``, given the ``columns`` with its values as the source has them."""
    clean = [cleaned(column) for column in columns]
    cuts: list[pa.Array] = []
    for place, attribute in enumerate(known):
        if attribute.kind in {AttributeKind.TEXT, AttributeKind.CUSTOM}:
            clean[place], cut = _shortened(clean[place], attribute.limit)
            if cut is not None:
                cuts.append(cut)
    values, dropped = typed.fitted(clean)
    return Fitted(values, _added(cuts), dropped)


def is_set(values: pa.Array) -> pa.Array:
    """Whether a do-not-mail flag says that no mail is wanted: any text but the known ways to say no.

    In doubt nobody is mailed: "Do Not Allow" and the date of an opt-out count as set.
    """
    import pyarrow.compute as pc

    said = pc.utf8_lower(pc.utf8_trim(pc.fill_null(values, text("")), characters=" "))
    return pc.invert(pc.is_in(said, value_set=_ways_to_say_no()))


def _shortened(values: pa.Array, limit: int) -> tuple[pa.Array, pa.Array | None]:
    """The values cut to ``limit`` characters, and which of them were."""
    import pyarrow.compute as pc

    longest = pc.max(pc.binary_length(values)).as_py() or 0
    if longest <= limit:
        return values, None
    longer = pc.greater(pc.utf8_length(values), limit)
    if not longer.true_count:
        return values, None
    cut = _stripped(pc.utf8_slice_codeunits(values.filter(longer), 0, limit))
    return pc.replace_with_mask(values, longer, cut), longer


def _stripped(values: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.replace_substring_regex(values, _ENDS, "")


def _added(masks: Sequence[pa.Array]) -> pa.Array | None:
    """How many of ``masks`` hold, row by row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    total: pa.Array | None = None
    for mask in masks:
        ones = mask.cast(pa.uint8())
        total = ones if total is None else pc.add(total, ones)
    return total
