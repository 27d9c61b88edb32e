"""A folder in memory that holds what an input says, and nothing more once it is read."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from fuzz_targets import Fault

SCRATCH = "ZKAPEX_FUZZ_SCRATCH"


def place() -> str | None:
    """Where temporary folders lie: where `fuzz_python.py` removes them, else in memory."""
    return os.environ.get(SCRATCH) or ("/dev/shm" if Path("/dev/shm").is_dir() else None)


class Folder:
    """Files by name, written anew for every input. A reader that leaves others behind, or alters one, is at fault."""

    def __init__(self) -> None:
        self._held = tempfile.TemporaryDirectory(prefix="fuzz-", dir=place())
        self.path = Path(self._held.name) / "given"

    @contextlib.contextmanager
    def holding(self, files: Mapping[str, bytes], *, mode: int = 0o600, written: tuple[str, ...] = ()) -> Iterator[Path]:
        """The folder's path. `written`: files that may be altered or made. Raises Fault for litter, even behind a refusal."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        for name, data in files.items():
            (self.path / name).write_bytes(data)
            (self.path / name).chmod(mode)
        try:
            yield self.path
        finally:
            self._check(files, written)

    def _check(self, files: Mapping[str, bytes], written: tuple[str, ...]) -> None:
        found = {str(path.relative_to(self.path)): path for path in self.path.rglob("*")}
        if set(found) - set(written) != set(files) - set(written):
            raise Fault(f"a reader leaves {sorted(found)} where {sorted(files)} were")
        if any(found[name].read_bytes() != data for name, data in files.items() if name not in written):
            raise Fault("a reader altered what it read")


@lru_cache
def folder() -> Folder:
    return Folder()
