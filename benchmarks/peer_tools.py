"""Other tools for the same job, each in an environment of its own from locked requirements.

A tool that cannot be installed here (no network, no wheel for this Python) is left out, with a word about why.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import customers
from measuring import HERE, Measured, measure

_VENVS = HERE / ".venvs"
_REQUIREMENTS = HERE / "requirements"


@dataclass(frozen=True)
class Peer:
    """A way to send a file of customers: what it is called, its program under ``peers/``, and the file it reads.

    ``distribution`` is the package whose version stands in the table; ``rounds`` says how often it can be run.
    """

    name: str
    venv: str
    program: str
    source: Callable[[Path], Path]
    distribution: str
    rounds: int = 5

    def send(self, data: Path, address: str, *options: str) -> Measured:
        """Send the customers of ``data`` to ``address``. Raises :class:`measuring.Failed`."""
        return measure(
            [python_of(self.venv), HERE / "peers" / self.program, self.source(data), address, *options],
            PYTHONPATH=str(HERE / "peers"),
        )


def parquet(data: Path) -> Path:
    """The file for programs that read Parquet."""
    return data / "profiles.parquet"


PEERS = (
    Peer("the script that people write", "script", "script.py", customers.as_text, "requests"),
    Peer("Polars + httpx by hand", "polars", "polars_script.py", parquet, "polars"),
    Peer("pandas + requests", "pandas", "pandas_script.py", customers.as_text, "pandas", rounds=3),
    Peer("drt, batch", "drt", "drt_project.py", customers.as_database, "drt-core", rounds=3),
    Peer("dlt, Parquet", "dlt", "dlt_pipeline.py", parquet, "dlt", rounds=3),
    Peer("petl", "petl", "petl_script.py", customers.as_text, "petl", rounds=1),
    Peer("Singer tap and target", "singer", "singer_target.py", customers.as_text, "singer-sdk", rounds=1),
)


def python_of(venv: str) -> Path:
    """The interpreter of an environment."""
    return _VENVS / venv / "bin" / "python"


def installed(venv: str) -> str:
    """See that the environment is there and is what its requirements say; returns what went wrong, or nothing."""
    requirements = _REQUIREMENTS / f"{venv}.txt"
    mark = _VENVS / venv / ".ready"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return ""
    shutil.rmtree(_VENVS / venv, ignore_errors=True)
    pip = [str(python_of(venv)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    for command in ([sys.executable, "-m", "venv", str(_VENVS / venv)], [*pip, "-r", str(requirements)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr or done.stdout).strip().splitlines()[-1][:200]
    mark.write_text(wanted)
    return ""


def version(venv: str, distribution: str) -> str:
    """The version of ``distribution`` in an environment."""
    ask = f"import importlib.metadata as m; print(m.version({distribution!r}))"
    return subprocess.run([python_of(venv), "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
