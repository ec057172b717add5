"""The main job from the command line: a folder of unified profiles arrives in a list, and the numbers agree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def cctui(*arguments: str, cwd: Path, without: str = "") -> subprocess.CompletedProcess[str]:
    """The command as a scheduler calls it: no terminal, its own process; as if a library were not installed."""
    (cwd / "absent").mkdir(exist_ok=True)
    (cwd / "absent/sitecustomize.py").write_text(f"import sys\nsys.modules[{without!r}] = None\n" if without else "")
    return subprocess.run(
        [sys.executable, "-m", "cctui", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(cwd / "absent")},
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


def test_a_demo_that_was_killed_while_it_was_made_is_made_anew(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    begun = subprocess.Popen(
        [sys.executable, "-m", "cctui", "demo", "--headless", "--profiles", "500000", "--environment", str(place)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not any(place.glob("profiles/**/*.csv")):
        assert begun.poll() is None
        time.sleep(0.01)
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    done = cctui("demo", "--headless", "--profiles", "50", "--environment", str(place), "--json", cwd=tmp_path)
    assert done.returncode in {0, 3}, done.stderr
    assert json.loads(done.stdout)["selected"] == 50


def test_without_its_libraries_the_sandbox_says_how_to_get_them_and_leaves_nothing_behind(tmp_path: Path) -> None:
    place = str(tmp_path / "demo")
    for command in (("demo", "--headless", "--environment", place), ("sandbox", "--data", str(tmp_path / "data"))):
        done = cctui(*command, cwd=tmp_path, without="uvicorn")
        assert done.returncode == 1
        assert "The sandbox is not installed" in done.stderr
        assert "requirements/run.txt" in done.stderr
    assert not Path(place).exists()
