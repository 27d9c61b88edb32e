"""Passing files: gone at the end, and swept away where the command that made them was killed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from zkapex_jax.errors import StorageError
from zkapex_jax.formats import atomic
from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.formats.passing import passing_folder

KILLED = """
import os, signal, sys
from zkapex_jax.formats.atomic import atomic_file
from zkapex_jax.formats.passing import passing_folder
with passing_folder(sys.argv[1]) as folder, atomic_file(sys.argv[1] + "/a") as file:
    (folder / "secret").write_text("weights")
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A folder in which a command was killed while it wrote `a`."""
    ended = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert ended.returncode == -signal.SIGKILL and len(names(tmp_path)) == 2
    return tmp_path


def test_a_folder_for_the_owner_alone_until_the_end_of_the_block(tmp_path: Path) -> None:
    with passing_folder(tmp_path) as folder:
        (folder / "a").write_text("x")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and folder.parent == tmp_path
    assert names(tmp_path) == []
    with pytest.raises(ZeroDivisionError), passing_folder(tmp_path) as folder:
        (folder / "a").write_text("x")
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_what_is_moved_out_stays(tmp_path: Path) -> None:
    with passing_folder(tmp_path) as folder:
        (folder / "a").write_text("x")
        atomic.publish(folder / "a", tmp_path / "a", force=False)
    assert names(tmp_path) == ["a"]


def test_what_a_killed_command_left_goes_with_the_next_of_its_kind(killed: Path) -> None:
    with passing_folder(killed) as folder:
        assert [name for name in names(killed) if name.startswith(".zkapex-")] == [folder.name]
    assert [name.startswith(".a.") for name in names(killed)] == [True]
    atomic.write_bytes(killed / "a", b"whole")
    assert names(killed) == ["a"]


def test_what_was_killed_at_its_very_end_goes_with_the_refusal_to_do_it_again(killed: Path) -> None:
    (killed / "a").write_text("whole")
    with pytest.raises(StorageError, match="already exists"):
        refuse_existing(killed / "a")
    assert names(killed) == ["a"] and (killed / "a").read_text() == "whole"


@pytest.mark.parametrize("sweep", [lambda folder: atomic.sweep(folder), lambda folder: refuse_existing(folder / "a")])
def test_a_sweep_takes_what_is_dead_and_nothing_else(killed: Path, sweep) -> None:
    kept = [".hidden", "a.part", ".zkapex-not-a-passing-name", "plain"]
    for name in kept:
        (killed / name).write_text("kept")
    with passing_folder(killed) as living, atomic.atomic_file(killed / "b") as file:
        sweep(killed)
        others = [name for name in names(killed) if name not in kept]
        assert len(others) == 2 and living.name in others
        file.write(b"b")
    assert names(killed) == sorted([*kept, "b"])


def test_one_that_is_swept_before_it_is_held_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its making and its lock another command may take it for a dead one's."""
    hold, stolen = atomic.hold, []

    def steal(handle: int, path: Path) -> bool:
        if len(stolen) < 2:
            stolen.append(path)
            atomic.sweep(tmp_path)
        return hold(handle, path)

    monkeypatch.setattr(atomic, "hold", steal)
    monkeypatch.setattr("zkapex_jax.formats.passing.hold", steal)
    atomic.write_bytes(tmp_path / "a", b"x")
    with passing_folder(tmp_path) as folder:
        assert folder.is_dir() and folder not in stolen
    assert len(stolen) == 2 and names(tmp_path) == ["a"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    (tmp_path / ".zkapex-link.part").symlink_to(tmp_path / "mine")
    atomic.sweep(tmp_path)
    assert (tmp_path / "mine" / "file").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    atomic.sweep(tmp_path / "none")
    with pytest.raises(StorageError, match="no such file"), passing_folder(tmp_path / "none"):
        pass


def test_new_folders_are_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(atomic, "sync_directory", synced.append)
    atomic.make_directory(tmp_path / "a" / "b" / "c")
    assert set(synced) == {tmp_path, tmp_path / "a", tmp_path / "a" / "b"}
    synced.clear()
    atomic.make_directory(tmp_path / "a" / "b")
    assert not synced and os.path.isdir(tmp_path / "a" / "b" / "c")
