"""``state/worker.log``: what the worker process does, for whoever has to find out. Every line is masked."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from cctui.host.files import private_folder
from cctui.masking import mask

_BYTES = 1_000_000
_KEPT = 3


class _Masked(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def open_log(path: Path) -> None:
    """Send what the program logs, and nothing of its libraries, to ``path``; a few files of 1 MB are kept."""
    private_folder(path.parent)
    path.touch(mode=0o600)
    handler = RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    handler.setFormatter(_Masked("%(asctime)s %(levelname)s %(process)d %(threadName)s %(message)s"))
    log = logging.getLogger("cctui")
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
