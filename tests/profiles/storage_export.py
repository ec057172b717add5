"""A storage export as Customer Insights leaves it, made by hand and small."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cctui.definitions.model import ProfilesSection, SegmentDefinition, SourceKind
from cctui.profiles.opening import open_source
from cctui.profiles.source import SegmentName, Source

ADDRESS = "https://account.blob.core.windows.net/container/"
NAMES = ("CustomerId", "FirstName", "EMail")
RUN = "2021/10/08/1433"


class Export:
    """An export folder under construction; ``source()`` opens what is there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "profiles" / "CustomerInsights_1f" / "BlobExport"
        self.folder.mkdir(parents=True)
        self.entities: list[dict[str, Any]] = []

    def file(self, entity: str, data: bytes, *, number: int = 1, run: str = RUN) -> Path:
        """Write a partition as the bytes it holds."""
        path = self.folder / entity / run / f"{entity}_{number}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def partition(self, entity: str, *, number: int = 1, run: str = RUN, **settings: Any) -> dict[str, Any]:
        """What the model says of a partition."""
        location = f"{ADDRESS}CustomerInsights_1f/BlobExport/{entity}/{run}/{entity}_{number}.csv"
        return {
            "name": f"{entity}_{number}",
            "refreshTime": "2021-10-08T14:35:00Z",
            "location": location,
            "fileFormatSettings": {"$type": "CsvFormatSettings", **settings},
        }

    def entity(
        self, name: str, partitions: Sequence[Mapping[str, Any]] = (), attributes: Sequence[str] = NAMES
    ) -> dict[str, Any]:
        """Add an entity to the model."""
        entity = {
            "$type": "LocalEntity",
            "name": name,
            "attributes": [{"name": attribute, "dataType": "string"} for attribute in attributes],
            "partitions": list(partitions),
        }
        self.entities.append(entity)
        return entity

    def model(self) -> Path:
        """Write ``model.json``."""
        path = self.folder / "model.json"
        path.write_text(json.dumps({"name": "BlobExport", "version": "1.0", "entities": self.entities}))
        return path

    def segment(self, name: str, data: bytes, **settings: Any) -> Path:
        """A whole segment of one partition, with the model."""
        path = self.file(name, data)
        self.entity(name, [self.partition(name, **settings)])
        self.model()
        return path

    def source(self, *facts: SegmentDefinition, path: str = "profiles", id_field: str = "CustomerId") -> Source:
        """The export as the program sees it."""
        section = ProfilesSection(kind=SourceKind.FOLDER, path=path, id_field=id_field)
        return open_source(self.root, section, facts)


def rows(source: Source, segment: str, *fields: str) -> list[tuple[str | None, ...]]:
    """All members of a segment, each as its id and the fields."""
    with source.members(SegmentName(segment), fields) as reader:
        assert reader.schema.names == ["profile_id", *fields]
        assert {str(field.type) for field in reader.schema} == {"string"}
        return [row for batch in reader for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
