"""The worker's duty of telling people when something goes wrong and when it is over, without disturbing runs.

What is to be told is decided and written down in one commit; a thread of its own sends it. A worker that is killed
before the message leaves tells it when it is back, one killed after it is taken down tells it no more; in between it
cannot be known whether the message arrived, and it is told again with a word about that.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from msgspec import structs

from cctui.constant_contact.tokens import Standing, TokenStore
from cctui.definitions.environment import Broken, Environment
from cctui.definitions.model import EnvironmentDefinition
from cctui.delivery import alert_addresses
from cctui.delivery.alert_addresses import AlertNotSent
from cctui.delivery.alert_ledger import AlertLedger
from cctui.delivery.alerts import (
    AlertState,
    Case,
    case_of_sign_in,
    cases_of_runs,
    followed,
    may_be_told,
    not_told,
    told,
)
from cctui.errors import CctuiError
from cctui.host.clock import Clock, SystemClock
from cctui.locales import _
from cctui.masking import harmless, mask

_LOG = logging.getLogger("cctui.worker")

_ALIVE = {Standing.GOOD, Standing.RENEWAL_DUE}
LOOK_AT_MOST = timedelta(seconds=2)
"""A run writes many times a second; what changed is looked at no more often than this."""
LOOK_AT_LEAST = timedelta(minutes=10)
"""Sign-ins age without anything being written; they are looked at as often as this."""


class Alerting:
    """The duty of alerts; called in every round of the worker with the present moment."""

    def __init__(self, environment: Environment, clock: Clock, ledger: AlertLedger | None = None) -> None:
        self._environment = environment
        self._clock = clock
        self._given = ledger
        self._seen: tuple[int, str] | None = None
        self._next: datetime | None = None
        self._looked_at: datetime | None = None
        self._wanted = True
        self._thread: threading.Thread | None = None

    def __call__(self, now: datetime) -> bool:
        """Look at what changed and have it told; returns whether something is being told at this moment."""
        if self._thread is not None:
            if self._thread.is_alive():
                return True
            self._thread = None
        ledger = self._ledger
        seen = (ledger.change(), self._environment.version())
        if seen == self._seen and self._next is not None and now < self._next:
            return False
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < LOOK_AT_MOST:
            return self._wanted
        self._looked_at = now
        try:
            self._wanted = bool(self._environment.read().definition.alerts)
            waiting = look(self._environment, ledger, now)
        except CctuiError as problem:
            _LOG.warning("alerts cannot be looked at: %s", harmless(str(problem)))
            waiting = []
        self._seen = (ledger.change(), seen[1])
        self._next = min([now + LOOK_AT_LEAST, *(one.next_try for one in waiting if one.next_try is not None)])
        due = [one for one in waiting if may_be_told(one, now)]
        if due:
            self._thread = threading.Thread(target=self._tell, args=(due,), name="alerts", daemon=True)
            self._thread.start()
        return bool(due)

    @property
    def _ledger(self) -> AlertLedger:
        if self._given is None:
            self._given = AlertLedger(self._environment.ledger_path, self._clock)
        return self._given

    def _tell(self, states: list[AlertState]) -> None:
        try:
            for state in states:
                tell(self._environment, self._ledger, state, self._clock)
        except CctuiError as problem:
            _LOG.warning("alerts: %s", harmless(str(problem)))


def look(environment: Environment, ledger: AlertLedger, now: datetime) -> list[AlertState]:
    """Write down what changed since the last look; returns what has still to be told, now or later."""
    definition = environment.read().definition
    known = ledger.alerts()
    if not definition.alerts and not known:
        return []
    changed, gone = followed(definition.alerts, _cases(environment, ledger, now), known, now)
    if changed or gone:
        ledger.keep_alerts(changed, gone)
    return [state for state in ledger.alerts().values() if state.pending]


def tell(environment: Environment, ledger: AlertLedger, state: AlertState, clock: Clock) -> None:
    """Send what ``state`` has to tell, and write down what became of it."""
    name = environment.read().definition.environment.name
    text = state.text
    if state.sending:
        again = _("Perhaps this was told before: the worker was stopped while it told it.")
        text = f"{text} {again}".strip()
    ledger.keep_alerts([structs.replace(state, sending=True)])
    try:
        alert_addresses.tell(
            environment, state.alert, mask(f"{name}: {state.title}"), mask(text), trouble=state.trouble
        )
    except AlertNotSent as problem:
        ledger.keep_alerts([not_told(state, str(problem), clock.now())])
        _LOG.warning("alert %s: %s", state.alert, harmless(str(problem)))
    else:
        ledger.keep_alerts([told(state, clock.now())])
        _LOG.info("alert %s: told of %s", state.alert, state.subject)


def test(environment: Environment, name: str) -> None:
    """Send a message that says that it is only a test. Raises :class:`AlertNotSent`."""
    definition: EnvironmentDefinition = environment.read().definition
    title = _("{environment}: a test").format(environment=harmless(definition.environment.name, 80))
    alert_addresses.tell(environment, name, title, _("Alerts of cctui arrive here."), trouble=False)


def states(environment: Environment) -> list[AlertState]:
    """What was told and what waits, as far as anything ever was."""
    if not environment.ledger_path.exists():
        return []
    with AlertLedger(environment.ledger_path, SystemClock()) as ledger:
        return list(ledger.alerts().values())


def _cases(environment: Environment, ledger: AlertLedger, now: datetime) -> list[Case]:
    exports = {entry.path.stem for entry in environment.exports()}
    cases = cases_of_runs(run for run in ledger.ended_lately() if run.export in exports)
    store = TokenStore(environment.secrets_folder)
    for connection in environment.connections():
        if isinstance(connection, Broken) or connection.definition.account is None:
            continue
        tokens = store.state(connection.definition.id, now)
        signing_in = _("Sign in: cctui connections sign-in {connection}").format(connection=connection.definition.id)
        needed = "" if tokens.standing in _ALIVE else tokens.problem or signing_in
        cases.append(
            case_of_sign_in(connection.definition.id, connection.definition.display_name, needed, tokens.dies_at, now)
        )
    return cases
