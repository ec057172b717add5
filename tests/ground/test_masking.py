"""Nothing that identifies a person or opens a door gets past the one place that masks."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctui.masking import harmless, mask, mask_email, printable


def test_an_address_keeps_its_first_letter_and_its_domain() -> None:
    assert mask_email("mette.hansen@contoso.com") == "m…@contoso.com"
    assert mask("Line 7: mette.hansen@contoso.com is invalid") == "Line 7: m…@contoso.com is invalid"


def test_a_value_that_is_no_address_keeps_only_its_first_character() -> None:
    assert mask_email("mette hansen") == "m…"
    assert mask_email("  ") == ""


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer Zm9vYmFyYmF6cXV4",
        '{"access_token":"Zm9vYmFyYmF6cXV4"}',
        "refresh_token=Zm9vYmFyYmF6cXV4&client_id=x",
        "device_code='Zm9vYmFyYmF6cXV4'",
    ],
)
def test_secrets_are_hidden_whatever_they_are_written_in(text: str) -> None:
    assert "Zm9vYmFyYmF6cXV4" not in mask(text)


def test_a_web_token_is_hidden_without_any_name_beside_it() -> None:
    assert "eyJ" not in mask("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here")


@given(st.emails())
def test_no_whole_address_survives(address: str) -> None:
    local = address.rpartition("@")[0]
    masked = mask(f"refused {address} today")
    assert address not in masked
    assert f"{local}@" not in masked


@given(st.text())
def test_nothing_that_drives_a_terminal_or_reorders_a_line_is_left(text: str) -> None:
    line = harmless(text, limit=80)
    assert len(line) <= 80 + len("m…@") + 10
    assert all(unicodedata.category(char) not in {"Cc", "Zl", "Zp"} for char in line)
    assert not set(line) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069")


def test_an_escape_sequence_in_a_name_is_only_text() -> None:
    assert printable("Ne\x1b]0;owned\x07ws\u202eletter") == "Ne ]0;owned wsletter"


@given(st.text(max_size=40))
def test_a_text_that_is_printable_at_once_is_treated_like_any_other(text: str) -> None:
    beside_a_control = printable(f"{text}\x07")
    assert printable(text) == beside_a_control.rstrip()
