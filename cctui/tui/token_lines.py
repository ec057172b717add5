"""What is told about a connection's sign-in on this machine: where it is, how old, when it dies, how it stands."""

from __future__ import annotations

from datetime import datetime, tzinfo

from cctui.constant_contact.connection_check import STATE_TITLES, ConnectionCheck, ConnectionState
from cctui.constant_contact.tokens import IDLE_LIFE, STANDING_TITLES, Standing, TokenState, kept_in
from cctui.locales import _, date_time, number, relative_time
from cctui.tui import glyphs
from cctui.tui.line_breaks import wrapped
from cctui.tui.parts import Line, Part, Tone, fill, shown

_LABEL = 28
_SIGNED_IN = {Standing.GOOD, Standing.RENEWAL_DUE, Standing.HIDDEN}


def is_signed_in(tokens: TokenState) -> bool:
    """Whether a sign-in lies here that can be used, as far as is known without asking."""
    return tokens.standing in _SIGNED_IN


def token_lines(tokens: TokenState, check: ConnectionCheck, zone: tzinfo, now: datetime, width: int) -> list[Line]:
    """The facts in lines of ``width`` cells, labels in one column; nothing is cut."""
    good = is_signed_in(tokens)
    sign, tone = (glyphs.GOOD, Tone.GOOD) if good else (glyphs.WARNING, Tone.WARNING)
    facts = [(_("Sign-in"), f"{sign} {_(STANDING_TITLES[tokens.standing])}", tone)]
    if tokens.problem:
        facts.append(("", shown(tokens.problem, 400), Tone.BAD))
    if tokens.signed_in_at is not None:
        renewed = _("{signed_in}, renewed {renewed}").format(
            signed_in=relative_time(tokens.signed_in_at, now), renewed=relative_time(tokens.renewed_at, now)
        )
        facts.append((_("Signed in"), renewed, Tone.PLAIN))
    if tokens.dies_at is not None:
        dies = date_time(tokens.dies_at, zone)
        idle = _("Dies after {days} days without use").format(days=number(IDLE_LIFE.days))
        facts.append((_("Dies unused"), f"{dies} · {idle}", Tone.PLAIN))
    facts.append((_("Kept in"), shown(kept_in(tokens), 400), Tone.PLAIN))
    facts.append(_last_test(check, now))
    if check.sentence and check.state is not ConnectionState.CONNECTED:
        facts.append(("", shown(check.sentence, 400), Tone.WARNING))
    return [
        (Part(fill("" if index else label, _LABEL), Tone.QUIET), Part(line, tone))
        for label, text, tone in facts
        for index, line in enumerate(wrapped(text, max(20, width - _LABEL)))
    ]


def _last_test(check: ConnectionCheck, now: datetime) -> tuple[str, str, Tone]:
    good = check.state is ConnectionState.CONNECTED
    sign = glyphs.GOOD if good else glyphs.WAITING if check.checked_at is None else glyphs.WARNING
    state = _(STATE_TITLES[check.state])
    if check.checked_at is not None:
        state = _("{state}, {moment}").format(state=state, moment=relative_time(check.checked_at, now))
    return _("Last test"), f"{sign} {state}", Tone.GOOD if good else Tone.PLAIN
