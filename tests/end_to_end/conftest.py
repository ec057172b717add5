"""Stand-ins of other folders that whole journeys use too: a terminal, and another program's idea of who arrives."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in ("terminals", "sweeps", "matching"):
    sys.path.append(str(Path(__file__).parents[1] / folder))
