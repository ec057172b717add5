"""drt, the code-first reverse ETL tool, in its batch mode: a project of its own for one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = "name: bench\nprofile: default\n"
PROFILE = "default:\n  type: duckdb\n  database: {database}\n"
MODEL = r"""
select lower(trim(Email)) as email, coalesce(FirstName, '') as first_name, coalesce(LastName, '') as last_name
from profiles where regexp_matches(lower(trim(Email)), '^[a-z0-9!#$%&''*+/=?^_`{|}~.-]+@[a-z0-9.-]+\.[a-z]{2,}$')
qualify row_number() over (partition by lower(trim(Email)) order by CustomerId) = 1
"""
SYNC = """\
name: contacts
model: ref('contacts')
destination:
  type: rest_api
  url: "ADDRESS/v3/activities/contacts_json_import"
  method: POST
  headers: {Content-Type: application/json}
  body_mode: batch
  max_records_per_request: 40000
  batch_template: '{"import_data": {{ rows | tojson_safe }}, "list_ids": ["11111111-2222-3333-4444-555555555555"]}'
sync:
  mode: full
  batch_size: 40000
  rate_limit: {requests_per_second: 1000}
  on_error: skip
"""


def main(database: str, address: str) -> None:
    """Sync ``database``, a file of DuckDB with a table of profiles."""
    with tempfile.TemporaryDirectory(prefix="drt-") as name:
        folder = Path(name)
        for path, text in {
            "drt_project.yml": PROJECT,
            "home/.drt/profiles.yml": PROFILE.format(database=database),
            "syncs/contacts.yml": SYNC.replace("ADDRESS", address),
            "syncs/models/contacts.sql": MODEL,
        }.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        home = {"HOME": str(folder / "home"), "DRT_TELEMETRY": "0", "DO_NOT_TRACK": "1"}
        drt = Path(sys.executable).with_name("drt")
        subprocess.run([drt, "run"], cwd=folder, env={**os.environ, **home}, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
