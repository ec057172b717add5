"""What System says of the audit log: who did what when, and for one entry what was before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any

from rich.cells import cell_len

from cctui.access.roles import ROLE_TITLES
from cctui.definitions.audit import DEED_TITLES, Entry
from cctui.locales import _, date_time
from cctui.tui.line_breaks import wrapped_lines
from cctui.tui.parts import Line, Part, Tone, clip, fill, shown
from cctui.tui.widgets.lines import BoardLine

KIND = "audit"
"""How the target of an entry begins; its moment follows."""
_GAP = 2
_WHO = 20
_LABEL = 12


def audit_lines(entries: Sequence[Entry], zone: tzinfo, width: int) -> list[BoardLine]:
    """One line for each entry, newest first; columns are as wide as what stands in them."""
    if not entries:
        return [BoardLine((Part(_("Nothing has been changed yet."), Tone.QUIET),))]
    rows = [
        (date_time(entry.at, zone), clip(shown(entry.who), _WHO), _(DEED_TITLES[entry.deed]), _about(entry), entry)
        for entry in entries
    ]
    when, who, what = (max(cell_len(str(row[column])) for row in rows) + _GAP for column in range(3))
    return [
        BoardLine(
            (
                Part(fill(at, when), Tone.QUIET),
                Part(fill(name, who)),
                Part(fill(deed, what)),
                Part(clip(about, max(0, width - when - who - what)), Tone.QUIET),
            ),
            target(entry),
        )
        for at, name, deed, about, entry in rows
    ]


def target(entry: Entry) -> str:
    """What opens an entry."""
    return f"{KIND}/{entry.at.isoformat()}"


def entry_lines(entry: Entry, zone: tzinfo, width: int) -> list[BoardLine]:
    """Everything about one entry; long values go on below."""
    facts: list[tuple[str, str]] = [
        (_("When"), date_time(entry.at, zone)),
        (_("Who"), f"{shown(entry.who)}, {_(ROLE_TITLES[entry.role])}"),
        (_("Concerns"), shown(entry.about, 400)),
    ]
    lines: list[Line] = []
    for title, value in facts:
        lines += wrapped_lines([(Part(fill(title, _LABEL), Tone.QUIET), Part(value))], width)
    for key, before, after in changes(entry):
        lines.append(())
        lines += wrapped_lines([(Part(shown(key), Tone.STRONG),)], width)
        for title, told in ((_("Before"), before), (_("After"), after)):
            if told is not None:
                lines += wrapped_lines([(Part(fill(f"  {title}", _LABEL), Tone.QUIET), Part(shown(told, 600)))], width)
    return [BoardLine(line) for line in lines]


def changes(entry: Entry) -> Iterator[tuple[str, str | None, str | None]]:
    """Each value that differs, under its dotted key: as it was and as it is, ``None`` where there was or is none."""
    before, after = (dict(_flat(side or {})) for side in (entry.before, entry.after))
    for key in {**before, **after}:
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


def _about(entry: Entry) -> str:
    keys = entry.after if entry.before is not None and entry.after is not None else None
    about = shown(entry.about)
    return f"{about}: {', '.join(keys)}" if keys else about


def _flat(value: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, one in value.items():
        if isinstance(one, dict):
            yield from _flat(one, f"{above}{key}.")
        elif isinstance(one, list) and one and all(isinstance(entry, dict) for entry in one):
            for entry in one:
                yield from _flat(entry, f"{above}{key}[{next(iter(entry.values()), '')}].")
        elif isinstance(one, list):
            yield f"{above}{key}", ", ".join(map(str, one))
        elif one is not None:
            yield f"{above}{key}", str(one).lower() if isinstance(one, bool) else str(one)
