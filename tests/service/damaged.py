"""Bundles that parse like any other and fail in the verifier: one byte of one proof is another."""

from __future__ import annotations

from pathlib import Path

from zkapex_jax.protocol import Bundle


def damaged(bundle: Path, out: Path, number: int = 0) -> Path:
    """A copy whose first proof differs in a byte near its end; each number is another copy."""
    given = Bundle.from_file(bundle)
    tensors = {name: given.tensor(name).copy() for name in given.container.specs}
    proof = tensors[sorted(tensors)[0]]
    proof[-1 - number // 255] ^= 1 + number % 255
    return Bundle.parse({name: getattr(given, name) for name in Bundle.model_fields}).to_file(out, tensors).path
