"""In which language the command line speaks, its parser included.

Asked for (``--language``), else the operator's own choice, else the environment's, else that of the locale.
"""

from __future__ import annotations

import gettext
import os
import tomllib
from pathlib import Path

from cctui import locales
from cctui.locales import N_, nN_

PARSER_WORDS = (
    N_("Usage:"),
    N_("Options"),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("default: {default}"),
    N_("required"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Choose from:\n\t{choices}"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is not readable."),
    N_("{name} {filename!r} is not writable."),
    N_("file"),
    N_("directory"),
    N_("path"),
    N_("Error: invalid input"),
)
"""What click says by itself, for the catalogs: it looks its words up in the process's own gettext domain."""

PARSER_PLURALS = (
    nN_("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    nN_("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    nN_("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    nN_("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
)
"""The same, where it depends on a number."""


def speak(language: str) -> None:
    """Speak ``language`` from now on, click too."""
    locales.use(language)
    gettext.bindtextdomain(locales.DOMAIN, str(locales.FOLDER))
    gettext.textdomain(locales.DOMAIN)
    # Only in this process: what is started from here is told its environment and reads the language there.
    os.environ["LANGUAGE"] = language.replace("-", "_")


def spoken(folder: Path, operator: str | None, asked: str | None = None) -> str:
    """The language for ``operator`` (``None``: whoever owns the process) of the environment in ``folder``."""
    if asked is not None:
        return asked
    from cctui.access.operators import account
    from cctui.definitions import preferences
    from cctui.definitions.environment import Environment

    own = preferences.read(Environment(folder), operator or account()).language
    return own or declared(folder) or locales.from_locale()


def declared(folder: Path) -> str | None:
    """The language that ``environment.toml`` names; a file that does not fit is reported elsewhere."""
    try:
        with (folder / "environment.toml").open("rb") as file:
            named = tomllib.load(file)["environment"]["language"]
    except (OSError, KeyError, TypeError, ValueError):
        return None
    return named if named in locales.LANGUAGES else None
