"""What matching is given and gives back: limits, bodies, totals, the preview, and its errors."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from cctui.errors import CctuiError, ExitCode
from cctui.locales import _, number
from cctui.matching.reasons import Reason

Progress = Callable[[int], None]
"""Told how many rows have been read so far, once for every batch of the source."""

Cancelled = Callable[[], bool]
"""Asked for every batch whether to stop."""


class MatchingCanceled(CctuiError):
    """Somebody asked to stop; nothing was written that has a name."""

    exit_code = ExitCode.CANCELED

    def __init__(self) -> None:
        super().__init__(_("Matching was canceled; nothing was sent."))


class TooManyProfiles(CctuiError):
    """The segments hold more distinct profiles than one export takes (checklist L1)."""

    def __init__(self, profiles: int, limit: int) -> None:
        super().__init__(
            _("The chosen segments hold {count} profiles; one export takes at most {limit}.").format(
                count=number(profiles), limit=number(limit)
            ),
            why=_("Nothing was sent."),
            do=_("Choose fewer or smaller segments, or split the export."),
        )
        self.profiles = profiles
        self.limit = limit


class NotWritten(CctuiError):
    """The files of the run could not be written: no room, no rights, a broken disk."""


class SumsDoNotAddUp(CctuiError):
    """The plan lost or doubled a profile: a fault of the program, found before anything was sent."""


class Limits(Struct, frozen=True):
    """What one export and one request may hold.

    ``max_profiles`` distinct profiles (checklist L1). A body has at most ``max_rows`` contacts under its header (the
    service reads 40,000 lines, API guide) and at most ``max_bytes`` bytes together with ``frame_bytes`` for the
    multipart frame around it (the service drops what is beyond 4 MB without a word). ``max_bytes`` must have room for
    the longest row.
    """

    max_profiles: int = 1_000_000
    max_rows: int = 39_999
    max_bytes: int = 3_800_000
    frame_bytes: int = 2_000


class Body(Struct, frozen=True):
    """A request body: its file is ``bodies/<number>.csv``, numbers count from 1.

    ``first_position`` counts the run's contacts from 0; ``size`` is bytes, ``sha256`` in hexadecimal.
    """

    number: int
    first_position: int
    contacts: int
    size: int
    sha256: str


class Matched(Struct, frozen=True):
    """What became of the selected rows; each is counted in exactly one of the four states.

    ``profiles`` is the number of distinct profiles where it had to be counted: more rows than the limit were read, or
    profiles were named. ``cut`` is that of values cut at a limit and ``dropped`` that of values left out because they
    do not fit their attribute, both in contacts to be sent. Of a selection that is narrowed, ``wanted`` are the
    profiles named, ``absent`` those of them that are in none of the segments.
    """

    selected: int
    duplicate: int
    invalid: int
    suppressed: int
    sent: int
    profiles: int | None
    rejected: tuple[tuple[Reason, int], ...]
    cut: int
    dropped: int
    bodies: tuple[Body, ...]
    wanted: int = 0
    absent: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether every selected row is in one state, every reject has a reason, every contact is in one body."""
        return (
            self.selected == self.duplicate + self.invalid + self.suppressed + self.sent
            and self.invalid == sum(count for _reason, count in self.rejected)
            and self.sent == sum(body.contacts for body in self.bodies)
            and all(
                body.first_position == sum(before.contacts for before in self.bodies[:index])
                for index, body in enumerate(self.bodies)
            )
        )


class Preview(Struct, frozen=True):
    """What a run would do now. ``rows`` are the first contacts under ``headings``, as they would be sent, unmasked.

    ``requests`` is an estimate from the number of contacts and the bytes of their rows, exact but for the remainders
    at the ends of bodies.
    """

    selected: int
    duplicate: int
    invalid: int
    suppressed: int
    sent: int
    rejected: tuple[tuple[Reason, int], ...]
    cut: int
    dropped: int
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    size: int
    requests: int

    @property
    def filled_share(self) -> float:
        """The share of selected rows with anything in the e-mail field."""
        return self._share(self.selected - dict(self.rejected).get(Reason.MISSING, 0))

    @property
    def valid_share(self) -> float:
        """The share of selected rows with a usable address."""
        return self._share(self.selected - self.invalid)

    @property
    def double_share(self) -> float:
        """The share of selected rows whose address an earlier row has."""
        return self._share(self.duplicate)

    def _share(self, count: int) -> float:
        return count / self.selected if self.selected else 0.0
