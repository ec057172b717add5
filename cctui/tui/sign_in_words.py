"""What the sign-in panel says and draws, as pure functions: sentences of the wait, the code in large, the QR code."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.style import Style
from rich.text import Text

from cctui.locales import N_, _
from cctui.tui.parts import shown

if TYPE_CHECKING:
    from cctui.constant_contact.sign_in import Pending
    from cctui.errors import CctuiError


class Phase(StrEnum):
    """Where a sign-in stands."""

    ASKING = "asking"
    WAITING = "waiting"
    PASTING = "pasting"
    LOOKING = "looking"
    QUESTION = "question"
    ENDED = "ended"


_SENTENCES = {
    Phase.ASKING: N_("Asking Constant Contact for a code …"),
    Phase.WAITING: N_("Waiting for your approval in the browser. This goes on by itself."),
    Phase.PASTING: N_("Waiting for the address."),
    Phase.LOOKING: N_("Approved. Looking whose account it is and what the user may do …"),
}

_QUIET_ZONE = 2
_LIGHT_ON_DARK = Style(color="#ffffff", bgcolor="#000000")


class Wait(Struct, frozen=True):
    """What is known at this moment. ``problem`` is what it ended with, or what is asked about."""

    phase: Phase = Phase.ASKING
    pending: Pending | None = None
    problem: CctuiError | None = None


def sentence(wait: Wait) -> str:
    """How it stands, in words."""
    if wait.problem is not None:
        return wait.problem.what
    if wait.phase is Phase.WAITING and wait.pending is not None:
        if wait.pending.detail:
            return wait.pending.detail
        if wait.pending.waiting == "told-to-slow-down":
            return _("Waiting for your approval. Constant Contact wants to be asked less often; this takes longer.")
    return _(_SENTENCES[wait.phase])


def next_step(wait: Wait) -> str:
    """Why it ended so, and what to do; empty while it goes on."""
    problem = wait.problem
    return "\n".join(part for part in (problem.why, problem.do) if part) if problem else ""


def time_left(seconds: float) -> str:
    """How long the code is still good, counted in minutes and seconds."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return _("The code is good for {minutes}:{seconds} more.").format(minutes=minutes, seconds=f"{rest:02d}")


def accept_label(problem: CctuiError) -> str:
    """What a person may say to a sign-in that can be taken in spite of ``problem``; empty where it cannot."""
    from cctui.constant_contact.errors import AccountChanged
    from cctui.constant_contact.sign_in_errors import NoRefreshToken

    if isinstance(problem, AccountChanged):
        return _("Use this account")
    return _("Use it for 24 hours") if isinstance(problem, NoRefreshToken) else ""


@lru_cache(maxsize=1)
def qr_rows(address: str) -> tuple[tuple[bool, ...], ...]:
    """The QR code of ``address`` with a margin: rows of modules, true where light."""
    import segno

    code = segno.make(address, error="l", micro=False, boost_error=False)
    return tuple(tuple(not dark for dark in row) for row in code.matrix_iter(border=_QUIET_ZONE))


def half_blocks(rows: Sequence[Sequence[bool]]) -> list[str]:
    """Two rows of pixels in each line of text; true is drawn."""
    signs = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
    if len(rows) % 2:
        rows = [*rows, [False] * len(rows[0])]
    return [
        "".join(signs[upper, lower] for upper, lower in zip(rows[index], rows[index + 1], strict=True))
        for index in range(0, len(rows), 2)
    ]


def qr_text(address: str) -> Text:
    """The QR code as text: light modules are drawn, so that it also reads where a dark terminal has no colours."""
    rows = qr_rows(address)
    if len(rows) % 2:
        rows = (*rows, (True,) * len(rows[0]))
    return Text("\n".join(half_blocks(rows)), style=_LIGHT_ON_DARK, no_wrap=True)


def large_code(code: str, width: int) -> list[str]:
    """The code in large letters where they fit in ``width`` cells and are known, else spaced out on one line."""
    code = shown(code, 40).upper()
    letters = [_LETTERS.get(char) for char in code]
    spaced = " ".join(code)
    if not code or None in letters:
        return [spaced if len(spaced) <= width else code]
    rows = ["0".join(letter.split("/")[line] for letter in letters if letter) for line in range(5)]
    if len(rows[0]) > width:
        return [spaced if len(spaced) <= width else code]
    return half_blocks([[pixel == "1" for pixel in row] for row in rows])


_LETTERS = {
    "A": "010/101/111/101/101",
    "B": "110/101/110/101/110",
    "C": "011/100/100/100/011",
    "D": "110/101/101/101/110",
    "E": "111/100/110/100/111",
    "F": "111/100/110/100/100",
    "G": "0111/1000/1011/1001/0111",
    "H": "101/101/111/101/101",
    "I": "111/010/010/010/111",
    "J": "011/001/001/101/010",
    "K": "1001/1010/1100/1010/1001",
    "L": "100/100/100/100/111",
    "M": "10001/11011/10101/10001/10001",
    "N": "1001/1101/1011/1001/1001",
    "O": "0110/1001/1001/1001/0110",
    "P": "110/101/110/100/100",
    "Q": "0110/1001/1001/1011/0111",
    "R": "110/101/110/101/101",
    "S": "011/100/010/001/110",
    "T": "111/010/010/010/010",
    "U": "101/101/101/101/111",
    "V": "101/101/101/101/010",
    "W": "10001/10001/10101/11011/10001",
    "X": "101/101/010/101/101",
    "Y": "101/101/010/010/010",
    "Z": "111/001/010/100/111",
    "0": "111/101/101/101/111",
    "1": "010/110/010/010/111",
    "2": "110/001/010/100/111",
    "3": "110/001/010/001/110",
    "4": "101/101/111/001/001",
    "5": "111/100/110/001/110",
    "6": "011/100/111/101/111",
    "7": "111/001/010/010/010",
    "8": "111/101/111/101/111",
    "9": "111/101/111/001/110",
    "-": "00/00/11/00/00",
}
