"""A made-up language: every message in letters that nothing else is written in."""

from __future__ import annotations

import gettext
import re

_PLACEHOLDER = re.compile(r"(\{[a-z_]+(?:![rs])?\}|%\([a-z]+\)s)")
_LETTERS = {
    **{ord("A") + index: chr(0x1D670 + index) for index in range(26)},
    **{ord("a") + index: chr(0x1D68A + index) for index in range(26)},
}


def disguised(text: str) -> str:
    """``text`` in other letters, one for one and as wide; placeholders stay."""
    return "".join(
        part if index % 2 else part.translate(_LETTERS) for index, part in enumerate(_PLACEHOLDER.split(text))
    )


class Disguise(gettext.NullTranslations):
    """A catalog in which every message is disguised."""

    def gettext(self, message: str) -> str:
        return disguised(message.rpartition("\4")[2])

    def pgettext(self, context: str, message: str) -> str:
        return disguised(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return disguised(msgid1 if n == 1 else msgid2)


def undisguised(text: str, data: re.Pattern[str]) -> list[str]:
    """The words of ``text`` that did not pass the catalog: runs of plain letters that are no ``data``."""
    return re.findall("[A-Za-zÀ-ž]{2,}", data.sub(" ", text))
