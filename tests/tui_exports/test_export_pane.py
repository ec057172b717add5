"""Setting up, editing, duplicating and viewing an export at the keyboard (checklist X1 to X12, F1 to F16)."""

from __future__ import annotations

import pytest
from export_stories import NARROW, WIDE, Company, form_text, press, text_of, type_in, until
from textual.pilot import Pilot
from textual.widgets import Button

from cctui.access.roles import Role
from cctui.definitions.model import ExportDefinition
from cctui.delivery import runs
from cctui.matching.attributes import known_attributes
from cctui.sandbox.lists import list_id_for
from cctui.tui.app import CctuiApp
from cctui.tui.screens.attribute_picker import AttributePicker
from cctui.tui.screens.changed_elsewhere import ChangedElsewhereDialog
from cctui.tui.screens.connection_pane import ConnectionPane
from cctui.tui.screens.dialogs import ConfirmDialog
from cctui.tui.screens.export_pane import ExportPane
from cctui.tui.screens.exports import ExportsPage
from cctui.tui.screens.list_picker import ListPicker
from cctui.tui.screens.picker import Picker
from cctui.tui.screens.run import RunScreen
from cctui.tui.widgets.choice import ChoiceField
from cctui.tui.widgets.paragraph import Paragraph
from cctui.tui.widgets.segment_checks import SegmentChecks

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])
NEWSLETTER = list_id_for("Newsletter")


async def opened(pilot: Pilot[int], *keys: str) -> CctuiApp:
    """The pane, with everything read that it reads by itself."""
    await pilot.pause()
    await press(pilot, *keys)
    app: CctuiApp = pilot.app  # type: ignore[assignment]
    await until(pilot, lambda: isinstance(app.screen, ExportPane))
    await until(pilot, lambda: not app.segments.known().reading)
    await pilot.pause()
    return app


def choice(app: CctuiApp, name: str) -> ChoiceField:
    return next(field for field in app.screen.query(ChoiceField) if field.choice == name)


def saved(company: Company, export: str) -> ExportDefinition:
    return company.environment.export(export).definition


class Hands:
    """Counts the keys that are pressed, typed text aside."""

    def __init__(self, pilot: Pilot[int]) -> None:
        self.pilot = pilot
        self.pressed = 0

    async def press(self, *keys: str) -> None:
        self.pressed += len(keys)
        await press(self.pilot, *keys)


@SIZES
async def test_from_no_exports_to_a_run_in_under_forty_keys(company: Company, size: tuple[int, int]) -> None:
    """Issue 4, done means: saved, dry-run, then run; F4, F5, F6, F8, F11 on the way."""
    app = company.without_exports().face()
    async with app.run_test(size=size) as pilot:
        hands = Hands(pilot)
        await pilot.pause()
        await hands.press("a")
        await type_in(pilot, "Spring news")
        await hands.press("ctrl+l")
        await until(pilot, lambda: "High value" in text_of(app))
        await type_in(pilot, "newsl")
        await hands.press("enter")
        await until(pilot, lambda: choice(app, "data_matching").text == "EMail")
        await hands.press("tab", "tab", "tab")
        await until(pilot, lambda: not app.segments.known().reading)
        await hands.press("down", "space")
        await until(pilot, lambda: "565 contacts to send" in form_text(app))
        await hands.press("f8")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await hands.press("left", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        dry = runs.history(company.environment)[0]
        assert dry.dry_run
        await until(pilot, lambda: runs.find(company.environment, dry.id).status.ended)
        await hands.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, ExportsPage))
        await until(pilot, lambda: not app.snapshot.unfinished)
        await hands.press("r")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        run = runs.history(company.environment)[0]
        await until(pilot, lambda: runs.find(company.environment, run.id).status.ended)
        assert hands.pressed < 40
    report = runs.report(company.environment, run.id)
    assert (report.sent, report.accepted) == (565, 565)
    definition = saved(company, "spring-news")
    assert (definition.list_id, definition.segments) == (NEWSLETTER, ["AllCustomers"])


