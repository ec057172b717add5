"""Error bodies of every shape are read, and none of them gets to a screen as it came."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctui.constant_contact.error_bodies import TooMany, parse, too_many


@pytest.mark.parametrize(
    ("body", "key", "message"),
    [
        (
            b'[{"error_key":"contacts.api.validation.error","error_message":"List not found"}]',
            "contacts.api.validation.error",
            "List not found",
        ),
        (b'[{"error_key":"a","error_message":"One"},{"error_key":"b","error_message":"Two"}]', "a", "One; Two"),
        (b'{"error_key":"unauthorized","error_message":"Unauthorized"}', "unauthorized", "Unauthorized"),
        (
            b'{"error":"invalid_grant","error_description":"The token is dead."}',
            "invalid_grant",
            "The token is dead.",
        ),
        (b'{"message":"Forbidden"}', "", "Forbidden"),
        (
            b"<html><style>p{color:red}</style><h1>502 Bad Gateway</h1></html>",
            "",
            "502 Bad Gateway",
        ),
        (b"", "", ""),
        (b"null", "", ""),
        (b"[]", "", ""),
        (b'["just","texts"]', "", "just texts"),
        (b'{"error_message":{"nested":1},"message":"Still read"}', "", "Still read"),
        (b"\xff\xfe\x00not text", "", "\ufffd\ufffd not text"),
        (b"upstream connect error", "", "upstream connect error"),
    ],
)
def test_each_shape_is_read(body: bytes, key: str, message: str) -> None:
    found = parse(body)
    assert (found.key, found.message) == (key, message)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error_key": "throttled", "error_message": "Too Many Requests"}, TooMany.THROTTLED),
        ({"error_key": "quota_exceeded", "error_message": "Limit Exceeded"}, TooMany.QUOTA),
        ({"message": "Limit Exceeded"}, TooMany.QUOTA),
        (
            [{"error_key": "x", "error_message": "More than 1,000 queued activities for this account."}],
            TooMany.QUEUE,
        ),
        ({"error_message": "1000 activities are waiting"}, TooMany.QUEUE),
        ({"message": "Too Many Requests"}, TooMany.THROTTLED),
        ({}, TooMany.THROTTLED),
    ],
)
def test_the_three_kinds_of_429_are_told_apart_by_the_body(body: object, kind: TooMany) -> None:
    assert too_many(parse(json.dumps(body).encode())) is kind


def test_an_echoed_secret_is_taken_out_whatever_it_looks_like() -> None:
    found = parse(b'{"error":"invalid_grant","error_description":"Token Zx-9 of mette@contoso.com is dead"}', ("Zx-9",))
    assert found.text == "Token *** of m\u2026@contoso.com is dead (invalid_grant)"


_KEYS = st.sampled_from(["error_key", "error_message", "error", "message", "x"])
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("error_key"),
    lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())


@given(st.binary(max_size=4_096) | _json | st.text().map(str.encode))
def test_no_body_breaks_the_reading_or_reaches_the_terminal_raw(body: bytes) -> None:
    found = parse(body)
    assert too_many(found) in TooMany
    assert len(found.message) <= 600
    assert not any(ord(char) < 32 or char in "\u202e\u2066\x7f" for char in found.text)


def test_a_hostile_body_is_read_at_once() -> None:
    assert len(parse(b"<" * 4_000_000).message) <= 200
    assert len(parse(b"<script>" * 500_000).message) <= 200
    assert parse(b"[" * 1_000_000).key == ""
