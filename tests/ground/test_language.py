"""Numbers, times and lengths follow the language; an unknown locale means English."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cctui import locales

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_numbers_follow_the_language() -> None:
    assert locales.number(1_000_000) == "1,000,000"
    locales.use("de")
    assert locales.number(1_000_000) == "1.000.000"
    locales.use("nb")
    assert locales.number(1_000_000).replace("\xa0", " ") == "1 000 000"


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_counts_are_written_as_babel_writes_them(language: str) -> None:
    from babel.numbers import format_decimal

    locales.use(language)
    for count in (0, 7, 999, 1_000, 9_999, 12_345, 999_999, 1_000_000, 123_456_789, -1_234):
        expected = format_decimal(count, format="#,##0", locale=language.replace("-", "_"))
        assert locales.number(count) == expected


def test_a_day_without_its_year_for_dense_tables() -> None:
    assert locales.day_and_time(NOON, ZoneInfo("Europe/Oslo")) == "Nov 22 13:00"
    locales.use("de")
    assert locales.day_and_time(NOON, ZoneInfo("Europe/Oslo")) == "22. Nov. 13:00"


def test_times_are_shown_in_the_environments_zone() -> None:
    assert locales.time_of_day(NOON, ZoneInfo("Europe/Oslo")) == "13:00"
    assert locales.date_time(NOON, ZoneInfo("Asia/Tokyo")).endswith("21:00")


def test_relative_times_read_as_people_say_them() -> None:
    assert locales.relative_time(None) == "Never"
    assert locales.relative_time(NOON - timedelta(seconds=20), NOON) == "now"
    assert locales.relative_time(NOON - timedelta(hours=3), NOON) == "3 hours ago"


@pytest.mark.parametrize(
    ("seconds", "words"), [(1.23, "1.2 s"), (45, "45 s"), (130, "2 min"), (3_900, "65 min"), (7_500, "2 h 05 min")]
)
def test_lengths_of_time_are_coarse(seconds: float, words: str) -> None:
    assert locales.duration(seconds) == words


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de_AT.UTF-8", "de"), ("no_NO", "nb"), ("zh_CN.UTF-8", "zh-CN"), ("C.UTF-8", "en"), ("fr_FR", "en"), ("", "en")],
)
def test_the_locale_names_the_language(monkeypatch: pytest.MonkeyPatch, locale: str, language: str) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", locale)
    assert locales.from_locale() == language
