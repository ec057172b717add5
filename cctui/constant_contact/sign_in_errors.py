"""The ends of a sign-in that is no sign-in, each with its sentence and its next step."""

from __future__ import annotations

from cctui.constant_contact.errors import ServiceError
from cctui.errors import ExitCode
from cctui.locales import _
from cctui.masking import harmless


class SignInFailed(ServiceError):
    """A sign-in came to its end without a usable connection; the tokens of an earlier one are untouched."""

    exit_code = ExitCode.SIGN_IN_NEEDED


class CodeExpired(SignInFailed):
    """``expired_token``, or the code's time ran out on our clock."""

    def __init__(self) -> None:
        super().__init__(
            _("The code has expired before it was approved."), do=_("Start the sign-in again for a new code.")
        )


class SignInDenied(SignInFailed):
    """``access_denied``: the person, or the account, said no."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            _("The sign-in was denied."),
            why=harmless(detail),
            do=_("Start the sign-in again and choose Allow; ask the Account Owner if you may not."),
        )


class ApplicationNotSetUp(SignInFailed):
    """``unauthorized_client``, ``invalid_client`` and the like: the key is wrong or made for another flow."""

    def __init__(self, detail: str, flow: str) -> None:
        super().__init__(
            _("Constant Contact does not accept the application key for this kind of sign-in."),
            why=harmless(detail),
            do=_(
                "Compare the key with the one in the developer portal. The application must have been made for {flow}, "
                "with rotating refresh tokens. Its kind cannot be changed later: make a new one if it differs."
            ).format(flow=flow),
        )


class CodeRefused(SignInFailed):
    """``invalid_grant`` or another refusal of the code itself: used before, too old, or of another application."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            _("Constant Contact does not accept the code."),
            why=harmless(detail),
            do=_("A code can be used once and for a few minutes. Start the sign-in again."),
        )


class NoRefreshToken(SignInFailed):
    """Tokens came without a refresh token: unattended runs would stop within a day."""

    def __init__(self) -> None:
        super().__init__(
            _("Constant Contact gave no refresh token, so the sign-in would end within 24 hours."),
            why=_("Refresh tokens are given to applications that have them switched on, for the scope offline_access."),
            do=_(
                "Choose rotating refresh tokens for the application in the developer portal and sign in again, or use "
                "the sign-in with a pasted address."
            ),
        )


class NoAccount(SignInFailed):
    """The token's ``platform_user_id`` is ``UNASSIGNED``: the browser was signed in as somebody without an account."""

    def __init__(self) -> None:
        super().__init__(
            _("The sign-in belongs to no Constant Contact account."),
            why=_("The browser was still signed in as another identity, which owns no account."),
            do=_("Open the address in a private window, sign in as a user of the account, and start again."),
        )


class NoRights(SignInFailed):
    """The user lacks ``contacts:write``, as a Campaign Creator does; every import would be refused."""

    def __init__(self, account: str) -> None:
        super().__init__(
            _("The signed-in user may not change contacts in {account}.").format(account=harmless(account)),
            why=_("The role lacks the right contacts:write; a Campaign Creator, for example, may only look at lists."),
            do=_("Sign in as Account Owner or Account Manager."),
        )


class UntrustedAddress(SignInFailed):
    """The address for the browser is not Constant Contact's; nobody should type a password there."""

    def __init__(self, address: str) -> None:
        super().__init__(
            _("The address for the browser does not belong to Constant Contact: {address}").format(
                address=harmless(address)
            ),
            do=_("Do not open it. Check the connection's [endpoints] and the network, then try again."),
        )


class WrongRedirect(SignInFailed):
    """What was pasted is not the address that this sign-in leads back to."""

    def __init__(self, why: str) -> None:
        super().__init__(
            _("This is not the address that the sign-in leads back to."),
            why=why,
            do=_("Copy the whole address from the browser's address line after Allow, even if the page does not load."),
        )


class NoAnswerYet(SignInFailed):
    """The authorization server cannot be reached, has a fault, or asks to wait; try the same step again."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            _("Constant Contact's sign-in service cannot be reached or does not answer."),
            why=harmless(detail),
            do=_("Check the network and a proxy, wait a minute and try again."),
        )
