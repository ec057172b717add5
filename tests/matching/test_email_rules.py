"""What is an address, why another value is none, and that the quick test never says yes where the library says no."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st
from plain_matching import plain_address

from cctui.matching.email_rules import MAX_LENGTH, judge, judged, plain_pattern, surely_refused
from cctui.matching.reasons import REASON_TITLES, Reason, sentence

GOOD = {
    "anna@example.com": "anna@example.com",
    "Anna.Kowalska@GMAIL.com": "anna.kowalska@gmail.com",
    "a@b.co": "a@b.co",
    "o'neill@acme.co.uk": "o'neill@acme.co.uk",
    "x+tag@gmail.com": "x+tag@gmail.com",
    "a_b-c@sub.mail.acme.io": "a_b-c@sub.mail.acme.io",
    "1234567890@qq.com": "1234567890@qq.com",
    "user@123.com": "user@123.com",
    "  anna@example.com  ": "anna@example.com",
    "anna@example.com\n": "anna@example.com",
    "\tanna@example.com\r\n": "anna@example.com",
    "\u00a0anna@example.com\u00a0": "anna@example.com",
    "\u3000anna@example.com": "anna@example.com",
    "\ufeffanna@example.com": "anna@example.com",
    "anna@example.com\u200b": "anna@example.com",
    "\u200f\u200banna@example.com \u2060": "anna@example.com",
    "user@xn--bcher-kva.de": "user@xn--bcher-kva.de",
    "user@bücher.de": "user@xn--bcher-kva.de",
    "user@BÜCHER.de": "user@xn--bcher-kva.de",
    "user@президент.рф": "user@xn--d1abbgf6aiiy.xn--p1ai",
    "user@例子.公司": "user@xn--fsqu00a.xn--55qx5d",
    "user@example。com": "user@example.com",
    "user@a.xn--p1ai": "user@a.xn--p1ai",
    "user@example.museum": "user@example.museum",
    "user@example.c0m": "user@example.c0m",
    "user@example.c": "user@example.c",
    "user%example.com@example.org": "user%example.com@example.org",
    "user!bang@example.com": "user!bang@example.com",
    "a=b@example.com": "a=b@example.com",
    "a/b@example.com": "a/b@example.com",
    "a|b@example.com": "a|b@example.com",
    "!#$%&'*+-/=?^_`{|}~@example.com": "!#$%&'*+-/=?^_`{|}~@example.com",
    "-dash-@example.com": "-dash-@example.com",
    "x" * 38 + "@example.com": "x" * 38 + "@example.com",
    "no@no.no": "no@no.no",
    "test@test.com": "test@test.com",
    "user@gmail.con": "user@gmail.con",
    "user@local.example.com": "user@local.example.com",
    "user@test.example": "user@test.example",
    "user@example.tests": "user@example.tests",
    "user@example.tes": "user@example.tes",
    "user@example.locals": "user@example.locals",
    "user@example.locale": "user@example.locale",
    "user@example.arp": "user@example.arp",
    "user@example.onions": "user@example.onions",
    "user@example.info": "user@example.info",
    "user@example.LAW": "user@example.law",
    "user@a.b.c.d.example.com": "user@a.b.c.d.example.com",
    "user@my-shop-24.example.com": "user@my-shop-24.example.com",
    "USER@EXAMPLE.TECHNOLOGY": "user@example.technology",
    "mette.hansen@post.no": "mette.hansen@post.no",
    "user@e\u017fxample.com": "user@esxample.com",
}

BAD = {
    "": Reason.MISSING,
    "   ": Reason.MISSING,
    "\u00a0\u200b\t": Reason.MISSING,
    "anna": Reason.NO_AT_SIGN,
    "n/a": Reason.NO_AT_SIGN,
    "null": Reason.NO_AT_SIGN,
    "-": Reason.NO_AT_SIGN,
    "anna.example.com": Reason.NO_AT_SIGN,
    "+4712345678": Reason.NO_AT_SIGN,
    "=1+1": Reason.NO_AT_SIGN,
    "user＠example.com": Reason.NO_AT_SIGN,
    "a@b@c.com": Reason.SEVERAL_AT_SIGNS,
    "anna@@example.com": Reason.SEVERAL_AT_SIGNS,
    "user\\@x@example.com": Reason.SEVERAL_AT_SIGNS,
    "user@example.com;other@example.com": Reason.SEVERAL_ADDRESSES,
    "user@example.com, other@example.com": Reason.SEVERAL_ADDRESSES,
    "user@example.com other@example.com": Reason.SEVERAL_ADDRESSES,
    "user@example.com/other@example.com": Reason.SEVERAL_ADDRESSES,
    "Anna <anna@example.com>": Reason.DISPLAY_NAME,
    "<anna@example.com>": Reason.DISPLAY_NAME,
    '"Anna" anna@example.com': Reason.DISPLAY_NAME,
    '"quoted local"@example.com': Reason.DISPLAY_NAME,
    "(comment)user@example.com": Reason.DISPLAY_NAME,
    "user@example.com(comment)": Reason.DISPLAY_NAME,
    "user@[127.0.0.1]": Reason.DISPLAY_NAME,
    "anna @example.com": Reason.BLANK_INSIDE,
    "anna@ example.com": Reason.BLANK_INSIDE,
    "anna@exam ple.com": Reason.BLANK_INSIDE,
    "anna\u00a0kowalska@example.com": Reason.BLANK_INSIDE,
    "user@gmail,com": Reason.COMMA,
    "us,er@gmail.com": Reason.COMMA,
    "user@gmail.com;": Reason.COMMA,
    "anna\u200b@example.com": Reason.CONTROL_CHARACTER,
    "anna@exam\u200bple.com": Reason.CONTROL_CHARACTER,
    "anna@exam\u00adple.com": Reason.CONTROL_CHARACTER,
    "an\x00na@example.com": Reason.CONTROL_CHARACTER,
    "anna@example\n.com": Reason.CONTROL_CHARACTER,
    "anna\x1b[31m@example.com": Reason.CONTROL_CHARACTER,
    "\u202eanna@example.com": Reason.CONTROL_CHARACTER,
    "jürgen@example.de": Reason.NON_ASCII_LOCAL_PART,
    "用户@例子.公司": Reason.NON_ASCII_LOCAL_PART,
    "\u212aate@example.com": Reason.NON_ASCII_LOCAL_PART,
    "\u017fuser@example.com": Reason.NON_ASCII_LOCAL_PART,
    "\u0130@example.com": Reason.NON_ASCII_LOCAL_PART,
    ".user@example.com": Reason.BAD_LOCAL_PART,
    "user.@example.com": Reason.BAD_LOCAL_PART,
    "us..er@example.com": Reason.BAD_LOCAL_PART,
    "mailto:anna@example.com": Reason.BAD_LOCAL_PART,
    "@example.com": Reason.BAD_LOCAL_PART,
    "user@localhost": Reason.NO_TOP_LEVEL_DOMAIN,
    "user@example": Reason.NO_TOP_LEVEL_DOMAIN,
    "none@none": Reason.NO_TOP_LEVEL_DOMAIN,
    "user@1.2.3.4": Reason.NO_TOP_LEVEL_DOMAIN,
    "user@example.123": Reason.NO_TOP_LEVEL_DOMAIN,
    "user@example.test": Reason.SPECIAL_USE_DOMAIN,
    "user@host.LOCAL": Reason.SPECIAL_USE_DOMAIN,
    "user@example.invalid": Reason.SPECIAL_USE_DOMAIN,
    "user@a.b.onion": Reason.SPECIAL_USE_DOMAIN,
    "user@1.in-addr.arpa": Reason.SPECIAL_USE_DOMAIN,
    "anna@": Reason.BAD_DOMAIN,
    "user@example.com.": Reason.BAD_DOMAIN,
    "user@.example.com": Reason.BAD_DOMAIN,
    "user@exa..mple.com": Reason.BAD_DOMAIN,
    "user@-example.com": Reason.BAD_DOMAIN,
    "user@example-.com": Reason.BAD_DOMAIN,
    "user@ex--ample.com": Reason.BAD_DOMAIN,
    "user@exam_ple.com": Reason.BAD_DOMAIN,
    "user@example.com/path": Reason.BAD_DOMAIN,
    "user@xn--a.com": Reason.BAD_DOMAIN,
    "a@" + "b" * 64 + ".com": Reason.BAD_DOMAIN,
    "x" * 39 + "@example.com": Reason.TOO_LONG,
    "x" * 65 + "@example.com": Reason.TOO_LONG,
    "user@" + "bücher-" * 5 + "laden.de": Reason.TOO_LONG,
    "x" * 5_000 + "@example.com": Reason.TOO_LONG,
    "x" * 5_000: Reason.NO_AT_SIGN,
    "x@" + "y.z" * 5_000: Reason.TOO_LONG,
}


def column_verdict(value: str | None) -> tuple[str | None, str | None]:
    addresses, reasons = judged(pa.array([value], pa.string()))
    return addresses[0].as_py(), reasons[0].as_py()


@pytest.mark.parametrize("value", GOOD, ids=ascii)
def test_a_good_address_is_sent_in_lower_case_and_ascii(value: str) -> None:
    assert judge(value) == (GOOD[value], None)
    assert column_verdict(value) == (GOOD[value], None)


@pytest.mark.parametrize("value", BAD, ids=lambda value: ascii(value)[:60])
def test_a_bad_value_gets_the_reason_that_helps_to_mend_it(value: str) -> None:
    assert judge(value) == (None, BAD[value])
    assert column_verdict(value) == (None, BAD[value])
    assert plain_address(value) is None


def test_the_corpus_is_as_large_as_promised_and_uses_every_reason() -> None:
    assert len(GOOD) >= 50
    assert len(BAD) >= 50
    assert set(Reason) - set(BAD.values()) == {Reason.NOT_AN_ADDRESS}


def test_a_missing_value_is_missing() -> None:
    assert column_verdict(None) == (None, Reason.MISSING)


def test_a_column_keeps_its_rows_in_place() -> None:
    values = [None, "a@example.com", "", "jürgen@example.de", " B@Example.com ", "user@bücher.de", "c@example.com\t"]
    addresses, reasons = judged(pa.array(values, pa.string()))
    assert addresses.to_pylist() == [
        *(None, "a@example.com", None, None, "b@example.com", "user@xn--bcher-kva.de", "c@example.com")
    ]
    assert reasons.to_pylist() == ["missing", None, "missing", "non-ascii-local-part", None, None, None]


def test_a_slice_of_a_column_is_judged_as_itself() -> None:
    values = pa.array(["x", "a@example.com", None, "b@example.com", "y"], pa.string()).slice(1, 3)
    addresses, reasons = judged(values)
    assert addresses.to_pylist() == ["a@example.com", None, "b@example.com"]
    assert reasons.to_pylist() == [None, "missing", None]


@pytest.mark.parametrize("name", [*SPECIAL_USE_DOMAIN_NAMES, *(name.upper() for name in SPECIAL_USE_DOMAIN_NAMES)])
def test_the_quick_test_leaves_every_reserved_domain_to_the_library(name: str) -> None:
    found = pc.match_substring_regex(pa.array([f"a@b.{name}", f"a@b.{name}s"]), plain_pattern())
    assert found.to_pylist() == [False, True]


letters = st.sampled_from([*"abzAZ09.-_+'@%! ", "\u212a", "\u017f", "\u0130", "é", "\u200b", "ß", "\n", "\x00"])
endings = st.sampled_from(["com", "co", "c", "Test", "tests", "ONION", "local", "localhos", "xn--p1ai", "123", "arpa"])
addresses_or_nearly = st.builds(
    lambda local, domain, end: f"{local}@{domain}.{end}",
    st.text(letters, min_size=1, max_size=12),
    st.text(st.sampled_from("abz019.-ABé"), min_size=1, max_size=14),
    endings,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(addresses_or_nearly | st.text(letters, max_size=60), min_size=1, max_size=20))
@example(["a@b.tes\u017f.co", "a@b.local", "\u0130@b.co", "a@b.\u212aom", "a" * 49 + "@b.co", "a@b.co\n"])
def test_the_quick_test_never_accepts_what_the_library_refuses(values: list[str]) -> None:
    plain = pc.match_substring_regex(pa.array(values, pa.string()), plain_pattern()).to_pylist()
    for value, accepted in zip(values, plain, strict=True):
        if accepted and len(value) <= MAX_LENGTH:
            try:
                found = validate_email(
                    value.strip(), check_deliverability=False, strict=True, allow_smtputf8=False
                ).ascii_email
            except EmailNotValidError as refused:
                raise AssertionError(f"{value!r} was accepted: {refused}") from refused
            assert (found or "").lower() == value.strip().lower()
    column = judged(pa.array(values, pa.string()))
    for number, value in enumerate(values):
        assert (column[0][number].as_py(), column[1][number].as_py()) == judge(value)


@settings(max_examples=300, deadline=None)
@given(addresses_or_nearly | st.text(letters, max_size=60) | st.emails())
def test_nothing_is_sent_that_the_library_refuses(value: str) -> None:
    address, reason = judge(value)
    assert (address is None) != (reason is None)
    if address is not None:
        assert address == plain_address(value)
        assert address.isascii()
        assert len(address) <= MAX_LENGTH


@settings(max_examples=300, deadline=None)
@given(addresses_or_nearly | st.text(letters, max_size=60) | st.emails())
@example("a@b.co\n")
@example("a@b-.co")
@example("a@b.co.")
def test_what_is_refused_without_asking_the_library_is_refused_by_it(value: str) -> None:
    if surely_refused(value):
        with pytest.raises(EmailNotValidError):
            validate_email(value, check_deliverability=False, strict=True, allow_smtputf8=False)


def test_every_reason_has_a_title_and_a_sentence() -> None:
    assert set(REASON_TITLES) == set(Reason)
    assert all(sentence(reason).endswith(".") for reason in Reason)
