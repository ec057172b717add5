"""Who must be on the list, said by other code than the one under test: the csv module, the e-mail library, a dict.

Reads a storage export below a folder as ``model.json`` describes it; the rules are those of ``matching`` as they are
written down, the cleaning that of ``plain_matching``.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from plain_matching import plain_address, plain_value

_FLAGS = ("doNotEmail", "donotBulkEmail", "doNotContact")
_SET = {"true", "1", "yes"}


class Reference:
    """``people`` are first and last names by address, ``counts`` the selected rows by what becomes of them."""

    def __init__(self, profiles: Path, segments: Sequence[str]) -> None:
        (model,) = profiles.rglob("model.json")
        entities = {entity["name"]: entity for entity in json.loads(model.read_text())["entities"]}
        rows = [row for name in segments for row in _rows(model.parent, entities[name])]
        addresses = [plain_address(row["EMail"]) for row in rows]
        refusing = {
            address
            for row, address in zip(rows, addresses, strict=True)
            if any(row[flag].strip().lower() in _SET for flag in _FLAGS)
        }
        self.people: dict[str, tuple[str, str]] = {}
        self.counts: Counter[str] = Counter(selected=len(rows))
        seen: set[str] = set()
        for row, address in zip(rows, addresses, strict=True):
            if address is None:
                self.counts["invalid"] += 1
            elif address in seen:
                self.counts["duplicate"] += 1
            elif address in refusing:
                self.counts["suppressed"] += 1
            else:
                self.counts["sent"] += 1
                self.people[address] = (plain_value(row["FirstName"], 50), plain_value(row["LastName"], 50))
            seen.add(address or "")


def _rows(folder: Path, entity: dict[str, object]) -> list[dict[str, str]]:
    names = [attribute["name"] for attribute in entity["attributes"]]
    found = []
    for partition in entity["partitions"]:
        path = folder / partition["location"].partition(f"/{folder.name}/")[2]
        with path.open(encoding="utf-8-sig", newline="") as text:
            lines = [*csv.reader(text)]
        found += [dict(zip(names, line, strict=True)) for line in lines if line != names]
    return found
