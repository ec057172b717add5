"""What can go wrong with the service, each kind with its own meaning for a run.

The kinds say what is known about the request: surely not carried out (:class:`Unreachable`, :class:`Throttled`,
:class:`QuotaExceeded`, :class:`QueueFull`, :class:`SignInNeeded`, :class:`NotAllowed`, :class:`Refused`), or perhaps
carried out (:class:`OutcomeUnknown`, to be settled by looking at the activities, never by sending again).
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cctui import locales
from cctui.errors import CctuiError, ExitCode
from cctui.locales import N_, _
from cctui.masking import harmless


class ServiceError(CctuiError):
    """Something between us and Constant Contact. ``status`` is that of the answer, ``None`` without one.

    ``request_id`` is the service's name for the exchange, worth quoting to its support; empty where not given.
    """

    def __init__(
        self, what: str, *, why: str = "", do: str = "", status: int | None = None, request_id: str = ""
    ) -> None:
        super().__init__(what, why=why, do=do)
        self.status = status
        self.request_id = request_id


def _said(detail: str) -> str:
    return _("The service said: {detail}").format(detail=harmless(detail)) if detail else ""


class Unreachable(ServiceError):
    """No connection: the request was surely not carried out."""

    def __init__(self, host: str, cause: str = "") -> None:
        super().__init__(
            _("{host} cannot be reached.").format(host=harmless(host)),
            why=harmless(cause),
            do=_("Check the network, name resolution and a proxy, then try again."),
        )


class OutcomeUnknown(ServiceError):
    """The request was sent and no usable answer came: it may have been carried out. Look before sending again."""

    def __init__(self, cause: str = "", *, status: int | None = None, request_id: str = "") -> None:
        super().__init__(
            _("It is not known whether Constant Contact carried out the request."),
            why=harmless(cause),
            do=_("Look at the activities of the account before it is sent again."),
            status=status,
            request_id=request_id,
        )


class Throttled(ServiceError):
    """More than the allowed requests a second, for longer than the bounded waiting lasts."""

    def __init__(self, request_id: str = "") -> None:
        super().__init__(
            _("Constant Contact asks for fewer requests a second, again and again."),
            why=_("Another program may be using the same application key."),
            do=_("Wait some minutes, or give this connection an application key of its own."),
            status=429,
            request_id=request_id,
        )


class QuotaExceeded(ServiceError):
    """The day's calls of the application key are used up. ``resets_at`` is aware, in UTC."""

    exit_code = ExitCode.PAUSED_FOR_QUOTA

    def __init__(self, resets_at: datetime, request_id: str = "") -> None:
        super().__init__(
            _("Today's calls of the application key are used up."),
            do=_("Calls are possible again at {moment} UTC.").format(moment=locales.date_time(resets_at, UTC)),
            status=429,
            request_id=request_id,
        )
        self.resets_at = resets_at


class QueueFull(ServiceError):
    """The account has 1,000 activities in its queue; nothing was queued."""

    def __init__(self, detail: str = "", request_id: str = "") -> None:
        super().__init__(
            _("The account's queue of activities is full."),
            why=_said(detail),
            do=_("The queue drains by itself; go on when some activities have ended."),
            status=429,
            request_id=request_id,
        )


class SignInReason(StrEnum):
    """Why somebody has to sign in again."""

    NEVER = "never-signed-in"
    REVOKED = "revoked"
    ANSWER_LOST = "answer-lost"
    NO_REFRESH_TOKEN = "no-refresh-token"  # noqa: S105 - a word for a reason
    STILL_UNAUTHORIZED = "still-unauthorized"
    OTHER_APPLICATION = "other-application"


SIGN_IN_REASONS = {
    SignInReason.NEVER: N_("Nobody has signed in to this connection on this machine yet."),
    SignInReason.REVOKED: N_(
        "Constant Contact no longer accepts the saved sign-in: it was withdrawn in the account, "
        "not used for 180 days, or replaced by a newer sign-in elsewhere."
    ),
    SignInReason.ANSWER_LOST: N_(
        "The sign-in was being renewed when the program or the network was cut off: the new token was issued but "
        "never reached the disk, and the old one was used up by it."
    ),
    SignInReason.NO_REFRESH_TOKEN: N_(
        "The sign-in has run out, and Constant Contact gave no refresh token that could renew it."
    ),
    SignInReason.STILL_UNAUTHORIZED: N_("Constant Contact refuses even a token that was renewed a moment ago."),
    SignInReason.OTHER_APPLICATION: N_("The saved sign-in belongs to another application key."),
}
"""The reason as a sentence; translate with ``_``."""


