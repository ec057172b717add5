"""The sending half of a Singer pipeline, on the Singer SDK: ``singer_target.py SOURCE ADDRESS`` starts the tap too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from script import ROWS, Sender
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.sinks import BatchSink


def main(source: str, address: str) -> None:
    """Read ``source`` through the tap and send it."""
    sender = Sender(address, 0.0)
    sent = 0

    class Contacts(BatchSink):
        max_size = ROWS

        def start_batch(self, context: dict[str, Any]) -> None:
            context["rows"] = []

        def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
            context["rows"].append({name: record.get(name) or "" for name in ("email", "first_name", "last_name")})

        def process_batch(self, context: dict[str, Any]) -> None:
            nonlocal sent
            sender.send(context["rows"])
            sent += len(context["rows"])

    class ConstantContact(Target):
        name = "target-constant-contact"
        config_jsonschema = th.PropertiesList().to_dict()
        default_sink_class = Contacts

    tap = Path(__file__).with_name("singer_tap.py")
    with subprocess.Popen([sys.executable, str(tap), source], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ConstantContact(config={}, validate_config=False).listen(process.stdout)
    print(json.dumps({"sent": sent, "imports": sender.finish()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
