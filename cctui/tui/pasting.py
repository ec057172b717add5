"""What is pasted, made fit for a field of one line: bounded, and without anything that would drive a terminal."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 4_096
"""Characters that a paste may bring; the longest thing that anybody pastes here is an address from a browser."""

_LOOKED_AT = 10 * LONGEST
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?", re.DOTALL)
_LINE_END = re.compile(r"[\r\n\v\f\x85\u2028\u2029]+")

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


def cleaned(text: str) -> str:
    """The first line of ``text`` that says something, without escape sequences, control and reordering characters."""
    for line in _LINE_END.split(_SEQUENCE.sub("", text[:_LOOKED_AT])):
        kept = "".join(
            " " if char == "\t" else char
            for char in line
            if char == "\t"
            or char in "\u200c\u200d"
            or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
        ).strip()
        if kept:
            return kept[:LONGEST]
    return ""
