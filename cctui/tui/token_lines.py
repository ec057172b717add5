"""What is told about a connection's sign-in on this machine: where it is, how old, when it dies, how it stands."""

from __future__ import annotations

from datetime import datetime, tzinfo

from cctui.constant_contact.connection_check import STATE_TITLES, ConnectionCheck, ConnectionState
from cctui.constant_contact.tokens import IDLE_LIFE, STANDING_TITLES, Standing, TokenState
from cctui.locales import _, date_time, number, relative_time
from cctui.tui import glyphs
from cctui.tui.parts import Line, Part, Tone, fill, shown

_LABEL = 28
_SIGNED_IN = {Standing.GOOD, Standing.RENEWAL_DUE, Standing.HIDDEN}


def is_signed_in(tokens: TokenState) -> bool:
    """Whether a sign-in lies here that can be used, as far as is known without asking."""
    return tokens.standing in _SIGNED_IN


def token_lines(tokens: TokenState, check: ConnectionCheck, zone: tzinfo, now: datetime) -> list[Line]:
    """The facts, one a line, labels in one column."""
    good = is_signed_in(tokens)
    sign, tone = (glyphs.GOOD, Tone.GOOD) if good else (glyphs.WARNING, Tone.WARNING)
    lines = [_row(_("Sign-in"), f"{sign} {_(STANDING_TITLES[tokens.standing])}", tone)]
    if tokens.problem:
        lines.append(_row("", shown(tokens.problem), Tone.BAD))
    if tokens.signed_in_at is not None:
        renewed = _("{signed_in}, renewed {renewed}").format(
            signed_in=relative_time(tokens.signed_in_at, now), renewed=relative_time(tokens.renewed_at, now)
        )
        lines.append(_row(_("Signed in"), renewed))
    if tokens.dies_at is not None:
        dies = date_time(tokens.dies_at, zone)
        idle = _("Dies after {days} days without use").format(days=number(IDLE_LIFE.days))
        lines.append(_row(_("Dies unused"), f"{dies}  ·  {idle}"))
    lines.append(_row(_("Kept in"), shown(str(tokens.path), 400)))
    lines.append(_check_line(check, now))
    if check.sentence and check.state is not ConnectionState.CONNECTED:
        lines.append(_row("", shown(check.sentence, 400), Tone.WARNING))
    return lines


def _check_line(check: ConnectionCheck, now: datetime) -> Line:
    good = check.state is ConnectionState.CONNECTED
    sign = glyphs.GOOD if good else glyphs.WAITING if check.checked_at is None else glyphs.WARNING
    state = _(STATE_TITLES[check.state])
    if check.checked_at is not None:
        state = _("{state}, {moment}").format(state=state, moment=relative_time(check.checked_at, now))
    return _row(_("Last test"), f"{sign} {state}", Tone.GOOD if good else Tone.PLAIN)


def _row(label: str, text: str, tone: Tone = Tone.PLAIN) -> Line:
    return (Part(fill(label, _LABEL), Tone.QUIET), Part(text, tone))
