"""The integer witness of one chunk: what the client knows before the first challenge.

File for the command line: plain safetensors with theta_p I32 [d], theta_u I32 [d], gradients I8 [N, d] (client rows, then
forget rows), free U8 [d] (1 = free, 0 = to be zeroed), sigma I64 [N], and the statement JSON under the metadata key
`statement` (or in a file of its own).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

import numpy as np

from .errors import WitnessError
from .layout import Layout
from .statement import Statement

ARRAYS = {"theta_p": np.int32, "theta_u": np.int32, "gradients": np.int8, "free": np.uint8, "sigma": np.int64}


@dataclass(frozen=True)
class Witness:
    """theta_p, theta_u: weights before and after, units of 2^-16; free: 1 on weights that may stay; gradients int8 [N, d];
    sigma: the client's rounding of <G_k, delta>."""

    theta_p: tuple[int, ...]
    theta_u: tuple[int, ...]
    free: tuple[int, ...]
    gradients: np.ndarray
    sigma: tuple[int, ...]

    @property
    def delta(self) -> list[int]:
        """theta_u - theta_p."""
        return [u - p for u, p in zip(self.theta_u, self.theta_p, strict=True)]


def from_arrays(arrays: Mapping[str, np.ndarray]) -> Witness:
    """Typed arrays to a Witness. Raises WitnessError on a missing or extra array, a wrong dtype, shape or a free value
    other than 0 and 1."""
    for name in sorted(set(arrays) ^ set(ARRAYS)):
        raise WitnessError("missing" if name in ARRAYS else "unknown array", field=name)
    for name, kind in ARRAYS.items():
        if arrays[name].dtype != np.dtype(kind):
            raise WitnessError(f"must be {np.dtype(kind).name}", field=name, value=str(arrays[name].dtype))
    if arrays["gradients"].ndim != 2:
        raise WitnessError("must have two axes", field="gradients", value=arrays["gradients"].shape)
    rows, weights = arrays["gradients"].shape
    for name, shape in {"theta_p": (weights,), "theta_u": (weights,), "free": (weights,), "sigma": (rows,)}.items():
        if arrays[name].shape != shape:
            raise WitnessError(f"must have shape {shape}", field=name, value=arrays[name].shape)
    if weights and arrays["free"].max() > 1:
        raise WitnessError("must be 0 or 1", field="free", value=int(arrays["free"].max()))
    lists = {name: tuple(arrays[name].tolist()) for name in ("theta_p", "theta_u", "free", "sigma")}
    return Witness(gradients=arrays["gradients"], **lists)


def require_fit(witness: Witness, statement: Statement, layout: Layout) -> None:
    """Raises WitnessError unless the arrays have the sizes of the statement and of the tables."""
    rows, weights = witness.gradients.shape
    if rows != layout.rows:
        raise WitnessError(f"the tables take {layout.rows} gradient rows", field="gradients", value=rows)
    if weights != statement.weights:
        raise WitnessError(f"the statement has {statement.weights} weights", field="theta_p", value=weights)
    if weights > layout.capacity:
        raise WitnessError(f"a chunk holds at most {layout.capacity} weights", field="theta_p", value=weights)