async def test_the_title_names_the_type_once_a_connection_is_chosen(company: Company) -> None:
    """F1, F2: with two connections nobody chooses for the operator; they stand in one group by type."""
    text = company.text("connections/marketing.toml")
    company.write("connections/second.toml", text.replace('"marketing"', '"second"').replace(", marketing", ", second"))
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        assert "Set up export" in text_of(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, Picker)
        assert "Connection for export" in text_of(app)
        assert "Constant Contact, second" in text_of(app)
        await type_in(pilot, "second")
        await press(pilot, "enter")
        assert "Set up Constant Contact export" in text_of(app)
        assert "Constant Contact › Constant Contact, second" in text_of(app)


@SIZES
async def test_without_a_connection_an_administrator_adds_one_and_comes_back(
    company: Company, size: tuple[int, int]
) -> None:
    """F3."""
    text = company.text("connections/marketing.toml")
    app = company.without_connections().face()
    async with app.run_test(size=size) as pilot:
        await opened(pilot, "a")
        assert "There is no connection of this type that you may use." in " ".join(form_text(app).split())
        assert choice(app, "connection").disabled
        assert app.screen.focused is app.screen.query_one("#add-connection")
        await press(pilot, "enter")
        assert isinstance(app.screen, ConnectionPane)
        company.write("connections/marketing.toml", text)
        app.refresh_now()
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ExportPane))
        await until(pilot, lambda: "Constant Contact, mark" in text_of(app))
        assert app.screen.focused is app.screen.query_one("#name")


async def test_without_a_connection_a_contributor_is_told_whom_to_ask(company: Company) -> None:
    """F3."""
    app = company.without_connections().face(role=Role.CONTRIBUTOR)
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        assert "Ask an administrator to set one up, or to share one with contributors." in " ".join(
            form_text(app).split()
        )
        assert not app.screen.query_one("#add-connection").display


async def test_a_list_is_pasted_as_an_address_and_shown_by_name(company: Company) -> None:
    """F5."""
    app = company.face()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "a", "down")
        app.screen.focused.value = f"https://app.constantcontact.com/contacts/lists/{NEWSLETTER}/members"  # type: ignore[union-attr]
        await until(pilot, lambda: "✓ Newsletter" in form_text(app))
        assert "This list is also filled by: Everyone, newsletter, Old campaign" in form_text(app)


async def test_the_email_field_is_preselected_and_can_be_changed(company: Company) -> None:
    """F6: by its semantic type; another one shows at once how bad it is."""
    app = company.face(open_at="exports/everyone-newsletter")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "99.5 % filled, 97.3 % valid, 1.2 % duplicate" in form_text(app))
        choice(app, "data_matching").focus()
        await press(pilot, "enter")
        await type_in(pilot, "city")
        await press(pilot, "enter")
        await until(pilot, lambda: "0.0 % valid" in form_text(app))
        assert "Nothing would be sent." in form_text(app)


async def test_attributes_are_added_and_removed_until_nothing_is_left(company: Company) -> None:
    """F7: every field of the import, then the account's custom fields; greyed when nothing is left to add."""
    app = company.face()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "a")
        await until(pilot, lambda: choice(app, "data_matching").text)
        await press(pilot, "f6")
        assert isinstance(app.screen, AttributePicker)
        await until(pilot, lambda: "cf:loyalty_tier" in text_of(app))
        await press(pilot, "enter")
        assert "First name" in text_of(app)
        assert choice(app, "first_name").text == "FirstName"
        await press(pilot, "f6")
        await type_in(pilot, "tier")
        await press(pilot, "enter")
        await until(pilot, lambda: "LoyaltyTier" in text_of(app))
        choice(app, "first_name").focus()
        await press(pilot, "delete")
        await until(pilot, lambda: len(app.screen.query(ChoiceField)) == 3)
        assert not app.screen.query_one("#add-attribute").disabled


