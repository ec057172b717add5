"""The operator's language: messages by gettext, numbers, dates and durations by CLDR.

Every sentence that a person sees passes through :func:`_` or :func:`ngettext` at the moment it is shown, so the
language can change while the program runs. Text that must be written down at import time (titles of commands,
labels of enum values) is marked with :func:`N_` and translated where it is shown. A word that is two words elsewhere
("Run", to do and the thing) is told apart by a context: :func:`C_` and, at import time, :func:`NC_`. Catalogs lie
beside this module as ``<language>/LC_MESSAGES/cctui.mo``; a missing catalog means English, the language of the source.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cctui.locales.said import Said

if TYPE_CHECKING:
    from babel import Locale

LANGUAGES = ("en", "de", "nb", "zh-CN", "hu", "ro")
"""The languages of the documents, as they are written in ``environment.toml``."""

DOMAIN = "cctui"
FOLDER = Path(__file__).parent
_CONTEXT_END = "\x04"
"""What stands between context and message in a compiled catalog (GNU gettext, the format of MO files)."""

_GROUPS = {"en": ",", "de": ".", "nb": "\xa0", "zh-CN": ",", "hu": "\xa0", "ro": "."}
"""What CLDR puts between thousands. Written down, because the first screen shows counts and Babel takes as long to load
its data as the screen to be laid out."""


_PERCENT_JOINS = {"zh-CN", "hu"}
"""Where CLDR has no blank before the sign. It has none in English either; the screens were drawn with one."""


class _Current:
    language = "en"
    remembers = False
    translations: gettext.NullTranslations = gettext.NullTranslations()


def use(language: str) -> None:
    """Make ``language`` (one of :data:`LANGUAGES`) the language of everything shown from now on."""
    code = language.replace("-", "_")
    _Current.language = language
    _Current.translations = gettext.translation(DOMAIN, FOLDER, languages=[code], fallback=True)


def remember(on: bool = True) -> None:
    """Let texts remember how they were said, for readers in other languages: see :mod:`cctui.locales.said`."""
    _Current.remembers = on


def language() -> str:
    """The language in use, one of :data:`LANGUAGES`."""
    return _Current.language


def from_locale() -> str:
    """The language of the process's locale (``LC_ALL``, ``LC_MESSAGES``, ``LANG``), else English."""
    wanted = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    code = wanted.partition(".")[0].replace("_", "-")
    if code.startswith("no"):
        return "nb"
    return next(
        (known for known in LANGUAGES if code == known or code.partition("-")[0] == known.partition("-")[0]), "en"
    )


def _(message: str) -> str:
    """``message`` in the operator's language. Placeholders are named: ``_("{count} segments").format(count=…)``."""
    text = _Current.translations.gettext(message)
    text = text.rpartition(_CONTEXT_END)[2] if _CONTEXT_END in text else text
    return Said(text, {"message": message}) if _Current.remembers else text


def C_(context: str, message: str) -> str:  # noqa: N802 - beside N_
    """``message`` in the meaning that ``context`` names: ``C_("action", "Run")``."""
    text = _Current.translations.pgettext(context, message)
    return Said(text, {"message": message, "context": context}) if _Current.remembers else text


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form of a message that fits ``count``; the caller fills the placeholders."""
    text = _Current.translations.ngettext(singular, plural, count)
    return Said(text, {"one": singular, "many": plural, "count": count}) if _Current.remembers else text


def N_(message: str) -> str:  # noqa: N802 - the gettext tools know this name
    """Mark ``message`` for translation where it is written; it is translated with :func:`_` where it is shown."""
    return message


def NC_(context: str, message: str) -> str:  # noqa: N802 - beside N_
    """Mark ``message`` in one of its meanings where it is written; :func:`_` translates it where it is shown."""
    return f"{context}{_CONTEXT_END}{message}"


def nN_(singular: str, plural: str) -> tuple[str, str]:  # noqa: N802 - beside N_
    """Mark a message that depends on a number, where somebody else looks it up."""
    return singular, plural


@lru_cache(maxsize=8)
def _locale(language: str) -> Locale:
    from babel import Locale

    return Locale.parse(language.replace("-", "_"))


def _group() -> str:
    from babel.numbers import get_group_symbol

    return get_group_symbol(_locale(_Current.language))


def number(value: float, decimals: int = 0) -> str:
    """A number with the language's grouping: 1,000,000 in English."""
    text = _number(value, decimals)
    return Said(text, {"number": value, "decimals": decimals}) if _Current.remembers else text


