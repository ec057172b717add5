"""Constant Contact's V3 API: client, sign-in, tokens, limits and errors."""

import sys

# httpx loads its own command line, and with it Pygments and half of Rich, wherever those are installed: as long again
# as httpx itself takes. ``None`` says that there is none, which httpx is prepared for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
