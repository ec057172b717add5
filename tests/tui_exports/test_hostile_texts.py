"""What strangers wrote, on the screens where people read it: list names, profile values, error bodies, definitions.

No control character, no turn of the direction and nothing longer than its place may reach the terminal.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from export_stories import NARROW, WIDE, Company, press, text_of, until
from textual.pilot import Pilot

from cctui.cli import main
from cctui.definitions.environment import Environment
from cctui.delivery import runs
from cctui.tui.app import CctuiApp
from cctui.tui.screens.export_pane import ExportPane
from cctui.tui.screens.rejected import RejectedScreen

EVIL = "\x1b[2J\x1b]52;c;AAAA\x07\x9b31m\u202egnp\u2066\u200f.exe"
NAMES = [
    f"News {EVIL}",
    "\u202eRTL first",
    "=HYPERLINK(1)",
    "Long " + "A" * 300,
    "two\r\nlines",
    "tab\tbed",
    "nul\0led",
]
SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


def harmless(app: CctuiApp) -> str:
    """The screen, of which every character is one to read and every line is as wide as the screen at most."""
    for strip in app.screen._compositor.render_strips(app.screen.size):
        for segment in strip:
            assert segment.control or segment.text.isprintable(), segment
        assert strip.cell_length <= app.size.width
    return text_of(app)


async def opened(pilot: Pilot[int]) -> CctuiApp:
    app: CctuiApp = pilot.app  # type: ignore[assignment]
    await until(pilot, lambda: isinstance(app.screen, ExportPane) and not app.screen.busy)
    return app


@SIZES
async def test_names_of_lists(company: Company, size: tuple[int, int]) -> None:
    ids = company.sandbox.ask("lists", {"names": NAMES})
    company.write(
        "exports/everyone-newsletter.toml",
        company.text("exports/everyone-newsletter.toml").replace(
            company.environment.export("everyone-newsletter").definition.list_id, ids[NAMES[0]]
        ),
    )
    app = company.face(open_at="exports/everyone-newsletter")
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        assert "✓ News" in harmless(app)
        await press(pilot, "ctrl+l")
        await until(pilot, lambda: "type a new name" in text_of(app))
        for typed in ("News", "RTL", "HYPER", "Long", "two", "tab", "nul"):
            app.screen.focused.value = typed  # type: ignore[union-attr]
            await pilot.pause()
            assert "members" in harmless(app)


@contextmanager
def service_that_says(body: bytes) -> Iterator[str]:
    """An address that refuses everything with ``body``."""

    class Refuses(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_anything: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v3"
        server.shutdown()


@SIZES
async def test_bodies_of_errors(company: Company, size: tuple[int, int]) -> None:
    body = json.dumps([{"error_key": EVIL, "error_message": f"It says {EVIL} mette.hansen@contoso.example " * 40}])
    with service_that_says(body.encode()) as address:
        text = company.text("connections/marketing.toml").replace(company.sandbox.api, address)
        company.write("connections/marketing.toml", text)
        app = company.face(open_at="exports/everyone-newsletter")
        async with app.run_test(size=size) as pilot:
            await opened(pilot)
            harmless(app)
            await press(pilot, "ctrl+l")
            await until(pilot, lambda: "It says" in text_of(app))
            assert "mette.hansen" not in harmless(app)


def foul(company: Company) -> Environment:
    """Profiles, segments and an export full of it, sent nowhere yet."""
    root = company.root
    rows = [
        ["=cmd|'/c calc'!A0", f"{EVIL}@contoso.example", EVIL, "Bad"],
        ["+1+1", "@SUM(A1)", "\u202eMette", "Bad"],
        ["C3", "x" * 5_000 + "@contoso.example", "y" * 5_000, "Bad"],
        ["C4", "mette@contoso.example", f"{EVIL}Mette\nHansen", "Good"],
    ]
    with (root / "foul.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["CustomerId", "EMail", "FirstName", "Kind"], *rows])
    text = company.text("environment.toml")
    head = text.partition("[profiles]")[0].partition("[[segments]]")[0]
    name = json.dumps(f"Everybody {EVIL}")
    company.write(
        "environment.toml",
        f'{head}[profiles]\nkind = "files"\npath = "foul.csv"\n\n[[segments]]\nname = "All"\ndisplay_name = {name}\n',
    )
    export = company.text("exports/everyone-newsletter.toml").replace('"AllCustomers"', '"All"')
    kept = export.partition("[[attributes]]")[0].replace('"Everyone, newsletter"', name)
    kept += '[[attributes]]\nattribute = "first_name"\nfield = "FirstName"\n'
    company.without_exports().write("exports/everyone-newsletter.toml", kept)
    return company.environment


@SIZES
async def test_values_of_profiles_and_names_of_definitions(company: Company, size: tuple[int, int]) -> None:
    foul(company)
    app = company.face(open_at="exports/everyone-newsletter")
    async with app.run_test(size=size) as pilot:
        await opened(pilot)
        await press(pilot, "f7")
        await until(pilot, lambda: "mette@contoso.example" in "".join(harmless_everywhere(app)))
        for _page in range(4):
            await press(pilot, "pagedown")
            harmless(app)
    app = company.face(open_at="segments/All")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "m…@contoso.example" in text_of(app))
        await press(pilot, "m")
        await until(pilot, lambda: "mette@contoso.example" in harmless(app))
    app = company.face(open_at="exports")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "Everybody" in harmless(app))


def harmless_everywhere(app: CctuiApp) -> list[str]:
    """What the preview says, scrolled away or not."""
    from cctui.tui.parts import plain
    from cctui.tui.widgets.line_block import LineBlock

    lines = [plain(line) for block in app.screen.query(LineBlock) for line in block.lines]
    assert all(line.isprintable() for line in lines)
    return lines


@SIZES
async def test_rejected_rows_on_the_screen_and_as_a_file(
    company: Company,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    environment = foul(company)
    place = ["--environment", str(environment.root)]
    assert main([*place, "run", "everyone-newsletter", "--dry-run"]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())
    (run,) = runs.history(environment)
    app = company.face(open_at=f"runs/{run.id}")
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "Rejected rows" in harmless(app))
        await press(pilot, "e")
        await until(pilot, lambda: isinstance(app.screen, RejectedScreen) and "+1+1" in text_of(app))
        await press(pilot, "m")
        for _row in range(3):
            harmless(app)
            await press(pilot, "down")
    assert main([*place, "runs", "rejected", run.id]) == 0
    written = capsys.readouterr().out
    assert main([*place, "runs", "rejected", run.id, "--output", str(tmp_path / "rejected.csv")]) == 0
    assert (tmp_path / "rejected.csv").read_text(encoding="utf-8").splitlines() == written.splitlines()
    with monkeypatch.context() as on_a_terminal:
        on_a_terminal.setattr(sys.stdout, "isatty", lambda: True)
        assert main([*place, "runs", "rejected", run.id]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.split("\n")), "on a terminal it is carried out"
    rows = list(csv.reader(io.StringIO(written)))
    assert len(rows) == 4
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), "a spreadsheet would run it"
    assert main([*place, "segments", "show", "All", "--unmasked"]) == 0
    assert main([*place, "segments", "list"]) == 0
    assert main([*place, "exports", "list"]) == 0
    said = capsys.readouterr().out
    assert "mette@contoso.example" in said
    assert [line for line in said.split("\n") if not line.isprintable()] == []
