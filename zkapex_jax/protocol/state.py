"""State: what the ledger holds for a client between requests: current commitments and everything forgotten so far."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import ClassVar

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.tensors import TensorSpec
from zkapex_jax.protocol.artefact import POINT_BYTES, Artefact
from zkapex_jax.protocol.fields import ClientId, Hex32, Position
from zkapex_jax.protocol.layout import LayoutField
from zkapex_jax.protocol.masks import unpack_mask


class State(Artefact):
    """Public. `position` counts accepted requests and re-enrolments; `head` chains them all.

    Tensors: c_theta U8 [m, P, 48]; cumulative U8 [ceil(W/8)], 1 = already forgotten.
    """

    kind: ClassVar[str] = "state"

    client_id: ClientId
    enrolment_digest: Hex32
    position: Position
    head: Hex32
    layout: LayoutField

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        return {
            "c_theta": TensorSpec("U8", (len(self.layout.chunks), _lanes(found), POINT_BYTES)),
            "cumulative": TensorSpec("U8", (self.layout.mask_bytes,)),
        }

    @property
    def lanes(self) -> int:
        return self.container.specs["c_theta"].shape[1]

    def cumulative(self) -> np.ndarray:
        """bool [W], True = zeroed by an accepted request."""
        return unpack_mask(self.tensor("cumulative"), self.layout.weights)

    def forgotten_by_tensor(self) -> dict[str, int]:
        """Zeroed weights of each target tensor, by its path."""
        mask, start, counts = self.cumulative(), 0, {}
        for path, shape in self.layout.target.tensors:
            counts[path] = int(mask[start : (start := start + prod(shape))].sum())
        return counts

    def check_contents(self) -> None:
        self.cumulative()


def _lanes(found: Mapping[str, TensorSpec]) -> int:
    shape = found["c_theta"].shape if "c_theta" in found else ()
    if len(shape) != 3 or not 1 <= shape[1] <= 64:
        raise InputError("must have shape [chunks, lanes, 48]", code="bad_tensor", field="c_theta", value=shape)
    return shape[1]
