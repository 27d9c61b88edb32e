"""Where blinding comes from: the operating system, or a ChaCha20 stream that a seed fixes.

The stream is that of `rand_chacha::ChaCha20Rng::from_seed` (Bernstein's ChaCha: 64-bit block counter and stream, both from 0),
and a scalar is drawn as `midnight_curves::Fq::random` draws it. A seeded stream makes proofs reproducible and *hides nothing
from whoever knows the seed*: only vectors and comparisons use it.
"""

from __future__ import annotations

import secrets
from typing import Protocol

from ..errors import SpecError
from ..field import MODULUS

_WORD = 0xFFFFFFFF
_CONSTANTS = b"expand 32-byte k"
_TOP_BIT = (1 << 255) - 1  # p has 255 bits
SEED_BYTES = 32


class Randomness(Protocol):
    """A source of bytes."""

    def bytes(self, count: int) -> bytes: ...


class OperatingSystem:
    """The generator of the operating system."""

    def bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)


class ChaCha20:
    """The key stream of ChaCha with 20 rounds under a seed of 32 bytes. Raises SpecError for another length."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise SpecError(f"a seed has {SEED_BYTES} bytes", field="seed", value=len(seed))
        self._seed, self._counter, self._left = seed, 0, b""

    def bytes(self, count: int) -> bytes:
        """The next `count` bytes. Draws are whole 32-bit words, as the generator in Rust deals them out."""
        if count % 4:
            raise SpecError("a draw is a multiple of 4 bytes", field="count", value=count)
        while len(self._left) < count:
            self._left += _block(self._seed, self._counter)
            self._counter += 1
        drawn, self._left = self._left[:count], self._left[count:]
        return drawn


def scalar(source: Randomness) -> int:
    """A uniform field element: 32 bytes little endian, the top bit masked, drawn again while it is not below p."""
    while True:
        value = int.from_bytes(source.bytes(32), "little") & _TOP_BIT
        if value < MODULUS:
            return value


def scalars(source: Randomness, count: int) -> list[int]:
    """So many of them, in order."""
    return [scalar(source) for _ in range(count)]


def _block(seed: bytes, counter: int) -> bytes:
    """64 bytes of the key stream (RFC 8439's function with a 64-bit counter and a zero 64-bit nonce)."""
    head = _CONSTANTS + seed + counter.to_bytes(8, "little") + bytes(8)
    start = [int.from_bytes(head[at : at + 4], "little") for at in range(0, 64, 4)]
    state = list(start)
    for _ in range(10):
        for column in range(4):
            _quarter_round(state, column, 4 + column, 8 + column, 12 + column)
        for diagonal in range(4):
            _quarter_round(state, diagonal, 4 + (diagonal + 1) % 4, 8 + (diagonal + 2) % 4, 12 + (diagonal + 3) % 4)
    return b"".join(((one + two) & _WORD).to_bytes(4, "little") for one, two in zip(state, start))


def _quarter_round(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for distance_one, distance_two in ((16, 12), (8, 7)):
        state[a] = (state[a] + state[b]) & _WORD
        state[d] = _rotated(state[d] ^ state[a], distance_one)
        state[c] = (state[c] + state[d]) & _WORD
        state[b] = _rotated(state[b] ^ state[c], distance_two)


def _rotated(word: int, distance: int) -> int:
    return ((word << distance) | (word >> (32 - distance))) & _WORD
