"""TOML files of definitions: reading one into its Struct, and what its bytes become when the definition changes.

A file that does not fit is never guessed at: :class:`DefinitionError` names file, line, key, what was found and what
is allowed. Which file is read or written, and when, is the business of :mod:`cctui.definitions.environment`.
"""

from __future__ import annotations

import codecs
import difflib
import hashlib
import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from cctui.definitions.list_ids import list_id_from
from cctui.definitions.model import ConnectionDefinition, ExportDefinition
from cctui.definitions.outline import outline
from cctui.definitions.rules import broken_rules
from cctui.definitions.shape import Finding, key_name, misfits
from cctui.errors import CctuiError, ExitCode
from cctui.locales import _, ngettext, number
from cctui.masking import harmless

D = TypeVar("D", bound=Struct)

LARGEST_FILE = 1_000_000
"""Bytes; a definition of that size is some other file."""

_PLACE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")


class DefinitionError(CctuiError):
    """A definition does not fit. ``line`` counts from 1; ``key`` is dotted, with list entries from 0."""

    exit_code = ExitCode.WRONG_USAGE

    def __init__(self, path: Path, line: int | None, key: str, what: str, *, why: str = "", do: str = "") -> None:
        place = file_name(path)
        if line is not None:
            place = _("{file}, line {line}").format(file=place, line=line)
        super().__init__(_("{place}: {what}").format(place=place, what=what), why=why, do=do)
        self.path = path
        self.line = line
        self.key = key


class ChangedElsewhere(CctuiError):
    """The file is no longer what it was when the operator opened it; nothing was written.

    ``theirs`` is the text of the file now, empty where it is gone, and ``fingerprint`` its fingerprint (``None`` where
    it is gone) to save over it all the same; ``mine`` is what the file would become by that.
    """

    def __init__(self, path: Path, theirs: str, fingerprint: str | None, mine: str) -> None:
        super().__init__(
            _("{file} was changed elsewhere since you opened it.").format(file=file_name(path)),
            do=_("Nothing was saved. Look at the difference, then keep theirs or yours."),
        )
        self.path = path
        self.theirs = theirs
        self.fingerprint = fingerprint
        self.mine = mine

    def difference(self) -> list[str]:
        """The lines of a unified comparison of their text with ours."""
        return list(
            difflib.unified_diff(self.theirs.splitlines(), self.mine.splitlines(), _("theirs"), _("mine"), lineterm="")
        )


def file_name(path: Path) -> str:
    """The file as messages name it: with its folder inside the environment, without the way there."""
    inside = f"{path.parent.name}/{path.name}" if path.parent.name in {"connections", "exports"} else path.name
    return harmless(inside)


