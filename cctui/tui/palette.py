"""The command palette: every command of the page in front, and every object by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cctui.access.roles import Action, may
from cctui.locales import _
from cctui.tui.commands import key_name
from cctui.tui.page import Page
from cctui.tui.parts import shown
from cctui.tui.reading import Definition, identity, title

if TYPE_CHECKING:
    from cctui.tui.app import CctuiApp


class Everything(Provider):
    """Commands that make sense now, then pages, exports and connections."""

    async def discover(self) -> Hits:
        """Commands and pages; objects come when one types."""
        for text, about, run in self._entries(objects=False):
            yield DiscoveryHit(Content(text), run, text=text, help=about)

    async def search(self, query: str) -> Hits:
        """Whatever matches."""
        matcher = self.matcher(query)
        nothing = True
        for text, about, run in self._entries(objects=True):
            score, offsets = matcher.fuzzy_search.match(query, text)
            if score > 0:
                found = Content(text)
                for offset in offsets:
                    found = found.stylize("bold", offset, offset + 1)
                yield Hit(score, found, run, text=text, help=about)
                nothing = False
        if nothing:
            # Textual would say so too, after half a second and in English.
            yield Hit(1.0, Content(_("Nothing matches.")), lambda: None, text=query)

    def _entries(self, *, objects: bool) -> list[tuple[str, str, Callable[[], object]]]:
        page = self.screen
        app = cast("CctuiApp", self.app)
        entries: list[tuple[str, str, Callable[[], object]]] = []
        if isinstance(page, Page):
            facts = page.facts()
            for command in page.commands:
                if command.palette and not command.why_disabled(facts):
                    text = f"{command.title_for(facts)}  ({key_name(command.keys[0])})"
                    entries.append((text, _(command.help), partial(app.call_later, page.perform, command)))
        entries += [
            (_("Go to {page}").format(page=_(place.title)), "", partial(app.action_go, place.id))
            for place in app.places()
        ]
        if not objects:
            return entries
        kinds: list[tuple[str, str, Sequence[Definition]]] = [(_("Export"), "exports", app.snapshot.exports)]
        if may(app.operator, Action.SEE_CONNECTIONS):
            kinds.append((_("Connection"), "connections", app.snapshot.connections))
        entries += [
            (f"{kind}: {shown(title(stored))}", "", partial(app.action_open, place, identity(stored)))
            for kind, place, definitions in kinds
            for stored in definitions
        ]
        if app.segments_known:
            entries += [
                (
                    _("Segment: {name}").format(name=shown(segment.display_name)),
                    "",
                    partial(app.action_open, "segments", segment.name),
                )
                for segment in app.segments.known().segments
            ]
        return entries