async def test_when_every_attribute_is_there_nothing_can_be_added(company: Company) -> None:
    """F7: greyed."""
    name = "exports/everyone-newsletter.toml"
    there = [known.name for known in known_attributes()] + ["cf:loyalty_tier", "cf:favourite_coffee"]
    more = "".join(f'[[attributes]]\nattribute = "{one}"\nfield = "City"\n' for one in there if "t_name" not in one)
    company.write(name, company.text(name).replace("[schedule]", f"{more}\n[schedule]"))
    app = company.face(open_at="exports/everyone-newsletter")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await until(pilot, lambda: app.screen.query_one("#add-attribute").disabled)
        await press(pilot, "f6")
        assert "Every attribute is there already." in text_of(app)


async def test_a_custom_field_can_be_typed_when_the_account_cannot_be_read(company: Company) -> None:
    (company.root / "secrets" / "marketing.json").unlink()
    app = company.face()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "a")
        await until(pilot, lambda: choice(app, "data_matching").text)
        await press(pilot, "f6")
        await until(pilot, lambda: "Custom fields are not known" in text_of(app))
        await type_in(pilot, "cf:City")
        await press(pilot, "enter")
        await until(pilot, lambda: any(field.choice == "cf:City" for field in app.screen.query(ChoiceField)))


async def test_all_segments_are_selected_by_one_key_and_counted_without_doubles(company: Company) -> None:
    """F8, F9: the total is what would be sent, not the sum of the members."""
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        app.screen.query_one(SegmentChecks).focus()
        await press(pilot, "space")
        assert "7 of 7 selected" in text_of(app)
        await until(pilot, lambda: "565 contacts to send" in form_text(app))
        assert "985 selected" in form_text(app)
        await press(pilot, "space")
        assert "0 of 7 selected" in text_of(app)
        assert "Nothing is selected." in form_text(app)


async def test_saving_stores_and_never_runs(company: Company) -> None:
    """F10, F11: the hint says so, and no run is queued. F12 of later documents, Save and run, is not there."""
    app = company.face(open_at="exports/everyone-newsletter")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        saving = app.screen.query_one("#saving", Paragraph)
        assert "It runs with every scheduled refresh, or when you choose Run." in str(saving.content)
        assert [str(button.label) for button in app.screen.query("FormFooter Button")] == ["Save", "Cancel"]
        await type_in(pilot, " 2")
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, ExportsPage))
        await until(pilot, lambda: "Saved." in text_of(app))
        assert app.screen.table.current == "everyone-newsletter"  # type: ignore[attr-defined]
    assert saved(company, "everyone-newsletter").display_name == "Everyone, newsletter 2"
    assert not company.environment.ledger_path.exists() or runs.history(company.environment) == []


async def test_a_duplicate_opens_filled_in_and_becomes_an_export_of_its_own(company: Company) -> None:
    """F13."""
    app = company.face()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await opened(pilot, "d")
        assert "Set up Constant Contact export" in text_of(app)
        assert app.screen.query_one("#name").value == "Everyone, newsletter (copy)"  # type: ignore[attr-defined]
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, ExportsPage))
    copy, original = saved(company, "everyone-newsletter-copy"), saved(company, "everyone-newsletter")
    assert (copy.segments, copy.attributes, copy.list_id) == (original.segments, original.attributes, original.list_id)


async def test_after_a_dry_run_the_cursor_is_on_the_export_that_was_tried(company: Company) -> None:
    """Run, pressed on the list afterwards, must not mean another export."""
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "d")
        await press(pilot, "f8", "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await press(pilot, "escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, ExportsPage))
        await until(pilot, lambda: app.screen.table.current == "everyone-newsletter-copy")  # type: ignore[attr-defined]


async def test_a_detached_export_gets_a_connection_by_editing_it(company: Company) -> None:
    """F16, X12, C22."""
    app = company.face(open_at="exports/old-campaign")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        await press(pilot, "f9")
        assert "Choose a connection." in text_of(app)
        await press(pilot, "enter", "enter")
        await until(pilot, lambda: "Constant Contact, marke" in text_of(app))
        assert "Choose a connection." not in text_of(app)
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, ExportsPage))
    assert saved(company, "old-campaign").connection == "marketing"


