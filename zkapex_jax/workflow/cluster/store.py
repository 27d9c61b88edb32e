"""Files on a worker's machine: used where they lie if the same bytes are there already, else received once for the machine.

What is received may be secret. It lies in a folder of its own, mode 0700, which the run's last worker removes, and which
any later run's first worker removes if all workers were killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.formats.atomic import SECRET_MODE, atomic_file, make_directory, storage_errors
from zkapex_jax.formats.reading import file_digest

BLOCK_BYTES = 32 << 20
_PREFIX = f"zkapex-worker-{os.getuid()}-"


@dataclass(frozen=True)
class SentFile:
    """A file as the command sees it: path, size, SHA-256 of its bytes."""

    path: str
    size: int
    digest: str

    @classmethod
    def of(cls, path: Path) -> SentFile:
        digest = file_digest(path)
        return cls(str(path.resolve()), path.stat().st_size, digest)


class Store:
    """One run's files on one machine, shared by its workers there."""

    def __init__(self, run: str, parent: Path | None = None) -> None:
        parent = parent or Path(tempfile.gettempdir())
        sweep(parent)
        self._folder = parent / f"{_PREFIX}{run}"
        self._lock = _hold(self._folder)
        self._known: dict[str, Path] = {}

    def path(self, digest: str) -> Path:
        """Where the bytes lie. Raises InternalError if they were neither found nor received."""
        if digest not in self._known:
            raise InternalError("was given a job without its files", code="cluster_files", value=digest)
        return self._known[digest]

    def missing(self, files: Iterable[SentFile]) -> list[str]:
        """Digests of the files that must be sent."""
        return [file.digest for file in files if not self._find(file)]

    def receive(self, file: SentFile, blocks: Iterable[bytes]) -> None:
        """Keep a file; raises InputError if the blocks are not its bytes. Workers of one machine receive one after another."""
        target = self._folder / file.digest
        with _turn(self._folder / f"{file.digest}.lock"):
            if not self._find(file):
                with atomic_file(target, force=True, mode=SECRET_MODE) as out:
                    for block in blocks:
                        out.write(block)
                if not _is(target, file):
                    target.unlink()
                    raise InputError("arrived altered", code="bad_digest", file=file.path)
        self._known[file.digest] = target

    def scratch(self) -> Path:
        """A new folder for one prover's proofs and seeds."""
        with storage_errors(self._folder):
            return Path(tempfile.mkdtemp(dir=self._folder))

    def close(self) -> None:
        """Leave; the last worker of the run removes the folder."""
        _remove_if_free(self._folder, self._lock)
        os.close(self._lock)

    def _find(self, file: SentFile) -> bool:
        if file.digest not in self._known:
            places = (Path(file.path), self._folder / file.digest)
            found = next((place for place in places if _is(place, file)), None)
            if found is None:
                return False
            self._known[file.digest] = found
        return True


def sweep(parent: Path) -> None:
    """Remove what runs left behind whose workers were all killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                _remove_if_free(folder, handle)
            finally:
                os.close(handle)


def _hold(folder: Path) -> int:
    """Make the folder and hold it; made anew if another run swept it before it was held."""
    while True:
        make_directory(folder, mode=0o700)
        with storage_errors(folder), contextlib.suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_SH)
            if folder.exists() and os.path.samestat(os.fstat(handle), folder.stat()):
                return handle
            os.close(handle)


def _remove_if_free(folder: Path, handle: int) -> None:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


def _is(path: Path, file: SentFile) -> bool:
    """Whether the bytes of `file` lie at `path`; a file that cannot be read is another one."""
    try:
        return path.is_file() and path.stat().st_size == file.size and file_digest(path) == file.digest
    except (OSError, InputError):
        return False


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    with storage_errors(path), open(path, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
