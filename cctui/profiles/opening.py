"""The source of profiles that an environment declares, opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cctui.definitions.model import ProfilesSection, SegmentDefinition, SourceKind
from cctui.locales import _
from cctui.profiles.files import FilesSource
from cctui.profiles.folder import FolderSource
from cctui.profiles.source import Source, SourceError


def open_source(root: Path, section: ProfilesSection | None, segments: Sequence[SegmentDefinition]) -> Source:
    """The source that ``section`` of the environment in ``root`` declares. Raises :class:`SourceError`.

    Nothing is read yet; a path is relative to ``root``.
    """
    if section is None:
        raise SourceError(
            _("This environment does not say where its profiles are."),
            do=_("Add [profiles] with kind and path to environment.toml."),
        )
    if section.kind is SourceKind.FOLDER:
        return FolderSource(root, section, segments)
    if section.kind is SourceKind.FILES:
        return FilesSource(root, section, segments)
    raise SourceError(
        _("Profiles of kind {kind} cannot be read yet.").format(kind=section.kind.value),
        do=_("Use “folder” or “files” as kind in environment.toml."),
    )
