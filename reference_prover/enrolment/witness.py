"""The integers that a client enrols, with the public base model and the cumulative mask beside them.

File for the command line: plain safetensors with theta_p I32 [d], theta_0 I32 [d], free U8 [d] (1 = never zeroed), gradients
I8 [n, d] and, for a re-enrolment, theta_current I32 [d]; the statement JSON under the metadata key `statement`, or in a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

import numpy as np

from ..errors import WitnessError
from ..layout import EnrolmentLayout
from .statement import EnrolmentStatement

ARRAYS = {"theta_p": np.int32, "theta_0": np.int32, "free": np.uint8, "gradients": np.int8}
OPTIONAL = {"theta_current": np.int32}


@dataclass(frozen=True)
class EnrolmentWitness:
    """theta_p: the client's weights, units of 2^-16; theta_0: the base model's; free: 1 on weights that no accepted request
    has zeroed; gradients [n, d]; theta_current: what the ledger's current commitment holds (a re-enrolment), else None."""

    theta_p: tuple[int, ...]
    theta_0: tuple[int, ...]
    free: tuple[int, ...]
    gradients: np.ndarray
    theta_current: tuple[int, ...] | None = None


def from_arrays(arrays: Mapping[str, np.ndarray]) -> EnrolmentWitness:
    """Typed arrays to a witness. Raises WitnessError on a missing or extra array, a wrong dtype or shape, or a value of free
    other than 0 and 1."""
    kinds = ARRAYS | {name: kind for name, kind in OPTIONAL.items() if name in arrays}
    for name in sorted(set(arrays) ^ set(kinds)):
        raise WitnessError("missing" if name in kinds else "unknown array", field=name)
    for name, kind in kinds.items():
        if arrays[name].dtype != np.dtype(kind):
            raise WitnessError(f"must be {np.dtype(kind).name}", field=name, value=str(arrays[name].dtype))
    if arrays["gradients"].ndim != 2:
        raise WitnessError("must have two axes", field="gradients", value=arrays["gradients"].shape)
    lists = {name: arrays[name] for name in kinds if name != "gradients"}
    for name, values in lists.items():
        if values.shape != arrays["gradients"].shape[1:]:
            raise WitnessError(f"must have shape {arrays['gradients'].shape[1:]}", field=name, value=values.shape)
    if arrays["free"].size and arrays["free"].max() > 1:
        raise WitnessError("must be 0 or 1", field="free", value=int(arrays["free"].max()))
    return EnrolmentWitness(gradients=arrays["gradients"], **{name: tuple(values.tolist()) for name, values in lists.items()})


def require_fit(witness: EnrolmentWitness, statement: EnrolmentStatement, layout: EnrolmentLayout) -> None:
    """Raises WitnessError unless the arrays have the sizes of statement and tables, and theta_current is there if and only if
    the statement renews an enrolment."""
    rows, weights = witness.gradients.shape
    if rows != layout.client_rows:
        raise WitnessError(f"the tables take {layout.client_rows} client rows", field="gradients", value=rows)
    if weights != statement.weights:
        raise WitnessError(f"the statement has {statement.weights} weights", field="gradients", value=weights)
    for name in ("theta_p", "theta_0", "free"):
        if len(getattr(witness, name)) != weights:
            raise WitnessError(f"the statement has {weights} weights", field=name, value=len(getattr(witness, name)))
    if (witness.theta_current is not None) != statement.renews:
        raise WitnessError("is given for a re-enrolment, and only then", field="theta_current")
    if witness.theta_current is not None and len(witness.theta_current) != weights:
        raise WitnessError(f"the statement has {weights} weights", field="theta_current", value=len(witness.theta_current))
