"""System > Status while a refresh works: the profile source, then segments, then exports, each with its state."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta

import pytest
from system_stories import NARROW, NOW, WIDE, FixedClock, face, press, settled, text_of, until

from cctui.definitions.environment import Environment
from cctui.definitions.model import ExportId
from cctui.delivery import refresh
from cctui.delivery.firings import Refresh, SegmentCount
from cctui.delivery.schedule_ledger import ScheduleLedger, new_refresh
from cctui.delivery.states import Status, Trigger
from cctui.profiles.files import FilesSource
from cctui.profiles.opening import open_source
from cctui.tui.screens.segments import SegmentsPage

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


def asked(contoso: Environment) -> Refresh:
    facts = {"asked_by": "ops1", "asked_at": NOW, "exports": [ExportId("newsletter")]}
    with ScheduleLedger(contoso.ledger_path) as ledger:
        return ledger.ask_refresh(new_refresh(Trigger.SYSTEM_REFRESH, **facts))


def version(contoso: Environment) -> str:
    definition = contoso.read().definition
    with closing(open_source(contoso.root, definition.profiles, definition.segments)) as source:
        return source.version()


def kept(contoso: Environment, counts: Iterable[SegmentCount]) -> None:
    with ScheduleLedger(contoso.ledger_path) as ledger:
        ledger.keep_segment_counts([*counts], whole=True)


def a_count(contoso: Environment, segment: str, status: Status, **facts: object) -> SegmentCount:
    return SegmentCount(segment=segment, refresh=1, status=status, version=version(contoso), **facts)  # type: ignore[arg-type]


@SIZES
async def test_s5_s9_segments_are_a_step_with_n_of_m_refreshed(contoso: Environment, size: tuple[int, int]) -> None:
    asked(contoso)
    app = face(contoso, "system")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        text = text_of(app)
        assert "◐ Refreshing  The profiles are looked at." in text
        assert "files: profiles.csv" in text
        assert "Segments  3" in text
        moment = NOW - timedelta(minutes=5)
        kept(
            contoso,
            [
                a_count(contoso, "High", Status.SUCCESSFUL, members=4, counted_at=moment),
                a_count(contoso, "Gone", Status.REFRESHING),
                a_count(contoso, "Odd", Status.QUEUED),
            ],
        )
        app.refresh_now()
        await pilot.pause()
        text = text_of(app)
    assert "Segments are counted, then exports run." in text
    assert "Segments  1 of 3 refreshed" in text
    assert "5 minutes ago" in next(line for line in text.splitlines() if "High value customers" in line)
    assert "Refreshing" in next(line for line in text.splitlines() if "  Gone" in line)
    assert "Successful" in next(line for line in text.splitlines() if "profiles.csv" in line)


async def test_see_details_of_a_segment_that_could_not_be_counted_says_why(contoso: Environment) -> None:
    count = a_count(
        contoso, "High", Status.FAILED, counted_at=NOW, problem="The file is cut.", do_next="Export it again."
    )
    kept(contoso, [count])
    app = face(contoso, "system")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "Failed" in next(line for line in text_of(app).splitlines() if "High value customers" in line)
        await press(pilot, "home", "down", "enter")
        await until(pilot, lambda: "The segment High cannot be counted." in text_of(app))
        assert "The file is cut." in text_of(app)
        assert "Export it again." in text_of(app)


@SIZES
async def test_s9_see_details_of_the_profile_source_are_the_last_refreshes(
    contoso: Environment, size: tuple[int, int]
) -> None:
    clock = FixedClock()
    facts = {"asked_by": "cctui", "due_at": NOW - timedelta(hours=3), "missed": 2}
    with ScheduleLedger(contoso.ledger_path, clock) as ledger:
        exports = [ExportId("newsletter"), ExportId("old")]
        ledger.ask_refresh(new_refresh(Trigger.SYSTEM_REFRESH, asked_at=NOW, exports=exports, **facts))
        for waiting in ledger.waiting_refreshes():
            refresh.carry_out(contoso, ledger, waiting, clock)
        ledger.ask_refresh(new_refresh(Trigger.SCHEDULE, asked_by="cctui", asked_at=NOW, exports=[ExportId("own")]))
    app = face(contoso, "system")
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, "home", "enter")
        text = text_of(app)
        assert "Last refreshes" in text
        assert "schedule: own" in text
        assert "◐ Refreshing" in text
        assert "Ran late: it was due at Nov 23, 2026 06:42 UTC." in text
        assert "1 ○ Queued, 1 ▲ Skipped" in text
        await press(pilot, "escape")
        assert "Last refreshes" not in text_of(app)


async def test_a_failure_over_older_profiles_is_not_told_any_more(contoso: Environment) -> None:
    old = SegmentCount("High", 1, Status.FAILED, "older profiles", counted_at=NOW, problem="The file is cut.")
    kept(contoso, [old])
    app = face(contoso, "system")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "Successful" in next(line for line in text_of(app).splitlines() if "High value customers" in line)


async def test_segments_show_what_the_refresh_has_counted_and_count_nothing_again(
    contoso: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    real = FilesSource.count

    def count(self: FilesSource, segment: str) -> int:
        counted.append(segment)
        return real(self, segment)  # type: ignore[arg-type]

    monkeypatch.setattr(FilesSource, "count", count)
    kept(contoso, [a_count(contoso, "High", Status.SUCCESSFUL, members=4, counted_at=NOW)])
    app = face(contoso, "segments")
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "High" not in counted
        assert isinstance(app.screen, SegmentsPage)
        (contoso.root / "profiles.csv").write_text("CustomerId,EMail,LifetimeSpend\nC1,a@contoso.example,900\n")
        kept(contoso, [a_count(contoso, "High", Status.SUCCESSFUL, members=1, counted_at=NOW)])
        app.refresh_now()
        await settled(pilot)
        members = {segment.name: segment.members for segment in app.segments.known().segments}
        assert members["High"] == 1, "without anybody having asked for it"
        assert "High" not in counted
