"""A save is whole or not at all, never over somebody else's change, never out of the environment (reliability 5.7)."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from definitions_to_try import EXPORT, an_export
from msgspec import structs

from cctui.definitions.environment import Environment, EnvironmentMissing, NotFound, Stored, new_id
from cctui.definitions.folder import SaveFailed
from cctui.definitions.model import (
    EnvironmentDefinition,
    EnvironmentSection,
    ExportDefinition,
    ProfilesSection,
    SourceKind,
)
from cctui.definitions.toml_files import ChangedElsewhere, DefinitionError
from cctui.errors import UsageError
from cctui.host import files, locks


@pytest.fixture
def stored(environment: Environment) -> Stored[ExportDefinition]:
    """The documented export, written by a person."""
    (environment.exports_folder / "newsletter.toml").write_text(EXPORT)
    return environment.export("newsletter")


def renamed(stored: Stored[ExportDefinition], name: str = "Another name") -> ExportDefinition:
    return structs.replace(stored.definition, display_name=name)


def everything_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# -- the environment ---------------------------------------------------------------------------------------------------


def test_a_new_environment_has_its_folders_and_keeps_secrets_from_git_and_from_others(environment: Environment) -> None:
    assert environment.exists()
    assert environment.read().definition.environment.name == "Contoso Coffee"
    assert (environment.root / ".gitignore").read_text() == "secrets/\nstate/\n"
    for private in (environment.secrets_folder, environment.state_folder):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert environment.connections() == environment.exports() == []
    assert str(environment.zone()) == "UTC"


def test_a_gitignore_of_ones_own_is_added_to(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.bak\nstate/")
    Environment.create(tmp_path, EnvironmentDefinition(environment=EnvironmentSection(name="A")))
    assert (tmp_path / ".gitignore").read_text() == "*.bak\nstate/\nsecrets/\n"


def test_an_environment_is_not_made_over_another_one(environment: Environment) -> None:
    before = environment.path.read_bytes()
    with pytest.raises(UsageError, match="is an environment already"):
        Environment.create(environment.root, EnvironmentDefinition(environment=EnvironmentSection(name="B")))
    assert environment.path.read_bytes() == before


def test_an_environment_that_does_not_fit_is_not_made(tmp_path: Path) -> None:
    wrong = EnvironmentDefinition(environment=EnvironmentSection(name="A", time_zone="Mars/Olympus"))
    with pytest.raises(DefinitionError, match="time zone"):
        Environment.create(tmp_path / "new", wrong)
    assert not (tmp_path / "new").exists()


def test_a_folder_without_an_environment_says_what_to_do(tmp_path: Path) -> None:
    assert not Environment(tmp_path).exists()
    assert Environment(tmp_path).exports() == []
    with pytest.raises(EnvironmentMissing, match="cctui demo"):
        Environment(tmp_path).read()


def test_the_option_then_the_variable_then_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    assert Environment.locate(None) == own_home / ".config" / "cctui"
    monkeypatch.setenv("CCTUI_ENVIRONMENT", "")
    assert Environment.locate(None) == own_home / ".config" / "cctui"
    monkeypatch.setenv("CCTUI_ENVIRONMENT", "~/contoso")
    assert Environment.locate(None) == own_home / "contoso"
    monkeypatch.chdir(tmp_path)
    assert Environment.locate("here") == tmp_path / "here"


def test_the_environment_is_edited_with_its_comments(environment: Environment) -> None:
    environment.path.write_text('# ours\n[environment]\nname = "Contoso Coffee" # the company\n')
    stored = environment.read()
    wanted = structs.replace(stored.definition, profiles=ProfilesSection(kind=SourceKind.FOLDER, path="profiles"))
    environment.save_environment(wanted, stored.fingerprint)
    assert environment.path.read_text() == (
        '# ours\n[environment]\nname = "Contoso Coffee" # the company\n\n'
        '[profiles]\nkind = "folder"\npath = "profiles"\nid_field = "CustomerId"\n'
    )


def test_lists_are_in_the_order_of_their_names(environment: Environment) -> None:
    for export_id, name in (("c", "alpha"), ("a", "Beta"), ("b", "Ångström"), ("d", "gamma")):
        environment.save_export(an_export(export_id, display_name=name), None)
    names = [entry.definition.display_name for entry in environment.exports() if isinstance(entry, Stored)]
    assert names[:3] == ["alpha", "Beta", "gamma"]


# -- saving ------------------------------------------------------------------------------------------------------------


def test_a_saved_export_is_there_and_its_fingerprint_is_good_for_the_next_save(environment: Environment) -> None:
    first = environment.save_export(an_export(), None)
    assert environment.export("newsletter") == first
    second = environment.save_export(renamed(first), first.fingerprint)
    assert environment.export("newsletter") == second != first


def test_saving_without_a_change_does_not_touch_the_file(
    environment: Environment, stored: Stored[ExportDefinition]
) -> None:
    before = stored.path.stat()
    assert environment.save_export(stored.definition, stored.fingerprint) == stored
    assert (stored.path.stat().st_ino, stored.path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_permissions_of_the_file_stay(environment: Environment, stored: Stored[ExportDefinition]) -> None:
    stored.path.chmod(0o664)
    environment.save_export(renamed(stored), stored.fingerprint)
    assert stat.S_IMODE(stored.path.stat().st_mode) == 0o664


def test_a_change_made_elsewhere_is_not_overwritten_and_both_texts_are_there(
    environment: Environment, stored: Stored[ExportDefinition]
) -> None:
    theirs = EXPORT.replace('"EMail"', '"WorkEMail"')
    stored.path.write_text(theirs)
    with pytest.raises(ChangedElsewhere, match="changed elsewhere") as refused:
        environment.save_export(renamed(stored), stored.fingerprint)
    assert stored.path.read_text() == refused.value.theirs == theirs
    assert [line for line in refused.value.difference() if line[:2] in {"-d", "+d", "-e", "+e"}] == [
        '-display_name = "Newsletter, high value"',
        '+display_name = "Another name"',
        '-email = "WorkEMail" # the first one',
        '+email = "EMail" # the first one',
    ]
    kept = environment.save_export(renamed(stored), refused.value.fingerprint)
    assert stored.path.read_text() == refused.value.mine
    assert kept.definition == renamed(stored)


def test_a_file_that_vanished_or_appeared_meanwhile_counts_as_changed(
    environment: Environment, stored: Stored[ExportDefinition]
) -> None:
    with pytest.raises(ChangedElsewhere) as appeared:
        environment.save_export(an_export(), None)
    assert appeared.value.theirs == EXPORT
    stored.path.unlink()
    with pytest.raises(ChangedElsewhere) as vanished:
        environment.save_export(renamed(stored), stored.fingerprint)
    assert vanished.value.theirs == ""
    assert vanished.value.fingerprint is None
    assert not stored.path.exists()
    environment.save_export(renamed(stored), None)
    assert stored.path.read_text() == vanished.value.mine


def test_a_file_that_was_broken_elsewhere_is_never_overwritten(
    environment: Environment, stored: Stored[ExportDefinition]
) -> None:
    stored.path.write_text(EXPORT[:50])
    with pytest.raises(ChangedElsewhere) as refused:
        environment.save_export(renamed(stored), stored.fingerprint)
    assert refused.value.theirs == EXPORT[:50]
    with pytest.raises(DefinitionError):
        environment.save_export(renamed(stored), refused.value.fingerprint)
    assert stored.path.read_text() == EXPORT[:50]


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"list_id": "not a list"}, "list_id"),
        ({"display_name": " "}, "display_name"),
        ({"segments": []}, "segments"),
        ({"display_name": "\udcff"}, "display_name"),
        ({"connection": "Not An Id"}, "connection"),
    ],
)
def test_a_definition_that_does_not_fit_is_not_saved(
    environment: Environment, wrong: dict[str, object], key: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        environment.save_export(an_export(**wrong), None)
    assert refused.value.key == key
    assert everything_in(environment.exports_folder) == {}


def test_an_id_never_names_a_file_outside(environment: Environment) -> None:
    for strange in ("../environment", "a/b", "", "."):
        with pytest.raises((DefinitionError, NotFound)):
            environment.save_export(an_export(strange), None)


def test_a_link_inside_the_environment_is_saved_through_and_stays_a_link(
    environment: Environment, stored: Stored[ExportDefinition]
) -> None:
    target = environment.root / "shared.toml"
    stored.path.rename(target)
    stored.path.symlink_to("../shared.toml")
    environment.save_export(renamed(stored), stored.fingerprint)
    assert stored.path.is_symlink()
    assert 'display_name = "Another name"' in target.read_text()


def test_a_link_out_of_the_environment_is_not_saved_through(
    environment: Environment, stored: Stored[ExportDefinition]
) -> None:
    outside = environment.root.parent / "outside.toml"
    stored.path.rename(outside)
    stored.path.symlink_to(outside)
    with pytest.raises(DefinitionError, match="link that leads out"):
        environment.save_export(renamed(stored), stored.fingerprint)
    assert outside.read_text() == EXPORT


# -- faults of the box -------------------------------------------------------------------------------------------------


class FailingDisk(files.Disk):
    """A disk on which the n-th call fails."""

    def __init__(self, fails_at: int, error: int) -> None:
        self.calls = 0
        self._fails_at = fails_at
        self._error = error

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self._fails_at:
            raise OSError(self._error, os.strerror(self._error))

    def open_new(self, path: Path, mode: int) -> int:
        self._count()
        return super().open_new(path, mode)

    def write(self, descriptor: int, data: bytes) -> int:
        self._count()
        return super().write(descriptor, data[:100])

    def sync(self, descriptor: int) -> None:
        self._count()
        super().sync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        self._count()
        super().sync_folder(folder)

    def replace(self, source: Path, target: Path) -> None:
        self._count()
        super().replace(source, target)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_whatever_call_fails_the_file_is_the_old_one_or_the_new_one_and_nothing_else_is_left(
    environment: Environment, stored: Stored[ExportDefinition], monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    for fails_at in range(1, 100):
        stored.path.write_text(EXPORT)
        disk = FailingDisk(fails_at, error)
        monkeypatch.setattr(files, "disk", disk)
        try:
            saved = environment.save_export(renamed(stored), stored.fingerprint)
        except SaveFailed as problem:
            assert os.strerror(error) in str(problem)
        else:
            assert disk.calls == fails_at - 1 > 5
            assert environment.export("newsletter") == saved
            break
        finally:
            monkeypatch.undo()
        assert environment.export("newsletter").definition in (stored.definition, renamed(stored))
        assert list(everything_in(environment.exports_folder)) == ["newsletter.toml"]
    else:
        pytest.fail("the save never came to its end")


def test_a_new_file_on_a_full_disk_is_not_there_afterwards(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "disk", FailingDisk(2, errno.ENOSPC))
    with pytest.raises(SaveFailed, match="No space left"):
        environment.save_export(an_export(), None)
    assert everything_in(environment.exports_folder) == {}


def test_a_folder_that_cannot_be_written_to_says_so(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> Path:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files, "private_folder", refuse)
    with pytest.raises(SaveFailed, match="Permission denied"):
        environment.save_export(an_export(), None)


def test_a_disk_too_full_for_the_lock_leaves_the_lock_free(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(Path, "write_text", full)
        with pytest.raises(SaveFailed, match="No space left"):
            environment.save_export(an_export(), None)
    assert not locks.is_held(environment.state_folder / "definitions.lock")
    environment.save_export(an_export(), None)


def test_what_a_killed_save_left_is_swept_up_by_the_next_one(
    environment: Environment, stored: Stored[ExportDefinition]
) -> None:
    (environment.exports_folder / ".newsletter.toml.0a1b2c3d.part").write_bytes(b"half")
    assert len(environment.exports()) == 1
    environment.save_export(renamed(stored), stored.fingerprint)
    assert list(everything_in(environment.exports_folder)) == ["newsletter.toml"]


KILLED_SAVE = """
import os, signal, sys
from pathlib import Path
from msgspec import structs
from cctui.definitions.environment import Environment
from cctui.host import files

