"""The one place that keeps secrets and people out of what the program shows and writes.

Log lines, errors, reports, crash reports and screenshots pass through here. :func:`mask` hides e-mail addresses and
secrets in a text; :func:`harmless` also takes away what could drive a terminal or reorder a line.
"""

from __future__ import annotations

import re
import unicodedata

# Everything up to the last blank before the at sign goes: a local part may hold quotes, commas and equals signs.
_ADDRESS = re.compile(r"(?P<lead>[\"'<(\[{,;:=]*)(?P<first>[^\s@])[^\s@]*@(?P<domain>[^\s@\"'<>(),;:=]+)")
_JWT = re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}")
_NAMED_SECRET = re.compile(
    r"(?i)(\b(?:access_token|refresh_token|device_code|client_secret|code_verifier|authorization|bearer|code)\b"
    r"[\"']?\s*[:=]?\s*[\"']?(?:bearer\s+)?)([\w.~+/-]{12,}=*)"
)
HIDDEN = "***"


def mask_email(address: str) -> str:
    """``m…@contoso.com`` for ``mette@contoso.com``; a value without an at sign keeps its first character only."""
    local, at, domain = address.strip().rpartition("@")
    if not at:
        return f"{address.strip()[:1]}…" if address.strip() else ""
    return f"{local[:1]}…@{domain}"


def mask(text: str) -> str:
    """``text`` with every e-mail address shortened to its first letter and domain, and every token hidden."""
    text = _JWT.sub(HIDDEN, text)
    text = _NAMED_SECRET.sub(rf"\1{HIDDEN}", text)
    return _ADDRESS.sub(r"\g<lead>\g<first>…@\g<domain>", text)


def printable(text: str, limit: int = 200) -> str:
    """``text`` on one line without control and reordering characters, cut to ``limit`` characters.

    Escape sequences, bidirectional overrides and line breaks in names or error bodies cannot reach the terminal.
    """
    if text.isprintable():  # nearly always, and a search through a log asks for every line
        line = " ".join(text.split())
        return line if len(line) <= limit else line[: limit - 1] + "…"
    kept = (
        " " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char
        for char in text
        if unicodedata.category(char) not in {"Cf", "Cs", "Co", "Cn"} or char in "\u200c\u200d"
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def harmless(text: str, limit: int = 200) -> str:
    """Outside text made fit for a log line, an error or a screen: masked, printable, one line."""
    return mask(printable(text, limit))
