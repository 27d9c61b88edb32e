"""A sketch on disk that outlives a killed run: its state lies in two files in turn, and a note says which of them is whole.

The files are as private as gradients are: folder 0700, files 0600. Who is done with the rows removes the folder.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from zkapex_jax.curvature.sketch import Shape, Sketch
from zkapex_jax.curvature.storage import create_rows, open_rows
from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import SECRET_MODE, make_directory, storage_errors, write_bytes
from zkapex_jax.formats.reading import read_bytes

NOTE, FILES = "sketch.json", ("state-0", "state-1")
_FORMAT, _VERSION = "zkapex.sketch", "1"
_MAX_BYTES, _MAX_COUNT = 4096, 1 << 48


class KeptSketch:
    """A sketch of `count` gradients; `add` is durable: a run that is killed within it has what was there before."""

    def __init__(self, folder: Path, digest: str, sketch: Sketch, files: tuple[np.memmap, ...], turn: int) -> None:
        self._folder, self._digest, self._sketch, self._files, self._turn = folder, digest, sketch, files, turn

    @classmethod
    def open(cls, folder: Path, digest: str, bounds: Sequence[tuple[int, int]], rows: int, *, exact: int) -> Self:
        """Go on with what `folder` holds, if it is of the same `digest` (of all that the gradients depend on) and whole; else begin.

        Raises:
            InputError: as `Shape`. StorageError: the disk has no room; nothing is left then.
        """
        shape = Shape(tuple(bounds), rows, exact)
        found = _read(folder / NOTE, digest)
        with contextlib.suppress(InputError):
            if found is not None:
                files = tuple(open_rows(folder / name, 1, shape.size) for name in FILES)
                return cls._of(folder, digest, shape, files, *found)
        remove(folder)
        make_directory(folder, mode=0o700)
        try:
            files = tuple(create_rows(folder / name, 1, shape.size) for name in FILES)
        except StorageError:
            remove(folder)
            raise
        return cls._of(folder, digest, shape, files, 0, 0)

    @classmethod
    def _of(cls, folder: Path, digest: str, shape: Shape, files: tuple[np.memmap, ...], count: int, turn: int) -> Self:
        sketch = Sketch(shape.bounds, shape.rows, exact=shape.exact, state=np.asarray(files[turn])[0], count=count)
        return cls(folder, digest, sketch, files, turn)

    @property
    def count(self) -> int:
        """Gradients taken in so far, by killed runs too."""
        return self._sketch.count

    def add(self, gradients: np.ndarray) -> None:
        """As `Sketch.add`."""
        turn = 1 - self._turn
        self._sketch.add(gradients, into=np.asarray(self._files[turn])[0])
        with storage_errors(self._folder):
            self._files[turn].flush()
        note = {"format": _FORMAT, "version": _VERSION, "digest": self._digest, "count": self.count, "turn": turn}
        write_bytes(self._folder / NOTE, canonical.dumps(note), force=True, mode=SECRET_MODE)
        self._turn = turn

    def finish(self, seed: int, out: np.ndarray | None = None) -> np.ndarray:
        """As `Sketch.finish`; the files stay."""
        return self._sketch.finish(seed, out)


def state_bytes(bounds: Sequence[tuple[int, int]], rows: int, *, exact: int) -> int:
    """What both files take up."""
    return 2 * 4 * Shape(tuple(bounds), rows, exact).size


def remove(folder: Path) -> None:
    """Remove a kept sketch, if there is one; the note first, so that a killed removal leaves nothing that looks whole."""
    with storage_errors(folder):
        (folder / NOTE).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)


def _read(path: Path, digest: str) -> tuple[int, int] | None:
    """Gradients and whose turn it is, of a note of that digest; None if it is another's, not there, or damaged."""
    try:
        note = canonical.loads(read_bytes(path, max_bytes=_MAX_BYTES))
        if not isinstance(note, dict) or (note.get("format"), note.get("version"), note.get("digest")) != (_FORMAT, _VERSION, digest):
            return None
        return (
            canonical.parse_int(note.get("count"), low=1, high=_MAX_COUNT, field="count"),
            canonical.parse_int(note.get("turn"), low=0, high=1, field="turn"),
        )
    except InputError:
        return None