class DyingDisk(files.Disk):
    calls = 0
    def _count(self):
        DyingDisk.calls += 1
        if DyingDisk.calls == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
    def open_new(self, path, mode):
        descriptor = super().open_new(path, mode); self._count(); return descriptor
    def write(self, descriptor, data):
        count = super().write(descriptor, data[:200]); self._count(); return count
    def replace(self, source, target):
        super().replace(source, target); self._count()

files.disk = DyingDisk()
environment = Environment(Path(sys.argv[1]))
stored = environment.export("newsletter")
environment.save_export(structs.replace(stored.definition, display_name="Another name"), stored.fingerprint)
"""


@pytest.mark.parametrize("dies_at", [1, 3, 5])
def test_a_killed_save_leaves_a_whole_file_and_a_free_lock(
    environment: Environment, stored: Stored[ExportDefinition], dies_at: int
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_SAVE, str(environment.root), str(dies_at)], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    found = environment.export("newsletter")
    assert found.definition in (stored.definition, renamed(stored))
    environment.save_export(renamed(found, "Third name"), found.fingerprint)
    assert list(everything_in(environment.exports_folder)) == ["newsletter.toml"]


def test_of_two_who_save_at_once_one_is_told(environment: Environment, stored: Stored[ExportDefinition]) -> None:
    outcomes: list[str] = []

    def save(name: str) -> None:
        try:
            environment.save_export(renamed(stored, name), stored.fingerprint)
            outcomes.append(name)
        except ChangedElsewhere:
            outcomes.append("told")

    threads = [threading.Thread(target=save, args=(name,)) for name in ("One", "Two", "Three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("told") == 2
    [winner] = [name for name in outcomes if name != "told"]
    assert environment.export("newsletter").definition.display_name == winner


# -- removing, undoing, watching ---------------------------------------------------------------------------------------


def test_a_removed_export_can_be_put_back_as_it_was(environment: Environment, stored: Stored[ExportDefinition]) -> None:
    stored.path.chmod(0o640)
    removed = environment.remove_export("newsletter")
    assert environment.exports() == []
    environment.restore(removed)
    assert stored.path.read_text() == EXPORT
    assert stat.S_IMODE(stored.path.stat().st_mode) == 0o640


def test_putting_back_never_overwrites_a_new_file_of_the_name(
    environment: Environment, stored: Stored[ExportDefinition]
) -> None:
    removed = environment.remove_export("newsletter")
    environment.save_export(an_export(), None)
    with pytest.raises(ChangedElsewhere) as refused:
        environment.restore(removed)
    assert refused.value.mine == EXPORT
    assert environment.export("newsletter").definition == an_export()


def test_what_is_not_there_cannot_be_removed(environment: Environment) -> None:
    with pytest.raises(NotFound):
        environment.remove_export("newsletter")
    with pytest.raises(NotFound):
        environment.remove_connection("../environment")
    assert environment.exists()


def test_a_broken_definition_can_be_removed(environment: Environment) -> None:
    (environment.exports_folder / "Half File.toml").write_text("id = ")
    assert environment.remove_export("Half File").data == b"id = "
    assert environment.exports() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda environment: (environment.exports_folder / "newsletter.toml").write_text(EXPORT + "\n"),
        lambda environment: (environment.exports_folder / "newsletter.toml").unlink(),
        lambda environment: (environment.exports_folder / "another.toml").write_text(""),
        lambda environment: (environment.connections_folder / "marketing.toml").write_text(""),
        lambda environment: environment.path.write_text(""),
        lambda environment: (environment.exports_folder / "newsletter.toml").rename(
            environment.exports_folder / "a.toml"
        ),
    ],
)
def test_an_edit_made_elsewhere_shows_in_the_version(
    environment: Environment, stored: Stored[ExportDefinition], change: Callable[[Environment], object]
) -> None:
    before = environment.version()
    assert environment.version() == before
    change(environment)
    assert environment.version() != before


def test_state_and_unfinished_files_do_not_show_in_the_version(environment: Environment) -> None:
    before = environment.version()
    (environment.state_folder / "ledger.sqlite").write_text("x")
    (environment.exports_folder / ".newsletter.toml.1234.part").write_text("x")
    assert environment.version() == before
    assert Environment(environment.root / "missing").version()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Newsletter, high value", "newsletter-high-value"),
        ("  Größe & Übermaß ", "grosse-ubermass"),
        ("Blåbærsyltetøy", "blabaersyltetoy"),
        ("Știri în română", "stiri-in-romana"),
        ("新闻通讯", "untitled"),
        ("...", "untitled"),
        ("x" * 300, "x" * 58),
    ],
)
def test_an_id_is_made_from_the_name(name: str, made: str) -> None:
    assert new_id(name, []) == made


def test_an_id_is_never_taken_twice(environment: Environment) -> None:
    assert new_id("News", {"news", "news-2"}) == "news-3"
    environment.save_export(an_export(new_id("x" * 300, {"x" * 58})), None)
