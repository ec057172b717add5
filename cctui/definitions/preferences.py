"""What an operator has chosen for themselves in an environment: a language, colours, the terminal's bell, its title."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from cctui.definitions.environment import Environment
from cctui.definitions.model import LanguageCode
from cctui.errors import CctuiError
from cctui.host import files
from cctui.locales import _


class Preferences(Struct, frozen=True, omit_defaults=True):
    """``bell`` rings when a run ends; ``title`` says in the terminal's title what goes on and how it ended.

    Without a ``language`` the environment's is theirs; without a ``theme`` the terminal decides. The face knows the
    names of themes, and passes over one that it does not know.
    """

    bell: bool = False
    title: bool = False
    language: LanguageCode | None = None
    theme: str | None = None

    def switched(self, name: str) -> Preferences:
        """The same with one choice, by the name of its field, turned over."""
        return structs.replace(self, **{name: not getattr(self, name)})


def read(environment: Environment, operator: str) -> Preferences:
    """What ``operator`` has chosen; nothing where that was never written or cannot be read."""
    try:
        return msgspec.json.decode(_path(environment, operator).read_bytes(), type=Preferences)
    except (OSError, msgspec.MsgspecError):
        return Preferences()


def version(environment: Environment, operator: str) -> str:
    """A short text that changes when ``operator`` chooses something else, here or in another process."""
    try:
        facts = _path(environment, operator).stat()
    except OSError:
        return ""
    return f"{facts.st_mtime_ns} {facts.st_size} {facts.st_ino}"


def write(environment: Environment, operator: str, preferences: Preferences) -> None:
    """Keep a choice. Raises :class:`CctuiError`."""
    path = _path(environment, operator)
    try:
        files.private_folder(path.parent)
        files.save(path, msgspec.json.encode(preferences), mode=0o600)
    except OSError as problem:
        raise CctuiError(
            _("The choice could not be kept in {folder}.").format(folder=path.parent), why=problem.strerror or ""
        ) from problem


def _path(environment: Environment, operator: str) -> Path:
    # A login name may hold characters that no file name may.
    name = hashlib.blake2b(operator.encode(), digest_size=8).hexdigest()
    return environment.state_folder / f"preferences-{name}"
