"""The plain pages of the sign-in: where the user code is typed, and where a decision is taken."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse

from cctui.locales import _, language

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#1f2933}"
    "input[type=text]{font:1.4rem monospace;padding:.4rem;width:12rem;text-transform:uppercase}"
    "button{font:1rem system-ui;padding:.5rem 1.2rem;margin:1rem .5rem 0 0}code{word-break:break-all}"
)


def code_page(user_code: str = "", problem: str = "") -> HTMLResponse:
    """The page at the verification address: type the code, approve or deny."""
    warning = f'<p role="alert"><strong>{escape(problem)}</strong></p>' if problem else ""
    return _page(
        _("Connect an application"),
        f"<p>{escape(_('This is the sandbox, not Constant Contact. Type the code that the application shows.'))}</p>"
        f'{warning}<form method="post"><label>{escape(_("Code"))}<br>'
        f'<input type="text" name="user_code" value="{escape(user_code, quote=True)}" autofocus required></label><br>'
        f"{_buttons()}</form>",
        status=400 if problem else 200,
    )


def consent_page(scope: str, fields: Mapping[str, str]) -> HTMLResponse:
    """The page of the authorize request: approve or deny what the application asks for."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name, quote=True)}" value="{escape(value, quote=True)}">'
        for name, value in fields.items()
    )
    return _page(
        _("Connect an application"),
        f"<p>{escape(_('This is the sandbox, not Constant Contact. An application asks for:'))} "
        f'<code>{escape(scope)}</code></p><form method="post">{hidden}{_buttons()}</form>',
    )


def redirect_page(address: str) -> HTMLResponse:
    """The end of the authorize request: the address that a browser would go to, to be pasted."""
    link = escape(address, quote=True)
    return _page(
        _("Copy this address"),
        f"<p>{escape(_('Paste this address into the application:'))}</p>"
        f'<p><code id="redirect">{link}</code></p><p><a href="{link}">{escape(_("Go there"))}</a></p>',
    )


def end_page(*, approved: bool) -> HTMLResponse:
    """What a person sees after the decision."""
    text = _("The application is connected. You can close this page.") if approved else _("The request was denied.")
    return _page(_("Done"), f"<p>{escape(text)}</p>")


def error_page(problem: str) -> HTMLResponse:
    """A request that cannot go on."""
    return _page(_("This does not work"), f'<p role="alert">{escape(problem)}</p>', status=400)


def _buttons() -> str:
    return (
        f'<button name="decision" value="approve">{escape(_("Approve"))}</button>'
        f'<button name="decision" value="deny">{escape(_("Deny"))}</button>'
    )


def _page(title: str, body: str, *, status: int = 200) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="{language()}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>",
        status,
    )
