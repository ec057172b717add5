"""``python -m cctui`` is the command ``cctui``."""

import sys

from cctui.cli import main

if __name__ == "__main__":
    sys.exit(main())