class SignInNeeded(ServiceError):
    """Nothing goes on before somebody signs in to the connection. ``connection`` is its id."""

    exit_code = ExitCode.SIGN_IN_NEEDED

    def __init__(self, reason: SignInReason, connection: str, *, detail: str = "", request_id: str = "") -> None:
        super().__init__(
            _("The connection needs a sign-in."),
            why=" ".join(part for part in (_(SIGN_IN_REASONS[reason]), _said(detail)) if part),
            do=_("Open Admin > Connections and choose Sign in, or run: cctui connections sign-in {connection}").format(
                connection=harmless(connection)
            ),
            status=401,
            request_id=request_id,
        )
        self.reason = reason
        self.connection = connection


class NotAllowed(ServiceError):
    """403: one code for three causes (facts of the service, section 4), so all three are named."""

    def __init__(self, detail: str = "", request_id: str = "") -> None:
        super().__init__(
            _("Constant Contact does not allow this request."),
            why=" ".join(
                part
                for part in (
                    _said(detail),
                    _(
                        "It gives the same answer in three cases: the sign-in lacks a permission (scope), the "
                        "signed-in user's role in the account lacks the right, or the application was deactivated."
                    ),
                )
                if part
            ),
            do=_(
                "Sign in as Account Owner or Account Manager, and look at the application in Constant Contact's "
                "developer portal."
            ),
            status=403,
            request_id=request_id,
        )


class NotThere(ServiceError):
    """404: no such thing in the account, or no longer (an activity is kept for 10 days)."""

    def __init__(self, detail: str = "", request_id: str = "") -> None:
        super().__init__(
            _("Constant Contact does not know what was asked for."),
            why=_said(detail),
            do=_("Check the list's ID and the account that the connection is signed in to."),
            status=404,
            request_id=request_id,
        )


class Refused(ServiceError):
    """The service understood and refused: 400, 409, 415 and the like. The same request would be refused again."""

    def __init__(self, status: int, detail: str = "", request_id: str = "", *, key: str = "") -> None:
        super().__init__(
            _("Constant Contact refused the request (status {status}).").format(status=status),
            why=_said(detail),
            do=_("Correct what is named and try again; sending the same once more does not help."),
            status=status,
            request_id=request_id,
        )
        self.key = key


class ServiceFault(ServiceError):
    """A fault of the service (5xx), or no answer in time, to a request that only reads or to a renewal of the token.

    Raised after bounded retries. Where it ends a request that writes, that was not sent yet.
    """

    def __init__(self, detail: str = "", *, status: int | None = None, request_id: str = "") -> None:
        super().__init__(
            _("Constant Contact has a fault or does not answer."),
            why=harmless(detail),
            do=_("Try again in some minutes; status.constantcontact.com tells about larger faults."),
            status=status,
            request_id=request_id,
        )


class WrongAnswer(ServiceError):
    """An answer that the API description does not allow: not JSON, a field missing, a next link that loops."""

    def __init__(self, detail: str, *, status: int | None = None, request_id: str = "") -> None:
        super().__init__(
            _("Constant Contact gave an answer that this program cannot read."),
            why=harmless(detail),
            do=_("Check the address of the service; behind a proxy, whether the proxy answers in its place."),
            status=status,
            request_id=request_id,
        )


class AccountChanged(ServiceError):
    """The token belongs to another account than the connection is pinned to. Both are named ``name (id)``."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(
            _("The connection is signed in to another account."),
            why=_("It belongs to {expected}, but the sign-in is for {found}.").format(
                expected=harmless(expected), found=harmless(found)
            ),
            do=_("Sign in to the right account, or confirm that the connection shall belong to the new one."),
        )
        self.expected = expected
        self.found = found


class InsecureAddress(CctuiError):
    """An endpoint would carry tokens in the clear over a network."""

    exit_code = ExitCode.WRONG_USAGE

    def __init__(self, address: str) -> None:
        super().__init__(
            _("{address} is not an https address.").format(address=harmless(address)),
            why=_("Tokens and profiles never travel unencrypted over a network."),
            do=_("Use https in the connection's [endpoints]; http is for this machine only (127.0.0.1)."),
        )


class LimitsUnusable(CctuiError):
    """The file that counts the calls cannot be read or written, so no call may be made."""

    def __init__(self, path: Path, cause: str, do: str) -> None:
        super().__init__(
            _("The count of calls in {path} cannot be kept.").format(path=path), why=harmless(cause), do=do
        )
        self.path = path
