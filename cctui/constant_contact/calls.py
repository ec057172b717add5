"""One call of the API: slot, token, request, answer; and what is tried again.

What may be repeated depends on what is known. A request that was surely not carried out (throttled, unauthorized) is
repeated a few times whatever it is. A request that only reads is repeated also after a fault or a timeout. A request
that writes is never repeated after an unclear end: :class:`OutcomeUnknown` leaves that to whoever keeps the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from cctui.constant_contact.answers import Call, CallOutcome
from cctui.constant_contact.error_bodies import ErrorBody, TooMany, parse, too_many
from cctui.constant_contact.errors import (
    LimitsUnusable,
    NotAllowed,
    NotThere,
    OutcomeUnknown,
    QueueFull,
    QuotaExceeded,
    Refused,
    ServiceError,
    ServiceFault,
    SignInNeeded,
    SignInReason,
    Throttled,
    Unreachable,
    WrongAnswer,
)
from cctui.constant_contact.limits import Limits
from cctui.constant_contact.renewal import AccessTokens
from cctui.constant_contact.tokens import Secret
from cctui.constant_contact.transport import (
    CONNECT_SECONDS,
    IMPORT_SECONDS,
    READ_SECONDS,
    REQUEST_ID_HEADERS,
    open_http,
    surely_not_sent,
)
from cctui.definitions.model import ConnectionDefinition
from cctui.errors import CctuiError
from cctui.host.clock import Clock
from cctui.locales import _
from cctui.masking import harmless

if TYPE_CHECKING:
    import httpx

_LATE = 0.03
"""Seconds after its slot from which a departure moves the slots that follow, as the making of a connection does; the
margin in the pace has room for less."""

_READ_TRIES = 4
_THROTTLED_TRIES = 6
_LONGEST_BACK_OFF = 30.0
_LARGEST_ANSWER = 64 * 1024 * 1024
_WHOLE_ANSWER_SECONDS = 180.0


class Answer(Struct, frozen=True):
    """A usable answer (2xx): its body, the request's id and how long the call took."""

    status: int
    body: bytes
    request_id: str
    milliseconds: int


class _Exchange(Struct, frozen=True):
    """How one try ended: an answer with any status, or the failure in its place."""

    status: int | None
    body: bytes
    request_id: str
    milliseconds: int
    failure: str = ""
    not_sent: bool = False


class Request(Struct, frozen=True, kw_only=True):
    """What to ask. ``target`` is a path below the API's address, or a next link. ``file`` is sent as multipart."""

    method: str
    target: str
    json: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None
    file: tuple[str, Path] | None = None

    @property
    def reads_only(self) -> bool:
        """Whether asking twice is the same as asking once."""
        return self.method == "GET"


