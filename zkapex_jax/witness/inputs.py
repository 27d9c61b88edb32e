"""One chunk's integers, parsed once: what is built from a `ChunkInputs` needs no further checks of shape or range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.presets import Preset
from zkapex_jax.quantize.fixed_point import WEIGHT_BITS
from zkapex_jax.quantize.gamma import is_on_grid


@dataclass(frozen=True)
class ChunkInputs:
    """θ̂p int64 [d], stacked rows int8 [n + K, d], γ̂, mask bool [d], and the preset they fit."""

    theta: np.ndarray
    rows: np.ndarray
    gamma: int
    mask: np.ndarray
    preset: Preset

    @property
    def weights(self) -> int:
        return len(self.theta)


def parse_chunk(theta: np.ndarray, gradients: np.ndarray, forget: np.ndarray, gamma: int, mask: np.ndarray,
                preset: Preset) -> ChunkInputs:  # fmt: skip
    """Check shapes, types and ranges against the preset.

    Raises:
        InputError: naming the array and what is wrong with it.
    """
    d = len(theta) if theta.ndim == 1 else 0
    if not 1 <= d <= preset.capacity:
        raise InputError(f"must be a vector of 1 to {preset.capacity} weights in preset {preset.name}", code="shape",
                         field="theta", value=theta.shape)  # fmt: skip
    _check(theta, "theta", np.int32, (d,))
    _check(gradients, "gradients", np.int8, (preset.client_rows, d))
    _check(forget, "forget rows", np.int8, (preset.forget_rows, d))
    _check(mask, "mask", np.bool_, (d,))
    if not is_on_grid(gamma):
        raise InputError("is not on the grid 1, 2, 3, 4, 6, 8, 12, … up to 2^39", code="gamma", field="gamma", value=gamma)
    check_weights(theta.astype(np.int64), "theta")
    return ChunkInputs(theta.astype(np.int64), np.concatenate([gradients, forget]), gamma, mask, preset)


def check_weights(theta: np.ndarray, field: str) -> None:
    """Every int64 weight must be below 2^28 in magnitude.

    Raises:
        InputError: one is not.
    """
    index = int(np.argmax(np.abs(theta)))
    if abs(int(theta[index])) >= 2**WEIGHT_BITS:
        raise InputError(f"must be below 2^{WEIGHT_BITS} in magnitude", code="out_of_range", field=f"{field} {index}",
                         value=int(theta[index]))  # fmt: skip


def _check(array: np.ndarray, field: str, dtype: type, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise InputError(f"must be {np.dtype(dtype)} {shape}", code="shape", field=field, value=(array.dtype, array.shape))
