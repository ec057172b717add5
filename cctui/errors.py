"""The one family of errors. Each says what happened, why where it is known, and what to do next.

An error is raised where the facts are known, in sentences that are already in the operator's language, and shown in
one place per face: the command line prints it and leaves with :attr:`CctuiError.exit_code`, the application shows a
dialog. No error holds a secret or a whole e-mail address; build sentences from outside text with
:func:`cctui.masking.harmless`.
"""

from __future__ import annotations

from enum import IntEnum

from cctui.locales.said import joined


class ExitCode(IntEnum):
    """How a command ends (design: command line). The numbers are a promise to schedulers."""

    SUCCESSFUL = 0
    FAILED = 1
    WRONG_USAGE = 2
    COMPLETED_WITH_ERRORS = 3
    PAUSED_FOR_QUOTA = 4
    ALREADY_RUNNING = 5
    SIGN_IN_NEEDED = 6
    CANCELED = 7


class CctuiError(Exception):
    """Something that an operator can understand and act on.

    ``what`` happened, ``why`` if known, ``do`` next: whole sentences in the operator's language.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, what: str, *, why: str = "", do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.do = do

    @property
    def happened(self) -> str:
        """What happened and why, without what to do."""
        return joined(self.what, self.why)

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.do) if part)


class UsageError(CctuiError):
    """What was asked for makes no sense as it was asked: an unknown name, a value out of range."""

    exit_code = ExitCode.WRONG_USAGE


class NotPermitted(CctuiError):
    """The operator's role does not allow this; the sentence says whom to ask."""
