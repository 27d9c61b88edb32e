"""The shared object of faults.c: how it is built, told what to do, and what it saw."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
ENVIRONMENT = "ZKAPEX_FAULTS"
_CONTROL = struct.Struct("<QQQqqqqq512s")
_ENTRY = struct.Struct("<IIQQQII")


class Kind(IntEnum):
    """What goes wrong at the chosen change; see faults.c."""

    NONE, KILL, TORN, FULL, EIO, FROZEN = range(6)


def build(folder: Path) -> Path:
    """Compile the shared object. Raises RuntimeError where there is no C compiler (the Rust build needs one too)."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise RuntimeError("no C compiler")
    library = folder / "faults.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Control:
    """The control file of one command, its log, and the folder of files that lost their name."""

    path: Path

    @classmethod
    def create(
        cls, path: Path, root: Path, kind: Kind = Kind.NONE, at: int = 0, *, group: bool = True, clock: int = 0, tick: int = 0
    ) -> Control:
        """Watch `root`; `at` counts changes from 1, 0 is never. `clock` seconds are added to the time, `tick` more each time."""
        packed = _CONTROL.pack(0, 0, at, kind, group, clock, tick, 0, os.fsencode(root))
        path.write_bytes(packed)
        Path(f"{path}.graves").mkdir()
        return cls(path)

    @property
    def changes(self) -> int:
        """Changes that were begun so far."""
        return int(_CONTROL.unpack(self.path.read_bytes())[0])

    @property
    def clock_readings(self) -> int:
        return int(_CONTROL.unpack(self.path.read_bytes())[7])

    def grave(self, number: int) -> Path:
        return Path(f"{self.path}.graves") / str(number)

    def log(self) -> Iterator[Entry]:
        """What was changed, in order."""
        try:
            data = Path(f"{self.path}.log").read_bytes()
        except FileNotFoundError:
            return
        place = 0
        while place < len(data):
            size, operation, inode, offset, before, first, second = _ENTRY.unpack_from(data, place)
            start = place + _ENTRY.size
            yield Entry(chr(operation), inode, offset, before, data[start : start + first], data[start + first : start + first + second])
            place += size


@dataclass(frozen=True)
class Entry:
    """One change that was made. `operation`: C made a file or a link, W wrote, T cut, S synced a file, D synced a folder,
    R renamed, U removed a file, M made a folder, X removed one. `offset`: where it wrote or cut; for R and U the number of
    the grave that holds what the name led to before. `before`: size before a write or a cut. `first`: overwritten bytes, or
    the name; `second`: the new name."""

    operation: str
    inode: int
    offset: int
    before: int
    first: bytes
    second: bytes

    @property
    def path(self) -> Path:
        return Path(os.fsdecode(self.first))

    @property
    def target(self) -> Path:
        return Path(os.fsdecode(self.second))

    @property
    def folders(self) -> set[Path]:
        """Folders whose entries it changed."""
        names = {"R": (self.path, self.target)}.get(self.operation, (self.path,)) if self.operation in "CRUMX" else ()
        return {name.parent for name in names}
