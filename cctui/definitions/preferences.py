"""What an operator has chosen for themselves in an environment: so far, the language.

It lies in the state folder, one small file for each operator, because it is nobody else's business and no definition.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from cctui.host import files
from cctui.locales import LANGUAGES

if TYPE_CHECKING:
    from cctui.definitions.environment import Environment
    from cctui.definitions.model import LanguageCode


def language_of(state_folder: Path, operator: str) -> LanguageCode | None:
    """The language that ``operator`` has chosen here; ``None`` where they take the environment's."""
    try:
        chosen = _path(state_folder, operator).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return chosen if chosen in LANGUAGES else None  # type: ignore[return-value]


def choose_language(environment: Environment, operator: str, language: LanguageCode | None) -> None:
    """Keep the operator's language from now on; ``None`` goes back to the environment's. Raises :class:`OSError`."""
    path = _path(environment.state_folder, operator)
    if language is None:
        path.unlink(missing_ok=True)
        return
    files.private_folder(environment.state_folder)
    files.save(path, language.encode("ascii"), mode=0o600)


def _path(state_folder: Path, operator: str) -> Path:
    # A login name may hold characters that no file name may.
    name = hashlib.blake2b(operator.encode(), digest_size=8).hexdigest()
    return state_folder / f"language-{name}"
