"""Blinding rows of a chunk's commitments.

Commitments that outlive a proof (weights, gradient rows) have rows expanded from a secret seed of 32 bytes, so that they can be
made again when the column is proven about again; the other rows are drawn afresh, and so is the randomness of the proof itself.
`Source` says from where: the operating system, or a seed S that makes every byte of a message repeatable. A message made from
such a seed hides nothing from whoever knows it: only vectors and comparisons of provers use one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .errors import SpecError
from .plonk.random import SEED_BYTES, ChaCha20, OperatingSystem, scalars

DOMAIN = b"zkapex/blind/1"
THETA, GRADIENT, FRESH = "theta", "gradient", "fresh"  # labels of streams


def expand(seed: bytes, label: str, chunk: int, row: int, lane: int, count: int) -> list[int]:
    """`count` field elements of one column. Raises SpecError for a seed of another length."""
    return scalars(ChaCha20(_keyed(seed, DOMAIN + label.encode(), chunk, row, lane)), count)


def theta(seed: bytes, chunk: int, lanes: int, count: int) -> list[list[int]]:
    """[lane][count]: of a commitment to weights."""
    return [expand(seed, THETA, chunk, 0, lane, count) for lane in range(lanes)]


def gradients(seed: bytes, chunk: int, rows: int, lanes: int, count: int) -> list[list[list[int]]]:
    """[row][lane][count]: of the commitments to the client's rows."""
    return [[expand(seed, GRADIENT, chunk, row, lane, count) for lane in range(lanes)] for row in range(rows)]


@dataclass(frozen=True)
class Source:
    """Where randomness that serves once comes from. `insecure`: a seed of 32 bytes, or None for the operating system."""

    insecure: bytes | None = None

    def fresh(self, chunk: int, columns: int, count: int) -> list[list[int]]:
        """[column][count]."""
        if self.insecure is None:
            return [scalars(OperatingSystem(), count) for _ in range(columns)]
        seed = self._seed("fresh", chunk)
        return [expand(seed, FRESH, 0, 0, column, count) for column in range(columns)]

    def proof(self, chunk: int) -> ChaCha20 | None:
        """What `plonk.prove` takes."""
        return None if self.insecure is None else ChaCha20(self._seed("proof", chunk))

    def _seed(self, use: str, chunk: int) -> bytes:
        return _keyed(self.insecure or b"", f"zkapex/insecure/{use}/1".encode(), chunk)


def _keyed(seed: bytes, label: bytes, *indices: int) -> bytes:
    """BLAKE2b-256 under the seed, of a label and 64-bit little-endian numbers."""
    if len(seed) != SEED_BYTES:
        raise SpecError(f"a seed has {SEED_BYTES} bytes", field="seed", value=len(seed))
    return hashlib.blake2b(label + b"".join(index.to_bytes(8, "little") for index in indices), digest_size=32, key=seed).digest()
