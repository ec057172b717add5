"""The scripts of ``cctui completion`` in the shells themselves: what Tab makes of a line."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal, plain_environment

DEFINITION = """
[environment]
name = "Contoso"

[[segments]]
name = "High value"

[[users]]
name = "ops1"
role = "administrator"
"""
PROMPT = "ready>"

SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], f"PS1='{PROMPT} '; eval \"$(cctui completion bash)\""),
    "zsh": (["-f", "-i"], f"PS1='{PROMPT} '; eval \"$(cctui completion zsh)\""),
    "fish": (
        ["--no-config", "--interactive"],
        f"function fish_prompt; echo -n '{PROMPT} '; end; cctui completion fish | source",
    ),
}
"""How a shell starts without anybody's own settings, and what its file then says."""


@pytest.fixture
def contoso(tmp_path: Path) -> Path:
    folder = tmp_path / "contoso"
    (folder / "exports").mkdir(parents=True)
    (folder / "environment.toml").write_text(DEFINITION)
    for name in ("newsletter", "reactivation", "renewals"):
        (folder / "exports" / f"{name}.toml").write_text(f'id = "{name}"\n')
    return folder


def begin(shell: str, contoso: Path, home: Path) -> PseudoTerminal:
    """The shell, with the completion of cctui in it."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"there is no {shell}")
    arguments, _settings = SHELLS[shell]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = plain_environment(home, PATH=path, CCTUI_ENVIRONMENT=str(contoso), TERM="xterm")
    return PseudoTerminal(arguments, environment, program=found)


def ready(terminal: PseudoTerminal, shell: str) -> None:
    """Wait until the shell has taken its settings."""
    _arguments, settings = SHELLS[shell]
    terminal.press(
        f"{settings}; echo settings-$((40 + 2))\r" if shell != "fish" else f"{settings}; echo settings-(math 42)\r"
    )
    terminal.until("settings-42")
    terminal.until(lambda text: text.rstrip().endswith(PROMPT))


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes_names_places_and_commands(shell: str, contoso: Path, tmp_path: Path) -> None:
    with begin(shell, contoso, tmp_path) as terminal:
        ready(terminal, shell)
        terminal.press("cctui run newsl\t")
        terminal.until("cctui run newsletter")
        terminal.press("\x15cctui exports/newsl\t")
        terminal.until("cctui exports/newsletter")
        terminal.press("\x15cctui conn\t")
        terminal.until("cctui connections")


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_offers_what_fits(shell: str, contoso: Path, tmp_path: Path) -> None:
    with begin(shell, contoso, tmp_path) as terminal:
        ready(terminal, shell)
        terminal.press("cctui run re\t\t")
        seen = terminal.until(lambda text: "reactivation" in text and "renewals" in text)
        assert "newsletter" not in seen
