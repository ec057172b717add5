"""The worker as a process of its own, with bodies so small that a little sample makes many requests.

``python worker_of_small_bodies.py ENVIRONMENT``: serves until idle, like ``cctui worker --until-idle``.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from cctui.definitions.environment import Environment
from cctui.delivery.destination import Patience
from cctui.delivery.worker import Worker
from cctui.delivery.worker_log import open_log
from cctui.matching.results import Limits

if __name__ == "__main__":
    environment = Environment(Path(sys.argv[1]))
    open_log(environment.worker_log_path)
    worker = Worker(
        environment,
        limits=Limits(max_rows=60),
        patience=Patience(look_up=(0.2, 0.5), first_poll=0.1, poll_after_news=0.1, poll_while_sending=0.3),
    )
    signal.signal(signal.SIGTERM, lambda _number, _frame: worker.stop())
    sys.exit(worker.serve(until_idle=True))
