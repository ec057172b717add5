"""What the tests of the export pane tell stories with: the sample company, and a sandbox that really answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from textual.pilot import Pilot

from cctui.access.roles import Operator, Role
from cctui.definitions.environment import Environment
from cctui.sandbox.running import RunningSandbox
from cctui.tui.app import CctuiApp

NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
WIDE = (120, 36)
NARROW = (80, 24)


class FixedClock:
    """It is always the same moment."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        return False


class Company:
    """An environment of its own with everything of the sample but its profiles, which all share."""

    def __init__(self, environment: Environment, sandbox: RunningSandbox) -> None:
        self.environment = environment
        self.sandbox = sandbox

    @property
    def root(self) -> Path:
        return self.environment.root

    def write(self, name: str, text: str) -> None:
        """Write a file as an editor would."""
        (self.root / name).write_text(text)

    def text(self, name: str) -> str:
        return (self.root / name).read_text()

    def without_exports(self) -> Company:
        for path in (self.root / "exports").glob("*.toml"):
            path.unlink()
        return self

    def without_connections(self) -> Company:
        for path in (self.root / "connections").glob("*.toml"):
            path.unlink()
        return self

    def face(
        self, *, role: Role = Role.ADMINISTRATOR, open_at: str | None = "exports", ascii_only: bool = False
    ) -> CctuiApp:
        """The application as an operator with this role sees it."""
        return CctuiApp(
            self.environment, Operator("ops1", role), open_at=open_at, clock=FixedClock(), ascii_only=ascii_only
        )


def text_of(app: CctuiApp) -> str:
    """Everything on the screen as plain lines."""
    return "\n".join(
        "".join(segment.text for segment in strip).rstrip()
        for strip in app.screen._compositor.render_strips(app.screen.size)
    )


def form_text(app: CctuiApp) -> str:
    """The whole body of the pane, what is scrolled away included."""
    from cctui.tui.parts import plain
    from cctui.tui.widgets.line_block import LineBlock

    texts = [text_of(app)]
    texts += ["\n".join(plain(line) for line in block.lines) for block in app.screen.query(LineBlock)]
    return "\n".join(texts)


async def until(pilot: Pilot[int], true: Callable[[], object]) -> None:
    """Let the application work until something holds; what is on the screen is told where it never does."""
    for _round in range(2_000):
        if true():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"this never came:\n{text_of(pilot.app)}")  # type: ignore[arg-type]


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys one after the other and let each take effect, dialogs included."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


async def type_in(pilot: Pilot[int], text: str) -> None:
    """Type a text."""
    names = {" ": "space", "-": "minus", ",": "comma", "/": "slash", ":": "colon", ".": "full_stop"}
    await pilot.press(*(names.get(char, char) for char in text))
    await pilot.pause()
