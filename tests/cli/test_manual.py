"""The manual page holds what the command line has, and roff takes it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import cctui
from cctui.cli import main, root
from cctui.cli.manual import EXIT_CODES
from cctui.errors import ExitCode
from cctui.locales import LANGUAGES


def written(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words, "man"]) == 0
    return capsys.readouterr().out


def every_command(group: click.Group, above: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=above)
        if isinstance(command, click.Group):
            yield from every_command(command, inner)
        else:
            yield inner.command_path, command


def test_it_has_every_command_with_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    page = written(capsys).replace("\\-", "-")
    commands = dict(every_command(root, click.Context(root, info_name="cctui")))
    assert len(commands) > 30
    for path, command in commands.items():
        section = re.search(rf'^\.SS "{re.escape(path)} .*?(?=^\.S[SH] |\Z)', page, re.MULTILINE | re.DOTALL)
        assert section, path
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name != "environment":
                assert all(flag in section[0] for flag in parameter.opts), (path, parameter.opts)
    for parameter in root.params:
        assert parameter.opts[0] in page


def test_it_has_every_exit_code_and_every_variable_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    page = written(capsys)
    assert set(EXIT_CODES) == set(ExitCode)
    assert all(f".B {int(code)}\n" in page for code in ExitCode)
    sources = Path(cctui.__file__).parent.rglob("*.py")
    ours = {name for path in sources for name in re.findall(r"\bCCTUI_[A-Z]+\b", path.read_text(encoding="utf-8"))}
    assert ours
    assert all(f".B {name}\n" in page for name in ours)


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff")
@pytest.mark.parametrize("language", LANGUAGES)
def test_roff_takes_it_in_every_language(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = written(capsys, "--language", language)
    done = subprocess.run(
        ["groff", "-k", "-man", "-Tutf8", "-ww", "-z"], input=page.encode(), capture_output=True, check=True
    )
    assert done.stderr == b""
