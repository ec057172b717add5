"""cctui refresh against the sandbox: from asking to the table of what became of each export."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import CommandLine


def test_a_refresh_runs_what_has_a_schedule_and_says_what_was_skipped(cctui: CommandLine) -> None:
    names = [entry["definition"]["id"] for entry in cctui("exports", "list", "--json").json]
    kept, lost, *others = names
    cctui("exports", "schedule", *names, "--system-refresh")
    cctui("exports", "schedule", *others, "--off")
    cctui("exports", "detach", lost)
    connection = next(iter(cctui("connections", "list", "--json").json))
    try:
        done = cctui("refresh", "--json")
        assert {one["export"]: one["status"] for one in done.json} == {kept: "completed-with-errors", lost: "skipped"}
        assert done.code == 1, "a skipped export counts"
        again = cctui("refresh")
        assert "The export has no connection." in again.out
        assert "Skipped" in again.err
    finally:
        cctui("exports", "attach", lost, connection["definition"]["id"])
        cctui("exports", "schedule", *names, "--on")


def test_a_refresh_can_be_asked_for_and_left(cctui: CommandLine) -> None:
    said = cctui("refresh", "--detach", "--json")
    assert said.code == 0
    assert said.json["waiting"] is True
    assert said.json["exports"]
