"""The reading half of a Singer pipeline: one message a row on standard output."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+\.[a-z]{2,}\Z")
TEXT = {"type": ["string", "null"]}


def main(source: str) -> None:
    """Read ``source``, check it, and write its rows."""
    seen: set[str] = set()
    schema = {"type": "object", "properties": dict.fromkeys(("email", "first_name", "last_name"), TEXT)}
    print(json.dumps({"type": "SCHEMA", "stream": "contacts", "key_properties": ["email"], "schema": schema}))
    with Path(source).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            address = row["Email"].strip().lower()
            if not ADDRESS.match(address) or address in seen:
                continue
            seen.add(address)
            record = {"email": address, "first_name": row["FirstName"], "last_name": row["LastName"]}
            print(json.dumps({"type": "RECORD", "stream": "contacts", "record": record}))
    print(json.dumps({"type": "STATE", "value": {}}))


if __name__ == "__main__":
    main(*sys.argv[1:])