def _number(value: float, decimals: int) -> str:
    if decimals == 0 and isinstance(value, int) and value >= 0:
        # Counts are by far the most of it, and a search goes through a whole log: a fifth of the time of Babel.
        return f"{value:,}".replace(",", _GROUPS.get(_Current.language) or _group())
    from babel.numbers import format_decimal

    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=_locale(_Current.language))


def enumeration(parts: Sequence[str]) -> str:
    """Some facts in a row, with the comma of the language: "12 accepted, 3 refused"."""
    return ("，" if _Current.language == "zh-CN" else ", ").join(parts)


def listed(names: Sequence[str]) -> str:
    """Names, days or times in a row; Chinese has a comma of its own between them."""
    return ("、" if _Current.language == "zh-CN" else ", ").join(names)


def percent(share: float, decimals: int = 0) -> str:
    """A share between 0 and 1 as a percentage of the language."""
    from babel.numbers import format_percent

    blank = "" if _Current.language in _PERCENT_JOINS else " "
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "") + blank + "%"
    return format_percent(share, format=pattern, locale=_locale(_Current.language))


def date_time(moment: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """Date and time of day of an aware ``moment`` in ``zone``, in the medium form of the language."""
    from babel.dates import format_date, format_time

    locale = _locale(_Current.language)
    local = moment.astimezone(zone)
    pattern = "HH:mm:ss" if seconds else "HH:mm"
    text = f"{format_date(local, 'medium', locale)} {format_time(local, pattern, locale=locale)}"
    if not _Current.remembers or seconds:
        return text
    return Said(text, {"moment": moment.isoformat(), "zone": getattr(zone, "key", "UTC")})


def day_and_time(moment: datetime, zone: tzinfo) -> str:
    """Day, month and time of day of an aware ``moment`` in ``zone``, without the year: for dense tables."""
    from babel.dates import format_skeleton

    local = moment.astimezone(zone)
    return f"{format_skeleton('MMMd', local, locale=_locale(_Current.language))} {local:%H:%M}"


def time_of_day(moment: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """The time of day of an aware ``moment`` in ``zone``, with 24 hours."""
    return moment.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def weekday(day: str) -> str:
    """The short name of a day of the week (``mon`` … ``sun``) in the language."""
    from babel.dates import get_day_names

    index = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day)
    return str(get_day_names("abbreviated", locale=_locale(_Current.language))[index])


def relative_time(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago ``moment`` was ("3 hours ago"), "now" within a minute, "Never" for ``None``."""
    from babel.dates import format_timedelta

    if moment is None:
        return _("Never")
    delta = moment - (now or datetime.now(UTC))
    if abs(delta) < timedelta(minutes=1):
        return _("now")
    return format_timedelta(delta, add_direction=True, locale=_locale(_Current.language), threshold=1.1)


def duration(seconds: float) -> str:
    """A length of time in words, coarse as people say it: "1.2 s" (5 s for a whole number), "45 s", "2 min"."""
    if seconds < 10:
        return _("{seconds} s").format(seconds=number(seconds, 0 if isinstance(seconds, int) else 1))
    if seconds < 90:
        return _("{seconds} s").format(seconds=number(seconds))
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("{minutes} min").format(minutes=number(minutes))
    hours, rest = divmod(minutes, 60)
    return _("{hours} h {minutes} min").format(hours=number(hours), minutes=f"{rest:02d}")


def byte_size(count: int) -> str:
    """A number of bytes in kB or MB (powers of 1,000)."""
    if count < 1_000_000:
        return _("{size} kB").format(size=number(count / 1_000, 1))
    return _("{size} MB").format(size=number(count / 1_000_000, 2))
