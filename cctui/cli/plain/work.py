"""What the plain mode works on: the environment and who is at the keyboard."""

from __future__ import annotations

from msgspec import Struct

from cctui.access.operators import current_operator
from cctui.access.roles import Operator
from cctui.definitions.environment import Environment


class Work(Struct, frozen=True):
    """One operator in one environment. ``operator_name`` is who was named on the command line, if anybody."""

    environment: Environment
    operator_name: str | None = None

    @property
    def operator(self) -> Operator:
        """The operator with the role of this moment. Raises :class:`cctui.errors.NotPermitted` for nobody's name."""
        users = self.environment.read().definition.users
        return current_operator(users, self.environment.root, name=self.operator_name)
