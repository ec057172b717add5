"""A save is whole or not at all, whatever the disk does."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

import pytest

from cctui.host import files


class FailingDisk(files.Disk):
    """A disk on which the n-th call fails with ``error``."""

    def __init__(self, fails_at: int, error: int = errno.ENOSPC) -> None:
        self.calls = 0
        self._fails_at = fails_at
        self._error = error

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self._fails_at:
            raise OSError(self._error, "the disk says no")

    def open_new(self, path: Path, mode: int) -> int:
        self._count()
        return super().open_new(path, mode)

    def write(self, descriptor: int, data: bytes) -> int:
        self._count()
        return super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._count()
        super().sync(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        self._count()
        super().replace(source, target)


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4])
def test_a_failing_disk_leaves_the_old_file_whole_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    target = tmp_path / "export.toml"
    files.save(target, b"old")
    monkeypatch.setattr(files, "disk", FailingDisk(fails_at))
    with pytest.raises(OSError, match="disk says no"):
        files.save(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["export.toml"]


def test_a_save_keeps_the_mode_of_the_file(tmp_path: Path) -> None:
    target = tmp_path / "environment.toml"
    files.save(target, b"one")
    target.chmod(0o640)
    files.save(target, b"two")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_secret_has_its_mode_from_its_first_moment(tmp_path: Path) -> None:
    target = tmp_path / "token.json"
    target.write_bytes(b"open to all")
    target.chmod(0o644)
    files.save(target, b"closed", mode=0o600, keep_mode=False)
    assert not files.readable_by_others(target)


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"untouched")
    link = tmp_path / "export.toml"
    link.symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"):
        files.save(link, b"new")
    assert elsewhere.read_bytes() == b"untouched"


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(files.Disk):
        def write(self, descriptor: int, data: bytes) -> int:
            return super().write(descriptor, data[:3])

    monkeypatch.setattr(files, "disk", Slow())
    files.save(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_a_private_folder_is_on_the_disk_with_the_folders_it_lies_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by the crash sweep: a first run's ledger lay in a folder whose name a power cut took away."""
    synced: list[Path] = []

    class Watched(files.Disk):
        def sync_folder(self, folder: Path) -> None:
            synced.append(folder)
            super().sync_folder(folder)

    monkeypatch.setattr(files, "disk", Watched())
    files.private_folder(tmp_path / "state" / "runs")
    assert set(synced) == {tmp_path, tmp_path / "state"}
    synced.clear()
    files.private_folder(tmp_path / "state" / "runs")
    assert synced == []
