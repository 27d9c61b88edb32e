"""Zero knowledge is spent: each proof evaluates every committed column of a chunk at fresh points.

A column with B blinding rows hides its content for at most B - 1 evaluations over its life. A proof reveals two (the
column's value at the challenge, and its share of the combined opening). The count is persisted before a proof is
started, and a chunk whose count is spent is refused: the client must enrol anew with fresh commitments.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import SECRET_MODE, write_bytes
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.presets import Preset

EVALUATIONS_A_PROOF = 2
#: One proof is set aside for the enrolment proof.
RESERVED_PROOFS = 1
_FORMAT, _VERSION = "zkapex.openings", "1"
_MAX_BYTES = 64 << 20


def proofs_allowed(preset: Preset) -> int:
    """How many proofs may open one commitment: (B - 1) evaluations, two a proof, less the reserve."""
    return (preset.blinding_rows - 1) // EVALUATIONS_A_PROOF - RESERVED_PROOFS


def spend(path: Path, enrolment_digest: str, chunks: Iterable[int], preset: Preset) -> dict[int, int]:
    """Count one more proof for each chunk and persist it. Raises RefusedError, and counts nothing, past the limit."""
    counts, limit = load(path, enrolment_digest), proofs_allowed(preset)
    for chunk in chunks:
        counts[chunk] = counts.get(chunk, 0) + 1
        if counts[chunk] > limit:
            raise RefusedError(
                f"the commitments of chunk {chunk} have served {limit} proofs, as many as their blinding allows",
                code="openings_spent", file=path, field=f"chunks.{chunk}", hint="enrol anew with `zkapex enrol`",
            )  # fmt: skip
    text = {str(chunk): count for chunk, count in counts.items()}
    document = {"format": _FORMAT, "version": _VERSION, "enrolment": enrolment_digest, "chunks": text}
    write_bytes(path, canonical.dumps(document), force=True, mode=SECRET_MODE)
    return counts


def load(path: Path, enrolment_digest: str) -> dict[int, int]:
    """Proofs so far by chunk; empty if there is no file, or it belongs to an earlier enrolment. Raises InputError."""
    if not path.exists():
        return {}
    try:
        document = canonical.loads(read_bytes(path, max_bytes=_MAX_BYTES))
        if not isinstance(document, dict) or set(document) != {"format", "version", "enrolment", "chunks"}:
            raise InputError("is not a count of openings", code="wrong_kind")
        if (document["format"], document["version"]) != (_FORMAT, _VERSION) or not isinstance(document["chunks"], dict):
            raise InputError("is not a count of openings of version 1", code="wrong_kind")
        counts = document["chunks"].items()
        parsed = {
            canonical.parse_int(chunk, low=0, high=1 << 20, field="chunks"): canonical.parse_int(
                count, low=0, high=1 << 20, field=chunk
            )
            for chunk, count in counts
        }
    except InputError as error:
        raise error.in_file(path) from error.__cause__
    return parsed if document["enrolment"] == enrolment_digest else {}
