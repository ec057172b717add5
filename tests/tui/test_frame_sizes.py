"""A page is laid out once for the size at hand."""

from __future__ import annotations

import pytest
from contoso_stories import NARROW, WIDE, face

from cctui.definitions.environment import Environment
from cctui.tui.page import Page


@pytest.mark.parametrize(("size", "classes"), [(WIDE, {"-wide", "-high"}), (NARROW, {"-narrow", "-low"})])
async def test_a_page_knows_its_size_before_it_is_laid_out_first(
    contoso: Environment, size: tuple[int, int], classes: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_mount: list[frozenset[str]] = []
    draw = Page.on_mount

    def on_mount(page: Page) -> None:
        at_mount.append(page.classes)
        draw(page)

    monkeypatch.setattr(Page, "on_mount", on_mount)
    app = face(contoso)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
    assert at_mount
    assert all(classes <= there for there in at_mount)
