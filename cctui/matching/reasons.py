"""Why a profile cannot become a contact: one code per kind of fault, so that somebody can mend it in the source.

Codes are written to ``rejected.csv`` and are a promise; titles are for people. Duplicates and suppressed profiles have
a usable address and are no rejects: they are totals of the run.
"""

from __future__ import annotations

from enum import StrEnum

from cctui.locales import N_, _


class Reason(StrEnum):
    """What is wrong with the value of the e-mail field. Where several things are, the first of these is told."""

    MISSING = "missing"
    CONTROL_CHARACTER = "control-character"
    DISPLAY_NAME = "display-name"
    SEVERAL_ADDRESSES = "several-addresses"
    NO_AT_SIGN = "no-at-sign"
    SEVERAL_AT_SIGNS = "several-at-signs"
    BLANK_INSIDE = "blank-inside"
    COMMA = "comma"
    NON_ASCII_LOCAL_PART = "non-ascii-local-part"
    BAD_LOCAL_PART = "bad-local-part"
    NO_TOP_LEVEL_DOMAIN = "no-top-level-domain"
    SPECIAL_USE_DOMAIN = "special-use-domain"
    BAD_DOMAIN = "bad-domain"
    TOO_LONG = "too-long"
    NOT_AN_ADDRESS = "not-an-address"


REASON_TITLES = {
    Reason.MISSING: N_("No e-mail address"),
    Reason.CONTROL_CHARACTER: N_("Control or invisible character inside"),
    Reason.DISPLAY_NAME: N_("Name or brackets around the address"),
    Reason.SEVERAL_ADDRESSES: N_("More than one address"),
    Reason.NO_AT_SIGN: N_("No @ sign"),
    Reason.SEVERAL_AT_SIGNS: N_("More than one @ sign"),
    Reason.BLANK_INSIDE: N_("Blank inside"),
    Reason.COMMA: N_("Comma or semicolon inside"),
    Reason.NON_ASCII_LOCAL_PART: N_("Letters beyond a to z before the @ sign"),
    Reason.BAD_LOCAL_PART: N_("Wrong before the @ sign"),
    Reason.NO_TOP_LEVEL_DOMAIN: N_("No top-level domain, such as .com"),
    Reason.SPECIAL_USE_DOMAIN: N_("Domain that takes no mail, such as .test"),
    Reason.BAD_DOMAIN: N_("Wrong after the @ sign"),
    Reason.TOO_LONG: N_("Longer than 50 characters"),
    Reason.NOT_AN_ADDRESS: N_("Not an e-mail address"),
}
"""The reason as a heading or in a list; translate with ``_``."""


_EXPLANATIONS = {
    Reason.MISSING: N_("The profile has no e-mail address."),
    Reason.CONTROL_CHARACTER: N_("The address holds a control character or an invisible character."),
    Reason.DISPLAY_NAME: N_("There is a name or are brackets or quotation marks around the address."),
    Reason.SEVERAL_ADDRESSES: N_("The field holds more than one address."),
    Reason.NO_AT_SIGN: N_("The value has no @ sign."),
    Reason.SEVERAL_AT_SIGNS: N_("The value has more than one @ sign."),
    Reason.BLANK_INSIDE: N_("There is a blank inside the address."),
    Reason.COMMA: N_("There is a comma or a semicolon inside the address."),
    Reason.NON_ASCII_LOCAL_PART: N_("Constant Contact takes only the letters a to z before the @ sign."),
    Reason.BAD_LOCAL_PART: N_("What stands before the @ sign cannot be part of an address."),
    Reason.NO_TOP_LEVEL_DOMAIN: N_("What stands after the @ sign does not end with a top-level domain, such as .com."),
    Reason.SPECIAL_USE_DOMAIN: N_("The domain is reserved and takes no mail."),
    Reason.BAD_DOMAIN: N_("What stands after the @ sign cannot be a domain."),
    Reason.TOO_LONG: N_("Constant Contact takes at most 50 characters in an address."),
    Reason.NOT_AN_ADDRESS: N_("The value is not an e-mail address."),
}


def sentence(reason: Reason) -> str:
    """What is wrong, as a whole sentence in the operator's language."""
    return _(_EXPLANATIONS[reason])
