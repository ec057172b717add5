"""Work in the background: the newest request counts, and an older one learns that it does not."""

from __future__ import annotations

import threading

from cctui.tui.errands import Canceled, Errand


def test_only_the_newest_request_is_told_and_the_older_one_is_canceled() -> None:
    told: list[str] = []
    arrived, begun, noticed = threading.Event(), threading.Event(), threading.Event()

    def tell(result: str) -> None:
        told.append(result)
        arrived.set()

    def slow(canceled: Canceled) -> str:
        begun.set()
        while not canceled():
            noticed.wait(0.001)
        return "old"

    errand = Errand[str]("test", tell)
    errand.ask(slow)
    assert begun.wait(10)
    errand.ask(lambda _canceled: "new")
    assert arrived.wait(10)
    assert told == ["new"]
    assert not errand.busy
    errand.stop()


def test_a_canceled_request_tells_nothing() -> None:
    told: list[str] = []
    begun, ended = threading.Event(), threading.Event()

    def work(canceled: Canceled) -> str:
        begun.set()
        while not canceled():
            ended.wait(0.001)
        return "late"

    errand = Errand[str]("test", told.append)
    errand.ask(work)
    assert begun.wait(10)
    errand.cancel()
    assert not errand.busy
    done = threading.Event()
    errand.ask(lambda _canceled: done.set() or "next")
    assert done.wait(10)
    errand.stop()
    assert "late" not in told
