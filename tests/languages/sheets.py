"""Sheets: what every screen says in a language and a size, as plain lines, one file for each pair.

``make sheets`` writes them anew; look at the difference before committing one. What is another on every machine
(folders, versions) is not on them.
"""

from __future__ import annotations

import asyncio
import pkgutil
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from rich.cells import cell_len
from scenes import EMPTY, SCENES, Scene, walk
from world import answer_at_once, company, face, nothing

from cctui import locales
from cctui.definitions.environment import Environment
from cctui.tui import screens
from cctui.tui.page import Page

FOLDER = Path(__file__).parent / "sheets"
SIZES = ((80, 24), (120, 36))
_LINE = 76
"""Cells of a line of a page at 80 columns."""

_THUMB = re.compile(r"(?<=\s)[▁-▇](?=\s|│)|(?<=\s)[▁-▇]$", re.MULTILINE)
"""The end of a scroll bar: where the text below was measured anew, it may be a part of a cell longer or shorter."""

_CHANGING = {"system-about"}
"""Scenes with folders and versions on them."""


def path(language: str, size: tuple[int, int]) -> Path:
    """Where a sheet lies."""
    return FOLDER / f"{language}-{size[0]}x{size[1]}.txt"


async def draw(
    environment: Environment, bare: Environment, moment: object, language: str, size: tuple[int, int]
) -> dict[str, list[str]]:
    """The lines of every scene."""
    locales.use(language)
    drawn: dict[str, list[str]] = {}

    def see(scene: Scene, lines: list[str]) -> None:
        drawn[scene.name] = lines

    await walk(face(environment, moment), SCENES, size, see)  # type: ignore[arg-type]
    await walk(face(bare, moment), EMPTY, size, see)  # type: ignore[arg-type]
    return drawn


def written(drawn: dict[str, list[str]]) -> str:
    """A sheet as it is kept."""
    kept = {name: lines for name, lines in drawn.items() if name not in _CHANGING}
    return _THUMB.sub(" ", "\n".join(f"═══ {name}\n" + "\n".join(lines) for name, lines in kept.items()) + "\n")


def faults(drawn: dict[str, list[str]], size: tuple[int, int]) -> list[str]:
    """What no screen may do: a line that is wider than the terminal, a label without its end."""
    return [f"{name}: {line}" for name, lines in drawn.items() for line in lines if cell_len(line) > size[0]]


def long_labels() -> list[str]:
    """Titles and explanations of pages that do not fit on their line, in the language in use."""
    for module in pkgutil.iter_modules(screens.__path__):
        import_module(f"{screens.__name__}.{module.name}")
    labels = {label for page in _below(Page) for label in (page.HEADING, page.EXPLANATION)}
    return [text for text in (locales._(label) for label in labels if label) if cell_len(text) > _LINE]


def _below(kind: type[Page]) -> Iterator[type[Page]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def main() -> None:
    """Write the sheets that are named (``de-80x24``), or all."""
    asked = sys.argv[1:]
    FOLDER.mkdir(exist_ok=True)
    monkeypatch = pytest.MonkeyPatch()
    answer_at_once(monkeypatch)
    with tempfile.TemporaryDirectory() as place:
        story = company(Path(place) / "contoso")
        bare = nothing(Path(place) / "bare")
        for language in locales.LANGUAGES:
            for size in SIZES:
                sheet = path(language, size)
                if asked and sheet.stem not in asked:
                    continue
                drawn = asyncio.run(draw(story.environment, bare, story.clock.now(), language, size))
                sheet.write_text(written(drawn), encoding="utf-8")
                print(sheet.name, *faults(drawn, size), sep="\n")
        story.ledger.close()


if __name__ == "__main__":
    main()
