"""The script that people write first: the csv module, dictionaries, JSON. Nothing is durable, nothing is counted.

script.py SOURCE.csv ADDRESS            read, check, send, wait
script.py SOURCE.csv ADDRESS 3.7        so many requests a second
script.py SOURCE.csv FOLDER --plan      write the request bodies instead of sending them
"""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

LIST = "11111111-2222-3333-4444-555555555555"
ROWS = 40_000


class Sender:
    """Sends batches and remembers their jobs."""

    def __init__(self, address: str, rate: float) -> None:
        import requests

        self._session = requests.Session()
        self._api = f"{address}/v3/activities"
        self._gap = 1 / rate if rate else 0.0
        self._next = 0.0
        self._jobs: list[str] = []

    def send(self, batch: list[dict[str, str]]) -> None:
        self._pace()
        answer = self._session.post(
            f"{self._api}/contacts_json_import", json={"import_data": batch, "list_ids": [LIST]}, timeout=60
        )
        answer.raise_for_status()
        self._jobs.append(answer.json()["activity_id"])

    def finish(self) -> int:
        for job in self._jobs:
            self._pace()
            while self._session.get(f"{self._api}/{job}", timeout=60).json()["state"] != "completed":
                time.sleep(0.2)
        return len(self._jobs)

    def _pace(self) -> None:
        time.sleep(max(0.0, self._next - time.time()))
        self._next = time.time() + self._gap


def main(source: str, address: str, rate: str = "0") -> None:
    """Read ``source`` and send it."""
    sender = Sender(address, float(rate))
    seen: set[str] = set()
    batch: list[dict[str, str]] = []
    wrong = repeated = 0
    with Path(source).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            email = row["Email"].strip().lower()
            if "@" not in email or "." not in email:
                wrong += 1
                continue
            if email in seen:
                repeated += 1
                continue
            seen.add(email)
            batch.append({"email": email, "first_name": row["FirstName"], "last_name": row["LastName"]})
            if len(batch) == ROWS:
                sender.send(batch)
                batch = []
    if batch:
        sender.send(batch)
    print(json.dumps({"sent": len(seen), "wrong": wrong, "repeated": repeated, "imports": sender.finish()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
