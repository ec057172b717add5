"""What is kept of a fault of our own."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cctui.cli import main
from cctui.host import crash_reports

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def fault() -> ValueError:
    try:
        raise ValueError("no row for eva.kovacs@contoso.example, refresh_token=abcdefghijklmnop0123")
    except ValueError as error:
        return error


def test_a_report_is_masked_and_for_its_owner_only(tmp_path: Path) -> None:
    said = crash_reports.keep(fault(), tmp_path / "state", now=NOON)
    (report,) = (tmp_path / "state" / "crashes").iterdir()
    text = report.read_text()
    assert str(report) in said.why
    assert "in fault" in text
    assert "e…@contoso.example" in text
    assert "kovacs" not in text
    assert "abcdefghijklmnop" not in text
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_the_newest_reports_stay(tmp_path: Path) -> None:
    for minute in range(crash_reports.KEPT + 3):
        crash_reports.keep(fault(), tmp_path, now=NOON + timedelta(minutes=minute))
    kept = sorted(path.name for path in (tmp_path / "crashes").iterdir())
    assert len(kept) == crash_reports.KEPT
    assert kept[0].startswith("20261122-1203")


def test_where_no_report_can_be_written_the_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    said = crash_reports.keep(fault(), tmp_path / "state", now=NOON)
    assert "ValueError" in said.what
    assert said.why.startswith("No report could be written: ")
    assert "contoso" not in str(said)


def test_a_command_that_meets_a_fault_says_where_the_report_lies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cctui.definitions.environment import Environment

    def fail(_self: Environment) -> None:
        raise fault()

    (tmp_path / "environment.toml").write_text('[environment]\nname = "Contoso"\n')
    monkeypatch.setattr(Environment, "exports", fail)
    assert main(["exports", "list", "--environment", str(tmp_path)]) == 1
    said = capsys.readouterr()
    (report,) = (tmp_path / "state" / "crashes").iterdir()
    assert str(report) in said.err
    assert "Traceback" not in said.err


def test_without_an_environment_the_report_goes_to_the_account(
    tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cctui.definitions.environment import Environment

    def fail(_self: Environment) -> None:
        raise fault()

    monkeypatch.setattr(Environment, "read", fail)
    assert main(["exports", "list", "--environment", str(tmp_path)]) == 1
    assert list((own_home / ".local" / "state" / "cctui" / "crashes").iterdir())
