"""The catalogs of the six languages: bring them up to date, or say what is missing in them.

``update`` collects every message from the source, merges it into each ``cctui.po`` and compiles; ``check`` changes
nothing and fails on a message that is missing or fuzzy, on a lost placeholder, on plurals that are not as many as the
language has, on a compiled catalog that is not the one in the source, and on a key that two commands of one
screen share.
"""

from __future__ import annotations

import ast
import io
import pkgutil
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from cctui import __version__
from cctui.locales import LANGUAGES

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "cctui" / "locales"
KEYWORDS = {"_": 1, "N_": 1, "ngettext": 2, "nN_": 2}
"""The functions that mark messages, with the number of their texts."""
IN_CONTEXT = ("C_", "NC_")
"""The functions that mark a message in one of its meanings: context, text."""
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""The history of a catalog is the repository's; a date that changes with every update would only be noise."""
_PLACEHOLDER = re.compile(r"\{[a-z_]+(?:![rs])?\}|%\([a-z]+\)s")


def template() -> Catalog:
    """Every message of the source, without places: a moved line is no change of a catalog.

    Read from the syntax tree: Babel's own extraction does not look into f-strings before Python 3.12.
    """
    catalog = Catalog(project="cctui", version=__version__, copyright_holder="The cctui authors", charset="utf-8")
    for path in sorted((ROOT / "cctui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if node.func.id in IN_CONTEXT and len(texts) == 2:
                catalog.add(texts[1], context=texts[0])
            elif node.func.id in KEYWORDS and texts:
                texts = texts[: KEYWORDS[node.func.id]]
                catalog.add(tuple(texts) if len(texts) > 1 else texts[0])
    return catalog


def po_path(language: str) -> Path:
    """Where the catalog of a language lies."""
    return FOLDER / language.replace("-", "_") / "LC_MESSAGES" / "cctui.po"


def load(language: str) -> Catalog:
    """The catalog of a language as it is; an empty one where there is none."""
    path = po_path(language)
    if not path.exists():
        return Catalog(locale=language.replace("-", "_"), charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


def compiled(catalog: Catalog) -> bytes:
    """The catalog as the program reads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def update() -> None:
    """Bring every catalog up to date with the source and compile it."""
    source = template()
    for language in LANGUAGES[1:]:
        catalog = load(language)
        catalog.update(source, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.fuzzy = False
        catalog.project, catalog.version = "cctui", __version__
        catalog.header_comment = f"# {language} messages of cctui, under the same license as cctui."
        catalog.creation_date = catalog.revision_date = _NO_DATE
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=0, sort_output=True, omit_header=False, include_previous=False)
        path.with_suffix(".mo").write_bytes(compiled(load(language)))


def problems(language: str, source: Catalog) -> list[str]:
    """What is wrong with the catalog of a language, one line each."""
    catalog = load(language)
    plurals = get_plural(language.replace("-", "_")).num_plurals
    found = [] if catalog.num_plurals == plurals else [f"{language}: has {plurals} plural forms"]
    for message in source:
        if not message.id:
            continue
        translated = catalog.get(message.id, message.context)
        if translated is None or not _complete(translated, catalog.num_plurals):
            found.append(f"{language}: not translated: {_first(message)!r}")
        elif translated.fuzzy:
            found.append(f"{language}: fuzzy: {_first(message)!r}")
        else:
            found += [f"{language}: {fault}" for fault in _placeholder_faults(translated)]
    path = po_path(language).with_suffix(".mo")
    if not path.exists() or path.read_bytes() != compiled(catalog):
        found.append(f"{language}: compiled from another catalog: run make catalogs")
    return found


def _complete(message: Message, plurals: int) -> bool:
    if isinstance(message.string, tuple):
        return len(message.string) == plurals and all(message.string)
    return bool(message.string)


def _placeholder_faults(message: Message) -> list[str]:
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    told = [set(_PLACEHOLDER.findall(one)) for one in ids]
    allowed = set.union(*told)
    # What only one of the forms has may be missing in the others; a count is often left out with one of something.
    needed = set.intersection(*told) - {"{count}"} if len(ids) > 1 else allowed
    return [
        f"placeholders differ: {one!r} for {ids[0]!r}"
        for one in strings
        if not needed <= set(_PLACEHOLDER.findall(one)) <= allowed
    ]


def _first(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else str(message.id)


def shortcuts() -> list[str]:
    """Keys that two commands of one screen share, one line each."""
    return [f"{page.__name__}: {key} is {' and '.join(named)}" for page, key, named in _shared_keys()]


def _shared_keys() -> Iterator[tuple[type, str, list[str]]]:
    from textual.binding import Binding
    from textual.screen import Screen

    from cctui.tui import screens

    for module in pkgutil.iter_modules(screens.__path__):
        import_module(f"{screens.__name__}.{module.name}")
    for page in _below(Screen):
        if not page.__module__.startswith("cctui."):
            continue
        named: dict[str, list[str]] = {}
        for binding in Binding.make_bindings(page.__dict__.get("BINDINGS", ())):
            named.setdefault(binding.key, []).append(binding.action)
        yield from ((page, key, actions) for key, actions in named.items() if len(actions) > 1)


def _below(kind: type) -> Iterator[type]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def main() -> int:
    """``update`` or ``check``; returns the exit code."""
    if sys.argv[1:] == ["update"]:
        update()
        return 0
    source = template()
    found = [line for language in LANGUAGES[1:] for line in problems(language, source)]
    found += shortcuts()
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
