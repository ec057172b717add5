"""The memory of a plan does not follow the number of profiles: DuckDB spills, batches pass through."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

PROFILES = 600_000
AT_MOST_MB = 250

PROGRAM = """
import re, sys
from pathlib import Path
from cctui.definitions.model import AttributeMapping, ProfilesSection, SegmentDefinition, SourceKind
from cctui.matching.mapping import Matching
from cctui.matching.plan_files import match
from cctui.profiles.opening import open_source

folder = Path(sys.argv[1])
section = ProfilesSection(kind=SourceKind.FILES, path="profiles.parquet", id_field="CustomerId")
source = open_source(folder, section, [SegmentDefinition(name="everyone")])
mapped = (AttributeMapping(attribute="first_name", field="FirstName"), AttributeMapping(attribute="city", field="City"))
matched = match(source, ["everyone"], Matching("Email", mapped), folder / "run")
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(matched.sent, int(peak[1]) // 1000)
"""


def test_a_plan_of_many_profiles_stays_within_its_memory(tmp_path: Path) -> None:
    """The peak of the whole process; without a limit on DuckDB it is beyond 270 MB for this many."""
    numbers = range(PROFILES)
    profiles = pa.table(
        {
            "CustomerId": [f"C{number:09}" for number in numbers],
            "Email": [f"somebody.with.a.long.name.{number}@example.com" for number in numbers],
            "FirstName": [f"Bartholomew the {number}th" for number in numbers],
            "City": [f"Llanfairpwllgwyngyll {number}" for number in numbers],
        }
    )
    pq.write_table(profiles, tmp_path / "profiles.parquet", row_group_size=50_000)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    sent, peak = map(int, done.stdout.split())
    assert sent == PROFILES
    assert peak < AT_MOST_MB
