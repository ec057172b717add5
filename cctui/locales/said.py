"""Text that remembers how it was said, so that whoever reads it later reads it in a language of their own.

A process that writes for others (the worker) turns this on with :func:`cctui.locales.remember`. Its texts are then
strings like any other which also hold the message, its values and what they are joined from. Cut, masked or otherwise
changed, they are plain text in the writer's language again.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Self

Recipe = str | dict[str, Any] | list[Any]
"""Plain text; a message with its values; a formatted value; or parts that follow one another."""

_MARK = "\x1e"
"""Begins stored text that is a recipe (U+001E, record separator); no sentence holds it."""

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class Said(str):
    """A text and its recipe."""

    recipe: Recipe

    def __new__(cls, text: str, recipe: Recipe) -> Self:
        """``text`` as it reads now."""
        said = super().__new__(cls, text)
        said.recipe = recipe
        return said

    def format(self, *args: object, **values: object) -> str:
        """Fill the placeholders, and remember with what."""
        text = super().format(*args, **values)
        if args or not isinstance(self.recipe, dict):
            return text
        return Said(text, {**self.recipe, "values": {name: recipe_of(value) for name, value in values.items()}})

    def __add__(self, more: str) -> str:
        return Said(super().__add__(more), [self.recipe, recipe_of(more)])


def recipe_of(value: object) -> Recipe:
    """How ``value`` was said; plain text where that is not known."""
    return value.recipe if isinstance(value, Said) else str(value)


def joined(*texts: str) -> str:
    """The texts that are not empty, with a blank between them."""
    parts = [text for text in texts if text]
    whole = " ".join(parts)
    if not any(isinstance(part, Said) for part in parts):
        return whole
    recipes: list[Recipe] = []
    for part in parts:
        recipes += [recipe_of(part), " "]
    return Said(whole, recipes[:-1])


def stored(text: str) -> str:
    """``text`` as it is kept: the recipe where there is one, and where plain text could be taken for one."""
    if isinstance(text, Said):
        return _MARK + json.dumps(text.recipe, ensure_ascii=False)
    return _MARK + json.dumps(text, ensure_ascii=False) if text.startswith(_MARK) else text


def retold(kept: str) -> str:
    """Text that was kept by :func:`stored`, in the language in use; plain text, also of older versions, as it is."""
    if not kept.startswith(_MARK):
        return kept
    try:
        return retell(json.loads(kept.removeprefix(_MARK)))
    except (ValueError, TypeError, KeyError):
        return kept.removeprefix(_MARK)


def retell(recipe: Recipe) -> Said:
    """The text of a recipe in the language in use. Raises ``ValueError`` and the like for what is none."""
    return Said(_text(recipe), recipe)


def _text(recipe: Any) -> str:
    from cctui import locales

    match recipe:
        case str():
            return recipe
        case list():
            return "".join(_text(part) for part in recipe)
        case {"one": str(one), "many": str(many), "count": int(count)}:
            return _filled(locales.ngettext(one, many, count), recipe)
        case {"message": str(message), "context": str(context)}:
            return _filled(locales.C_(context, message), recipe)
        case {"message": str(message)}:
            return _filled(locales._(message), recipe)
        case {"number": int() | float() as value, "decimals": int(decimals)}:
            return locales.number(value, decimals)
        case {"moment": str(moment), "zone": str(zone)}:
            from zoneinfo import ZoneInfo

            return locales.date_time(datetime.fromisoformat(moment), ZoneInfo(zone))
        case _:
            raise ValueError("not a recipe")


def _filled(message: str, recipe: dict[str, Any]) -> str:
    """Only names are filled in: a message comes from a file, and attributes of values are nobody's business."""
    values = recipe.get("values", {})
    return _PLACEHOLDER.sub(lambda found: _text(values.get(found[1], found[0])), message)
