"""Zero knowledge is spent: each proof evaluates committed columns at fresh points. This file counts, for each commitment.

A column with B blinding rows hides its content for at most B - 1 evaluations over its whole life. A proof reveals two:
the column's value at the challenge, and its share of the combined opening. Every proof counts, online or of an
enrolment, refused or tried again or not; the count is on the disk before a proof is started (what a killed run counted
and did not finish is not counted again: `counted`). Com(θ̂u) of a proof is counted once for it, and goes on counting as the
next Com(θ̂p). Two openings of Com(θ̂p) are set aside for the proof that ties a new enrolment to it: without them a client
could neither answer nor enrol anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import SECRET_MODE, write_bytes
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.presets import Preset

OPENINGS_A_PROOF = 2
TIE_OPENINGS = OPENINGS_A_PROOF
WEIGHTS, ROWS = "weights", "rows"
_FORMAT, _VERSION = "zkapex.openings", "2"
_MAX_BYTES = 64 << 20
_MAX_COUNT = 1 << 20
_NAMES = {WEIGHTS: "weights", ROWS: "gradient rows"}


@dataclass(frozen=True)
class Opening:
    """One commitment that a proof will open: whose chunk and part it is, its key, and the count it may reach."""

    chunk: int
    part: str
    key: str
    limit: int


@dataclass(frozen=True)
class Budget:
    """Openings left of a chunk's commitments: of the weights (beside the tie), of the rows; `limit` of each over its life."""

    weights: int
    rows: int
    limit: int


@dataclass(frozen=True)
class Counts:
    """The file: `current` maps each part to the client's present commitments by chunk; `counts` openings by commitment."""

    current: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, int]


def key_of(points: np.ndarray) -> str:
    """Names the commitments of one part of a chunk, U8 [..., 48]: SHA-256 of their bytes."""
    return hashlib.sha256(np.ascontiguousarray(points, np.uint8).tobytes()).hexdigest()


def keys_of(points: np.ndarray) -> tuple[str, ...]:
    """`key_of` each chunk, U8 [m, ..., 48]."""
    return tuple(key_of(part) for part in points)


def limit_of(preset: Preset) -> int:
    """Openings that a commitment may serve over its life: B - 1."""
    return preset.blinding_rows - 1


def limit_for(preset: Preset, part: str, *, tie: bool = False) -> int:
    """What the count may reach in a proof: the tie of a re-enrolment alone may use what is set aside for it."""
    return limit_of(preset) - (TIE_OPENINGS if part == WEIGHTS and not tie else 0)


def spend(path: Path, openings: Iterable[Opening]) -> None:
    """Count one more proof for each commitment and persist it.

    Raises RefusedError, and counts nothing, past a limit; InputError if a commitment's count is not there.
    """
    held = load(path)
    counts = dict(held.counts)
    for opening in openings:
        if opening.key not in counts:
            raise InputError(
                f"does not count the openings of these commitments to the {_NAMES[opening.part]} of chunk {opening.chunk}",
                code="openings_lost", file=path, hint="put back the client's own openings.json; without it no proof is safe",
            )  # fmt: skip
        counts[opening.key] += OPENINGS_A_PROOF
        if counts[opening.key] > opening.limit:
            raise _spent(path, opening, counts[opening.key] - OPENINGS_A_PROOF)
    _write(path, Counts(held.current, counts))


def register(path: Path, keys: Iterable[str], count: int) -> None:
    """Begin to count fresh commitments, opened `count` times so far; those that are counted already keep the larger count."""
    held = load(path) if path.exists() else Counts({WEIGHTS: (), ROWS: ()}, {})
    fresh = {key: max(count, held.counts.get(key, 0)) for key in keys}
    _write(path, Counts(held.current, {**held.counts, **fresh}))


def follow(path: Path, *, weights: Iterable[str] | None = None, rows: Iterable[str] | None = None) -> None:
    """Name the client's present commitments by chunk, of both parts or of one. Each must be counted already."""
    held = load(path)
    given = {part: tuple(keys) for part, keys in ((WEIGHTS, weights), (ROWS, rows)) if keys is not None}
    for part, keys in given.items():
        if any(key not in held.counts for key in keys):
            raise InputError(f"does not count the present commitments to the {_NAMES[part]}", code="openings_lost", file=path)
    _write(path, Counts({**held.current, **given}, held.counts))


def left(path: Path, preset: Preset) -> dict[int, Budget]:
    """What is left of each chunk's present commitments."""
    held, limit = load(path), limit_of(preset)
    pairs = zip(held.current[WEIGHTS], held.current[ROWS], strict=True)
    return {
        chunk: Budget(
            max(0, limit_for(preset, WEIGHTS) - held.counts[weights]), max(0, limit_for(preset, ROWS) - held.counts[rows]), limit
        )
        for chunk, (weights, rows) in enumerate(pairs)
    }  # fmt: skip


def load(path: Path) -> Counts:
    """Read the file. Raises InputError if it is not there, damaged, or no count of openings."""
    try:
        document = canonical.loads(read_bytes(path, max_bytes=_MAX_BYTES))
        if not isinstance(document, dict) or set(document) != {"format", "version", "current", "commitments"}:
            raise InputError("is not a count of openings", code="wrong_kind")
        if (document["format"], document["version"]) != (_FORMAT, _VERSION):
            raise InputError(f"is not a count of openings of version {_VERSION}", code="wrong_kind")
        return _parse(document["current"], document["commitments"])
    except InputError as error:
        raise error.in_file(path) from error.__cause__


def _parse(current: Any, commitments: Any) -> Counts:
    if not isinstance(commitments, dict) or not isinstance(current, dict) or set(current) != {WEIGHTS, ROWS}:
        raise InputError("is not a count of openings", code="wrong_kind")
    counts = {key: canonical.parse_int(count, low=0, high=_MAX_COUNT, field=key) for key, count in commitments.items()}
    for part, keys in current.items():
        if not isinstance(keys, list) or any(not isinstance(key, str) or key not in counts for key in keys):
            raise InputError("names commitments that it does not count", code="wrong_kind", field=part)
    if len(current[WEIGHTS]) != len(current[ROWS]):
        raise InputError("must name as many chunks of weights as of rows", code="wrong_kind", field="current")
    return Counts({part: tuple(keys) for part, keys in current.items()}, counts)


def _write(path: Path, counts: Counts) -> None:
    document = {"format": _FORMAT, "version": _VERSION, "current": dict(counts.current), "commitments": dict(counts.counts)}
    write_bytes(path, canonical.dumps(document), force=True, mode=SECRET_MODE)


def _spent(path: Path, opening: Opening, count: int) -> RefusedError:
    return RefusedError(
        f"the commitments to the {_NAMES[opening.part]} of chunk {opening.chunk} were opened {count} times, "
        "as often as their blinding allows",
        code="openings_spent", file=path, field=f"chunk {opening.chunk}", hint="enrol anew with `zkapex re-enrol`",
    )  # fmt: skip
