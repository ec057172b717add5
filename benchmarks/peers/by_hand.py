"""The best pipeline that one writes by hand for the plan alone: DuckDB from Parquet, Arrow's CSV writer.

    by_hand.py SOURCE.parquet FOLDER

The same rules and the same rejected rows as ours, but nothing is synced, hashed, counted by reason or kept in a
ledger, values are not cleaned, and memory is not bounded.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
from plan_script import LONGEST, judge
from pyarrow import csv

ROWS = 39_999
LOCAL = r"[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+)*"
PLAIN = rf"^{LOCAL}@([A-Za-z0-9]+(-[A-Za-z0-9]+)*\.)+[A-Za-z]{{2,63}}$"
RESERVED = r"(?i)\.(arpa|invalid|local|localhost|onion|test)$"


def main(source: str, target: str) -> None:
    """Write the bodies of ``source`` and the rejected rows into ``target``."""
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    database = duckdb.connect(config={"threads": 2})
    database.execute("SET enable_progress_bar = false")
    database.execute(f"""
        CREATE TABLE people AS SELECT *, CASE
            WHEN strlen(raw) <= {LONGEST} AND regexp_matches(raw, '{PLAIN}') AND NOT regexp_matches(raw, '{RESERVED}')
            THEN lower(raw) END AS email
        FROM (SELECT CustomerId AS id, trim(Email) AS raw, coalesce(FirstName, '') AS first_name,
            coalesce(LastName, '') AS last_name FROM '{source}')
    """)
    odd = database.execute("SELECT rowid, coalesce(raw, '') FROM people WHERE email IS NULL").fetchall()
    verdicts = [(place, *judge(value)) for place, value in odd]
    columns = list(zip(*verdicts, strict=True))
    judged = pa.table(dict(zip(("place", "email", "reason"), map(pa.array, columns), strict=True)))
    database.register("judged", judged)
    database.execute("UPDATE people SET email = judged.email FROM judged WHERE people.rowid = place AND reason = ''")
    database.execute(f"""
        COPY (SELECT id, reason, raw FROM judged JOIN people ON people.rowid = place WHERE reason <> '')
        TO '{folder / "rejected.csv"}' (HEADER)
    """)
    contacts = database.sql("""
        SELECT email, first_name, last_name FROM people WHERE email IS NOT NULL AND rowid NOT IN (
            SELECT unnest(list(rowid ORDER BY rowid)[2:]) FROM people WHERE hash(email) IN (
                SELECT hash(email) FROM people WHERE email IS NOT NULL GROUP BY hash(email) HAVING count(*) > 1)
            GROUP BY email)
    """)
    sent = bodies = 0
    for batch in contacts.to_arrow_reader(ROWS):
        for start in range(0, batch.num_rows, ROWS):
            bodies += 1
            part = batch.slice(start, ROWS)
            csv.write_csv(part, folder / f"{bodies}.csv")
            sent += part.num_rows
    print(json.dumps({"sent": sent, "bodies": bodies}))


if __name__ == "__main__":
    main(*sys.argv[1:])
