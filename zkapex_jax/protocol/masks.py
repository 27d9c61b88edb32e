"""Masks over the W weights: one bit a weight, little-endian within bytes, unused bits of the last byte zero."""

from __future__ import annotations

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.protocol.layout import ChunkedLayout


def pack_mask(mask: np.ndarray) -> np.ndarray:
    """bool [W] → U8 [ceil(W/8)]. Raises InputError for another dtype or rank."""
    if mask.dtype != np.bool_ or mask.ndim != 1:
        raise InputError(
            "a mask is a vector of truth values", code="bad_mask", field="mask", value=f"{mask.dtype}{list(mask.shape)}"
        )
    return np.packbits(mask, bitorder="little")


def unpack_mask(packed: np.ndarray, weights: int) -> np.ndarray:
    """U8 [ceil(W/8)] → bool [W]. Raises InputError if the length is wrong or an unused bit is set."""
    if packed.shape != (-(-weights // 8),):
        raise InputError(f"mask must hold {weights} bits", code="bad_mask", field="mask", value=packed.shape)
    bits = np.unpackbits(packed, bitorder="little")
    if bits[weights:].any():
        raise InputError("unused bits of the mask's last byte must be 0", code="bad_mask", field="mask")
    return bits[:weights].astype(bool)


def touched_chunks(mask: np.ndarray, layout: ChunkedLayout) -> tuple[int, ...]:
    """Chunks with at least one masked weight, rising. Raises InputError if the mask does not have the layout's shape."""
    if mask.shape != (layout.weights,):
        raise InputError(
            f"mask must have one value for each of the {layout.weights} weights", code="bad_mask", field="mask", value=mask.shape
        )
    return tuple(chunk for chunk in range(len(layout.chunks)) if mask[slice(*layout.bounds(chunk))].any())
