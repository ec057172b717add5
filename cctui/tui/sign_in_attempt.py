"""One attempt to sign in, carried out in a thread of the panel's; it tells what happens and touches no widget.

Nothing is told any more once the attempt was stopped, and tokens that arrive after that are taken away again where
the connection has no file that they could belong to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from msgspec import Struct

from cctui.constant_contact import connection_life, sign_in
from cctui.constant_contact.errors import AccountChanged
from cctui.constant_contact.sign_in import DeviceCode, DeviceSignIn, NewTokens, Pending, PkceSignIn, SignedIn
from cctui.constant_contact.sign_in_errors import NoRefreshToken, WrongRedirect
from cctui.constant_contact.tokens import TokenStore
from cctui.definitions.environment import Environment
from cctui.definitions.model import ConnectionDefinition, SecretStore
from cctui.errors import CctuiError
from cctui.host.clock import Clock
from cctui.tui.sign_in_words import Phase, Wait


class Happening(Struct, frozen=True):
    """What has just happened: how it stands, the code where it is new, the sign-in where it is saved."""

    wait: Wait
    code: DeviceCode | None = None
    signed_in: SignedIn | None = None


class Attempt:
    """An attempt for ``connection``; ``unsaved`` says that the connection has no file yet.

    :meth:`follow_code`, :meth:`redeem` and :meth:`accept` block and are for a thread; ``tell`` is called from it.
    """

    def __init__(
        self,
        connection: ConnectionDefinition,
        environment: Environment,
        clock: Clock,
        tell: Callable[[Attempt, Happening], object],
        *,
        unsaved: bool,
    ) -> None:
        self._connection = connection
        self._environment = environment
        self._clock = clock
        self._tell = tell
        self._unsaved = unsaved
        self._stopped = threading.Event()
        self._accepted: set[type[CctuiError]] = set()
        self._in_question: tuple[type[CctuiError], NewTokens] | None = None
        self._pkce: PkceSignIn | None = None
        self._keep_in = SecretStore.FILES

    @property
    def address(self) -> str:
        """The address to open where the sign-in goes by a pasted one (PKCE), else empty."""
        return self._pkce.address if self._pkce else ""

    def use_address(self, *, fresh: bool) -> None:
        """Make the address to open; ``fresh`` asks for a sign-in even where the browser still has one."""
        self._pkce = PkceSignIn(self._connection, fresh=fresh, clock=self._clock)

    def stop(self) -> None:
        """Tell nothing more, and wait no longer."""
        self._stopped.set()

    def follow_code(self) -> None:
        """Get a code, and wait until it was approved in a browser."""
        signing = DeviceSignIn(self._connection, clock=self._clock)
        try:
            self._keep_in = connection_life.sign_in_store(self._environment)
            self._say(Wait(Phase.WAITING), code=signing.start())
            while isinstance(found := signing.poll_once(), Pending):
                self._say(Wait(Phase.WAITING, found))
                self._clock.wait(found.wait, self._stopped)
                if self._stopped.is_set():
                    return
            self._look(found)
        except CctuiError as problem:
            self._say(Wait(Phase.ENDED, problem=problem))
        finally:
            signing.close()

    def redeem(self, pasted: str) -> None:
        """Use the address that the browser was led to. The wrong one may be followed by the right one."""
        if self._pkce is None:
            return
        try:
            self._keep_in = connection_life.sign_in_store(self._environment)
            self._look(self._pkce.redeem(pasted))
            self._pkce.close()
        except WrongRedirect as problem:
            self._say(Wait(Phase.PASTING, problem=problem))
        except CctuiError as problem:
            self._pkce.close()
            self._say(Wait(Phase.ENDED, problem=problem))

    def accept(self) -> None:
        """Use the tokens in spite of what was asked about them."""
        if self._in_question is None:
            return
        doubt, tokens = self._in_question
        self._in_question = None
        self._accepted.add(doubt)
        try:
            self._look(tokens)
        except CctuiError as problem:
            self._say(Wait(Phase.ENDED, problem=problem))

    def _look(self, tokens: NewTokens) -> None:
        self._say(Wait(Phase.LOOKING))
        environment = self._environment
        try:
            signed_in = sign_in.finish(
                self._connection,
                tokens,
                environment.secrets_folder,
                environment.limits_path,
                accept_other_account=AccountChanged in self._accepted,
                accept_no_refresh_token=NoRefreshToken in self._accepted,
                keep_in=self._keep_in,
                clock=self._clock,
            )
        except (AccountChanged, NoRefreshToken) as doubt:
            self._in_question = (type(doubt), tokens)
            self._say(Wait(Phase.QUESTION, problem=doubt))
            return
        if self._stopped.is_set() and self._unsaved:
            TokenStore(environment.secrets_folder).remove(self._connection.id)
        self._say(Wait(Phase.LOOKING), signed_in=signed_in)

    def _say(self, wait: Wait, *, code: DeviceCode | None = None, signed_in: SignedIn | None = None) -> None:
        if not self._stopped.is_set():
            self._tell(self, Happening(wait, code, signed_in))
