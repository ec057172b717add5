"""Which files on this disk hold an entity: the partitions of the model, or those of the newest complete run folder.

The exporter writes every run to a folder of its own, ``<Entity>/<yyyy>/<MM>/<dd>/<HHmm>/<Entity>_<n>.csv``, and
leaves the earlier ones. Files of two runs are never read together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from cctui.locales import _
from cctui.masking import printable
from cctui.profiles.model_json import FormatSettings, ModelEntity, Partition
from cctui.profiles.source import SourceError
from cctui.profiles.text_files import shown, unreadable

_RUN = re.compile(r"(\d{4})/(\d{2})/(\d{2})/(\d{2})(\d{2})")
_EXPORT = re.compile(r"CustomerInsights_.+", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class Part(Struct, frozen=True):
    """A file of an entity and how it is written."""

    path: Path
    settings: FormatSettings


class Run(Struct, frozen=True):
    """The files of one run of an entity, in their order, and when it was refreshed."""

    parts: list[Part]
    refreshed: datetime | None


def locate(base: Path, entity: ModelEntity) -> Run:
    """The files of ``entity`` below ``base``, the folder of the model; each exists. Raises :class:`SourceError`."""
    partitions = entity.partitions or []
    placed = [(partition, _mapped(base, entity.name, partition)) for partition in partitions]
    if placed and all(path is not None for _partition, path in placed):
        return _of_model(base, [(partition, path) for partition, path in placed if path is not None])
    return _newest(base, entity, partitions)


def _of_model(base: Path, placed: Sequence[tuple[Partition, Path]]) -> Run:
    """The partitions of the model; of several runs the newest, missing files are an error."""
    newest = max(path.parent for _partition, path in placed)
    chosen = [(partition, path) for partition, path in placed if path.parent == newest]
    for _partition, path in chosen:
        if not path.is_file():
            raise SourceError(
                _("The partition {file} is missing.").format(file=shown(path)),
                why=_("{file} names it, but it is not in its place.").format(file="model.json"),
                do=_("Wait until the export has finished, or copy the whole export again."),
            )
        _inside(base, path)
    times = [partition.refreshed for partition, _path in chosen]
    refreshed = max((moment for moment in times if moment), default=None) or _run_time(newest)
    return Run(
        [Part(path, partition.file_format_settings or FormatSettings()) for partition, path in chosen], refreshed
    )


def _mapped(base: Path, entity: str, partition: Partition) -> Path | None:
    """Where the location of a partition lies below ``base``; ``None`` where that cannot be told.

    The location is the exporter's full address. What follows the folder of the export counts, else what follows the
    entity's name; a location without a scheme is relative to the model. A signature in the address is not looked at.
    """
    location = partition.location or ""
    remote = bool(_ABSOLUTE.match(location))
    names = [name for name in unquote(_path_of(location) if remote else location).split("/") if name]
    if not names:
        return None
    tail: list[str] = []
    for position, name in enumerate(names):
        if _EXPORT.fullmatch(name) and remote:
            tail = names[position + 2 :]
            break
    if not tail and entity in names[:-1]:
        tail = names[len(names) - 1 - names[::-1].index(entity, 1) :]
    if not tail and not remote and not location.startswith("/"):
        tail = names
    if not tail:
        return None
    if any(name in {".", ".."} or "\\" in name or "\0" in name for name in names):
        raise SourceError(
            _("A partition of {entity} leads out of the folder of the export.").format(entity=printable(entity)),
            why=printable("/".join(names)),
            do=_("Do not use this export; ask where it comes from."),
        )
    return base.joinpath(*tail)


def _path_of(address: str) -> str:
    """The path in an address, nothing where it is no address."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _newest(base: Path, entity: ModelEntity, partitions: Sequence[Partition]) -> Run:
    """The newest run folder that is complete, for models whose locations say nothing about this disk."""
    settings = next((part.file_format_settings for part in partitions if part.file_format_settings), FormatSettings())
    expected = {PurePosixPath(_path_of(part.location or "")).name for part in partitions} - {""}
    home = base / entity.name
    if {".", "..", ""} & {entity.name} or "/" in entity.name or "\0" in entity.name:
        raise SourceError(
            _("{name} is no name of an entity.").format(name=printable(entity.name)),
            do=_("Do not use this export; ask where it comes from."),
        )
    try:
        runs = sorted(home.glob("[0-9]*/[0-9]*/[0-9]*/[0-9]*"), reverse=True)
        runs = [run for run in runs if run.is_dir() and _RUN.fullmatch(run.relative_to(home).as_posix())]
        for run in runs:
            files = _complete(run, entity.name, expected)
            if files:
                for path in files:
                    _inside(base, path)
                times = [part.refreshed for part in partitions if part.refreshed] if expected else []
                return Run([Part(path, settings) for path in files], max(times, default=_run_time(run)))
    except OSError as error:
        raise unreadable(home, error) from None
    raise SourceError(
        _("There are no partitions of {entity} yet.").format(entity=printable(entity.name)),
        why=_("The run folder {folder} is not complete.").format(folder=shown(runs[0]))
        if runs
        else _("The model names none and there is no run folder in {folder}.").format(folder=shown(home)),
        do=_("Wait until the export has finished, or copy the whole export again."),
    )


def _complete(run: Path, entity: str, expected: set[str]) -> list[Path]:
    """The partitions in ``run`` in their order; empty where one is missing, empty or still being written."""
    name = re.compile(re.escape(entity) + r"_([^/]+?)\.csv(\.gz)?", re.IGNORECASE)
    inside = sorted(path for path in run.iterdir() if not path.name.startswith("."))
    files = {path: found[1] for path in inside if (found := name.fullmatch(path.name)) and path.is_file()}
    unfinished = any(path.name.startswith(entity) and path not in files for path in inside)
    if not files or unfinished or not expected <= {path.name for path in files}:
        return []
    if any(not path.stat().st_size for path in files) and len(files) > 1:
        return []
    if all(number.isdecimal() for number in files.values()):
        numbers = sorted(int(number) for number in files.values())
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] > 1:
            return []
        return sorted(files, key=lambda path: int(files[path]))
    return list(files)


def _inside(base: Path, path: Path) -> None:
    if not path.resolve().is_relative_to(base.resolve()):
        raise SourceError(
            _("{file} is a link that leads out of the folder of the export.").format(file=shown(path)),
            do=_("Put the file itself in its place."),
        )


def _run_time(run: Path) -> datetime | None:
    """The time in the name of a run folder, taken as UTC (which zone it is, is not documented)."""
    found = _RUN.search("/".join(run.parts[-4:]))
    try:
        return datetime(*map(int, found.groups()), tzinfo=UTC) if found else None  # type: ignore[arg-type, misc]
    except ValueError:
        return None
