"""Questions and answers, one a line: defaults in brackets, ``?`` explains, ``..`` goes back.

An answer that does not fit is answered with the reason, and the question comes again.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import click

from cctui.errors import CctuiError, UsageError
from cctui.locales import _, ngettext, number
from cctui.masking import printable

T = TypeVar("T")

CLOSES = object()
"""What an entry of a menu gives back when the menu has nothing to offer any more."""

Entry = tuple[str, Callable[[], object]]
"""A line of a menu and what it does."""

Entries = Sequence[Entry]

BACK = ".."
HELP = "?"
LONGEST_ANSWER = 4_000
"""Characters of an answer that are looked at; a terminal gives no longer line anyway."""

_SHOWN_AT_ONCE = 30


class Back(Exception):
    """The operator goes back to where the question came from."""


class Unfit(Exception):
    """An answer that does not fit, with the reason as a sentence."""


def require_terminal() -> None:
    """Raise where nobody could answer."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            _("The plain mode needs a terminal to ask on."),
            why=_("Input or screen is a file or a pipe."),
            do=_("Without one, use the command line: cctui --help."),
        )


class Conversation:
    """Talks on standard output and listens on standard input."""

    def say(self, *lines: str) -> None:
        """Sentences, one a line."""
        for line in lines:
            click.echo(line)

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Titles and values, one pair a line; what has no value is left out."""
        for title, value in pairs:
            if value:
                self.say(f"{title}: {value}")

    def problem(self, problem: CctuiError) -> None:
        """What happened, why, and what to do."""
        self.say(*(part for part in (problem.what, problem.why, problem.do) if part))

    def ask(
        self, question: str, *, default: str = "", explanation: str = "", read: Callable[[str], T], secret: bool = False
    ) -> T:
        """Ask until the answer fits; returns what ``read`` makes of it. Raises :class:`Back`.

        ``read`` raises :class:`Unfit`, or an error of ours, where the answer does not fit.
        """
        while True:
            answer = self._answer(f"{question} [{default}]: " if default else f"{question}: ", secret=secret)
            if answer == BACK:
                raise Back
            if answer == HELP:
                self.say(explanation or _("There is nothing more to say about it."), how_to_answer())
                continue
            try:
                return read(answer or default)
            except Unfit as problem:
                self.say(str(problem))
            except CctuiError as problem:
                self.problem(problem)

    def text(self, question: str, *, default: str = "", explanation: str = "", why_not: Callable[[str], str]) -> str:
        """Ask for a text; ``why_not`` says what is wrong with one, empty where nothing is."""

        def fitting(answer: str) -> str:
            if reason := why_not(answer):
                raise Unfit(reason)
            return answer

        return self.ask(question, default=default, explanation=explanation, read=fitting)

    def sure(self, question: str, *, default: bool, explanation: str = "") -> bool:
        """Ask for yes or no."""
        words = {True: _("yes"), False: _("no")}

        def meant(answer: str) -> bool:
            said = answer.casefold()
            for value, word in words.items():
                if said and word.casefold().startswith(said):
                    return value
            raise Unfit(_("Answer {yes} or {no}.").format(yes=words[True], no=words[False]))

        return self.ask(question, default=words[default], explanation=explanation, read=meant)

    def choose(
        self,
        question: str,
        options: Sequence[tuple[str, T]],
        *,
        default: T | None = None,
        explanation: str = "",
    ) -> T:
        """Ask for one of several things, by its number or by a part of its name. There must be one."""
        self._list(question, options)
        preset = next((str(index) for index, (_label, value) in enumerate(options, 1) if value == default), "")
        return self.ask(
            _("Your choice"),
            default=preset if default is not None else "",
            explanation=explanation,
            read=lambda answer: self._one(answer, options),
        )

    def choose_many(
        self, question: str, options: Sequence[tuple[str, T]], *, default: Sequence[T] = (), explanation: str = ""
    ) -> list[T]:
        """Ask for one or more of several things, in the order in which they are said."""
        self._list(question, options)
        numbers = [str(index) for index, (_label, value) in enumerate(options, 1) if value in default]

        def several(answer: str) -> list[T]:
            chosen = [self._one(word.strip(), options) for word in answer.split(",") if word.strip()]
            if not chosen:
                raise Unfit(_("Choose at least one."))
            return list(dict.fromkeys(chosen))

        return self.ask(
            _("Your choices, with commas between them"),
            default=", ".join(numbers),
            explanation=explanation,
            read=several,
        )

    def menu(self, title: str, entries: Callable[[], Entries], leave: str) -> None:
        """Offer ``entries`` again and again until the operator goes back; an error is told and is not the end."""
        while True:
            self.say("")
            try:
                chosen = self.choose(title, [*entries(), (leave, None)])
            except Back:
                return
            except CctuiError as problem:
                self.problem(problem)
                return
            if chosen is None:
                return
            try:
                if chosen() is CLOSES:
                    return
            except Back:
                continue
            except CctuiError as problem:
                self.problem(problem)

    def _list(self, question: str, options: Sequence[tuple[str, T]]) -> None:
        self.say(question)
        for index, (label, _value) in enumerate(options[:_SHOWN_AT_ONCE], 1):
            self.say(f"{index}. {label}")
        more = len(options) - _SHOWN_AT_ONCE
        if more > 0:
            text = ngettext("{count} more: type a part of its name.", "{count} more: type a part of the name.", more)
            self.say(text.format(count=number(more)))

    def _one(self, answer: str, options: Sequence[tuple[str, T]]) -> T:
        if answer.isascii() and answer.isdigit():
            if 1 <= int(answer[:9]) <= len(options):
                return options[int(answer) - 1][1]
            raise Unfit(_("Choose a number from 1 to {last}.").format(last=len(options)))
        meant = [
            (index, label, value)
            for index, (label, value) in enumerate(options, 1)
            if answer and answer.casefold() in label.casefold()
        ]
        if len(meant) == 1:
            return meant[0][2]
        if not meant:
            raise Unfit(_("Choose a number from 1 to {last}.").format(last=len(options)))
        raise Unfit("\n".join([_("Which one?"), *(f"{index}. {label}" for index, label, _v in meant[:_SHOWN_AT_ONCE])]))

    def _answer(self, prompt: str, *, secret: bool) -> str:
        if secret:
            line = getpass.getpass(prompt)
        else:
            click.echo(prompt, nl=False)
            line = sys.stdin.readline()
            if not line:  # Ctrl+D, or the terminal is gone
                self.say("")
                raise Back
        # Keys that move a cursor come as control characters here.
        return printable(click.unstyle(line), LONGEST_ANSWER)


def how_to_answer() -> str:
    """The four things to know."""
    return _("Enter takes the answer in brackets, ? explains, .. goes back, Ctrl+C leaves.")