class Caller:
    """Makes the calls of one connection, one at a time. ``jitter`` gives numbers in 0..1."""

    def __init__(
        self,
        connection: ConnectionDefinition,
        tokens: AccessTokens,
        limits: Limits,
        *,
        clock: Clock,
        jitter: Callable[[], float],
        on_call: Callable[[Call], None] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = connection
        self._api = connection.endpoints.api.rstrip("/")
        self._tokens = tokens
        self._limits = limits
        self._clock = clock
        self._jitter = jitter
        self._on_call = on_call
        self._http = open_http(self._api, transport)
        self.requests = 0

    def close(self) -> None:
        """Let go of the connection and of the limits."""
        self._http.close()
        self._limits.close()

    def address(self, target: str) -> str:
        """The whole address of a path or next link. Raises :class:`WrongAnswer` where it leads to another host.

        Next links are paths from the host on (``/v3/…``), without a host (API guide, pagination).
        """
        ours = urlsplit(self._api)
        try:
            address = urljoin(f"{self._api}/", target)
            theirs = urlsplit(address)
        except ValueError:
            address, theirs = "", urlsplit("")
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise WrongAnswer(_("A link in the answer leads to another host; it was not followed."))
        return address

    def ask(self, request: Request) -> Answer:
        """Make a call, with the retries that it allows. Raises the kinds of :class:`ServiceError`."""
        address = self.address(request.target)
        faults = throttled = 0
        renewed = False
        token = self._tokens.current()
        while True:
            exchange = self._exchange(request, address, token)
            error = self._judge(request, exchange, token)
            if error is None:
                return Answer(exchange.status or 0, exchange.body, exchange.request_id, exchange.milliseconds)
            if isinstance(error, SignInNeeded) and not renewed:
                renewed = True
                token = self._tokens.renewed(token)
            elif isinstance(error, Throttled) and throttled < _THROTTLED_TRIES - 1:
                throttled += 1
                self._back_off(throttled)
            elif isinstance(error, (ServiceFault, Unreachable)) and request.reads_only and faults < _READ_TRIES - 1:
                faults += 1
                self._back_off(faults)
                token = self._tokens.current()
            else:
                raise error

    def _back_off(self, attempt: int) -> None:
        """At least a second, twice as long each time, up to half as much again by chance."""
        seconds = min(2.0 ** (attempt - 1), _LONGEST_BACK_OFF)
        self._clock.wait(seconds * (1.0 + self._jitter() / 2))

    def _exchange(self, request: Request, address: str, token: Secret) -> _Exchange:
        """One try. Every try takes a slot, since the service counts every try."""
        import httpx

        slot = self._limits.reserve(self._connection.client_id)
        self._clock.wait(max(0.0, slot - self._clock.monotonic()))
        self.requests += 1
        status: int | None = None
        body, request_id, failure, not_sent = b"", "", "", False
        departure = _Departure(self._clock)
        started = self._clock.monotonic()
        with ExitStack() as opened:
            # Opened before anything is sent: a body that cannot be read is no failure of the service.
            files = None
            if request.file is not None:
                files = {"file": (request.file[0], opened.enter_context(request.file[1].open("rb")), "text/csv")}
            try:
                response = self._http.send(
                    self._http.build_request(
                        request.method,
                        address,
                        json=request.json,
                        data=request.form,
                        files=files,
                        headers={"Authorization": f"Bearer {token.reveal()}"},
                        timeout=httpx.Timeout(IMPORT_SECONDS if files else READ_SECONDS, connect=CONNECT_SECONDS),
                        extensions={"trace": departure},
                    ),
                    stream=True,
                )
                opened.callback(response.close)
                status, request_id = response.status_code, _request_id(response)
                body = self._read(response)
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                not_sent = surely_not_sent(error)
                # Only what failed before sending is quoted: a protocol error may quote the header it failed on.
                failure = harmless(str(error)) if not_sent else type(error).__name__
        late = departure.moment - slot if departure.moment is not None else 0.0
        if late > _LATE:
            # The answer is in hand: a disk that is full by now must not hide whether the request was carried out.
            with suppress(LimitsUnusable):
                self._limits.delayed(self._connection.client_id, late)
        milliseconds = round((self._clock.monotonic() - started) * 1000)
        return _Exchange(status, body, request_id, milliseconds, failure, not_sent)

    def _read(self, response: httpx.Response) -> bytes:
        """The whole body, within a length and a time: httpx bounds each wait, not their sum."""
        import httpx

        until = self._clock.monotonic() + _WHOLE_ANSWER_SECONDS
        parts, size = [], 0
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > _LARGEST_ANSWER or self._clock.monotonic() > until:
                raise httpx.ReadTimeout("the answer does not end")
        return b"".join(parts)

    def _judge(self, request: Request, exchange: _Exchange, token: Secret) -> ServiceError | None:
        """What an exchange means, after it was told to the log; ``None`` where it is a usable answer."""
        fine = exchange.status is not None and exchange.status < 300
        said = ErrorBody() if fine else parse(exchange.body, (token.reveal(),))
        outcome, error = self._meaning(request, exchange, said)
        path = harmless(urlsplit(self.address(request.target)).path)
        call = Call(request.method, path, exchange.status, exchange.milliseconds, exchange.request_id, outcome)
        try:
            if self._on_call is not None:
                self._on_call(call)
        except (CctuiError, OSError) as problem:
            if request.reads_only or not (error is None or isinstance(error, OutcomeUnknown)):
                raise
            # Carried out, perhaps, while the log failed: whoever hears of the log only would send it again.
            return OutcomeUnknown(str(problem), status=exchange.status, request_id=exchange.request_id)
        return error

    def _meaning(
        self, request: Request, exchange: _Exchange, said: ErrorBody
    ) -> tuple[CallOutcome, ServiceError | None]:
        status, request_id = exchange.status, exchange.request_id
        if exchange.not_sent:
            host = urlsplit(self._api).netloc
            return CallOutcome.UNREACHABLE, Unreachable(host, exchange.failure)
        if status is None or (200 <= status < 300 and exchange.failure):
            return CallOutcome.NO_ANSWER, _unclear(request, exchange, exchange.failure)
        if 200 <= status < 300:
            return CallOutcome.OK, None
        if status == 429:
            return self._too_many(said, request_id)
        if status >= 500 or status == 408:
            return CallOutcome.FAULT, _unclear(request, exchange, said.text)
        if status == 401:
            return CallOutcome.UNAUTHORIZED, SignInNeeded(
                SignInReason.STILL_UNAUTHORIZED, self._connection.id, detail=said.text, request_id=request_id
            )
        if status == 403:
            return CallOutcome.REFUSED, NotAllowed(said.text, request_id)
        if status == 404:
            return CallOutcome.REFUSED, NotThere(said.text, request_id)
        if status < 400:
            detail = _("The address answered with a redirection, which is not followed.")
            return CallOutcome.REFUSED, WrongAnswer(detail, status=status, request_id=request_id)
        return CallOutcome.REFUSED, Refused(status, said.text, request_id, key=said.key)

    def _too_many(self, said: ErrorBody, request_id: str) -> tuple[CallOutcome, ServiceError]:
        kind = too_many(said)
        if kind is TooMany.QUOTA:
            resets_at = self._limits.exhausted(self._connection.client_id)
            return CallOutcome.QUOTA_EXCEEDED, QuotaExceeded(resets_at, request_id)
        if kind is TooMany.QUEUE:
            return CallOutcome.QUEUE_FULL, QueueFull(said.text, request_id)
        return CallOutcome.THROTTLED, Throttled(request_id)


class _Departure:
    """Listens to httpcore for the moment at which a request's first byte left, its connection made if need be."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.moment: float | None = None

    def __call__(self, event: str, _info: Any) -> None:
        if event == "http11.send_request_headers.started":
            self.moment = self._clock.monotonic()


def _unclear(request: Request, exchange: _Exchange, detail: str) -> ServiceError:
    if request.reads_only:
        return ServiceFault(detail, status=exchange.status, request_id=exchange.request_id)
    return OutcomeUnknown(detail, status=exchange.status, request_id=exchange.request_id)


def _request_id(response: httpx.Response) -> str:
    for name in REQUEST_ID_HEADERS:
        if name in response.headers:
            return harmless(response.headers[name], 80)
    return ""
