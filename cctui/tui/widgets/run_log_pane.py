"""The log of a run to look through: follow, levels, search, copy, save. Lines are read where they are shown."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.worker import get_current_worker

from cctui.delivery.events import Level
from cctui.locales import N_, _, ngettext, number
from cctui.tui import glyphs
from cctui.tui.log_lines import LogLines
from cctui.tui.parts import Line, Part, Tone, shown, spread
from cctui.tui.widgets.line_list import LineList
from cctui.tui.widgets.lines import TextLine

LEVEL_TITLES = {Level.INFO: N_("all"), Level.WARNING: N_("warnings"), Level.ERROR: N_("errors")}
"""What is listed, in one word; translate with ``_``."""

CLIPBOARD_BYTES = 74_994
"""What terminals take in one OSC 52 sequence: 100,000 bytes in base64, less the frame of tmux and screen."""

_WRITTEN_AT_ONCE = 5_000


class RunLogPane(Vertical):
    """A title line and the lines under it."""

    DEFAULT_CSS = "RunLogPane { height: 1fr; }"

    class Found(Message):
        """A search has come so far: indexes in order; ``whole`` when it went through everything."""

        def __init__(self, search: int, hits: list[int], upto: int, *, whole: bool) -> None:
            super().__init__()
            self.search = search
            self.hits = hits
            self.upto = upto
            self.whole = whole

    class Saved(Message):
        """The log was written to a file, or why not."""

        def __init__(self, path: Path, problem: str = "") -> None:
            super().__init__()
            self.path = path
            self.problem = problem

    class Loaded(Message):
        """A long log has been taken in to its present end."""

    def __init__(self, log: LogLines, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.log_lines = log
        self.follow = True
        self._list = LineList(log, empty=_("Nothing has happened yet."), id="log-lines")
        self._title = TextLine(id="log-title")
        self._hits: list[int] = []
        self._searched = 0
        self._searching = False
        self._search_number = 0
        self._loading = False

    def compose(self) -> ComposeResult:
        """The title above the lines."""
        yield self._title
        yield self._list

    def on_mount(self) -> None:
        """Take in the log as it is; a long one in the background."""
        more = self.log_lines.grow()
        self._list.source_changed()
        if more:
            self._loading = True
            self.run_worker(self._load, thread=True, exclusive=True, exit_on_error=False, group="log-load")

    def _load(self) -> None:
        worker = get_current_worker()
        while not worker.is_cancelled and self.log_lines.grow():
            pass
        self.post_message(self.Loaded())

    def on_run_log_pane_loaded(self, _message: Loaded) -> None:
        """Show the end of a log that was long."""
        self._loading = False
        self._list.source_grew(follow=self.follow)
        self._list.source_changed()
        if self.follow:
            self._list.move_to(len(self.log_lines) - 1)

    @property
    def lines_shown(self) -> LineList:
        """The lines."""
        return self._list

    @property
    def needle(self) -> str:
        """What is searched for; empty for no search."""
        return self._list.needle

    def poll(self) -> None:
        """Take in what the worker has added since the last time."""
        if self._loading or not self.log_lines.grow():
            return
        self._list.source_grew(follow=self.follow)
        if self.needle and not self._searching:
            self._hits += self.log_lines.hits(self.needle, self._searched, len(self.log_lines))
            self._searched = len(self.log_lines)
        self.draw()

    # Moving

    def move(self, by: int) -> None:
        """Move the cursor; the log no longer runs on under it unless it stands at the end."""
        self._list.move(by)
        self._still()

    @property
    def page(self) -> int:
        """How many lines are visible at once."""
        return self._list.page

    def move_to(self, index: int) -> None:
        """Put the cursor on a line."""
        self._list.move_to(index)
        self._still()

    def _still(self) -> None:
        self.follow = self._list.cursor >= len(self.log_lines) - 1
        self.draw()

    def toggle_follow(self) -> None:
        """Stay at the end as lines come, or stay where the cursor is."""
        self.follow = not self.follow
        if self.follow:
            self._list.move_to(len(self.log_lines) - 1)
        self.draw()

    def next_level(self) -> Level:
        """List all lines, then warnings and errors, then errors, then all again. The cursor keeps its line."""
        log = self.log_lines
        line = log.line_of(self._list.cursor) if len(log) else 0
        levels = list(LEVEL_TITLES)
        log.choose(levels[(levels.index(log.level) + 1) % len(levels)])
        self._list.cursor = log.nearest(line)
        self._list.top = max(0, self._list.cursor - self._list.page // 2)
        self._list.source_changed()
        if self.follow:
            self._list.move_to(len(log) - 1)
        if self.needle:
            self.search(self.needle)
        self.draw()
        return log.level

    # Searching

    def search(self, needle: str) -> None:
        """Look for ``needle`` from the cursor on, then from the start; empty ends the search."""
        self._hits, self._searched = [], 0
        self._searching = bool(needle)
        self._search_number += 1
        self._list.find(needle)
        if needle:
            scan = partial(self._scan, self._search_number, needle, self._list.cursor, len(self.log_lines))
            self.run_worker(scan, thread=True, exclusive=True, exit_on_error=False, group="log-search")
        self.draw()

    def _scan(self, search: int, needle: str, start: int, end: int) -> None:
        worker = get_current_worker()
        log = self.log_lines

        def cancelled() -> bool:
            return worker.is_cancelled

        parts: list[list[int]] = []
        for first, last in ((start, end), (0, start)):
            parts.append([])
            for hit in log.hits(needle, first, last, cancelled):
                if not any(parts):
                    self.post_message(self.Found(search, [hit], end, whole=False))
                parts[-1].append(hit)
        if not worker.is_cancelled:
            after, before = parts
            self.post_message(self.Found(search, before + after, end, whole=True))

    def on_run_log_pane_found(self, message: Found) -> None:
        """Go to the first hit as soon as there is one; show how many when all are known."""
        if message.search != self._search_number or not self._searching:
            return
        first = not self._hits
        self._hits, self._searched = message.hits, message.upto
        self._searching = not message.whole
        if message.hits and first:
            at = bisect_left(message.hits, self._list.cursor)
            self.move_to(message.hits[at % len(message.hits)])
        self.draw()

    def next_hit(self, step: int) -> bool:
        """Go to the next hit, or the one before; from the end on it begins anew. Says whether there is any."""
        if not self._hits:
            return False
        cursor = self._list.cursor
        at = bisect_right(self._hits, cursor) if step > 0 else bisect_left(self._hits, cursor) - 1
        self.move_to(self._hits[at % len(self._hits)])
        return True

    @property
    def searching(self) -> bool:
        """Whether a search is still under way."""
        return self._searching

    # Taking away

    def current_text(self) -> str:
        """The line under the cursor."""
        return self.log_lines.text(self._list.cursor, 1).rstrip("\n")

    def all_text(self) -> tuple[str, bool]:
        """Every line listed, as far as a terminal's clipboard takes them from the end; whether that is all."""
        lines: list[str] = []
        room = CLIPBOARD_BYTES
        for index in range(len(self.log_lines) - 1, -1, -1):
            line = self.log_lines.text(index, 1)
            room -= len(line.encode())
            if room < 0:
                return "".join(reversed(lines)), False
            lines.append(line)
        return "".join(reversed(lines)), True

    def save(self, path: Path) -> None:
        """Write every line listed to a new file, in the background; :class:`Saved` tells the end."""
        self.run_worker(partial(self._save, path), thread=True, exclusive=True, exit_on_error=False, group="log-save")

    def _save(self, path: Path) -> None:
        worker = get_current_worker()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                for first in range(0, len(self.log_lines), _WRITTEN_AT_ONCE):
                    if worker.is_cancelled:
                        return
                    file.write(self.log_lines.text(first, _WRITTEN_AT_ONCE))
        except FileExistsError:
            self.post_message(self.Saved(path, _("There is a file of this name already.")))
        except OSError as problem:
            self.post_message(
                self.Saved(path, _("The file cannot be written: {why}.").format(why=problem.strerror or ""))
            )
        else:
            self.post_message(self.Saved(path))

    # Showing

    def draw(self) -> None:
        """Show the title line again."""
        self._title.show(self.title_line(self._title.size.width))

    def title_line(self, width: int) -> Line:
        """What the pane is, where one is in it, and its keys."""
        log = self.log_lines
        left = [Part("   "), Part(_("Log"), Tone.STRONG), Part(f"   {self._place()}", Tone.QUIET)]
        keys: list[tuple[str, str, str]] = [
            ("l", _(LEVEL_TITLES[log.level]), "level"),
            ("/", _("search"), "search"),
            ("f", _("follow") + f" {glyphs.MARK if self.follow else glyphs.WAITING}", "follow"),
            ("w", _("save"), "save"),
        ]
        right: list[Part] = []
        for key, text, name in keys:
            action = f"screen.command('log.{name}')"
            right += [Part("   "), Part(key, Tone.KEY, action), Part(f" {text}", Tone.PLAIN, action)]
        return spread(left, [*right, Part(" ")], width)

    def _place(self) -> str:
        if self.needle:
            return self._hits_place()
        log = self.log_lines
        if not len(log) or self.follow:
            lines = len(log)
            return ngettext("{count} line", "{count} lines", lines).format(count=number(lines)) if lines else ""
        return _("{line} of {count}").format(line=number(self._list.cursor + 1), count=number(len(log)))

    def _hits_place(self) -> str:
        needle = shown(self.needle, 24)
        if self._searching and not self._hits:
            return _("searching “{text}”").format(text=needle)
        if not self._hits:
            return _("“{text}” is not there").format(text=needle)
        at = bisect_right(self._hits, self._list.cursor)
        if self._searching:
            return _("“{text}”, counting").format(text=needle)
        return _("“{text}” {place} of {count}").format(
            text=needle, place=number(max(1, at)), count=number(len(self._hits))
        )

    def on_line_list_moved(self) -> None:
        """The title says where one is."""
        self.draw()

    def on_resize(self) -> None:
        """Fit the title to the new width."""
        self.call_after_refresh(self.draw)
