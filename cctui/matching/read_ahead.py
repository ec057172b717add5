"""Reading goes on in a thread of its own, and work on what was read in others, in an order that nobody notices."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")
_WAITING_AT_MOST = 2
_LOOK_EVERY = 0.1


class ReadAhead(Generic[_Item]):
    """Iterates over ``items``, a few ahead of whoever asks; what they raise is raised here.

    The callables behind ``items`` run in the other thread. Close it, also where it was not read to its end.
    """

    def __init__(self, items: Iterator[_Item]) -> None:
        self._items = items
        self._ready: queue.Queue[_Item | BaseException | None] = queue.Queue(_WAITING_AT_MOST)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="read ahead", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[_Item]:
        while (item := self._ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        """Return when the other thread has left ``items`` alone for good."""
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
            self._put(None)
        except BaseException as problem:  # noqa: BLE001 - whatever it is belongs to the one who reads
            self._put(problem)
        finally:
            if isinstance(self._items, Generator):
                self._items.close()

    def _put(self, item: _Item | BaseException | None) -> bool:
        """Hand over ``item``; false where nobody wants it any more."""
        while not self._stop.is_set():
            try:
                self._ready.put(item, timeout=_LOOK_EVERY)
            except queue.Full:
                continue
            return True
        return False


def in_order(work: Callable[[_Item], _Made], items: Iterator[_Item], threads: int) -> Iterator[_Made]:
    """What ``work`` makes of each of ``items``, in their order, made by ``threads`` at a time and a few ahead.

    What ``items`` or ``work`` raise is raised here, after all that came before.
    """
    problem: BaseException | None = None
    with ThreadPoolExecutor(threads, thread_name_prefix="work ahead") as pool:
        waiting: deque[Future[_Made]] = deque()
        while True:
            try:
                item = next(items)
            except StopIteration:
                break
            except BaseException as raised:  # noqa: BLE001 - it is raised again, after what came before it
                problem = raised
                break
            waiting.append(pool.submit(work, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    if problem is not None:
        raise problem
