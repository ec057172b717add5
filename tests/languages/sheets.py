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
from babel.messages.pofile import read_po
from rich.cells import cell_len
from scenes import EMPTY, SCENES, Scene, walk
from world import NAMES, answer_at_once, company, face, nothing

from cctui import locales
from cctui.tui import screens
from cctui.tui.page import Page

FOLDER = Path(__file__).parent / "sheets"
SIZES = ((80, 24), (120, 36))
_LINE = 76
"""Cells of a line of a page at 80 columns."""

_THUMB = re.compile(r"(?<![▁-▇])[▁-▇]{1,2}(?= *(│.*)?$)")
"""The end of a scroll bar: where the text below was measured anew, it may be a part of a cell longer or shorter."""

_CODE = "█"
"""What pictures of codes and bars are made of; there the same signs mean something."""

_BESIDE = re.compile(r"(?<=│) *[▁-▇]{1,2}$")
"""The same end of the page below, beside the window that has the picture."""

_CUT = re.compile(r"[^\W\d_](?:(?!  )[^\d…│]){2,14}…")
"""The last words before a cut."""

_LOGGED = re.compile(r"^▌? +\d\d:\d\d:\d\d ")
_TOLD = ("The list is not in",)
"""What the story's run says of itself, in the language it was run in."""

_NAMES = ("Constant Contact, marketing", "Newsletter, high value", *NAMES.values())
"""Names from data may be cut, also where words of ours are in them."""

_PLACEHOLDER = re.compile(r"\{\w*\}")

_CHANGING = {"system-about"}
"""Scenes with folders and versions on them."""


def path(language: str, size: tuple[int, int]) -> Path:
    """Where a sheet lies."""
    return FOLDER / f"{language}-{size[0]}x{size[1]}.txt"


async def draw(place: Path, language: str, size: tuple[int, int]) -> dict[str, list[str]]:
    """The lines of every scene, in a company of its own: the application remembers who was there and what they saw."""
    locales.use(language)
    drawn: dict[str, list[str]] = {}

    def see(scene: Scene, lines: list[str]) -> None:
        drawn[scene.name] = lines

    story = company(place / "contoso")
    now = story.clock.now()
    await walk(face(story.environment, now), SCENES, size, see)
    await walk(face(nothing(place / "bare"), now), EMPTY, size, see)
    story.ledger.close()
    return drawn


def written(drawn: dict[str, list[str]]) -> str:
    """A sheet as it is kept."""
    kept = {name: lines for name, lines in drawn.items() if name not in _CHANGING}
    return "".join(f"═══ {name}\n" + "".join(f"{_still(line)}\n" for line in lines) for name, lines in kept.items())


def _still(line: str) -> str:
    """A line without what a moment of drawing changes."""
    end = _BESIDE if _CODE in line else _THUMB
    return end.sub(lambda found: " " * len(found[0]), line).rstrip()


def differences(kept: str, now: str) -> list[str]:
    """The lines in which two sheets differ, each with the scene it stands in."""
    return [
        *(f"- {line}" for line in sorted(_told(kept) - _told(now))),
        *(f"+ {line}" for line in sorted(_told(now) - _told(kept))),
    ]


def _told(sheet: str) -> set[str]:
    scene, number, told = "", 0, set()
    for line in sheet.split("\n"):
        scene, number = (line[4:], 0) if line.startswith("═══ ") else (scene, number + 1)
        told.add(f"{scene} {number:02}: {line}")
    return told


def faults(drawn: dict[str, list[str]], size: tuple[int, int]) -> list[str]:
    """What no screen may do: a line that is wider than the terminal, a label without its end."""
    return [f"{name}: {line}" for name, lines in drawn.items() for line in lines if cell_len(line) > size[0]]


def cut_words(sheet: str) -> list[str]:
    """Lines of a sheet in which a message of the language in use is cut; what a log or a run tells is data."""
    said = literals()
    found = []
    for line in sheet.splitlines():
        if _LOGGED.search(line) or any(told in line for told in _TOLD):
            continue
        for cut in _CUT.finditer(line):
            tail = cut[0].rstrip("…")
            if _is_of_a_name(tail):
                continue
            if any(tail in text and not text.endswith(tail) for text in said):
                found.append(line)
    return found


def _is_of_a_name(tail: str) -> bool:
    """Whether it is a name that is cut; words of ours may stand before it."""
    words = [tail[at:] for at in range(len(tail)) if not at or tail[at - 1] == " "]
    return any(tail in name or name.startswith(tuple(words)) for name in _NAMES)


def literals() -> list[str]:
    """The pieces between the placeholders of every message in the language in use."""
    code = locales.language().replace("-", "_")
    own = locales.FOLDER / code / "LC_MESSAGES" / "cctui.po"
    with (own if own.exists() else locales.FOLDER / "de" / "LC_MESSAGES" / "cctui.po").open("rb") as file:
        messages = [message.string if own.exists() else message.id for message in read_po(file) if message.id]
    said = [each for one in messages for each in ((one,) if isinstance(one, str) else one)]
    return [piece for each in said for piece in _PLACEHOLDER.split(each)]


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
    for language in locales.LANGUAGES:
        for size in SIZES:
            sheet = path(language, size)
            if asked and sheet.stem not in asked:
                continue
            with tempfile.TemporaryDirectory() as place:
                drawn = asyncio.run(draw(Path(place), language, size))
            sheet.write_text(written(drawn), encoding="utf-8")
            print(sheet.name, *faults(drawn, size), sep="\n")


if __name__ == "__main__":
    main()
