"""The plan as a careful person writes it row by row: csv, dictionaries, JSON, a reason for every refused row.

    plan_script.py SOURCE.csv FOLDER

The same rules as ours: plain addresses by a pattern, the rest by the e-mail library. Nothing is synced.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

ROWS = 40_000
LISTS = ["11111111-2222-3333-4444-555555555555"]
LONGEST = 50
LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
PLAIN = re.compile(rf"{LOCAL}@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{{2,63}}\Z")
RESERVED = re.compile(r"\.(?:arpa|invalid|local|localhost|onion|test)\Z")


def judge(value: str) -> tuple[str, str]:
    """The address and nothing, or nothing and the reason."""
    text = value.strip()
    if not text:
        return "", "missing"
    if not (PLAIN.match(text) and not RESERVED.search(text.lower())):
        try:
            text = validate_email(text, check_deliverability=False, strict=True, allow_smtputf8=False).ascii_email or ""
        except EmailNotValidError as problem:
            return "", str(problem)
    return (text.lower(), "") if len(text) <= LONGEST else ("", "too long")


def main(source: str, target: str) -> None:
    """Write the bodies of ``source`` and the rejected rows into ``target``."""
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    batch: list[dict[str, str]] = []
    bodies = repeated = refused = 0

    def write() -> None:
        nonlocal bodies, batch
        bodies += 1
        (folder / f"{bodies}.json").write_text(json.dumps({"import_data": batch, "list_ids": LISTS}))
        batch = []

    with (
        Path(source).open(newline="", encoding="utf-8") as file,
        (folder / "rejected.csv").open("w", newline="", encoding="utf-8") as rejects,
    ):
        rejected = csv.writer(rejects)
        rejected.writerow(["profile_id", "reason", "value"])
        for row in csv.DictReader(file):
            email, reason = judge(row["Email"])
            if reason:
                refused += 1
                rejected.writerow([row["CustomerId"], reason, row["Email"]])
            elif email in seen:
                repeated += 1
            else:
                seen.add(email)
                batch.append({"email": email, "first_name": row["FirstName"], "last_name": row["LastName"]})
                if len(batch) == ROWS:
                    write()
    if batch:
        write()
    print(json.dumps({"sent": len(seen), "invalid": refused, "duplicate": repeated, "bodies": bodies}))


if __name__ == "__main__":
    main(*sys.argv[1:])