async def test_errors_are_shown_at_their_fields_and_go_as_they_are_mended(company: Company) -> None:
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        await press(pilot, "f9")
        assert "✗ Give the export a name." in text_of(app)
        assert "✗ The Constant Contact list ID is missing." in text_of(app)
        assert app.screen.focused is app.screen.query_one("#name")
        await type_in(pilot, "News")
        assert "Give the export a name." not in text_of(app)
        assert isinstance(app.screen, ExportPane)


async def test_cancel_asks_only_where_something_would_be_lost(company: Company) -> None:
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        await until(pilot, lambda: choice(app, "data_matching").text)
        await press(pilot, "escape")
        assert isinstance(app.screen, ExportsPage)
        await opened(pilot, "a")
        await type_in(pilot, "News")
        await press(pilot, "escape")
        assert isinstance(app.screen, ConfirmDialog)
        await press(pilot, "enter")
        assert isinstance(app.screen, ExportPane)
        await press(pilot, "escape", "left", "enter")
        assert isinstance(app.screen, ExportsPage)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR])
async def test_who_may_not_edit_gets_the_export_to_read(company: Company, role: Role) -> None:
    """X1, X10: View, with Close; nothing can be changed or saved."""
    text = company.text("connections/marketing.toml")
    company.write("connections/marketing.toml", text.replace("administrators-and-contributors", "administrators"))
    before = company.text("exports/everyone-newsletter.toml")
    app = company.face(role=role, open_at="exports/everyone-newsletter")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        assert "To read only." in text_of(app)
        assert "Close" in text_of(app)
        assert not app.screen.query(".form-save")
        await press(pilot, "f9", "f6", "down", "down")
        assert isinstance(app.screen, ExportPane)
        await press(pilot, "enter")
        assert isinstance(app.screen, ExportsPage)
    assert company.text("exports/everyone-newsletter.toml") == before


async def test_addresses_are_shown_only_to_those_who_may_see_them(company: Company) -> None:
    app = company.face(open_at="exports/everyone-newsletter")
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "…@fabrikam.com" in form_text(app))
        await press(pilot, "f7")
        await until(pilot, lambda: "…@fabrikam.com" not in form_text(app))
        assert "@fabrikam.com" in form_text(app)
    app = company.face(open_at="exports/everyone-newsletter", role=Role.VIEWER)
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        await press(pilot, "f7")
        assert "Ask an administrator." in text_of(app)


async def test_a_segment_of_the_segments_page_is_chosen_already(company: Company) -> None:
    """G4."""
    app = company.face(open_at="segments")
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        await until(pilot, lambda: not app.segments.known().reading)
        await press(pilot, "e", "a")
        await until(pilot, lambda: isinstance(app.screen, ExportPane))
        assert "1 of 7 selected" in form_text(app) or "[x]" in text_of(app)


@SIZES
@pytest.mark.parametrize(("answer", "name"), [("mine", "Everybody!"), ("theirs", "Somebody"), ("cancel", "Somebody")])
async def test_a_change_made_elsewhere_is_shown_or_asked_about(
    company: Company, answer: str, name: str, size: tuple[int, int]
) -> None:
    """Issue 4, 7: shown at once where nothing was entered; asked about where both were changed."""
    path = "exports/everyone-newsletter.toml"
    text = company.text(path)
    app = company.face(open_at="exports/everyone-newsletter")
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        company.write(path, text.replace("Everyone, newsletter", "Everybody"))
        app.refresh_now()
        await pilot.pause()
        assert app.screen.query_one("#name").value == "Everybody"  # type: ignore[attr-defined]
        await type_in(pilot, "!")
        theirs = text.replace("Everyone, newsletter", "Somebody").replace(NEWSLETTER, list_id_for("Loyalty"))
        company.write(path, theirs.replace('"AllCustomers"', '"TastingClub"').replace('"FirstName"', '"City"'))
        app.refresh_now()
        await pilot.pause()
        assert "Saving asks which one to keep." in text_of(app)
        await press(pilot, "f9")
        await until(pilot, lambda: isinstance(app.screen, ChangedElsewhereDialog))
        await press(pilot, "d")
        assert '- display_name = "Somebody"' in text_of(app)
        assert '+ display_name = "Everybody!"' in text_of(app)
        for shown in ("See the difference", "Keep theirs", "Keep mine", "Cancel"):
            assert shown in text_of(app), "the difference hid the answers on a low screen"
        await pilot.click(f"#{answer}")
        stays = answer == "cancel"
        await until(pilot, lambda: isinstance(app.screen, ExportPane if stays else ExportsPage))
    assert saved(company, "everyone-newsletter").display_name == name


