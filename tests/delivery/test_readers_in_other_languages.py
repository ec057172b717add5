"""What the worker writes in its language is read by everybody in their own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from delivery_stand_ins import OPS, Fault, Job, Story, reshaped
from hypothesis import given
from hypothesis import strategies as st

from cctui import locales
from cctui.delivery import runs
from cctui.delivery.events import sentence
from cctui.delivery.report import sentences
from cctui.delivery.states import Status
from cctui.locales import LANGUAGES, _, date_time, duration, ngettext, number
from cctui.locales.said import Said, joined, retell, retold, stored


@pytest.fixture
def german_worker() -> Iterator[None]:
    """This process writes as a worker in German does."""
    locales.use("de")
    locales.remember()
    yield
    locales.remember(False)
    locales.use("en")


def without_list(story: Story) -> None:
    story.service.lists.clear()
    story.start()
    assert story.go().status is Status.FAILED


@pytest.mark.usefixtures("german_worker")
def test_why_a_run_failed_is_read_in_the_language_of_the_reader(story: Story) -> None:
    without_list(story)
    assert story.run.problem.startswith("Das Konto Contoso Coffee hat keine Liste")
    assert story.run.do_next.startswith("Bearbeiten Sie den Export")
    locales.use("en")
    assert story.run.problem.startswith("The account Contoso Coffee has no list")
    report = runs.report(story.environment, story.run.id)
    assert report.do_next == "Edit the export and choose a list of this account. Nothing was sent."
    assert report.problem in sentences(report)


@pytest.mark.usefixtures("german_worker")
def test_the_log_is_read_in_the_language_of_the_reader(story: Story) -> None:
    without_list(story)
    told = [sentence(event) for event in story.spool.log.read()[0]]
    assert any(line.startswith("Das Konto Contoso Coffee hat keine Liste") for line in told)
    locales.use("en")
    told = [sentence(event) for event in story.spool.log.read()[0]]
    assert any(line.startswith("The account Contoso Coffee has no list") for line in told)
    assert not any("Liste" in line for line in told)


@pytest.mark.usefixtures("german_worker")
def test_a_line_of_the_log_holds_the_text_and_how_it_was_said(story: Story) -> None:
    """Whoever reads the lines without cctui has the text; with it, the words for every language."""
    without_list(story)
    line = next(json.loads(line) for line in story.spool.log.path.read_bytes().splitlines() if b'"problem"' in line)
    assert line["v"] == 1
    assert line["do"].startswith("Bearbeiten Sie den Export")
    assert line["words"]["do"] == {"message": "Edit the export and choose a list of this account. Nothing was sent."}


@pytest.mark.usefixtures("german_worker")
def test_what_is_wrong_with_a_batch_is_read_in_the_language_of_the_reader(story: Story) -> None:
    story.service.shape = lambda job: _cut(job)
    story.start()
    story.go()
    assert "Zeile" in story.batches[0].problem
    locales.use("en")
    assert story.batches[0].problem == "Constant Contact took 1 row less than was sent."


def _cut(job: Job) -> None:
    reshaped(job, cut=1)


@pytest.mark.usefixtures("german_worker")
def test_somebody_who_writes_the_row_in_between_changes_nothing(story: Story) -> None:
    story.service.faults = {4: Fault.QUOTA}
    story.start()
    story.go()
    assert story.run.status is Status.PAUSED
    locales.remember(False)
    locales.use("hu")
    runs.cancel(story.environment, OPS, story.run.id, clock=story.clock)
    locales.use("en")
    assert story.run.problem == "Today's calls of the application key are used up."


def test_rows_from_before_are_read_as_they_were_written(story: Story) -> None:
    without_list(story)
    with sqlite3.connect(story.environment.ledger_path) as database:
        (kept,) = database.execute("SELECT problem FROM runs").fetchone()
    assert kept == story.run.problem
    assert not isinstance(story.run.problem, Said)


@pytest.mark.parametrize("kept", ["\x1e{", "\x1e5", '\x1e{"message": 1}', '\x1e{"values": {}}', "\x1e[[[null]]]"])
def test_a_recipe_that_is_none_is_shown_and_harms_nobody(kept: str) -> None:
    assert retold(kept) == kept[1:]


@pytest.mark.parametrize("text", ["\x1e", '\x1e{"message": "Save"}', "\x1e\x1e[1", '\x1e"'])
def test_plain_text_that_looks_like_a_recipe_stays_what_it_is(text: str) -> None:
    assert retold(stored(text)) == text


def test_a_recipe_reaches_nothing_but_its_values() -> None:
    said = retell({"message": "{a.__class__} {b} {c}", "values": {"b": "{c}", "c": "x"}})
    assert said == "{a.__class__} {c} x"


@pytest.mark.usefixtures("german_worker")
@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_times_and_plurals_follow_the_reader(language: str) -> None:
    moment = datetime(2026, 11, 28, tzinfo=UTC)

    def said() -> str:
        return joined(
            ngettext("{count} profile", "{count} profiles", 5_000).format(count=number(5_000)),
            duration(75),
            date_time(moment, ZoneInfo("Europe/Oslo")),
            _("Run the export again.") + " x",
        )

    kept = stored(said())
    locales.use(language)
    assert retold(kept) == said()


words = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.mark.usefixtures("german_worker")
@given(words, words, words)
def test_text_that_remembers_is_the_same_text(account: str, more: str, last: str) -> None:
    message = "The account {account} has no list {list}."
    plain = locales._Current.translations.gettext(message).format(account=account, list=more)
    said = _(message).format(account=account, list=more)
    assert said == plain
    assert said + last == plain + last
    assert joined(said, last, "") == " ".join(part for part in (plain, last) if part)
    assert retold(stored(joined(said, last) + more)) == joined(plain, last) + more
