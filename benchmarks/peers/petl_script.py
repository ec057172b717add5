"""petl: tables of rows, one after another."""

from __future__ import annotations

import json
import re
import sys

import petl
from script import ROWS, Sender

COLUMNS = {"Email": "email", "FirstName": "first_name", "LastName": "last_name"}
ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+\.[a-z]{2,}\Z")


def main(source: str, address: str) -> None:
    """Read ``source`` and send it."""
    people = petl.rename(petl.cut(petl.fromcsv(source, encoding="utf-8"), *COLUMNS), COLUMNS)
    people = petl.convert(people, "email", lambda value: value.strip().lower())
    people = petl.distinct(petl.select(people, "email", lambda value: bool(ADDRESS.match(value))), key="email")
    sender = Sender(address, 0.0)
    sent, batch = 0, []
    for row in petl.dicts(people):
        batch.append(dict(row))
        if len(batch) == ROWS:
            sender.send(batch)
            sent += len(batch)
            batch = []
    if batch:
        sender.send(batch)
    print(json.dumps({"sent": sent + len(batch), "imports": sender.finish()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
