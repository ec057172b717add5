"""The command table: one declaration for keys, hints, help and palette."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

from cctui.access.roles import Operator, Role
from cctui.tui import screens
from cctui.tui.commands import Command, Facts, bindings, key_name
from cctui.tui.export_commands import COMMANDS, ExportFacts
from cctui.tui.page import Page
from cctui.tui.parts import plain
from cctui.tui.screens.help import help_lines

# Kept by terminals, tmux (ctrl+b), screen (ctrl+a), flow control (ctrl+s, ctrl+q) and desktops (F10, F11).
_SWALLOWED = {f"ctrl+{letter}" for letter in "abhijmqsz[@"} | {"f1", "f10", "f11", *(f"f{n}" for n in range(13, 25))}
_FRAGILE = {"ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j", "ctrl+enter", "ctrl+z"}


def pages() -> list[type[Page]]:
    """Every page that there is; what other pages are built on is no page itself."""
    for module in pkgutil.iter_modules(screens.__path__):
        importlib.import_module(f"cctui.tui.screens.{module.name}")

    def below(kind: type[Page]) -> list[type[Page]]:
        return [found for child in kind.__subclasses__() for found in (child, *below(child))]

    leaves = [page for page in below(Page) if not page.__subclasses__()]
    return [page for page in dict.fromkeys(leaves) if page.__module__.startswith("cctui.tui.screens.")]


def commands_of(page: type[Page]) -> tuple[Command, ...]:
    """What has a key on a page."""
    from cctui.tui.commands import EVERYWHERE

    return (*page.COMMANDS, *EVERYWHERE)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.__name__)
def test_no_key_is_used_twice_on_a_page(page: type[Page]) -> None:
    keys = [key for command in commands_of(page) for key in command.keys]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.__name__)
def test_keys_survive_ssh_and_tmux(page: type[Page]) -> None:
    for command in commands_of(page):
        assert not set(command.keys) & _FRAGILE
        assert not any(key.startswith(("alt+", "shift+", "ctrl+shift")) for key in command.keys if key != "shift+tab")


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.__name__)
def test_what_something_swallows_is_never_the_only_way(page: type[Page]) -> None:
    for command in commands_of(page):
        sure = [key for key in command.keys if key not in _SWALLOWED and not key.startswith(("shift+", "alt+"))]
        assert sure, command.id


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.__name__)
def test_every_command_is_bound_described_and_can_be_done(page: type[Page]) -> None:
    commands = commands_of(page)
    assert len({command.id for command in commands}) == len(commands)
    bound = {binding.action for binding in page.BINDINGS}
    for command in commands:
        assert f"command('{command.id}')" in bound
        assert command.title
        assert command.help.endswith((".", "?"))
        assert callable(inspect.getattr_static(page, f"do_{command.name}", None)), command.id


def test_bindings_are_made_from_the_table() -> None:
    made = {(binding.key, binding.action) for binding in bindings(COMMANDS)}
    assert made == {(key, f"command('{command.id}')") for command in COMMANDS for key in command.keys}


def test_the_help_holds_every_command_with_its_keys() -> None:
    facts = ExportFacts(Operator("ops1", Role.ADMINISTRATOR))
    text = "\n".join(plain(line.parts) for line in help_lines(COMMANDS, facts, 200))
    for command in COMMANDS:
        assert command.title_for(facts)[:18] in text
        for key in command.keys:
            assert key_name(key) in text


def test_the_help_wraps_and_cuts_nothing_on_a_narrow_screen() -> None:
    facts = ExportFacts(Operator("ops1", Role.ADMINISTRATOR))
    wide = " ".join(plain(line.parts) for line in help_lines(COMMANDS, facts, 300)).split()
    narrow = help_lines(COMMANDS, facts, 70)
    assert max(len(plain(line.parts)) for line in narrow) <= 70
    assert sorted(" ".join(plain(line.parts) for line in narrow).split()) == sorted(wide)


def test_a_disabled_command_says_why_in_a_sentence() -> None:
    viewer = ExportFacts(Operator("vera", Role.VIEWER))
    for command in COMMANDS:
        reason = command.why_disabled(viewer)
        assert reason == "" or reason.endswith(".")
    assert next(command for command in COMMANDS if command.id == "exports.add").why_disabled(viewer)


def test_several_rows_are_too_many_for_some_commands() -> None:
    from cctui.tui.commands import Choice

    two = Facts(Operator("ops1", Role.ADMINISTRATOR), (Choice("a", "A"), Choice("b", "B")), total=2)
    duplicate = next(command for command in COMMANDS if command.id == "exports.duplicate")
    assert "one row only" in duplicate.why_disabled(two)
