"""``cctui completion``: what the shells need to complete words, and the names of the environment that they offer.

A shell waits for every answer, so names are read from the files themselves; what cannot be read is not offered.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from cctui import locales
from cctui.locales import _

SHELLS = {
    "bash": '~/.bashrc: eval "$(cctui completion bash)"',
    "zsh": '~/.zshrc: eval "$(cctui completion zsh)"',
    "fish": "~/.config/fish/completions/cctui.fish: cctui completion fish | source",
}
"""Each shell and the line that belongs into its own file."""

_RUNS = 50


@click.command("completion", help=_("Print what a shell needs to complete the words of cctui."))
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(shell)
    script = found(ctx.find_root().command, {}, "cctui", "_CCTUI_COMPLETE").source()
    click.echo(_whole(shell, script.strip()))


def _whole(shell: str, script: str) -> str:
    """The script with the line that says where it belongs.

    zsh reads its first line, too, where it is a file of its ``fpath``; in ``~/.zshrc`` the system of completion may
    not be there yet.
    """
    where = f"# {SHELLS[shell]}"
    if shell != "zsh":
        return f"{where}\n{script}"
    first, rest = script.split("\n", 1)
    return f"{first}\n{where}\n(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit }}\n{rest}"


def exports(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Ids of exports."""
    return _fitting(_definitions(ctx, "exports"), incomplete)


def connections(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Ids of connections."""
    return _fitting(_definitions(ctx, "connections"), incomplete)


def runs(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of the newest runs, each with its export and status."""
    rows: list[tuple[str, str, str]] = []
    path = _folder(ctx) / "state" / "ledger.sqlite"
    with contextlib.suppress(sqlite3.Error):
        ledger = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0.2)
        try:
            rows = ledger.execute(
                "SELECT id, export, status FROM runs ORDER BY number DESC LIMIT ?", (_RUNS,)
            ).fetchall()
        finally:
            ledger.close()
    return [
        CompletionItem(one, help=f"{export} ({status})") for one, export, status in rows if one.startswith(incomplete)
    ]


def segments(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of segments: those of ``environment.toml``, of the exports, and of a storage export's model."""
    return _fitting(dict.fromkeys(_segments(_folder(ctx))), incomplete)


def users(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of users."""
    return _fitting(
        (str(one["name"]) for one in _tables(_folder(ctx) / "environment.toml", "users") if "name" in one), incomplete
    )


def languages(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Codes of languages."""
    return _fitting(locales.LANGUAGES, incomplete)


def places(ctx: click.Context, incomplete: str) -> list[str]:
    """Places of the application that begin like this: ``exports/newsletter``, ``runs/7f3a``."""
    page, _slash, _name = incomplete.partition("/")
    if page == "runs":
        names: Iterable[str] = (str(one.value) for one in runs(ctx, click.Argument(["run"]), ""))
    elif page == "segments":
        names = dict.fromkeys(_segments(_folder(ctx)))
    elif page in {"exports", "connections"}:
        names = _definitions(ctx, page)
    else:
        names = ()
    return _fitting((f"{page}/{name}" for name in names), incomplete)


def _folder(ctx: click.Context) -> Path:
    """The folder of the environment, as the words before say it."""
    step: click.Context | None = ctx
    named = None
    while step is not None and named is None:
        named = step.params.get("environment")
        step = step.parent
    named = named or os.environ.get("CCTUI_ENVIRONMENT")
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_config_path

    return user_config_path("cctui").absolute()


def _definitions(ctx: click.Context, kind: str) -> list[str]:
    folder = _folder(ctx) / kind
    return sorted(path.stem for path in folder.glob("*.toml") if not path.name.startswith("."))


def _segments(folder: Path) -> Iterator[str]:
    definition = _read(folder / "environment.toml")
    for one in _tables(folder / "environment.toml", "segments"):
        yield str(one.get("name", ""))
    for path in sorted((folder / "exports").glob("*.toml")):
        listed = _read(path).get("segments")
        yield from (str(name) for name in listed) if isinstance(listed, list) else ()
    profiles = definition.get("profiles")
    if isinstance(profiles, dict) and profiles.get("kind") == "folder" and isinstance(profiles.get("path"), str):
        yield from _entities(folder / Path(profiles["path"]).expanduser())


def _entities(root: Path) -> Iterator[str]:
    """The entities of the models at and close below ``root``."""
    import json

    for pattern in ("model.json", "*/model.json", "*/*/model.json"):
        for path in sorted(root.glob(pattern))[:3]:
            with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
                for entity in json.loads(path.read_bytes())["entities"]:
                    yield str(entity["name"])


def _tables(path: Path, key: str) -> list[dict[str, Any]]:
    found = _read(path).get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _fitting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name and name.startswith(incomplete)]
