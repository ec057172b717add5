"""Pictures of the pages at the two sizes, in every theme; look at a difference before accepting it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from contoso_stories import NARROW, WIDE, face, press, until
from textual.pilot import Pilot

from cctui.definitions.environment import Environment
from cctui.tui.app import CctuiApp

Snap = Callable[..., bool]
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


async def _counted(pilot: Pilot[Any]) -> None:
    app = pilot.app
    assert isinstance(app, CctuiApp)
    await until(pilot, lambda: not app.segments.known().reading and not app.segments.busy)
    await pilot.pause()


def _pressing(*keys: str) -> Callable[[Pilot[Any]], Any]:
    async def do(pilot: Pilot[Any]) -> None:
        await press(pilot, *keys)
        await pilot.pause()

    return do


@SIZES
@pytest.mark.parametrize("place", ["home", "exports", "connections"])
def test_page(snap_compare: Snap, contoso: Environment, place: str, size: tuple[int, int]) -> None:
    assert snap_compare(face(contoso, open_at=place), terminal_size=size, run_before=_pressing("down"))


@SIZES
@pytest.mark.parametrize("place", ["segments", "segments/HighValue"], ids=["list", "detail"])
def test_page_of_segments(snap_compare: Snap, contoso: Environment, place: str, size: tuple[int, int]) -> None:
    assert snap_compare(face(contoso, open_at=place), terminal_size=size, run_before=_counted)


@pytest.mark.parametrize("place", ["home", "exports", "connections"])
def test_empty_page(snap_compare: Snap, bare: Environment, place: str) -> None:
    assert snap_compare(face(bare, open_at=place), terminal_size=NARROW)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("marks", ("down", "space", "space")),
        ("search", ("slash", "l", "o", "y")),
        ("notice", ("down", "r")),
        ("help", ("question_mark",)),
        ("menu", ("g",)),
        ("question", ("x",)),
        ("error", ("end", "enter")),
    ],
)
def test_exports_while_one_works(snap_compare: Snap, contoso: Environment, name: str, keys: tuple[str, ...]) -> None:
    assert snap_compare(face(contoso, open_at="exports"), terminal_size=NARROW, run_before=_pressing(*keys))


@pytest.mark.parametrize("theme", ["cctui-light", "high-contrast", "terminal"])
def test_theme(snap_compare: Snap, contoso: Environment, theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCTUI_THEME", theme)
    assert snap_compare(face(contoso, open_at="exports"), terminal_size=NARROW, run_before=_pressing("down"))


def test_without_colours(snap_compare: Snap, contoso: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(face(contoso, open_at="exports"), terminal_size=NARROW, run_before=_pressing("down"))


def test_too_small(snap_compare: Snap, contoso: Environment) -> None:
    assert snap_compare(face(contoso, open_at="exports"), terminal_size=(59, 15))
