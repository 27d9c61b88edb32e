"""The faults themselves: a careless writer is caught, a careful one is not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import fault_checks
import fault_damage
import pytest
from fault_power import cut_power
from fault_shim import ENVIRONMENT, Control, Kind
from fault_table import summary, table
from fault_trial import Outcome, Trial

CARELESS = "p = root + '/a'; open(p + '.new', 'w').write('x' * 5000); os.rename(p + '.new', p)"
CAREFUL = """
handle = os.open(root + '/a.new', os.O_WRONLY | os.O_CREAT); os.write(handle, b'x' * 5000); os.fsync(handle); os.close(handle)
os.rename(root + '/a.new', root + '/a'); folder = os.open(root, os.O_RDONLY); os.fsync(folder)
"""
REMOVE = "os.unlink(root + '/old')"


class Disk:
    """A folder with one old, synced file, and a process that does something to it."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.root, self.folder, self.library = folder / "root", folder, library
        self.root.mkdir()
        (self.root / "old").write_text("old")

    def run(self, program: str, kind: Kind = Kind.NONE, at: int = 0, **options: int) -> tuple[int, str, Control]:
        control = Control.create(self.folder / f"control-{len(list(self.folder.iterdir()))}", self.root, kind, at, **options)
        given = os.environ | {"LD_PRELOAD": str(self.library), ENVIRONMENT: str(control.path)}
        text = f"import os, sys, time\nroot = sys.argv[1]\n{program}"
        ended = subprocess.run([sys.executable, "-S", "-c", text, self.root], env=given, capture_output=True, text=True, start_new_session=True)
        return ended.returncode, ended.stderr + ended.stdout, control

    def files(self) -> dict[str, int]:
        return {path.name: path.stat().st_size for path in self.root.iterdir()}


@pytest.fixture
def disk(tmp_path: Path, library: Path) -> Disk:
    return Disk(tmp_path, library)


def test_a_power_cut_takes_what_was_not_synced(disk: Disk) -> None:
    code, _, control = disk.run(CARELESS)
    assert code == 0 and disk.files() == {"old": 3, "a": 5000} and control.changes == 3
    assert cut_power(control, disk.root, random.Random(0), worst=True) == 3
    assert disk.files() == {"old": 3}


def test_some_power_cut_leaves_a_careless_file_half_written(tmp_path: Path, library: Path) -> None:
    sizes = set()
    for seed in range(12):
        (tmp_path / str(seed)).mkdir()
        disk = Disk(tmp_path / str(seed), library)
        _, _, control = disk.run(CARELESS)
        cut_power(control, disk.root, random.Random(seed), worst=False)
        sizes.add(disk.files().get("a"))
    assert 0 in sizes, "a name without its bytes, which a sync would have prevented"


def test_a_power_cut_takes_nothing_that_was_synced(disk: Disk) -> None:
    code, said, control = disk.run(CAREFUL)
    assert code == 0, said
    cut_power(control, disk.root, random.Random(0), worst=True)
    assert disk.files() == {"old": 3, "a": 5000}


def test_a_power_cut_brings_back_what_was_removed_and_overwritten(disk: Disk) -> None:
    _, _, control = disk.run(REMOVE)
    assert disk.files() == {}
    cut_power(control, disk.root, random.Random(0), worst=True)
    assert disk.files() == {"old": 3}
    _, _, control = disk.run("h = os.open(root + '/old', os.O_RDWR); os.pwrite(h, b'NEWER', 0)")
    assert (disk.root / "old").read_text() == "NEWER"
    cut_power(control, disk.root, random.Random(0), worst=True)
    assert (disk.root / "old").read_text() == "old"


@pytest.mark.parametrize(("at", "left"), [(1, {"old": 3}), (2, {"old": 3, "a.new": 0}), (3, {"old": 3, "a.new": 5000})])
def test_killed_before_a_change(disk: Disk, at: int, left: dict[str, int]) -> None:
    code, _, _ = disk.run(CARELESS, Kind.KILL, at)
    assert code == -9 and disk.files() == left


def test_killed_in_the_middle_of_a_write(disk: Disk) -> None:
    code, _, _ = disk.run(CARELESS, Kind.TORN, 2)
    assert code == -9 and disk.files() == {"old": 3, "a.new": 2500}


@pytest.mark.parametrize(
    ("kind", "words"), [(Kind.FULL, "No space left"), (Kind.EIO, "Input/output error"), (Kind.FROZEN, "Read-only file system")]
)
def test_errors_of_the_disk(disk: Disk, kind: Kind, words: str) -> None:
    code, said, _ = disk.run(CARELESS, kind, 1)
    assert code == 1 and words in said and disk.files() == {"old": 3}


def test_a_full_disk_can_still_remove(disk: Disk) -> None:
    code, _, _ = disk.run(REMOVE, Kind.FULL, 1)
    assert code == 0 and disk.files() == {}


def test_a_clock_that_goes_back(disk: Disk) -> None:
    code, said, control = disk.run("a = time.time(); b = time.time(); print(round(b - a), b < 1e9)", clock=-40 * 365 * 86400, tick=-3600)
    assert (code, said.split()) == (0, ["-3600", "True"]) and control.clock_readings >= 2


def test_half_written_files_are_seen(tmp_path: Path) -> None:
    (tmp_path / "openings.json").write_text("{}")
    (tmp_path / "state.safetensors").write_bytes(b"\0" * 20)
    (tmp_path / ".state.safetensors.abc.part").write_bytes(b"")
    assert [line.split(" ")[0] for line in fault_checks.whole(tmp_path)] == ["openings.json", "state.safetensors"]


@pytest.mark.parametrize("length", [*fault_damage.LENGTHS, fault_damage.ZEROS])
def test_classes_of_length(tmp_path: Path, length: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10_000)
    assert fault_damage.cut(path, length) and path.read_bytes() != b"x" * 10_000 and path.stat().st_size <= 10_000


def test_the_table_counts_what_is_wrong() -> None:
    good = Outcome(Trial("verify", "kill", 3), "killed", True, "done").record()
    bad = Outcome(Trial("verify", "cut half", 0), "refused", False, "done", ["an event of the ledger is lost"]).record()
    rows = summary([good, bad, bad])
    assert [(row["fault"], row["trials"], row["wrong"]) for row in rows] == [("kill", 1, 0), ("cut", 2, 2)]
    assert table(rows).splitlines()[-1] == "| all | 3 | | | 2 |"
