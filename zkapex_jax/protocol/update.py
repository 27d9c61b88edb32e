"""Update: the client's secret answer to a request, before it is proven."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from zkapex_jax.errors import InputError
from zkapex_jax.formats.tensors import TensorSpec
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.protocol.fields import ClientId, Hex32

_SIGMA = re.compile(r"sigma\.([0-9]{5})\Z")
MAX_ROWS = 2048


class Update(Artefact):
    """Owner-only. Tensors: theta_u I32 [W], the unlearned weights; sigma.NNNNN I64 [n + K] of each touched chunk."""

    kind: ClassVar[str] = "update"
    is_secret: ClassVar[bool] = True

    client_id: ClientId
    request_digest: Hex32
    enrolment_digest: Hex32
    state_digest: Hex32

    def expected_tensors(self, found: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        sigma = {name: _sigma(name, spec) for name, spec in found.items() if _SIGMA.match(name)}
        return sigma | {"theta_u": TensorSpec("I32", (_weights(found),))}

    @property
    def chunks(self) -> tuple[int, ...]:
        """Chunks that this update answers for."""
        return tuple(sorted(int(match[1]) for match in map(_SIGMA.match, self.container.specs) if match))

    @property
    def weights(self) -> int:
        return self.container.specs["theta_u"].shape[0]


def _sigma(name: str, spec: TensorSpec) -> TensorSpec:
    if spec.dtype != "I64" or len(spec.shape) != 1 or not 1 <= spec.shape[0] <= MAX_ROWS:
        raise InputError("must be I64 of one value a curvature row", code="bad_tensor", field=name, value=str(spec))
    return spec


def _weights(found: Mapping[str, TensorSpec]) -> int:
    shape = found["theta_u"].shape if "theta_u" in found else ()
    if len(shape) != 1 or shape[0] < 1:
        raise InputError("must have shape [weights]", code="bad_tensor", field="theta_u", value=shape)
    return shape[0]
