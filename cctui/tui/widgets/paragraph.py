"""A text of several lines, broken where its language breaks lines: Textual itself breaks at blanks only."""

from __future__ import annotations

from functools import lru_cache

from textual.content import Content
from textual.css.styles import RulesMap
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import Static

from cctui.tui.line_breaks import wrapped_lines
from cctui.tui.parts import Part, plain


class Paragraph(Static):
    """Plain text, by the rules of :mod:`cctui.tui.line_breaks`."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(text, id=id, classes=classes, markup=False)

    def render(self) -> Visual:
        """The text, which is broken as soon as there is a width."""
        return _Broken(str(self.content))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What was marked with the mouse, in the lines that are seen."""
        return selection.extract(_broken(str(self.content), self.content_size.width)), "\n"


class _Broken(Visual):
    def __init__(self, text: str) -> None:
        self._text = text
        self._whole = Content(text)

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return Content(_broken(self._text, width)).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return self._whole.get_optimal_width(rules, container_width)

    def get_minimal_width(self, rules: RulesMap) -> int:
        return self._whole.get_minimal_width(rules)

    def get_height(self, rules: RulesMap, width: int) -> int:
        return Content(_broken(self._text, width)).get_height(rules, width)


@lru_cache(maxsize=64)
def _broken(text: str, width: int) -> str:
    lines = wrapped_lines([(Part(line),) for line in text.split("\n")], width)
    return "\n".join(plain(line) for line in lines)
