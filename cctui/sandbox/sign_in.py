"""The authorization service: device flow (RFC 8628), PKCE (RFC 7636), refresh, and the pages a person sees.

There is no discovery document and no secret, as with the real one (API guide, device flow and PKCE flow).
"""

from __future__ import annotations

import time
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cctui.locales import _
from cctui.sandbox import pages
from cctui.sandbox.faults import Fault, FaultKind
from cctui.sandbox.front import THROTTLED
from cctui.sandbox.lists import is_uuid
from cctui.sandbox.rights import answer, entry_of, record_headers, service_of
from cctui.sandbox.service import Service
from cctui.sandbox.tokens import SCOPES, Issued, SignInFailed

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_BASE = "/oauth2/default/v1"


async def device_authorize(request: Request) -> Response:
    """``POST device/authorize``: a device code and the user code to type; parameters in body or query."""
    service = service_of(request)
    form = await _form(request)
    try:
        _meet_error(request)
        client_id = _known_client(service, form)
        if "device" not in service.settings.flows:
            raise SignInFailed("unauthorized_client", "The client is not authorized to use the device flow.")
        scope = _known_scope(form)
    except SignInFailed as failure:
        return _failed(failure)
    grant = service.tokens.start_device(client_id, scope, service.now(), service.settings)
    page = f"{request.base_url}activate"
    body: dict[str, str | int] = {
        "device_code": grant.device_code,
        "user_code": grant.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?{urlencode({'user_code': grant.user_code})}",
        "expires_in": service.settings.device_expires_in,
    }
    if service.settings.device_interval is not None:
        body["interval"] = service.settings.device_interval
    return answer(body)


async def token(request: Request) -> Response:
    """``POST token``: at most one call a second of a key."""
    service = service_of(request)
    form = await _form(request)
    client_id = form.get("client_id", "")
    if not service.pace.admits_token_call(client_id, time.monotonic(), service.settings.token_rate):
        return answer(THROTTLED, 429)
    try:
        _meet_error(request)
        issued = _granted(service, _known_client(service, form), form)
    except SignInFailed as failure:
        return _failed(failure)
    reply = answer(issued)
    reply.headers["Cache-Control"] = "no-store"
    return reply


async def authorize(request: Request) -> Response:
    """``GET authorize``: a page to approve or deny on; ``POST``: the redirect address, shown to be pasted."""
    service = service_of(request)
    decided = request.method == "POST"
    form = await _form(request)
    redirect_uri = form.get("redirect_uri", "")
    try:
        client_id = _known_client(service, form)
    except SignInFailed as failure:
        return pages.error_page(f"{failure.error}: {failure.description}")
    registered = service.settings.redirect_uris
    if not redirect_uri or (registered is not None and redirect_uri not in registered):
        return pages.error_page(_("The redirect address is not one that the application registered."))
    try:
        if "pkce" not in service.settings.flows:
            raise SignInFailed("unauthorized_client", "The client is not authorized to use the PKCE flow.")
        if form.get("response_type") != "code":
            raise SignInFailed("unsupported_response_type", "The response_type must be code.")
        challenge = form.get("code_challenge", "")
        if not challenge or form.get("code_challenge_method") != "S256":
            raise SignInFailed("invalid_request", "PKCE code challenge with method S256 is required.")
        scope = _known_scope(form)
        if decided and form.get("decision") != "approve":
            raise SignInFailed("access_denied", "The resource owner denied the request.")
    except SignInFailed as failure:
        return _redirected(form, {"error": failure.error, "error_description": failure.description})
    if not decided:
        return pages.consent_page(scope, {name: value for name, value in form.items() if name != "decision"})
    grant = service.tokens.start_code(client_id, redirect_uri, scope, challenge, service.now())
    return _redirected(form, {"code": grant.code})


async def activate(request: Request) -> Response:
    """The verification page: ``GET`` shows it, with the code filled in where the address has it; ``POST`` decides."""
    service = service_of(request)
    form = await _form(request)
    user_code = form.get("user_code", "")
    if request.method == "GET":
        return pages.code_page(user_code)
    grant = service.tokens.device_for(user_code, service.now())
    if grant is None:
        return pages.code_page(user_code, _("This code is not known, or it has expired."))
    approve = form.get("decision", "approve") == "approve"
    service.tokens.decide(grant, approve=approve)
    return pages.end_page(approved=approve)


ROUTES = [
    Route(f"{_BASE}/device/authorize", device_authorize, methods=["POST"]),
    Route(f"{_BASE}/token", token, methods=["POST"]),
    Route(f"{_BASE}/authorize", authorize, methods=["GET", "POST"]),
    Route("/activate", activate, methods=["GET", "POST"]),
]


def _granted(service: Service, client_id: str, form: dict[str, str]) -> Issued:
    now, settings = service.now(), service.settings
    kind = form.get("grant_type", "")
    if kind == DEVICE_GRANT:
        return service.tokens.poll_device(client_id, form.get("device_code", ""), now, settings)
    if kind == "refresh_token":
        return service.tokens.refresh(client_id, form.get("refresh_token", ""), now, settings)
    if kind == "authorization_code":
        return service.tokens.redeem_code(
            client_id,
            form.get("code", ""),
            form.get("redirect_uri", ""),
            form.get("code_verifier", ""),
            now,
            settings,
        )
    raise SignInFailed("unsupported_grant_type", "The grant type is not supported.")


async def _form(request: Request) -> dict[str, str]:
    """Parameters of query and body together; none of their values is logged."""
    body = (await request.body()).decode("utf-8", "replace")
    form = dict(request.query_params) | dict(parse_qsl(body, keep_blank_values=True))
    if service_of(request).settings.record_requests:
        record_headers(request)
        entry_of(request).form = dict.fromkeys(form, "")
    return form


def _known_client(service: Service, form: dict[str, str]) -> str:
    client_id = form.get("client_id", "")
    known = service.settings.client_ids
    if not is_uuid(client_id) or (known is not None and client_id not in known):
        raise SignInFailed("invalid_client", "Invalid value for 'client_id' parameter.")
    return client_id


def _known_scope(form: dict[str, str]) -> str:
    scopes = form.get("scope", "").split()
    if not scopes or set(scopes) - SCOPES:
        raise SignInFailed("invalid_scope", "One or more scopes are not configured for the authorization server.")
    return " ".join(scopes)


def _meet_error(request: Request) -> None:
    fault: Fault | None = request.state.fault
    if fault is not None and fault.kind is FaultKind.SIGN_IN_ERROR:
        raise SignInFailed(fault.error or "server_error", "A fault of the sandbox.")


def _failed(failure: SignInFailed) -> Response:
    status = 401 if failure.error == "invalid_client" else 400
    return answer({"error": failure.error, "error_description": failure.description}, status)


def _redirected(form: dict[str, str], values: dict[str, str]) -> Response:
    address = form["redirect_uri"]
    joined = "&" if "?" in address else "?"
    state = {"state": form["state"]} if "state" in form else {}
    return pages.redirect_page(f"{address}{joined}{urlencode({**values, **state})}")
