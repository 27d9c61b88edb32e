"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from zkapex_jax.errors import StorageError
from zkapex_jax.formats import atomic


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_with_the_asked_mode(tmp_path: Path) -> None:
    atomic.write_bytes(tmp_path / "a", b"x", mode=atomic.SECRET_MODE)
    assert (tmp_path / "a").read_bytes() == b"x"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert left_behind(tmp_path) == ["a"]


def test_keeps_an_existing_file_unless_forced(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with pytest.raises(StorageError, match="already exists") as caught:
        atomic.write_bytes(target, b"new")
    assert caught.value.file == str(target) and caught.value.exit_code == 4
    assert target.read_bytes() == b"old" and left_behind(tmp_path) == ["a"]
    atomic.write_bytes(target, b"new", force=True)
    assert target.read_bytes() == b"new"


def test_a_dangling_link_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StorageError, match="already exists"):
        atomic.write_bytes(tmp_path / "a", b"x")


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a"
    with pytest.raises(StorageError, match="already exists"), atomic.atomic_file(target) as file:
        file.write(b"mine")
        target.write_bytes(b"theirs")
    assert target.read_bytes() == b"theirs" and left_behind(tmp_path) == ["a"]


@pytest.mark.parametrize("force", [False, True])
def test_an_exception_leaves_everything_as_it_was(tmp_path: Path, force: bool) -> None:
    target = tmp_path / "a"
    if force:
        target.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), atomic.atomic_file(target, force=force) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert left_behind(tmp_path) == (["a"] if force else [])
    assert not force or target.read_bytes() == b"old"


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EIO, "storage")])
def test_a_disk_that_fails_at_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str) -> None:
    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(StorageError) as caught:
        atomic.write_bytes(tmp_path / "a", b"new", force=True)
    assert caught.value.code == code and str(tmp_path / "a") in str(caught.value)
    assert (tmp_path / "a").read_bytes() == b"old" and left_behind(tmp_path) == ["a"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_named_as_such() -> None:
    with (
        pytest.raises(StorageError, match="space"),
        atomic.storage_errors("/dev/full"),
        open("/dev/full", "wb", buffering=0) as file,
    ):
        file.write(b"x")


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such file or directory; check the path"):
        atomic.write_bytes(tmp_path / "none" / "a", b"x")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes everywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="permission"):
        atomic.write_bytes(tmp_path / "a", b"x")
