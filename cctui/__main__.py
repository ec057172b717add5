"""``python -m cctui`` is the command ``cctui``; a worker is started so."""

import contextlib
import logging
import os
import sys
import threading

from cctui.cli import main


def leave(code: int) -> None:
    """End this process. All is written and closed: what Python would do now, taking module after module apart, takes
    longer than the rest of the end of a run once Arrow and DuckDB are loaded. Not while another thread works."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    if all(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    leave(main())
