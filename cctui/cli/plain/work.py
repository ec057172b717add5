"""What the plain mode works on: the environment and who is at the keyboard."""

from __future__ import annotations

from msgspec import Struct

from cctui.access.roles import Operator
from cctui.definitions.environment import Environment


class Work(Struct, frozen=True):
    """One operator in one environment."""

    environment: Environment
    operator: Operator