def fingerprint(data: bytes) -> str:
    """What tells two contents of a file apart: SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def text_of(data: bytes) -> str:
    """The text in ``data`` for people to look at, whatever is in it."""
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")


def parse(data: bytes, path: Path, kind: type[D]) -> D:
    """The definition in ``data``, the content of the file ``path``.

    List ids come in lower case and moments in UTC, however they are written. Raises :class:`DefinitionError`.
    """
    return _parse(data, path, kind, path.stem)


def parse_export(text: str) -> ExportDefinition:
    """An export that has no file yet. Raises :class:`DefinitionError`."""
    return _parse(text.encode("utf-8", "replace"), Path(_("the text")), ExportDefinition, None)


def require_sound(definition: Struct, path: Path) -> None:
    """Return where ``definition`` may be written to ``path``. Raises :class:`DefinitionError`."""
    found = misfits(_plain(definition), type(definition)) or broken_rules(definition, path.stem)
    if found:
        raise _error(path, found, lines=None)


def written(definition: Struct, path: Path, data: bytes | None) -> bytes:
    """What the file ``path`` becomes with ``definition`` in it: its content ``data`` changed where it differs.

    ``None`` makes a new file. Raises :class:`DefinitionError`, also where ``data`` does not fit.
    """
    from cctui.definitions import toml_edits

    if data is None:
        return toml_edits.written(definition).encode()
    old = parse(data, path, type(definition))
    if old == definition:
        return data
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    text = toml_edits.edited(data.removeprefix(mark).decode(), old, definition)
    changed = mark + text.encode()
    if not _says(changed, path, definition):
        raise DefinitionError(
            path,
            None,
            "",
            _("This file is written in a way that cannot be changed here."),
            do=_("Change it in an editor, or write its tables in the usual form."),
        )
    return changed


def _says(data: bytes, path: Path, definition: Struct) -> bool:
    try:
        return parse(data, path, type(definition)) == definition
    except DefinitionError:
        return False


def _parse(data: bytes, path: Path, kind: type[D], file_id: str | None) -> D:
    if len(data) > LARGEST_FILE:
        raise DefinitionError(
            path, None, "", _("The file is too large for a definition."), do=_("Is it another file by mistake?")
        )
    raw, text = _table(data, path)
    found = misfits(raw, kind)
    if not found:
        definition = msgspec.convert(raw, kind, strict=True)
        found = broken_rules(definition, file_id)
        if not found:
            return _normal(definition)
    raise _error(path, found, _lines(text))


def _table(data: bytes, path: Path) -> tuple[dict[str, Any], str]:
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as problem:
        raise DefinitionError(
            path,
            data.count(b"\n", 0, problem.start) + 1,
            "",
            _("The file is not in UTF-8."),
            do=_("Save it as UTF-8 in your editor."),
        ) from None
    try:
        return tomllib.loads(text), text
    except RecursionError:
        raise DefinitionError(path, None, "", _("Lists or tables are nested too deeply.")) from None
    except ValueError as problem:
        raise _syntax_error(path, text, str(problem)) from None


def _syntax_error(path: Path, text: str, message: str) -> DefinitionError:
    lines = text.splitlines() or [""]
    place = _PLACE.search(message)
    line = int(place["line"]) if place and place["line"] else len(lines) if place else None
    found = harmless(lines[line - 1], 60) if line is not None and line <= len(lines) else ""
    return DefinitionError(
        path,
        line,
        "",
        _("This is not valid TOML ({reason}).").format(reason=harmless(_PLACE.sub("", message))),
        why=_("Found: {found}.").format(found=found) if found else "",
        do=_("Mend the line in an editor; until then this definition is not used."),
    )


def _error(path: Path, findings: Sequence[Finding], lines: dict[Any, int] | None) -> DefinitionError:
    """The first of ``findings`` as the file has them, and how many more there are."""
    first = min(findings, key=lambda finding: _line(finding, lines) or LARGEST_FILE)
    key = key_name(first.where)
    what = first.what if key in first.what else _("{key}: {what}").format(key=key, what=first.what)
    why = _("Found: {found}.").format(found=first.found) if first.found else ""
    if len(findings) > 1:
        more = ngettext("One more thing does not fit.", "{count} more things do not fit.", len(findings) - 1)
        why = f"{why} {more.format(count=number(len(findings) - 1))}".strip()
    do = _("Allowed: {allowed}.").format(allowed=first.allowed) if first.allowed else first.advice
    return DefinitionError(path, _line(first, lines), key, what, why=why, do=do)


def _line(finding: Finding, lines: dict[Any, int] | None) -> int | None:
    """The line of the key that does not fit, or of the table around it."""
    return next(
        (
            lines[finding.where[:length]]
            for length in range(len(finding.where), 0, -1)
            if lines and finding.where[:length] in lines
        ),
        None,
    )


def _lines(text: str) -> dict[Any, int] | None:
    try:
        return outline(text).lines
    except RecursionError:
        return None


def _normal(definition: D) -> D:
    match definition:
        case ExportDefinition():
            return structs.replace(definition, list_id=list_id_from(definition.list_id))
        case ConnectionDefinition(consent=consent):
            if consent is not None:
                consent = structs.replace(consent, accepted_at=consent.accepted_at.astimezone(UTC))
            return structs.replace(definition, created_at=definition.created_at.astimezone(UTC), consent=consent)
    return definition


def _plain(value: Any) -> Any:
    """``value`` in the types that :mod:`tomllib` reads, without what is absent."""
    return _without_absent(msgspec.to_builtins(value, builtin_types=(datetime,)))


def _without_absent(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_absent(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_without_absent(part) for part in value]
    return value
