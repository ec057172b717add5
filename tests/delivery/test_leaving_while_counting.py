"""A worker that is told to leave while segments are being counted leaves at once, and the next one goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from delivery_stand_ins import OPS

from cctui.definitions.environment import Environment
from cctui.definitions.model import (
    DataMatching,
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ProfilesSection,
    SegmentDefinition,
    SourceKind,
)
from cctui.delivery import launch, refresh
from cctui.delivery.states import Status

WORKER = """
import sys
from cctui.cli import main
from cctui.delivery import scheduling
from cctui.profiles.files import FilesSource

scheduling.SETTLED_AFTER = 0.1
"""
FOR_EVER = """
count = FilesSource.count

def for_ever(source, segment):
    while True:
        count(source, segment)

FilesSource.count = for_ever
"""
SERVE = """
sys.exit(main(["--environment", *sys.argv[1:]]))
"""


def company(root: Path) -> Environment:
    root.mkdir()
    rows = "".join(f"C{n},user{n}@contoso.example,{n}\n" for n in range(50_000))
    (root / "profiles.csv").write_text("CustomerId,EMail,Spend\n" + rows)
    environment = Environment.create(
        root,
        EnvironmentDefinition(
            environment=EnvironmentSection(name="Contoso"),
            profiles=ProfilesSection(kind=SourceKind.FILES, path="profiles.csv"),
            segments=[SegmentDefinition(name="High", where="Spend > 500")],
        ),
    )
    environment.save_export(
        ExportDefinition(
            id="newsletter",
            display_name="Newsletter",
            connection=None,
            list_id="3b1d6c1e-0000-4000-8000-000000000001",
            segments=["High"],
            data_matching=DataMatching(email="EMail"),
        ),
        None,
    )
    return environment


def test_sigterm_ends_it_although_a_count_cannot_be_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = company(tmp_path / "contoso")
    monkeypatch.setattr(launch, "ensure_worker", lambda _environment: False)
    asked = refresh.ask(environment, OPS)
    worker = subprocess.Popen([sys.executable, "-c", WORKER + FOR_EVER + SERVE, str(environment.root), "worker"])
    try:
        while not _being_counted(environment):
            assert worker.poll() is None
            time.sleep(0.02)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait() == 0
    finally:
        worker.kill()
    assert refresh.find(environment, asked.number) == asked, "nothing was decided"
    again = [sys.executable, "-c", WORKER + SERVE, str(environment.root), "worker", "--until-idle"]
    subprocess.run(again, check=True)
    over = refresh.find(environment, asked.number)
    assert over is not None
    assert not over.waiting
    assert len(over.runs) == 1
    count = refresh.segment_counts(environment)["High"]
    assert (count.status, count.members) == (Status.SUCCESSFUL, 49_499)


def _being_counted(environment: Environment) -> bool:
    return any(count.status is Status.REFRESHING for count in refresh.segment_counts(environment).values())
