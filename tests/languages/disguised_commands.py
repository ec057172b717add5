"""Call commands in disguise and print what each says, as JSON: started anew, because help is made on import."""

from __future__ import annotations

import contextlib
import gettext
import io
import json
import sys
from collections.abc import Iterator

from disguise import Disguise

from cctui import cli, locales


def outputs(calls: list[list[str]]) -> Iterator[tuple[str, str]]:
    """Each call with everything that it printed."""
    for words in calls:
        told = io.StringIO()
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            cli.main(words)
        yield " ".join(words), told.getvalue()


def main() -> None:
    """Read the calls from standard input."""
    disguise = Disguise()
    # Greek dates and numbers: their letters are no plain ones either.
    locales._Current.language = "el"
    locales._Current.translations = disguise
    locales.use = lambda _language: None  # type: ignore[assignment]
    gettext.dgettext = lambda _domain, message: disguise.gettext(message)  # type: ignore[assignment]
    gettext.dngettext = lambda _domain, one, many, n: disguise.ngettext(one, many, n)  # type: ignore[assignment]
    print(json.dumps(dict(outputs(json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
