"""``model.json``: what a storage export of Customer Insights says about its entities.

The format is the Common Data Model's; only what a reader of profiles needs is taken, everything else is let be.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from cctui.locales import _
from cctui.masking import harmless
from cctui.profiles.source import Attribute, SourceError
from cctui.profiles.text_files import Dialect, shown, unreadable

MODEL_FILE = "model.json"
_DEPTH = 4
"""How far below the chosen folder the model is looked for: container, instance, export."""


class FormatSettings(Struct, frozen=True, rename="camel"):
    """``fileFormatSettings`` of a partition; booleans are found as text too."""

    column_headers: bool | str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    quote_style: str | None = None

    @property
    def header(self) -> bool | None:
        """Whether the first record is a header, ``None`` where the model does not say."""
        if isinstance(self.column_headers, str):
            return {"true": True, "false": False}.get(self.column_headers.strip().lower())
        return self.column_headers

    @property
    def dialect(self) -> Dialect:
        """How the values are written, with the Common Data Model's defaults."""
        marks = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
        delimiter = self.delimiter or ","
        return Dialect(
            delimiter=marks.get(delimiter.lower(), delimiter),
            quoted=not (self.quote_style or "").lower().endswith("none"),
            encoding=self.encoding or "utf-8",
        )


class Partition(Struct, frozen=True, rename="camel"):
    """One data file: where the exporter put it, and when."""

    name: str = ""
    location: str | None = None
    refresh_time: str | None = None
    file_format_settings: FormatSettings | None = None

    @property
    def refreshed(self) -> datetime | None:
        """``refreshTime``, aware; ``None`` where it is missing or no time."""
        try:
            moment = datetime.fromisoformat(self.refresh_time or "")
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Annotation(Struct, frozen=True):
    """A note on an attribute."""

    name: str = ""
    value: Any = None


class ModelAttribute(Struct, frozen=True, rename="camel"):
    """A column, in the order of the file."""

    name: str
    data_type: str | None = None
    semantic_type: str | None = None
    annotations: list[Annotation] | None = None

    def attribute(self) -> Attribute:
        """The column as a field of the profile."""
        meaning = self.semantic_type or next(
            (
                str(note.value)
                for note in self.annotations or []
                if note.name.rpartition(":")[2].replace("_", "").lower() == "semantictype" and note.value
            ),
            "",
        )
        meaning = meaning.lower()
        return Attribute(self.name, self.data_type or "string", "email" if "email" in meaning else meaning)


class ModelEntity(Struct, frozen=True):
    """A table of the export."""

    name: str
    kind: str = field(name="$type", default="LocalEntity")
    attributes: list[ModelAttribute] = field(default_factory=list)
    partitions: list[Partition] | None = None


class Model(Struct, frozen=True):
    """The whole of ``model.json``."""

    entities: list[ModelEntity]


def find(folder: Path) -> Path:
    """The one ``model.json`` at or below ``folder``. Raises :class:`SourceError`."""
    if not folder.is_dir():
        raise SourceError(
            _("The folder {folder} with the profiles is missing.").format(folder=shown(folder)),
            do=_("Copy the storage export there, or correct path in environment.toml."),
        )
    try:
        found = sorted(_below(folder, _DEPTH))
    except OSError as error:
        raise unreadable(Path(error.filename or folder), error) from None
    if not found:
        raise SourceError(
            _("There is no {file} at or below {folder}.").format(file=MODEL_FILE, folder=shown(folder)),
            why=_("The export writes it last, so it may not have finished."),
            do=_("Wait until the export has finished, or choose the folder of the export."),
        )
    if len(found) > 1 and found[0].parent != folder:
        raise SourceError(
            _("There are {count} exports below {folder}.").format(count=len(found), folder=shown(folder)),
            why=", ".join(shown(path.parent.relative_to(folder)) for path in found[:5]),
            do=_("Choose the folder of one of them as path in environment.toml."),
        )
    return found[0]


def read(path: Path) -> Model:
    """The model in ``path``. Raises :class:`SourceError`."""
    try:
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise unreadable(path, error) from None
    try:
        return msgspec.json.decode(data, type=Model)
    except msgspec.ValidationError as error:
        raise SourceError(
            _("{file} is not the model of an export.").format(file=shown(path)),
            why=harmless(str(error)),
            do=_("Export again, or choose the folder of a storage export."),
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise SourceError(
            _("{file} is not complete.").format(file=shown(path)),
            why=_("It is not whole JSON: still being written, or cut when it was copied."),
            do=_("Wait until the export has finished, or copy the file again."),
        ) from None


def _below(folder: Path, depth: int) -> Iterator[Path]:
    """Models at or below ``folder``; below a model there is no other."""
    with os.scandir(folder) as entries:
        inside = list(entries)
    if any(entry.name == MODEL_FILE for entry in inside):
        yield folder / MODEL_FILE
        return
    for entry in inside:
        if depth and entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from _below(Path(entry.path), depth - 1)
