"""The script of somebody who knows pandas: whole columns for the check, dictionaries for the bodies."""

from __future__ import annotations

import json
import sys

import pandas
from script import ROWS, Sender

COLUMNS = {"Email": "email", "FirstName": "first_name", "LastName": "last_name"}
ADDRESS = r"^[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+\.[a-z]{2,}$"


def main(source: str, address: str) -> None:
    """Read ``source`` and send it."""
    people = pandas.read_csv(source, dtype=str, usecols=list(COLUMNS)).rename(columns=COLUMNS)
    people["email"] = people["email"].str.strip().str.lower()
    people = people[people["email"].str.match(ADDRESS, na=False)].drop_duplicates("email").fillna("")
    sender = Sender(address, 0.0)
    for start in range(0, len(people), ROWS):
        sender.send(people.iloc[start : start + ROWS][list(COLUMNS.values())].to_dict("records"))
    print(json.dumps({"sent": len(people), "imports": sender.finish()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
