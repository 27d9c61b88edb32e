"""Openings that were counted for proofs which a killed run did not finish. They are not counted again.

A proof costs openings because others see it. One that a killed run was at is seen by nobody: its bytes did not leave the
folder of proofs, for they do so only in a bundle or an enrolment proof, and that is written once all of them are whole. So
`counted.json` in that folder names the chunks whose proofs are counted and have not left; it is removed, durably, before
they may. Without it a client whose machine fails again and again would lose the blinding of chunks that it never came to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from zkapex_jax.errors import InputError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import storage_errors, sync_directory, write_bytes
from zkapex_jax.formats.reading import read_bytes

NAME = "counted.json"
_FORMAT, _VERSION = "zkapex.counted", "1"
_MAX_BYTES = 16 << 20
_MAX_CHUNK = 1 << 20


def count_once(proofs: Path, chunks: Sequence[int], spend: Callable[[list[int]], None]) -> None:
    """Let `spend` count the openings of those chunks that no unfinished run has counted, and remember them.

    The count is on the disk before the note that it is: a run that is killed in between counts once more, never less.
    """
    known = _read(proofs / NAME)
    fresh = [chunk for chunk in chunks if chunk not in known]
    spend(fresh)
    if fresh:
        document = {"format": _FORMAT, "version": _VERSION, "chunks": sorted(known | set(fresh))}
        write_bytes(proofs / NAME, canonical.dumps(document), force=True)


def release(proofs: Path) -> None:
    """From now on the proofs may leave: what is proven again after this is counted again."""
    path = proofs / NAME
    with storage_errors(path):
        path.unlink(missing_ok=True)
        sync_directory(proofs)


def _read(path: Path) -> set[int]:
    """Chunks of the note; none if it is not there or damaged."""
    try:
        document = canonical.loads(read_bytes(path, max_bytes=_MAX_BYTES))
        if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (_FORMAT, _VERSION):
            return set()
        chunks = document.get("chunks")
        return {canonical.parse_int(one, low=0, high=_MAX_CHUNK, field="chunks") for one in chunks} if isinstance(chunks, list) else set()
    except InputError:
        return set()
