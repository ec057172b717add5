"""A person who works in the plain mode: reads questions, types answers."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Self

import pexpect


class Talk:
    """A person who reads questions and types answers. Everything that was said is in ``said``."""

    def __init__(self, folder: Path, home: Path, *words: str, choice: str = "Your choice", **more: str) -> None:
        environment = {
            "HOME": str(home),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "TZ": "UTC",
            **more,
        }
        self.said = ""
        self.choice = choice
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "cctui", "--plain", "--environment", str(folder), *words],
            env=environment,
            encoding="utf-8",
            timeout=30,
            dimensions=(24, 200),
            echo=False,
        )
        self.child.delaybeforesend = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.child.close(force=True)

    def hear(self, text: str) -> str:
        """Wait until ``text`` is said; returns what was said before it."""
        try:
            self.child.expect_exact(text)
        except (pexpect.TIMEOUT, pexpect.EOF):
            raise AssertionError(f"{text!r} was not said after:\n{self.said}\n{self.child.before}") from None
        self.said += self.child.before + self.child.after
        return str(self.child.before)

    def answer(self, question: str, answer: str) -> str:
        """Wait for a question, which ends a line with a colon, and answer it; returns what was said before it."""
        before = self.hear(question)
        rest = self.child.expect([r"^[^\r\n]*: $", r": $"])
        assert rest in {0, 1}
        self.said += self.child.before + self.child.after
        self.child.sendline(answer)
        return before

    def pick(self, title: str, label: str) -> None:
        """Wait for a menu, and choose the entry with ``label`` by its number, as it is told."""
        self.hear(title)
        entries = self.hear(self.choice)
        self.child.expect(r": $")
        self.said += self.child.before + self.child.after
        found = re.search(rf"^(\d+)\. {re.escape(label)}", entries, re.MULTILINE)
        assert found, f"{label!r} is not offered in:\n{entries}"
        self.child.sendline(found[1])

    def ended(self) -> int:
        """Wait for the end; returns the exit code."""
        self.child.expect(pexpect.EOF)
        self.said += self.child.before
        self.child.wait()
        return int(self.child.exitstatus)
