"""Data > Exports over the sample: its command bar, and what acts on one export or on several (X6 to X9)."""

from __future__ import annotations

from export_stories import WIDE, Company, press, text_of, until

from cctui.tui.screens.dialogs import ConfirmDialog
from cctui.tui.screens.exports import ExportsPage


async def test_without_a_selection_there_are_add_and_run_all(company: Company) -> None:
    """X6: Run all is greyed while the list is empty, and says why."""
    app = company.without_exports().face()
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "No exports yet." in text_of(app))
        assert "Add export" in text_of(app)
        assert "Run all" in text_of(app)
        await press(pilot, "R")
        assert "There is nothing here yet." in text_of(app)


async def test_one_export_and_several_have_their_commands_at_hand(company: Company) -> None:
    """X7, X8, X9: as named in the product; detaching works for several at once."""
    app = company.face()
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "Everyone, newsletter" in text_of(app))
        for name in ("Edit", "Run", "Duplicate", "Detach connection", "Remove"):
            assert name in text_of(app)
        await press(pilot, "space", "space")
        assert "2 selected" in text_of(app)
        await press(pilot, "x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, ExportsPage) and "2 exports are detached." in text_of(app))
    detached = [
        stored.definition.id for stored in company.environment.exports() if stored.definition.connection is None
    ]  # type: ignore[union-attr]
    assert sorted(detached) == ["everyone-newsletter", "high-value-customers", "old-campaign"]
