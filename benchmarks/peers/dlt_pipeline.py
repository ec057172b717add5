"""dlt with a destination of one's own: batches in Arrow, its fast path."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

import dlt
import pyarrow
import pyarrow.parquet
from script import ROWS, Sender

ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+\.[a-z]{2,}\Z")


def main(source: str, address: str) -> None:
    """Read ``source`` and send it."""
    sender = Sender(address, 0.0)
    sent = 0

    @dlt.destination(
        batch_size=ROWS,
        loader_file_format="parquet",
        name="constant_contact",
        naming_convention="direct",
        skip_dlt_columns_and_tables=True,
    )
    def constant_contact(items: Any, table: Any) -> None:
        nonlocal sent
        rows = items.to_pylist()
        sender.send(rows)
        sent += len(rows)

    @dlt.resource(name="contacts")
    def contacts() -> Iterator[pyarrow.Table]:
        seen: set[str] = set()
        file = pyarrow.parquet.ParquetFile(source)
        for batch in file.iter_batches(100_000, columns=["Email", "FirstName", "LastName"]):
            rows = []
            for email, first, last in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                clean = (email or "").strip().lower()
                if ADDRESS.match(clean) and clean not in seen:
                    seen.add(clean)
                    rows.append({"email": clean, "first_name": first or "", "last_name": last or ""})
            yield pyarrow.Table.from_pylist(rows)

    folder = tempfile.mkdtemp(prefix="dlt-")
    try:
        dlt.pipeline("bench", destination=constant_contact, pipelines_dir=folder, dataset_name="bench").run(contacts())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"sent": sent, "imports": sender.finish()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
