"""What the shells offer: commands, options, and the names of the environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from cctui.cli import COMMANDS, main, root

ENVIRONMENT = """
[environment]
name = "Contoso"

[profiles]
kind = "folder"
path = "profiles"

[[segments]]
name = "Reactivation"

[[users]]
name = "ops1"
role = "administrator"
"""


@pytest.fixture
def contoso(tmp_path: Path) -> Path:
    (tmp_path / "environment.toml").write_text(ENVIRONMENT)
    for kind, names in (("exports", ("newsletter", "news-old", ".hidden")), ("connections", ("marketing",))):
        (tmp_path / kind).mkdir()
        for name in names:
            (tmp_path / kind / f"{name}.toml").write_text(f'id = "{name}"\nsegments = ["HighValue"]\n')
    (tmp_path / "profiles" / "export").mkdir(parents=True)
    (tmp_path / "profiles" / "export" / "model.json").write_text('{"entities": [{"name": "AllCustomers"}]}')
    return tmp_path


def offered(*words: str) -> list[str]:
    *before, last = words
    completer = ShellComplete(root, {}, "cctui", "_CCTUI_COMPLETE")
    return [str(one.value) for one in completer.get_completions(before, last)]


def test_commands_come_from_the_table() -> None:
    assert offered("") == list(COMMANDS)
    assert offered("ru") == ["run", "runs"]
    assert {"--language", "--plain", "--environment"} <= set(offered("--"))
    assert offered("--language", "") == ["en", "de", "nb", "zh-CN", "hu", "ro"]


def test_names_come_from_the_environment(contoso: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCTUI_ENVIRONMENT", str(contoso))
    assert offered("run", "") == ["news-old", "newsletter"]
    assert offered("run", "newsl") == ["newsletter"]
    assert offered("exports", "remove", "newsletter", "") == ["news-old", "newsletter"]
    assert offered("exports", "attach", "newsletter", "") == ["marketing"]
    assert offered("connections", "sign-in", "m") == ["marketing"]
    assert offered("exports", "add", "--connection", "") == ["marketing"]
    assert offered("exports", "add", "--segment", "") == ["Reactivation", "HighValue", "AllCustomers"]
    assert offered("segments", "show", "R") == ["Reactivation"]
    assert offered("users", "edit", "") == ["ops1"]
    assert offered("users", "add", "") == []
    assert offered("--operator", "") == ["ops1"]
    assert offered("exports/") == ["exports/news-old", "exports/newsletter"]
    assert offered("segments/H") == ["segments/HighValue"]
    assert offered("runs", "show", "") == []


def test_the_environment_named_before_counts(contoso: Path) -> None:
    assert offered("run", "") == []
    assert offered("--environment", str(contoso), "run", "") == ["news-old", "newsletter"]
    assert offered("run", "--environment", str(contoso), "") == ["news-old", "newsletter"]


def test_runs_are_the_newest_first_and_a_damaged_ledger_offers_nothing(
    contoso: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    from cctui.definitions.model import ConnectionId, ExportId, ListId
    from cctui.delivery.ledger import Ledger, new_run
    from cctui.delivery.states import RunId, Trigger

    monkeypatch.setenv("CCTUI_ENVIRONMENT", str(contoso))
    path = contoso / "state" / "ledger.sqlite"
    with Ledger(path) as ledger:
        for number, export in enumerate(("newsletter", "news-old")):
            ledger.queue(
                new_run(
                    id=RunId(f"7f3a000{number}"),
                    export=ExportId(export),
                    export_name=export,
                    connection=ConnectionId("marketing"),
                    list_id=ListId("x"),
                    trigger=Trigger.OPERATOR,
                    started_by="ops1",
                    queued_at=datetime(2026, 11, 22, tzinfo=UTC),
                    dry_run=False,
                )
            )
    assert offered("runs", "show", "7") == ["7f3a0001", "7f3a0000"]
    assert offered("runs/7f3a0001") == ["runs/7f3a0001"]
    path.write_bytes(b"no ledger")
    assert offered("runs", "show", "7") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_CCTUI_COMPLETE={shell}_complete" in script
    assert "# ~/." in script[:40]
    assert script.startswith("#compdef cctui\n") == (shell == "zsh"), "zsh looks at the first line of its own files"


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes(contoso: Path) -> None:
    script = (
        f'cctui() {{ {sys.executable} -m cctui "$@"; }}; export -f cctui; eval "$(cctui completion bash)"; '
        f'env() {{ local line="$*"; COMP_WORDS="cctui run newsl" COMP_CWORD=2 _CCTUI_COMPLETE=bash_complete cctui; }}; '
        "COMP_WORDS=(cctui run newsl); COMP_CWORD=2; _cctui_completion cctui; echo ${COMPREPLY[@]}"
    )
    variables = {**os.environ, "CCTUI_ENVIRONMENT": str(contoso)}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env=variables)
    assert done.stdout.split() == ["newsletter"]


def test_completing_loads_no_heavy_library(contoso: Path) -> None:
    script = (
        "import sys\nfrom cctui.cli import main\n"
        "try: main([])\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m in {'textual','duckdb','pyarrow','httpx','authlib','rich'}))"
    )
    variables = {
        **os.environ,
        "CCTUI_ENVIRONMENT": str(contoso),
        "_CCTUI_COMPLETE": "bash_complete",
        "COMP_WORDS": "cctui run ",
        "COMP_CWORD": "2",
    }
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=variables)
    assert done.stdout.splitlines() == ["plain,news-old", "plain,newsletter", "[]"]
