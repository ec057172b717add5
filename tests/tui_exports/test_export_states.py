"""States that nobody plans: things that are gone, too many, too large, in every script, or there twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from export_stories import NARROW, WIDE, Company, FixedClock, form_text, press, text_of, type_in, until
from textual.pilot import Pilot

from cctui.access.roles import Operator, Role
from cctui.definitions.environment import Environment
from cctui.profiles.files import FilesSource
from cctui.profiles.source import Segment, SegmentName
from cctui.tui.app import CctuiApp
from cctui.tui.screens.export_pane import ExportPane
from cctui.tui.screens.exports import ExportsPage
from cctui.tui.widgets.segment_checks import SegmentChecks

EXPORT = "exports/everyone-newsletter.toml"


async def opened(pilot: Pilot[int], *keys: str) -> CctuiApp:
    await pilot.pause()
    await press(pilot, *keys)
    app: CctuiApp = pilot.app  # type: ignore[assignment]
    await until(pilot, lambda: isinstance(app.screen, ExportPane))
    await until(pilot, lambda: not app.segments.known().reading)
    await pilot.pause()
    return app


@pytest.fixture
def plain(tmp_path: Path) -> Environment:
    """An environment over a table of 40 profiles that has no connection."""
    root = tmp_path / "plain"
    for folder in ("connections", "exports"):
        (root / folder).mkdir(parents=True)
    rows = [f"C{n},{n}@contoso.example,Name {n}" for n in range(40)]
    (root / "profiles.csv").write_text("\n".join(["CustomerId,Contact point,Called", *rows]) + "\n")
    return Environment(root)


def described(environment: Environment, segments: str) -> CctuiApp:
    (environment.root / "environment.toml").write_text(
        f'[environment]\nname = "Contoso"\n\n[profiles]\nkind = "files"\npath = "profiles.csv"\n\n{segments}'
    )
    return CctuiApp(environment, Operator("ops1", Role.ADMINISTRATOR), open_at="exports", clock=FixedClock())


async def test_things_that_are_gone_are_shown_in_the_list_and_in_the_pane(company: Company) -> None:
    """Issue 4, 7: a segment, a field, a list and a connection that the export uses are not there any more."""
    text = company.text(EXPORT).replace('"AllCustomers"', '"AllCustomers", "Springtime"')
    text = text.replace('"FirstName"', '"GivenName"').replace('connection = "marketing"', 'connection = "sales"')
    company.write(EXPORT, text)
    app = company.face()
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "▲ Everyone, newsletter" in text_of(app))
        assert "Its connection sales is not there. Press Enter to mend the export." in text_of(app)
        await opened(pilot, "enter")
        await until(pilot, lambda: "The profiles have no field GivenName" in text_of(app))
        assert "This connection does not exist any more. Choose another one." in form_text(app)
        assert "Springtime" in text_of(app)
        assert "▲ Not in the source" in text_of(app)
        assert "1 chosen segment is not in the source any more." in form_text(app)


async def test_a_list_that_was_deleted_meanwhile_is_said(company: Company) -> None:
    lost = "00000000-0000-4000-8000-000000000000"
    definition = company.environment.export("everyone-newsletter").definition
    company.write(EXPORT, company.text(EXPORT).replace(definition.list_id, lost))
    app = company.face(open_at="exports/everyone-newsletter")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "has no list with this ID" in " ".join(form_text(app).split()))


async def test_a_thousand_lists_in_every_script_are_paged_and_found(company: Company) -> None:
    names = [f"Kampagne {n:04} für Müller" for n in range(990)]
    company.sandbox.ask("lists", {"names": names})
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        await press(pilot, "ctrl+l")
        await until(pilot, lambda: "type a new name" in text_of(app))
        assert "9" in text_of(app).split(" lists · ")[0][-4:]
        for typed, name in (
            ("新闻", "新闻通讯"),
            ("النش", "النشرة"),
            ("ügyfél", "Ügyfélhírlevél"),
            ("0977", "Kampagne 0977"),
        ):
            app.screen.focused.value = typed  # type: ignore[union-attr]
            await until(pilot, lambda name=name: name in text_of(app))
        await press(pilot, "enter")
        await until(pilot, lambda: "✓ Kampagne 0977 für Müller" in form_text(app))


async def test_three_hundred_segments_are_searched_and_ticked(
    plain: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [Segment(SegmentName(f"S{n}"), f"Segment {n}") for n in range(300)]
    monkeypatch.setattr(FilesSource, "segments", lambda _self: many)
    monkeypatch.setattr(FilesSource, "count", lambda _self, segment: int(segment[1:]))
    app = described(plain, "")
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        checks = app.screen.query_one(SegmentChecks)
        await until(pilot, lambda: checks.rows and checks.rows[-1].cells[2].text == "299")
        search = app.screen.query_one("#segment-filter")
        assert search.display
        search.focus()
        await type_in(pilot, "s29")
        assert len(checks.rows) == 11
        await press(pilot, "enter", "space")
        assert "11 of 300 selected" in text_of(app)


async def test_without_an_email_like_field_the_values_are_looked_at(plain: Environment) -> None:
    """F6: by what the values look like."""
    app = described(plain, '[[segments]]\nname = "All"\n')
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "a")
        await until(pilot, lambda: "Contact point" in text_of(app))


async def test_where_nothing_looks_like_an_address_somebody_has_to_choose(plain: Environment) -> None:
    """F6: no e-mail-like attribute at all."""
    (plain.root / "profiles.csv").write_text("CustomerId,Called\nC1,Mette\nC2,Jörg\n")
    app = described(plain, '[[segments]]\nname = "All"\n')
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "a")
        await until(pilot, lambda: "No field looks like an e-mail address." in form_text(app))
        app.screen.query_one(SegmentChecks).focus()
        await press(pilot, "space")
        assert "Choose the e-mail field to see the first contacts" in form_text(app)


async def test_segments_of_nobody_and_of_one(plain: Environment) -> None:
    """A segment of 0 is marked and sends nothing; one of 1 sends one."""
    none = '[[segments]]\nname = "None"\nwhere = "Called = \'x\'"\n'
    app = described(plain, none + '[[segments]]\nname = "One"\nwhere = "Called = \'Name 7\'"\n')
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "a")
        await until(pilot, lambda: "▲ Empty" in text_of(app))
        app.screen.query_one(SegmentChecks).focus()
        await press(pilot, "down", "space")
        await until(pilot, lambda: "The chosen segments have no members." in form_text(app))
        assert "Nothing would be sent." in form_text(app)
        await press(pilot, "down", "space")
        await until(pilot, lambda: "1 contact to send" in form_text(app))


async def test_a_segment_above_the_limit_is_never_matched(plain: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """F9, L1: 1,000,001 members, told by a source that only counts."""
    monkeypatch.setattr(FilesSource, "count", lambda _self, _segment: 1_000_001)
    app = described(plain, '[[segments]]\nname = "All"\n')
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot, "a")
        await until(pilot, lambda: "▲ Too large" in text_of(app))
        app.screen.query_one(SegmentChecks).focus()
        await press(pilot, "space")
        assert "All is too large. 1,000,001 profiles; one export takes 1,000,000 at most." in form_text(app)


async def test_a_file_with_the_same_segment_twice_names_it(company: Company) -> None:
    company.write(EXPORT, company.text(EXPORT).replace('["AllCustomers"]', '["AllCustomers", "AllCustomers"]'))
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        app.push_screen(ExportPane("everyone-newsletter"))
        await until(pilot, lambda: "This segment is selected twice." in " ".join(text_of(app).split()))
        await press(pilot, "escape")
        assert isinstance(app.screen, ExportsPage)


async def test_profiles_that_cannot_be_read_leave_the_rest_of_the_pane_usable(company: Company) -> None:
    (company.root / "profiles").unlink()
    app = company.face()
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot, "a")
        await until(pilot, lambda: "▲" in form_text(app))
        await type_in(pilot, "News")
        assert app.screen.query_one("#name").value == "News"  # type: ignore[attr-defined]
        shutil.rmtree(company.root / "profiles", ignore_errors=True)


async def test_with_ascii_only_every_sign_has_a_stand_in(company: Company) -> None:
    app = company.face(open_at="exports/everyone-newsletter", ascii_only=True)
    async with app.run_test(size=NARROW) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "Newsletter" in form_text(app))
        assert text_of(app).isascii()
        await press(pilot, "ctrl+l")
        await until(pilot, lambda: "lists" in text_of(app))
        assert text_of(app).isascii()
