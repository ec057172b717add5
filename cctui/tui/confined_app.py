"""What Textual's application brings along that would lead out of a session over somebody's own key, closed there."""

from __future__ import annotations

from textual.app import App
from textual.driver import Driver

from cctui.access.confinement import confined
from cctui.access.roles import Operator


class ConfinedApp(App[int]):
    """An application that starts no program and writes no file of the box for an operator who is confined."""

    def __init__(self, operator: Operator, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self.operator = operator

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open an address in a browser of this box."""
        if not confined(self.operator):
            super().open_url(url, new_tab=new_tab)

    def action_suspend_process(self) -> None:
        """Go to the shell that started the application; a forced command was started by none."""
        if not confined(self.operator):
            super().action_suspend_process()

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Save a picture of the screen."""
        return None if confined(self.operator) else super().deliver_screenshot(filename, path, time_format)

    def save_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str:
        """Save a picture of the screen; returns where it is."""
        return "" if confined(self.operator) else super().save_screenshot(filename, path, time_format)
