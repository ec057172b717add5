"""Keys of operators who share one account over SSH: each key may open cctui as its owner, and nothing else.

A line of ``authorized_keys`` forces the command, so that its bearer gets no shell, no forwarding and no file transfer
(sshd(8), "restrict", "command="). Lines that are not ours are kept as they are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import shlex
import struct
from pathlib import Path
from typing import NamedTuple

from cctui.errors import UsageError
from cctui.host import files
from cctui.locales import _
from cctui.masking import harmless

_KINDS = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
_BEGIN = 'restrict,pty,command="'
_OURS = "cctui:"
"""How the comment of a line of ours begins; the operator's name follows."""


def line_for(name: str, key: str, program: str, root: Path) -> str:
    """The line that lets the bearer of ``key`` open the environment in ``root`` as ``name``, by ``program``.

    ``key`` is the content of a public key file. Raises :class:`UsageError` for a name or key that would not be safe.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            _("{name} cannot be the name of a user with a key.").format(name=f'"{harmless(name, 64)}"'),
            do=_("Use letters, digits, dots, hyphens and underscores."),
        )
    kind, blob = _checked(key)
    if not str(root).isprintable():
        raise UsageError(_("The folder of the environment has a name that no SSH key line can hold."))
    command = shlex.join([program, "--environment", str(root), "--operator", name])
    # sshd takes the backslash away before a double quote and nowhere else (opt_dequote).
    quoted = command.replace('"', '\\"')
    return f'{_BEGIN}{quoted}" {kind} {blob} {comment(name)}'


def add(path: Path, line: str) -> None:
    """Add a line to the file at ``path``, in place of those with the same key or of the same operator. Durable."""
    owner, blob = _owner(line), line.split()[-2]
    kept = [one for one in _lines(path) if _owner(one) != owner and blob not in one.split()]
    _save(path, [*kept, line])


def fingerprint(line: str) -> str:
    """The key of a line of ours as ``ssh-keygen -l`` names it."""
    digest = hashlib.sha256(base64.b64decode(line.split()[-2])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def remove(path: Path, name: str, root: Path) -> bool:
    """Take away the lines that open the environment in ``root`` for ``name``; returns whether there was one."""
    lines = _lines(path)
    kept = [one for one in lines if _owner(one) != _Owner(name, os.path.realpath(root))]
    if len(kept) == len(lines):
        return False
    _save(path, kept)
    return True


def names(path: Path, root: Path) -> set[str]:
    """The operators who have a key to the environment in ``root``."""
    folder = os.path.realpath(root)
    return {owner.name for one in _lines(path) if (owner := _owner(one)) is not None and owner.folder == folder}


def comment(name: str) -> str:
    """How a line of ours for ``name`` ends."""
    return f"{_OURS}{name}"


def default_path() -> Path:
    """The file of the account that we are."""
    return Path.home() / ".ssh" / "authorized_keys"


def _checked(key: str) -> tuple[str, str]:
    words = key.split()
    kind, blob = (words[0], words[1]) if len(words) >= 2 else ("", "")
    try:
        raw = base64.b64decode(blob, validate=True)
        (length,) = struct.unpack(">I", raw[:4])
        inside = raw[4 : 4 + length].decode("ascii")
    except (binascii.Error, struct.error, UnicodeDecodeError, ValueError):
        inside = ""
    if kind not in _KINDS or inside != kind or len(key.strip().splitlines()) != 1:
        raise UsageError(
            _("This is not a public SSH key."),
            do=_("Give the content of a .pub file, one line that begins with ssh-ed25519, ecdsa or ssh-rsa."),
        )
    return kind, blob


class _Owner(NamedTuple):
    """Whom a line of ours lets in, and to which environment."""

    name: str
    folder: str


def _owner(line: str) -> _Owner | None:
    """The owner of a line that :func:`line_for` wrote; ``None`` for every other line, those changed by hand too."""
    before, _quote, after = line.rpartition('" ')
    comment = after.split()[-1:]
    if not before.startswith(_BEGIN) or not comment or not comment[0].startswith(_OURS):
        return None
    name = comment[0].removeprefix(_OURS)
    try:
        command = shlex.split(before.removeprefix(_BEGIN).replace('\\"', '"'))
    except ValueError:
        return None
    if len(command) != 5 or [command[1], *command[3:]] != ["--environment", "--operator", name]:
        return None
    return _Owner(name, os.path.realpath(command[2]))


def _lines(path: Path) -> list[str]:
    """The lines as they are: whatever bytes other people wrote there go back as they came."""
    try:
        content = path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return []
    return content.removesuffix("\n").split("\n") if content else []


def _save(path: Path, lines: list[str]) -> None:
    files.private_folder(path.parent)
    files.save(path, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"), mode=0o600)
