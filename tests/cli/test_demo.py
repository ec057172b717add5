"""The main job from the command line: a folder of unified profiles arrives in a list, and the numbers agree."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def cctui(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command as a scheduler calls it: no terminal, its own process."""
    return subprocess.run(
        [sys.executable, "-m", "cctui", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


def test_the_demo_without_a_terminal_accounts_for_every_profile(tmp_path: Path) -> None:
    done = cctui(
        "demo", "--headless", "--profiles", "3000", "--environment", str(tmp_path / "demo"), "--json", cwd=tmp_path
    )
    assert done.returncode == 3, done.stderr
    report = json.loads(done.stdout)
    assert report["selected"] == 3000
    left_out = report["duplicate"] + report["invalid"] + report["suppressed"] + report["unchanged"]
    assert report["selected"] == left_out + report["sent"]
    assert report["sent"] == sum(report[part] for part in ("accepted", "not_added", "refused", "waiting"))
    assert report["sandbox_contacts"] == report["accepted"] > 2500
    assert min(report["duplicate"], report["invalid"], report["suppressed"]) > 0
    assert Path(report["rejected_file"]).stat().st_mode & 0o077 == 0


def test_the_demo_does_not_touch_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = cctui("demo", "--headless", "--profiles", "10", "--environment", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 2
    assert "is not a demo" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
