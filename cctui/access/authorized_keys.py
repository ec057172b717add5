"""Keys of operators who share one account over SSH: each key may open cctui as its owner, and nothing else.

A line of ``authorized_keys`` forces the command, so that its bearer gets no shell, no forwarding and no file transfer
(sshd(8), "restrict", "command="). Lines that are not ours are kept as they are.
"""

from __future__ import annotations

import base64
import binascii
import re
import shlex
import struct
from pathlib import Path

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
    return f'restrict,pty,command="{quoted}" {kind} {blob} {_OURS}{name}'


def add(path: Path, line: str) -> None:
    """Add a line to the file at ``path``, in place of others with the same key or the same name. Durable."""
    name, blob = line.rpartition(_OURS)[2], line.split()[-2]
    kept = [one for one in _lines(path) if not _is_of(one, name) and blob not in one.split()]
    _save(path, [*kept, line])


def remove(path: Path, name: str) -> bool:
    """Take the lines of ``name`` away; returns whether there was one."""
    lines = _lines(path)
    kept = [one for one in lines if not _is_of(one, name)]
    if len(kept) == len(lines):
        return False
    _save(path, kept)
    return True


def names(path: Path) -> set[str]:
    """The operators who have a key."""
    return {one.split()[-1].removeprefix(_OURS) for one in _lines(path) if _ours(one)}


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


def _is_of(line: str, name: str) -> bool:
    return _ours(line) and line.split()[-1] == f"{_OURS}{name}"


def _ours(line: str) -> bool:
    words = line.split()
    return bool(words) and line.startswith("restrict,pty,command=") and words[-1].startswith(_OURS)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _save(path: Path, lines: list[str]) -> None:
    files.private_folder(path.parent)
    files.save(path, "".join(f"{line}\n" for line in lines).encode(), mode=0o600)