async def test_an_export_that_cannot_be_read_shows_its_error_until_it_is_mended(company: Company) -> None:
    name = "exports/everyone-newsletter.toml"
    text = company.text(name)
    company.write(name, text.replace("display_name", "dispaly_name"))
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        app.push_screen(ExportPane("everyone-newsletter"))
        await until(pilot, lambda: "everyone-newsletter.toml, line 2" in text_of(app))
        assert "display_name" in text_of(app)
        company.write(name, text)
        app.refresh_now()
        await until(pilot, lambda: bool(app.screen.query("#name")))


async def test_the_list_picker_makes_a_list_after_asking(company: Company) -> None:
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        await press(pilot, "ctrl+l")
        await until(pilot, lambda: "type a new name" in text_of(app))
        await type_in(pilot, "Summer 2027")
        assert "Create list “Summer 2027”" in text_of(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, ConfirmDialog)
        await press(pilot, "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, ExportPane))
        await until(pilot, lambda: "✓ Summer 2027" in form_text(app))
    assert "Summer 2027" in company.sandbox.ask("lists")


async def test_offline_the_picker_says_what_to_do_and_typing_stays_possible(company: Company) -> None:
    text = company.text("connections/marketing.toml")
    company.write("connections/marketing.toml", text.replace(company.sandbox.api, "http://127.0.0.1:9/v3"))
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        await press(pilot, "ctrl+l")
        await until(pilot, lambda: "cannot be reached" in text_of(app))
        assert "The ID can be typed all the same." in " ".join(text_of(app).split())
        assert isinstance(app.screen, ListPicker)
        await press(pilot, "escape", "down")
        app.screen.focused.value = NEWSLETTER  # type: ignore[union-attr]
        await until(pilot, lambda: "Its name is not known" in form_text(app))


WAYS_OUT = {
    "a click in the menu": lambda app, pilot: pilot.click("Menu", offset=(4, 0)),
    "another page by name": lambda app, pilot: app.run_action("app.go('segments')"),
    "an object of the palette": lambda app, pilot: app.run_action("app.open('exports', 'everyone-newsletter')"),
    "the end of the application": lambda app, pilot: pilot.press("ctrl+q"),
    "escape": lambda app, pilot: pilot.press("escape"),
}


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_no_way_out_of_the_pane_drops_what_was_entered(company: Company, way: str) -> None:
    app = company.face()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "a")
        await type_in(pilot, "Spring news")
        await WAYS_OUT[way](app, pilot)
        await until(pilot, lambda: "Discard your entries?" in text_of(app))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, ExportPane))
        assert "Spring news" in text_of(app)
        await WAYS_OUT[way](app, pilot)
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "left", "enter")
        await until(
            pilot,
            lambda: (
                not app.is_running or (not isinstance(app.screen, ConfirmDialog) and "Spring news" not in text_of(app))
            ),
        )


async def test_a_pane_below_another_one_is_asked_about_too(company: Company) -> None:
    app = company.without_connections().face()
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "a")
        app.screen.query_one("#name").focus()
        await type_in(pilot, "Spring news")
        app.screen.query_one("#add-connection", Button).press()
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane) and "Esc closes" in text_of(app))
        await pilot.click("Menu", offset=(4, 0))
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ConnectionPane))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, ExportPane))
        assert "Spring news" in text_of(app)
